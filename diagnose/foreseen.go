package diagnose

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// foreseen makes what events say of a missing place as sharp as the outlook, where that
// knows that there can be none: what helps then is not what helps where room is short.
func foreseen(findings []Finding, o Outlook) []Finding {
	if o.Hopeless == nil || o.Hopeless.ID != "E38" {
		return findings
	}
	for i := range findings {
		f := &findings[i]
		if f.Tasks == 0 && catalogue.Get(f.ID).Placement && f.Kind != catalogue.Transient {
			f.Foreseen, f.Deterministic, f.Heals, f.Confidence, f.Remedy = true, true, false, Certain, o.Hopeless.Remedy
		}
	}
	return findings
}

// drained names the instances that are being drained.
func drained(s Situation) []string {
	var all []string
	for _, i := range s.Instances {
		if aws.ToString(i.Status) == "DRAINING" {
			all = append(all, lastPart(i.ContainerInstanceArn))
		}
	}
	return all
}

// activate is the command that ends the draining of an instance.
func activate(instance string) string {
	return "Make it ACTIVE again: aws ecs update-container-instances-state --status ACTIVE --container-instances " + instance
}

// allDrained: there are instances, and all of them are DRAINING.
func (p *prospect) allDrained() *Hopeless {
	names := drained(p.Situation)
	if len(names) == 0 || slices.ContainsFunc(p.Instances, func(i types.ContainerInstance) bool { return aws.ToString(i.Status) == "ACTIVE" }) {
		return nil
	}
	return &Hopeless{
		Reason: fmt.Sprintf("the cluster has no ACTIVE container instance: %s being drained, and such an instance takes no tasks", areNamed(names)),
		Remedy: []string{activate(names[0]), "Or start another container instance and let it join this cluster."},
	}
}

func areNamed(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return fmt.Sprintf("all %d (%s, …) are", len(names), names[0])
}

// held tells of tasks that are to leave an instance which is being drained, and stay since
// those that are to take their place find none. The deployment is complete, and stays so.
func held(e Evidence, s Situation) []Finding {
	c := newCase(e)
	names := drained(s)
	if c.deployment.RolloutState != types.DeploymentRolloutStateCompleted || len(names) == 0 || len(c.events) == 0 {
		return nil
	}
	newest := c.events[0]
	if said, _, ok := catalogue.Find(catalogue.Event, aws.ToString(newest.Message)); !ok || !said.Placement {
		return nil
	}
	proofs := []Proof{{At: aws.ToTime(newest.CreatedAt), Subject: "service event", Text: aws.ToString(newest.Message)}}
	for _, t := range s.Tasks {
		if on := lastPart(t.ContainerInstanceArn); slices.Contains(names, on) && len(proofs) <= proofsShown {
			proofs = append(proofs, Proof{Subject: "task " + taskID(t), Text: "still on container instance " + on + ", which is DRAINING"})
		}
	}
	if len(proofs) == 1 {
		return nil
	}
	f := computed("E42", "", proofs...)
	f.Remedy = append(slices.Clone(f.Remedy), activate(names[0]))
	return []Finding{f}
}
