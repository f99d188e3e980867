package docker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// inTurn takes a turn each for some callers, one after the other, and keeps it for a
// while. It tells how many have had one.
func inTurn(ctx context.Context, t *testing.T, at turns, callers int, keep time.Duration) *atomic.Int32 {
	var had atomic.Int32
	for range callers {
		go func() {
			over, err := at.take(ctx)
			if err != nil {
				return
			}
			defer over()
			had.Add(1)
			time.Sleep(keep)
		}()
		synctest.Wait()
	}
	return &had
}

func TestSoManyTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		had := inTurn(t.Context(), t, make(turns, 2), 6, time.Second)
		for i, want := range []int32{2, 4, 6} {
			if synctest.Wait(); had.Load() != want {
				t.Errorf("%d had a turn after %d seconds, want %d", had.Load(), i, want)
			}
			time.Sleep(time.Second + time.Millisecond)
		}
	})
}

// A start that hangs must not keep others from starting.
func TestATurnDoesNotLastForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := make(turns, 2)
		had := inTurn(t.Context(), t, at, 4, time.Hour)
		if had.Load() != 2 {
			t.Errorf("%d had a turn at once, want 2", had.Load())
		}
		time.Sleep(turnLasts + time.Millisecond)
		if synctest.Wait(); had.Load() != 4 {
			t.Errorf("%d had a turn while two hang, want 4", had.Load())
		}
		time.Sleep(2 * time.Hour)
		if synctest.Wait(); len(at) != 0 {
			t.Errorf("%d turns are taken when all are over", len(at))
		}
	})
}

func TestWhoDoesNotWaitForATurnHasNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := make(turns, 1)
		inTurn(t.Context(), t, at, 1, time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := at.take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Minute)
		if len(at) != 0 {
			t.Errorf("%d turns are taken when all are over", len(at))
		}
	})
}
