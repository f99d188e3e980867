package agent

import (
	"context"
	"errors"
	"time"

	"steady/runtime"
)

// How long the runtime may take for one call, as in the official agent: a call that
// hangs hurts only its own task.
const (
	pullLimit     = 2 * time.Hour
	createLimit   = 4 * time.Minute
	startLimit    = 3 * time.Minute
	stopAllowance = 2 * time.Minute // beyond the container's own stopTimeout
	removeLimit   = 5 * time.Minute
	inspectLimit  = 30 * time.Second
	listLimit     = 10 * time.Minute
)

const timeoutError = "DockerTimeoutError"

// limited calls the runtime, which has to be done within the limit: "Could not
// transition to <created|started|stopped>; timed out after waiting <duration>".
func limited(ctx context.Context, limit time.Duration, state string, call func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := call(within)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return &runtime.Error{Name: timeoutError, Detail: "Could not transition to " + state + "; timed out after waiting " + limit.String()}
	}
	return err
}

// outlive is a context that ends some time after ctx has.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause(longer, by)
		cancel()
	})
	return longer, func() {
		stop()
		cancel()
	}
}

func timedOut(err error) bool {
	var e *runtime.Error
	return errors.As(err, &e) && e.Name == timeoutError
}

// backoff is the last pause between attempts; zero before the first.
type backoff time.Duration

const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// next doubles the pause.
func (b *backoff) next() time.Duration {
	*b = min(max(2**b, backoff(firstPause)), backoff(lastPause))
	return time.Duration(*b)
}
