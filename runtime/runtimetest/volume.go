package runtimetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"steady/runtime"
)

func platform(t *testing.T, s *suite) {
	pulled, err := s.rt.Pull(within(t), s.image, "")
	must(t, err)
	if !strings.HasPrefix(pulled.Platform, "linux/") || len(pulled.Platform) == len("linux/") {
		t.Errorf("platform %q", pulled.Platform)
	}
	pinned, err := s.rt.Pull(within(t), s.image, pulled.Digest)
	must(t, err)
	if pinned.Platform != pulled.Platform {
		t.Errorf("by its digest: platform %q, want %q", pinned.Platform, pulled.Platform)
	}
}

// volume makes a volume that is removed when the test ends.
func (s *suite) volume(t *testing.T) runtime.Volume {
	t.Helper()
	v := runtime.Volume{
		Name:   fmt.Sprintf("steady-test-%d", time.Now().UnixNano()),
		Labels: map[string]string{Label: s.run, Label + ".name": s.name(t)},
	}
	must(t, s.rt.CreateVolume(within(t), v))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := s.rt.RemoveVolume(ctx, v.Name); err != nil {
			t.Errorf("remove volume %s: %v", v.Name, err)
		}
	})
	return v
}

func volumes(t *testing.T, s *suite) {
	v := s.volume(t)
	must(t, s.rt.CreateVolume(within(t), v)) // again
	found, err := s.rt.ListVolumes(within(t), v.Labels)
	must(t, err)
	if len(found) != 1 || found[0].Name != v.Name || found[0].Labels[Label] != s.run {
		t.Errorf("volumes %+v", found)
	}
	if none, err := s.rt.ListVolumes(within(t), map[string]string{Label: s.run, Label + ".name": "none"}); err != nil || len(none) > 0 {
		t.Errorf("labels that none has: %+v, %v", none, err)
	}
	spec := s.spec(t, serves)
	spec.Files.Mounts = []runtime.Mount{{Volume: v.Name, Target: "/data"}}
	id := s.create(t, spec)
	must(t, s.rt.Start(within(t), id))
	wantError(t, s.rt.RemoveVolume(within(t), v.Name), "CannotRemoveVolumeError", runtime.Other)
	must(t, s.rt.Remove(within(t), id))
	if got, err := s.rt.InspectVolume(within(t), v.Name); err != nil || got.Name != v.Name || got.Labels[Label] != s.run {
		t.Errorf("after its container: %+v, %v", got, err)
	}
	must(t, s.rt.RemoveVolume(within(t), v.Name))
	must(t, s.rt.RemoveVolume(within(t), v.Name))
	_, err = s.rt.InspectVolume(within(t), v.Name)
	wantError(t, err, "CannotInspectVolumeError", runtime.NotFound)
}

func missingVolume(t *testing.T, s *suite) {
	_, err := s.rt.InspectVolume(within(t), "steady-test-none")
	wantError(t, err, "CannotInspectVolumeError", runtime.NotFound)
	must(t, s.rt.RemoveVolume(within(t), "steady-test-none"))
}

func portsInARow(t *testing.T, s *suite) {
	taken := map[int]bool{}
	for i := range 3 {
		spec := s.spec(t, serves)
		spec.Name += fmt.Sprint("-", i)
		spec.Ports = append(spec.Ports, runtime.Port{ContainerPort: 9000, Protocol: "tcp", Count: 5})
		id := s.create(t, spec)
		must(t, s.rt.Start(within(t), id))
		ports := s.inspect(t, id).Ports
		if len(ports) != 6 {
			t.Fatalf("ports %+v", ports)
		}
		for i, p := range ports[1:] {
			if p.ContainerPort != 9000+i || p.HostPort != ports[1].HostPort+i || p.Count != 0 || taken[p.HostPort] {
				t.Errorf("port %d is %+v, of %+v", i, p, ports)
			}
			taken[p.HostPort] = true
		}
	}
}
