package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// Diagnosis is all that can be said of a service or a task at one moment.
type Diagnosis struct {
	// Findings, the most relevant first: what failing tasks tell, then what was
	// computed, then symptoms.
	Findings []Finding
	// Benign are ends of tasks that are no failure, by their reason.
	Benign []Finding
	// Outlook tells whether the service can become what it is meant to be.
	Outlook Outlook
	// Room is what the cluster can still take of the service's tasks; nil where
	// that is not known, or not asked since no task lacks a place.
	Room *Room
	// Notes are sentences on what the evidence does not show: what has vanished by
	// now, what could not be read, what silence means.
	Notes []string
	// Lacking says what a deployment is short of, where that is not as it should be, in a
	// sentence or two without the last full stop; empty where it is.
	Lacking string
}

// Diagnose judges all that is known of a service: the evidence of a deployment, and
// what is around it. What Situation.Findings holds is not looked at.
func Diagnose(e Evidence, s Situation) Diagnosis {
	e.Live = s.Tasks
	s.Findings = Explain(e)
	d := Diagnosis{Benign: benign(e), Outlook: Foresee(s), Notes: notes(e, s)}
	more := slices.Concat(comparePorts(e, s), platform(s), provisioning(s), order(e, s), leaving(s), silent(e, s), unwell(e, s, s.Findings), agents(s), deaf(e), held(e, s))
	d.Findings = foreseen(ranked(append(s.Findings, more...)), d.Outlook)
	d.Room = room(s)
	return d
}

// ranked puts symptoms last. The order of what failing tasks tell stays, and what
// was computed comes behind it: it may be right and still not be what hurts. What is
// told of tasks that were stopped on purpose explains no failure, and is the very last.
func ranked(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Compare(standing(a), standing(b))
	})
	return findings
}

func standing(f Finding) int {
	switch {
	case f.OnPurpose:
		return 4
	case f.Confidence == Symptom:
		return 3
	case f.Tasks > 0:
		return 0
	case f.Heals && f.Confidence == Possible:
		return 2
	}
	return 1
}

// computed is a finding that no text shows. The detail goes behind the cause.
func computed(id, detail string, proofs ...Proof) Finding {
	s := catalogue.Get(id)
	d := draft{sig: s, cause: s.Cause, proofs: proofs, strength: strongNothing}
	if detail != "" {
		d.cause += ": " + detail
	}
	return d.finding()
}

// provisioningSoon is how long a task may be PROVISIONING before that is a finding.
// New instances take minutes.
const provisioningSoon = 3 * time.Minute

// provisioning: "in PROVISIONING neither the task nor the containers exist, because
// Amazon ECS needs to find compute capacity". No event tells what keeps it from that.
func provisioning(s Situation) []Finding {
	var stuck []Proof
	for _, t := range s.Tasks {
		if aws.ToString(t.LastStatus) == "PROVISIONING" && t.CreatedAt != nil && s.At.Sub(*t.CreatedAt) >= provisioningSoon {
			stuck = append(stuck, Proof{At: *t.CreatedAt, Subject: "task " + taskID(t),
				Text: "PROVISIONING for " + roundly(s.At.Sub(*t.CreatedAt))})
		}
	}
	if len(stuck) == 0 {
		return nil
	}
	stuck = stuck[:min(len(stuck), proofsShown)]
	switch {
	case s.Service.EnableExecuteCommand && onOwnCapacity(s.Service):
		return []Finding{computed("E40", "", stuck...), computed("E16", "", stuck...)}
	case s.Service.LaunchType == types.LaunchTypeEc2:
		return []Finding{computed("E39", "", stuck...)}
	}
	return []Finding{computed("E16", "", stuck...)}
}

// onOwnCapacity tells whether the service's tasks run on instances of a capacity
// provider, which is then one of an Auto Scaling group.
func onOwnCapacity(s types.Service) bool {
	return slices.ContainsFunc(s.CapacityProviderStrategy, func(c types.CapacityProviderStrategyItem) bool {
		name := aws.ToString(c.CapacityProvider)
		return name != "FARGATE" && name != "FARGATE_SPOT"
	})
}

// leaving: the new tasks are there, and old ones have not gone.
func leaving(s Situation) []Finding {
	var proofs []Proof
	complete := false
	for _, d := range s.Service.Deployments {
		switch {
		case aws.ToString(d.Status) == "PRIMARY":
			complete = d.RunningCount >= s.Service.DesiredCount && d.PendingCount == 0 && d.RunningCount > 0 &&
				d.RolloutState == types.DeploymentRolloutStateInProgress
		case d.RunningCount > 0:
			proofs = append(proofs, Proof{At: aws.ToTime(d.CreatedAt), Subject: "deployment " + aws.ToString(d.Id), Text: tasksOf(int(d.RunningCount)) + " still running"})
		}
	}
	if !complete || len(proofs) == 0 || len(s.Service.LoadBalancers) == 0 {
		return nil
	}
	return []Finding{computed("F05", "", proofs...)}
}

// silentSoon is how long a deployment may be without any task before that is a
// finding.
const silentSoon = 2 * time.Minute

// silent: the service wants tasks, has none, and says nothing.
func silent(e Evidence, s Situation) []Finding {
	c := newCase(e)
	d := c.deployment
	if d.Id == nil || d.CreatedAt == nil || s.At.IsZero() || s.Service.DesiredCount == 0 || d.RolloutState != types.DeploymentRolloutStateInProgress ||
		d.RunningCount+d.PendingCount+d.FailedTasks > 0 || len(e.StoppedTasks)+len(c.events) > 0 || s.At.Sub(*d.CreatedAt) < silentSoon {
		return nil
	}
	return []Finding{computed("F06", "", Proof{At: *d.CreatedAt, Subject: "deployment " + aws.ToString(d.Id),
		Text: tasksOf(int(s.Service.DesiredCount)) + " desired, none started and no event for " + roundly(s.At.Sub(*d.CreatedAt))})}
}
