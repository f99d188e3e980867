// Package diagnose explains why a deployment's tasks fail: evidence in, findings
// out, each with its cause, its proof and what to do about it.
// It also foresees that a service can never arrive, whatever ECS tries.
// It never fetches anything, never reads a clock, and never acts on what it finds.
//
// What it knows stands in one table, the catalogue. The rules of judgement are:
// a task counts for one cause, the one with the strongest evidence (a container's
// reason, then the task's stoppedReason, then its log, then its exit code); the
// cause that the most tasks share comes first; tasks that were stopped on purpose
// do not count; and what merely follows from failing tasks, such as the circuit
// breaker, is told as a symptom and never as a cause.
package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Evidence is what is known about one deployment of a service. Every member may
// be empty: less evidence makes fewer findings.
type Evidence struct {
	Service    types.Service
	Deployment string // id of the deployment, "ecs-svc/…"
	// StoppedTasks are the tasks of this deployment whose desired status is
	// STOPPED; tasks with another startedBy are passed over.
	StoppedTasks []types.Task
	// Others are the ids of tasks known to be of other deployments, of which events
	// may speak.
	Others         map[string]bool
	TaskDefinition types.TaskDefinition
	// Events of the service, in any order; those older than the deployment are
	// passed over.
	Events []types.ServiceEvent
	// Logs are the last lines of a container, oldest first, by LogKey.
	Logs map[string][]string
}

// LogKey is the key of Evidence.Logs: "task id/container name".
func LogKey(taskID, container string) string { return taskID + "/" + container }

// Confidence says how far a finding can be trusted.
type Confidence string

const (
	// Certain: the evidence states the cause.
	Certain Confidence = "certain"
	// Likely: the evidence states what failed; the cause behind it is the usual one.
	Likely Confidence = "likely"
	// Possible: one explanation among several, or evidence that may be out of date.
	Possible Confidence = "possible"
	// Symptom: a consequence of the failure; it explains nothing.
	Symptom Confidence = "symptom"
)

// Finding is one cause and what shows it.
type Finding struct {
	ID         string // of the signature in the catalogue, such as A01
	Cause      string // one sentence
	Confidence Confidence
	Tasks      int     // how many stopped tasks it explains; 0 for tasks that never were
	Evidence   []Proof // the newest first, then lines of a log, oldest first
	Remedy     []string
	// Deterministic tells that trying again cannot help: the cause is of that kind
	// and was seen on two different tasks, or the service cannot start any.
	Deterministic bool

	heals   bool          // time alone may mend it
	longest time.Duration // that one of these tasks ran
}

// Proof is one thing that was observed.
type Proof struct {
	At      time.Time // zero for a line of a log
	Subject string    // what it was observed of: "task 0a1b…, container app"
	Text    string    // in the words of whoever said it
	Log     bool      // Text is a line that the container wrote
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
	c.explainDeadlock()
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
	sig       signature
	cause     string
	container string
	strength  int
	proofs    []Proof
	tasks     int
	stale     bool // what it tells may be over
	uptimes   []time.Duration
	tails     []string // the last log line of each task that has a log
	log       []Proof
	check     *Proof // the health check that the tasks failed
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
		if ours && !Benign(t) {
			c.tasks = append(c.tasks, t)
		}
	}
	slices.SortStableFunc(c.tasks, func(a, b types.Task) int { return endOf(b).Compare(endOf(a)) })
	since := aws.ToTime(c.deployment.CreatedAt)
	for _, ev := range e.Events {
		if !aws.ToTime(ev.CreatedAt).Before(since) {
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
func (c *evidenced) draft(s signature, container, cause string, strength int) *draft {
	for _, d := range c.drafts {
		if d.sig.id == s.id && d.container == container && d.cause == cause {
			return d
		}
	}
	d := &draft{sig: s, cause: cause, container: container, strength: strength}
	c.drafts = append(c.drafts, d)
	return d
}
