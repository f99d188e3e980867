package bus

import (
	"container/heap"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Run makes deliveries, and fires schedules, until ctx ends, and returns when no attempt
// is under way any more. What it has not finished stays on disk.
func (b *Bus) Run(ctx context.Context) {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	attempts.Go(func() { b.keepTime(ctx) })
	for {
		wait := b.begin(ctx, &attempts)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-b.wake:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// idle is how long Run sleeps when there is nothing to do until it is woken.
const idle = time.Hour

// begin starts the attempts that are due, and tells how long it is until the next.
func (b *Bus) begin(ctx context.Context, attempts *sync.WaitGroup) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, wait := time.Now(), idle
	for _, l := range b.lanes {
		for len(l.due) > 0 && l.active < width {
			if pause := l.due[0].Next.Sub(now); pause > 0 {
				wait = min(wait, pause)
				break
			}
			d := heap.Pop(&l.due).(Delivery)
			l.active++
			attempts.Go(func() { b.attempt(ctx, d) })
		}
	}
	return wait
}

// attempt makes one attempt, and sees to what follows from it.
func (b *Bus) attempt(ctx context.Context, d Delivery) {
	defer b.nudge()
	log := b.Log.With("rule", d.Rule, "target", d.Target, "event", d.EventID)
	to, ok := b.target(d)
	if !ok {
		b.end(d, targetRemoved, log)
		return
	}
	err := b.Send(ctx, to, d)
	if err == nil {
		log.Debug("an event was delivered", "attempts", d.Attempts+1)
		b.done(d)
		return
	}
	if ctx.Err() != nil {
		b.postpone(d) // Steady is stopping; the attempt counts for nothing
		return
	}
	f, ok := errors.AsType[*Failure](err)
	if !ok {
		f = &Failure{Code: "TARGET_ERROR", Message: err.Error()}
	}
	d.Attempts++
	d.Failure = f.Message
	next, exhausted := d.again(to.RetryPolicy, f, time.Now(), rand.Float64())
	if exhausted != "" {
		b.end(d, ending{code: f.Code, exhausted: exhausted, arn: *to.Arn}, log)
		return
	}
	d.Next = next
	log.Info("an event was not delivered; it is tried again", "attempts", d.Attempts, "next", next.UTC().Format(time.RFC3339), "err", f.Message)
	b.queue.later(d.row())
	b.postpone(d)
}

// target is the target of a delivery as it is now.
func (b *Bus) target(d Delivery) (types.Target, bool) {
	r, ok := b.Store.Snapshot().EventRule(d.Rule)
	if !ok {
		return types.Target{}, false
	}
	return r.Target(d.Target)
}

// postpone puts a delivery back among those that wait.
func (b *Bus) postpone(d Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lane(d)
	l.active--
	l.push(d)
}

// done is the end of a delivery.
func (b *Bus) done(d Delivery) {
	b.queue.later(d.removed())
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lane(d).active--
	b.release(d)
}

// buryAgain is when it is tried again to write to a dead-letter file.
const buryAgain = time.Minute

// end writes a delivery that failed for good to the dead-letter file. Until that is
// done it stays.
func (b *Bus) end(d Delivery, e ending, log *slog.Logger) {
	if err := b.bury(d, e); err != nil {
		log.Error("an event that could not be delivered is kept, for the dead-letter file cannot be written", "err", err)
		d.Next = time.Now().Add(buryAgain)
		b.postpone(d)
		return
	}
	b.done(d)
}

func (b *Bus) bury(d Delivery, e ending) error {
	return b.dead.add(b.Realm.EventRuleARN(d.Rule), d, e)
}
