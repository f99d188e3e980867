// Package monitor follows one deployment of a service to its verdict, shows it
// while it goes on and explains it when it fails.
// It never uses anything but the public AWS APIs, and never changes anything.
package monitor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
	"steady/evidence"
	"steady/terminal"
)

// ECS is what a watch needs of the ECS API; *ecs.Client has it.
type ECS interface {
	evidence.ECS
	DescribeServiceRevisions(context.Context, *ecs.DescribeServiceRevisionsInput, ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error)
}

// Logs is what a watch needs of the CloudWatch Logs API; *cloudwatchlogs.Client
// has it.
type Logs interface {
	GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// History is the part of the ECS API that tells of past deployments; *ecs.Client has it.
type History interface {
	ListServiceDeployments(context.Context, *ecs.ListServiceDeploymentsInput, ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error)
}

// DefaultTimeout is how long a watch lasts unless told otherwise.
const DefaultTimeout = 10 * time.Minute

const (
	callTimeout  = 15 * time.Second // for one look at the service
	lastWord     = 2 * time.Second  // for one that the end of the time given would cut short
	firstContact = 5 * time.Second  // for a server that has never answered
	gatherEvery  = 5 * time.Second  // at least, for evidence about stopped tasks
)

// Options says what to watch and where to show it.
type Options struct {
	Cluster string // name or ARN; empty: default
	Service string // name or ARN
	// Deployment is the id of the deployment to watch, "ecs-svc/…"; empty: the
	// one that is PRIMARY when the watch begins.
	Deployment string
	Timeout    time.Duration // of the whole watch; 0: DefaultTimeout
	// Hold is how long the service must stay where the deployment brought it for the
	// deployment to have succeeded.
	Hold time.Duration
	// Patient watches a deployment that cannot succeed until ECS says so, or until the
	// timeout.
	Patient bool
	// Endpoint is the URL that the clients talk to, empty for AWS's own. It
	// decides only how often the server is asked.
	Endpoint string
	ECS      ECS
	Logs     Logs // nil: logs are no evidence
	// History tells how long the service's deployments take; nil: nobody is told.
	History History
	Out     io.Writer // nil: show nothing
	// Err is told at once that the server does not answer, before it has for the first
	// time; nil: nobody is.
	Err io.Writer
	// Terminal shows a live block that is redrawn in place instead of plain lines.
	// Its size is that of Out, where that is a terminal.
	Terminal bool
	// Color allows colours in the live block.
	Color bool
	// NDJSON shows a Line for each change instead.
	NDJSON bool
	// Withhold shows no verdict: it may not be the last word, which the caller has then,
	// with Say.
	Withhold bool
}

// Watch follows a deployment to its verdict. It sits out outages of the server. It
// fails, without a verdict, when there is no such service or deployment, when the
// server refuses to answer or never answered, and when ctx ends.
func Watch(ctx context.Context, o Options) (Verdict, error) {
	w := newWatch(o)
	v, err := w.run(ctx)
	w.display.close()
	return v, err
}

// newWatch fills in what the options leave open.
func newWatch(o Options) *watch {
	o.Cluster = cmp.Or(o.Cluster, "default")
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	now := time.Now()
	w := &watch{
		Options: o, started: now, pace: newPace(o.Endpoint), evidence: evidence.NewCollector(o.ECS, o.Logs, o.Cluster, o.Service), around: newSurroundings(o),
		follow: follower{asked: o.Deployment, deadline: now.Add(o.Timeout), hold: o.Hold},
	}
	w.display = newDisplay(o)
	return w
}

func newDisplay(o Options) display {
	switch {
	case o.Out == nil:
		return newPlain(io.Discard)
	case o.NDJSON:
		return newNDJSON(o.Out)
	case o.Terminal:
		return newLive(o.Out, o.Color)
	}
	return newPlain(o.Out)
}

// Say shows a verdict as the options have it, where a watch withheld it. The last word
// about a deployment is one that nothing follows.
func Say(o Options, v Verdict, last bool) {
	d := newDisplay(o)
	d.verdict(time.Now(), v, last)
	d.close()
}

// watch is the loop around the follower: it fetches and waits, and decides nothing.
type watch struct {
	Options
	started  time.Time
	pace     pace
	follow   follower
	evidence *evidence.Collector
	around   surroundings
	display  display

	lostAt     time.Time // since when there is no contact; zero while there is
	foundAt    time.Time // when there last was
	unread     error     // why the stopped tasks could not be read, the last time
	contact    bool      // there has been contact
	gatheredAt time.Time
	last       view

	askedUsual bool
	usual      time.Duration // that its deployments take; 0: not known
}

// view is all there is to show at one moment.
type view struct {
	at, started      time.Time
	began            time.Time     // the deployment; zero where that is not known
	usual            time.Duration // that one takes; 0: not known
	cluster, service string
	deployment       string
	phase            string
	rows             []row
	fresh            []types.ServiceEvent // not shown before, oldest first
	findings         []diagnose.Finding
	unread           string // why they may lack the cause
	outlook          diagnose.Outlook
	pull             pull
}

// display shows a watch. show is called after each look, tick while waiting, note
// for what happens to the watch itself, end once with the last state, without what the
// verdict tells, and verdict after it.
type display interface {
	show(view)
	tick(now time.Time)
	note(at time.Time, text string)
	end(view)
	verdict(at time.Time, v Verdict, last bool)
	close()
}

func (w *watch) run(ctx context.Context) (Verdict, error) {
	for {
		s, err := w.look(ctx)
		now := time.Now()
		if ctx.Err() != nil {
			return Verdict{}, fmt.Errorf("watch service %s: %w", w.Service, ctx.Err())
		}
		wait := time.Duration(0)
		if err != nil {
			verdict, err := w.lost(now, err)
			if verdict != nil || err != nil {
				return orNone(verdict), err
			}
			wait = w.pace.afterError()
		} else {
			w.found(now)
			verdict, changed, err := w.take(ctx, now, s)
			if err != nil {
				return Verdict{}, err
			}
			if verdict != nil {
				return *verdict, nil
			}
			wait = w.pace.after(changed)
		}
		if err := w.wait(ctx, wait); err != nil {
			return Verdict{}, fmt.Errorf("watch service %s: %w", w.Service, err)
		}
	}
}

// inTime bounds what is asked of a server that may not answer: the time given to the
// watch is kept, but for a last word.
func (w *watch) inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(callTimeout, max(time.Until(w.follow.deadline), lastWord)))
}

// look fetches the service; nil without an error when there is none.
func (w *watch) look(ctx context.Context) (*types.Service, error) {
	ctx, cancel := w.inTime(ctx)
	defer cancel()
	out, err := w.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &w.Cluster, Services: []string{w.Service}})
	if err != nil {
		return nil, err
	}
	if len(out.Services) == 0 {
		return nil, nil
	}
	return &out.Services[0], nil
}

// take puts an observation through the state machine and shows what came of it.
func (w *watch) take(ctx context.Context, now time.Time, s *types.Service) (*Verdict, bool, error) {
	if s == nil && !w.follow.begun {
		return nil, false, fmt.Errorf("watch service %s: no such service in cluster %s; check the name and the cluster", w.Service, w.Cluster)
	}
	st, err := w.follow.observe(now, s)
	if err != nil {
		return nil, false, fmt.Errorf("watch service %s: %w", w.Service, err)
	}
	w.askUsualTime(ctx)
	v := view{at: now, started: w.started, began: aws.ToTime(w.follow.mine.CreatedAt), usual: w.usual, cluster: w.Cluster, service: lastPart(w.Service), deployment: cmp.Or(id(&w.follow.mine), w.follow.rollback),
		phase: st.phase, rows: w.withHealth(st.rows), fresh: st.fresh, findings: w.last.findings}
	changed := len(v.fresh) > 0 || !slices.Equal(v.rows, w.last.rows)
	if changed {
		w.around.movedAt = now
	}
	if changed || st.ending != nil || now.Sub(w.gatheredAt) >= gatherEvery {
		v.findings = w.explain(ctx, s, st.ending != nil)
		w.gatheredAt = now
	}
	v.unread = w.unreadText()
	if s != nil {
		w.follow.trial.learn(now, w.follow.mine, w.evidence.Stopped())
	}
	onTrial := false
	if st.ending != nil && st.ending.outcome == Succeeded {
		if onTrial = w.follow.trial.on(now, w.follow.arrivedAt); onTrial {
			st.ending = w.follow.untried(now, *s)
		} else {
			st.ending = w.verify(ctx, *s, st.ending)
		}
	}
	if st.ending == nil || st.ending.outcome == TimedOut {
		v.outlook = w.foresee(ctx, now, s, v.findings, st.ending != nil)
		v.rows = w.withHealth(st.rows)
		v.pull = w.around.pulling(v.deployment)
		if onTrial && st.ending == nil && v.outlook.String() == "" {
			v.outlook.Waiting = w.follow.trial.text()
		}
	}
	if st.ending == nil && !w.Patient {
		st.ending = w.follow.giveUp(now, *s, v.findings, v.outlook)
	}
	w.last = v
	if st.ending == nil {
		w.display.show(v)
		return nil, changed, nil
	}
	return w.ended(now, st.ending, v), true, nil
}

// ended words the verdict, and shows it.
func (w *watch) ended(now time.Time, e *ending, last view) *Verdict {
	v := w.verdict(now, e, last)
	w.display.end(last)
	if !w.Withhold {
		w.display.verdict(now, v, true)
	}
	return &v
}

// withHealth adds to the rows what is known of their tasks' health.
func (w *watch) withHealth(rows []row) []row {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].unhealthy = min(w.around.unhealthy(rows[i].id), rows[i].running)
	}
	return rows
}

// lost sits out an outage, and says so once. It gives up on answers that will stay
// the same, on a server that never answered, and at the timeout.
func (w *watch) lost(now time.Time, err error) (*Verdict, error) {
	if !mayPass(err) {
		return nil, fmt.Errorf("watch service %s: %w", w.Service, err)
	}
	if w.lostAt.IsZero() {
		w.lostAt = now
		if w.contact {
			w.lostAt = w.foundAt // a call that gets no answer takes its time
			w.display.note(now, "lost contact with the server; still trying: "+terminal.Line(rootOf(err).Error()))
		} else if w.Err != nil {
			fmt.Fprintln(w.Err, "steady: no contact with the server yet; still trying: "+terminal.Line(rootOf(err).Error()))
		}
	}
	if !w.contact && now.Sub(w.started) >= firstContact {
		return nil, fmt.Errorf("watch service %s: no contact with the server; is it running?: %w", w.Service, err)
	}
	if now.Before(w.follow.deadline) {
		return nil, nil
	}
	v, current := w.last, ""
	v.at, v.fresh = now, nil
	if len(v.rows) > 0 {
		current = v.rows[0].revision // ECS lists the newest first
	}
	return w.ended(now, &ending{outcome: Inconclusive, current: current,
		detail: fmt.Sprintf("Contact with the server was lost %s ago (%s), and what became of the deployment is unknown.",
			roughly(now.Sub(w.lostAt)), terminal.Line(rootOf(err).Error()))}, v), nil
}

// orNone is a verdict by value, the zero one where there is none.
func orNone(v *Verdict) Verdict {
	if v == nil {
		return Verdict{}
	}
	return *v
}

func (w *watch) found(now time.Time) {
	if w.contact && !w.lostAt.IsZero() {
		w.display.note(now, "in contact again after "+roughly(now.Sub(w.lostAt)))
	}
	w.contact, w.lostAt, w.foundAt = true, time.Time{}, now
}

// rootOf is the innermost error: the outer ones tell of the SDK's retries.
func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// wait sleeps until the next look, but not beyond the deadline, and lets the
// display's clock run.
func (w *watch) wait(ctx context.Context, d time.Duration) error {
	if left := time.Until(w.follow.deadline); left > 0 {
		d = min(d, left)
	}
	until := time.Now().Add(d)
	for left := d; left > 0; left = time.Until(until) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, time.Second)):
			w.display.tick(time.Now())
		}
	}
	return ctx.Err()
}
