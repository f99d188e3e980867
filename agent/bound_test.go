package agent

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/cgroup"
	"steady/model"
	"steady/runtime"
)

func TestTheBoundsOfATaskAreThoseOfItsDefinition(t *testing.T) {
	two := []types.ContainerDefinition{{Name: aws.String("app"), Cpu: 10, Memory: aws.Int32(64)}, {Name: aws.String("side"), Cpu: 20}}
	none := []types.ContainerDefinition{{Name: aws.String("app")}, {Name: aws.String("side"), Cpu: 1}}
	app := func(cpu int32) types.TaskOverride {
		return types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Cpu: aws.Int32(cpu)}}}
	}
	for _, c := range []struct {
		name        string
		cpu, memory int
		containers  []types.ContainerDefinition
		override    types.TaskOverride
		want        cgroup.Limits
	}{
		{"cpu and memory of the task", 512, 1024, two, types.TaskOverride{}, cgroup.Limits{CPU: 512, Memory: 1 << 30}},
		{"those of the override", 512, 1024, two, types.TaskOverride{Cpu: aws.String("256"), Memory: aws.String("512")}, cgroup.Limits{CPU: 256, Memory: 512 << 20}},
		{"memory alone: shares are the containers'", 0, 1024, two, types.TaskOverride{}, cgroup.Limits{Shares: 30, Memory: 1 << 30}},
		{"cpu alone: memory has no bound", 128, 0, two, types.TaskOverride{}, cgroup.Limits{CPU: 128}},
		{"neither: shares are the containers', with their overrides", 0, 0, two, app(100), cgroup.Limits{Shares: 120}},
		{"no cpu anywhere: the least", 0, 0, none, types.TaskOverride{}, cgroup.Limits{Shares: 2}},
	} {
		d := &model.TaskDefinition{CPU: c.cpu, Memory: c.memory, Spec: types.TaskDefinition{ContainerDefinitions: c.containers}}
		if got := bounds(&model.Task{Overrides: c.override}, d); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestWhoWasOutOfMemory(t *testing.T) {
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		said   bool
		code   int
		others bool
		halted time.Time
		want   bool
	}{
		{"the engine does not say so", false, 137, true, time.Time{}, false},
		{"alone: what the engine says is of this one, however it ended", true, 1, false, time.Time{}, true},
		{"the one that was killed", true, 137, true, time.Time{}, true},
		{"another was: this one ended well", true, 0, true, time.Time{}, false},
		{"another was: this one ended by SIGTERM", true, 143, true, noon.Add(-time.Second), false},
		{"both were: this one while it was being stopped", true, 137, true, noon.Add(-time.Second), true},
		{"another was: this one outstayed its grace", true, 137, true, noon.Add(-30 * time.Second), false},
	} {
		got := outOfMemory(runtime.Container{OOMKilled: c.said, ExitCode: c.code, FinishedAt: noon}, c.others, c.halted, 30*time.Second)
		if got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
