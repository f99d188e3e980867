package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"steady/diagnose/catalogue"
)

// explainHealth counts tasks that only an event tells of: "(service X) (task ID)
// failed container health checks." or "… is unhealthy in (target-group …) due to
// (reason …)". The tasks themselves vanish from the API after an hour. Whose they
// were is clear only where there is no other deployment.
func (c *evidenced) explainHealth() {
	if len(c.Service.Deployments) > 1 {
		return
	}
	known := map[string]bool{}
	for _, t := range c.StoppedTasks {
		known[taskID(t)] = true // this deployment's, counted, or another's
	}
	for _, ev := range c.events {
		text := aws.ToString(ev.Message)
		m := gaveUp.FindStringSubmatch(text)
		if m == nil || known[m[1]] || c.Others[m[1]] {
			continue
		}
		s, w, ok := catalogue.Find(catalogue.Event, text)
		if !ok {
			continue
		}
		known[m[1]] = true
		gone := types.Task{TaskArn: aws.String(m[1]), StoppedAt: ev.CreatedAt}
		if s.ID == "D01" {
			c.addUnhealthy(gone, w, text)
		} else {
			c.addTask(s, gone, nil, w, strongStoppedReason, text)
		}
	}
}

// addUnhealthy counts a task that failed its health checks, with the check as the
// task definition has it.
func (c *evidenced) addUnhealthy(t types.Task, w catalogue.Words, text string) {
	k := c.unhealthy(t)
	name := ""
	if k != nil {
		name = aws.ToString(k.Name)
	}
	s := catalogue.Get("D01")
	check := c.healthCheck(name)
	if check != nil {
		w["check"] = `, "` + shortened(commandOf(check)) + `"`
	}
	for _, line := range c.Logs[LogKey(taskID(t), name)] {
		if absent, said, ok := catalogue.Find(catalogue.Check, line.Text); ok {
			s, w = absent, said
		}
	}
	if program := c.Lacking[name]; program != "" {
		s, w = catalogue.Get("D18"), catalogue.Words{"command": program}
	}
	d := c.addTask(s, t, k, w, strongStoppedReason, text)
	if check != nil && d.check == nil {
		d.check = &Proof{Subject: "task definition, health check of container " + name, Text: described(check)}
		d.limit = checkLimit(check)
	}
}

// addGivenUp counts a task that a load balancer gave up: for what its event or the
// health of its target says, if anything does.
func (c *evidenced) addGivenUp(t types.Task, s catalogue.Signature, w catalogue.Words, text string) {
	for _, ev := range c.events {
		said := aws.ToString(ev.Message)
		if m := gaveUp.FindStringSubmatch(said); m == nil || m[1] != taskID(t) {
			continue
		}
		if better, words, ok := catalogue.Find(catalogue.Event, said); ok {
			words["group"] = w["group"]
			s, w, text = better, words, said
			break
		}
	}
	d := c.addTask(s, t, c.concerned(t), w, strongStoppedReason, text)
	if d.limit == nil {
		d.limit = c.balancerLimit(w["group"])
	}
}

// explainTargets looks at the health of the service's targets, where nothing else
// says why tasks are given up. A target that is registered or checked for the first
// time is no trouble.
func (c *evidenced) explainTargets() {
	for _, group := range slices.Sorted(keys(c.Targets)) {
		for _, h := range c.Targets[group] {
			if h.TargetHealth == nil || h.Target == nil {
				continue
			}
			switch h.TargetHealth.State {
			case elb.TargetHealthStateEnumHealthy, elb.TargetHealthStateEnumInitial, elb.TargetHealthStateEnumDraining:
				continue
			}
			text := string(h.TargetHealth.Reason)
			if about := aws.ToString(h.TargetHealth.Description); about != "" {
				text = strings.TrimPrefix(text+": "+about, ": ")
			}
			s, w, ok := catalogue.Find(catalogue.Target, text)
			if !ok {
				continue
			}
			w["group"] = group
			d := c.draft(s, "", w, strongTarget)
			if len(d.proofs) < proofsShown {
				subject := fmt.Sprintf("target %s:%d", aws.ToString(h.Target.Id), aws.ToInt32(h.Target.Port))
				d.proofs = append(d.proofs, Proof{Subject: subject, Text: string(h.TargetHealth.State) + ", " + text})
			}
			if d.limit == nil {
				d.limit = c.balancerLimit(group)
			}
		}
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// unhealthy is the container whose check failed: the one that is UNHEALTHY, else
// the only essential one with a check ("the task is UNHEALTHY if any essential
// container is"), else the one that the task's end tells of.
func (c *evidenced) unhealthy(t types.Task) *types.Container {
	for i := range t.Containers {
		if t.Containers[i].HealthStatus == types.HealthStatusUnhealthy {
			return &t.Containers[i]
		}
	}
	var checked []string
	for _, d := range c.TaskDefinition.ContainerDefinitions {
		if d.HealthCheck != nil && c.essential(aws.ToString(d.Name)) {
			checked = append(checked, aws.ToString(d.Name))
		}
	}
	if len(checked) != 1 {
		return c.concerned(t)
	}
	for i := range t.Containers {
		if aws.ToString(t.Containers[i].Name) == checked[0] {
			return &t.Containers[i]
		}
	}
	return &types.Container{Name: aws.String(checked[0])}
}

func (c *evidenced) healthCheck(container string) *types.HealthCheck {
	if d := c.definition(container); d != nil {
		return d.HealthCheck
	}
	return nil
}

func commandOf(h *types.HealthCheck) string { return strings.Join(h.Command, " ") }

// number is a health check's setting, or what it is where it is not set.
func number(n *int32, otherwise int32) int32 {
	if n == nil {
		return otherwise
	}
	return *n
}

// described tells a check with its times: "interval 30, timeout 5, retries 3,
// startPeriod none" where it does not say.
func described(h *types.HealthCheck) string {
	return fmt.Sprintf("%s (interval %d s, timeout %d s, retries %d, startPeriod %d s)", commandOf(h),
		number(h.Interval, 30), number(h.Timeout, 5), number(h.Retries, 3), number(h.StartPeriod, 0))
}

// commandShown is how much of a check's command stands in a sentence.
const commandShown = 100

func shortened(s string) string {
	r := []rune(oneLine.Replace(s))
	if len(r) <= commandShown {
		return string(r)
	}
	return string(r[:commandShown-1]) + "…"
}

// AddTargets adds the targets of a target group.
func (e *Evidence) AddTargets(group string, all []elb.TargetHealthDescription) {
	if e.Targets == nil {
		e.Targets = map[string][]elb.TargetHealthDescription{}
	}
	e.Targets[group] = append(e.Targets[group], all...)
}
