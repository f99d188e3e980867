package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/moby/moby/client"
)

// capabilities puts the effective Linux capabilities of the shell into $cap.
const capabilities = `cap=$(awk '/CapEff/{print $2}' /proc/self/status); has() { test $((0x$cap >> $1 & 1)) = 1; }; `

// members are task definitions of one member each, whose container looks for its effect:
// it exits 0 if it finds it. task and container are JSON; %s in task is a directory of
// the machine.
var members = []struct{ name, task, container, script string }{
	{"capabilities", "", `"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]}}`, capabilities + `! has 0 && has 12`},
	{"no-capabilities", "", "", capabilities + `has 0 && ! has 12 && ! has 21`},
	{"init", "", `"linuxParameters": {"initProcessEnabled": true}`, `test $$ != 1 && grep -q init /proc/1/comm`},
	{"no-init", "", `"linuxParameters": {"initProcessEnabled": false}`, `test $$ = 1`},
	{"devices", "", `"linuxParameters": {"devices": [{"hostPath": "/dev/zero", "containerPath": "/dev/nought", "permissions": ["read"]}]}`,
		`test -c /dev/nought && test $(head -c 3 /dev/nought | wc -c) = 3`},
	{"tmpfs", "", `"linuxParameters": {"tmpfs": [{"containerPath": "/scratch", "size": 16, "mountOptions": ["noexec", "mode=700"]}]}`,
		`grep ' /scratch tmpfs ' /proc/mounts | grep noexec | grep mode=700 | grep size=16384k`},
	{"sharedMemorySize", "", `"linuxParameters": {"sharedMemorySize": 24}`, `test $(df -k /dev/shm | awk 'END{print $2}') = 24576`},
	{"ulimits", "", `"ulimits": [{"name": "nofile", "softLimit": 1234, "hardLimit": 2345}]`, `test $(ulimit -Sn) = 1234 && test $(ulimit -Hn) = 2345`},
	{"systemControls", "", `"systemControls": [{"namespace": "net.ipv4.ip_default_ttl", "value": "42"}, {"namespace": "kernel.msgmax", "value": "9000"}]`,
		`test $(cat /proc/sys/net/ipv4/ip_default_ttl) = 42 && test $(cat /proc/sys/kernel/msgmax) = 9000`},
	{"user", "", `"user": "65534", "workingDirectory": "/tmp"`, `test $(id -u) = 65534 && test $(pwd) = /tmp`},
	{"readonlyRootFilesystem", "", `"readonlyRootFilesystem": true`, `! touch /made 2>/dev/null`},
	{"writable", "", "", `touch /made`},
	{"hostname", "", `"hostname": "chosen"`, `test $(hostname) = chosen`},
	{"dns", "", `"dnsServers": ["192.0.2.53"], "dnsSearchDomains": ["example.test"]`,
		`grep -q 'nameserver 192.0.2.53' /etc/resolv.conf && grep -q 'search example.test' /etc/resolv.conf`},
	{"extraHosts", "", `"extraHosts": [{"hostname": "db", "ipAddress": "192.0.2.7"}]`, `grep -q '192.0.2.7.db$' /etc/hosts`},
	{"pseudoTerminal", "", `"pseudoTerminal": true`, `test -t 1`},
	{"no-terminal", "", "", `! test -t 1 && readlink /proc/self/fd/0 | grep /dev/null`},
	{"interactive", "", `"interactive": true`, `readlink /proc/self/fd/0 | grep pipe`},
	{"dockerSecurityOptions", "", `"dockerSecurityOptions": ["no-new-privileges"]`, `grep -q 'NoNewPrivs:.1' /proc/self/status`},
	{"disableNetworking", "", `"disableNetworking": true`, `test "$(ls /sys/class/net)" = lo`},
	{"pidMode-host", `"pidMode": "host"`, "", `test $$ != 1 && test "$(cat /proc/1/cmdline | tr '\0' ' ')" != "$(cat /proc/$$/cmdline | tr '\0' ' ')"`},
	{"ipcMode-none", `"ipcMode": "none"`, "", `! grep -q ' /dev/shm ' /proc/mounts`},
	{"ipcMode-host", `"ipcMode": "host"`, "", `grep -q ' /dev/shm ' /proc/mounts`},
	{"volume-of-the-host", `"volumes": [{"name": "data", "host": {"sourcePath": %q}}]`,
		`"mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": true}]`, `test "$(cat /data/note)" = here && ! touch /data/made 2>/dev/null`},
	{"volume-of-the-task", `"volumes": [{"name": "scratch", "host": {}}]`,
		`"mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}]`, `touch /scratch/made && grep -q ' /scratch ' /proc/mounts`},
	{"dockerVolumeConfiguration", `"volumes": [{"name": "small", "dockerVolumeConfiguration": {"scope": "task", "driver": "local",
		"driverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=8m"}, "labels": {"of": "a test"}}}]`,
		`"mountPoints": [{"sourceVolume": "small", "containerPath": "/small"}]`, `test $(df -k /small | awk 'END{print $2}') = 8192`},
}

// Every member of a task definition has its effect inside a real container.
func TestMembersOfATaskDefinition(t *testing.T) {
	t.Parallel()
	s := up(t)
	host := t.TempDir()
	if err := os.WriteFile(filepath.Join(host, "note"), []byte("here\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var arns []string
	for _, m := range members {
		task := m.task
		if strings.Contains(task, "%q") {
			task = fmt.Sprintf(task, host)
		}
		arns = append(arns, s.runJSON(definitionJSON(t, m.name, task, m.container, m.script)))
	}
	for i, task := range s.allStopped(arns) {
		if c := task.Containers[0]; c.ExitCode == nil || *c.ExitCode != 0 {
			t.Errorf("%s: %s %s: %+v", members[i].name, task.StopCode, task.StoppedReason, c)
		}
	}
	eventually(t, func() string {
		left, err := engine.VolumeList(context.Background(), client.VolumeListOptions{Filters: make(client.Filters).Add("label", "dev.steady.installation="+s.installation())})
		if err != nil || len(left.Items) > 2 { // of the newest task of its family each
			return fmt.Sprintf("volumes are left: %+v, %v", left.Items, err)
		}
		return ""
	})
}

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
