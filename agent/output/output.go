// Package output takes what a container writes to where logs are kept: lines are made
// into events, events into batches, each exactly once and in order, also across a crash.
// It never waits for a slow reader at a container's cost: what does not fit into the
// container's buffer is dropped, counted and said.
//
// Exactly once: a batch has a number, the time in nanoseconds through which it and those
// before it hold all lines. Whoever keeps the batches leaves out one whose number is not
// above the last; after a crash that number says from where to read on.
package output

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"steady/awslogs"
	"steady/runtime"
)

// ErrNoGroup says that a log group does not exist and was not to be made.
//
//lint:ignore ST1005 It is AWS's own text, which a task's reason repeats.
var ErrNoGroup = errors.New("The specified log group does not exist.")

// Sink keeps batches of events. Its methods may be called from several goroutines.
type Sink interface {
	// Open makes the log stream where it is missing, and its group if that is wanted:
	// else it fails with ErrNoGroup.
	Open(ctx context.Context, s Stream) error
	// Kept tells the number of the last batch of an origin that is kept; 0 for none.
	Kept(ctx context.Context, origin string) (uint64, error)
	// Append returns when the batch is kept, or was before. It makes the log stream, and
	// its group, where they are missing.
	Append(ctx context.Context, s Stream, b Batch) error
	// Forget says that nothing of an origin will come again, as its container is gone.
	Forget(ctx context.Context, origin string) error
}

// Stream is where the output of one container goes.
type Stream struct {
	Group, Name string
	CreateGroup bool
	// Origin names the container among all whose output is kept.
	Origin string
	// Context is what the stream's events have in common, shown with each.
	Context map[string]string
}

// Batch is events in the order in which their first lines were written.
type Batch struct {
	Number uint64
	Events []Event
}

// Event is one log event.
type Event struct {
	At      time.Time // of its first line
	Message string    // valid UTF-8, 1 to MaxEvent bytes
}

// MaxEvent is how long an event can be: the 256 KB of CloudWatch Logs, less the 26 bytes
// that it counts for each.
const MaxEvent = 256<<10 - 26

// Config is what a collector needs.
type Config struct {
	Runtime   runtime.Runtime
	Sink      Sink
	Container string // the runtime's id
	Stream    Stream
	Options   awslogs.Options
	Log       *slog.Logger // with the container's task
	// After is closed when the collector of the container's run before is done, which may
	// go on into this run; nil when there is none.
	After <-chan struct{}
}
