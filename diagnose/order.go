package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// waitsSoon is how long a task may be PENDING for one container that waits for another
// before that is a finding: migrations and caches take minutes.
const waitsSoon = 5 * time.Minute

// waits is a container of a live task that waits for another one, as dependsOn has it.
type waits struct {
	task      types.Task
	container string
	condition types.ContainerCondition
	on        types.Container
}

// forEver: "HEALTHY: the ECS agent leaves the target waiting" where the other one has
// ended. With the other conditions such a task ends.
func (w waits) forEver() bool {
	return w.condition == types.ContainerConditionHealthy && aws.ToString(w.on.LastStatus) == "STOPPED"
}

// failing: the other one runs, and fails its health check at the moment.
func (w waits) failing() bool {
	return w.condition == types.ContainerConditionHealthy && !w.forEver() && w.on.HealthStatus == types.HealthStatusUnhealthy
}

// unmet are the dependencies that keep tasks PENDING. Tasks of another revision than the
// task definition are passed over.
func unmet(d types.TaskDefinition, tasks []types.Task) []waits {
	var all []waits
	for _, t := range tasks {
		if aws.ToString(t.LastStatus) != "PENDING" || aws.ToString(t.TaskDefinitionArn) != aws.ToString(d.TaskDefinitionArn) {
			continue
		}
		for _, k := range d.ContainerDefinitions {
			if waiter := containerIn(t, aws.ToString(k.Name)); waiter == nil || aws.ToString(waiter.LastStatus) != "PENDING" {
				continue
			}
			for _, on := range k.DependsOn {
				if other := containerIn(t, aws.ToString(on.ContainerName)); other != nil && !reached(*other, on.Condition) {
					all = append(all, waits{t, aws.ToString(k.Name), on.Condition, *other})
				}
			}
		}
	}
	return all
}

// reached tells whether a container is, or was, what another one waits for, as far as the
// API tells. One that has ended is not HEALTHY any more.
func reached(k types.Container, condition types.ContainerCondition) bool {
	switch last := aws.ToString(k.LastStatus); condition {
	case types.ContainerConditionHealthy:
		return last != "STOPPED" && k.HealthStatus == types.HealthStatusHealthy
	case types.ContainerConditionStart:
		return last != "PENDING"
	default:
		return last == "STOPPED" // and if it has failed, the task ends
	}
}

// order tells what tasks wait for that are PENDING because one of their containers
// depends on another one. No event and no reason tells it.
func order(e Evidence, s Situation) []Finding {
	c := newCase(e)
	for _, w := range unmet(s.TaskDefinition, s.Tasks) {
		id := "D26"
		switch {
		case w.forEver():
			id = "D25"
		case w.failing():
			id = "D27"
		case w.task.CreatedAt == nil || s.At.Sub(*w.task.CreatedAt) < waitsSoon:
			continue
		}
		words, check := w.words(), c.healthCheck(aws.ToString(w.on.Name))
		if check != nil {
			words["check"] = `, "` + shortened(commandOf(check)) + `"`
		}
		d := c.draft(catalogue.Get(id), w.container, words, strongTarget)
		if id == "D27" && check != nil && d.check == nil {
			d.check = &Proof{Subject: "task definition, health check of container " + aws.ToString(w.on.Name), Text: described(check)}
		}
		if len(d.proofs) < proofsShown {
			d.proofs = append(d.proofs, Proof{At: aws.ToTime(w.task.CreatedAt), Subject: "task " + taskID(w.task) + ", container " + aws.ToString(w.on.Name), Text: w.seen(s.At)})
		}
	}
	return c.findings()
}

func (w waits) words() catalogue.Words {
	return catalogue.Words{"container": w.container, "other": aws.ToString(w.on.Name), "condition": string(w.condition), "task": taskID(w.task)}
}

// seen is how the other container stands.
func (w waits) seen(now time.Time) string {
	text := []string{aws.ToString(w.on.LastStatus)}
	if w.on.ExitCode != nil {
		text = append(text, fmt.Sprintf("exit code %d", *w.on.ExitCode))
	}
	if r := aws.ToString(w.on.Reason); r != "" {
		text = append(text, r)
	}
	if w.condition == types.ContainerConditionHealthy && !w.forEver() {
		text = append(text, "health "+string(w.on.HealthStatus))
	}
	if w.task.CreatedAt != nil && now.After(*w.task.CreatedAt) {
		text = append(text, "and the task PENDING for "+roundly(now.Sub(*w.task.CreatedAt)))
	}
	return strings.Join(text, ", ")
}

// toldWithin is how long it may take until all that has happened to a task is told: a
// change of a container waits "for the next task change, or 10 to 30 s".
const toldWithin = time.Minute

// stuck: a task that waits for ever counts as one that is coming, so that neither the
// circuit breaker nor the scheduler does anything about it.
func (p *prospect) stuck() *Hopeless {
	for _, w := range unmet(p.TaskDefinition, p.Tasks) {
		if p.mine(w.task) && w.forEver() && w.task.CreatedAt != nil && p.At.Sub(*w.task.CreatedAt) >= toldWithin {
			return &Hopeless{
				Reason: fmt.Sprintf("container %s of task %s waits until container %s is HEALTHY, which has ended: the task stays PENDING, and ECS does not replace it", w.container, taskID(w.task), *w.on.Name),
				Remedy: w.words().Steps(catalogue.Get("D25").Remedy),
			}
		}
	}
	return nil
}

// held names what tasks of the deployment wait for within themselves, where that does not
// come: another container that fails its health check, or has long not come so far.
func (p *prospect) held() string {
	for _, w := range unmet(p.TaskDefinition, p.Tasks) {
		if !p.mine(w.task) || w.forEver() || w.task.CreatedAt == nil || p.At.Sub(*w.task.CreatedAt) < waitsSoon && !w.failing() {
			continue
		}
		stands := aws.ToString(w.on.LastStatus)
		if w.condition == types.ContainerConditionHealthy {
			stands = string(w.on.HealthStatus)
		}
		return fmt.Sprintf("container %s of task %s, which is %s: container %s depends on it (%s)", aws.ToString(w.on.Name), taskID(w.task), stands, w.container, w.condition)
	}
	return ""
}

func containerIn(t types.Task, name string) *types.Container {
	for i := range t.Containers {
		if k := &t.Containers[i]; aws.ToString(k.Name) == name {
			return k
		}
	}
	return nil
}
