// Package diagnose explains why a deployment's tasks fail: evidence in, findings
// out, each with its cause, its proof and what to do about it.
// It also foresees that a service can never arrive, whatever ECS tries.
// It never fetches anything, never reads a clock, and never acts on what it finds.
//
// What single texts mean stands in package catalogue. The rules of judgement are: a
// task counts for one cause, the one with the strongest evidence (a container's
// reason, then the task's stoppedReason, then its log, then its exit code); the
// cause that the most tasks share comes first, unless a later task shows that it was
// mended; tasks that were stopped on purpose do not count; what merely follows from failing tasks, such as the circuit breaker,
// is told as a symptom and never as a cause; and where the evidence fits several
// causes, all of them are named, each with what to look at.
package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"steady/diagnose/catalogue"
)

// Evidence is what is known about one deployment of a service. Every member may
// be empty: less evidence makes fewer findings.
type Evidence struct {
	Service    types.Service
	Deployment string // id of the deployment, "ecs-svc/…"
	// StoppedTasks are the tasks of this deployment whose desired status is
	// STOPPED; tasks with another startedBy are passed over.
	StoppedTasks []types.Task
	// Live are tasks of the service that run, as far as somebody has looked.
	Live []types.Task
	// Others are the ids of tasks known to be of other deployments, of which events
	// may speak.
	Others         map[string]bool
	TaskDefinition types.TaskDefinition
	// Events of the service, in any order; those older than the deployment are
	// passed over.
	Events []types.ServiceEvent
	// Logs are the last lines of a container, oldest first, by LogKey.
	// A log that somebody looked for in vain is there, without lines.
	Logs map[string][]Line
	// Unread says why a log could not be read, by LogKey.
	Unread map[string]string
	// Rollout is the service deployment behind the deployment; nil if unknown.
	Rollout *types.ServiceDeployment
	// Targets are the service's targets with their health, by target group ARN.
	Targets      map[string][]elb.TargetHealthDescription
	TargetGroups []elb.TargetGroup
	// Answers are what the API answered to requests about the service: reasons of
	// failures, texts of exceptions.
	Answers []string
	// Lacking are programs that the health checks of containers run and that their
	// images, which somebody looked into, do not have; by container.
	Lacking map[string]string
	// Said are texts of which nobody knows where they stood: lines that somebody
	// pasted, reasons without their task.
	Said []Said
}

// Said is one such text.
type Said struct {
	At      time.Time // zero if unknown
	Subject string    // where it was found: "line 3 of paste.txt"
	Text    string
}

// Line is a line that a container wrote.
type Line struct {
	At   time.Time // zero if unknown
	Text string
}

// LogKey is the key of Evidence.Logs: "task id/container name".
func LogKey(taskID, container string) string { return taskID + "/" + container }

// Confidence says how far a finding can be trusted.
type Confidence = catalogue.Confidence

// The confidences, of which package catalogue says more.
const (
	Certain  = catalogue.Certain
	Likely   = catalogue.Likely
	Possible = catalogue.Possible
	Symptom  = catalogue.Symptom
)

// Finding is one cause and what shows it.
type Finding struct {
	ID         string // of the signature in the catalogue, such as A01
	Cause      string // one sentence
	Confidence Confidence
	Kind       catalogue.Kind // whether trying again can help
	Tasks      int            // how many stopped tasks it explains; 0 for tasks that never were
	// Starts is how many starts of tasks failed of it: Tasks, and where an event alone
	// tells of tasks that never were, those that ECS counts as failed.
	Starts   int
	Evidence []Proof // the newest first, then lines of a log, oldest first
	// Either are the causes behind this one that the evidence cannot tell apart, as
	// full sentences; empty where it can.
	Either []catalogue.Possibility
	// Clues are what the log points at, though it proves nothing.
	Clues  []Clue
	Remedy []string // steps
	Page   string   // URL of the documentation; may be empty
	// Deterministic tells that trying again cannot help: the cause is of that kind
	// and was seen on two different tasks, or the service cannot start any.
	Deterministic bool
	// Heals tells that time alone may mend it.
	Heals bool
	// OnPurpose tells that the tasks did not fail: they were stopped on purpose, and
	// this is about how they ended.
	OnPurpose bool
	// Unread says why the log of a task could not be read; empty where a line is known.
	Unread string
	// Foreseen tells that the outlook says why this cannot change, with its numbers.
	Foreseen bool

	longest time.Duration // that one of these tasks ran
}

// OfProgram tells that it depends on the program whether trying again helps.
func (f Finding) OfProgram() bool { return f.Kind == catalogue.Ambiguous }

// Proof is one thing that was observed.
type Proof struct {
	At      time.Time // zero if unknown
	Subject string    // what it was observed of: "task 0a1b…, container app"
	Text    string    // in the words of whoever said it
	Log     bool      // Text is a line that the container wrote
}

// Clue is a line of a log that says where to look first.
type Clue struct {
	ID    string // of the signature in the catalogue
	Cause string // a sentence
	Line  string
	Step  string // what to do
}

// Explain gives the findings that the evidence supports, the most relevant first:
// causes by the number of tasks they explain, then by the strength of their
// evidence; symptoms last. Without any sign of trouble there are none.
func Explain(e Evidence) []Finding {
	c := newCase(e)
	for _, t := range c.tasks {
		c.explainTask(t)
	}
	c.explainHealth()
	c.explainEvents()
	c.explainRollout()
	c.explainTargets()
	c.explainAnswers()
	c.explainSaid()
	c.explainDeadlock()
	c.explainTime()
	return c.findings()
}

// evidenced is a case in the making: the evidence in order, and a draft for each
// cause found so far.
type evidenced struct {
	Evidence
	deployment types.Deployment
	tasks      []types.Task         // failed ones of this deployment, newest first
	events     []types.ServiceEvent // since the deployment began, newest first
	drafts     []*draft
}

// draft collects what supports one cause.
type draft struct {
	sig       catalogue.Signature
	cause     string
	words     catalogue.Words
	container string
	strength  int
	proofs    []Proof
	tasks     int
	starts    int  // failed ones of tasks that never were
	stale     bool // what it tells may be over
	survived  bool // a task lives on that began before the last of these ended
	said      bool // nobody knows whose texts these are
	span      span
	uptimes   []time.Duration
	tails     []string // the last log line of each task that has a log
	log       []Proof
	unread    string // why a log could not be read
	check     *Proof // the health check that the tasks failed
	clues     []Clue
	onPurpose bool   // the tasks were stopped so
	limit     *limit // the time that the tasks were given to start
}

func newCase(e Evidence) *evidenced {
	c := &evidenced{Evidence: e}
	for _, d := range e.Service.Deployments {
		if aws.ToString(d.Id) == e.Deployment {
			c.deployment = d
		}
	}
	for _, t := range e.StoppedTasks {
		// "root cause = signature with the most failed tasks of this deployment id
		// (startedBy)".
		ours := e.Deployment == "" || t.StartedBy == nil || *t.StartedBy == e.Deployment
		if ours && !Benign(t) && !c.jobDone(t) {
			c.tasks = append(c.tasks, t)
		}
	}
	slices.SortStableFunc(c.tasks, func(a, b types.Task) int { return endOf(b).Compare(endOf(a)) })
	since := aws.ToTime(c.deployment.CreatedAt)
	for _, ev := range e.Events {
		if !aws.ToTime(ev.CreatedAt).Before(since) || ev.CreatedAt == nil {
			c.events = append(c.events, ev)
		}
	}
	slices.SortStableFunc(c.events, func(a, b types.ServiceEvent) int {
		return aws.ToTime(b.CreatedAt).Compare(aws.ToTime(a.CreatedAt))
	})
	return c
}

// endOf is when a task ended, as far as it is known.
func endOf(t types.Task) time.Time {
	for _, at := range []*time.Time{t.StoppedAt, t.ExecutionStoppedAt, t.StoppingAt, t.CreatedAt} {
		if at != nil {
			return *at
		}
	}
	return time.Time{}
}

// uptime is how long a task ran; false when it never did or still may.
func uptime(t types.Task) (time.Duration, bool) {
	end := t.ExecutionStoppedAt
	if end == nil {
		end = t.StoppedAt
	}
	if t.StartedAt == nil || end == nil {
		return 0, false
	}
	return max(0, end.Sub(*t.StartedAt)), true
}

// taskID is the last part of a task's ARN.
func taskID(t types.Task) string {
	arn := aws.ToString(t.TaskArn)
	return arn[strings.LastIndex(arn, "/")+1:]
}

// draft returns the draft of this cause, a new one the first time.
func (c *evidenced) draft(s catalogue.Signature, container string, words catalogue.Words, strength int) *draft {
	cause := words.Sentence(s.Cause)
	for _, d := range c.drafts {
		if d.sig.ID == s.ID && d.container == container && d.cause == cause {
			return d
		}
	}
	d := &draft{sig: s, cause: cause, words: words, container: container, strength: strength}
	c.drafts = append(c.drafts, d)
	return d
}
