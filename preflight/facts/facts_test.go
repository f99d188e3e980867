package facts

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
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
		if got := Registry(t.Context(), host+"/"+image); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", image, got)
		}
	}
	server.Close()
	for _, image := range []string{host + "/app:arm", "not a name"} {
		if got := Registry(t.Context(), image); got.Presence != preflight.Unknown || got.Detail == "" {
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
