package ecs

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// registered is a task definition of the container app, with more members of it and of the
// task, in JSON as a user writes it.
func definitionOf(t *testing.T, task, container string) *ecs.RegisterTaskDefinitionInput {
	t.Helper()
	in := &ecs.RegisterTaskDefinitionInput{}
	text := `{"family": "web", "containerDefinitions": [{"name": "app", "image": "web", "memory": 64` + container + `}]}`
	for _, text := range []string{text, task} {
		if err := json.Unmarshal([]byte(text), in); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return in
}

const setTo = "Invalid setting for container 'app'. "

func TestMembersOfContainersAreChecked(t *testing.T) {
	for _, row := range []struct{ container, want string }{
		{`"linuxParameters": {"capabilities": {"add": ["CAP_CHOWN"]}}`, "'CAP_CHOWN' is not one of the Linux capabilities ["},
		{`"linuxParameters": {"devices": [{"hostPath": "null"}]}`, "The 'hostPath' of a device should be an absolute path."},
		{`"linuxParameters": {"devices": [{"hostPath": "/dev/null", "containerPath": "n"}]}`, "The 'containerPath' of device '/dev/null' should be an absolute path."},
		{`"linuxParameters": {"devices": [{"hostPath": "/dev/null", "permissions": ["execute"]}]}`, "The 'permissions' of device '/dev/null' should be of [read,write,mknod]."},
		{`"linuxParameters": {"tmpfs": [{"containerPath": "/t"}]}`, "The 'size' of tmpfs '/t' should be at least 1 MiB."},
		{`"linuxParameters": {"tmpfs": [{"containerPath": "t", "size": 1}]}`, "The 'containerPath' of a tmpfs should be an absolute path."},
		{`"linuxParameters": {"tmpfs": [{"containerPath": "/t", "size": 1}, {"containerPath": "/t", "size": 1}]}`, "The tmpfs '/t' is given more than once."},
		{`"linuxParameters": {"tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["size=9"]}]}`, "'size=9' is not one of the mount options of a tmpfs."},
		{`"linuxParameters": {"tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["uid=1,size=9"]}]}`, "'uid=1,size=9' is not one of the mount options of a tmpfs."},
		{`"linuxParameters": {"maxSwap": -1}`, "'maxSwap' can not be negative."},
		{`"memory": null, "memoryReservation": 32, "linuxParameters": {"maxSwap": 1}`, "'maxSwap' needs a 'memory' of the container or of the task, which it is added to."},
		{`"linuxParameters": {"swappiness": 101}`, "'swappiness' should be from 0 to 100."},
		{`"linuxParameters": {"sharedMemorySize": 0}`, "'sharedMemorySize' should be at least 1 MiB."},
		{`"ulimits": [{"name": "nofile", "softLimit": 2, "hardLimit": 1}]`, "The 'softLimit' of ulimit 'nofile' should not be greater than its 'hardLimit'."},
		{`"ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 1}, {"name": "nofile", "softLimit": 1, "hardLimit": 1}]`, "The ulimit 'nofile' is given more than once."},
		{`"systemControls": [{"namespace": "kernel.hostname", "value": "x"}]`, "The system control 'kernel.hostname' is not supported: its 'namespace' should be one of ["},
		{`"systemControls": [{"namespace": "net.core.somaxconn"}]`, "The system control 'net.core.somaxconn' has no 'value'."},
		{`"systemControls": [{"namespace": "net.a", "value": "1"}, {"namespace": "net.a", "value": "2"}]`, "The system control 'net.a' is given more than once."},
		{`"dockerSecurityOptions": ["seccomp:unconfined"]`, "'seccomp:unconfined' is not a security option: use no-new-privileges, apparmor:PROFILE or label:VALUE."},
		{`"resourceRequirements": [{"type": "GPU", "value": "no"}]`, "The 'value' of the resource requirement GPU should be a number of GPUs."},
		{`"resourceRequirements": [{"type": "GPU", "value": "1"}, {"type": "GPU", "value": "1"}]`, "The resource requirement GPU is given more than once."},
		{`"dnsServers": ["dns"]`, "The DNS server 'dns' should be an IP address."},
		{`"extraHosts": [{"hostname": "a b", "ipAddress": "::1"}]`, "'a b' is not a 'hostname' for an extra host."},
		{`"extraHosts": [{"hostname": "a", "ipAddress": "b"}]`, "The 'ipAddress' of the extra host 'a' should be an IP address."},
		{`"disableNetworking": true, "portMappings": [{"containerPort": 80}]`, "Port mappings and links are not supported when 'disableNetworking' is true."},
		{`"links": ["other"]`, "The link 'other' should be 'name' or 'name:alias' of another container of the task definition."},
		{`"volumesFrom": [{"sourceContainer": "app"}]`, "'volumesFrom' names the container 'app', which is not another one of the task definition."},
		{`"logConfiguration": {"logDriver": "gcplogs"}`, "The log driver 'gcplogs' is not one of [awsfirelens,awslogs,"},
		{`"portMappings": [{"containerPortRange": "9-8"}]`, `'containerPortRange' "9-8" is not a range of ports`},
		{`"portMappings": [{"containerPortRange": "8-9", "hostPort": 8}]`, "A port mapping with 'containerPortRange' can not have 'containerPort' or 'hostPort'."},
		{`"portMappings": [{"containerPortRange": "8-9"}, {"containerPort": 9}]`, "The container port range 9-9/tcp overlaps with 8-9."},
	} {
		w := newWorld(t)
		_, err := w.RegisterTaskDefinition(t.Context(), definitionOf(t, "{}", ", "+row.container))
		refusedWith(t, row.container, err, "ClientException: "+setTo+row.want)
	}
}

func refusedWith(t *testing.T, what string, err error, begin string) {
	t.Helper()
	if err == nil || len(err.Error()) < len(begin) || err.Error()[:len(begin)] != begin {
		t.Errorf("%s\n is %v\nwant %s", what, err, begin)
	}
}

func TestMembersOfTasksAreChecked(t *testing.T) {
	for _, row := range []struct{ task, container, want string }{
		{`{"volumes": [{"name": "a b"}]}`, "", "The name 'a b' of a volume is not valid."},
		{`{"volumes": [{"name": "a"}, {"name": "a"}]}`, "", "The volume 'a' is given more than once."},
		{`{"volumes": [{"name": "a", "host": {"sourcePath": "x"}}]}`, "", "The 'sourcePath' of volume 'a' should be an absolute path without a colon."},
		{`{"volumes": [{"name": "a", "host": {"sourcePath": "/x"}, "dockerVolumeConfiguration": {}}]}`, "", "Volume 'a' can have one of 'host' and 'dockerVolumeConfiguration' only."},
		{`{"volumes": [{"name": "a", "dockerVolumeConfiguration": {"autoprovision": true}}]}`, "", "Volume 'a' has 'autoprovision', which is for volumes with the scope 'shared' only."},
		{`{"volumes": [{"name": "a", "dockerVolumeConfiguration": {"scope": "all"}}]}`, "", "The 'scope' of volume 'a' should be one of [task,shared]."},
		{`{"volumes": [{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]}`, "", "volumes.efsVolumeConfiguration is not supported by Steady yet: remove it from volume 'a'"},
		{`{"volumes": [{"name": "a", "configuredAtLaunch": true}]}`, "", "volumes.configuredAtLaunch is not supported by Steady yet: remove it from volume 'a'"},
		{`{}`, `, "mountPoints": [{"sourceVolume": "a", "containerPath": "/a"}]`, "Unknown volume 'a'."},
		{`{"volumes": [{"name": "a"}]}`, `, "mountPoints": [{"sourceVolume": "a", "containerPath": "a"}]`, setTo + "The 'containerPath' of the mount point of volume 'a' should be an absolute path without a colon."},
		{`{"volumes": [{"name": "a"}]}`, `, "mountPoints": [{"sourceVolume": "a", "containerPath": "/a"}, {"sourceVolume": "a", "containerPath": "/a/"}]`, setTo + "More than one mount point has the 'containerPath' /a/."},
		{`{"ipcMode": "host"}`, `, "systemControls": [{"namespace": "kernel.msgmax", "value": "1"}]`, setTo + "The system control 'kernel.msgmax' is not supported when ipcMode=host."},
		{`{"ipcMode": "none"}`, `, "linuxParameters": {"sharedMemorySize": 8}`, setTo + "'sharedMemorySize' is not supported when ipcMode=none, which has no /dev/shm."},
		{`{"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}`, "", "runtimePlatform.operatingSystemFamily WINDOWS_SERVER_2022_CORE is not supported by Steady, which runs Linux containers: use LINUX"},
		{`{"ephemeralStorage": {"sizeInGiB": 30}}`, "", "ephemeralStorage is for tasks that are compatible with FARGATE only"},
		{`{}`, `, "logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m", "x": "y", "a": "b"}}`, "Log driver json-file disallows options: a, x"},
		{`{}`, `, "logConfiguration": {"logDriver": "none", "options": {"max-size": "1m"}}`, "Log driver none disallows options: max-size"},
		{`{}`, `, "logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "http://x"}}`, "Log driver splunk requires options: splunk-token"},
		{`{}`, `, "ulimits": [{"name": "files", "softLimit": 1, "hardLimit": 1}]`, "Unrecognized ulimit name files"},
		{`{}`, `, "dockerSecurityOptions": ["credentialspec:file://x"]`, "dockerSecurityOptions credentialspec is not supported by Steady: remove it from container 'app'"},
		{`{}`, `, "resourceRequirements": [{"type": "InferenceAccelerator", "value": "x"}]`, "resourceRequirements of the type InferenceAccelerator is not supported"},
	} {
		w := newWorld(t)
		_, err := w.RegisterTaskDefinition(t.Context(), definitionOf(t, row.task, row.container))
		refusedWith(t, row.task+row.container, err, "ClientException: "+row.want)
	}
}

func TestContainersMayNotWaitForEachOther(t *testing.T) {
	in := definitionOf(t, `{}`, `, "links": ["b:x"]`)
	b := definitionOf(t, `{}`, `, "volumesFrom": [{"sourceContainer": "app"}]`).ContainerDefinitions[0]
	name := "b"
	b.Name = &name
	in.ContainerDefinitions = append(in.ContainerDefinitions, b)
	w := newWorld(t)
	_, err := w.RegisterTaskDefinition(t.Context(), in)
	refusedWith(t, "a circle", err, "ClientException: "+setTo+"Its 'dependsOn', 'links' and 'volumesFrom' lead back to itself.")
}
