package agent

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNext(t *testing.T) {
	type c = seen
	const essential, sidecar = true, false
	for name, x := range map[string]struct {
		containers []seen
		stop       bool
		want       action
		which      int
	}{
		"a new task pulls its first image":                {[]seen{c{essential, nothing}, c{sidecar, nothing}}, false, pull, 0},
		"then the next, before anything is created":       {[]seen{c{essential, present}, c{sidecar, nothing}}, false, pull, 1},
		"a container is taken to RUNNING before the next": {[]seen{c{essential, present}, c{sidecar, present}}, false, create, 0},
		"then started":                      {[]seen{c{essential, created}, c{sidecar, present}}, false, start, 0},
		"then the next":                     {[]seen{c{essential, running}, c{sidecar, present}}, false, create, 1},
		"an image is left after a restart":  {[]seen{c{essential, running}, c{sidecar, nothing}}, false, pull, 1},
		"all run":                           {[]seen{c{essential, running}, c{sidecar, running}}, false, wait, 0},
		"a sidecar ended: the task goes on": {[]seen{c{essential, running}, c{sidecar, stopped}}, false, wait, 0},
		"an essential container ended: the rest is stopped": {[]seen{c{essential, stopped}, c{sidecar, running}}, false, stopAll, 0},
		"and nothing more is started":                       {[]seen{c{essential, stopped}, c{sidecar, created}}, false, finish, 0},
		"all ended":                                         {[]seen{c{essential, stopped}, c{sidecar, stopped}}, false, finish, 0},
		"only sidecars, all ended":                          {[]seen{c{sidecar, stopped}}, false, finish, 0},
		"told to stop while RUNNING":                        {[]seen{c{essential, running}, c{sidecar, stopped}}, true, stopAll, 0},
		"told to stop before anything ran":                  {[]seen{c{essential, present}, c{sidecar, nothing}}, true, finish, 0},
		"told to stop half way":                             {[]seen{c{essential, running}, c{sidecar, nothing}}, true, stopAll, 0},
	} {
		if what, which := next(x.containers, x.stop); what != x.want || which != x.which {
			t.Errorf("%s: action %d on %d, want %d on %d", name, what, which, x.want, x.which)
		}
	}
}

// TestEveryTaskComesToAnEnd: whatever its containers do, a task is either waiting
// with all of its essential containers RUNNING, or on its way to that or to its end,
// in a bounded number of steps.
func TestEveryTaskComesToAnEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		containers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seen {
			return seen{rapid.Bool().Draw(t, "essential"), progress(rapid.IntRange(0, 4).Draw(t, "progress"))}
		}), 1, 5).Draw(t, "containers")
		stop := rapid.Bool().Draw(t, "stop")
		for range 50 {
			what, i := next(containers, stop)
			switch what {
			case finish:
				for _, c := range containers {
					if c.progress == running {
						t.Fatalf("finished while a container runs: %v", containers)
					}
				}
				return
			case wait:
				for _, c := range containers {
					if stop || c.essential && c.progress != running || c.progress < running {
						t.Fatalf("waits with %v, stop %v", containers, stop)
					}
				}
				return
			case stopAll:
				for i := range containers {
					if containers[i].progress == running {
						containers[i].progress = stopped
					}
				}
			default:
				if rapid.Bool().Draw(t, "fails") {
					containers[i].progress = stopped
				} else {
					containers[i].progress++
				}
			}
		}
		t.Fatalf("comes to no end: %v", containers)
	})
}
