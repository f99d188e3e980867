// Package runtimetest is the conformance suite of runtime.Runtime: what its contract
// says, checked against any implementation.
// It never looks behind the interface.
package runtimetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"steady/imagepack"
	"steady/runtime"
)

// Label marks every container that the suite makes; what carries it may be removed.
const Label = "dev.steady.test"

// limit bounds every wait of the suite.
const limit = 60 * time.Second

// behaviour is what a test needs its container to do. It is given in the words of the
// sample application (package sample) and in a script for the simulated runtime;
// either ignores the other's.
type behaviour struct {
	Sample []string // NAME=value, of package sample
	Script string   // STEADY_SIM, of package runtime/sim
}

// The behaviours that the suite uses.
var (
	serves      = behaviour{[]string{"STEADY_SAMPLE_SAY=hello"}, "log=hello graceful"}
	crashes     = behaviour{[]string{"STEADY_SAMPLE_CRASH=3", "STEADY_SAMPLE_SAY=no luck"}, "log='no luck' exit=3"}
	crashesSoon = behaviour{[]string{"STEADY_SAMPLE_CRASH_AFTER=300ms"}, "exit=1 after=300ms"}
	// Healthy at first, then not.
	ails = behaviour{[]string{"STEADY_SAMPLE_UNHEALTHY_AFTER=8s", "STEADY_SAMPLE_SAY=hello"}, "log=hello graceful healthy=100ms unhealthy=2s"}
	// Writes on both streams, then ends; goes on writing, and uses what it has.
	talks     = behaviour{[]string{"STEADY_SAMPLE_SAY=one", "STEADY_SAMPLE_SAY_STDERR=two", "STEADY_SAMPLE_CRASH=3"}, "log=one err=two exit=3"}
	chatters  = behaviour{[]string{"STEADY_SAMPLE_SAY=hello", "STEADY_SAMPLE_LOG_EVERY=100ms"}, "log=hello log-every=100ms graceful"}
	works     = behaviour{[]string{"STEADY_SAMPLE_SAY=hello", "STEADY_SAMPLE_MEMORY=24", "STEADY_SAMPLE_CPU=1"}, "log=hello memory=24 cpu=1 graceful"}
	longLine  = strings.Repeat("0123456789abcde ", 6<<10) // 96 KiB, more than a part may have
	longWords = behaviour{[]string{"STEADY_SAMPLE_SAY=" + longLine, "STEADY_SAMPLE_CRASH=0"}, "log='" + longLine + "' exit=0"}
	stubborn  = behaviour{[]string{"STEADY_SAMPLE_IGNORE_SIGTERM=1", "STEADY_SAMPLE_SAY=hello"}, "ignore-term log=hello"}
)

// check is a health check that the sample application carries out; the simulated
// runtime plays its script instead.
var check = &runtime.HealthCheck{
	Test:     []string{"CMD", imagepack.Path, "-check", "http://127.0.0.1:8080/healthz"},
	Interval: 200 * time.Millisecond, Timeout: 5 * time.Second, Retries: 2,
}

// suite is one run of the tests.
type suite struct {
	rt    runtime.Runtime
	image string
	run   string // value of Label in this run
}

// Run checks rt. The image must run the sample application (package sample), unless rt
// runs no images at all. Every container that it makes carries Label and is removed.
func Run(t *testing.T, rt runtime.Runtime, image string) {
	s := &suite{rt: rt, image: image, run: fmt.Sprintf("run-%d", time.Now().UnixNano())}
	for _, c := range []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"InfoDescribesAMachine", info},
		{"PullOfAPresentImageGivesItsDigest", pull},
		{"PullOfADigestGivesThatImage", pullDigest},
		{"AnImageSaysItsPlatform", platform},
		{"LifeOfAContainer", life},
		{"HealthIsCheckedAndTold", health},
		{"NoHealthWithoutACheck", noHealth},
		{"ExitCodeAndOutputOfACrash", crash},
		{"StopIsGraceful", stopGraceful},
		{"StopKillsAfterItsGrace", stopKills},
		{"StopOfACreatedContainerSucceeds", stopCreated},
		{"EveryCallMayBeRepeated", repeated},
		{"NamesAreUnique", names},
		{"MissingContainers", missing},
		{"ListFindsByAllLabels", list},
		{"DynamicPortsDiffer", dynamicPorts},
		{"PortsInARow", portsInARow},
		{"AHostPortIsTakenOnce", portClash},
		{"EventsTellOfALife", events},
		{"EventsAreOnlyOfTheLabels", eventLabels},
		{"EventsEndWithTheirContext", eventsEnd},
		{"CallsEndWithTheirContext", contextEnds},
		{"TailIsTheNewestLines", tail},
		{"OutputIsToldOnceAndEnds", output},
		{"OutputIsFollowed", outputFollowed},
		{"OutputFromATimeOn", outputSince},
		{"OutputKeepsLongLines", outputLong},
		{"OutputEndsWithItsReader", outputEnds},
		{"OutputOfMissingContainers", outputMissing},
		{"StatsAreMeasured", stats},
		{"VolumesOutliveTheirContainers", volumes},
		{"AMissingVolume", missingVolume},
		{"ANetworkIsShared", networks},
		{"ANetworkIsMadeOnce", networkOnce},
		{"ManyAtOnce", many},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, s) })
	}
}

// within is a context for a test.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// name is that of a test in this run; there may be others at the same time.
func (s *suite) name(t *testing.T) string { return s.run + " " + t.Name() }

// spec describes a container that behaves so.
func (s *suite) spec(t *testing.T, b behaviour) runtime.Spec {
	return runtime.Spec{
		Name:      fmt.Sprintf("steady-test-%s-%d", strings.ReplaceAll(t.Name()[strings.LastIndex(t.Name(), "/")+1:], " ", ""), time.Now().UnixNano()),
		Image:     s.image,
		Env:       append(slices.Clone(b.Sample), "STEADY_SIM="+b.Script),
		Labels:    map[string]string{Label: s.run, Label + ".name": s.name(t)},
		CPUShares: 128,
		Memory:    128 << 20,
		Ports:     []runtime.Port{{ContainerPort: 8080, Protocol: "tcp"}},
	}
}

// create makes a container that is removed when the test ends.
func (s *suite) create(t *testing.T, spec runtime.Spec) string {
	t.Helper()
	id, err := s.rt.Create(within(t), spec)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := s.rt.Remove(ctx, id); err != nil {
			t.Errorf("remove: %v", err)
		}
	})
	return id
}

// start makes and starts a container that behaves so.
func (s *suite) start(t *testing.T, b behaviour) string {
	t.Helper()
	id := s.create(t, s.spec(t, b))
	must(t, s.rt.Start(within(t), id))
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *suite) inspect(t *testing.T, id string) runtime.Container {
	t.Helper()
	c, err := s.rt.Inspect(within(t), id)
	if err != nil {
		t.Fatalf("inspect: %v", err)
	}
	return c
}

// until inspects until the container is in that state.
func (s *suite) until(t *testing.T, id string, state runtime.State) runtime.Container {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c := s.inspect(t, id); c.State == state {
			return c
		}
	}
	t.Fatalf("container is never %s but %+v", state, s.inspect(t, id))
	return runtime.Container{}
}

// untilSays waits for a line of output, so that a signal finds the program ready.
func (s *suite) untilSays(t *testing.T, id, text string) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		lines, err := s.rt.Tail(within(t), id, 20)
		must(t, err)
		if slices.ContainsFunc(lines, func(l runtime.Line) bool { return l.Text == text }) {
			return
		}
	}
	t.Fatalf("container never says %q", text)
}

// wantError checks for a *runtime.Error of that name and kind.
func wantError(t *testing.T, err error, name string, kind runtime.Kind) {
	t.Helper()
	var e *runtime.Error
	if !errors.As(err, &e) || e.Name != name || e.Kind != kind || e.Detail == "" {
		t.Errorf("error %#v, want a runtime.Error %s of kind %d with a detail", err, name, kind)
	}
}
