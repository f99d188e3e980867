// Package tail shows the output of a service's or a task's containers as one, in the
// order of time, with what happened to the service between the lines.
// It never uses anything but the public AWS APIs.
package tail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"
)

// ECS is what a tail needs of the ECS API; *ecs.Client has it.
type ECS interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
}

// Logs is what a tail needs of the CloudWatch Logs API; *cloudwatchlogs.Client has it.
type Logs interface {
	GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Options says whose output is shown, and how.
type Options struct {
	Cluster   string // name or ARN; empty: default
	Name      string // name or ARN of a service, or id or ARN of a task
	Container string // only of that container; empty: of all

	Since  time.Time     // zero: from the beginning
	Last   int           // lines before those that follow; 0: all
	Follow bool          // go on with what comes
	Pace   time.Duration // between two looks; 0: DefaultPace

	ECS        ECS
	Logs       Logs
	Out        io.Writer
	Notes      io.Writer // what is to be said about the tail itself
	Color      bool
	Timestamps bool // begin each line with its time
	NoEvents   bool // leave out what happens to the service
}

const (
	// DefaultPace is how often a local server is asked for more.
	DefaultPace = 500 * time.Millisecond
	// MaxLast is the most lines that can be asked for: one reply has no more.
	MaxLast = 10_000
)

// tailer is a tail that goes on.
type tailer struct {
	Options
	crowd   *crowd
	sources map[string]*source // by stream
	told    map[string]bool    // happenings that have been printed
	printer printer
	lost    bool // there is no contact with the server
}

// Run shows what there is, and with Follow what comes, until ctx ends or the task is
// over. It sits out outages of the server while it follows.
func Run(ctx context.Context, o Options) error {
	o.Cluster = cmp.Or(o.Cluster, "default")
	o.Pace = cmp.Or(o.Pace, DefaultPace)
	if o.Last > MaxLast {
		return fmt.Errorf("show the last %d lines: at most %d can be asked for", o.Last, MaxLast)
	}
	t := &tailer{
		Options: o, crowd: newCrowd(o), sources: map[string]*source{}, told: map[string]bool{},
		printer: printer{out: o.Out, color: o.Color, timestamps: o.Timestamps, location: time.Local},
	}
	if err := t.crowd.find(ctx); err != nil {
		return fmt.Errorf("show the output of %s: %w", o.Name, plain(err))
	}
	for first := true; ; first = false {
		over, err := t.round(ctx, first)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && (!o.Follow || first || !mayPass(err)):
			return fmt.Errorf("show the output of %s: %w", o.Name, plain(err))
		case over || !o.Follow:
			return nil
		}
		t.contact(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(o.Pace):
		}
	}
}

// round shows what is new. It reports when nothing more can come.
func (t *tailer) round(ctx context.Context, first bool) (over bool, err error) {
	now := time.Now() // what was over before this look is looked at for the last time
	over = t.crowd.over(now)
	if !first {
		if err := t.crowd.look(ctx); err != nil {
			return false, err
		}
	}
	sources, err := t.current(ctx, now, first)
	if err != nil {
		return false, err
	}
	t.printer.raw = t.crowd.service == nil && len(t.sources) == 1
	if first && t.Last > 0 {
		err = t.showLast(ctx, sources)
	} else {
		err = merge(ctx, append(sources, t.happenings()), t.printer.print)
	}
	if err != nil {
		return false, err
	}
	for _, s := range sources {
		s.complete = s.closing
	}
	if first {
		t.noteIfEmpty(sources)
	}
	return over, nil
}

// current are the sources of the containers that may have lines.
func (t *tailer) current(ctx context.Context, now time.Time, first bool) ([]*source, error) {
	var all []*source
	for _, task := range t.crowd.inOrder() {
		if t.crowd.passed(task, t.Since) {
			continue
		}
		places, err := t.crowd.places(ctx, task)
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			s := t.sources[p.key()]
			if s == nil {
				s = &source{place: p, logs: t.Logs, since: t.Since}
				t.sources[p.key()] = s
			}
			if s.complete {
				continue
			}
			s.ended, s.closing = false, t.crowd.quiet(aws.ToString(task.TaskArn), now)
			s.hasty = !first && !s.closing
			all = append(all, s)
		}
	}
	t.crowd.forget(now)
	if first && len(all) == 0 && t.Container != "" && len(t.crowd.tasks) > 0 {
		return nil, fmt.Errorf("no task has a container %s; there are %v", t.Container, t.crowd.containers())
	}
	return all, nil
}

// showLast shows the last lines of all sources together.
func (t *tailer) showLast(ctx context.Context, sources []*source) error {
	var lines []line
	collect := func(l line) error { lines = append(lines, l); return nil }
	for _, s := range sources {
		if err := s.last(ctx, t.Last); err != nil {
			return err
		}
	}
	if err := merge(ctx, sources, collect); err != nil {
		return err
	}
	lines = lines[max(len(lines)-t.Last, 0):]
	events := t.happenings()
	if len(lines) > 0 {
		for len(events.lines) > 0 && events.lines[0].at.Before(lines[0].at) {
			events.lines = events.lines[1:]
		}
	}
	return merge(ctx, []*source{{lines: lines, ended: true}, events}, t.printer.print)
}

// happenings is a source of what has happened since it was asked before.
func (t *tailer) happenings() *source {
	s := &source{ended: true}
	if t.NoEvents {
		return s
	}
	for _, h := range happenings(t.crowd.service, t.crowd.inOrder()) {
		if t.told[h.key] || h.at.Before(t.Since) {
			continue
		}
		t.told[h.key] = true
		s.lines = append(s.lines, line{at: h.at, text: h.text, happening: true})
	}
	return s
}

func (t *tailer) noteIfEmpty(sources []*source) {
	for _, s := range sources {
		if s.found {
			return
		}
	}
	if t.Follow {
		fmt.Fprintf(t.Notes, "there is no output of %s yet\n", t.Name)
	} else {
		fmt.Fprintf(t.Notes, "there is no output of %s: none of its containers has a log stream\n", t.Name)
	}
}

// contact says when contact with the server is lost, and when it is back.
func (t *tailer) contact(err error) {
	if lost := err != nil; lost != t.lost {
		t.lost = lost
		if err = plain(err); lost {
			for errors.Unwrap(err) != nil { // whose server it is, is known
				err = errors.Unwrap(err)
			}
			fmt.Fprintf(t.Notes, "lost contact with the server; still trying: %v\n", err)
		} else {
			fmt.Fprintln(t.Notes, "in contact again")
		}
	}
}

// mayPass tells whether an error may go away: the server is not there, or has troubles
// of its own.
func mayPass(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return !ok || e.ErrorFault() == smithy.FaultServer || e.ErrorCode() == "ThrottlingException" || e.ErrorCode() == "ServerException"
}

// plain is what the server says, without how it was asked.
func plain(err error) error {
	if e, ok := errors.AsType[smithy.APIError](err); ok && e.ErrorMessage() != "" {
		return errors.New(e.ErrorMessage())
	}
	return err
}
