package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// of names the area of behaviours.
func of(area string, rows ...behaviour) []behaviour {
	for i := range rows {
		rows[i].area = area
	}
	return rows
}

// box is the JSON of a container definition: a shell with a script, and other members.
func box(name, script, more string) string {
	command, err := json.Marshal(script)
	if err != nil {
		panic(err)
	}
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(`{"name": %q, "image": "$SHELL", "memory": 32, "entryPoint": ["sh", "-c"], "command": [%s]%s}`, name, command, more)
}

// task is the JSON of a task definition: its members, if any, and its containers.
func task(members string, containers ...string) string {
	if members != "" {
		members += ", "
	}
	return fmt.Sprintf(`{%s"containerDefinitions": [%s]}`, members, strings.Join(containers, ", "))
}

// idle is a script that goes on until it is told to end, and then ends well.
var idle = untilTold("true")

// untilTold is a script that does something, and goes on as idle does.
func untilTold(first string) string {
	return "trap 'exit 0' TERM; " + first + "; sleep 600 & wait"
}

// listening is a task that has said that it listens to signals before it waits for them.
func listening(trap, more string) string {
	if more != "" {
		more = ", " + more
	}
	return task(`"volumes": [{"name": "host", "host": {"sourcePath": "$HOST"}}]`,
		box("app", "trap "+trap+" TERM; touch /host/$FAMILY; sleep 600 & wait", `"mountPoints": [{"sourceVolume": "host", "containerPath": "/host"}]`+more))
}

// inside is a container that finds a rule to hold by looking at itself.
func inside(rule, members, script string) behaviour {
	return behaviour{rule: rule, define: task("", box("app", script, members)), want: found}
}

// found is what is observed of a container that ended well.
const found = "STOPPED · EssentialContainerExited · Essential container in task exited · app 0"

// capabilities puts the effective Linux capabilities of the shell into $cap.
const capabilities = `cap=$(awk '/CapEff/{print $2}' /proc/self/status); has() { test $((0x$cap >> $1 & 1)) = 1; }; `

// A container looks for the effect of each member of its definition.
func containerBehaviours() []behaviour {
	return of("Members of a container",
		inside("linuxParameters.capabilities adds and drops Linux capabilities", `"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]}}`, capabilities+`! has 0 && has 12`),
		inside("Without it a container has the engine's usual capabilities", "", capabilities+`has 0 && ! has 12 && ! has 21`),
		inside("initProcessEnabled true puts an init process at PID 1", `"linuxParameters": {"initProcessEnabled": true}`, `test $$ != 1 && grep -q init /proc/1/comm`),
		inside("initProcessEnabled false leaves the program at PID 1", `"linuxParameters": {"initProcessEnabled": false}`, `test $$ = 1`),
		inside("devices maps a device of the instance into the container", `"linuxParameters": {"devices": [{"hostPath": "/dev/zero", "containerPath": "/dev/nought", "permissions": ["read"]}]}`,
			`test -c /dev/nought && test $(head -c 3 /dev/nought | wc -c) = 3`),
		inside("tmpfs mounts memory, with its size in MiB and its options", `"linuxParameters": {"tmpfs": [{"containerPath": "/scratch", "size": 16, "mountOptions": ["noexec", "mode=700"]}]}`,
			`grep ' /scratch tmpfs ' /proc/mounts | grep noexec | grep mode=700 | grep size=16384k`),
		inside("sharedMemorySize is the size of /dev/shm in MiB", `"linuxParameters": {"sharedMemorySize": 24}`, `test $(df -k /dev/shm | awk 'END{print $2}') = 24576`),
		inside("ulimits sets the soft and the hard limit", `"ulimits": [{"name": "nofile", "softLimit": 1234, "hardLimit": 2345}]`, `test $(ulimit -Sn) = 1234 && test $(ulimit -Hn) = 2345`),
		inside("systemControls sets kernel parameters of the container's namespaces", `"systemControls": [{"namespace": "net.ipv4.ip_default_ttl", "value": "42"}, {"namespace": "kernel.msgmax", "value": "9000"}]`,
			`test $(cat /proc/sys/net/ipv4/ip_default_ttl) = 42 && test $(cat /proc/sys/kernel/msgmax) = 9000`),
		inside("user and workingDirectory say who runs where", `"user": "65534", "workingDirectory": "/tmp"`, `test $(id -u) = 65534 && test $(pwd) = /tmp`),
		inside("readonlyRootFilesystem forbids writes to the root file system", `"readonlyRootFilesystem": true`, `! touch /made 2>/dev/null`),
		inside("Without it the root file system can be written", "", `touch /made`),
		inside("hostname is the container's host name", `"hostname": "chosen"`, `test $(hostname) = chosen`),
		inside("dnsServers and dnsSearchDomains are in resolv.conf", `"dnsServers": ["192.0.2.53"], "dnsSearchDomains": ["example.test"]`,
			`grep -q 'nameserver 192.0.2.53' /etc/resolv.conf && grep -q 'search example.test' /etc/resolv.conf`),
		inside("extraHosts are in /etc/hosts", `"extraHosts": [{"hostname": "db", "ipAddress": "192.0.2.7"}]`, `grep -q '192.0.2.7.db$' /etc/hosts`),
		inside("pseudoTerminal gives the container a terminal", `"pseudoTerminal": true`, `test -t 1`),
		inside("Without pseudoTerminal and interactive there is neither terminal nor standard input", "", `! test -t 1 && readlink /proc/self/fd/0 | grep /dev/null`),
		inside("interactive keeps standard input open", `"interactive": true`, `readlink /proc/self/fd/0 | grep pipe`),
		inside("dockerSecurityOptions no-new-privileges is the kernel's NoNewPrivs", `"dockerSecurityOptions": ["no-new-privileges"]`, `grep -q 'NoNewPrivs:.1' /proc/self/status`),
		inside("disableNetworking leaves the loopback interface only", `"disableNetworking": true`, `test "$(ls /sys/class/net)" = lo`),
		inside("environment sets variables; an empty value is one", `"environment": [{"name": "COLOUR", "value": "deep blue"}, {"name": "NOTHING", "value": ""}]`,
			`test "$COLOUR" = "deep blue" && test "${NOTHING-unset}" = ""`),
		inside("memory is the hard limit of the container's cgroup", "", `test $(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes) = 33554432`),
		behaviour{rule: "entryPoint and command replace those of the image: command is the arguments of entryPoint",
			define: `{"containerDefinitions": [{"name": "app", "image": "$SHELL", "memory": 32, "entryPoint": ["sh", "-c", "test $0-$1 = a-b"], "command": ["a", "b"]}]}`, want: found},
		behaviour{rule: "dockerLabels are kept in the definition", define: task("", box("app", "true", `"dockerLabels": {"team": "blue"}`)), norun: true,
			then: []string{"ecs describe-task-definition --task-definition $FAMILY --query taskDefinition.containerDefinitions[0].dockerLabels.team"}, want: `blue`},
		behaviour{rule: "A GPU is asked of placement, and no instance here has one", define: task("", box("app", "true", `"resourceRequirements": [{"type": "GPU", "value": "1"}]`)), want: `failures: RESOURCE:GPU, RESOURCE:GPU`},
	)
}

// Volumes and namespaces are of the task.
func taskBehaviours() []behaviour {
	mount := func(where, more string) string {
		return fmt.Sprintf(`"mountPoints": [{"sourceVolume": "data", "containerPath": %q%s}]`, where, more)
	}
	return slices.Concat(of("Members of a task",
		behaviour{rule: "pidMode host: the container sees the instance's processes", define: task(`"pidMode": "host"`,
			box("app", `test $$ != 1 && test "$(cat /proc/1/cmdline | tr '\0' ' ')" != "$(cat /proc/$$/cmdline | tr '\0' ' ')"`, "")), want: found},
		behaviour{rule: "pidMode task: the containers of the task see each other's processes", define: task(`"pidMode": "task"`,
			box("side", `trap "exit 0" TERM; sleep 61611 & wait`, `"essential": false`), box("app", `until ps | grep -q '[s]leep 61611'; do sleep 0.1; done; test $$ != 1`, "")), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · side 0`},
		behaviour{rule: "ipcMode none: no shared memory", define: task(`"ipcMode": "none"`, box("app", `! grep -q ' /dev/shm ' /proc/mounts`, "")), want: found},
		behaviour{rule: "ipcMode host: the instance's shared memory", define: task(`"ipcMode": "host"`, box("app", `grep -q ' /dev/shm ' /proc/mounts`, "")), want: found},
		behaviour{rule: "ipcMode task: the containers of the task share memory", define: task(`"ipcMode": "task"`,
			box("side", untilTold("echo hello >/dev/shm/word"), `"essential": false`), box("app", `until test -s /dev/shm/word; do sleep 0.1; done`, "")), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · side 0`},
		behaviour{rule: "A volume with host.sourcePath is that directory of the instance, and readOnly is kept to", define: task(`"volumes": [{"name": "data", "host": {"sourcePath": "$HOST"}}]`,
			box("app", `test "$(cat /data/note)" = here && ! touch /data/made 2>/dev/null`, mount("/data", `, "readOnly": true`))), want: found},
		behaviour{rule: "A volume without sourcePath is empty, and shared by the containers of the task", define: task(`"volumes": [{"name": "data"}]`,
			box("writer", untilTold("echo hello >/mine/word"), `"essential": false, `+mount("/mine", "")), box("app", `until test -s /data/word; do sleep 0.1; done`, mount("/data", ""))), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · writer 0`},
		behaviour{rule: "dockerVolumeConfiguration gives the driver its options", define: task(`"volumes": [{"name": "data", "dockerVolumeConfiguration": {"scope": "task", "driver": "local",
			"driverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=8m"}, "labels": {"of": "a test"}}}]`, box("app", `test $(df -k /data | awk 'END{print $2}') = 8192`, mount("/data", ""))), want: found},
		behaviour{rule: "A shared volume has to be there, unless it is autoprovisioned", define: task(`"volumes": [{"name": "data", "dockerVolumeConfiguration": {"scope": "shared"}}]`,
			box("app", `true`, mount("/data", ""))), want: "STOPPED · TaskFailedToStart · CannotCreateVolumeError: the shared volume data does not exist: create it with `docker volume create data`, or set autoprovision · app –"},
		behaviour{rule: "volumesFrom mounts another container's volumes, after that has been made", define: task(`"volumes": [{"name": "data"}]`,
			box("writer", untilTold("echo hello >/mine/word"), `"essential": false, `+mount("/mine", "")),
			box("app", `until test -s /mine/word; do sleep 0.1; done; ! touch /mine/x 2>/dev/null`, `"volumesFrom": [{"sourceContainer": "writer", "readOnly": true}]`)), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · writer 0`},
		behaviour{rule: "A mount point names a volume of the task", define: task("", box("app", "true", mount("/data", ""))), want: `ClientException: Unknown volume 'data'.`},
		behaviour{rule: "EFS volumes are refused by name", define: task(`"volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]`, box("app", "true", mount("/data", ""))), want: `ClientException: volumes.efsVolumeConfiguration is not supported by Steady yet: remove it from volume 'data'`},
		behaviour{rule: "The memory of the task, with no limit of the containers, is what placement subtracts", define: `{"memory": "48", "cpu": "128", "containerDefinitions": [{"name": "app", "image": "$SHELL", "command": ["true"]}]}`,
			then: []string{"STOPPED", "ecs describe-tasks --tasks $TASK --query tasks[0].[cpu,memory]"}, want: `128 48`},
		behaviour{rule: "runtimePlatform with another architecture than the image's: it is not run", define: task(`"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}`, box("app", "true", "")), want: `STOPPED · TaskFailedToStart · CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64' · app –`},
		behaviour{rule: "A definition's placementConstraints hold for each of its tasks", define: task(`"placementConstraints": [{"type": "memberOf", "expression": "attribute:rack == none"}]`, box("app", "true", "")), want: `failures: MemberOf placement constraint unsatisfied., MemberOf placement constraint unsatisfied.`},
	), boundBehaviours())
}
