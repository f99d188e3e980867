package simulation

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing/synctest"
	"time"

	"steady/agent"
	"steady/model"
	"steady/runtime/sim"
	"steady/state"
)

// life is one seed being played.
type life struct {
	dice     *rand.Rand
	trace    *trace
	watch    *watch
	history  *history
	disk     *state.Memory // what outlives a server
	machines *sim.Runtime  // and what runs meanwhile
	size     int           // number of container instances
	settle   time.Duration
	keep     int // stopped tasks' containers of each group and instance
	server   *server
	client   *client

	createTakes time.Duration
	underWay    sync.WaitGroup // what the machines still do
	unanswered  bool           // the last server wrote something that nobody was told of

	mu         sync.Mutex
	violations []string
	names      map[string]string    // of instances, by id
	removed    map[string]time.Time // when the last container of a task was removed
}

func newLife(seed uint64, tr *trace) *life {
	tr.begin = time.Now()
	l := &life{dice: rand.New(rand.NewPCG(seed, 0)), trace: tr, disk: state.NewMemory(), removed: map[string]time.Time{}, names: map[string]string{}}
	l.size = 1 + l.dice.IntN(6)
	l.settle = pick(l, 10*time.Second, 2*time.Second, 40*time.Second, 0)
	l.keep = pick(l, 3, 1, 0)
	l.machines = sim.New(sim.Options{CPUs: 4 * l.size, Memory: int64(l.size) * 8 << 30, InstanceLabel: agent.LabelInstance})
	l.watch = newWatch(l)
	l.history = newHistory(l)
	l.client = newClient(l)
	return l
}

// pick is one of several, each as likely.
func pick[T any](l *life, of ...T) T { return of[l.dice.IntN(len(of))] }

// chance is true once in n times.
func (l *life) chance(n int) bool { return l.dice.IntN(n) == 0 }

// violated notes that something is not as it must be. Only the first is told: what
// comes after may follow from it.
func (l *life) violated(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violations = append(l.violations, fmt.Sprintf(format, args...))
	l.trace.end()
}

func (l *life) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.violations) > 0
}

// play plays the life from its beginning to its end.
func (l *life) play() {
	l.trace.note("%d instances, tasks settle in %v, of %d stopped ones the containers are kept", l.size, l.settle, l.keep)
	defer l.cease()
	l.start(false)
	for range *stepsFlag {
		if l.over() {
			return
		}
		l.disturb()
		l.pass(l.duration())
		if l.server.process.isDead() {
			l.trace.note("the server is dead")
			l.restart()
		}
		l.look()
	}
	if !l.over() {
		l.calm()
		l.rest()
	}
}

// cease ends what still runs.
func (l *life) cease() {
	if l.server != nil {
		if err := l.server.down(); err != nil {
			l.violated("%v", err)
		}
	}
	l.underWay.Wait()
}

// pass lets virtual time go by, then everything that is under way come to rest.
func (l *life) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// duration is how long until the next disturbance.
func (l *life) duration() time.Duration {
	upTo := pick(l, 0, 10*time.Millisecond, time.Second, 5*time.Second, 15*time.Second, time.Minute, 10*time.Minute, 2*time.Hour)
	if l.client.restless() {
		upTo = min(upTo, 30*time.Second)
	}
	if upTo == 0 {
		return 0
	}
	return time.Duration(l.dice.Int64N(int64(upTo)))
}

// disturb does something that happens to a cluster.
func (l *life) disturb() {
	switch n := l.dice.IntN(100); {
	case n < 60:
		l.client.call()
	case n < 72:
		l.loseOrFind()
	case n < 80:
		l.harm()
	case n < 86:
		l.machines.Push(l.client.image())
	case n < 93:
		l.bounce()
	default:
		after := l.chance(2)
		n := l.dice.IntN(30)
		l.trace.note("the server will be killed in %d effects, done=%v", n, after)
		l.server.process.arm(n, after)
	}
}

// start starts a server on what there is. A faulty one may die while it starts.
func (l *life) start(faulty bool) {
	l.createTakes = pick(l, 0, 0, 0, 500*time.Millisecond, 3*time.Second)
	p := newProcess()
	if faulty {
		p.arm(l.dice.IntN(10), l.chance(2))
	}
	var err error
	l.server, err = l.up(p)
	l.unanswered = false
	if err != nil && !p.isDead() {
		l.violated("the server does not start: %v", err)
	}
}

// restart starts a server where the last one died, after a while, once or several
// times.
func (l *life) restart() {
	for l.server.process.isDead() && !l.over() {
		if err := l.server.down(); err != nil {
			l.violated("%v", err)
		}
		l.unanswered = l.server.process.unanswered
		l.pass(l.duration())
		l.trace.note("the server starts")
		l.start(l.chance(4))
	}
}

// bounce stops the server in good order, or kills it.
func (l *life) bounce() {
	kill := l.chance(2)
	l.trace.note("the server is stopped, killed=%v", kill)
	if kill {
		l.server.process.kill()
		l.restart()
		return
	}
	if err := l.server.down(); err != nil {
		l.violated("%v", err)
	}
	l.unanswered = l.server.process.unanswered
	l.pass(l.duration())
	l.trace.note("the server starts")
	l.start(l.chance(4))
	l.restart()
}

// nameOf names an instance by its slot.
func (l *life) nameOf(instance string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name := l.names[instance]; name != "" {
		return name
	}
	return short(instance)
}

func (l *life) name(i *model.Instance) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names[i.ID] = fmt.Sprintf("i%d", i.Slot)
}
