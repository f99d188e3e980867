package simulation

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "play this seed only")
	seedsFlag = flag.Uint64("seeds", fewSeeds, "how many seeds to play")
	fromFlag  = flag.Uint64("from", 1, "the first seed")
	stepsFlag = flag.Int("steps", 40, "how many steps each seed takes before the disturbances end")
	forFlag   = flag.Duration("for", 0, "play as many seeds as this long allows, beginning at a random one")
	linesFlag = flag.Int("lines", 60, "how many lines to print of what happened before a failure")
)

// mostFailures is how many failing seeds are told of before the run ends.
const mostFailures = 3

func TestSimulation(t *testing.T) {
	next := seeds()
	var failures atomic.Int32
	var played atomic.Uint64
	var wg sync.WaitGroup
	begin := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed, ok := next(); ok && failures.Load() < mostFailures; seed, ok = next() {
				if failure := play(t, seed); failure != "" {
					failures.Add(1)
					t.Error(failure)
				}
				played.Add(1)
			}
		})
	}
	wg.Wait()
	t.Logf("%d seeds in %v", played.Load(), time.Since(begin).Round(time.Millisecond))
}

// seeds says which seeds to play.
func seeds() (next func() (seed uint64, ok bool)) {
	var n atomic.Uint64
	begin, from := time.Now(), *fromFlag
	if *forFlag > 0 {
		from = uint64(begin.UnixNano()) % 1e9
	}
	return func() (uint64, bool) {
		i := n.Add(1) - 1
		switch {
		case *seedFlag > 0:
			return *seedFlag, i == 0
		case *forFlag > 0:
			return from + i, time.Since(begin) < *forFlag
		}
		return from + i, i < *seedsFlag
	}
}

// stuckAfter is how much real time one moment of virtual time may take: far more than
// any needs, on however slow a machine.
const stuckAfter = 5 * time.Minute

// play plays one seed and says what went wrong.
func play(t *testing.T, seed uint64) (failure string) {
	tr := &trace{}
	done := make(chan struct{})
	defer close(done)
	go watchTime(seed, tr, done)
	synctest.Test(t, func(*testing.T) {
		l := newLife(seed, tr)
		if l.play(); len(l.violations) > 0 {
			failure = report(seed, l.violations[0], tr)
		}
	})
	return failure
}

// watchTime ends the run when virtual time stands still.
func watchTime(seed uint64, tr *trace, done <-chan struct{}) {
	for before := time.Duration(-1); ; {
		select {
		case <-done:
			return
		case <-time.After(stuckAfter):
		}
		now := tr.now()
		if now == before {
			panic(report(seed, "virtual time stands still: something is done again and again without end", tr))
		}
		before = now
	}
}

// report says what went wrong with a seed, what was before, and how to see it again.
func report(seed uint64, violation string, tr *trace) string {
	return fmt.Sprintf("seed %d: %s\n\nbefore it:\n%s\n\nreplay it:\n\tgo test ./simulation -run TestSimulation -seed=%d -steps=%d",
		seed, violation, tr.last(*linesFlag), seed, *stepsFlag)
}
