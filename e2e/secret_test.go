package e2e

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const (
	trustTasks = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	password   = "correct-horse-battery-staple"
)

// must runs the AWS CLI, which must succeed, and returns the text of --query.
func (s *server) must(t *testing.T, query string, args ...string) string {
	t.Helper()
	out, err := s.tryAWS(append(args, "--query", query, "--output", "text")...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// withSecrets registers a family whose container prints the hashes of its variables.
func (c *caller) withSecrets(family, role string, container types.ContainerDefinition, show string) {
	c.t.Helper()
	container.Name, container.Image, container.Memory = awssdk.String("app"), &image, awssdk.Int32(64)
	container.Command = []string{"-hash-env", show}
	c.under(family, role, container)
}

// under registers a family with an execution role.
func (c *caller) under(family, role string, container types.ContainerDefinition) {
	c.t.Helper()
	if _, err := c.api.RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, ExecutionRoleArn: &role, ContainerDefinitions: []types.ContainerDefinition{container},
	}); err != nil {
		c.t.Fatal(err)
	}
}

// secretsFrom are the secrets A, or NAME, VALUE-FROM and so on.
func secretsFrom(pairs ...string) (c types.ContainerDefinition) {
	for i := 0; i < len(pairs); i += 2 {
		c.Secrets = append(c.Secrets, types.Secret{Name: &pairs[i], ValueFrom: &pairs[i+1]})
	}
	return c
}

func envFiles(values ...string) (list []types.EnvironmentFile) {
	for _, v := range values {
		list = append(list, types.EnvironmentFile{Type: types.EnvironmentFileTypeS3, Value: &v})
	}
	return list
}

// runOf runs one task of a family.
func (c *caller) runOf(family string) (arn string) {
	c.t.Helper()
	out, err := c.api.RunTask(c.t.Context(), &ecs.RunTaskInput{TaskDefinition: &family})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(out.Tasks) != 1 {
		c.t.Fatalf("RunTask tells failures %s", reasons(out.Failures))
	}
	return *out.Tasks[0].TaskArn
}

// stopped runs a task that cannot start and returns its ARN and why it stopped.
func (c *caller) stopped(family string) (arn, reason string) {
	c.t.Helper()
	arn = c.runOf(family)
	t := c.reach(arn, "STOPPED")
	if t.StopCode != types.TaskStopCodeTaskFailedToStart {
		c.t.Errorf("stopCode is %s", t.StopCode)
	}
	return arn, awssdk.ToString(t.StoppedReason)
}

func hashed(name, value string) string {
	return fmt.Sprintf("%s has %d bytes, sha256 %x", name, len(value), sha256.Sum256([]byte(value)))
}

const everything = `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","ssm:GetParameters","s3:GetObject"],"Resource":"*"}`

// role makes a role that ECS may work under, or gives it another policy.
func (s *server) role(t *testing.T, name, statement string) (arn string) {
	t.Helper()
	api := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &s.url, Credentials: credentials.NewStaticCredentialsProvider("any", "any", "")})
	_, err := api.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: awssdk.String(trustTasks)})
	if exists := new(iamtypes.EntityAlreadyExistsException); err != nil && !errors.As(err, &exists) {
		t.Fatal(err)
	}
	if _, err := api.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: awssdk.String("p"), PolicyDocument: awssdk.String(`{"Version":"2012-10-17","Statement":[` + statement + `]}`),
	}); err != nil {
		t.Fatal(err)
	}
	return "arn:aws:iam::000000000000:role/" + name
}

// A task is given secrets, parameters and environment files under its execution role,
// and fails as on ECS without them.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/bucket/web.env" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "# of S3\nFROM_S3=\"quoted\"\nBOTH=of the bucket\nPLAIN=of the bucket\n")
	}))
	defer s3.Close()
	s := up(t, "--s3-endpoint", s3.URL)
	arn := s.must(t, "ARN", "secretsmanager", "create-secret", "--name", "prod/db", "--secret-string", `{"user":"web","password":"old"}`)
	s.must(t, "VersionId", "secretsmanager", "put-secret-value", "--secret-id", "prod/db", "--secret-string", `{"user":"web","port":5432,"password":"`+password+`"}`)
	s.must(t, "Version", "ssm", "put-parameter", "--name", "/web/key", "--value", password+"-parameter", "--type", "SecureString")
	role := s.role(t, "execution", everything)

	t.Run("at once", func(t *testing.T) {
		for name, story := range map[string]func(c *caller, arn, role string){
			"they reach the container":                   theyReachTheContainer,
			"a role that may not":                        aRoleThatMayNot,
			"a log group that the role may not write to": aLogGroupNotToWriteTo,
			"a role that does not exist here":            aRoleThatIsNotHere,
			"a role that ECS may not assume":             aRoleThatDoesNotTrust,
		} {
			t.Run(name, func(t *testing.T) { t.Parallel(); story(s.caller(t), arn, role) })
		}
		const fetching = "Fetching secret data from AWS Secrets Manager in region us-east-1: "
		for _, missing := range []struct{ family, from, reason, why string }{
			{"no-secret", "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf",
				fetching + "secret arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf: ResourceNotFoundException: Secrets Manager can't find the specified secret. status code: 400, request id: ",
				`secret:none-AbCdEf" that the task definition names does not exist`},
			{"no-key", arn + ":nope::", fetching + "retrieved secret from Secrets Manager did not contain json key nope", "nope"},
			{"no-stage", arn + "::NEXT:",
				fetching + "secret " + arn + ": ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: NEXT",
				"has no version NEXT"},
			{"no-parameter", "/web/none", "Fetching secret data from SSM Parameter Store in us-east-1: invalid parameters: /web/none", "/web/none"},
		} {
			t.Run(missing.family, func(t *testing.T) {
				t.Parallel()
				c := s.caller(t)
				c.withSecrets(missing.family, role, secretsFrom("A", missing.from), "A")
				task, reason := c.stopped(missing.family)
				if !strings.HasPrefix(reason, missing.reason) {
					t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, missing.reason)
				}
				c.whySays(task, missing.why)
			})
		}
	})
	t.Run("values are nowhere on disk", func(t *testing.T) { nowhereOnDisk(t, s) })
}

// whySays checks what `steady why` says of a task.
func (c *caller) whySays(task, want string) {
	c.t.Helper()
	if out, _ := c.server.steady("why", task); !strings.Contains(out, want) {
		c.t.Errorf("why says %s", out)
	}
}

func theyReachTheContainer(c *caller, arn, role string) {
	local := filepath.Join(c.t.TempDir(), "web.env")
	if err := os.WriteFile(local, []byte("FROM_FILE=a=b\nBOTH=of the file\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	whole := secretsFrom("PASSWORD", arn+":password::", "OLD", arn+":password:AWSPREVIOUS:", "PORT", arn+":port::",
		"WHOLE", arn, "KEY", "/web/key", "KEY_ARN", "arn:aws:ssm:us-east-1:000000000000:parameter/web/key")
	whole.Environment = []types.KeyValuePair{{Name: awssdk.String("PLAIN"), Value: awssdk.String("of the definition")}}
	whole.EnvironmentFiles = envFiles("file://"+local, "arn:aws:s3:::bucket/web.env")
	c.withSecrets("whole", role, whole, "PASSWORD,OLD,PORT,WHOLE,KEY,KEY_ARN,PLAIN,FROM_FILE,FROM_S3,BOTH")
	task := c.runOf("whole")
	want := []string{
		hashed("PASSWORD", password), hashed("OLD", "old"), hashed("PORT", "5432"), hashed("WHOLE", `{"user":"web","port":5432,"password":"`+password+`"}`),
		hashed("KEY", password+"-parameter"), hashed("KEY_ARN", password+"-parameter"), hashed("PLAIN", "of the definition"),
		hashed("FROM_FILE", "a=b"), hashed("FROM_S3", `"quoted"`), hashed("BOTH", "of the file"),
	}
	eventually(c.t, func() string {
		out, _ := c.server.steady("logs", task)
		for _, w := range want {
			if !strings.Contains(out, w) {
				return "no " + w + " in " + out
			}
		}
		return ""
	})
	c.stop(task)
	if err := os.WriteFile(local, []byte("FROM_FILE=of the override\n"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	task = c.server.must(c.t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", "whole", "--overrides",
		fmt.Sprintf(`{"containerOverrides": [{"name": "app", "environmentFiles": [{"type": "s3", "value": "file://%s"}]}]}`, local))
	eventually(c.t, func() string {
		out, _ := c.server.steady("logs", task)
		if !strings.Contains(out, hashed("FROM_FILE", "of the override")) || !strings.Contains(out, "FROM_S3 is not set") {
			return "the override's file is not in place of the definition's: " + out
		}
		return ""
	})
	c.stop(task)
}

func aRoleThatMayNot(c *caller, arn, _ string) {
	role := c.server.role(c.t, "denied", everything+`,{"Effect":"Deny","Action":"secretsmanager:*","Resource":"`+arn+`"}`)
	c.withSecrets("denied", role, secretsFrom("A", arn), "A")
	task, reason := c.stopped("denied")
	id := task[strings.LastIndexByte(task, '/')+1:]
	if want := "AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/denied/" + id + " is not authorized to perform: secretsmanager:GetSecretValue on resource: " + arn + " with an explicit deny in an identity-based policy"; !strings.Contains(reason, want) {
		c.t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, want)
	}
	c.server.role(c.t, "denied", `{"Effect":"Allow","Action":"ssm:*","Resource":"*"}`)
	task, reason = c.stopped("denied")
	if want := "because no identity-based policy allows the secretsmanager:GetSecretValue action"; !strings.Contains(reason, want) {
		c.t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, want)
	}
	c.whySays(task, "secretsmanager:GetSecretValue")
}

func aLogGroupNotToWriteTo(c *caller, _, role string) {
	if _, err := c.server.tryAWS("logs", "create-log-group", "--log-group-name", "/web"); err != nil {
		c.t.Fatal(err)
	}
	for group, want := range map[string]string{
		"/web": "stream: AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/execution/ID is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:000000000000:log-group:/web:log-stream:a/app/ID",
		"/new": "group: AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/execution/ID is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:us-east-1:000000000000:log-group:/new:log-stream:",
	} {
		family := "logs-" + group[1:]
		c.withSecrets(family, role, types.ContainerDefinition{LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "a", "awslogs-create-group": "true",
		}}}, "A")
		task, reason := c.stopped(family)
		want = "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log " +
			strings.ReplaceAll(want, "ID", task[strings.LastIndexByte(task, '/')+1:])
		if !strings.HasPrefix(reason, want) {
			c.t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, want)
		}
	}
}

func aRoleThatIsNotHere(c *caller, arn, _ string) {
	c.withSecrets("brought", "arn:aws:iam::999999999999:role/brought", secretsFrom("A", arn), "A")
	task := c.runOf("brought")
	c.reach(task, "RUNNING")
	c.stop(task)
}

func aRoleThatDoesNotTrust(c *caller, _, _ string) {
	role := c.server.must(c.t, "Role.Arn", "iam", "create-role", "--role-name", "untrusting",
		"--assume-role-policy-document", strings.Replace(trustTasks, "ecs-tasks", "ec2", 1))
	c.withSecrets("untrusting", role, types.ContainerDefinition{}, "A")
	text := "ECS was unable to assume the role '" + role + "' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
	if _, err := c.server.tryAWS("ecs", "run-task", "--task-definition", "untrusting"); err == nil || !strings.Contains(err.Error(), "(ClientException) when calling the RunTask operation: "+text) {
		c.t.Errorf("RunTask: %v", err)
	}
	if _, err := c.api.CreateService(c.t.Context(), &ecs.CreateServiceInput{
		ServiceName: awssdk.String("untrusting"), TaskDefinition: awssdk.String("untrusting"), DesiredCount: awssdk.Int32(1),
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true}},
	}); err != nil {
		c.t.Fatal(err)
	}
	c.event("untrusting", "(service untrusting) failed to launch a task with (error "+text+").")
	eventually(c.t, func() string {
		if d := c.describe("untrusting").Deployments[0]; d.RolloutState != types.DeploymentRolloutStateFailed {
			return fmt.Sprintf("the deployment is %s with %d failed tasks", d.RolloutState, d.FailedTasks)
		}
		return ""
	})
}

func nowhereOnDisk(t *testing.T, s *server) {
	s.kill()
	defer s.start()
	err := filepath.WalkDir(s.dataDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		if bytes.Contains(b, []byte(password)) {
			t.Errorf("%s holds a secret in clear", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if strings.Contains(s.stderr.String(), password) {
		t.Error("the server's log holds a secret")
	}
}
