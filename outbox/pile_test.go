package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"steady/model"
	"steady/state"
)

// TestEventsThatPileUpAreSaidAndNotDropped: when many wait, the log says so again and
// again, Stuck tells how many, and once they are taken all are there.
func TestEventsThatPileUpAreSaidAndNotDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := state.Open(state.NewMemory())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var logged bytes.Buffer
		var refuse atomic.Bool
		refuse.Store(true)
		got := 0
		o := New(s, slog.New(slog.NewTextHandler(&logged, nil)), Consumer{Name: "archive", Deliver: func(_ context.Context, events []*state.Outgoing) error {
			if refuse.Load() {
				return errors.New("the archive takes no events")
			}
			for _, e := range events {
				got += len(e.Events)
			}
			return nil
		}})
		o.many = 10
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { o.Run(ctx); close(ended) }()
		for i := range 10 {
			err := s.Update(ctx, func(tx *state.Tx) error {
				tx.Tell([]model.Event{{Cluster: "c", At: time.Now(), JSON: []byte(fmt.Sprintf(`{"n":%d}`, i))}})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		if stuck := o.Stuck(); len(stuck) != 1 || stuck[0].Waiting != 10 || !stuck[0].Many || stuck[0].Bytes != 70 {
			t.Errorf("stuck: %+v", stuck)
		}
		if n := strings.Count(logged.String(), "pile up"); n < 3 || n > 4 {
			t.Errorf("the log says it %d times in 16 minutes:\n%s", n, &logged)
		}
		refuse.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got != 10 || o.Stuck() != nil {
			t.Errorf("%d events were taken, stuck: %+v", got, o.Stuck())
		}
		stop()
		<-ended
	})
}
