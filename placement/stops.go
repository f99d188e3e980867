package placement

import (
	"cmp"
	"math/rand/v2"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// ServiceTask is one task of a service that has too many.
type ServiceTask struct {
	ID string
	// On is the instance that the task is bound to; nil if there is none.
	On     *Candidate
	CPU    int // CPU units that it holds
	Memory int // MiB that it holds
	// Running tells that the task is RUNNING, Unhealthy that its health checks
	// say so.
	Running   bool
	Unhealthy bool
	// Protected tasks are never stopped to scale in.
	Protected bool
}

// ChooseStops picks the ids of n tasks of a service to stop, in that order; fewer
// if the others are protected. Tasks that do not run or are unhealthy go first.
// Then ECS's rules of scaling in: without a strategy, from the Availability Zone
// with most tasks of the service, there from the instance with most; with spread,
// from where most are; with binpack, from where most resources are left; with
// random and between equals, by chance from the seed. Tasks already told to stop
// must not be given. Nothing is changed.
func ChooseStops(n int, tasks []ServiceTask, strategy []types.PlacementStrategy, seed uint64) []string {
	levels := defaultSpread
	if len(strategy) > 0 {
		levels = parseStrategies(strategy)
	}
	s := newStopper(levels, tasks, seed)
	var chosen []string
	for len(chosen) < n {
		t := s.next()
		if t == nil {
			break
		}
		t.leave()
		chosen = append(chosen, t.ID)
	}
	return chosen
}

type stopper struct {
	levels []level
	tasks  []*stopping
}

// stopping is a task with the figures that it shares with its neighbours.
type stopping struct {
	*ServiceTask
	chosen bool
	chance float64
	tasks  []*int // by level: the service's tasks in the domain or on the instance
	left   *left
}

// left is what is left of an instance as tasks leave it.
type left struct{ cpu, memory int }

// nowhere stands for the instance of tasks that have none.
var nowhere = &Candidate{Instance: &model.Instance{}}

func newStopper(levels []level, tasks []ServiceTask, seed uint64) *stopper {
	s := &stopper{levels: levels}
	random := rand.New(rand.NewPCG(seed, 0))
	service := headcount{make(census), make(map[*Candidate]*int)}
	lefts := make(map[*Candidate]*left)
	for i := range tasks {
		on := tasks[i].On
		if on == nil {
			on = nowhere
		}
		if lefts[on] == nil {
			lefts[on] = &left{on.cpuLeft(), on.memoryLeft()}
		}
		s.tasks = append(s.tasks, &stopping{
			ServiceTask: &tasks[i],
			chance:      random.Float64(),
			tasks:       service.enter(levels, on),
			left:        lefts[on],
		})
	}
	return s
}

// headcount holds the service's tasks by domain and by instance.
type headcount struct {
	domains   census
	instances map[*Candidate]*int
}

// enter adds a task and returns the counts that it is in, by level.
func (h *headcount) enter(levels []level, on *Candidate) []*int {
	if h.instances[on] == nil {
		h.instances[on] = new(int)
	}
	counts := make([]*int, len(levels))
	h.domains.locate(counts, levels, on)
	for i, l := range levels {
		if l.criterion == spreadInstance {
			counts[i] = h.instances[on]
		}
	}
	add(counts, 1)
	return counts
}

// next is the task to stop next, nil if only protected ones are left.
func (s *stopper) next() *stopping {
	var best *stopping
	for _, t := range s.tasks {
		if t.chosen || t.Protected {
			continue
		}
		if best == nil || s.compare(t, best) < 0 {
			best = t
		}
	}
	return best
}

// compare puts the task that goes first first.
func (s *stopper) compare(a, b *stopping) int {
	if a.serves() != b.serves() {
		if b.serves() {
			return -1
		}
		return 1
	}
	for i, l := range s.levels {
		c := 0
		switch l.criterion {
		case spreadAttribute, spreadInstance:
			c = cmp.Compare(*b.tasks[i], *a.tasks[i])
		case binpackCPU:
			c = cmp.Compare(b.left.cpu, a.left.cpu)
		case binpackMemory:
			c = cmp.Compare(b.left.memory, a.left.memory)
		case randomly:
			c = cmp.Compare(a.chance, b.chance)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(a.chance, b.chance)
}

func (t *stopping) serves() bool { return t.Running && !t.Unhealthy }

// leave takes the task out of the figures.
func (t *stopping) leave() {
	t.chosen = true
	t.left.cpu += t.CPU
	t.left.memory += t.Memory
	add(t.tasks, -1)
}
