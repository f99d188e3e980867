package outbox

import (
	"context"
	"errors"
	"fmt"

	"steady/archive"
	"steady/state"
)

// Group is the log group of a cluster's lifecycle events.
func Group(cluster string) string {
	return "/aws/events/ecs/containerinsights/" + cluster + "/performance"
}

// Stream is the one log stream of such a group.
const Stream = "aws.ecs"

// Archive keeps every event in an archive, exactly once: "the default bus archives every
// event of aws.ecs without any rule". origin is that of the state (Origin); the group of
// a cluster is made with its first event, and keeps events for so many days, 0 being for
// ever.
func Archive(a *archive.Archive, origin string, days int) Consumer {
	k := keeper{archive: a, origin: origin, days: days}
	return Consumer{Name: "archive", Deliver: k.keep}
}

type keeper struct {
	archive *archive.Archive
	origin  string
	days    int
}

func (k keeper) keep(ctx context.Context, events []*state.Outgoing) error {
	var batches []archive.Batch
	for _, o := range events {
		batches = append(batches, k.batches(o)...)
	}
	for _, b := range batches {
		if err := k.group(ctx, b.Group); err != nil {
			return err
		}
	}
	if err := k.archive.Append(ctx, batches...); err != nil {
		return fmt.Errorf("archive lifecycle events: %w", err)
	}
	return nil
}

// batches are the events of one transaction, a batch for each cluster. How they are cut
// must not depend on what is delivered together: the same event has to come in the same
// batch again, under the number of its last event.
func (k keeper) batches(o *state.Outgoing) []archive.Batch {
	var all []archive.Batch
	of := map[string]int{}
	for i, e := range o.Events {
		n, ok := of[e.Cluster]
		if !ok {
			n = len(all)
			of[e.Cluster] = n
			all = append(all, archive.Batch{
				Group: Group(e.Cluster), Stream: Stream, Class: archive.Events,
				// Each cluster's events are numbered apart, for batches to come in order.
				Origin: "outbox/" + k.origin + "/" + e.Cluster,
			})
		}
		all[n].Number = o.Number + uint64(i)
		all[n].Records = append(all[n].Records, archive.Record{Time: e.At.UnixMilli(), Message: string(e.JSON)})
	}
	return all
}

// group makes a log group that is not there.
func (k keeper) group(ctx context.Context, name string) error {
	if _, ok := k.archive.Group(name); ok {
		return nil
	}
	err := k.archive.CreateGroup(ctx, archive.Group{Name: name, RetentionDays: k.days, Class: archive.Events})
	if err != nil && !errors.Is(err, archive.ErrExists) {
		return fmt.Errorf("make the log group %s: %w", name, err)
	}
	return nil
}
