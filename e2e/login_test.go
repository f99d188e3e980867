package e2e

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A private image is pulled with the login that its container names, which the execution
// role has to be allowed to read; in all else the task fails in the words of ECS.
func TestRepositoryCredentials(t *testing.T) {
	t.Parallel()
	host, _ := privateRegistry(t)
	s := up(t, "--iam", "enforce", "--docker-config", t.TempDir())
	secret := func(name, value string) (arn string) {
		return s.must(t, "ARN", "secretsmanager", "create-secret", "--name", name, "--secret-string", value)
	}
	login := secret("registry/login", `{"username":"ada","password":"engine"}`)
	mistaken := secret("registry/mistaken", `{"username":"ada","password":"`+password+`"}`)
	half := secret("registry/half", `{"username":"ada"}`)
	text := secret("registry/text", password)
	gone := strings.Replace(login, "login-", "gone-", 1)
	may := s.role(t, "puller", `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:*:secret:registry/*"}`)
	mayNot := s.role(t, "bare", `{"Effect":"Allow","Action":"logs:*","Resource":"*"}`)
	denied := s.role(t, "denied", everything+`,{"Effect":"Deny","Action":"secretsmanager:*","Resource":"`+login+`"}`)

	refused := "Asm fetching secret from the service for " + login + ": AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/ROLE/TASK is not authorized to perform: secretsmanager:GetSecretValue on resource: " + login
	for _, x := range []struct {
		family, from, role string
		reason, why        string // parts, with ROLE and TASK in place of names
	}{
		{"nothing", "", may, "CannotPullContainerError: Error response from daemon: ", "does not exist, or needs a login"},
		{"may-not", login, mayNot, refused + " because no identity-based policy allows the secretsmanager:GetSecretValue action status code: 400, request id: ", `may not read the secret "` + login},
		{"denied", login, denied, refused + " with an explicit deny in an identity-based policy status code: 400, request id: ", `may not read the secret "` + login},
		{"gone", gone, may, "Asm fetching secret from the service for " + gone + ": ResourceNotFoundException: Secrets Manager can't find the specified secret. status code: 400, request id: ", "The secret " + `"` + gone + `"` + " that the task definition names does not exist"},
		{"half", half, may, "Asm fetching password: AuthorizationData is malformed, empty field", "cannot be used"},
		{"text", text, may, "Asm fetching authorization data: unable to unmarshal secret value, invalid schema", "cannot be used"},
		{"mistaken", mistaken, may, "CannotPullContainerError: Error response from daemon: ", "does not exist, or needs a login"},
		{"may", login, may, "", ""},
		{"by-name", "registry/login", may, "", ""},
	} {
		c := s.caller(t)
		container := app()
		container.Image = awssdk.String(host + "/app:1")
		if x.from != "" {
			container.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: &x.from}
		}
		c.under(x.family, x.role, container)
		if x.reason == "" {
			task := c.reach(c.runOf(x.family), "RUNNING")
			if !strings.HasPrefix(awssdk.ToString(containerOf(t, task, "app").ImageDigest), "sha256:") {
				t.Errorf("%s: the image's digest is not told: %+v", x.family, containerOf(t, task, "app"))
			}
			continue
		}
		task, reason := c.stopped(x.family)
		want := strings.NewReplacer("ROLE", last(x.role), "TASK", last(task)).Replace(x.reason)
		if !strings.HasPrefix(reason, want) {
			t.Errorf("%s: stoppedReason is\n%s\nwant\n%s", x.family, reason, want)
		}
		c.whySays(task, x.why)
	}
	const brought = "arn:aws:iam::000000000000:role/brought" // which is not here, and so may do nothing
	s.caller(t).under("brought", brought, app())
	s.refused(t, "ClientException", "ECS was unable to assume the role '"+brought+"' that was provided for this task.", "ecs", "run-task", "--task-definition", "brought")
	t.Run("values are nowhere on disk", func(t *testing.T) { nowhereOnDisk(t, s) })
}
