package agent

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/output"
	"steady/fleet"
	"steady/model"
	"steady/runtime"
)

// runner takes one task through its life. One goroutine runs it; update and nudge
// may be called from others.
type runner struct {
	agent      *Agent
	session    *fleet.Session
	id         string
	definition *model.TaskDefinition
	log        *slog.Logger

	mu      sync.Mutex
	task    *model.Task // newest version that the fleet told
	cancel  context.CancelFunc
	nudged  chan struct{}
	told    chan struct{} // closed when it is on record how the task was taken over
	stopNow bool
	images  []model.Image // that the containers have to run, as far as it is said

	// Only the runner's goroutine touches what follows.
	parts    []part
	report   model.Observation
	stopping bool
	blind    bool // a container could not be looked at
	retry    backoff
}

// part is one container of the task.
type part struct {
	seen
	definition types.ContainerDefinition
	id         string // the runtime's
	image      string // to create it from
	observed   model.Container
	collector  *output.Collector // of its output; nil before it runs
}

func newRunner(a *Agent, session *fleet.Session, as fleet.Assignment) *runner {
	r := &runner{
		agent: a, session: session, id: as.Task.ID, definition: as.Definition, task: as.Task, images: as.Images,
		log:    a.Log.With("service", as.Task.Service, "deployment", as.Task.Deployment, "task", as.Task.ID),
		nudged: make(chan struct{}, 1), told: make(chan struct{}),
		report: model.Observation{Task: as.Task.ID},
	}
	for _, c := range as.Task.Containers {
		d, _ := as.Definition.Container(c.Name)
		p := part{seen: seen{essential: c.Essential}, definition: d, observed: model.Container{Name: c.Name, Last: model.Pending}}
		if c.Last == model.Stopped { // seen by a former run of the agent
			p.progress, p.observed = stopped, c
		}
		r.parts = append(r.parts, p)
	}
	return r
}

// adopt takes over containers that a former run of the agent made for the task.
func (r *runner) adopt(found []runtime.Container) {
	for _, c := range found {
		if c.Labels[labelTask] != r.id {
			continue
		}
		i := slices.IndexFunc(r.parts, func(p part) bool { return p.observed.Name == c.Labels[labelContainer] })
		if i < 0 {
			continue
		}
		r.parts[i].id = c.ID
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

// run takes steps until the task is over or ctx ends.
func (r *runner) run(ctx context.Context) {
	r.takeUp(ctx)
	// That it is PENDING takes nothing back: a task only moves forward.
	r.tell(ctx, model.Pending)
	close(r.told)
	for ctx.Err() == nil {
		what, i := next(r.seen(), r.shallStop())
		switch what {
		case wait:
			r.wait(ctx)
		case pull:
			r.pull(ctx, &r.parts[i])
		case create:
			r.create(ctx, &r.parts[i])
		case start:
			r.start(ctx, &r.parts[i])
		case stopAll:
			r.stopAll(ctx)
		case finish:
			r.finish(ctx)
			return
		}
	}
}

func (r *runner) seen() []seen {
	s := make([]seen, len(r.parts))
	for i, p := range r.parts {
		s[i] = p.seen
	}
	return s
}

// takeUp looks at the containers of a former run until it knows how they are: one that
// has ended must not be started again. One that had been made and is not there any more
// cannot be made again under the same task.
func (r *runner) takeUp(ctx context.Context) {
	for !r.inspect(ctx) && ctx.Err() == nil {
		r.rest(ctx)
	}
	r.retry = 0
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
}

// wait waits until there may be something new, then looks at the containers. The
// containers' state is reported first, so that what is known is told at once.
func (r *runner) wait(ctx context.Context) {
	r.tell(ctx, status(r.seen(), r.stopping))
	if r.blind {
		r.rest(ctx)
	} else {
		r.retry = 0
		select {
		case <-r.nudged:
		case <-ctx.Done():
			return
		}
	}
	r.blind = !r.inspect(ctx)
}

// rest is the pause before something that failed is tried again: longer each time, and
// over at once when there is news of the containers, such as that the engine is back.
func (r *runner) rest(ctx context.Context) {
	t := time.NewTimer(r.retry.next())
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.nudged:
	case <-ctx.Done():
	}
}

// tell reports the whole of the task until the report is accepted or ctx ends.
func (r *runner) tell(ctx context.Context, s model.TaskStatus) bool {
	o := r.report
	o.Status = s
	for _, p := range r.parts {
		o.Containers = append(o.Containers, p.observed)
	}
	for ctx.Err() == nil {
		err := r.session.Report(ctx, o)
		if err == nil {
			return true
		}
		r.log.Error("report a task", "status", s, "error", err)
		pause(ctx, time.Second)
	}
	return false
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
