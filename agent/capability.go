package agent

import (
	"slices"
	"strconv"
	"strings"

	"steady/runtime"
)

// The prefixes of capabilities, as the official agent has them.
const (
	olderCapability = "com.amazonaws.ecs.capability."
	capability      = "ecs.capability."
)

// Version is that of Amazon's agent which this one behaves like. Constraints of placement
// compare agentVersion with Amazon's versions, which those of Steady are not.
const Version = "1.105.1"

// firstRemoteAPI is the oldest version of the engine's API that a task definition can
// ask for, 1.17.
const firstRemoteAPI = 17

// ownCapabilities are those of the agent, whatever the runtime.
var ownCapabilities = []string{
	olderCapability + "ecr-auth", // what the engine's own login to the registry allows
	olderCapability + "logging-driver.awslogs",
	olderCapability + "logging-driver.none",
	olderCapability + "privileged-container",
	olderCapability + "task-iam-role",
	olderCapability + "task-iam-role-network-host",
	capability + "container-health-check",
	capability + "container-ordering",
	capability + "container-port-range",
	capability + "container-restart-policy",
	capability + "execution-role-awslogs",
	capability + "execution-role-ecr-pull",
	capability + "pid-ipc-namespace-sharing",
	capability + "task-eni",
	capability + "secrets.asm.environment-variables",
	capability + "secrets.ssm.environment-variables",
	capability + "secrets.asm.bootstrap.log-driver",
	capability + "secrets.ssm.bootstrap.log-driver",
	capability + "env-files.s3",
	capability + "private-registry-authentication.secretsmanager",
}

// engineDrivers are the log drivers of the engine that a task definition can ask for.
var engineDrivers = []string{"fluentd", "gelf", "journald", "json-file", "splunk", "syslog"}

// routerCapabilities are those of an agent whose engine can send to a log router.
var routerCapabilities = []string{
	olderCapability + "logging-driver.awsfirelens",
	capability + "logging-driver.awsfirelens.log-driver-buffer-limit",
	capability + "firelens.fluentbit",
	capability + "firelens.fluentd",
	capability + "firelens.non-root-user",
	capability + "firelens.options.config.file",
	capability + "firelens.options.config.s3",
}

// BoundsTasks is the capability of an agent with Config.Cgroups. No definition asks for it:
// where it is missing, the limits of a task are those of each of its containers.
const BoundsTasks = capability + "task-cpu-mem-limit"

// Capabilities are the attributes of a container instance that say what its agent can do
// with this runtime: what a task definition's requiresAttributes are compared with.
func Capabilities(i runtime.Info) []string {
	all := slices.Clone(ownCapabilities)
	for n := firstRemoteAPI; n <= minor(i.APIVersion); n++ {
		all = append(all, olderCapability+"docker-remote-api.1."+strconv.Itoa(n))
	}
	for _, d := range i.LogDrivers {
		if slices.Contains(engineDrivers, d) {
			all = append(all, olderCapability+"logging-driver."+d)
		}
		if d == "fluentd" {
			all = append(all, routerCapabilities...)
		}
	}
	for _, s := range i.Security {
		if s == "apparmor" || s == "selinux" {
			all = append(all, olderCapability+s)
		}
	}
	for _, d := range i.VolumeDrivers {
		all = append(all, capability+"docker-plugin."+d)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// minor is the second part of an API version, "1.41".
func minor(version string) int {
	_, text, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
