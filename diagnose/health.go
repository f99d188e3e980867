package diagnose

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// explainHealth counts tasks that only an event tells of: "(service X) (task ID)
// failed container health checks." The tasks themselves vanish from the API after
// an hour. Whose they were is clear only where there is no other deployment.
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
		m := failedCheck.FindStringSubmatch(text)
		if m == nil || known[m[1]] || c.Others[m[1]] {
			continue
		}
		known[m[1]] = true
		c.addUnhealthy(types.Task{TaskArn: aws.String(m[1]), StoppedAt: ev.CreatedAt}, vars{}, text)
	}
}

// addUnhealthy counts a task that failed its health checks, with the check as the
// task definition has it.
func (c *evidenced) addUnhealthy(t types.Task, v vars, text string) {
	k := c.unhealthy(t)
	name := ""
	if k != nil {
		name = aws.ToString(k.Name)
	}
	check := c.healthCheck(name)
	if check != nil {
		v["check"] = `, "` + shortened(commandOf(check)) + `"`
	}
	d := c.addTask(healthCheck, t, k, v, strongStoppedReason, text)
	if check != nil && d.check == nil {
		d.check = &Proof{Subject: "task definition, health check of container " + name, Text: described(check)}
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

// described tells a check with its times: "interval 30, timeout 5, retries 3,
// startPeriod none" where it does not say.
func described(h *types.HealthCheck) string {
	number := func(n *int32, otherwise int32) int32 {
		if n == nil {
			return otherwise
		}
		return *n
	}
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
