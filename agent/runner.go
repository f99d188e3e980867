package agent

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/output"
	"steady/firelens"
	"steady/fleet"
	"steady/model"
	"steady/runtime"
)

// runner takes one task through its life. One goroutine runs it and alone changes what
// it knows; what takes time goes on beside it and hands back what to note. update and
// nudge may be called from others.
type runner struct {
	agent      *Agent
	session    *fleet.Session
	id         string
	definition *model.TaskDefinition
	resources  []resource
	own        *ownInterface // nil but in network mode awsvpc
	log        *slog.Logger

	mu      sync.Mutex
	task    *model.Task // newest version that the fleet told
	cancel  context.CancelFunc
	nudged  chan struct{}
	told    chan struct{} // closed when it is on record how the task was taken over
	stopNow bool
	images  []model.Image     // that the containers have to run, as far as it is said
	made    map[string]string // the runtime's ids of the containers that were made, by name

	// Only the runner's goroutine touches what follows.
	parts    []part
	report   model.Observation
	provided provision
	busy     bool // the resources are being made, or given back
	supplies supplies
	stopping bool
	said     saying
	done     chan func() // what has been done beside, to be noted
	beside   sync.WaitGroup
}

// part is one container of the task.
type part struct {
	seen
	definition types.ContainerDefinition
	id         string // the runtime's
	image      string // to create it from
	observed   model.Container
	collector  *output.Collector // of its output; nil before it runs
	collected  int               // the run that it was last begun for
	run        int               // how often it has been started here
	finished   time.Time         // when it last ended
	halted     time.Time         // when it was first asked to stop; zero before
	unsure     bool              // the engine did not answer to a start: it may have been done
	retry      backoff
	sight      sight
}

// sight is how a container is looked at: by one at a time.
type sight struct {
	looking, again bool
	at             time.Time // when it is tried again; zero unless it could not be seen
	retry          backoff
}

func newRunner(a *Agent, session *fleet.Session, as fleet.Assignment) *runner {
	r := &runner{
		agent: a, session: session, id: as.Task.ID, definition: as.Definition, task: as.Task, images: as.Images,
		log:    a.Log.With("service", as.Task.Service, "deployment", as.Task.Deployment, "task", as.Task.ID),
		nudged: make(chan struct{}, 1), told: make(chan struct{}), supplies: supplies{got: make(chan struct{})},
		report: model.Observation{Task: as.Task.ID},
	}
	for _, c := range as.Task.Containers {
		d, _ := as.Definition.Container(c.Name)
		p := part{seen: newSeen(c, d, firelens.Dependencies(as.Definition.Containers(), d)), definition: d, observed: model.Container{Name: c.Name, Last: model.Pending, RestartCount: c.RestartCount}}
		if c.Last == model.Stopped { // seen by a former run of the agent
			p.progress, p.observed, p.exit = stopped, c, c.Exit
			if c.Started() {
				p.started = as.Task.CreatedAt
			}
		}
		r.parts = append(r.parts, p)
	}
	// Each container: an action, a look, its last lines; and what its interface has come to.
	r.done = make(chan func(), 3*len(r.parts)+10)
	r.resources = a.resources(as.Task, as.Definition)
	if as.Definition.OwnsInterface() {
		r.own = newInterface(r)
		r.resources = append(r.resources, r.own.resource())
	}
	r.resources = append(r.resources, r.supplyResource(as.Task)...)
	r.resources = append(r.resources, r.routerResource(as.Task)...)
	return r
}

func newSeen(c model.Container, d types.ContainerDefinition, needs []model.Dependency) seen {
	return seen{
		name: c.Name, image: c.Image, essential: c.Essential, needs: needs,
		startTimeout: time.Duration(aws.ToInt32(d.StartTimeout)) * time.Second,
	}
}

// adopt takes over containers that a former run of the agent made for the task.
func (r *runner) adopt(found []runtime.Container) {
	for _, c := range found {
		if c.Labels[labelTask] != r.id {
			continue
		}
		if r.own != nil && c.Labels[labelContainer] == holderName {
			r.own.holder = c.ID
			r.agent.containers[c.ID] = r
			continue
		}
		i := slices.IndexFunc(r.parts, func(p part) bool { return p.observed.Name == c.Labels[labelContainer] })
		if i < 0 {
			continue
		}
		r.parts[i].id = c.ID
		r.isMade(r.parts[i].name, c.ID)
		r.agent.containers[c.ID] = r // the agent holds its lock
		if r.parts[i].progress != stopped {
			r.parts[i].progress = created
		}
	}
}

// update tells the runner the newest version of its task.
func (r *runner) update(as fleet.Assignment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(as.Images) > 0 {
		r.images = as.Images
	}
	t := as.Task
	if t.Version < r.task.Version {
		return
	}
	r.task = t
	if t.StopDecided() && !r.stopNow {
		r.stopNow = true
		if r.cancel != nil {
			r.cancel()
		}
		r.nudge()
	}
}

// nudge makes the runner look at its containers again.
func (r *runner) nudge() {
	select {
	case r.nudged <- struct{}{}:
	default:
	}
}

// current is the newest version of the task that the fleet told.
func (r *runner) current() *model.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.task
}

// digest is that of the image which a container has to run, empty where any image
// under its name will do.
func (r *runner) digest(container string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.images {
		if i.Container == container {
			return i.Digest
		}
	}
	return ""
}

func (r *runner) shallStop() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopNow
}

// interruptible is a context that also ends when the task shall stop: for a pull and for
// what else may take long before anything runs.
func (r *runner) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancel = cancel
	if r.stopNow {
		cancel()
	}
	return ctx, cancel
}

// run takes steps until the task is over or ctx ends.
func (r *runner) run(ctx context.Context) {
	defer r.beside.Wait()
	wanted, cancel := r.interruptible(ctx)
	defer cancel()
	r.takeUp(ctx)
	// That it is PENDING takes nothing back: a task only moves forward.
	r.tell(ctx, cmp.Or(r.own.status(), model.Pending))
	close(r.told)
	for ctx.Err() == nil {
		p := next(r.whole())
		if p.stopping {
			cancel()
		}
		if r.take(ctx, wanted, p) {
			continue
		}
		if p.over() {
			r.finish(ctx)
			return
		}
		r.say(ctx)
		r.wait(ctx, p.again)
	}
}

func (r *runner) whole() whole {
	return whole{containers: r.seen(), resources: r.provided, providing: r.busy, stop: r.shallStop() || r.own != nil && r.own.lost, now: time.Now()}
}

func (r *runner) seen() []seen {
	s := make([]seen, len(r.parts))
	for i, p := range r.parts {
		s[i] = p.seen
		s[i].never = p.progress == stopped && !p.observed.Started()
	}
	return s
}

// takeUp looks at the containers of a former run until it knows how they are: one that
// has ended must not be started again. One that had been made and is not there any more
// cannot be made again under the same task.
func (r *runner) takeUp(ctx context.Context) {
	var retry backoff
	for !r.inspect(ctx) && ctx.Err() == nil {
		r.rest(ctx, &retry)
	}
	task := r.current()
	for i := range r.parts {
		p := &r.parts[i]
		if p.id != "" && p.progress == stopped {
			r.collect(ctx, p) // a former run may not have come to its last lines
		}
		was := task.Containers[i]
		if p.id == "" && p.progress == nothing && was.RuntimeID != "" {
			p.progress = stopped
			p.observed.Last = model.Stopped
			p.observed.RuntimeID = was.RuntimeID
			p.observed.Reason = reasonVanished
		}
	}
	if r.own != nil {
		r.own.takeUp()
	}
}

// wait waits until there may be something new, and notes it.
func (r *runner) wait(ctx context.Context, again time.Time) {
	var timer <-chan time.Time
	if at := r.earliest(again); !at.IsZero() {
		t := time.NewTimer(time.Until(at))
		defer t.Stop()
		timer = t.C
	}
	select {
	case note := <-r.done:
		note()
	case <-r.nudged:
		r.tryAgain(ctx)
	case <-timer:
		r.lookAgain(ctx)
	case <-ctx.Done():
		return
	}
	for {
		select {
		case note := <-r.done:
			note()
			continue
		default:
		}
		return
	}
}

// earliest is when the runner has to act without news; zero is never.
func (r *runner) earliest(at time.Time) time.Time {
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	sooner(r.said.due)
	for i := range r.parts {
		sooner(r.parts[i].sight.at)
	}
	return at
}

// tryAgain looks at every container and takes up at once what waits to be tried again:
// there is news, such as that the engine is back.
func (r *runner) tryAgain(ctx context.Context) {
	r.own.lookAgain(ctx)
	for i := range r.parts {
		p := &r.parts[i]
		p.held = time.Time{}
		if p.id != "" && p.progress != stopped {
			r.lookAt(ctx, p)
		}
	}
}

// lookAgain looks at the containers that could not be seen and are due.
func (r *runner) lookAgain(ctx context.Context) {
	now := time.Now()
	for i := range r.parts {
		if p := &r.parts[i]; !p.sight.at.IsZero() && !p.sight.at.After(now) {
			r.lookAt(ctx, p)
		}
	}
}

// rest is the pause before something that failed is tried again: longer each time, and
// over at once when there is news of the containers, such as that the engine is back.
func (r *runner) rest(ctx context.Context, retry *backoff) {
	t := time.NewTimer(retry.next())
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.nudged:
	case <-ctx.Done():
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
