package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// endings are the ways in which an engine ends.
var endings = map[string]syscall.Signal{"it is stopped": syscall.SIGTERM, "it is killed": syscall.SIGKILL}

// replacesOne are the events of a service of which one task has ended. That may be seen
// before it is noted that the engine is back.
var replacesOne = regexp.MustCompile(`^(was unable to place a task because .* encountered error "AGENT"\..*\n)?has started 1 tasks: \(task\)\.\n(` + isSteady + `)?$`)

// An engine that lets containers live on is restarted: the tasks go on in the very same
// containers. One whose container ended meanwhile is told to have, and replaced if it is a
// service's.
func TestTheEngineRestartsAndContainersLiveOn(t *testing.T) {
	t.Parallel()
	const liveRestore = "--live-restore"
	e := newEngine(t, liveRestore)
	c := upOn(t, e.api, "--keep-stopped=1").caller(t)
	c.service("web", 3, app("-log-every", "200ms"))
	c.steady("web:1", 3)
	owner := upOn(t, e.api).caller(t)
	owner.owning("own", 1) // a network interface
	own := owner.healthyOf("own", 1)[0]
	for how, signal := range endings {
		t.Run(how, func(t *testing.T) {
			c := c.server.caller(t)
			before, told := c.tasks(types.DesiredStatusRunning), c.told()
			containers := c.server.started(t)
			victim, job := before[0], c.reach(c.run(app()), "RUNNING")

			e.end(signal)
			c.connected("false")
			for _, f := range aws[cliTasks](c.server, "ecs", "run-task", "--task-definition", "web").Failures {
				equal(t, "why no task can be run without an engine", f.Reason, "AGENT")
			}
			for _, task := range []types.Task{victim, job} {
				e.kill(*containerOf(t, task, "app").RuntimeId)
			}
			e.start(liveRestore)
			c.connected("true")

			for _, task := range []types.Task{victim, job} {
				task = c.reach(*task.TaskArn, "STOPPED")
				c.ended(task, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
				c.exited(task, "app", 137)
			}
			c.steady("web:1", 3)
			now := c.server.started(t)
			for _, task := range before[1:] {
				id := *containerOf(t, task, "app").RuntimeId
				if kept := c.task(*task.TaskArn); *kept.LastStatus != "RUNNING" || !kept.StartedAt.Equal(*task.StartedAt) || now[id] != containers[id] {
					t.Errorf("a task that lived on is %s since %v, it was RUNNING since %v; its container started at %q, it had at %q",
						*kept.LastStatus, kept.StartedAt, task.StartedAt, now[id], containers[id])
				}
				c.writesOn(task)
			}
			equal(t, "the task with an interface of its own", sameness(owner.healthyOf("own", 1)[0]), sameness(own))
			more := strings.ReplaceAll(strings.TrimPrefix(c.told(), told), "(service web) ", "")
			if !replacesOne.MatchString(more) {
				t.Errorf("the one that ended was to be replaced, and nothing else told:\n%s", more)
			}
		})
	}
}

// An engine that takes its containers with it is restarted: all tasks are told to have
// ended, and those of a service replaced.
func TestTheEngineRestartsAndContainersDie(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	c := upOn(t, e.api, "--keep-stopped=1").caller(t)
	c.service("web", 2, app())
	c.steady("web:1", 2)
	for how, signal := range endings {
		t.Run(how, func(t *testing.T) {
			c := c.server.caller(t)
			before := append(c.tasks(types.DesiredStatusRunning), c.reach(c.run(app()), "RUNNING"))
			for _, task := range before {
				c.logs("/steady/default", streamOf(task), "msg=listening") // and to SIGTERM too
			}
			e.end(signal)
			c.connected("false")
			e.start()
			c.connected("true")
			for _, task := range before {
				task = c.reach(*task.TaskArn, "STOPPED")
				c.ended(task, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
				c.exited(task, "app", 0) // one that was killed sends SIGTERM when it is back
			}
			c.steady("web:1", 2)
			for _, task := range c.tasks(types.DesiredStatusStopped) {
				if task.StopCode != types.TaskStopCodeEssentialContainerExited {
					t.Errorf("task %s ended with %s, %q", taskID(task), task.StopCode, awssdk.ToString(task.StoppedReason))
				}
			}
		})
	}
}

// connected waits until the agent of the only container instance is, or is not.
func (c *caller) connected(want string) {
	c.t.Helper()
	instance := aws[struct{ ContainerInstanceArns []string }](c.server, "ecs", "list-container-instances").ContainerInstanceArns[0]
	eventually(c.t, func() string {
		out := c.server.must(c.t, "containerInstances[0].agentConnected", "ecs", "describe-container-instances", "--container-instances", instance)
		if strings.ToLower(out) != want {
			return fmt.Sprintf("agentConnected is %s, not %s", out, want)
		}
		return ""
	})
}

// writesOn waits until a task has written more than it had.
func (c *caller) writesOn(task types.Task) {
	c.t.Helper()
	stream := streamOf(task)
	before := len(c.logged("/steady/default", stream))
	eventually(c.t, func() string {
		if n := len(c.logged("/steady/default", stream)); n <= before {
			return fmt.Sprintf("the log of a task that lives on has no more than its %d lines", n)
		}
		return ""
	})
}

// streamOf is the log stream of a task's container app.
func streamOf(task types.Task) string {
	family, _, _ := strings.Cut(last(*task.TaskDefinitionArn), ":")
	return family + "/app/" + taskID(task)
}

// sameness is what is the same of a task as long as nothing of it is started again.
func sameness(task types.Task) string {
	all := fmt.Sprintf("%s %v %s", *task.TaskArn, task.StartedAt.UnixNano(), detail(task, "privateIPv4Address"))
	for _, c := range task.Containers {
		all += " " + *c.RuntimeId
	}
	return all
}
