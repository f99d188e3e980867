package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/firelens"
	"steady/model"
)

const (
	capability = "com.amazonaws.ecs.capability."
	dockerAPI  = capability + "docker-remote-api."

	healthCapability    = "ecs.capability.container-health-check"
	interfaceCapability = "ecs.capability.task-eni"
	volumeCapability    = "ecs.capability.docker-plugin."
	rangeCapability     = "ecs.capability.container-port-range"
	orderCapability     = "ecs.capability.container-ordering"
	restartCapability   = "ecs.capability.container-restart-policy"
	sharingCapability   = "ecs.capability.pid-ipc-namespace-sharing"
)

// A need is a capability that a member of T calls for.
type need[T any] struct {
	capability string
	given      func(*T) bool
}

// The versions of the engine's API are those in which it learned the member.
var taskNeeds = []need[types.TaskDefinition]{
	{interfaceCapability, ofMode(types.NetworkModeAwsvpc)},
	{dockerAPI + "1.18", ofMode(types.NetworkModeAwsvpc)},
	{capability + "task-iam-role", func(d *types.TaskDefinition) bool {
		return aws.ToString(d.TaskRoleArn) != "" && d.NetworkMode != types.NetworkModeHost
	}},
	{capability + "task-iam-role-network-host", func(d *types.TaskDefinition) bool {
		return aws.ToString(d.TaskRoleArn) != "" && d.NetworkMode == types.NetworkModeHost
	}},
	{"ecs.capability.execution-role-awslogs", executed(func(c types.ContainerDefinition) bool {
		return c.LogConfiguration != nil && c.LogConfiguration.LogDriver == types.LogDriverAwslogs
	})},
	{"ecs.capability.execution-role-ecr-pull", executed(ofECR)},
	{sharingCapability, func(d *types.TaskDefinition) bool { return d.PidMode != "" || d.IpcMode != "" }},
}

func ofMode(m types.NetworkMode) func(*types.TaskDefinition) bool {
	return func(d *types.TaskDefinition) bool { return d.NetworkMode == m }
}

// executed tells whether the execution role is there for one of the containers.
func executed(needs func(types.ContainerDefinition) bool) func(*types.TaskDefinition) bool {
	return func(d *types.TaskDefinition) bool {
		return aws.ToString(d.ExecutionRoleArn) != "" && slices.ContainsFunc(d.ContainerDefinitions, needs)
	}
}

// ofECR tells whether a container's image is in a registry of ECR.
func ofECR(c types.ContainerDefinition) bool {
	registry, _, _ := strings.Cut(aws.ToString(c.Image), "/")
	return strings.Contains(registry, ".dkr.ecr.")
}

var containerNeeds = []need[types.ContainerDefinition]{
	{dockerAPI + "1.21", func(c *types.ContainerDefinition) bool { return c.MemoryReservation != nil }},
	{healthCapability, checked},
	{dockerAPI + "1.24", checked},
	{orderCapability, func(c *types.ContainerDefinition) bool { return len(c.DependsOn) > 0 }},
	{restartCapability, func(c *types.ContainerDefinition) bool { return model.Restarts(*c) }},
	{capability + "ecr-auth", func(c *types.ContainerDefinition) bool { return ofECR(*c) }},
	{capability + "privileged-container", func(c *types.ContainerDefinition) bool { return aws.ToBool(c.Privileged) }},
	{dockerAPI + "1.18", func(c *types.ContainerDefinition) bool { return len(c.DockerLabels) > 0 || len(c.Ulimits) > 0 }},
	{dockerAPI + "1.24", func(c *types.ContainerDefinition) bool { return len(c.SystemControls) > 0 }},
	{dockerAPI + "1.25", ofLinux(func(l *types.LinuxParameters) bool { return aws.ToBool(l.InitProcessEnabled) })},
	{dockerAPI + "1.22", ofLinux(func(l *types.LinuxParameters) bool { return len(l.Tmpfs) > 0 || l.SharedMemorySize != nil })},
	{dockerAPI + "1.20", ofLinux(func(l *types.LinuxParameters) bool { return l.Swappiness != nil })},
	{capability + "apparmor", secured("apparmor:")},
	{capability + "selinux", secured("label:")},
	{"ecs.capability.secrets.asm.environment-variables", ofSecrets("asm")},
	{"ecs.capability.secrets.ssm.environment-variables", ofSecrets("ssm")},
	{"ecs.capability.secrets.asm.bootstrap.log-driver", ofSecretOptions("asm")},
	{"ecs.capability.secrets.ssm.bootstrap.log-driver", ofSecretOptions("ssm")},
	{"ecs.capability.env-files.s3", func(c *types.ContainerDefinition) bool { return len(c.EnvironmentFiles) > 0 }},
	{"ecs.capability.private-registry-authentication.secretsmanager", func(c *types.ContainerDefinition) bool { return c.RepositoryCredentials != nil }},
	{"ecs.capability.firelens.fluentd", ofRouter(func(f *types.FirelensConfiguration) bool { return f.Type == types.FirelensConfigurationTypeFluentd })},
	{"ecs.capability.firelens.fluentbit", ofRouter(func(f *types.FirelensConfiguration) bool { return f.Type == types.FirelensConfigurationTypeFluentbit })},
	{"ecs.capability.firelens.options.config.file", ofRouter(func(f *types.FirelensConfiguration) bool { return f.Options["config-file-type"] == "file" })},
	{"ecs.capability.firelens.options.config.s3", ofRouter(func(f *types.FirelensConfiguration) bool { return f.Options["config-file-type"] == "s3" })},
	{"ecs.capability.logging-driver.awsfirelens.log-driver-buffer-limit", func(c *types.ContainerDefinition) bool {
		return firelens.Routed(*c) && c.LogConfiguration.Options[firelens.BufferLimit] != ""
	}},
	{rangeCapability, func(c *types.ContainerDefinition) bool {
		return slices.ContainsFunc(c.PortMappings, func(p types.PortMapping) bool { return aws.ToString(p.ContainerPortRange) != "" })
	}},
}

func checked(c *types.ContainerDefinition) bool { return c.HealthCheck != nil }

func ofLinux(given func(*types.LinuxParameters) bool) func(*types.ContainerDefinition) bool {
	return func(c *types.ContainerDefinition) bool { return c.LinuxParameters != nil && given(c.LinuxParameters) }
}

func secured(kind string) func(*types.ContainerDefinition) bool {
	return func(c *types.ContainerDefinition) bool {
		return slices.ContainsFunc(c.DockerSecurityOptions, func(o string) bool { return strings.HasPrefix(o, kind) })
	}
}

// driverAPI is the version of the engine's API that knows a log driver, as the ECS agent
// has it.
var driverAPI = map[types.LogDriver]string{
	types.LogDriverJsonFile: "1.18", types.LogDriverSyslog: "1.18", types.LogDriverAwslogs: "1.19", types.LogDriverJournald: "1.19",
	logDriverNone: "1.19", types.LogDriverGelf: "1.20", types.LogDriverFluentd: "1.20", types.LogDriverSplunk: "1.22",
	types.LogDriverAwsfirelens: "1.20",
}

// requiresAttributes tells what a container instance must have to run the task
// definition: the capabilities that its members call for.
func requiresAttributes(d *types.TaskDefinition) []types.Attribute {
	names := needs(taskNeeds, d)
	for i := range d.ContainerDefinitions {
		c := &d.ContainerDefinitions[i]
		names = append(names, needs(containerNeeds, c)...)
		if l := c.LogConfiguration; l != nil {
			names = append(names, capability+"logging-driver."+string(l.LogDriver), dockerAPI+driverAPI[l.LogDriver])
		}
	}
	for _, v := range d.Volumes {
		if c := v.DockerVolumeConfiguration; c != nil {
			names = append(names, volumeCapability+aws.ToString(c.Driver))
		}
	}
	slices.Sort(names)
	attributes := []types.Attribute{}
	for _, n := range slices.Compact(names) {
		attributes = append(attributes, types.Attribute{Name: aws.String(n)})
	}
	return attributes
}

func needs[T any](table []need[T], x *T) []string {
	var names []string
	for _, n := range table {
		if n.given(x) {
			names = append(names, n.capability)
		}
	}
	return names
}
