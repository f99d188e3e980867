package agent_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent/output"
	"steady/agent/supply"
	"steady/model"
)

// logs keep what containers write, by "group stream".
type logs struct {
	forgotten []string // origins
	mu        sync.Mutex
	groups    map[string]bool
	numbers   map[string]uint64
	lines     map[string][]string
	context   map[string]string // of the last batch
	full      bool              // nothing is taken
}

func newLogs() *logs {
	return &logs{groups: map[string]bool{}, numbers: map[string]uint64{}, lines: map[string][]string{}}
}

func (l *logs) Open(_ context.Context, s output.Stream) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.groups[s.Group] && !s.CreateGroup {
		return output.ErrNoGroup
	}
	l.groups[s.Group] = true
	return nil
}

func (l *logs) Forget(_ context.Context, origin string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten = append(l.forgotten, origin)
	return nil
}

func (l *logs) Kept(_ context.Context, origin string) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.numbers[origin], nil
}

func (l *logs) Append(_ context.Context, s output.Stream, b output.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return errors.New("full")
	}
	if b.Number <= l.numbers[s.Origin] {
		return nil
	}
	l.numbers[s.Origin], l.context = b.Number, s.Context
	for _, e := range b.Events {
		l.lines[s.Group+" "+s.Name] = append(l.lines[s.Group+" "+s.Name], e.Message)
	}
	return nil
}

// gone are the containers that are forgotten.
func (l *logs) gone() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(l.forgotten)))
}

// refuse says whether nothing is kept any more.
func (l *logs) refuse(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = yes
}

// about is the context of the last batch.
func (l *logs) about() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.context
}

// count tells how many events have this message.
func (l *logs) count(message string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lines := range l.lines {
		for _, m := range lines {
			if m == message {
				n++
			}
		}
	}
	return n
}

func (l *logs) of(stream string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[stream], "|")
}

// logging gives a container the awslogs driver.
func logging(c types.ContainerDefinition, more ...string) types.ContainerDefinition {
	o := map[string]string{"awslogs-group": "/shop", "awslogs-region": "us-east-1"}
	for i := 0; i < len(more); i += 2 {
		o[more[i]] = more[i+1]
	}
	c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: o}
	return c
}

func TestOutputIsCollected(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.logs.groups["/shop"] = true
		w.define(container("app", "log=a log-every=10s"), logging(container("side", "log=b"), "awslogs-stream-prefix", "ecs"), logging(container("raw", "log=c")))
		w.start()
		id := w.assignOf("web", "ecs-svc/1")
		w.after(time.Second)
		for stream, want := range map[string]string{
			"/steady/default web/app/" + id:               "a",
			"/shop ecs/side/" + id:                        "b",
			"/shop " + w.task(id).Containers[2].RuntimeID: "c",
		} {
			if got := w.logs.of(stream); got != want {
				t.Errorf("%s has %q, want %q", stream, got, want)
			}
		}
		w.stop() // and again: nothing twice, nothing lost
		w.after(15 * time.Second)
		w.start()
		w.after(10 * time.Second)
		if got := w.logs.of("/steady/default web/app/" + id); got != "a|a|a" {
			t.Errorf("after a restart of the agent there is %q", got)
		}
		for name, want := range map[string]string{
			"Attributes.ECS.Cluster": "default", "Attributes.ECS.Service": "web", "Attributes.ECS.Task": id, "Attributes.ECS.Container": "app",
			"Attributes.ECS.ContainerInstance": w.instance.ID, "Attributes.ECS.TaskDefinition": "web:2", "KeyAttributes.Name": "web",
		} {
			if got := w.logs.about()[name]; got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
}

// Without its log group a container does not start, in Docker's words.
func TestWithoutItsLogGroupAContainerDoesNotStart(t *testing.T) {
	const reason = "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: " +
		"failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist."
	inBubble(t, newEngine(), func(w *world) {
		w.define(logging(container("app", "log=a")))
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Stopped, model.TaskFailedToStart, reason)
		w.has(0)
		w.define(logging(container("app", "log=a"), "awslogs-create-group", "true", "awslogs-stream-prefix", "ecs"))
		id = w.assign()
		w.after(time.Second)
		w.is(id, model.Running, "", "")
		if got := w.logs.of("/shop ecs/app/" + id); got != "a" {
			t.Errorf("kept is %q", got)
		}
	})
}

// Who may not write to the log group hears of it where a missing group is told: on a
// container instance when the container starts, on Fargate before.
func TestARoleThatMayNotLog(t *testing.T) {
	const denied = "failed to create Cloudwatch log stream: AccessDeniedException: no"
	const none = "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist."
	instance := func(text string) string {
		return "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: " + text
	}
	fargate := func(text string) string {
		return "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: " + text + " : exit status 1"
	}
	inBubble(t, newEngine(), func(w *world) {
		var refuses error
		w.supply = &supply.Sources{
			Credentials: func(context.Context, string, string) (aws.Credentials, error) { return aws.Credentials{}, nil },
			Allowed:     func(context.Context, string, string, string, string) error { return refuses },
			LogGroup:    func(string) bool { return false },
		}
		w.define(logging(container("app", "log=a"), "awslogs-stream-prefix", "ecs"))
		w.definition.Spec.ExecutionRoleArn = aws.String("arn:aws:iam::000000000000:role/x")
		w.start()
		for _, x := range []struct {
			launch  types.LaunchType
			refuses error
			want    string
		}{
			{types.LaunchTypeEc2, errors.New("AccessDeniedException: no"), instance(denied)},
			{types.LaunchTypeFargate, errors.New("AccessDeniedException: no"), fargate(denied)},
			{types.LaunchTypeEc2, nil, instance(none)},
			{types.LaunchTypeFargate, nil, fargate(none)},
		} {
			refuses = x.refuses
			id := w.assignOn(x.launch)
			w.after(time.Second)
			w.is(id, model.Stopped, model.TaskFailedToStart, x.want)
			inContainer := strings.HasPrefix(x.want, "CannotStart")
			if got := w.task(id).Containers[0].Reason; (got == x.want) != inContainer {
				t.Errorf("on %s the container's reason is %q", x.launch, got)
			}
		}
	})
}

// Who hears that a task has stopped finds its last lines; but a log that takes nothing
// holds up neither the end of the task nor, for longer than a while, the removal of its
// containers.
func TestTheLastLinesAreKeptBeforeTheEndIsTold(t *testing.T) {
	inBubble(t, newEngine(), func(w *world) {
		w.define(container("app", "log=bye exit=1 after=5s"))
		w.start()
		id := w.assign()
		w.after(5 * time.Second)
		w.is(id, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
		if got := w.logs.of("/steady/default web/app/" + id); got != "bye" {
			t.Errorf("kept is %q", got)
		}
		w.logs.refuse(true)
		id = w.assign()
		w.after(8 * time.Second)
		w.is(id, model.Stopped, model.EssentialContainerExited, "Essential container in task exited")
		w.after(30 * time.Second)
		w.has(1) // its lines may be taken yet
		w.after(2 * time.Minute)
		w.has(0)
		if got := w.logs.of("/steady/default web/app/" + id); got != "" {
			t.Errorf("kept is %q", got)
		}
	})
}
