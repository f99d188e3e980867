package agent

import (
	"context"
	"time"

	"steady/runtime"
)

// madeWithin is how long an agent that ends waits for a container that it asked for, and
// how long such a container may take to show to the next agent.
const madeWithin = 10 * time.Second

// create makes a container. It is not interrupted, not even by the end of the agent: a
// container that was made but not told of would stay.
func (a *Agent) create(ctx context.Context, spec runtime.Spec) (id string, err error) {
	ctx, cancel := outlive(ctx, madeWithin)
	defer cancel()
	err = limited(ctx, createLimit, "created", func(ctx context.Context) (err error) {
		id, err = a.Runtime.Create(ctx, spec)
		if is(err, runtime.Exists) {
			id, err = a.madeBefore(ctx, spec, err)
		}
		return err
	})
	return id, err
}

// madeBefore finds the container that a former run of the agent had asked for when it
// was killed: the runtime goes on making it, and shows it once it is made. A name that
// somebody else has taken stays the failure that it is.
func (a *Agent) madeBefore(ctx context.Context, spec runtime.Spec, exists error) (id string, err error) {
	for until := time.Now().Add(madeWithin); time.Now().Before(until) && ctx.Err() == nil; pause(ctx, 100*time.Millisecond) {
		found, err := a.Runtime.List(ctx, spec.Labels)
		if err == nil && len(found) == 1 {
			return found[0].ID, nil
		}
	}
	return "", exists
}
