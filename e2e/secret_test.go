package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
func (s *server) withSecrets(t *testing.T, family, role string, more map[string]any, show string) {
	t.Helper()
	c := map[string]any{"name": "app", "image": image, "memory": 64, "command": []string{"-hash-env", show}}
	for k, v := range more {
		c[k] = v
	}
	b, err := json.Marshal([]any{c})
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, "taskDefinition.revision", "ecs", "register-task-definition", "--family", family, "--execution-role-arn", role, "--container-definitions", string(b))
}

func secretFrom(name, from string) map[string]string {
	return map[string]string{"name": name, "valueFrom": from}
}

// stopped runs a task that cannot start and returns its ARN and why it stopped.
func (s *server) stopped(t *testing.T, family string) (arn, reason string) {
	t.Helper()
	arn = s.must(t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", family)
	eventually(t, func() string {
		status := s.must(t, "tasks[0].[lastStatus,stopCode,stoppedReason]", "ecs", "describe-tasks", "--tasks", arn)
		f := strings.SplitN(status, "\t", 3)
		if f[0] != "STOPPED" {
			return "the task is " + f[0]
		}
		if f[1] != "TaskFailedToStart" {
			t.Errorf("stopCode is %s", f[1])
		}
		reason = f[2]
		return ""
	})
	return arn, reason
}

func hashed(name, value string) string {
	return fmt.Sprintf("%s has %d bytes, sha256 %x", name, len(value), sha256.Sum256([]byte(value)))
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
	role := s.must(t, "Role.Arn", "iam", "create-role", "--role-name", "execution", "--assume-role-policy-document", trustTasks)
	allow := func(t *testing.T, statement string) {
		t.Helper()
		if _, err := s.tryAWS("iam", "put-role-policy", "--role-name", "execution", "--policy-name", "p",
			"--policy-document", `{"Version":"2012-10-17","Statement":[`+statement+`]}`); err != nil {
			t.Fatal(err)
		}
	}
	const everything = `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","ssm:GetParameters","s3:GetObject"],"Resource":"*"}`
	allow(t, everything)

	t.Run("they reach the container", func(t *testing.T) {
		local := filepath.Join(t.TempDir(), "web.env")
		if err := os.WriteFile(local, []byte("FROM_FILE=a=b\nBOTH=of the file\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.withSecrets(t, "whole", role, map[string]any{
			"environment": []any{map[string]string{"name": "PLAIN", "value": "of the definition"}},
			"environmentFiles": []any{
				map[string]string{"type": "s3", "value": "file://" + local}, map[string]string{"type": "s3", "value": "arn:aws:s3:::bucket/web.env"},
			},
			"secrets": []any{
				secretFrom("PASSWORD", arn+":password::"), secretFrom("OLD", arn+":password:AWSPREVIOUS:"), secretFrom("PORT", arn+":port::"),
				secretFrom("WHOLE", arn), secretFrom("KEY", "/web/key"), secretFrom("KEY_ARN", "arn:aws:ssm:us-east-1:000000000000:parameter/web/key"),
			},
		}, "PASSWORD,OLD,PORT,WHOLE,KEY,KEY_ARN,PLAIN,FROM_FILE,FROM_S3,BOTH")
		task := s.must(t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", "whole")
		want := []string{
			hashed("PASSWORD", password), hashed("OLD", "old"), hashed("PORT", "5432"), hashed("WHOLE", `{"user":"web","port":5432,"password":"`+password+`"}`),
			hashed("KEY", password+"-parameter"), hashed("KEY_ARN", password+"-parameter"), hashed("PLAIN", "of the definition"),
			hashed("FROM_FILE", "a=b"), hashed("FROM_S3", `"quoted"`), hashed("BOTH", "of the file"),
		}
		eventually(t, func() string {
			out, _ := s.steady("logs", task)
			for _, w := range want {
				if !strings.Contains(out, w) {
					return "no " + w + " in " + out
				}
			}
			return ""
		})
		s.must(t, "task.taskArn", "ecs", "stop-task", "--task", task)
		if err := os.WriteFile(local, []byte("FROM_FILE=of the override\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		task = s.must(t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", "whole", "--overrides",
			fmt.Sprintf(`{"containerOverrides": [{"name": "app", "environmentFiles": [{"type": "s3", "value": "file://%s"}]}]}`, local))
		eventually(t, func() string {
			out, _ := s.steady("logs", task)
			if !strings.Contains(out, hashed("FROM_FILE", "of the override")) || !strings.Contains(out, "FROM_S3 is not set") {
				return "the override's file is not in place of the definition's: " + out
			}
			return ""
		})
		s.must(t, "task.taskArn", "ecs", "stop-task", "--task", task)
	})
	for _, c := range []struct {
		name, from, reason, why string
	}{
		{"a secret that does not exist", "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf",
			"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:000000000000:secret:none-AbCdEf from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret. status code: 400, request id: ",
			`secret:none-AbCdEf" that the task definition names does not exist`},
		{"a key that its JSON does not have", arn + ":nope::",
			"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key nope",
			"nope"},
		{"a staging label that no version has", arn + "::NEXT:",
			"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn + " from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: NEXT",
			"has no version NEXT"},
		{"a parameter that does not exist", "/web/none",
			"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /web/none",
			"/web/none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			family := "fails-" + strings.ReplaceAll(c.name, " ", "-")
			s.withSecrets(t, family, role, map[string]any{"secrets": []any{secretFrom("A", c.from)}}, "A")
			task, reason := s.stopped(t, family)
			if !strings.HasPrefix(reason, c.reason) {
				t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, c.reason)
			}
			if out, _ := s.steady("why", task); !strings.Contains(out, c.why) {
				t.Errorf("why says %s", out)
			} else {
				t.Log(out)
			}
		})
	}
	t.Run("a role that may not", func(t *testing.T) {
		defer allow(t, everything)
		allow(t, everything+`,{"Effect":"Deny","Action":"secretsmanager:*","Resource":"`+arn+`"}`)
		s.withSecrets(t, "denied", role, map[string]any{"secrets": []any{secretFrom("A", arn)}}, "A")
		task, reason := s.stopped(t, "denied")
		id := task[strings.LastIndexByte(task, '/')+1:]
		if want := "AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/execution/" + id + " is not authorized to perform: secretsmanager:GetSecretValue on resource: " + arn + " with an explicit deny in an identity-based policy"; !strings.Contains(reason, want) {
			t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, want)
		}
		allow(t, `{"Effect":"Allow","Action":"ssm:*","Resource":"*"}`)
		task, reason = s.stopped(t, "denied")
		if want := "because no identity-based policy allows the secretsmanager:GetSecretValue action"; !strings.Contains(reason, want) {
			t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, want)
		}
		if out, _ := s.steady("why", task); !strings.Contains(out, "secretsmanager:GetSecretValue") {
			t.Errorf("why says %s", out)
		} else {
			t.Log(out)
		}
	})
	t.Run("a log group that the role may not write to", func(t *testing.T) {
		if _, err := s.tryAWS("logs", "create-log-group", "--log-group-name", "/web"); err != nil {
			t.Fatal(err)
		}
		s.withSecrets(t, "logs", role, map[string]any{"logConfiguration": map[string]any{"logDriver": "awslogs",
			"options": map[string]string{"awslogs-group": "/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "a"}}}, "A")
		task, reason := s.stopped(t, "logs")
		id := task[strings.LastIndexByte(task, '/')+1:]
		if want := "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/execution/" + id +
			" is not authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:000000000000:log-group:/web:log-stream:a/app/" + id; !strings.HasPrefix(reason, want) {
			t.Errorf("stoppedReason is\n%s\nwant\n%s", reason, want)
		}
	})
	t.Run("a role that does not exist here", func(t *testing.T) {
		s.withSecrets(t, "brought", "arn:aws:iam::999999999999:role/brought", map[string]any{"secrets": []any{secretFrom("A", arn)}}, "A")
		task := s.must(t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", "brought")
		eventually(t, func() string {
			if status := s.must(t, "tasks[0].lastStatus", "ecs", "describe-tasks", "--tasks", task); status != "RUNNING" {
				return "the task is " + status
			}
			return ""
		})
		s.must(t, "task.taskArn", "ecs", "stop-task", "--task", task)
	})
	t.Run("values are nowhere on disk", func(t *testing.T) {
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
	})
}
