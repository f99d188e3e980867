package docker

import (
	"context"
	"sync"

	"steady/runtime"
)

// flights lets callers that want the same image at the same time share one pull. It
// remembers nothing once that call has returned.
type flights struct {
	mu  sync.Mutex
	now map[string]*flight
}

type flight struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	result  runtime.Pulled
	err     error
}

// do runs call, or joins the one in progress for the same image and credentials. The
// call goes on as long as one of its callers waits, so the first one to leave does not
// spoil it.
func (f *flights) do(ctx context.Context, image, auth string, call func(context.Context) (runtime.Pulled, error)) (runtime.Pulled, error) {
	key := image + "\n" + auth // told to nobody
	fl := f.join(ctx, key, call)
	defer f.leave(key, fl)
	select {
	case <-fl.done:
		return fl.result, fl.err
	case <-ctx.Done():
		return runtime.Pulled{}, failure("CannotPullContainerError", image, ctx.Err())
	}
}

func (f *flights) join(ctx context.Context, key string, call func(context.Context) (runtime.Pulled, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl, ok := f.now[key]; ok {
		fl.waiting++
		return fl
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	fl := &flight{waiting: 1, cancel: cancel, done: make(chan struct{})}
	if f.now == nil {
		f.now = map[string]*flight{}
	}
	f.now[key] = fl
	go func() {
		fl.result, fl.err = call(own)
		f.mu.Lock()
		f.forget(key, fl)
		f.mu.Unlock()
		close(fl.done)
	}()
	return fl
}

// leave ends the call when its last caller goes, so that nobody can join a call that
// is about to be cancelled.
func (f *flights) leave(key string, fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.waiting--; fl.waiting == 0 {
		f.forget(key, fl)
		fl.cancel()
	}
}

func (f *flights) forget(key string, fl *flight) {
	if f.now[key] == fl {
		delete(f.now, key)
	}
}
