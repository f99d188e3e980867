package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// asksAll is what a container runs that asks for all that it is told of, and protects its
// task if it gets it.
const asksAll = `set -e
say() { echo "$1"; exit 1; }
get() { wget -qO- "$1"; }
has() { case "$1" in *"$2"*) ;; *) say "no $2 in $1";; esac; }
self=$ECS_CONTAINER_METADATA_URI_V4
test "$AWS_REGION $AWS_EXECUTION_ENV" = "us-east-1 AWS_ECS_EC2"
has "$(get $self)" '"Name":"app"'
has "$(get $self)" '"KnownStatus":"RUNNING"'
has "$(get $self/task)" '"Family":"'$FAMILY'"'
has "$(get $self/stats)" '"total_usage"'
has "$(get $self/task/stats)" '"total_usage"'
has "$(get $ECS_CONTAINER_METADATA_URI/taskWithTags)" '"Containers"'
credentials=$AWS_CONTAINER_CREDENTIALS_FULL_URI
test -n "$credentials" || credentials=http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
has "$(get $credentials)" '"RoleArn":"arn:aws:iam::000000000000:role/asks"'
wget -S -O- $(echo $self | sed 's/-[0-9a-f]*-/-000000000000000000000000-/') 2>&1 | grep -q 404 || say "a guess is answered"
rest=${ECS_AGENT_URI#http://}; at=${rest%%/*}; host=${at%:*}; port=${at#*:}; test $port != $at || port=80
body='{"ProtectionEnabled":true,"ExpiresInMinutes":10}'
printf "PUT /${rest#*/}/task-protection/v1/state HTTP/1.0\r\nContent-Length: ${#body}\r\n\r\n$body" | nc -w 60 $host $port
sleep 10000`

// Containers in every network mode find out about themselves, get credentials of their
// task's role and protect their task with them: also after the server was killed.
func TestEndpointsOfTasks(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may lead 169.254.170.2 anywhere")
	}
	s := up(t)
	must := func(args ...string) {
		t.Helper()
		if out, err := s.tryAWS(args...); err != nil {
			t.Fatalf("aws %s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
	must("iam", "create-role", "--role-name", "asks", "--assume-role-policy-document",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	must("iam", "put-role-policy", "--role-name", "asks", "--policy-name", "protect", "--policy-document",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:*TaskProtection","Resource":"*"}]}`)
	modes := []types.NetworkMode{types.NetworkModeBridge, types.NetworkModeHost, types.NetworkModeAwsvpc}
	for _, mode := range modes {
		family := "asks-" + string(mode)
		must("ecs", "register-task-definition", "--cli-input-json", definitionJSON(t, family,
			fmt.Sprintf(`"networkMode": %q, "taskRoleArn": "arn:aws:iam::000000000000:role/asks"`, mode),
			fmt.Sprintf(`"environment": [{"name": "FAMILY", "value": %q}]`, family), asksAll))
		service := []string{"ecs", "create-service", "--service-name", family, "--task-definition", family, "--desired-count", "1"}
		if mode == types.NetworkModeAwsvpc {
			service = append(service, "--network-configuration", "awsvpcConfiguration={subnets=[subnet-lan]}")
		}
		must(service...)
	}
	for _, mode := range modes {
		s.protected("asks-" + string(mode))
	}
	s.kill()
	s.start()
	for _, mode := range modes {
		label := "label=com.amazonaws.ecs.task-definition-family=asks-" + string(mode)
		id, err := exec.Command("docker", "ps", "-q", "--filter", "label=dev.steady.installation="+s.installation(),
			"--filter", label, "--filter", "label=com.amazonaws.ecs.container-name=app").Output()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("docker", "exec", strings.TrimSpace(string(id)), "sh", "-c", "wget -qO- $ECS_AGENT_URI/task-protection/v1/state").CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"ProtectionEnabled":true`) {
			t.Errorf("after a restart of the server, in mode %s: %v: %s", mode, err, out)
		}
	}
}

// protected waits until the one task of a service is protected.
func (s *server) protected(service string) {
	s.t.Helper()
	eventually(s.t, func() string {
		tasks := aws[struct{ TaskArns []string }](s, "ecs", "list-tasks", "--cluster", "default", "--service-name", service)
		if len(tasks.TaskArns) == 0 {
			return service + " has no task"
		}
		out := aws[struct {
			ProtectedTasks []struct{ ProtectionEnabled bool }
		}](s, "ecs", "get-task-protection", "--cluster", "default", "--tasks", tasks.TaskArns[0])
		if len(out.ProtectedTasks) == 1 && out.ProtectedTasks[0].ProtectionEnabled {
			return ""
		}
		said, _ := exec.Command("sh", "-c", "docker logs $(docker ps -aq --filter label=com.amazonaws.ecs.container-name=app --filter label=dev.steady.installation="+s.installation()+" --filter label=com.amazonaws.ecs.task-definition-family="+service+" | tail -1)").CombinedOutput()
		return fmt.Sprintf("%s: %+v: %s", service, out, said)
	})
}
