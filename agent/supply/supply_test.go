package supply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"steady/awsapi"
	"steady/model"
	"steady/seal"
	sm "steady/secretsmanager"
	store "steady/ssm"
	"steady/state"
)

var realm = model.Realm{Region: "us-east-1", Account: "000000000000"}

// world has a secret, a parameter, and the sources that know them.
type world struct {
	*Sources
	arn      string
	requests atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, err := state.Open(state.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	box := seal.New(make([]byte, 32))
	secrets, parameters := sm.New(s, box, realm), store.New(s, box, realm)
	w := &world{}
	api := awsapi.Handler(awsapi.Options{Logger: slog.New(slog.DiscardHandler)}, secrets.Service(), parameters.Service())
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		api.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	made, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("db"),
		SecretString: aws.String(`{"username":"web","password":"p","n":5432,"none":null,"list":[1]}`)})
	if err != nil {
		t.Fatal(err)
	}
	w.arn = *made.ARN
	for i := range 12 {
		if _, err := parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String(fmt.Sprintf("/p/%d", i)), Value: aws.String(fmt.Sprint(i)), Type: ssmtypes.ParameterTypeSecureString}); err != nil {
			t.Fatal(err)
		}
	}
	w.Sources = &Sources{
		Endpoint: server.URL, Realm: realm,
		Credentials: func(_ context.Context, role, _ string) (aws.Credentials, error) {
			if role == "untrusted" {
				return aws.Credentials{}, fmt.Errorf("ECS was unable to assume the role")
			}
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		},
		Allowed: func(context.Context, string, string, string, string) error { return nil },
		Files:   Files{Anywhere: true},
	}
	return w
}

func (w *world) get(c types.ContainerDefinition, role string) (Container, error) {
	return w.getOn(types.LaunchTypeFargate, c, role)
}

func (w *world) getOn(launch types.LaunchType, c types.ContainerDefinition, role string) (Container, error) {
	c.Name = aws.String("app")
	d := &model.TaskDefinition{Family: "web", Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{c}, ExecutionRoleArn: &role}}
	all, err := w.Get(context.Background(), &model.Task{ID: "0123", LaunchType: launch}, d)
	return all["app"], err
}

func secretsOf(froms ...string) (c types.ContainerDefinition) {
	for i, from := range froms {
		c.Secrets = append(c.Secrets, types.Secret{Name: aws.String(fmt.Sprintf("S%d", i)), ValueFrom: &from})
	}
	return c
}

func TestEachThingIsFetchedOnce(t *testing.T) {
	w := newWorld(t)
	froms := []string{w.arn, w.arn + ":password::", w.arn + ":n::", w.arn + "::AWSCURRENT:", w.arn + ":list::"}
	want := []string{`S0={"username":"web","password":"p","n":5432,"none":null,"list":[1]}`, "S1=p", "S2=5432", `S3={"username":"web","password":"p","n":5432,"none":null,"list":[1]}`, "S4=[1]"}
	for i := range 12 {
		froms = append(froms, fmt.Sprintf("/p/%d", i))
		want = append(want, fmt.Sprintf("S%d=%d", 5+i, i))
	}
	got, err := w.get(secretsOf(froms...), "role")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Secrets, want) {
		t.Errorf("got %q", got.Secrets)
	}
	if n := w.requests.Load(); n != 4 { // the secret, once by its label; twelve parameters in two
		t.Errorf("%d requests", n)
	}
}

// Fargate and the ECS agent have each their own words.
func TestWhatIsMissingIsToldAsOnECS(t *testing.T) {
	w := newWorld(t)
	const before = "unable to pull secrets or registry auth: execution resource retrieval failed: "
	const asm, ssm = before + "unable to retrieve secret from asm: service call has been retried 1 time(s): ", before + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
	const fetching, parameters = "Fetching secret data from AWS Secrets Manager in region us-east-1: ", "Fetching secret data from SSM Parameter Store in us-east-1: "
	const noKey, noSecret = "retrieved secret from Secrets Manager did not contain json key nope", "ResourceNotFoundException: Secrets Manager can't find the specified secret. status code: 400, request id: "
	const badARN, parts = "an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.", "unexpected ARN format with parameters when trying to retrieve ASM secret"
	none := w.arn[:len(w.arn)-1]
	for _, c := range []struct{ from, role, fargate, instance string }{
		{w.arn + ":nope::", "role", asm + noKey, fetching + noKey},
		{none, "role", asm + "failed to fetch secret " + none + " from secrets manager: " + noSecret, fetching + "secret " + none + ": " + noSecret},
		{w.arn + ":password", "role", before + parts, "Trying to retrieve secret with value " + w.arn + ":password resulted in error: " + parts},
		{"arn:aws:secretsmanager:x", "role", before + badARN, "Trying to retrieve secret with value arn:aws:secretsmanager:x resulted in error: " + badARN},
		{"/p/none", "role", ssm + "invalid ssm parameters: /p/none", parameters + "invalid parameters: /p/none"},
		{w.arn, "untrusted", "ECS was unable to assume the role", "ECS was unable to assume the role"},
	} {
		for launch, want := range map[types.LaunchType]string{types.LaunchTypeFargate: c.fargate, types.LaunchTypeEc2: c.instance, types.LaunchTypeExternal: c.instance} {
			_, err := w.getOn(launch, secretsOf(c.from), c.role)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s on %s: %v\nwant %s", c.from, launch, err, want)
			}
			if _, whole := errors.AsType[Reason](err); whole != (launch != types.LaunchTypeFargate && c.role == "role") {
				t.Errorf("%s on %s: the whole reason: %t", c.from, launch, whole)
			}
		}
	}
}

func TestRegistryCredentials(t *testing.T) {
	w := newWorld(t)
	got, err := w.get(types.ContainerDefinition{RepositoryCredentials: &types.RepositoryCredentials{CredentialsParameter: &w.arn}}, "role")
	if err != nil || got.Registry == nil || got.Registry.Username != "web" || got.Registry.Password != "p" {
		t.Errorf("%+v, %v", got.Registry, err)
	}
	byName := "db"
	got, err = w.get(types.ContainerDefinition{RepositoryCredentials: &types.RepositoryCredentials{CredentialsParameter: &byName}}, "role")
	if err != nil || got.Registry == nil || got.Registry.Username != "web" {
		t.Errorf("by the secret's name: %+v, %v", got.Registry, err)
	}
	none := w.arn[:len(w.arn)-1]
	_, err = w.get(types.ContainerDefinition{RepositoryCredentials: &types.RepositoryCredentials{CredentialsParameter: &none}}, "role")
	const before = "unable to pull secrets or registry auth: execution resource retrieval failed: unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for "
	if err == nil || !strings.HasPrefix(err.Error(), before+none+": ResourceNotFoundException: Secrets Manager can't find the specified secret.") {
		t.Errorf("a secret that is not there: %v", err)
	}
	_, err = w.getOn(types.LaunchTypeEc2, types.ContainerDefinition{RepositoryCredentials: &types.RepositoryCredentials{CredentialsParameter: &none}}, "role")
	if err == nil || !strings.HasPrefix(err.Error(), "Asm fetching secret from the service for "+none+": ResourceNotFoundException: ") {
		t.Errorf("a secret that is not there, told by the agent: %v", err)
	}
	for text, want := range map[string]string{
		`{"username":"web"}`: "asm fetching password: AuthorizationData is malformed, empty field",
		`{"password":"p"}`:   "asm fetching username: AuthorizationData is malformed, empty field",
		`{`:                  "asm fetching authorization data: unable to unmarshal secret value, invalid schema",
		`[]`:                 "asm fetching authorization data: unable to unmarshal secret value, invalid schema",
		"":                   "asm fetching authorization data: empty secrets value",
	} {
		if _, err := registry(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEnvironmentFiles(t *testing.T) {
	w := newWorld(t)
	var asked []string
	bucket := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.EscapedPath()+" "+strings.SplitN(r.Header.Get("Authorization"), " ", 2)[0])
		if r.URL.Path == "/bucket/a b.env" {
			io.WriteString(rw, "A=bucket\nC=3\r\n")
			return
		}
		http.Error(rw, "no", http.StatusForbidden)
	}))
	defer bucket.Close()
	local := filepath.Join(t.TempDir(), "web.env")
	if err := os.WriteFile(local, []byte("#A=0\nA=local\n\nnothing\n=x\nB=\"two words\" # no comment\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := func(values ...string) (c types.ContainerDefinition) {
		for _, v := range values {
			c.EnvironmentFiles = append(c.EnvironmentFiles, types.EnvironmentFile{Type: "s3", Value: &v})
		}
		return c
	}
	const object = "arn:aws:s3:::bucket/a b.env"
	if _, err := w.get(files(object), "role"); err == nil || !strings.Contains(err.Error(), "--s3-endpoint") {
		t.Errorf("without an endpoint: %v", err)
	}
	w.S3 = bucket.URL
	w.S3Credentials = credentials{aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}}
	got, err := w.get(files("file://"+local, object), "role")
	if err != nil || !slices.Equal(got.Files, []string{"A=local", `B="two words" # no comment`, "C=3"}) {
		t.Errorf("%q, %v", got.Files, err)
	}
	overridden := &model.Task{ID: "0123", Overrides: types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), EnvironmentFiles: files("file://" + local).EnvironmentFiles}}}}
	d := &model.TaskDefinition{Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), EnvironmentFiles: files("arn:aws:s3:::bucket/never.env").EnvironmentFiles}}}}
	all, err := w.Get(t.Context(), overridden, d)
	if err != nil || !slices.Equal(all["app"].Files, []string{"A=local", `B="two words" # no comment`}) {
		t.Errorf("with files of an override: %q, %v", all["app"].Files, err)
	}
	if d.Spec.ContainerDefinitions[0].EnvironmentFiles = nil; !Needed(overridden, d) || Needed(&model.Task{}, d) {
		t.Error("what an override names is needed by its task alone")
	}
	if !slices.Equal(asked, []string{"/bucket/a%20b.env AWS4-HMAC-SHA256"}) {
		t.Errorf("asked %q", asked)
	}
	if _, err := w.get(files("arn:aws:s3:::bucket/other.env"), "role"); err == nil ||
		err.Error() != "failed to download env files: file download command: non empty error stream: unable to download env file with key other.env from bucket bucket, error: the endpoint of S3 answers 403 Forbidden" {
		t.Errorf("a file that may not be read: %v", err)
	}
	if _, err := w.getOn(types.LaunchTypeEc2, files("arn:aws:s3:::bucket/other.env"), "role"); err == nil ||
		err.Error() != "Unable to download env file with key other.env from bucket bucket, error: the endpoint of S3 answers 403 Forbidden" {
		t.Errorf("a file that may not be read, told by the agent: %v", err)
	}
	w.Allowed = func(_ context.Context, role, task, action, resource string) error {
		return fmt.Errorf("AccessDeniedException: %s %s %s %s", role, task, action, resource)
	}
	if _, err := w.get(files(object), "role"); err == nil || !strings.HasSuffix(err.Error(), "AccessDeniedException: role 0123 s3:GetObject "+object) {
		t.Errorf("a role that may not: %v", err)
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf:key:stage:version")
	f.Add("/web/key:3")
	f.Fuzz(func(t *testing.T, from string) {
		r, err := ParseReference(from)
		if err != nil {
			return
		}
		if (r.Secret == "") == (r.Parameter == "") {
			t.Fatalf("%q is both or neither: %+v", from, r)
		}
		whole := r.Secret
		if strings.Count(from, ":") == 9 {
			whole += ":" + r.Key + ":" + r.Stage + ":" + r.Version
		}
		if r.Secret != "" && whole != from {
			t.Fatalf("%q became %+v", from, r)
		}
	})
}

func FuzzParseEnvFile(f *testing.F) {
	f.Add([]byte("A=1\n#B=2\nC=\"x=y\"\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := parseEnvFile(content)
		if err != nil {
			return
		}
		for _, v := range list {
			if v.name == "" || strings.ContainsAny(v.name, "=\n\x00") || strings.ContainsAny(v.value, "\n\x00") || !strings.Contains(string(content), v.name+"="+v.value) {
				t.Fatalf("%q gives %+v", content, v)
			}
		}
	})
}

func TestALogGroupThatIsToBeMadeNeedsItsPermission(t *testing.T) {
	w := newWorld(t)
	var asked []string
	w.Allowed = func(_ context.Context, _, _, action, resource string) error {
		asked = append(asked, action+" "+resource)
		if action == "logs:CreateLogGroup" {
			return fmt.Errorf("AccessDeniedException: no")
		}
		return nil
	}
	c := types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
		"awslogs-group": "/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "a", "awslogs-create-group": "true",
	}}}
	w.LogGroup = func(name string) bool { return name == "/web" }
	if _, err := w.getOn(types.LaunchTypeEc2, c, "role"); err != nil || asked != nil {
		t.Errorf("for a container instance %q is asked before the container starts, %v", asked, err)
	}
	const group = "arn:aws:logs:us-east-1:000000000000:log-group:/web:log-stream:"
	stream := []string{"logs:CreateLogStream " + group + "a/app/0123", "logs:PutLogEvents " + group + "a/app/0123"}
	if _, err := w.get(c, "role"); err != nil || !slices.Equal(asked, stream) {
		t.Errorf("of a group that exists %q is asked, %v", asked, err)
	}
	asked, w.LogGroup = nil, func(string) bool { return false }
	_, err := w.get(c, "role")
	if want := "failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: AccessDeniedException: no : exit status 1"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if want := []string{"logs:CreateLogGroup " + group}; !slices.Equal(asked, want) {
		t.Errorf("of a group to be made %q is asked", asked)
	}
	delete(c.LogConfiguration.Options, "awslogs-create-group")
	asked = nil
	_, err = w.get(c, "role")
	if want := "failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if !slices.Equal(asked, stream) {
		t.Errorf("of a group that is not to be made %q is asked", asked)
	}
}
