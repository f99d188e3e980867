package runtimetest

import (
	"strings"
	"testing"
	"time"

	"steady/runtime"
)

func health(t *testing.T, s *suite) {
	spec := s.spec(t, ails)
	spec.HealthCheck = check
	stream := s.rt.Events(within(t), map[string]string{Label + ".name": s.name(t)})
	id := s.create(t, spec)
	if c := s.inspect(t, id); c.Health != runtime.NoHealthCheck {
		t.Errorf("before its start: health %q", c.Health)
	}
	must(t, s.rt.Start(within(t), id))
	if c := s.inspect(t, id); c.Health != runtime.Starting && c.Health != runtime.Healthy {
		t.Errorf("at its start: health %q", c.Health)
	}
	until := func(want runtime.Health) runtime.Container {
		t.Helper()
		for end := time.After(limit); ; {
			select {
			case <-stream:
				if c := s.inspect(t, id); c.Health == want {
					return c
				}
			case <-end:
				t.Fatalf("no event after it was %s: %+v", want, s.inspect(t, id))
			}
		}
	}
	until(runtime.Healthy)
	if c := until(runtime.Unhealthy); c.State != runtime.Running || !strings.Contains(c.HealthOutput, "503") || c.HealthExitCode != 1 {
		t.Errorf("unhealthy: %+v", c)
	}
	must(t, s.rt.Stop(within(t), id, 10*time.Second))
	if c := s.inspect(t, id); c.Health != runtime.NoHealthCheck {
		t.Errorf("after its end: health %q", c.Health)
	}
}

func noHealth(t *testing.T, s *suite) {
	id := s.start(t, ails)
	if c := s.inspect(t, id); c.State != runtime.Running || c.Health != runtime.NoHealthCheck || c.HealthOutput != "" {
		t.Errorf("a container without a check: %+v", c)
	}
}
