package agent

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func TestWhatBoundsATaskBoundsItsContainers(t *testing.T) {
	d := &model.TaskDefinition{Family: "web", Revision: 1, CPU: 512, Memory: 1024}
	container := types.ContainerDefinition{Name: aws.String("app")}
	bounded := container
	bounded.Memory = aws.Int32(64)
	of := func(o types.TaskOverride) *model.Task { return &model.Task{ID: "1", Overrides: o} }
	for _, c := range []struct {
		name         string
		d            *model.TaskDefinition
		task         *model.Task
		container    types.ContainerDefinition
		cpus, memory int64
	}{
		{"the task's", d, of(types.TaskOverride{}), container, 512, 1024 << 20},
		{"the container's own memory", d, of(types.TaskOverride{}), bounded, 512, 64 << 20},
		{"the override's", d, of(types.TaskOverride{Cpu: aws.String("256"), Memory: aws.String("512")}), container, 256, 512 << 20},
		{"none", &model.TaskDefinition{Family: "web", Revision: 1}, of(types.TaskOverride{}), container, 0, 0},
	} {
		s := (&Agent{Config: Config{Instance: &model.Instance{ID: "i"}}}).spec(c.task, c.d, c.container, "web:1")
		if s.CPUs != c.cpus || s.Memory != c.memory {
			t.Errorf("%s: %d CPU units and %d bytes, want %d and %d", c.name, s.CPUs, s.Memory, c.cpus, c.memory)
		}
	}
}
