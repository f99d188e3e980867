package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// A task calls the server in place of Amazon, at the address that it is told and with the
// credentials of its role, which decides what it may do.
func TestATaskCallsTheServer(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may lead 169.254.170.2 anywhere")
	}
	bridge, err := engine.NetworkInspect(t.Context(), "bridge", client.NetworkInspectOptions{})
	if err != nil || len(bridge.Network.IPAM.Config) == 0 {
		t.Fatalf("find the gateway of the engine's network: %v", err)
	}
	at := fmt.Sprintf("%s:%d", bridge.Network.IPAM.Config[0].Gateway, freePort(t))
	s := up(t, "--listen", at, "--task-endpoint-url", "http://"+at)
	file := filepath.Join(s.dataDir, "credentials") // beyond loopback requests are verified
	s.env = append(s.env, "AWS_ACCESS_KEY_ID="+issued(t, file, "aws_access_key_id"), "AWS_SECRET_ACCESS_KEY="+issued(t, file, "aws_secret_access_key"))
	role := func(name, statement string) {
		s.must(t, "Role.Arn", "iam", "create-role", "--role-name", name, "--assume-role-policy-document", trustTasks)
		s.must(t, "@", "iam", "put-role-policy", "--role-name", name, "--policy-name", "p", "--policy-document", `{"Version":"2012-10-17","Statement":[`+statement+`]}`)
	}
	role("looks", `{"Effect":"Allow","Action":["ecs:Describe*","ecs:List*"],"Resource":"*"}`)
	role("writes", `{"Effect":"Allow","Action":"logs:*","Resource":"*"}`)
	for name, want := range map[string]struct {
		code int
		says string
	}{
		"looks":  {0, "default"},
		"writes": {1, "AccessDeniedException"},
	} {
		s.must(t, "taskDefinition.revision", "ecs", "register-task-definition", "--family", name, "--task-role-arn", "arn:aws:iam::000000000000:role/"+name,
			"--container-definitions", fmt.Sprintf(`[{"name":"app","image":%q,"memory":64,"entryPoint":["/steady"],"command":["status"]}]`, image))
		arn := s.must(t, "tasks[0].taskArn", "ecs", "run-task", "--task-definition", name)
		eventually(t, func() string {
			if got := s.must(t, "tasks[0].[lastStatus,containers[0].exitCode]", "ecs", "describe-tasks", "--tasks", arn); got != fmt.Sprintf("STOPPED\t%d", want.code) {
				out, _ := s.steady("logs", arn)
				return "it is " + got + ": " + out
			}
			return ""
		})
		eventually(t, func() string {
			if out, _ := s.steady("logs", arn); !strings.Contains(out, want.says) {
				return name + " says " + out
			}
			return ""
		})
	}
}
