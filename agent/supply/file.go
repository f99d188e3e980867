package supply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// readFile gets an environment file: an object of S3 by its ARN, or a file of this
// machine by its URL, which is Steady's own addition.
func (g *getter) readFile(ctx context.Context, from string) ([]variable, error) {
	content, err := g.content(ctx, from)
	if err != nil {
		return nil, err
	}
	list, err := parseEnvFile(content)
	if err != nil {
		return nil, fmt.Errorf("unable to read env file %s, error: %w", from, err)
	}
	return list, nil
}

func (g *getter) content(ctx context.Context, from string) ([]byte, error) {
	if name, ok := strings.CutPrefix(from, "file://"); ok {
		content, err := g.Files.read(name)
		if err != nil {
			return nil, fmt.Errorf("unable to download env file %s, error: %w", from, err)
		}
		return content, nil
	}
	bucket, key, err := ParseObject(from)
	if err != nil {
		return nil, fmt.Errorf("unable to parse bucket and key from s3 ARN specified in environmentFile %s, error: %w", from, err)
	}
	content, err := g.object(ctx, from, bucket, key)
	if err != nil {
		return nil, fmt.Errorf("unable to download env file with key %s from bucket %s, error: %w", key, bucket, err)
	}
	return content, nil
}

// ParseObject splits the ARN of an object of S3.
func ParseObject(arn string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:s3:::")
	bucket, key, found := strings.Cut(rest, "/")
	if !ok || !found || bucket == "" || key == "" {
		return "", "", fmt.Errorf("%q is no ARN of an object of S3: give arn:aws:s3:::BUCKET/KEY.env, or file:///PATH.env", arn)
	}
	return bucket, key, nil
}

// s3Timeout is how long one download may take.
const s3Timeout = time.Minute

func (g *getter) object(ctx context.Context, arn, bucket, key string) ([]byte, error) {
	if g.S3 == "" {
		return nil, fmt.Errorf("there is no endpoint of S3: start steady up with --s3-endpoint, or name a file:///PATH.env")
	}
	if g.role != "" {
		if err := g.Allowed(ctx, g.role, g.task.ID, "s3:GetObject", arn); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s3Timeout)
	defer cancel()
	at := strings.TrimSuffix(g.S3, "/") + (&url.URL{Path: "/" + bucket + "/" + key}).EscapedPath()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	if err := g.sign(ctx, r); err != nil {
		return nil, err
	}
	reply, err := g.client().Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the endpoint of S3 answers %s", reply.Status)
	}
	return io.ReadAll(io.LimitReader(reply.Body, maxEnvFile+1))
}

func (g *getter) sign(ctx context.Context, r *http.Request) error {
	if g.S3Credentials == nil {
		return nil
	}
	c, err := g.S3Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("get the credentials of S3: %w", err)
	}
	empty := sha256.Sum256(nil)
	hash := hex.EncodeToString(empty[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).SignHTTP(ctx, c, r, hash, "s3", g.Realm.Region, time.Now())
}

func (s *Sources) client() *http.Client {
	if s.HTTP != nil {
		return s.HTTP
	}
	return http.DefaultClient
}
