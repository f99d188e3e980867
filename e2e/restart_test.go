package e2e

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// However the server ends, its containers go on; the next one takes over the very
// same, with no restart.
func TestTheNextServerTakesOverTheContainers(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	c.create(3, percent(100, 200), breakerRollback)
	containers, tasks, events := s.started(t), startedAt(c), c.told()
	for _, end := range []struct {
		how string
		do  func()
	}{{"SIGTERM", s.stop}, {"SIGKILL", s.kill}} {
		end.do()
		if now := s.started(t); !maps.Equal(now, containers) {
			t.Fatalf("after %s of the server its containers started %v; before %v", end.how, now, containers)
		}
		s.start()
		c = s.caller(t)
		c.steady("web:1", 3) // at once, since nothing has changed
		time.Sleep(time.Second)
		if now := s.started(t); !maps.Equal(now, containers) {
			t.Errorf("the server after %s has containers that started %v; before %v", end.how, now, containers)
		}
		if now := startedAt(c); !maps.Equal(now, tasks) {
			t.Errorf("the server after %s tells of tasks that started %v; before %v", end.how, now, tasks)
		}
		if now := c.told(); now != events {
			t.Errorf("the server after %s tells of more events:\n%s", end.how, strings.TrimPrefix(now, events))
		}
	}
	c.ecs("wait", "services-stable", "--services", "web")

	// What it took over it can also stop.
	c.ecs("update-service", "--service", "web", "--desired-count", "1")
	c.steady("web:1", 1)
}

// startedAt is when the API says that each running task of web started, by ARN and
// runtime id.
func startedAt(c *caller) map[string]time.Time {
	at := map[string]time.Time{}
	for _, task := range c.tasks(types.DesiredStatusRunning) {
		at[*task.TaskArn+" "+awssdk.ToString(task.Containers[0].RuntimeId)] = awssdk.ToTime(task.StartedAt).UTC()
	}
	return at
}

// What happens to containers while no server looks is found out by the next one.
func TestContainersThatEndWhileTheServerIsDownAreReplaced(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	c.create(3, percent(100, 200))
	tasks := c.tasks(types.DesiredStatusRunning)
	killed, removed, spared := tasks[0], tasks[1], tasks[2]
	s.kill()
	c.killContainer(killed)
	c.removeContainer(removed)
	s.start()
	c = s.caller(t)

	killed = c.reach(*killed.TaskArn, "STOPPED")
	c.ended(killed, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited")
	c.exited(killed, "app", 137)
	c.vanished(c.reach(*removed.TaskArn, "STOPPED"))
	c.steady("web:1", 3)
	if now := c.task(*spared.TaskArn); *now.LastStatus != "RUNNING" || !now.StartedAt.Equal(*spared.StartedAt) {
		t.Errorf("the third task is %s since %v; it ran since %v", *now.LastStatus, now.StartedAt, spared.StartedAt)
	}
	if n := len(c.tasks(types.DesiredStatusRunning)); n != 3 {
		t.Errorf("%d tasks run, not 3", n)
	}
}

// What somebody does to containers behind the server's back is seen and mended.
func TestContainersThatAreTakenAwayAreReplaced(t *testing.T) {
	t.Parallel()
	c := up(t).caller(t)
	c.create(2, percent(100, 200))
	before := c.told()
	for _, theft := range []struct {
		do   func(types.Task)
		told func(types.Task)
	}{
		{c.killContainer, func(task types.Task) { c.exited(task, "app", 137) }},
		{c.removeContainer, c.vanishedOrKilled},
	} {
		task := c.tasks(types.DesiredStatusRunning)[0]
		theft.do(task)
		task = c.reach(*task.TaskArn, "STOPPED")
		if task.StopCode != types.TaskStopCodeEssentialContainerExited {
			t.Errorf("stopCode is %s", task.StopCode)
		}
		theft.told(task)
		c.steady("web:1", 2)
	}
	told := strings.TrimPrefix(c.told(), before)
	if strings.Count(told, "has started ") != 2 || strings.Count(told, "has started 1 tasks: (task).\n") != 2 {
		t.Errorf("each was to be replaced by one:\n%s", told)
	}
	if d := c.describe("web").Deployments; len(d) != 1 || d[0].RolloutState != types.DeploymentRolloutStateCompleted {
		t.Errorf("a deployment that is complete stays so; web is %s", shape(c.describe("web")))
	}
}

func (c *caller) killContainer(task types.Task) {
	c.t.Helper()
	id := *containerOf(c.t, task, "app").RuntimeId
	if _, err := engine.ContainerKill(c.t.Context(), id, client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) removeContainer(task types.Task) {
	c.t.Helper()
	id := *containerOf(c.t, task, "app").RuntimeId
	if _, err := engine.ContainerRemove(c.t.Context(), id, client.ContainerRemoveOptions{Force: true}); err != nil {
		c.t.Fatal(err)
	}
}

// vanished checks a task whose container was removed while nobody looked: nothing
// can tell its exit code.
func (c *caller) vanished(task types.Task) {
	c.t.Helper()
	x := containerOf(c.t, task, "app")
	const reason = "ContainerVanishedError: No container matching saved ID found"
	if x.ExitCode != nil || awssdk.ToString(x.Reason) != reason {
		c.t.Errorf("a container that vanished has exit code %d and reason %q", awssdk.ToInt32(x.ExitCode), awssdk.ToString(x.Reason))
	}
}

// vanishedOrKilled checks a task whose container was removed by force, which kills
// it first: the server may come to see its end or not.
func (c *caller) vanishedOrKilled(task types.Task) {
	c.t.Helper()
	if x := containerOf(c.t, task, "app"); x.ExitCode != nil {
		c.exited(task, "app", 137)
		return
	}
	c.vanished(task)
}

// The server knows its containers by its own mark alone: whatever else they are
// called or labelled, strangers' are let alone.
func TestStrangersContainersAreLetAlone(t *testing.T) {
	t.Parallel()
	s := up(t)
	c := s.caller(t)
	c.create(2, percent(100, 200))
	task := c.tasks(types.DesiredStatusRunning)[0]
	ours := s.everyContainer(t)[0]

	// One that the official ECS agent could have made, one of another installation.
	labels := maps.Clone(ours.Labels)
	delete(labels, "dev.steady.installation")
	official := strange(t, strings.TrimPrefix(ours.Names[0], "/")+"-0", labels)
	labels = maps.Clone(ours.Labels)
	labels["dev.steady.installation"] = "of somebody else"
	other := strange(t, "ecs-web-1-app-"+strings.Repeat("0", 24)+taskID(task)[:8], labels)

	c.ecs("update-service", "--service", "web", "--desired-count", "1")
	c.steady("web:1", 1)
	s.kill()
	s.start()
	c = s.caller(t)
	c.steady("web:1", 1)
	c.ecs("delete-service", "--service", "web", "--force")
	c.noContainers()
	s.stop()
	s.down()
	for _, id := range []string{official, other} {
		out, err := engine.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
		if err != nil {
			t.Errorf("a stranger's container was removed: %v", err)
			continue
		}
		if !out.Container.State.Running {
			t.Errorf("a stranger's container was stopped: %+v", out.Container.State)
		}
	}
}

// strange starts a container that is not the server's, and removes it in the end.
func strange(t *testing.T, name string, labels map[string]string) (id string) {
	t.Helper()
	made, err := engine.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name: name, Config: &container.Config{Image: image, Labels: labels},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := engine.ContainerRemove(context.Background(), made.ID, client.ContainerRemoveOptions{Force: true}); err != nil {
			t.Errorf("remove container %s: %v", name, err)
		}
	})
	if _, err := engine.ContainerStart(t.Context(), made.ID, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// Two data directories on one engine are two installations.
func TestTwoDataDirectoriesDoNotMeddle(t *testing.T) {
	t.Parallel()
	first, second := up(t), up(t)
	a, b := first.caller(t), second.caller(t)
	a.create(2, percent(100, 200))
	before := first.started(t)
	b.create(1, percent(100, 200))

	second.kill()
	second.start()
	b = second.caller(t)
	b.steady("web:1", 1)
	if code, out := second.tryDown(); code != 1 || strings.Count(out, "\n") != 1 ||
		!strings.Contains(out, "a steady is running on "+second.dataDir) {
		t.Errorf("down while the server runs ended with %d and said %q", code, out)
	}
	b.steady("web:1", 1)
	second.stop()
	second.down()
	if all := second.everyContainer(t); len(all) != 0 {
		t.Errorf("down left %d containers", len(all))
	}
	if now := first.started(t); !maps.Equal(now, before) {
		t.Errorf("the first one's containers started %v, before that %v", now, before)
	}
	a.steady("web:1", 2)

	// Down is no deletion: the next up starts what is still desired.
	second.start()
	b = second.caller(t)
	b.steady("web:1", 1)
}

// The engine goes on making containers for a server that was killed; down waits for
// them too.
func TestDownRemovesContainersInTheMaking(t *testing.T) {
	t.Parallel()
	s := up(t)
	s.caller(t).service("web", 6, app())
	for _, delay := range []int{10, 20, 30, 50, 80, 120} {
		time.Sleep(time.Duration(delay) * time.Millisecond)
		s.kill()
		s.down()
		time.Sleep(time.Second)
		if left := s.everyContainer(t); len(left) > 0 {
			t.Fatalf("down, %d ms after the tasks were started, left %d containers, the first %s", delay, len(left), left[0].State)
		}
		s.start() // starts the tasks anew
	}
}

// down runs `steady down` on the server's data directory, which must succeed.
func (s *server) down() {
	s.t.Helper()
	if code, out := s.tryDown(); code != 0 {
		s.t.Errorf("down ended with %d and said %q", code, out)
	}
}

func (s *server) tryDown() (code int, said string) {
	s.t.Helper()
	said, code = s.steady("down", "--data-dir", s.dataDir)
	return code, said
}
