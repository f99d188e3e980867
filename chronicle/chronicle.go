// Package chronicle prints the lifecycle events of a cluster, a service or a task as
// lines for people.
// It never uses anything but the public API of CloudWatch Logs, so it reads what
// EventBridge has put into a log group of Amazon's as well.
package chronicle

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/awslogs"
	"steady/terminal"
)

// Logs is what reading needs of the CloudWatch Logs API; *cloudwatchlogs.Client has it.
type Logs interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// Options say what to print.
type Options struct {
	Cluster string // name or ARN
	// Name is a service's name or ARN, or a task's id or ARN; empty for all events of
	// the cluster.
	Name   string
	Since  time.Time
	Follow bool          // go on with what comes, until ctx ends
	Pace   time.Duration // between two looks for what has come; 500 ms if zero
	JSON   bool          // print the events as they are, one a line
	Logs   Logs
	Out    io.Writer
}

// overlap is how far back each look reaches again: events that are accepted together
// become visible one by one.
const overlap = 2 * time.Second

// Run prints the events. Following ends with ctx, whose error it returns.
func Run(ctx context.Context, o Options) error {
	r, err := newReader(o)
	if err != nil {
		return err
	}
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		if !o.Follow {
			return nil
		}
		pause := o.Pace
		if pause == 0 {
			pause = 500 * time.Millisecond
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reader reads on from where it was.
type reader struct {
	Options
	pattern *string
	teller  *teller
	from    int64            // ms since the epoch
	seen    map[string]int64 // when those happened that were printed and may come again
}

func newReader(o Options) (*reader, error) {
	r := &reader{Options: o, from: o.Since.UnixMilli(), seen: map[string]int64{}, teller: newTeller()}
	if o.Name == "" {
		return r, nil
	}
	name := last(o.Name)
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("%q is no name of a service and no id of a task", o.Name)
	}
	r.pattern = aws.String(fmt.Sprintf(`{ $.detail.group = "service:%s" || $.resources[0] = "*/%s" }`, name, name))
	return r, nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// look prints what there is that was not printed before.
func (r *reader) look(ctx context.Context) error {
	group := awslogs.EventsGroup(last(r.Cluster))
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, StartTime: &r.from, FilterPattern: r.pattern}
	newest := r.from
	for {
		out, err := r.Logs.FilterLogEvents(ctx, in)
		if err != nil {
			return fmt.Errorf("read the lifecycle events in %s: %w", group, err)
		}
		for _, e := range out.Events {
			newest = max(newest, aws.ToInt64(e.Timestamp))
			if err := r.print(e); err != nil {
				return err
			}
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	r.from = max(r.from, newest-overlap.Milliseconds())
	for id, at := range r.seen {
		if at < r.from {
			delete(r.seen, id)
		}
	}
	return nil
}

func (r *reader) print(e types.FilteredLogEvent) error {
	id, at := aws.ToString(e.EventId), aws.ToInt64(e.Timestamp)
	if _, printed := r.seen[id]; printed {
		return nil
	}
	r.seen[id] = at
	message := strings.TrimSpace(aws.ToString(e.Message))
	if !r.JSON {
		message = stamp(at) + "  " + terminal.Line(r.teller.line(message))
	}
	_, err := fmt.Fprintln(r.Out, message)
	return err
}
