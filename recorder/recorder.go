// Package recorder looks at all services of clusters again and again, through the
// public API alone, and keeps what it sees: tasks before they vanish, the messages of
// services, what happened to their deployments. It never changes anything.
//
// Against Amazon ECS it is the record that else somebody has to set up; it knows what a
// look shows, so a task that comes and goes within two looks is seen when it has
// stopped, and states between are not.
package recorder

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/archive"
	"steady/awslogs"
	"steady/monitor"
	"steady/scan"
)

// ECS is what a recorder needs of the ECS API; *ecs.Client has it.
type ECS interface {
	ecs.ListServicesAPIClient
	ecs.DescribeServicesAPIClient
	ecs.ListTasksAPIClient
	ecs.DescribeTasksAPIClient
}

// Archive is where a recorder keeps what it sees; *archive.Archive is one.
type Archive interface {
	scan.Source
	Append(context.Context, ...archive.Batch) error
}

// Options says what to record.
type Options struct {
	Cluster string // name
	ECS     ECS
	Archive Archive
	// Every is the time between two looks; Pause that between two calls, which bounds
	// their rate: "ECS's read actions allow 20 a second" for all who call.
	Every, Pause time.Duration
	// Queued tells that ECS's own events come from a queue: what they tell is not
	// recorded by looking as well.
	Queued bool
	// Tell is called with what happened to a service, once it is on record; may be nil.
	Tell func(ctx context.Context, s types.Service, h monitor.Happening)
	Log  *slog.Logger
}

// known is how far back a recorder that starts looks for what was recorded before:
// longer than ECS tells of a stopped task.
const known = 3 * time.Hour

// recorder is the loop's memory; all of it can be built again from the archive and a
// look.
type recorder struct {
	Options
	services map[string]*monitor.Seen // by ARN
	seen     map[string]time.Time     // ids of recorded events, and when they were last of use
	settled  map[string]bool          // ARNs of tasks that are RUNNING or STOPPED and recorded so
	untold   []telling                // what happened, and is on record
	calledAt time.Time
	first    bool // no look has been taken yet
	lost     bool // the last look failed
}

// Run looks until ctx ends. What cannot be read or kept is said, and tried again with
// the next look.
func Run(ctx context.Context, o Options) error {
	r := &recorder{Options: o, services: map[string]*monitor.Seen{}, seen: map[string]time.Time{}, settled: map[string]bool{}, first: true}
	if err := r.remember(ctx); err != nil {
		return fmt.Errorf("read what was recorded of cluster %s: %w", o.Cluster, err)
	}
	for ctx.Err() == nil {
		err := r.look(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && !r.lost:
			r.Log.Error("a look failed; trying on", "cluster", r.Cluster, "error", err)
		case err == nil && r.lost:
			r.Log.Info("looking again", "cluster", r.Cluster)
		}
		r.lost = err != nil
		select {
		case <-ctx.Done():
		case <-time.After(r.Every):
		}
	}
	return nil
}

func (r *recorder) group() string { return awslogs.EventsGroup(r.Cluster) }

// remember reads the ids of what was recorded, so that nothing is twice: of tasks, which
// may have run for long, and of the messages of services, which ECS tells a hundred of
// however old they are, all; of all else those of late.
func (r *recorder) remember(ctx context.Context) error {
	now := time.Now()
	request := scan.Request{Groups: []string{r.group()}, From: now.Add(-known).UnixMilli(), To: now.Add(time.Hour).UnixMilli(), Fields: []string{"id"}}
	messages := request
	messages.From, messages.Fields = 0, []string{"id", "detail-type"}
	messages.Where = []scan.Condition{{Field: "detail-type", Op: scan.Equals, Texts: []string{messageKind, taskKind}}}
	for _, request := range []scan.Request{request, messages} {
		for block, err := range r.Archive.Scan(ctx, request) {
			if err != nil {
				return err
			}
			if ids := block.Columns["id"]; ids != nil {
				for _, code := range ids.Codes {
					if code >= 0 {
						r.seen[ids.Values[code].Text] = now
					}
				}
			}
		}
	}
	return nil
}

// look takes one look at everything. What an earlier part shows is kept also when a
// later one fails.
func (r *recorder) look(ctx context.Context) error {
	err := r.lookAtServices(ctx)
	r.tell(ctx)
	if err != nil {
		return err
	}
	if !r.Queued {
		if err := r.lookAtTasks(ctx); err != nil {
			return err
		}
	}
	for id, at := range r.seen {
		if time.Since(at) > known {
			delete(r.seen, id)
		}
	}
	r.first = false
	return nil
}

// call keeps the pace between two calls.
func (r *recorder) call(ctx context.Context) error {
	if wait := time.Until(r.calledAt.Add(r.Pause)); wait > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	r.calledAt = time.Now()
	return ctx.Err()
}

// describedServices is how many services DescribeServices takes at once.
const describedServices = 10

func (r *recorder) lookAtServices(ctx context.Context) error {
	var arns []string
	for pages := ecs.NewListServicesPaginator(r.ECS, &ecs.ListServicesInput{Cluster: &r.Cluster, MaxResults: aws.Int32(100)}); pages.HasMorePages(); {
		if err := r.call(ctx); err != nil {
			return err
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the services of cluster %s: %w", r.Cluster, err)
		}
		arns = append(arns, page.ServiceArns...)
	}
	there := map[string]bool{}
	for _, arn := range arns {
		there[arn] = true // also where describing it failed
	}
	for some := range slices.Chunk(arns, describedServices) {
		if err := r.call(ctx); err != nil {
			return err
		}
		out, err := r.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &r.Cluster, Services: some})
		if err != nil {
			return fmt.Errorf("describe services of cluster %s: %w", r.Cluster, err)
		}
		for _, s := range out.Services {
			if err := r.takeService(ctx, s); err != nil {
				return err
			}
		}
	}
	for arn, seen := range r.services {
		if !there[arn] {
			if err := r.happened(ctx, seen.Service, seen.Next(nil, time.Now())); err != nil {
				return err
			}
			delete(r.services, arn)
		}
	}
	return nil
}

// takeService records a service's new messages, and what happened to it since the look
// before. A service that is new to the recorder is only remembered, unless it is new.
func (r *recorder) takeService(ctx context.Context, s types.Service) error {
	var records []record
	for _, e := range slices.Backward(s.Events) {
		id, event, err := messageEvent(s, e)
		if err != nil {
			return err
		}
		records = append(records, record{id, aws.ToTime(e.CreatedAt), event})
	}
	if err := r.keep(ctx, aws.ToString(s.ServiceName), records); err != nil {
		return err
	}
	arn := aws.ToString(s.ServiceArn)
	seen, known := r.services[arn]
	switch {
	case !known && r.first:
		r.services[arn] = monitor.See(s, time.Now())
		return nil
	case !known:
		seen = &monitor.Seen{}
		r.services[arn] = seen
	}
	before := *seen
	if err := r.happened(ctx, s, seen.Next(&s, time.Now())); err != nil {
		*seen = before // it is told with the next look
		return err
	}
	return nil
}

// happened records what happened to a service, to be told at the end of the look, in the
// order of time. What is on record was told before.
func (r *recorder) happened(ctx context.Context, s types.Service, all []monitor.Happening) error {
	for _, h := range all {
		id, event, err := happeningEvent(s, h)
		if err != nil {
			return err
		}
		if _, twice := r.seen[id]; twice {
			continue
		}
		if _, sent := eventNames[h.Kind]; sent && r.Queued {
			r.seen[id] = time.Now() // its record comes from the queue
		} else if err := r.keep(ctx, aws.ToString(s.ServiceName), []record{{id, h.At, event}}); err != nil {
			return err
		}
		r.untold = append(r.untold, telling{s, h})
	}
	return nil
}

// telling is what happened to a service and is to be told.
type telling struct {
	service types.Service
	what    monitor.Happening
}

// tell tells what is on record since the look before.
func (r *recorder) tell(ctx context.Context) {
	slices.SortStableFunc(r.untold, func(a, b telling) int { return a.what.At.Compare(b.what.At) })
	for _, t := range r.untold {
		if r.Tell != nil {
			r.Tell(ctx, t.service, t.what)
		}
	}
	r.untold = nil
}

// record is an event that may have been kept before.
type record struct {
	id   string
	at   time.Time
	text string
}

// keep appends what is not on record yet.
func (r *recorder) keep(ctx context.Context, stream string, all []record) error {
	b := archive.Batch{Group: r.group(), Stream: stream, Class: archive.Events}
	now := time.Now()
	for _, e := range all {
		if _, twice := r.seen[e.id]; !twice {
			b.Records = append(b.Records, archive.Record{Time: e.at.UnixMilli(), Message: e.text})
		}
	}
	if len(b.Records) > 0 {
		if err := r.Archive.Append(ctx, b); err != nil {
			return fmt.Errorf("record what happened in cluster %s: %w", r.Cluster, err)
		}
	}
	for _, e := range all {
		r.seen[e.id] = now
	}
	return nil
}
