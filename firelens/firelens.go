// Package firelens knows what makes a container of a task its log router, and writes the
// configuration of that router, Fluent Bit or Fluentd, as the ECS agent writes it.
// It decides purely: it opens no file and no socket.
package firelens

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Options of a router's firelensConfiguration, and those of a container's log
// configuration that are no options of the router's output.
const (
	optionMetadata = "enable-ecs-log-metadata"
	optionType     = "config-file-type"
	optionValue    = "config-file-value"

	optionInclude = "include-pattern"
	optionExclude = "exclude-pattern"
	// BufferLimit bounds what the engine keeps for a router that does not answer.
	BufferLimit = "log-driver-buffer-limit"
)

// What a router finds at which path: the directory of the socket on which it listens and,
// by its type, what is generated and what was read from S3.
const (
	SocketDirectory = "/var/run/"
	SocketName      = "fluent.sock"
	// Port is where it listens in the task's network too.
	Port = "24224"
)

// Router is the container that routes what the others of its task write.
type Router struct {
	Name string
	Type types.FirelensConfigurationType
	// Metadata says that the names of cluster, task and task definition are added to
	// every record.
	Metadata bool
	// Include is the path in the router's image of more configuration, and Object the ARN
	// of an object of S3 with it; at most one is given.
	Include, Object string
}

// Of finds the router of a task. Its options have been checked.
func Of(containers []types.ContainerDefinition) (Router, bool) {
	for _, c := range containers {
		f := c.FirelensConfiguration
		if f == nil {
			continue
		}
		r := Router{Name: aws.ToString(c.Name), Type: f.Type, Metadata: true}
		if given, err := strconv.ParseBool(f.Options[optionMetadata]); err == nil {
			r.Metadata = given
		}
		switch f.Options[optionType] {
		case "file":
			r.Include = f.Options[optionValue]
		case "s3":
			r.Object = f.Options[optionValue]
		}
		return r, true
	}
	return Router{}, false
}

// Paths are where the image of a router expects its configuration, and where that finds
// what was read from S3.
func (r Router) Paths() (generated, external string) {
	if r.Type == types.FirelensConfigurationTypeFluentd {
		return "/fluentd/etc/fluent.conf", "/fluentd/etc/external.conf"
	}
	return "/fluent-bit/etc/fluent-bit.conf", "/fluent-bit/etc/external.conf"
}

// included is the path of more configuration, if there is any.
func (r Router) included() string {
	if r.Object != "" {
		_, external := r.Paths()
		return external
	}
	return r.Include
}

// Routed tells whether what a container writes goes to the router of its task.
func Routed(c types.ContainerDefinition) bool {
	return c.LogConfiguration != nil && c.LogConfiguration.LogDriver == types.LogDriverAwsfirelens
}

// Tag is that of all that a container of a task writes.
func Tag(container, task string) string { return container + "-firelens-" + task }

// Dependencies are what a container waits for. One whose output is routed waits for the
// start of the router, and so outlives it in no shutdown: the router stops last.
func Dependencies(containers []types.ContainerDefinition, c types.ContainerDefinition) []model.Dependency {
	all := model.Dependencies(c)
	r, ok := Of(containers)
	waits := slices.ContainsFunc(all, func(d model.Dependency) bool { return d.Container == r.Name })
	if ok && Routed(c) && !waits {
		all = append(all, model.Dependency{Container: r.Name, Condition: types.ContainerConditionStart})
	}
	return all
}

// Variable is the environment variable in which the router finds an option that is a
// secret. The position of its container in the task tells options of one name apart; a
// container's name may hold what no variable's can.
func Variable(option string, container int) string {
	name := []byte(option)
	for i, b := range name {
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		if digit := b >= '0' && b <= '9'; !letter && !digit {
			name[i] = '_'
		}
	}
	return string(name) + "_" + strconv.Itoa(container)
}
