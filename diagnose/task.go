package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose/catalogue"
)

// Strength of evidence, the strongest first: "container reason > stoppedReason
// detail > event reason > exit code + log tail > target health".
const (
	strongReason = iota
	strongStoppedReason
	strongEvent
	strongLog
	strongExit
	strongTarget
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
	s, _, ok := catalogue.Find(catalogue.Reason, aws.ToString(t.StoppedReason))
	return ok && s.Kind == catalogue.Benign
}

const stopCodeInfrastructureHealth types.TaskStopCode = "InfrastructureHealth"

// jobDone tells whether a task that is of no service ended well: what has to run for
// ever in a service may end in a task of its own.
func (c *evidenced) jobDone(t types.Task) bool {
	if t.Group == nil || strings.HasPrefix(*t.Group, "service:") || t.StopCode != types.TaskStopCodeEssentialContainerExited {
		return false
	}
	k := c.culprit(t)
	return k != nil && *k.ExitCode == 0
}

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
	c.addTask(catalogue.Get("U01"), t, nil, catalogue.Words{"reason": aws.ToString(t.StoppedReason)}, strongNothing, aws.ToString(t.StoppedReason))
}

// tells finds the cause in the reason of a stop. That an essential container ended
// is none: the container tells why.
func tells(reason string) (catalogue.Signature, catalogue.Words, bool) {
	s, w, ok := catalogue.Find(catalogue.Reason, reason)
	return s, w, ok && s.Confidence != Symptom && s.Kind != catalogue.Benign
}

// byReason takes the most special cause that the reasons of the containers tell:
// where one could not start, the engine may have reasons for the others too.
func (c *evidenced) byReason(t types.Task) bool {
	explained := c.failedDependency(t) != nil
	for _, s := range catalogue.At(catalogue.Reason) {
		if s.Confidence == Symptom || s.Kind == catalogue.Benign {
			continue
		}
		for i := range t.Containers {
			k := &t.Containers[i]
			if w, ok := s.In(aws.ToString(k.Reason)); ok && !(explained && inVain(*k.Reason)) {
				c.addTask(s, t, k, w, strongReason, aws.ToString(k.Reason))
				return true
			}
		}
	}
	return false
}

func (c *evidenced) byStoppedReason(t types.Task) bool {
	text := aws.ToString(t.StoppedReason)
	s, w, ok := tells(text)
	if !ok || inVain(text) && c.failedDependency(t) != nil {
		return false
	}
	switch s.ID {
	case "D01":
		c.addUnhealthy(t, w, text)
	case "D00":
		c.addGivenUp(t, s, w, text)
	default:
		c.addTask(s, t, c.concerned(t), w, strongStoppedReason, text)
	}
	return true
}

func (c *evidenced) byLog(t types.Task) bool {
	k := c.culprit(t)
	if k == nil || aws.ToInt32(k.ExitCode) == 0 {
		return false
	}
	for _, line := range c.Logs[LogKey(taskID(t), aws.ToString(k.Name))] {
		if s, w, ok := catalogue.Find(catalogue.Log, line.Text); ok {
			c.addTask(s, t, k, w, strongLog, exitText(t, k))
			return true
		}
	}
	return false
}

func (c *evidenced) byExit(t types.Task) bool {
	k := c.culprit(t)
	if k == nil {
		return false
	}
	for _, s := range catalogue.At(catalogue.Exit) {
		if s.StopCode != "" && s.StopCode != t.StopCode {
			continue
		}
		if len(s.Exit) == 0 || slices.Contains(s.Exit, *k.ExitCode) {
			d := c.addTask(s, t, k, catalogue.Words{"code": fmt.Sprint(*k.ExitCode)}, strongExit, exitText(t, k))
			d.addClue(c.Logs[LogKey(taskID(t), aws.ToString(k.Name))])
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
	for i := range t.Containers {
		switch o := &t.Containers[i]; {
		case aws.ToString(o.Name) == aws.ToString(k.Name):
		case inVain(aws.ToString(o.Reason)):
			text += "; so that " + aws.ToString(o.Name) + ", which depends on it, did not start"
		case o.ExitCode != nil:
			text += fmt.Sprintf("; then %s: %d", aws.ToString(o.Name), *o.ExitCode)
		}
	}
	return text
}

// culprit is the essential container that ended first, as far as the exit codes
// tell: the others end because the task does, by a signal. Where one could not start
// since another one failed that it depends on, it is that one. Nil without any exit.
func (c *evidenced) culprit(t types.Task) *types.Container {
	if k := c.failedDependency(t); k != nil {
		return k
	}
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
	return definitionIn(c.TaskDefinition, container)
}

func definitionIn(d types.TaskDefinition, container string) *types.ContainerDefinition {
	for i := range d.ContainerDefinitions {
		if k := &d.ContainerDefinitions[i]; aws.ToString(k.Name) == container {
			return k
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
func (c *evidenced) addTask(s catalogue.Signature, t types.Task, k *types.Container, w catalogue.Words, strength int, text string) *draft {
	name := ""
	if k != nil {
		name = aws.ToString(k.Name)
		w["container"] = name
		w["image"] = cmp.Or(w["image"], aws.ToString(k.Image))
		c.name(w, name)
	}
	d := c.draft(s, name, w, strength)
	d.tasks++
	d.span.add(t)
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
		d.unread = cmp.Or(d.unread, c.Unread[LogKey(taskID(t), name)])
	}
	return d
}

// name adds to the words what the task definition says of the container.
func (c *evidenced) name(w catalogue.Words, container string) {
	d := c.definition(container)
	if d == nil {
		return
	}
	if w["image"] == "" {
		w["image"] = aws.ToString(d.Image)
	}
	if d.LogConfiguration != nil && w["logs"] == "" {
		w["logs"] = d.LogConfiguration.Options["awslogs-group"]
	}
}

// addLog notes the last line of each task, and keeps the tail of the newest one
// that has a log.
func (d *draft) addLog(lines []Line, subject string) {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return strings.TrimSpace(l.Text) == "" })
	if len(lines) == 0 {
		return
	}
	d.tails = append(d.tails, timeless(lines[len(lines)-1].Text))
	if d.log != nil {
		return
	}
	for _, line := range lines[max(0, len(lines)-logLinesShown):] {
		d.log = append(d.log, Proof{At: line.At, Subject: "log of " + subject, Text: line.Text, Log: true})
	}
}

// addClue notes the newest line that points at a cause, once per kind.
func (d *draft) addClue(lines []Line) {
	for _, line := range slices.Backward(lines) {
		s, w, ok := catalogue.Find(catalogue.Hint, line.Text)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(d.clues, func(c Clue) bool { return c.ID == s.ID }) {
			d.clues = append(d.clues, Clue{ID: s.ID, Cause: w.Sentence(s.Cause) + ".", Line: line.Text, Step: w.Steps(s.Remedy)[0]})
		}
		return
	}
}
