package docker

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// ECS: "Amazon ECS does not monitor Docker health checks that are embedded in a
// container image and not specified in the container definition."
func TestTheImagesOwnHealthCheckIsNotFollowed(t *testing.T) {
	r := needEngine(t)
	checked := testImage + "-checked"
	withCheck(t, r, checked)
	found, err := r.engine.ImageInspect(t.Context(), checked)
	if err != nil || found.Config.Healthcheck == nil {
		t.Fatalf("the image has no check: %+v, %v", found.Config, err)
	}
	id := create(t, r, func(s *runtime.Spec) { s.Image = checked })
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c, err := r.Inspect(t.Context(), id)
	if err != nil || c.Health != runtime.NoHealthCheck {
		t.Errorf("health %q, %v", c.Health, err)
	}
	got, err := r.engine.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil || strings.Join(got.Container.Config.Healthcheck.Test, " ") != "NONE" || got.Container.State.Health != nil {
		t.Errorf("the engine checks %+v, %v", got.Container.Config.Healthcheck, err)
	}
}

func TestHealthOf(t *testing.T) {
	long := strings.Repeat("é", 2000)
	for _, c := range []struct {
		in     *container.Health
		want   runtime.Health
		output string
		code   int
	}{
		{nil, "", "", 0},
		{&container.Health{Status: container.NoHealthcheck}, "", "", 0},
		{&container.Health{Status: container.Starting}, runtime.Starting, "", 0},
		{&container.Health{Status: container.Healthy, Log: []*container.HealthcheckResult{{Output: "ok\n"}}}, runtime.Healthy, "ok", 0},
		{&container.Health{Status: container.Unhealthy, Log: []*container.HealthcheckResult{{Output: "ok"}, {Output: "refused", ExitCode: 7}}}, runtime.Unhealthy, "refused", 7},
		{&container.Health{Status: container.Unhealthy, Log: []*container.HealthcheckResult{{Output: "x" + long}}}, runtime.Unhealthy, long[:1024], 0},
		{&container.Health{Status: container.Unhealthy, Log: []*container.HealthcheckResult{{Output: long + "x"}}}, runtime.Unhealthy, long[:1022] + "x", 0},
	} {
		var got runtime.Container
		if healthOf(c.in, &got); got.Health != c.want || got.HealthOutput != c.output || got.HealthExitCode != c.code {
			t.Errorf("%+v: %q with %d, %.40q, want %q with %d, %.40q", c.in, got.Health, got.HealthExitCode, got.HealthOutput, c.want, c.code, c.output)
		}
	}
}
