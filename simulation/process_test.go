package simulation

import (
	"context"
	"errors"
	"sync"
	"time"

	"steady/runtime"
	"steady/state"
)

// errKilled is what a dead process gets of the world outside: nothing.
var errKilled = errors.New("simulation: the process was killed")

// process is the border between one run of the server and what outlives it: the disk
// and the container runtime. Once it is dead nothing of that run has any effect any
// more, as after kill -9, however long its goroutines take to end.
type process struct {
	mu   sync.Mutex
	dead bool
	died chan struct{}
	// fuse is how many effects are left until the process dies; negative for never.
	// after tells whether it dies with the last one done but not answered, or just
	// before it.
	fuse  int
	after bool
	// unanswered tells that a write reached the disk and nobody was told.
	unanswered bool
}

func newProcess() *process { return &process{died: make(chan struct{}), fuse: -1} }

// arm makes the process die at its nth effect from now on.
func (p *process) arm(n int, after bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fuse, p.after = n, after
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.die()
}

func (p *process) die() {
	if !p.dead {
		p.dead = true
		close(p.died)
	}
}

// act does something that has an effect, if the process lives. It tells whether the
// process lived to see it done.
func (p *process) act(do func()) (done, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return false, false
	}
	last := p.fuse == 0
	p.fuse--
	if last && !p.after {
		p.die()
		return false, false
	}
	do()
	if last {
		p.die()
		return true, false
	}
	return true, true
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// disk is the state's backend as one process sees it.
type disk struct {
	*state.Memory
	process *process
}

func (d disk) Append(rows []state.Row) error {
	var err error
	done, answered := d.process.act(func() { err = d.Memory.Append(rows) })
	if done && !answered {
		d.process.mu.Lock()
		d.process.unanswered = true
		d.process.mu.Unlock()
	}
	if !answered {
		return errKilled
	}
	return err
}

// engine is the container runtime as one process sees it. As a Docker daemon does, it
// goes on with what it was asked when the asker has gone.
type engine struct {
	runtime.Runtime
	process *process
	// createTakes is how long the making of a container takes.
	createTakes time.Duration
	life        *life
}

// call asks the engine for something that has an effect.
func (e *engine) call(ctx context.Context, takes time.Duration, do func(ctx context.Context) error) error {
	result := make(chan error, 1)
	_, answered := e.process.act(func() {
		e.life.underWay.Go(func() {
			time.Sleep(takes)
			result <- do(context.WithoutCancel(ctx))
		})
	})
	if !answered {
		return errKilled
	}
	select {
	case err := <-result:
		if e.process.isDead() {
			return errKilled
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *engine) Create(ctx context.Context, spec runtime.Spec) (id string, err error) {
	made := make(chan string, 1)
	err = e.call(ctx, e.createTakes, func(ctx context.Context) error {
		id, err := e.Runtime.Create(ctx, spec)
		made <- id
		return err
	})
	if err != nil {
		return "", err
	}
	return <-made, nil
}

func (e *engine) Start(ctx context.Context, id string) error {
	return e.call(ctx, 0, func(ctx context.Context) error { return e.Runtime.Start(ctx, id) })
}

func (e *engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	return e.call(ctx, 0, func(ctx context.Context) error { return e.Runtime.Stop(ctx, id, grace) })
}

func (e *engine) Remove(ctx context.Context, id string) error {
	return e.call(ctx, 0, func(ctx context.Context) error { return e.life.remove(ctx, id) })
}
