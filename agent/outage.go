package agent

import (
	"context"
	"time"

	"steady/fleet"
	"steady/runtime"
)

// askAgain is how often an engine that does not answer is asked whether it does again.
const askAgain = 500 * time.Millisecond

// unavailable deals with a call that the engine did not answer: that is no failure of
// the task. The step is taken again after a pause, or as soon as the engine is back.
// It tells whether err was of that kind.
func (r *runner) unavailable(ctx context.Context, p *part, err error) bool {
	if !is(err, runtime.Unavailable) {
		return false
	}
	r.log.Warn("the container engine does not answer, trying again", "container", p.name, "error", err)
	r.agent.lost(ctx, r.session)
	p.held = time.Now().Add(p.retry.next())
	return true
}

// lost notes that the engine does not answer: until it does, the instance's agent is
// not connected, so that no task is placed here.
func (a *Agent) lost(ctx context.Context, session *fleet.Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.out {
		return
	}
	a.out = true
	a.wg.Go(func() {
		a.setConnected(ctx, session, false)
		for ctx.Err() == nil && !a.engineAnswers(ctx) {
			pause(ctx, askAgain)
		}
		a.happened(runtime.Event{Resync: true})
		select {
		case <-a.taken:
		case <-ctx.Done():
		}
		a.mu.Lock()
		a.out = false
		a.mu.Unlock()
		a.setConnected(ctx, session, true)
	})
}

func (a *Agent) setConnected(ctx context.Context, session *fleet.Session, connected bool) {
	if err := session.SetConnected(ctx, connected); err != nil && ctx.Err() == nil {
		a.Log.Error("note whether the container engine answers", "connected", connected, "error", err)
	}
}

func (a *Agent) engineAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	_, err := a.Runtime.Info(ctx)
	return err == nil
}
