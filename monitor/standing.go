package monitor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
	"steady/terminal"
)

// Standing is how a service stands at one moment.
type Standing struct {
	Service  string
	Revision string // of its newest deployment
	// State is one or two words: steady, deploying, rolling back, rolled back, failed,
	// not steady, stopped (nothing is wanted), being deleted.
	State                     string
	Since                     time.Time // of its newest deployment
	Desired, Pending, Running int
	Current                   int // tasks of its newest deployment that run
	Deployments               []Progress
	Events                    []Event // since the newest deployment began, oldest first
	// Findings and Outlook say why it is not steady, as far as that can be told, and
	// Text says so in plain words; all are empty where it is.
	Findings []diagnose.Finding
	Outlook  diagnose.Outlook
	Text     string
}

// Event is a message of a service, safe to print.
type Event struct {
	At   time.Time
	Text string
}

// Progress is one deployment of a service.
type Progress struct {
	ID, Revision, Role, State         string
	Desired, Pending, Running, Failed int
}

// Settled tells that the service is what it is meant to be.
func (s Standing) Settled() bool { return s.State == "steady" || s.State == "stopped" }

// standTimeout is how long a look at one service takes at most.
const standTimeout = 10 * time.Second

// Stand looks once at a service, and asks why where it is not steady.
func Stand(ctx context.Context, o Options) (Standing, error) {
	o.Timeout = standTimeout
	w := newWatch(o)
	s, err := w.look(ctx)
	if err != nil {
		return Standing{}, fmt.Errorf("describe service %s: %w", o.Service, err)
	}
	if s == nil {
		return Standing{}, fmt.Errorf("describe service %s: no such service in cluster %s; check the name and the cluster", o.Service, w.Cluster)
	}
	return w.stand(ctx, s)
}

// StandAll looks once at all services of a cluster, in the order of their names.
func StandAll(ctx context.Context, o Options) ([]Standing, error) {
	services, err := newWatch(o).lookAtAll(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(services, func(a, b types.Service) int {
		return cmp.Compare(aws.ToString(a.ServiceName), aws.ToString(b.ServiceName))
	})
	var all []Standing
	for _, s := range services {
		o.Service, o.Timeout = aws.ToString(s.ServiceName), standTimeout
		standing, err := newWatch(o).stand(ctx, &s)
		if err != nil {
			return nil, err
		}
		all = append(all, standing)
	}
	return all, nil
}

// describedServices is how many services DescribeServices takes at once.
const describedServices = 10

func (w *watch) lookAtAll(ctx context.Context) ([]types.Service, error) {
	var arns []string
	in := &ecs.ListServicesInput{Cluster: &w.Cluster, MaxResults: aws.Int32(100)}
	for more := true; more; more = aws.ToString(in.NextToken) != "" {
		out, err := w.ECS.ListServices(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list the services of cluster %s: %w", w.Cluster, err)
		}
		arns, in.NextToken = append(arns, out.ServiceArns...), out.NextToken
	}
	var all []types.Service
	for some := range slices.Chunk(arns, describedServices) {
		out, err := w.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &w.Cluster, Services: some})
		if err != nil {
			return nil, fmt.Errorf("describe the services of cluster %s: %w", w.Cluster, err)
		}
		all = append(all, out.Services...)
	}
	return all, nil
}

// stand judges a service as it was described.
func (w *watch) stand(ctx context.Context, s *types.Service) (Standing, error) {
	st, err := w.follow.observe(time.Now(), s)
	if err != nil && !errors.Is(err, errNoDeployments) && !errors.Is(err, errNoRollout) {
		return Standing{}, fmt.Errorf("describe service %s: %w", w.Service, err)
	}
	out := Standing{
		Service: aws.ToString(s.ServiceName), State: stateOf(*s, st),
		Desired: int(s.DesiredCount), Pending: int(s.PendingCount), Running: int(s.RunningCount),
	}
	if p := primary(*s); p != nil {
		out.Revision, out.Since, out.Current = revision(p), aws.ToTime(p.CreatedAt), int(p.RunningCount)
	}
	for _, r := range st.rows {
		out.Deployments = append(out.Deployments, Progress{
			ID: r.id, Revision: r.revision, Role: r.role, State: r.rollout,
			Desired: r.desired, Pending: r.pending, Running: r.running, Failed: r.failed})
	}
	for _, e := range st.fresh {
		out.Events = append(out.Events, Event{aws.ToTime(e.CreatedAt), terminal.Line(aws.ToString(e.Message))})
	}
	out.Findings = w.explain(ctx, s, true)
	trial := w.keepsFailing(ctx, *s)
	if out.State == "steady" && trial != "" {
		out.State = "not steady"
	}
	if out.Settled() {
		out.Findings = nil
		return out, nil
	}
	out.Outlook = w.foresee(ctx, time.Now(), s, out.Findings, true)
	out.Text = standingText(out.Findings, out.Outlook, w.unreadText())
	if trial != "" && out.State == "not steady" {
		out.Text = strings.TrimSuffix(trial+"\n"+out.Text, "\n")
	}
	return out, nil
}

// keepsFailing says that tasks of the newest deployment failed, and that those that run
// have not outlived them: a loop of crashes has its moments in which all that is wanted
// runs. It is empty where they have.
func (w *watch) keepsFailing(ctx context.Context, s types.Service) string {
	f, now := &w.follow, time.Now()
	f.trial.learn(now, types.Deployment{}, w.evidence.Stopped())
	p := primary(s)
	if f.trial.failed == 0 || p == nil || id(p) != id(&f.mine) {
		return ""
	}
	w.lookAtLive(ctx)
	began := youngest(w.around.Tasks, id(p), lastEnd(w.evidence.Stopped()))
	if now.Sub(began) >= f.trial.time() {
		return ""
	}
	return fmt.Sprintf("Of its tasks some failed (%s), and those that run have not outlived them clearly.", failedAfter(f.trial.failed, f.trial.longest))
}

// lastEnd is when the last task failed.
func lastEnd(stopped []types.Task) (last time.Time) {
	for _, t := range stopped {
		if end := aws.ToTime(cmp.Or(t.ExecutionStoppedAt, t.StoppedAt)); hasFailed(t) && end.After(last) {
			last = end
		}
	}
	return last
}

// youngest is when the youngest running task of a deployment began, if that is later.
func youngest(live []types.Task, deployment string, began time.Time) time.Time {
	for _, t := range live {
		if aws.ToString(t.StartedBy) == deployment && t.StartedAt != nil && t.StartedAt.After(began) {
			began = *t.StartedAt
		}
	}
	return began
}

// Cause says in a line why a service does not stand as it should: what its tasks failed
// of, else what holds it up; empty where nothing tells.
func (s Standing) Cause() string {
	text := sentence(s.Outlook)
	for _, f := range telling(s.Findings, s.Outlook) {
		switch {
		case f.Confidence == diagnose.Symptom:
			continue
		case f.Tasks > 0:
			text = fmt.Sprintf("%s failed: %s", tasks(f.Tasks), f.Cause)
		default:
			text += " " + f.Cause
		}
		break
	}
	return terminal.Line(strings.TrimSpace(text))
}

// stateOf words how a service stands. A deployment that is COMPLETED says nothing of
// now: only what runs does.
func stateOf(s types.Service, st step) string {
	p := primary(s)
	switch {
	case status(s) != "ACTIVE":
		return "being deleted"
	case p == nil:
		return "not steady"
	case s.DesiredCount == 0 && s.RunningCount == 0 && s.PendingCount == 0:
		return "stopped"
	case p.RolloutState == types.DeploymentRolloutStateFailed:
		return "failed"
	case p.RolloutState == "" && arrived(s, *p):
		return "steady"
	case p.RolloutState == "":
		return "not steady"
	case p.RolloutState == types.DeploymentRolloutStateCompleted && !arrived(s, *p):
		return "not steady"
	case st.phase != "deploying" && p.RolloutState == types.DeploymentRolloutStateCompleted:
		return "rolled back"
	case p.RolloutState == types.DeploymentRolloutStateCompleted:
		return "steady"
	}
	return st.phase
}

// standingText says what holds a service up, why, and what to do.
func standingText(findings []diagnose.Finding, o diagnose.Outlook, unread string) string {
	var text []string
	if s := sentence(o); s != "" {
		text = append(text, s)
	}
	if why := whyText(telling(findings, o), unread); why != "" {
		text = append(text, "Why: "+why)
	}
	text = append(text, remedies(findings, o)...)
	return strings.Join(terminal.Lines(strings.Join(text, "\n")), "\n")
}
