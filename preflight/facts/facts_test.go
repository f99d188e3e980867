package facts

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secret "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"steady/preflight"
)

// A registry tells which images it has, and for what.
func TestRegistry(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	arm, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "arm64"})
	if err != nil {
		t.Fatal(err)
	}
	both := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}})
	ref := func(image string) name.Reference {
		r, err := name.ParseReference(host + "/" + image)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := errors.Join(remote.Write(ref("app:arm"), arm), remote.WriteIndex(ref("app:both"), both)); err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string]preflight.Image{
		"app:arm":  {Presence: preflight.There, Platforms: []string{"linux/arm64"}},
		"app:both": {Presence: preflight.There, Platforms: []string{"linux/arm64", "linux/amd64"}},
		"app:none": {Presence: preflight.Missing},
		"none:v1":  {Presence: preflight.Missing},
	} {
		if got := Registry(t.Context(), host+"/"+image, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", image, got)
		}
	}
	server.Close()
	for _, image := range []string{host + "/app:arm", "not a name"} {
		if got := Registry(t.Context(), image, nil); got.Presence != preflight.Unknown || got.Detail == "" || got.Malformed != (image == "not a name") {
			t.Errorf("%s of nowhere: %+v", image, got)
		}
	}
}

// stores is a Secrets Manager and a Parameter Store that hold one of each.
type stores struct{ denied bool }

const db = "arn:aws:secretsmanager:eu-1:1:secret:db-a1b2c3"

func (s stores) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if s.denied {
		return nil, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	}
	if *in.SecretId != db {
		return nil, &secret.ResourceNotFoundException{}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(`{"user": "a", "password": "b"}`)}, nil
}

func (s stores) DescribeSecret(_ context.Context, in *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	switch *in.SecretId {
	case db:
		return &secretsmanager.DescribeSecretOutput{}, nil
	case db + "x":
		return nil, &secret.ResourceNotFoundException{}
	}
	return nil, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
}

func (s stores) GetParameters(_ context.Context, in *ssm.GetParametersInput, _ ...func(*ssm.Options)) (*ssm.GetParametersOutput, error) {
	if s.denied {
		return nil, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	}
	if in.Names[0] != "/db" {
		return &ssm.GetParametersOutput{InvalidParameters: in.Names}, nil
	}
	return &ssm.GetParametersOutput{Parameters: []ssmtypes.Parameter{{}}}, nil
}

func TestStores(t *testing.T) {
	for _, story := range []struct {
		id     string
		denied bool
		want   preflight.Secret
	}{
		{db, false, preflight.Secret{Presence: preflight.There, Readable: true, Keys: []string{"password", "user"}}},
		{db + "x", false, preflight.Secret{Presence: preflight.Missing}},
		{db, true, preflight.Secret{Presence: preflight.There}},
		{db + "x", true, preflight.Secret{Presence: preflight.Missing}},
		{db + "y", true, preflight.Secret{Detail: "AccessDeniedException: no"}},
		{"/db", false, preflight.Secret{Presence: preflight.There}},
		{"/none", false, preflight.Secret{Presence: preflight.Missing}},
		{"/db", true, preflight.Secret{Detail: "AccessDeniedException: no"}},
	} {
		if got := Stores(stores{story.denied}, stores{story.denied})(t.Context(), story.id); !reflect.DeepEqual(got, story.want) {
			t.Errorf("%s, denied %v: %+v", story.id, story.denied, got)
		}
	}
}

// image is one whose layers hold these files: a name that ends with / is a directory,
// "name>target" a link.
func image(t *testing.T, config v1.Config, layers ...[]string) v1.Image {
	t.Helper()
	made := empty.Image
	for _, names := range layers {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, n := range names {
			h := &tar.Header{Name: n, Mode: 0o755, Typeflag: tar.TypeReg}
			if strings.HasSuffix(n, "/") {
				h.Typeflag = tar.TypeDir
			}
			if link, target, is := strings.Cut(n, ">"); is {
				h.Name, h.Linkname, h.Typeflag = link, target, tar.TypeSymlink
			}
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
		if err != nil {
			t.Fatal(err)
		}
		if made, err = mutate.AppendLayers(made, layer); err != nil {
			t.Fatal(err)
		}
	}
	made, err := mutate.Config(made, config)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// What an image has is what a container of it sees: links are followed, what a later
// layer removed is gone.
func TestInspect(t *testing.T) {
	usual := image(t, v1.Config{WorkingDir: "/srv"},
		[]string{"bin>usr/bin", "usr/bin/", "usr/bin/busybox", "usr/bin/sh>/bin/busybox", "usr/bin/curl", "srv/probe", "loop>loop"},
		[]string{"usr/bin/.wh.curl", "usr/local/bin/wget>../../bin/busybox"})
	odd := image(t, v1.Config{Env: []string{"PATH=/"}}, []string{"steady", "usr/bin/curl"})
	for _, story := range []struct {
		of      v1.Image
		program string
		want    preflight.Presence
	}{
		{usual, "/bin/sh", preflight.There},
		{usual, "sh", preflight.There},
		{usual, "wget", preflight.There},
		{usual, "curl", preflight.Missing},
		{usual, "/usr/bin/curl", preflight.Missing},
		{usual, "./probe", preflight.There},
		{usual, "/usr/bin", preflight.Missing},
		{usual, "/loop", preflight.Missing},
		{usual, "/usr/bin/busybox/x", preflight.Missing},
		{odd, "steady", preflight.There},
		{odd, "curl", preflight.Missing},
		{odd, "/usr/bin/curl", preflight.There},
	} {
		got, err := inspect(story.of, []string{story.program}, fetchedBytes)
		if err != nil || got[story.program] != story.want {
			t.Errorf("%s: %v, %v", story.program, got, err)
		}
	}
	if _, err := inspect(usual, []string{"sh"}, 10); err == nil || !strings.Contains(err.Error(), "MiB") {
		t.Errorf("an image that is too big: %v", err)
	}
}

// simulator is an IAM that knows what some roles may.
type simulator struct{ asked string }

func (s *simulator) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	s.asked = in.ActionNames[0] + " " + in.ResourceArns[0]
	known := map[string]iamtypes.PolicyEvaluationDecisionType{"reader": "allowed", "other": "implicitDeny", "barred": "explicitDeny"}
	decision, is := known[strings.TrimPrefix(*in.PolicySourceArn, "arn:aws:iam::1:role/")]
	if *in.PolicySourceArn == "arn:aws:iam::1:role/none" {
		return nil, &iamtypes.NoSuchEntityException{}
	}
	if !is {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	}
	return &iam.SimulatePrincipalPolicyOutput{EvaluationResults: []iamtypes.EvaluationResult{{EvalDecision: decision}}}, nil
}

func TestRights(t *testing.T) {
	for _, story := range []struct {
		role, resource, asked string
		want                  preflight.Right
	}{
		{"reader", db, "do " + db, preflight.Allowed},
		{"other", "/db/password", "do arn:aws:ssm:eu-1:1:parameter/db/password", preflight.NotAllowed},
		{"barred", "plain", "do arn:aws:ssm:eu-1:1:parameter/plain", preflight.Forbidden},
		{"unknown", db, "do " + db, preflight.NoAnswer},
		{"none", "*", "do *", preflight.NoRole},
	} {
		s := new(simulator)
		if got := Rights(s, "eu-1")(t.Context(), "arn:aws:iam::1:role/"+story.role, "do", story.resource); got != story.want || s.asked != story.asked {
			t.Errorf("%s: %v, asked %q", story.role, got, s.asked)
		}
	}
	if got := Rights(new(simulator), "eu-1")(t.Context(), "no ARN", "do", "/p"); got != preflight.NoAnswer {
		t.Errorf("of what is no role: %v", got)
	}
}
