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
	DeploymentStalled   Kind = "deployment stalled" // it is under way, and does not get on
	ServiceDegraded     Kind = "service degraded"   // it has fewer tasks than it had deployed
	ServiceRecovered    Kind = "service recovered"  // it has them again
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

// ofDeployments compares two looks at a service. Deployments that began and ended between
// them are known from the service's events.
func ofDeployments(before types.Service, now types.Service) []Happening {
	all := endsSaid(before, now)
	if p := primary(now); p != nil {
		all = append(beginnings(before, now, *p), all...)
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
