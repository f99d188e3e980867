package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Strength of evidence, the strongest first: "container reason > stoppedReason
// detail > event reason > exit code + log tail".
const (
	strongReason = iota
	strongStoppedReason
	strongEvent
	strongLog
	strongExit
	strongNothing
)

// proofsShown is how many tasks or events a finding names as proof.
const proofsShown = 3

// logLinesShown is how many lines of a failed task's log a finding carries.
const logLinesShown = 8

// Benign tells whether a task was stopped on purpose or with its machine, so that
// its end says nothing about what it runs: scaling and replacement, a user's
// StopTask, maintenance, a Spot interruption, a machine that went away.
func Benign(t types.Task) bool {
	switch t.StopCode {
	case types.TaskStopCodeUserInitiated, types.TaskStopCodeSpotInterruption,
		types.TaskStopCodeTerminationNotice, stopCodeInfrastructureHealth:
		return true
	}
	// The stop code alone does not tell: a failed health check and a replaced
	// revision are both ServiceSchedulerInitiated.
	return benignReason.MatchString(aws.ToString(t.StoppedReason))
}

const stopCodeInfrastructureHealth types.TaskStopCode = "InfrastructureHealth"

// explainTask adds a failed task to the one cause that its evidence supports best.
func (c *evidenced) explainTask(t types.Task) {
	for _, look := range []func(types.Task) bool{c.byReason, c.byStoppedReason, c.byLog, c.byExit} {
		if look(t) {
			return
		}
	}
	if t.StopCode == "" && t.StoppedReason == nil && aws.ToString(t.LastStatus) != "STOPPED" {
		return // nothing has been said yet
	}
	c.addTask(unknownStop, t, nil, vars{"reason": aws.ToString(t.StoppedReason)}, strongNothing, aws.ToString(t.StoppedReason))
}

func (c *evidenced) byReason(t types.Task) bool {
	for _, s := range reasons {
		for i := range t.Containers {
			k := &t.Containers[i]
			if v, ok := match(s, aws.ToString(k.Reason)); ok {
				c.addTask(s, t, k, v, strongReason, aws.ToString(k.Reason))
				return true
			}
		}
	}
	return false
}

func (c *evidenced) byStoppedReason(t types.Task) bool {
	text := aws.ToString(t.StoppedReason)
	for _, s := range reasons {
		if v, ok := match(s, text); ok {
			if s.id == healthCheck.id {
				c.addUnhealthy(t, v, text)
				return true
			}
			c.addTask(s, t, c.concerned(t), v, strongStoppedReason, text)
			return true
		}
	}
	return false
}

func (c *evidenced) byLog(t types.Task) bool {
	k := c.culprit(t)
	if k == nil || aws.ToInt32(k.ExitCode) == 0 {
		return false
	}
	for _, line := range c.Logs[LogKey(taskID(t), aws.ToString(k.Name))] {
		for _, s := range logLines {
			if v, ok := match(s, line); ok {
				c.addTask(s, t, k, v, strongLog, exitText(t, k))
				return true
			}
		}
	}
	return false
}

func (c *evidenced) byExit(t types.Task) bool {
	k := c.culprit(t)
	if k == nil {
		return false
	}
	for _, s := range exits {
		if s.stopCode != "" && s.stopCode != t.StopCode {
			continue
		}
		if len(s.exit) == 0 || slices.Contains(s.exit, *k.ExitCode) {
			c.addTask(s, t, k, vars{"code": fmt.Sprint(*k.ExitCode)}, strongExit, exitText(t, k))
			return true
		}
	}
	return false
}

func exitText(t types.Task, k *types.Container) string {
	text := "exit code " + fmt.Sprint(aws.ToInt32(k.ExitCode))
	if up, ok := uptime(t); ok {
		text += " after " + roundly(up)
	}
	if r := aws.ToString(k.Reason); r != "" {
		text += " (" + r + ")"
	}
	return text
}

// culprit is the essential container that ended first, as far as the exit codes
// tell: the others end because the task does, by a signal. Nil without any exit.
func (c *evidenced) culprit(t types.Task) *types.Container {
	var exited []*types.Container
	for i := range t.Containers {
		k := &t.Containers[i]
		if k.ExitCode != nil && c.essential(aws.ToString(k.Name)) {
			exited = append(exited, k)
		}
	}
	if len(exited) == 0 {
		return nil
	}
	return slices.MinFunc(exited, func(a, b *types.Container) int {
		return cmp.Compare(c.blame(t, a), c.blame(t, b))
	})
}

// concerned is the container that a task's stoppedReason most likely speaks of:
// the unhealthy one, else the one that ended first, else the only one.
func (c *evidenced) concerned(t types.Task) *types.Container {
	for i := range t.Containers {
		if t.Containers[i].HealthStatus == types.HealthStatusUnhealthy {
			return &t.Containers[i]
		}
	}
	if k := c.culprit(t); k != nil {
		return k
	}
	if len(t.Containers) == 1 {
		return &t.Containers[0]
	}
	return nil
}

// blame ranks exit codes by how well they fit a container that ended by itself.
func (c *evidenced) blame(t types.Task, k *types.Container) int {
	switch code := *k.ExitCode; code {
	case 137: // out of memory, or killed since it ignored SIGTERM
		if c.outlastedStop(t, k) {
			return 3
		}
		return 1
	case 0:
		return 2
	case 143, 130:
		return 4
	default:
		return 0
	}
}

// outlastedStop tells whether the task took as long to stop as a container may
// take that does not heed SIGTERM ("EC2: stopTimeout, else 30 s").
func (c *evidenced) outlastedStop(t types.Task, k *types.Container) bool {
	if t.ExecutionStoppedAt == nil || t.StoppedAt == nil {
		return false
	}
	grace := 30 * time.Second
	if d := c.definition(aws.ToString(k.Name)); d != nil && d.StopTimeout != nil {
		grace = time.Duration(*d.StopTimeout) * time.Second
	}
	return t.StoppedAt.Sub(*t.ExecutionStoppedAt) >= grace
}

func (c *evidenced) definition(container string) *types.ContainerDefinition {
	for i := range c.TaskDefinition.ContainerDefinitions {
		if d := &c.TaskDefinition.ContainerDefinitions[i]; aws.ToString(d.Name) == container {
			return d
		}
	}
	return nil
}

// essential: "essential defaults to true".
func (c *evidenced) essential(container string) bool {
	d := c.definition(container)
	return d == nil || d.Essential == nil || *d.Essential
}

// addTask counts a task for a cause, with its proof and the end of its log.
func (c *evidenced) addTask(s signature, t types.Task, k *types.Container, v vars, strength int, text string) *draft {
	name := ""
	if k != nil {
		name = aws.ToString(k.Name)
		v["container"] = name
		v["image"] = cmp.Or(v["image"], aws.ToString(k.Image))
	}
	d := c.draft(s, name, v.expand(s.cause), strength)
	d.tasks++
	if up, ok := uptime(t); ok {
		d.uptimes = append(d.uptimes, up)
	}
	subject := "task " + taskID(t)
	if k != nil {
		subject += ", container " + name
	}
	if len(d.proofs) < proofsShown {
		d.proofs = append(d.proofs, Proof{At: endOf(t), Subject: subject, Text: text})
	}
	if k != nil && k.ExitCode != nil {
		d.addLog(c.Logs[LogKey(taskID(t), name)], subject)
	}
	return d
}

// addLog notes the last line of each task, and keeps the tail of the newest one
// that has a log.
func (d *draft) addLog(lines []string, subject string) {
	lines = slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(lines) == 0 {
		return
	}
	d.tails = append(d.tails, lines[len(lines)-1])
	if d.log != nil {
		return
	}
	for _, line := range lines[max(0, len(lines)-logLinesShown):] {
		d.log = append(d.log, Proof{Subject: "log of " + subject, Text: line, Log: true})
	}
}
