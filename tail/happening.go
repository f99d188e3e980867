package tail

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// happening is something that has happened to a service or a task. It is told once per
// key.
type happening struct {
	at   time.Time
	key  string
	text string
}

// happenings are those that a service, which may be nil, and its tasks show, oldest
// first. tasks are in the order of their creation.
func happenings(s *types.Service, tasks []types.Task) []happening {
	var all []happening
	if s != nil {
		for _, d := range s.Deployments {
			all = append(all, ofDeployment(d)...)
		}
		all = append(all, ofMessages(s.Events, all)...)
	}
	replaced := replacements(tasks)
	for _, t := range tasks {
		all = append(all, ofTask(t, replaced[aws.ToString(t.TaskArn)])...)
	}
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Or(a.at.Compare(b.at), 0) })
	return all
}

func ofDeployment(d types.Deployment) []happening {
	id := aws.ToString(d.Id)
	all := []happening{{aws.ToTime(d.CreatedAt), id + " started",
		fmt.Sprintf("deployment %s started: %s, %d desired", id, lastPart(aws.ToString(d.TaskDefinition)), d.DesiredCount)}}
	switch d.RolloutState {
	case types.DeploymentRolloutStateCompleted:
		all = append(all, happening{aws.ToTime(d.UpdatedAt), id + " completed", fmt.Sprintf("deployment %s completed", id)})
	case types.DeploymentRolloutStateFailed:
		all = append(all, happening{aws.ToTime(d.UpdatedAt), id + " failed", fmt.Sprintf("deployment %s failed: %s", id, aws.ToString(d.RolloutStateReason))})
	}
	return all
}

// A deployment that has failed may be gone before it is asked for: the service's messages
// tell of it too.
var (
	failedMessage   = regexp.MustCompile(`^\(service [^)]*\) \(deployment ([^)]*)\) deployment failed: (.*)$`)
	rollbackMessage = regexp.MustCompile(`^\(service [^)]*\) rolling back to deployment ([^ ]*?)\.?$`)
)

// ofMessages is what only the messages of a service tell, beside what is known.
func ofMessages(messages []types.ServiceEvent, known []happening) (all []happening) {
	for _, e := range messages {
		text := aws.ToString(e.Message)
		if m := failedMessage.FindStringSubmatch(text); m != nil {
			key := m[1] + " failed"
			if !slices.ContainsFunc(known, func(h happening) bool { return h.key == key }) {
				all = append(all, happening{aws.ToTime(e.CreatedAt), key, fmt.Sprintf("deployment %s failed: %s", m[1], m[2])})
			}
		}
		if m := rollbackMessage.FindStringSubmatch(text); m != nil {
			all = append(all, happening{aws.ToTime(e.CreatedAt), aws.ToString(e.Id), "rolling back to deployment " + m[1]})
		}
	}
	return all
}

func ofTask(t types.Task, before string) (all []happening) {
	id := lastPart(aws.ToString(t.TaskArn))
	if t.StartedAt != nil {
		text := fmt.Sprintf("task %s started", short(id))
		if before != "" {
			text = fmt.Sprintf("task %s restarted", short(before))
		}
		if i := lastPart(aws.ToString(t.ContainerInstanceArn)); i != "" {
			text += " on " + short(i)
		}
		if before != "" {
			text += " as " + short(id)
		}
		all = append(all, happening{*t.StartedAt, id + " started", text + ": " + lastPart(aws.ToString(t.TaskDefinitionArn))})
	}
	if t.StoppedAt != nil {
		all = append(all, happening{*t.StoppedAt, id + " stopped", fmt.Sprintf("task %s stopped: %s%s", short(id), aws.ToString(t.StoppedReason), exits(t))})
	}
	return all
}

// exits tells how the containers of a task ended, where that was not well.
func exits(t types.Task) string {
	var all []string
	for _, k := range t.Containers {
		if code := aws.ToInt32(k.ExitCode); code != 0 {
			all = append(all, fmt.Sprintf("%s exited with code %d", aws.ToString(k.Name), code))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// replacements tells which task stands in the place of which: the first task of the
// same deployment that was made after one had ended by itself.
func replacements(tasks []types.Task) map[string]string {
	replaced := map[string]string{}
	taken := map[string]bool{}
	for _, t := range tasks {
		for _, o := range tasks {
			id := lastPart(aws.ToString(o.TaskArn))
			if !taken[id] && failed(o) && aws.ToString(o.StartedBy) == aws.ToString(t.StartedBy) && aws.ToString(t.StartedBy) != "" && !aws.ToTime(t.CreatedAt).Before(endOf(o)) {
				replaced[aws.ToString(t.TaskArn)], taken[id] = id, true
				break
			}
		}
	}
	return replaced
}

// failed tells whether a task ended without being told to.
func failed(t types.Task) bool {
	return t.StopCode == types.TaskStopCodeEssentialContainerExited || t.StopCode == types.TaskStopCodeTaskFailedToStart
}

// endOf is when it was clear that a task ends.
func endOf(t types.Task) time.Time {
	for _, at := range []*time.Time{t.StoppingAt, t.ExecutionStoppedAt, t.StoppedAt} {
		if at != nil {
			return *at
		}
	}
	return time.Time{}
}

// short is as much of an id as people read.
func short(id string) string { return id[:min(len(id), 8)] }
