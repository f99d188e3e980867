package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/moby/moby/client"
)

// definitionJSON is a task definition of a container with the shell.
func definitionJSON(t *testing.T, family, task, container, script string) string {
	t.Helper()
	b, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	more := ""
	if container != "" {
		more = ", " + container
	}
	if task != "" {
		task = ", " + task
	}
	return fmt.Sprintf(`{"family": %q, "containerDefinitions": [{"name": "app", "image": %q, "memory": 32, "entryPoint": ["sh", "-c"], "command": [%s]%s}]%s}`,
		family, needShell(t), b, more, task)
}

// runJSON registers a task definition with the AWS CLI, runs a task of it and returns its
// ARN.
func (s *server) runJSON(definition string) string {
	s.t.Helper()
	d := aws[struct {
		TaskDefinition struct{ TaskDefinitionArn string }
	}](s, "ecs", "register-task-definition", "--cli-input-json", definition)
	ran := aws[cliTasks](s, "ecs", "run-task", "--task-definition", d.TaskDefinition.TaskDefinitionArn)
	if len(ran.Tasks) != 1 {
		s.t.Fatalf("%s\n does not run: %+v", definition, ran.Failures)
	}
	return ran.Tasks[0].TaskArn
}

// allStopped waits until tasks are STOPPED and returns them.
func (s *server) allStopped(arns []string) []cliTask {
	s.t.Helper()
	var all []cliTask
	eventually(s.t, func() string {
		all = aws[cliTasks](s, append([]string{"ecs", "describe-tasks", "--tasks"}, arns...)...).Tasks
		for _, task := range all {
			if task.LastStatus != "STOPPED" {
				return fmt.Sprintf("%s is %s", task.TaskDefinitionArn, task.LastStatus)
			}
		}
		return ""
	})
	slices.SortFunc(all, func(a, b cliTask) int { return slices.Index(arns, a.TaskArn) - slices.Index(arns, b.TaskArn) })
	return all
}

// Containers of a task share its volumes, each other's, and the names of their links.
func TestContainersOfATaskTogether(t *testing.T) {
	t.Parallel()
	s := up(t)
	image := needShell(t)
	arn := s.runJSON(fmt.Sprintf(`{"family": "together", "volumes": [{"name": "shared"}], "containerDefinitions": [
		{"name": "writer", "image": %[1]q, "memory": 32, "essential": false, "command": ["sh", "-c", "echo hello >/mine/word; sleep 600"],
		 "mountPoints": [{"sourceVolume": "shared", "containerPath": "/mine"}]},
		{"name": "reader", "image": %[1]q, "memory": 32, "links": ["writer:other"], "volumesFrom": [{"sourceContainer": "writer", "readOnly": true}],
		 "command": ["sh", "-c", "until test -s /mine/word; do sleep 0.1; done; grep -q 'other' /etc/hosts && ping -c 1 other && ! touch /mine/x"]}]}`, image))
	task := s.allStopped([]string{arn})[0]
	for _, c := range task.Containers {
		if c.Name == "reader" && (c.ExitCode == nil || *c.ExitCode != 0) {
			t.Errorf("%s: %+v", task.StoppedReason, c)
		}
	}
}

// With pidMode and ipcMode task the containers of a task see each other's processes and
// shared memory, and its end leaves nothing behind.
func TestContainersOfATaskShareNamespaces(t *testing.T) {
	t.Parallel()
	s := up(t)
	image := needShell(t)
	arn := s.runJSON(fmt.Sprintf(`{"family": "sharing", "pidMode": "task", "ipcMode": "task", "containerDefinitions": [
		{"name": "one", "image": %[1]q, "memory": 32, "essential": false, "command": ["sh", "-c", "echo hello >/dev/shm/word; exec sleep 61611"],
		 "linuxParameters": {"sharedMemorySize": 24}, "systemControls": [{"namespace": "kernel.msgmax", "value": "9000"}]},
		{"name": "two", "image": %[1]q, "memory": 32, "command": ["sh", "-c",
		 "until test -s /dev/shm/word; do sleep 0.1; done; ps | grep -q '[s]leep 61611' && test $$ != 1 && test $(cat /proc/sys/kernel/msgmax) = 9000 && test $(df -k /dev/shm | awk 'END{print $2}') = 24576"]}]}`, image))
	task := s.allStopped([]string{arn})[0]
	for _, c := range task.Containers {
		if c.Name == "two" && (c.ExitCode == nil || *c.ExitCode != 0) {
			t.Errorf("%s: %+v", task.StoppedReason, c)
		}
	}
	left, err := engine.ContainerList(context.Background(), client.ContainerListOptions{All: true, Filters: make(client.Filters).
		Add("label", "dev.steady.task="+idOf(arn)).Add("label", "com.amazonaws.ecs.container-name=~internal~ecs~pause-namespace")})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("the holder is left: %+v, %v", left.Items, err)
	}
}

// A shared volume outlives its tasks, and has to be there unless it is provisioned.
func TestSharedVolumes(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("steady-e2e-shared-%d", os.Getpid())
	t.Cleanup(func() { // after the containers that hold it
		if _, err := engine.VolumeRemove(context.Background(), name, client.VolumeRemoveOptions{}); err != nil {
			t.Errorf("remove volume %s: %v", name, err)
		}
	})
	s := up(t)
	volume := func(more string) string {
		return fmt.Sprintf(`"volumes": [{"name": %q, "dockerVolumeConfiguration": {"scope": "shared"%s}}]`, name, more)
	}
	mount := fmt.Sprintf(`"mountPoints": [{"sourceVolume": %q, "containerPath": "/data"}]`, name)
	first := s.allStopped([]string{s.runJSON(definitionJSON(t, "missing", volume(""), mount, "true"))})[0]
	if !strings.Contains(first.StoppedReason, "CannotCreateVolumeError: the shared volume "+name+" does not exist") || first.StopCode != "TaskFailedToStart" {
		t.Errorf("without its volume: %s %s", first.StopCode, first.StoppedReason)
	}
	arns := []string{s.runJSON(definitionJSON(t, "writes", volume(`, "autoprovision": true`), mount, "echo kept >/data/word"))}
	s.allStopped(arns)
	arns = append(arns, s.runJSON(definitionJSON(t, "reads", volume(""), mount, "grep kept /data/word")))
	for _, task := range s.allStopped(arns) {
		if c := task.Containers[0]; c.ExitCode == nil || *c.ExitCode != 0 {
			t.Errorf("%s: %s %+v", task.TaskDefinitionArn, task.StoppedReason, c)
		}
	}
}

// What the engine is asked for can be seen from outside: labels, logs, swap, ports.
func TestMembersThatAreSeenFromOutside(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	arn := c.server.runJSON(definitionJSON(t, "outside", "", `"dockerLabels": {"team": "blue", "dev.steady.task": "mine"},
		"portMappings": [{"containerPort": 80}, {"containerPortRange": "9000-9002"}, {"containerPortRange": "9000-9001", "protocol": "udp"}],
		"linuxParameters": {"maxSwap": 16, "swappiness": 7}, "logConfiguration": {"logDriver": "syslog", "options": {"syslog-address": "udp://127.0.0.1:9", "tag": "t"}}`,
		"sleep 600"))
	task := c.reach(arn, "RUNNING")
	seen := c.inspect(task, "app")
	if l := seen.Config.Labels; l["team"] != "blue" || l["dev.steady.task"] != idOf(arn) {
		t.Errorf("labels %v", l)
	}
	if l := seen.HostConfig.LogConfig; l.Type != "syslog" || l.Config["tag"] != "t" || l.Config["mode"] != "non-blocking" || l.Config["max-buffer-size"] != "10m" {
		t.Errorf("log %+v", l)
	}
	if h := seen.HostConfig; h.MemorySwap != 48<<20 || h.MemorySwappiness == nil || *h.MemorySwappiness != 7 {
		t.Errorf("swap %d, swappiness %v", h.MemorySwap, h.MemorySwappiness)
	}
	told := map[string]string{}
	for _, b := range containerOf(t, task, "app").NetworkBindings {
		if b.ContainerPortRange == nil {
			told[fmt.Sprint(*b.ContainerPort)] = "one"
			continue
		}
		first, last := 0, 0
		fmt.Sscanf(*b.HostPortRange, "%d-%d", &first, &last)
		told[*b.ContainerPortRange+"/"+string(b.Protocol)] = fmt.Sprint(last - first + 1)
		if b.HostPort != nil || b.ContainerPort != nil {
			t.Errorf("a range with ports: %+v", b)
		}
	}
	equal(t, "the ports", told, map[string]string{"80": "one", "9000-9002/tcp": "3", "9000-9001/udp": "2"})

	// Not every engine may run one: that it is asked for is what can be seen everywhere.
	must := c.server.runJSON(definitionJSON(t, "privileged", "", `"privileged": true`, capabilities+`has 12 && has 21`))
	if ended := c.reach(must, "STOPPED"); awssdk.ToString(ended.StoppedReason) != "Essential container in task exited" || *containerOf(t, ended, "app").ExitCode != 0 {
		if !strings.Contains(awssdk.ToString(ended.StoppedReason), "unable to apply caps: operation not permitted") {
			t.Errorf("privileged: %s", awssdk.ToString(ended.StoppedReason))
		}
	}

	none := c.server.runJSON(definitionJSON(t, "silent", "", `"logConfiguration": {"logDriver": "none"}`, "echo nobody hears; sleep 600"))
	if l := c.inspect(c.reach(none, "RUNNING"), "app").HostConfig.LogConfig; l.Type != "none" {
		t.Errorf("log %+v", l)
	}
	c.stop(none)
	c.reach(none, "STOPPED")
}

// No instance has a GPU: the definition is taken, the task is not placed.
func TestAGPUIsRefusedAtPlacement(t *testing.T) {
	t.Parallel()
	s := up(t)
	aws[struct{}](s, "ecs", "register-task-definition", "--cli-input-json",
		definitionJSON(t, "gpu", "", `"resourceRequirements": [{"type": "GPU", "value": "1"}]`, "true"))
	ran := aws[cliTasks](s, "ecs", "run-task", "--task-definition", "gpu")
	if len(ran.Tasks) != 0 || len(ran.Failures) != 1 || ran.Failures[0].Reason != "RESOURCE:GPU" {
		t.Errorf("tasks %v, failures %v", ran.Tasks, ran.Failures)
	}
}
