package logs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

const defaultGroups = "/steady/"

// find returns the lines of a stream.
func find(s *state.Snapshot, group, stream string) ([]model.LogLine, error) {
	for t := range candidates(s, stream) {
		for i := range t.Containers {
			c := &t.Containers[i]
			if g, name := location(s, t, c); g == group && name == stream && name != "" {
				return c.LogTail, nil
			}
		}
	}
	if !groupExists(s, group) {
		return nil, awsapi.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return nil, awsapi.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
}

// candidates yields the tasks that a stream of that name may belong to: most names
// end with the task's id.
func candidates(s *state.Snapshot, stream string) func(func(*model.Task) bool) {
	if t, ok := s.Task(stream[strings.LastIndexByte(stream, '/')+1:]); ok {
		return func(yield func(*model.Task) bool) { yield(t) }
	}
	return s.Tasks()
}

// location is the group and the stream of a container.
func location(s *state.Snapshot, t *model.Task, c *model.Container) (group, stream string) {
	options := awslogs(s, t.TaskDefinition, c.Name)
	group = options["awslogs-group"]
	if group == "" {
		return defaultGroups + t.Cluster, t.TaskDefinition.Family + "/" + c.Name + "/" + t.ID
	}
	if prefix := options["awslogs-stream-prefix"]; prefix != "" {
		return group, prefix + "/" + c.Name + "/" + t.ID
	}
	return group, c.RuntimeID
}

// awslogs are the options of the container's awslogs log driver, if it has that.
func awslogs(s *state.Snapshot, ref model.TaskDefinitionRef, container string) map[string]string {
	d, ok := s.TaskDefinition(ref)
	if !ok {
		return nil
	}
	c, _ := d.Container(container)
	return options(c)
}

func options(c types.ContainerDefinition) map[string]string {
	if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return nil
	}
	return c.LogConfiguration.Options
}

// groupExists: a cluster has its group, and a group that a task definition names
// is there.
func groupExists(s *state.Snapshot, group string) bool {
	if cluster, ok := strings.CutPrefix(group, defaultGroups); ok {
		if _, ok := s.Cluster(cluster); ok {
			return true
		}
	}
	for d := range s.TaskDefinitions() {
		for _, c := range d.Containers() {
			if options(c)["awslogs-group"] == group {
				return true
			}
		}
	}
	return false
}

// groupName reads a group's name or ARN ("arn:aws:logs:R:A:log-group:NAME", with
// or without ":*" behind it).
func groupName(identifier string) string {
	part := strings.SplitN(identifier, ":", 7)
	if len(part) == 7 && part[0] == "arn" && part[2] == "logs" && part[5] == "log-group" {
		return strings.TrimSuffix(part[6], ":*")
	}
	return identifier
}

// required reads a member that must be given.
func required(name string, value *string) (string, error) {
	if s := aws.ToString(value); s != "" {
		return s, nil
	}
	return "", invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", name)
}

func invalid(format string, args ...any) error {
	return awsapi.Errorf("InvalidParameterException", format, args...)
}
