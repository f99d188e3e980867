package monitor

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Kind is what happens to a service.
type Kind string

const (
	DeploymentStarted   Kind = "deployment started"
	DeploymentCompleted Kind = "deployment completed"
	DeploymentFailed    Kind = "deployment failed"
	ServiceDegraded     Kind = "service degraded"  // it has fewer tasks than it had deployed
	ServiceRecovered    Kind = "service recovered" // it has them again
	ServiceDeleted      Kind = "service deleted"
)

// Happening is one thing that happened to a service between two looks at it.
type Happening struct {
	Kind       Kind
	At         time.Time // as ECS tells it, else of the look that showed it
	Deployment string    // id; empty where it is not of one
	Revision   string    // family:revision, where it is known
	// RollsBack tells that the deployment rolls another back.
	RollsBack bool
	Text      string // a sentence
}

// Happenings compares two looks at a service; now is nil once it is gone. Deployments
// that began and ended between the looks are known from the service's events.
func Happenings(before types.Service, now *types.Service, at time.Time) []Happening {
	if now == nil || status(*now) != "ACTIVE" {
		if status(before) != "ACTIVE" {
			return nil
		}
		return []Happening{{Kind: ServiceDeleted, At: at, Text: "It is being deleted."}}
	}
	all := endsSaid(before, *now)
	if p := primary(*now); p != nil {
		all = append(beginnings(before, *now, *p), all...)
		all = append(all, ofCounts(before, *now, *p, at)...)
	}
	return all
}

// beginnings tells of a deployment that took the place of the one before.
func beginnings(before, now types.Service, p types.Deployment) []Happening {
	if was := primary(before); was != nil && id(was) == id(&p) {
		return nil
	}
	h := Happening{Kind: DeploymentStarted, At: aws.ToTime(p.CreatedAt), Deployment: id(&p), Revision: revision(&p), RollsBack: rollsBack(now, p)}
	h.Text = fmt.Sprintf("The deployment of %s began.", h.Revision)
	if h.RollsBack {
		h.Text = fmt.Sprintf("The roll back to %s began.", h.Revision)
	}
	return []Happening{h}
}

// endsSaid are the ends of deployments that the events since the look before tell of,
// oldest first.
func endsSaid(before, now types.Service) (all []Happening) {
	known := map[string]bool{}
	for _, e := range before.Events {
		known[aws.ToString(e.Id)] = true
	}
	for _, e := range slices.Backward(now.Events) {
		if known[aws.ToString(e.Id)] {
			continue
		}
		text := aws.ToString(e.Message)
		if m := saysCompleted.FindStringSubmatch(text); m != nil {
			all = append(all, ended(DeploymentCompleted, m[1], e.CreatedAt, before, now))
		}
		if m := saysFailed.FindStringSubmatch(text); m != nil {
			all = append(all, ended(DeploymentFailed, m[1], e.CreatedAt, before, now))
		}
	}
	return all
}

// ended words the end of a deployment. COMPLETED "is also sent when a roll back
// completes", which is no success of the release.
func ended(kind Kind, deployment string, at *time.Time, before, now types.Service) Happening {
	h := Happening{Kind: kind, At: aws.ToTime(at), Deployment: deployment}
	what := "The deployment"
	for _, s := range []types.Service{now, before} {
		if d := find(s, deployment); d != nil && h.Revision == "" {
			h.Revision, h.RollsBack = revision(d), rollsBack(s, *d)
			what = "The deployment of " + h.Revision
		}
	}
	if h.RollsBack {
		what = "The roll back to " + h.Revision
	}
	h.Text = what + " completed."
	if kind == DeploymentFailed {
		h.Text = what + " failed."
	}
	return h
}

// ofCounts tells whether a service that had arrived lost tasks, or has them again.
func ofCounts(before, now types.Service, p types.Deployment, at time.Time) []Happening {
	was, is := degraded(before), degraded(now)
	h := Happening{At: at, Deployment: id(&p), Revision: revision(&p)}
	switch {
	case is && !was:
		h.Kind, h.Text = ServiceDegraded, fmt.Sprintf("%d of %d tasks run.", now.RunningCount, now.DesiredCount)
	case was && !is && arrived(now, p):
		h.Kind, h.Text = ServiceRecovered, fmt.Sprintf("%d of %d tasks run again.", now.RunningCount, now.DesiredCount)
	default:
		return nil
	}
	return []Happening{h}
}

// degraded tells that a service lacks tasks though no deployment is under way.
func degraded(s types.Service) bool {
	p := primary(s)
	return p != nil && p.RolloutState == types.DeploymentRolloutStateCompleted && s.RunningCount < s.DesiredCount
}
