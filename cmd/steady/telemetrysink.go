package main

import (
	"context"
	"errors"

	"steady/archive"
	"steady/awslogs"
	"steady/telemetry"
)

// telemetryRetention is how many days telemetry is kept, as Container Insights does,
// unless the group is told otherwise.
const telemetryRetention = 1

// keepTelemetry keeps performance log events in the archive.
func (s *server) keepTelemetry(ctx context.Context, events []telemetry.Event) error {
	batches := map[string]*archive.Batch{} // by group and stream
	var all []archive.Batch
	var order []*archive.Batch
	for _, e := range events {
		group := awslogs.TelemetryGroup(e.Cluster)
		b := batches[group+" "+e.Stream]
		if b == nil {
			if err := s.telemetryGroup(ctx, group); err != nil {
				return err
			}
			b = &archive.Batch{Group: group, Stream: e.Stream, Class: archive.Telemetry}
			batches[group+" "+e.Stream] = b
			order = append(order, b)
		}
		b.Records = append(b.Records, archive.Record{Time: e.At.UnixMilli(), Message: e.Message})
	}
	for _, b := range order {
		all = append(all, *b)
	}
	return s.archive.Append(ctx, all...)
}

func (s *server) telemetryGroup(ctx context.Context, name string) error {
	if _, ok := s.archive.Group(name); ok {
		return nil
	}
	err := s.archive.CreateGroup(ctx, archive.Group{Name: name, Class: archive.Telemetry, RetentionDays: telemetryRetention})
	if errors.Is(err, archive.ErrExists) {
		return nil
	}
	return err
}
