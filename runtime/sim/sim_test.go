package sim

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"steady/runtime"
	"steady/runtime/runtimetest"
)

func TestConformance(t *testing.T) {
	for name, o := range map[string]Options{
		"OneMachine":   {},
		"ManyMachines": {InstanceLabel: runtimetest.Label},
	} {
		t.Run(name, func(t *testing.T) { runtimetest.Run(t, New(o), "steady-sim-test:1") })
	}
}

// play makes and starts a container with a script.
func play(t *testing.T, r *Runtime, script string) string {
	t.Helper()
	id := create(t, r, script)
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func create(t *testing.T, r *Runtime, script string) string {
	t.Helper()
	id, err := r.Create(t.Context(), runtime.Spec{Image: "web:1", Env: []string{"STEADY_SIM=" + script}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func look(t *testing.T, r *Runtime, id string) runtime.Container {
	t.Helper()
	c, err := r.Inspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHowContainersEndByThemselves(t *testing.T) {
	for _, c := range []struct {
		script string
		after  time.Duration
		code   int
		oom    bool
	}{
		{"exit=1 after=5s", 5 * time.Second, 1, false},
		{"after=1h", time.Hour, 0, false},
		{"oom after=30s", 30 * time.Second, 137, true},
		{"exit=139", 0, 139, false},
	} {
		t.Run(c.script, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{})
				id := play(t, r, c.script)
				if c.after > 0 {
					time.Sleep(c.after - time.Nanosecond)
					synctest.Wait()
					if got := look(t, r, id); got.State != runtime.Running {
						t.Fatalf("too early: %+v", got)
					}
					time.Sleep(time.Nanosecond)
					synctest.Wait()
				}
				got := look(t, r, id)
				if got.State != runtime.Exited || got.ExitCode != c.code || got.OOMKilled != c.oom || got.FinishedAt.Sub(got.StartedAt) != c.after {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

func TestHowContainersStop(t *testing.T) {
	for _, c := range []struct {
		script string
		grace  time.Duration
		takes  time.Duration
		code   int
	}{
		{"", 30 * time.Second, 0, 143},
		{"graceful", 30 * time.Second, 0, 0},
		{"stop=3s", 30 * time.Second, 3 * time.Second, 143},
		{"stop=3s graceful", 2 * time.Second, 2 * time.Second, 137},
		{"ignore-term", 30 * time.Second, 30 * time.Second, 137},
		{"ignore-term", 0, time.Second, 137},
		{"ignore-term", 1500 * time.Millisecond, 2 * time.Second, 137},
		{"ignore-term exit=5 after=4s", 30 * time.Second, 4 * time.Second, 5},
	} {
		t.Run(fmt.Sprint(c.script, " ", c.grace), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{})
				id := play(t, r, c.script)
				began := time.Now()
				if err := r.Stop(t.Context(), id, c.grace); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != c.takes {
					t.Errorf("took %v, want %v", took, c.takes)
				}
				if got := look(t, r, id); got.State != runtime.Exited || got.ExitCode != c.code {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

func TestHealthIsPlayed(t *testing.T) {
	const interval = 30 * time.Second
	type change struct {
		at     time.Duration
		health runtime.Health
	}
	for script, want := range map[string][]change{
		"":                        {{0, runtime.Starting}, {interval, runtime.Healthy}},
		"healthy=2s":              {{0, runtime.Starting}, {2 * time.Second, runtime.Healthy}},
		"healthy=2s unhealthy=5s": {{0, runtime.Starting}, {2 * time.Second, runtime.Healthy}, {5 * time.Second, runtime.Unhealthy}},
		"unhealthy=2s healthy=5s": {{0, runtime.Starting}, {2 * time.Second, runtime.Unhealthy}, {5 * time.Second, runtime.Healthy}},
		"unhealthy=5s":            {{0, runtime.Starting}, {5 * time.Second, runtime.Unhealthy}},
		"unhealthy=1m":            {{0, runtime.Starting}, {interval, runtime.Healthy}, {time.Minute, runtime.Unhealthy}},
		"exit=1 after=3s":         {{0, runtime.Starting}, {3 * time.Second, runtime.NoHealthCheck}},
		"healthy=2s exit=1 after=3s unhealthy=4s": {{0, runtime.Starting}, {2 * time.Second, runtime.Healthy}, {3 * time.Second, runtime.NoHealthCheck}},
	} {
		t.Run(script, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{})
				id, err := r.Create(t.Context(), runtime.Spec{Image: "web", Env: []string{"STEADY_SIM=" + script}, HealthCheck: &runtime.HealthCheck{Interval: interval}})
				if err == nil {
					err = r.Start(t.Context(), id)
				}
				if err != nil {
					t.Fatal(err)
				}
				var got []change
				for at := time.Duration(0); at < 2*time.Minute; at += time.Second {
					synctest.Wait()
					if h := look(t, r, id).Health; len(got) == 0 || got[len(got)-1].health != h {
						got = append(got, change{at, h})
					}
					time.Sleep(time.Second)
				}
				if !slices.Equal(got, want) {
					t.Errorf("health %v, want %v", got, want)
				}
			})
		})
	}
}

func TestAPushMovesTheNameButNotTheDigest(t *testing.T) {
	r, ctx := New(Options{}), t.Context()
	pull := func(digest string) runtime.Pulled {
		t.Helper()
		p, err := r.Pull(ctx, "host.test:5000/a/web:1", digest)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := pull("")
	r.Push("host.test:5000/a/web:1")
	if second := pull(""); second == first || second.Ref != "host.test:5000/a/web@"+second.Digest {
		t.Errorf("after a push: %+v", second)
	}
	if again := pull(first.Digest); again != first {
		t.Errorf("the first is %+v now, was %+v", again, first)
	}
}

func TestASecondStopMayKillSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		id := play(t, r, "ignore-term")
		began := time.Now()
		go r.Stop(t.Context(), id, time.Minute)
		synctest.Wait()
		if err := r.Stop(t.Context(), id, time.Second); err != nil || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		synctest.Wait()
	})
}

func TestAStopGoesOnWithoutItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		id := play(t, r, "ignore-term")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Stop(ctx, id, 10*time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if c := look(t, r, id); c.ExitCode != 137 || c.FinishedAt.Sub(c.StartedAt) != 10*time.Second {
			t.Errorf("%+v", c)
		}
	})
}

func TestStartTakesAsLongAsItsScriptSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		began := time.Now()
		play(t, r, "start=2s")
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		id := create(t, r, "start=2s")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Start(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if c := look(t, r, id); c.State != runtime.Created {
			t.Errorf("%+v", c)
		}
	})
}

func TestARestartedContainerDoesNotFeelItsOldTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		id := play(t, r, "exit=1 after=10s")
		time.Sleep(6 * time.Second)
		if err := r.Stop(t.Context(), id, time.Second); err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if c := look(t, r, id); c.State != runtime.Running {
			t.Errorf("%+v", c)
		}
	})
}

func TestFailures(t *testing.T) {
	r, ctx := New(Options{}), t.Context()
	for _, c := range []struct{ script, want string }{
		{"create-fail='no more disk'", "CannotCreateContainerError: no more disk"},
		{"create-fail", "CannotCreateContainerError: Error response from daemon: no space left on device"},
		{"pull-fail", "CannotPullContainerError: The task can’t pull the image. Check whether the image exists. "},
		{"pull-fail=toomanyrequests", "CannotPullContainerError: toomanyrequests"},
		{"exit=soon", `CannotCreateContainerError: read STEADY_SIM="exit=soon": exit=soon is not an exit code: use 0 to 255`},
	} {
		_, err := r.Create(ctx, runtime.Spec{Image: "web", Env: []string{"STEADY_SIM=" + c.script}})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.script, err)
		}
	}
	id := create(t, r, `start-fail="exec format error"`)
	if err := r.Start(ctx, id); err == nil || err.Error() != "CannotStartContainerError: exec format error" {
		t.Errorf("start: %v", err)
	}
	if c := look(t, r, id); c.State != runtime.Created || c.Error != "exec format error" {
		t.Errorf("%+v", c)
	}
	for image, fails := range map[string]bool{"pull-fail": true, "host.test:5000/a/pull-fail:2": true, "web": false, "pull-fail/web:1": false} {
		if _, err := r.Pull(ctx, image, ""); (err != nil) != fails {
			t.Errorf("pull %s: %v", image, err)
		}
	}
}

func TestEachMachineHasItsOwnPorts(t *testing.T) {
	r, ctx := New(Options{InstanceLabel: "on"}), t.Context()
	start := func(machine string) error {
		id, err := r.Create(ctx, runtime.Spec{Image: "web", Labels: map[string]string{"on": machine}, Ports: []runtime.Port{{ContainerPort: 80, HostPort: 80}, {ContainerPort: 81}}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Start(ctx, id)
	}
	if a, b := start("a"), start("b"); a != nil || b != nil {
		t.Errorf("port 80 of two machines: %v, %v", a, b)
	}
	err := start("a")
	if err == nil || !strings.HasSuffix(err.Error(), "Bind for 0.0.0.0:80 failed: port is already allocated") {
		t.Errorf("port 80 twice: %v", err)
	}
	if n := len(r.machines["a"].ports); n != 2 {
		t.Errorf("%d ports taken on a: a start that failed keeps none", n)
	}
}

func TestNothingIsLeftOfWhatWasRemoved(t *testing.T) {
	r := New(Options{InstanceLabel: "on"})
	ctx, cancel := context.WithCancel(t.Context())
	stream := r.Events(ctx, map[string]string{"on": "a"})
	id, err := r.Create(ctx, runtime.Spec{Name: "x", Labels: map[string]string{"on": "a"}, Ports: []runtime.Port{{ContainerPort: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Start(ctx, id), r.Remove(ctx, id)); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range stream {
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.containers)+len(r.names)+len(r.machines)+len(r.watchers) != 0 {
		t.Errorf("left: %+v", r)
	}
}

// A cluster of 100 instances with 50 containers each, every instance watching its own.
func TestThousandsOfContainersCostLittle(t *testing.T) {
	const instances, each = 100, 50
	r := New(Options{InstanceLabel: "on"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := make(chan string)
	for i := range instances {
		stream := r.Events(ctx, map[string]string{"on": fmt.Sprint(i)})
		go func() {
			seen := map[string]bool{}
			for e := range stream {
				if !seen[e.ID] {
					seen[e.ID] = true
					heard <- e.ID
				}
			}
		}()
	}
	goroutines := goruntime.NumGoroutine()
	before := heap()
	began := time.Now()
	go func() {
		for i := range instances * each {
			id, err := r.Create(ctx, runtime.Spec{
				Name: fmt.Sprint("web-", i), Image: "web:1", Env: []string{"STEADY_SIM=exit=1 after=1h"},
				Labels: map[string]string{"on": fmt.Sprint(i % instances), "family": "web", "version": "1", "task": fmt.Sprint(i), "cluster": "default"},
				Ports:  []runtime.Port{{ContainerPort: 80}},
			})
			if err == nil {
				err = r.Start(ctx, id)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}()
	for range instances * each {
		<-heard
	}
	t.Logf("%d containers created, started and heard of in %v", instances*each, time.Since(began))
	if used := heap() - before; used > 30<<20 {
		t.Errorf("%d containers use %d MiB, want less than 30", instances*each, used>>20)
	} else {
		t.Logf("%d KiB in use", used>>10)
	}
	if n := goruntime.NumGoroutine(); n > goroutines+5 {
		t.Errorf("%d goroutines more than before", n-goroutines)
	}
	goruntime.KeepAlive(r)
}

func heap() int64 {
	goruntime.GC()
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkCreateStart(b *testing.B) {
	r, ctx := New(Options{}), b.Context()
	for b.Loop() {
		id, err := r.Create(ctx, runtime.Spec{Image: "web:1", Env: []string{"STEADY_SIM=exit=1 after=1h"}, Labels: map[string]string{"a": "b"}})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Start(ctx, id); err != nil {
			b.Fatal(err)
		}
		r.Remove(ctx, id)
	}
}
