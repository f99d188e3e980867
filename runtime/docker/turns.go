package docker

import (
	"context"
	goruntime "runtime"
	"sync"
	"time"
)

const (
	// startsPerProcessor is how many containers are started at once for each processor:
	// enough to keep it busy while some of them wait, also beside what else runs there.
	// All starts take the kernel's one lock of network interfaces, and those that wait for
	// it in /proc/sys spin. Where whoever held it got little of the processors, a hundred
	// at once on two of them took two to eight times the processor time that few did.
	startsPerProcessor = 4
	// turnLasts is how long a start keeps the next one waiting: one that hangs hurts only
	// its own container.
	turnLasts = 3 * time.Second
)

// turns lets so many callers do something at once, first come, first served.
type turns chan struct{}

func startTurns() turns { return make(turns, startsPerProcessor*goruntime.NumCPU()) }

// take waits for a turn. It is over when its taker says so, or has lasted long enough.
func (t turns) take(ctx context.Context) (over func(), err error) {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	end := sync.OnceFunc(func() { <-t })
	late := time.AfterFunc(turnLasts, end)
	return func() {
		late.Stop()
		end()
	}, nil
}
