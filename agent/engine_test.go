package agent_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"steady/runtime"
	"steady/runtime/sim"
)

// engine is a simulated runtime that can be slow, hang, fail and go away. What a story
// asks of its embedded runtime happens behind the agent's back.
type engine struct {
	*sim.Runtime
	createTakes time.Duration // and the container comes to be whether or not its caller waits

	mu    sync.Mutex
	hangs map[string]bool // calls that last until their context ends
	fails map[string]bool // calls that fail
	back  chan struct{}   // receives when the engine has come back
}

func newEngine() *engine {
	return &engine{Runtime: sim.New(sim.Options{}), hangs: map[string]bool{}, fails: map[string]bool{}}
}

func (e *engine) hang(call string, yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hangs[call] = yes
}

func (e *engine) fail(call string, yes bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fails[call] = yes
}

var allCalls = []string{"Pull", "Create", "Start", "Stop", "Remove", "Inspect", "List", "Tail", "Events", "Info"}

// goDown ends the engine's process; comeBack starts it again.
func (e *engine) goDown() {
	for _, call := range allCalls {
		e.fail(call, true)
	}
}

func (e *engine) comeBack() {
	for _, call := range allCalls {
		e.fail(call, false)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.back <- struct{}{}
}

// engineDown is the text of every call while the engine is down.
const engineDown = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"

// engineFails is the text of a call that the engine refuses.
const engineFails = "Error response from daemon: no"

// enter is the begin of a call.
func (e *engine) enter(ctx context.Context, call string) error {
	e.mu.Lock()
	hangs, fails, down := e.hangs[call], e.fails[call], e.fails["Info"]
	e.mu.Unlock()
	if fails && down {
		return &runtime.Error{Kind: runtime.Unavailable, Name: "Cannot" + call + "Error", Detail: engineDown}
	}
	if fails {
		return &runtime.Error{Name: "Cannot" + call + "Error", Detail: engineFails}
	}
	if hangs {
		<-ctx.Done()
		return fmt.Errorf("%s: %w", call, ctx.Err())
	}
	return nil
}

func (e *engine) Info(ctx context.Context) (runtime.Info, error) {
	if err := e.enter(ctx, "Info"); err != nil {
		return runtime.Info{}, err
	}
	return e.Runtime.Info(ctx)
}

func (e *engine) Pull(ctx context.Context, image, digest string, with ...runtime.Credentials) (runtime.Pulled, error) {
	if err := e.enter(ctx, "Pull"); err != nil {
		return runtime.Pulled{}, err
	}
	return e.Runtime.Pull(ctx, image, digest, with...)
}

func (e *engine) Create(ctx context.Context, spec runtime.Spec) (id string, err error) {
	if err := e.enter(ctx, "Create"); err != nil {
		return "", err
	}
	if e.createTakes == 0 {
		return e.Runtime.Create(ctx, spec)
	}
	made := make(chan struct{})
	go func() {
		defer close(made)
		time.Sleep(e.createTakes)
		id, err = e.Runtime.Create(context.WithoutCancel(ctx), spec)
	}()
	select {
	case <-made:
		return id, err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (e *engine) Start(ctx context.Context, id string) error {
	if err := e.enter(ctx, "Start"); err != nil {
		return err
	}
	return e.Runtime.Start(ctx, id)
}

func (e *engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	if err := e.enter(ctx, "Stop"); err != nil {
		return err
	}
	return e.Runtime.Stop(ctx, id, grace)
}

func (e *engine) Remove(ctx context.Context, id string) error {
	if err := e.enter(ctx, "Remove"); err != nil {
		return err
	}
	return e.Runtime.Remove(ctx, id)
}

func (e *engine) Inspect(ctx context.Context, id string) (runtime.Container, error) {
	if err := e.enter(ctx, "Inspect"); err != nil {
		return runtime.Container{}, err
	}
	return e.Runtime.Inspect(ctx, id)
}

func (e *engine) List(ctx context.Context, labels map[string]string) ([]runtime.Container, error) {
	if err := e.enter(ctx, "List"); err != nil {
		return nil, err
	}
	return e.Runtime.List(ctx, labels)
}

// Events loses what happens while the engine is down.
func (e *engine) Events(ctx context.Context, labels map[string]string) <-chan runtime.Event {
	in, out, back := e.Runtime.Events(ctx, labels), make(chan runtime.Event), make(chan struct{}, 1)
	e.mu.Lock()
	e.back = back
	e.mu.Unlock()
	go func() {
		defer close(out)
		for {
			var event runtime.Event
			select {
			case event = <-in:
				if event.ID == "" || e.enter(ctx, "Events") != nil {
					if ctx.Err() != nil {
						return
					}
					continue
				}
			case <-back:
				event = runtime.Event{Resync: true}
			case <-ctx.Done():
				return
			}
			select {
			case out <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
