package placement

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// running are tasks of a service, t1 to tN, each on the machine of that index.
func running(all []*Candidate, on ...int) []ServiceTask {
	var tasks []ServiceTask
	for i, index := range on {
		tasks = append(tasks, ServiceTask{
			ID: fmt.Sprintf("t%d", i+1), On: all[index], CPU: 256, Memory: 512, Running: true,
		})
	}
	return tasks
}

func TestChooseStops(t *testing.T) {
	zoned := machines(4, "a", "b") // m1 and m3 in a, m2 and m4 in b
	used := machines(3)
	used[0].CPU, used[1].CPU, used[2].CPU = 1800, 256, 1024
	used[0].Memory, used[1].Memory, used[2].Memory = 512, 4096, 2048
	nearlyEqual := with(machines(2), 1, func(c *Candidate) { c.CPU = 100 })
	ragged := machines(3, "a", "b", "")
	mark := func(tasks []ServiceTask, i int, change func(*ServiceTask)) []ServiceTask {
		change(&tasks[i])
		return tasks
	}
	protect := func(s *ServiceTask) { s.Protected = true }
	tests := []struct {
		name     string
		n        int
		tasks    []ServiceTask
		strategy []types.PlacementStrategy
		want     []string // at each step, one of these
	}{
		{"none asked for", 0, running(zoned, 0, 1), nil, nil},
		{"the zone with most tasks", 1, running(zoned, 0, 2, 1), nil, []string{"t1 t2"}},
		{"in it the instance with most", 1, running(zoned, 0, 2, 2, 1, 3), nil, []string{"t2 t3"}},
		{"one after the other", 2, running(zoned, 0, 0, 0, 1), nil, []string{"t1 t2 t3", "t1 t2 t3"}},
		{"until zones are level", 3, running(zoned, 0, 0, 2, 1, 1), nil, []string{"t1 t2", "t1 t2 t3 t4 t5", "t1 t2 t3 t4 t5"}},
		{"a task that does not run goes before the balance", 1,
			mark(running(zoned, 0, 0, 1), 2, func(s *ServiceTask) { s.Running = false }), nil, []string{"t3"}},
		{"so does an unhealthy one", 2,
			mark(running(zoned, 0, 0, 0, 1), 3, func(s *ServiceTask) { s.Unhealthy = true }), nil, []string{"t4", "t1 t2 t3"}},
		{"of several the one in the fullest zone", 1,
			mark(mark(running(zoned, 0, 0, 1), 1, func(s *ServiceTask) { s.Running = false }), 2, func(s *ServiceTask) { s.Running = false }),
			nil, []string{"t2"}},
		{"protected tasks stay, and count", 1, mark(mark(running(zoned, 0, 0, 0, 1), 0, protect), 2, protect), nil, []string{"t2"}},
		{"fewer than asked for if the rest is protected", 3, mark(running(zoned, 0, 1), 0, protect), nil, []string{"t2"}},
		{"spread over zones keeps zones in balance", 2, running(zoned, 0, 2, 1, 3, 0, 2), strategies("spread attribute:ecs.availability-zone"),
			[]string{"t1 t2 t5 t6", "t1 t2 t5 t6"}},
		{"spread over instances looks at instances alone", 1, running(zoned, 0, 2, 0, 1, 1, 1), strategies("spread instanceId"), []string{"t4 t5 t6"}},
		{"instances without zone are a zone", 1, running(ragged, 0, 1, 2, 2), nil, []string{"t3 t4"}},
		{"binpack by CPU: where most CPU is left", 1, running(used, 0, 1, 2), strategies("binpack cpu"), []string{"t2"}},
		{"binpack by memory: where most memory is left", 1, running(used, 0, 1, 2), strategies("binpack memory"), []string{"t1"}},
		{"binpack empties one instance before the next", 2, running(used, 0, 2, 2), strategies("binpack cpu"), []string{"t2 t3", "t2 t3"}},
		{"what a stopped task leaves counts as left", 2, running(nearlyEqual, 0, 0, 1, 1), strategies("binpack cpu"), []string{"t1 t2", "t1 t2"}},
		{"strategies in turn", 1, running(used, 0, 1, 1, 2, 2), strategies("spread instanceId", "binpack memory"), []string{"t4 t5"}},
		{"random", 1, running(used, 0, 1, 2), strategies("random"), []string{"t1 t2 t3"}},
		{"tasks without an instance", 1, mark(running(zoned, 0, 1), 1, func(s *ServiceTask) { s.On, s.Running = nil, false }), nil, []string{"t2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for seed := range uint64(20) {
				got := ChooseStops(tt.n, tt.tasks, tt.strategy, seed)
				if len(got) != len(tt.want) {
					t.Fatalf("chose %v, want one of each of %q", got, tt.want)
				}
				for i, id := range got {
					if !slices.Contains(strings.Fields(tt.want[i]), id) || slices.Contains(got[:i], id) {
						t.Fatalf("chose %v, want one of each of %q", got, tt.want)
					}
				}
			}
		})
	}
}

func TestTheSeedDecidesBetweenEqualStops(t *testing.T) {
	tasks := running(machines(1), 0, 0, 0, 0, 0, 0, 0, 0)
	first := ChooseStops(4, tasks, nil, 1)
	if !slices.Equal(first, ChooseStops(4, tasks, nil, 1)) {
		t.Error("the same seed chose otherwise")
	}
	if slices.Equal(first, ChooseStops(4, tasks, nil, 2)) {
		t.Error("another seed made no difference")
	}
}
