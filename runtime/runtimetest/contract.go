package runtimetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"steady/runtime"
)

func info(t *testing.T, s *suite) {
	i, err := s.rt.Info(within(t))
	must(t, err)
	if i.Name == "" || i.CPUs < 1 || i.Memory < 1<<20 || i.OSType != "linux" || i.CPUArch == "" ||
		i.APIVersion == "" || !slices.Contains(i.LogDrivers, "json-file") || !slices.Contains(i.VolumeDrivers, "local") {
		t.Errorf("info %+v", i)
	}
}

func life(t *testing.T, s *suite) {
	spec := s.spec(t, serves)
	id := s.create(t, spec)
	c := s.inspect(t, id)
	if c.ID != id || c.Name != spec.Name || c.Image != s.image || c.State != runtime.Created || !c.StartedAt.IsZero() || len(c.Ports) != 0 || c.Address != "" || c.MAC != "" {
		t.Errorf("created: %+v", c)
	}
	for k, v := range spec.Labels {
		if c.Labels[k] != v {
			t.Errorf("label %s is %q, want %q", k, c.Labels[k], v)
		}
	}
	before := time.Now().Add(-time.Second)
	must(t, s.rt.Start(within(t), id))
	c = s.inspect(t, id)
	if c.State != runtime.Running || c.StartedAt.Before(before) || !c.FinishedAt.IsZero() {
		t.Errorf("started: %+v", c)
	}
	if len(c.Ports) != 1 || c.Ports[0].ContainerPort != 8080 || c.Ports[0].HostPort < 1 || c.Ports[0].Protocol != "tcp" {
		t.Errorf("ports %+v", c.Ports)
	}
	if mac, err := net.ParseMAC(c.MAC); net.ParseIP(c.Address).To4() == nil || err != nil || len(mac) != 6 {
		t.Errorf("address %q, MAC %q", c.Address, c.MAC)
	}
	s.untilSays(t, id, "hello")
	must(t, s.rt.Stop(within(t), id, 20*time.Second))
	c = s.inspect(t, id)
	if c.State != runtime.Exited || c.ExitCode != 0 || c.FinishedAt.Before(c.StartedAt) || len(c.Ports) != 0 || c.Address != "" || c.MAC != "" {
		t.Errorf("stopped: %+v", c)
	}
	must(t, s.rt.Remove(within(t), id))
	_, err := s.rt.Inspect(within(t), id)
	wantError(t, err, "CannotInspectContainerError", runtime.NotFound)
}

func crash(t *testing.T, s *suite) {
	id := s.start(t, crashes)
	c := s.until(t, id, runtime.Exited)
	if c.ExitCode != 3 || c.OOMKilled || c.StartedAt.IsZero() || c.FinishedAt.IsZero() {
		t.Errorf("crashed: %+v", c)
	}
	s.untilSays(t, id, "no luck")
}

func stopGraceful(t *testing.T, s *suite) {
	id := s.start(t, serves)
	s.untilSays(t, id, "hello")
	began := time.Now()
	must(t, s.rt.Stop(within(t), id, 30*time.Second))
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("a graceful stop took %v", took)
	}
	if c := s.inspect(t, id); c.State != runtime.Exited || c.ExitCode != 0 {
		t.Errorf("stopped: %+v", c)
	}
}

func stopKills(t *testing.T, s *suite) {
	id := s.start(t, stubborn)
	s.untilSays(t, id, "hello")
	began := time.Now()
	must(t, s.rt.Stop(within(t), id, time.Second))
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("killed after %v, before its grace of 1s was over", took)
	}
	if c := s.inspect(t, id); c.State != runtime.Exited || c.ExitCode != 137 || c.OOMKilled {
		t.Errorf("killed: %+v", c)
	}
}

func stopCreated(t *testing.T, s *suite) {
	id := s.create(t, s.spec(t, serves))
	must(t, s.rt.Stop(within(t), id, time.Second))
	if c := s.inspect(t, id); c.State != runtime.Created {
		t.Errorf("state %s", c.State)
	}
}

func repeated(t *testing.T, s *suite) {
	id := s.start(t, serves)
	started := s.inspect(t, id).StartedAt
	must(t, s.rt.Start(within(t), id))
	if c := s.inspect(t, id); c.State != runtime.Running || !c.StartedAt.Equal(started) {
		t.Errorf("start of a running container changed it: %+v", c)
	}
	must(t, s.rt.Stop(within(t), id, 10*time.Second))
	must(t, s.rt.Stop(within(t), id, 10*time.Second))
	must(t, s.rt.Remove(within(t), id))
	must(t, s.rt.Remove(within(t), id))
}

func names(t *testing.T, s *suite) {
	spec := s.spec(t, serves)
	id := s.create(t, spec)
	_, err := s.rt.Create(within(t), spec)
	wantError(t, err, "CannotCreateContainerError", runtime.Exists)
	must(t, s.rt.Remove(within(t), id))
	if again := s.create(t, spec); again == id {
		t.Errorf("a new container has the old id %s", id)
	}
}

func missing(t *testing.T, s *suite) {
	ctx := within(t)
	id := strings.Repeat("0", 64)
	_, err := s.rt.Inspect(ctx, id)
	wantError(t, err, "CannotInspectContainerError", runtime.NotFound)
	_, err = s.rt.Tail(ctx, id, 10)
	wantError(t, err, "CannotInspectContainerError", runtime.NotFound)
	wantError(t, s.rt.Start(ctx, id), "CannotStartContainerError", runtime.NotFound)
	wantError(t, s.rt.Stop(ctx, id, time.Second), "CannotStopContainerError", runtime.NotFound)
	must(t, s.rt.Remove(ctx, id))
}

func list(t *testing.T, s *suite) {
	made := map[string]runtime.State{}
	extra := func(v string) runtime.Spec {
		spec := s.spec(t, serves)
		spec.Labels["dev.steady.test.list"] = v
		return spec
	}
	created := s.create(t, extra("a"))
	running := s.create(t, extra("a"))
	s.create(t, extra("b"))
	must(t, s.rt.Start(within(t), running))
	made[created], made[running] = runtime.Created, runtime.Running

	found := func(labels map[string]string) map[string]runtime.State {
		all, err := s.rt.List(within(t), labels)
		must(t, err)
		got := map[string]runtime.State{}
		for _, c := range all {
			got[c.ID] = c.State
		}
		return got
	}
	if got := found(map[string]string{Label: s.run, "dev.steady.test.list": "a"}); !maps.Equal(got, made) {
		t.Errorf("both labels: %v, want %v", got, made)
	}
	if got := found(map[string]string{Label + ".name": s.name(t)}); len(got) != 3 {
		t.Errorf("one label: %v, want three", got)
	}
	if got := found(map[string]string{Label: s.run, "dev.steady.test.list": "c"}); len(got) != 0 {
		t.Errorf("a value that none has: %v", got)
	}
}

func dynamicPorts(t *testing.T, s *suite) {
	spec := s.spec(t, serves)
	spec.Ports = append(spec.Ports, runtime.Port{ContainerPort: 9090, Protocol: "tcp"})
	taken := map[int]bool{}
	for range 3 {
		spec.Name += "x"
		id := s.create(t, spec)
		must(t, s.rt.Start(within(t), id))
		ports := s.inspect(t, id).Ports
		if len(ports) != 2 || ports[0].ContainerPort != 8080 || ports[1].ContainerPort != 9090 {
			t.Fatalf("ports %+v", ports)
		}
		for _, p := range ports {
			if p.HostPort == 0 || taken[p.HostPort] {
				t.Errorf("host port %d twice or none", p.HostPort)
			}
			taken[p.HostPort] = true
		}
	}
}

func portClash(t *testing.T, s *suite) {
	first := s.start(t, serves)
	port := s.inspect(t, first).Ports[0].HostPort
	spec := s.spec(t, serves)
	spec.Ports[0].HostPort = port
	second := s.create(t, spec)
	err := s.rt.Start(within(t), second)
	wantError(t, err, "CannotStartContainerError", runtime.Other)
	if err != nil && !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("the error does not name port %d: %v", port, err)
	}
	if c := s.inspect(t, second); c.State != runtime.Created || len(c.Ports) != 0 || c.Address != "" || c.MAC != "" {
		t.Errorf("what did not start is %+v", c)
	}
	must(t, s.rt.Remove(within(t), first))
	must(t, s.rt.Start(within(t), second)) // the port is free again
	if c := s.inspect(t, second); len(c.Ports) != 1 || c.Ports[0].HostPort != port {
		t.Errorf("ports %+v, want host port %d", c.Ports, port)
	}
}

func events(t *testing.T, s *suite) {
	stream := s.rt.Events(within(t), map[string]string{Label + ".name": s.name(t)})
	next := func(what string, ok func(runtime.Container) bool, id string) {
		t.Helper()
		for end := time.After(limit); ; {
			select {
			case e := <-stream:
				c, err := s.rt.Inspect(within(t), id)
				if !e.Resync && e.ID != id {
					t.Fatalf("event of %s, which is not ours", e.ID)
				}
				if err == nil && ok(c) || ok == nil && err != nil {
					return
				}
			case <-end:
				t.Fatalf("no event after it was %s", what)
			}
		}
	}
	is := func(state runtime.State) func(runtime.Container) bool {
		return func(c runtime.Container) bool { return c.State == state }
	}
	id := s.create(t, s.spec(t, crashesSoon))
	next("created", is(runtime.Created), id)
	must(t, s.rt.Start(within(t), id))
	next("exited", is(runtime.Exited), id)
	must(t, s.rt.Remove(within(t), id))
	next("removed", nil, id)
}

func eventLabels(t *testing.T, s *suite) {
	mine := s.rt.Events(within(t), map[string]string{Label: s.run, "dev.steady.test.whose": "mine"})
	create := func(whose string) string {
		spec := s.spec(t, serves)
		spec.Labels["dev.steady.test.whose"] = whose
		return s.create(t, spec)
	}
	create("yours")
	id := create("mine")
	select {
	case e := <-mine:
		if !e.Resync && e.ID != id {
			t.Errorf("event of %s, want only of %s", e.ID, id)
		}
	case <-time.After(limit):
		t.Error("no event")
	}
}

func eventsEnd(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(within(t))
	stream := s.rt.Events(ctx, map[string]string{Label: s.run})
	cancel()
	for end := time.After(limit); ; {
		select {
		case _, open := <-stream:
			if !open {
				return
			}
		case <-end:
			t.Fatal("the channel was not closed when the context ended")
		}
	}
}

func contextEnds(t *testing.T, s *suite) {
	id := s.start(t, stubborn)
	s.untilSays(t, id, "hello")
	ctx, cancel := context.WithTimeout(within(t), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := s.rt.Stop(ctx, id, 30*time.Second)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("Stop ended %v after it began, its context after 100ms", took)
	}
}

func tail(t *testing.T, s *suite) {
	id := s.start(t, crashes)
	s.until(t, id, runtime.Exited)
	s.untilSays(t, id, "no luck")
	all, err := s.rt.Tail(within(t), id, 100)
	must(t, err)
	if all[0].Text != "no luck" || all[0].At.IsZero() || all[0].Stderr {
		t.Errorf("first line %+v", all[0])
	}
	last, err := s.rt.Tail(within(t), id, 1)
	must(t, err)
	if len(last) != 1 || last[0] != all[len(all)-1] {
		t.Errorf("the last line is %+v, want %+v", last, all[len(all)-1])
	}
	if none, err := s.rt.Tail(within(t), id, 0); err != nil || len(none) != 0 {
		t.Errorf("no lines asked for: %v, %v", none, err)
	}
}

func many(t *testing.T, s *suite) {
	const n = 12
	ids := make([]string, n)
	for i := range ids {
		spec := s.spec(t, serves)
		spec.Name += fmt.Sprint("-", i)
		ids[i] = s.create(t, spec)
	}
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() {
			if err := s.rt.Start(within(t), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if c := s.inspect(t, id); c.State != runtime.Running {
			t.Errorf("%s is %s", c.Name, c.State)
		}
	}
	for _, id := range ids {
		wg.Go(func() {
			if err := s.rt.Stop(within(t), id, 20*time.Second); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
