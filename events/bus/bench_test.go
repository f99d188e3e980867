package bus

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/model"
	"steady/state"
	"steady/state/bolt"
)

// How long it takes until events are on disk for a target, while they are delivered.
func BenchmarkDeliver(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d events at a time", n), func(b *testing.B) {
			store, err := state.Open(state.NewMemory())
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			err = store.Update(context.Background(), func(tx *state.Tx) error {
				tx.PutEventRule(&model.EventRule{Name: "r", EventPattern: `{"source":["my"]}`, State: types.RuleStateEnabled,
					Targets: []types.Target{{Id: aws.String("t"), Arn: aws.String("command:x")}}})
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			queue, err := bolt.Open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			bus, err := Open(Options{Store: store, Queue: queue, DeadLetters: b.TempDir(), Log: slog.New(slog.DiscardHandler),
				Send: func(context.Context, types.Target, Delivery) error { return nil }})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { defer close(done); bus.Run(ctx) }()
			events := make([][]byte, n)
			for i := range events {
				events[i] = event(fmt.Sprint(i), "my")
			}
			for b.Loop() {
				if err := bus.Deliver(ctx, events...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			cancel()
			<-done
			bus.Close()
		})
	}
}
