package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"pgregory.net/rapid"

	"steady/model"
)

var then = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// one is a container as a table writes it: its name, an exclamation mark if it is
// essential, a colon, and how far it is.
//
// An at sign and a number say how many seconds ago it was started, "exit=n" how it
// ended, "limit=n" its startTimeout; "busy", "held", "healthy" and "trailing" are as they
// are. ">name" makes it depend on another one, ">name=HEALTHY" with that condition.
func one(text string) seen {
	head, rest, _ := strings.Cut(text, ":")
	name, essential := strings.CutSuffix(head, "!")
	c := seen{name: name, image: "image", essential: essential}
	var number = func(s string) (n int) { fmt.Sscan(s, &n); return n }
	for _, w := range strings.Fields(rest) {
		switch {
		case w == "busy":
			c.busy = true
		case w == "held":
			c.held = then.Add(7 * time.Second)
		case w == "healthy":
			c.healthy = true
		case w == "trailing":
			c.trailing = true
		case strings.HasPrefix(w, "@"):
			c.started = then.Add(-time.Duration(number(w[1:])) * time.Second)
		case strings.HasPrefix(w, "exit="):
			c.exit = model.Exit{Known: true, Code: number(w[5:])}
		case strings.HasPrefix(w, "limit="):
			c.startTimeout = time.Duration(number(w[6:])) * time.Second
		case strings.HasPrefix(w, ">"):
			on, condition, given := strings.Cut(w[1:], "=")
			if !given {
				condition = "START"
			}
			c.needs = append(c.needs, model.Dependency{Container: on, Condition: types.ContainerCondition(condition)})
		default:
			c.progress = progress(slices.Index([]string{"nothing", "present", "created", "running", "ended", "stopped"}, w))
		}
	}
	return c
}

// written is a plan as a table writes it.
func (p plan) written(t whole) string {
	var all []string
	for _, a := range p.actions {
		s := [...]string{"provide", "pull", "create", "start", "abandon", "end", "giveBack", "finish"}[a.verb]
		if a.verb != provide && a.verb != giveBack && a.verb != finish {
			s += " " + t.containers[a.which].name
		}
		if a.why != "" {
			s += " " + a.why
		}
		all = append(all, s)
	}
	if !p.again.IsZero() {
		all = append(all, "again in "+p.again.Sub(t.now).Round(time.Second).String())
	}
	return strings.Join(all, ", ")
}

func TestNext(t *testing.T) {
	const fails = "dependency graph: failed to resolve container ordering dependency "
	for _, x := range []struct{ says, containers, is, want string }{
		{"a new task gets its resources and all its images together", "a!:nothing; b:nothing", "wanting", "provide, pull a, pull b"},
		{"an image is there, the other is still pulled", "a!:present; b:nothing busy", "", ""},
		{"nothing is created while the resources are made", "a!:present; b:present", "wanting providing", ""},
		{"then all are created together", "a!:present; b:present", "", "create a, create b"},
		{"and started, each when it is", "a!:created; b:present busy", "", "start a"},
		{"an image is left after a restart", "a!:running @9; b:nothing", "", "pull b"},
		{"all run", "a!:running @9; b:running @9", "", ""},
		{"a sidecar ended: the task goes on", "a!:running @9; b:stopped @9 exit=0", "", ""},
		{"what has failed is tried again later", "a!:present held", "", "again in 7s"},

		{"START waits for the start", "a!:present >b; b:created busy", "", ""},
		{"START: it runs", "a!:present >b; b:running @1", "", "create a"},
		{"START: it has run", "a!:present >b; b:stopped @1 exit=3", "", "create a"},
		{"START: it never ran", "a!:present >b; b:stopped", "", "abandon a " + fails + "[b(image) (STOPPED->STOPPED)] for target [a(image) (PULLED->RUNNING)] because dependency will never start"},
		{"COMPLETE waits for the end", "a!:present >b=COMPLETE; b:running @1", "", ""},
		{"COMPLETE: any exit code will do", "a!:present >b=COMPLETE; b:stopped @1 exit=3", "", "create a"},
		{"SUCCESS: exit 0", "a!:present >b=SUCCESS; b:stopped @1 exit=0", "", "create a"},
		{"SUCCESS: another exit code", "a!:present >b=SUCCESS; b:stopped @1 exit=3", "", "abandon a " + fails + "[b(image) (STOPPED->RUNNING) - Exit: 3] for target [a(image) (PULLED->RUNNING)] as dependency did not exit successfully."},
		{"SUCCESS: it vanished", "a!:present >b=SUCCESS; b:stopped @1", "", "abandon a " + fails + "[b(image) (STOPPED->RUNNING)] for target [a(image) (PULLED->RUNNING)] as dependency did not exit successfully."},
		{"HEALTHY waits for the checks", "a!:present >b=HEALTHY; b:running @1", "", ""},
		{"HEALTHY: they pass", "a!:present >b=HEALTHY; b:running @1 healthy", "", "create a"},
		{"HEALTHY: it ended before; the ECS agent waits", "a!:present >b=HEALTHY; b:stopped @1 exit=1", "", ""},
		{"all of several dependencies are waited for", "a!:present >b >c=SUCCESS; b:running @1; c:running @1", "", ""},
		{"one that can never be met counts at once", "a!:present >b >c=SUCCESS; b:created busy; c:stopped @1 exit=1", "", "abandon a " + fails + "[c(image) (STOPPED->RUNNING) - Exit: 1] for target [a(image) (PULLED->RUNNING)] as dependency did not exit successfully."},
		{"what depends on nothing goes on meanwhile", "a!:present >b=HEALTHY; b:running @1; c:present", "", "create c"},
		{"a name that is not there", "a!:present >x", "", "abandon a dependency graph: container ordering dependency [x] for target [a(image) (PULLED->RUNNING)] does not exist."},

		{"startTimeout is to come", "a!:present >b=HEALTHY; b:running @10 limit=30", "", "again in 20s"},
		{"startTimeout is over", "a!:present >b=HEALTHY; b:running @31 limit=30", "", "abandon a dependency graph: container ordering dependency [b(image) (RUNNING->RUNNING)] for target [a(image) (PULLED->RUNNING)] has timed out."},
		{"startTimeout of COMPLETE is over", "a!:present >b=COMPLETE; b:running @31 limit=30", "", "abandon a dependency graph: container ordering dependency [b(image) (RUNNING->RUNNING)] for target [a(image) (PULLED->RUNNING)] has timed out."},
		{"startTimeout does not count before the start", "a!:present >b=HEALTHY; b:created busy limit=30", "", ""},
		{"nor for START", "a!:present >b; b:running @31 limit=30", "", "create a"},
		{"nor once the dependency is met", "a!:present >b=HEALTHY; b:running @31 limit=30 healthy", "", "create a"},
		{"nor once the target is created", "a!:created >b=HEALTHY; b:running @31 limit=30", "", ""},

		{"an essential container ended: the rest is stopped", "a!:stopped @9 exit=1; b:running @9; c:running @9", "", "end b, end c"},
		{"and nothing more is started", "a!:stopped; b:created", "", "giveBack"},
		{"dependents first", "a!:running @9 >b; b:running @9 >c; c:running @9", "stop", "end a"},
		{"then those that they depended on", "a!:stopped @9 exit=0 >b; b:running @9 >c; c:running @9", "stop", "end b"},
		{"what nothing depends on goes together", "a!:running @9 >c; b:running @9 >c; c:running @9; d:running @9", "stop", "end a, end b, end d"},
		{"one that is being started may run yet", "a!:created busy >b; b:running @9", "stop", ""},
		{"one that is being created will not", "a!:present busy >b; b:running @9", "stop", "end b"},
		{"a stop that failed is tried again later", "a!:running @9 held", "stop", "again in 7s"},
		{"a pull that is given up is waited for", "a!:nothing busy", "stop", ""},
		{"told to stop before anything ran", "a!:present; b:nothing", "stop", "giveBack"},
		{"resources that are refused end the task", "a!:present; b:nothing", "refused", "giveBack"},
		{"resources that are being made are waited for", "a!:present", "wanting providing stop", ""},
		{"all ended", "a!:stopped @9 exit=0; b:stopped @9 exit=0", "", "giveBack"},
		{"its last lines are waited for", "a!:stopped @9 exit=0 trailing", "", ""},
		{"only sidecars, all ended", "b:stopped @9 exit=0", "returned", "finish"},

		{"one with a restart policy is started again", "a!:ended @400 exit=1; b:running @9", "", "start a"},
		{"but not when the task is to stop", "a!:ended @400 exit=1; b:running @9", "stop", "end b"},
		{"nor when nothing else runs then", "a!:ended @400 exit=1", "stop", "giveBack"},
	} {
		w := whole{now: then, resources: ready}
		for _, c := range strings.Split(x.containers, "; ") {
			w.containers = append(w.containers, one(c))
		}
		for _, is := range strings.Fields(x.is) {
			switch is {
			case "stop":
				w.stop = true
			case "providing":
				w.providing = true
			default:
				w.resources = map[string]provision{"wanting": wanting, "refused": refused, "returned": returned}[is]
			}
		}
		if got := next(w).written(w); got != x.want {
			t.Errorf("%s (%s):\n got %s\nwant %s", x.says, x.containers, got, x.want)
		}
	}
}

func TestRestarts(t *testing.T) {
	yes, no, minute := true, false, int32(60)
	for _, x := range []struct {
		says   string
		policy *types.ContainerRestartPolicy
		code   int
		ran    time.Duration
		stop   bool
		want   bool
	}{
		{"no policy", nil, 1, time.Hour, false, false},
		{"one that is off", &types.ContainerRestartPolicy{Enabled: &no}, 1, time.Hour, false, false},
		{"the usual period", &types.ContainerRestartPolicy{Enabled: &yes}, 1, 300 * time.Second, false, true},
		{"an end within it", &types.ContainerRestartPolicy{Enabled: &yes}, 1, 299 * time.Second, false, false},
		{"a period of its own", &types.ContainerRestartPolicy{Enabled: &yes, RestartAttemptPeriod: &minute}, 1, time.Minute, false, true},
		{"exit 0 counts too", &types.ContainerRestartPolicy{Enabled: &yes, RestartAttemptPeriod: &minute}, 0, time.Minute, false, true},
		{"an ignored exit code", &types.ContainerRestartPolicy{Enabled: &yes, IgnoredExitCodes: []int32{0, 3}}, 3, time.Hour, false, false},
		{"another one", &types.ContainerRestartPolicy{Enabled: &yes, IgnoredExitCodes: []int32{0, 3}}, 4, time.Hour, false, true},
		{"never when it is to stop", &types.ContainerRestartPolicy{Enabled: &yes}, 1, time.Hour, true, false},
	} {
		if got := restarts(x.policy, x.code, x.ran, x.stop); got != x.want {
			t.Errorf("%s: %v", x.says, got)
		}
	}
}

// drawTask is a task at its begin whose containers depend on earlier ones only.
func drawTask(t *rapid.T) whole {
	w := whole{now: then}
	conditions := []types.ContainerCondition{types.ContainerConditionStart, types.ContainerConditionComplete, types.ContainerConditionSuccess, types.ContainerConditionHealthy}
	for i := range rapid.IntRange(1, 5).Draw(t, "containers") {
		c := seen{name: fmt.Sprint("c", i), essential: i == 0 || rapid.Bool().Draw(t, "essential")}
		if rapid.Bool().Draw(t, "times out") {
			c.startTimeout = time.Minute
		}
		for j := range i {
			if rapid.Bool().Draw(t, "depends") {
				c.needs = append(c.needs, model.Dependency{Container: fmt.Sprint("c", j), Condition: rapid.SampledFrom(conditions).Draw(t, "condition")})
			}
		}
		w.containers = append(w.containers, c)
	}
	return w
}

// carryOut does what a plan says, with a random outcome.
func carryOut(t *rapid.T, w *whole, a action) {
	c := &w.containers[a.which]
	fails := rapid.IntRange(0, 9).Draw(t, "fails") == 0
	switch a.verb {
	case provide:
		w.resources = map[bool]provision{false: ready, true: refused}[fails]
	case giveBack:
		w.resources = returned
	case abandon:
		c.progress, c.exit = stopped, model.Exit{Known: true, Code: neverStarted}
	case end:
		for _, other := range w.containers {
			for _, d := range other.needs {
				if d.Container == c.name && other.progress == running {
					t.Fatalf("%s is stopped while %s runs, which depends on it", c.name, other.name)
				}
			}
		}
		c.progress, c.exit = stopped, model.Exit{Known: true, Code: 137}
	case start:
		c.progress, c.started, c.exit = running, w.now, model.Exit{}
		if fails {
			c.progress, c.started = stopped, time.Time{}
		}
	default:
		c.progress++
		if fails {
			c.progress = stopped
		}
	}
}

// TestEveryTaskComesToAnEnd: whatever its containers do, and in which order, a task comes
// to RUNNING, waits for something that a container may still do, or comes to its end; and
// nothing is stopped before what depends on it.
func TestEveryTaskComesToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawTask(t)
		for range 200 {
			p := next(w)
			if len(p.actions) == 1 && p.actions[0].verb == finish {
				for _, c := range w.containers {
					if c.progress == running {
						t.Fatalf("finished while a container runs: %v", w.containers)
					}
				}
				return
			}
			if len(p.actions) > 0 {
				carryOut(t, &w, rapid.SampledFrom(p.actions).Draw(t, "first"))
				continue
			}
			w.now = w.now.Add(time.Second)
			if !p.again.IsZero() {
				w.now = p.again
			}
			var running_ []int
			for i, c := range w.containers {
				if c.progress == running {
					running_ = append(running_, i)
				}
			}
			if len(running_) == 0 {
				for _, c := range w.containers {
					for _, d := range c.needs {
						if d.Condition == types.ContainerConditionHealthy && c.progress < created {
							return // of one that has ended: as the ECS agent, it waits
						}
					}
				}
				t.Fatalf("waits for nothing: %v", w.containers)
			}
			c := &w.containers[rapid.SampledFrom(running_).Draw(t, "acts")]
			switch rapid.IntRange(0, 3).Draw(t, "does") {
			case 0:
				c.healthy = true
			case 1:
				c.progress, c.exit = stopped, model.Exit{Known: true, Code: rapid.IntRange(0, 1).Draw(t, "exit")}
			case 2:
				c.progress, c.exit = ended, model.Exit{Known: true, Code: 1}
			case 3:
				w.stop = w.stop || rapid.Bool().Draw(t, "stop")
			}
		}
	})
}

func TestStatus(t *testing.T) {
	runs, waits := seen{essential: true, progress: running}, seen{essential: true, progress: created}
	ran := seen{essential: true, progress: stopped}
	failed, without := seen{essential: true, progress: stopped, never: true}, seen{progress: stopped, never: true}
	for _, c := range []struct {
		name       string
		containers []seen
		stopping   bool
		want       model.TaskStatus
	}{
		{"all run", []seen{runs, runs}, false, model.Running},
		{"one is to be started", []seen{runs, waits}, false, model.Pending},
		{"one has ended", []seen{runs, ran}, false, model.Running},
		{"an essential one failed to start", []seen{runs, failed}, false, model.Pending},
		{"one that is not essential did", []seen{runs, without}, false, model.Running},
		{"being stopped", []seen{runs, failed}, true, model.Stopping},
	} {
		if got := status(c.containers, c.stopping); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
