package lifecycle

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func is(h model.HealthStatus) model.Container { return model.Container{Last: model.Running, Health: h} }

func TestHealthOfATask(t *testing.T) {
	const unknown, healthy, unhealthy = model.HealthUnknown, model.Healthy, model.Unhealthy
	for name, c := range map[string]struct {
		essential bool // whether the second container is
		app, log  model.HealthStatus
		want      model.HealthStatus
	}{
		"all pass":                        {true, healthy, healthy, healthy},
		"one fails":                       {true, healthy, unhealthy, unhealthy},
		"one fails, one is not known yet": {true, unknown, unhealthy, unhealthy},
		"one has no check":                {true, healthy, unknown, unknown},
		"a sidecar that is not essential does not count": {false, healthy, unhealthy, healthy},
		"nor does one without a check":                   {false, healthy, unknown, healthy},
		"nor does one that passes":                       {false, unknown, healthy, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			x := task()
			x.Containers[1].Essential = c.essential
			x = Observe(x, sees(model.Running, is(c.app), is(c.log)), at(1))
			if x.Health != c.want {
				t.Errorf("health %s, want %s", x.Health, c.want)
			}
		})
	}
}

// A task's health may change for ever; when it was first HEALTHY stays. No event tells
// of it, so that the version stays too.
func TestHealthOverTime(t *testing.T) {
	x := task()
	x.Containers[0].Checked = true
	for _, step := range []struct {
		second    int
		health    model.HealthStatus
		want      model.HealthStatus
		healthyAt time.Time
		version   int64
	}{
		{1, model.HealthUnknown, model.HealthUnknown, time.Time{}, 2}, // RUNNING now
		{2, model.Healthy, model.Healthy, at(2), 2},
		{3, model.Healthy, model.Healthy, at(2), 2},
		{4, model.Unhealthy, model.Unhealthy, at(2), 2},
		{5, "", model.Unhealthy, at(2), 2}, // what is not seen stays
		{6, model.Healthy, model.Healthy, at(2), 2},
	} {
		x = Observe(x, sees(model.Running, is(step.health), runs), at(step.second))
		if x.Health != step.want || !x.HealthyAt.Equal(step.healthyAt) || x.Version != step.version {
			t.Errorf("after %d s: %s since %v, version %d; want %s since %v, version %d", step.second,
				x.Health, x.HealthyAt, x.Version, step.want, step.healthyAt, step.version)
		}
	}
}

// An essential container without a check keeps the task UNKNOWN; the check that there
// is has passed nevertheless.
func TestChecksPassBesideAContainerWithoutOne(t *testing.T) {
	x := task()
	x.Containers[0].Checked, x.Containers[1].Essential = true, true
	x = Observe(x, sees(model.Running, is(model.Healthy), is("")), at(1))
	if x.Health != model.HealthUnknown || !x.HealthyAt.Equal(at(1)) {
		t.Errorf("health %s, passed at %v", x.Health, x.HealthyAt)
	}
	unchecked := Observe(task(), sees(model.Running, is(""), is("")), at(1))
	if !unchecked.HealthyAt.IsZero() {
		t.Errorf("a task without checks passed them at %v", unchecked.HealthyAt)
	}
}

func TestNewTaskKnowsItsChecks(t *testing.T) {
	container := func(name string, check *types.HealthCheck) types.ContainerDefinition {
		return types.ContainerDefinition{Name: aws.String(name), HealthCheck: check}
	}
	d := &model.TaskDefinition{Spec: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
		container("checked", &types.HealthCheck{Command: []string{"CMD", "true"}}),
		container("none", &types.HealthCheck{Command: []string{"NONE"}}),
		container("unchecked", nil),
	}}}
	x := New(d, Launch{}, start)
	for i, want := range []bool{true, false, false} {
		if c := x.Containers[i]; c.Checked != want || c.Health != model.HealthUnknown {
			t.Errorf("%s: checked %v, health %s", c.Name, c.Checked, c.Health)
		}
	}
}
