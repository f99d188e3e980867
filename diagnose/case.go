package diagnose

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// Case is all that is known of one subject, ready to be judged.
type Case struct {
	Subject   Subject
	Evidence  Evidence
	Situation Situation
	// Missing are sentences on what could not be read.
	Missing []string
}

// Subject is what a diagnosis is of.
type Subject struct {
	Kind       Kind
	Name       string // of the service, or the task's id
	Cluster    string // name; may be empty
	Deployment string // id, "ecs-svc/…"; may be empty
	Revision   string // "family:revision"; may be empty
	State      string // how it stands, in a few words: "IN_PROGRESS, 1 of 3 tasks run"
}

// Kind is a kind of subject.
type Kind string

const (
	AService    Kind = "service"
	ADeployment Kind = "deployment"
	ATask       Kind = "task"
	SomeTexts   Kind = "texts" // that somebody saved or pasted
)

// Diagnose judges the case.
func (c Case) Diagnose() Diagnosis {
	d := Diagnose(c.Evidence, c.Situation)
	d.Notes = append(d.Notes, c.Missing...)
	d.Lacking = lacking(c)
	return d
}

// lacking says how many tasks a deployment is short of that has failed ones, or of which
// something could not be read: then that nothing was found is no good news.
func lacking(c Case) string {
	d := newCase(c.Evidence).deployment
	if d.Id == nil || d.RunningCount >= d.DesiredCount || d.FailedTasks == 0 && len(c.Missing) == 0 && d.RolloutState != types.DeploymentRolloutStateFailed {
		return ""
	}
	text := fmt.Sprintf("%d of %s run", d.RunningCount, tasksOf(int(d.DesiredCount)))
	if d.FailedTasks > 0 {
		text += fmt.Sprintf(", and ECS counts %d failed", d.FailedTasks)
	}
	if len(c.Missing) > 0 {
		text += ". " + c.Missing[0]
	}
	return text
}

// StateOf tells how a service stands with a deployment of it.
func StateOf(s types.Service, deployment string) string {
	if st := aws.ToString(s.Status); st != "" && st != "ACTIVE" {
		return st
	}
	for _, d := range s.Deployments {
		if aws.ToString(d.Id) == deployment {
			text := fmt.Sprintf("%d of %d tasks run", d.RunningCount, max(d.DesiredCount, s.DesiredCount))
			if d.RolloutState != "" {
				text = string(d.RolloutState) + ", " + text
			}
			return text
		}
	}
	return fmt.Sprintf("%d of %d tasks run", s.RunningCount, s.DesiredCount)
}

// StateOfTask tells how a task stands.
func StateOfTask(t types.Task) string {
	text := aws.ToString(t.LastStatus)
	if t.HealthStatus == types.HealthStatusHealthy || t.HealthStatus == types.HealthStatusUnhealthy {
		text += ", " + string(t.HealthStatus)
	}
	if t.StopCode != "" {
		text += ", " + string(t.StopCode)
	}
	if up, ok := uptime(t); ok {
		text += " after " + roundly(up)
	}
	return text
}

// unwell tells of live tasks that fail their health checks at the moment, where no
// task that was stopped for that tells it better.
func unwell(e Evidence, s Situation, found []Finding) []Finding {
	if slices.ContainsFunc(found, func(f Finding) bool { return f.ID[0] == 'D' && f.Confidence != Symptom }) {
		return nil
	}
	c := newCase(e)
	for _, t := range s.Tasks {
		if t.HealthStatus != types.HealthStatusUnhealthy {
			continue
		}
		name, words := "", catalogue.Words{}
		if k := c.unhealthy(t); k != nil {
			name = aws.ToString(k.Name)
		}
		words["container"] = name
		check := c.healthCheck(name)
		if check != nil {
			words["check"] = `, "` + shortened(commandOf(check)) + `"`
		}
		d := c.draft(catalogue.Get("D01"), name, words, strongTarget)
		if check != nil && d.check == nil {
			d.check = &Proof{Subject: "task definition, health check of container " + name, Text: described(check)}
		}
		if len(d.proofs) < proofsShown {
			d.proofs = append(d.proofs, Proof{Subject: "task " + taskID(t), Text: "UNHEALTHY, and still " + aws.ToString(t.LastStatus)})
		}
	}
	return c.findings()
}

// agents tells of live tasks whose agent for ECS Exec does not run.
func agents(s Situation) []Finding {
	c := &evidenced{}
	for _, t := range s.Tasks {
		for _, k := range t.Containers {
			for _, a := range k.ManagedAgents {
				if aws.ToString(a.LastStatus) != "STOPPED" || aws.ToString(t.LastStatus) != "RUNNING" {
					continue
				}
				d := c.draft(catalogue.Get("H04"), aws.ToString(k.Name), catalogue.Words{"container": aws.ToString(k.Name)}, strongTarget)
				if len(d.proofs) < proofsShown {
					d.proofs = append(d.proofs, Proof{Subject: "task " + taskID(t) + ", " + string(a.Name), Text: "STOPPED: " + aws.ToString(a.Reason)})
				}
			}
		}
	}
	return c.findings()
}
