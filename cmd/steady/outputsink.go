package main

import (
	"context"
	"errors"

	"steady/agent/output"
	"steady/archive"
)

// outputSink keeps the output of containers in the archive.
type outputSink struct{ archive *archive.Archive }

// Open makes the log stream where it is missing.
func (s outputSink) Open(ctx context.Context, o output.Stream) error {
	if _, ok := s.archive.Group(o.Group); !ok {
		if !o.CreateGroup {
			return output.ErrNoGroup
		}
		if err := s.archive.CreateGroup(ctx, archive.Group{Name: o.Group, Class: archive.Logs}); err != nil && !errors.Is(err, archive.ErrExists) {
			return err
		}
	}
	if err := s.archive.CreateStream(ctx, o.Group, o.Name); err != nil && !errors.Is(err, archive.ErrExists) {
		return err
	}
	return nil
}

// Kept is the number of the last batch that the archive accepted.
func (s outputSink) Kept(_ context.Context, origin string) (uint64, error) {
	return s.archive.Accepted(origin), nil
}

// Forget has the archive forget a container that is gone.
func (s outputSink) Forget(ctx context.Context, origin string) error {
	return s.archive.ForgetOrigin(ctx, origin)
}

// Append adds to the log stream, making it where it is missing.
func (s outputSink) Append(ctx context.Context, o output.Stream, b output.Batch) error {
	records := make([]archive.Record, len(b.Events))
	for i, e := range b.Events {
		records[i] = archive.Record{Time: e.At.UnixMilli(), Message: e.Message}
	}
	return s.archive.Append(ctx, archive.Batch{
		Group: o.Group, Stream: o.Name, Class: archive.Logs, Entity: o.Context,
		Origin: o.Origin, Number: b.Number, Records: records,
	})
}
