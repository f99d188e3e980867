package agent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/lifecycle"
	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
)

// owning makes the next revision of web one whose tasks have an interface of their own.
func (w *world) owning(containers ...types.ContainerDefinition) {
	w.t.Helper()
	w.inMode(types.NetworkModeAwsvpc, containers...)
}

func (w *world) inMode(mode types.NetworkMode, containers ...types.ContainerDefinition) {
	w.t.Helper()
	w.mode = mode
	w.define(containers...)
}

// states follows a task: each state of it and of its interface, in order.
func (w *world) states() (of func(id string) []string) {
	w.t.Helper()
	_, feed := w.store.Follow()
	return func(id string) (all []string) {
		defer feed.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for {
			commits, err := feed.Next(ctx)
			if err != nil {
				return slices.Compact(all)
			}
			for _, c := range commits {
				if t, ok := c.Snapshot.Task(id); ok {
					all = append(all, fmt.Sprint(t.Last, " ", t.Attachments[0].Status))
				}
			}
		}
	}
}

// holder is the container that holds a task's interface.
func (w *world) holder(id string) string {
	w.t.Helper()
	a := w.task(id).Attachments[0]
	if a.Holder == "" {
		w.t.Fatalf("nothing holds the interface %+v", a)
	}
	return a.Holder
}

func TestTheLifeOfATaskWithItsOwnInterface(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		w.owning(container("app", "start=1s stop=1s"), container("side", ""))
		states := w.states()
		w.start()
		id := w.assign()
		w.after(2 * time.Second)
		w.is(id, model.Running, "", "")
		w.has(3)
		a := w.task(id).Attachments[0]
		if a.Address == "" || a.MAC == "" || a.Interface != model.InterfaceID(a.ID) || a.PrivateDNSName == "" {
			t.Errorf("the interface %+v", a)
		}
		for _, c := range w.task(id).Containers {
			if c.Address != "" || c.RuntimeID == a.Holder {
				t.Errorf("the container %+v", c)
			}
		}
		w.end(id)
		w.after(3 * time.Second)
		w.is(id, model.Stopped, model.UserInitiated, lifecycle.ReasonStoppedByUser)
		w.has(0)
		if now := w.task(id).Attachments[0]; now.Address != a.Address || now.Status != model.AttachmentDeleted {
			t.Errorf("the interface in the end %+v", now)
		}
		all := states(id)
		var tasks []string
		for _, s := range all {
			last, _, _ := cutState(s)
			tasks = append(tasks, last)
		}
		if got := fmt.Sprint(slices.Compact(tasks)); got != "[PROVISIONING PENDING RUNNING STOPPING DEPROVISIONING STOPPED]" {
			t.Errorf("the states of the task: %s", got)
		}
		if all[0] != "PROVISIONING PRECREATED" || !slices.Contains(all, "PENDING ATTACHED") || all[len(all)-1] != "STOPPED DELETED" {
			t.Errorf("the states: %q", all)
		}
	})
}

func cutState(s string) (task, attachment string, ok bool) {
	_, err := fmt.Sscan(s, &task, &attachment)
	return task, attachment, err == nil
}

// A task that loses its interface is over: its containers are cut off.
func TestATaskThatLosesItsInterface(t *testing.T) {
	rt := sim.New(sim.Options{})
	inBubble(t, rt, func(w *world) {
		w.owning(container("app", ""))
		w.start()
		id := w.assign()
		w.after(time.Second)
		if err := rt.Stop(context.Background(), w.holder(id), time.Second); err != nil {
			t.Fatal(err)
		}
		w.after(time.Second)
		w.is(id, model.Stopped, model.EssentialContainerExited, "ContainerNetworkingError: the network interface "+
			w.task(id).Attachments[0].Interface+" of the task is gone: its container has ended")
		w.has(0)
	})
}

// Where its containers have ended as well, their end is what is told.
func TestTheEndOfEverythingIsTheContainers(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.owning(container("app", ""))
		w.start()
		id := w.assign()
		w.after(time.Second)
		holder := w.holder(id)
		w.stop()
		for _, c := range append([]string{holder}, w.task(id).Containers[0].RuntimeID) {
			if err := e.Runtime.Stop(context.Background(), c, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		w.start()
		w.after(time.Second)
		w.is(id, model.Stopped, model.EssentialContainerExited, lifecycle.ReasonEssentialExited)
	})
}

// An agent that starts again finds the interface of a task that runs.
func TestTheInterfaceOutlivesTheAgent(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		w.owning(container("app", ""))
		w.start()
		id := w.assign()
		w.after(time.Second)
		before := w.task(id)
		w.stop()
		w.start()
		w.after(time.Minute)
		w.is(id, model.Running, "", "")
		if now := w.task(id); now.Version != before.Version || now.Attachments[0] != before.Attachments[0] {
			t.Errorf("%+v, before %+v", now.Attachments[0], before.Attachments[0])
		}
		w.has(2)
		w.end(id)
		w.after(time.Second)
		w.is(id, model.Stopped, model.UserInitiated, lifecycle.ReasonStoppedByUser)
		w.has(0)
	})
}

// The agent may end anywhere on the way: the next one goes on, with one interface.
func TestAnAgentThatEndsWhileTheInterfaceIsMade(t *testing.T) {
	for _, call := range []string{"Create", "Start", "Inspect"} {
		e := newEngine()
		inBubble(t, e, func(w *world) {
			w.owning(container("app", ""))
			w.start()
			e.hang(call, true)
			id := w.assign()
			w.after(time.Second)
			w.is(id, model.Provisioning, "", "")
			w.stop()
			e.hang(call, false)
			w.start()
			w.after(20 * time.Second)
			w.is(id, model.Running, "", "")
			w.has(2)
		})
	}
}

func TestAnInterfaceThatCannotBeMade(t *testing.T) {
	const regular = "ResourceInitializationError: failed to configure ENI: failed to setup regular eni: "
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		w.owning(container("app", ""))
		w.pause = func(context.Context) (string, error) { return "", errors.New("no space left on device") }
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Stopped, model.TaskFailedToStart, regular+"no space left on device")
		if a := w.task(id).Attachments[0]; a.Status != model.AttachmentFailed {
			t.Errorf("the interface %+v", a)
		}
		w.has(0)
	})
	full := addressless{sim.New(sim.Options{})}
	inBubble(t, full, func(w *world) {
		w.owning(container("app", ""))
		w.start()
		id := w.assign()
		w.after(time.Second)
		w.is(id, model.Stopped, model.TaskFailedToStart,
			"Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-a': InsufficientFreeAddressesInSubnet")
		w.has(0)
	})
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.owning(container("app", ""))
		w.start()
		e.hang("Start", true)
		id := w.assign()
		w.after(4 * time.Minute)
		w.is(id, model.Stopped, model.TaskFailedToStart, "Timeout waiting for network interface provisioning to complete.")
	})
}

// An engine that does not answer is waited for.
func TestTheInterfaceWaitsForTheEngine(t *testing.T) {
	e := newEngine()
	inBubble(t, e, func(w *world) {
		w.owning(container("app", ""))
		w.start()
		for _, call := range []string{"Create", "Info"} {
			e.fail(call, true)
		}
		id := w.assign()
		w.after(time.Minute)
		w.is(id, model.Provisioning, "", "")
		for _, call := range []string{"Create", "Info"} {
			e.fail(call, false)
		}
		w.after(time.Minute)
		w.is(id, model.Running, "", "")
	})
}

// addressless is a runtime whose networks have no address left.
type addressless struct{ *sim.Runtime }

func (r addressless) Start(context.Context, string) error {
	return &runtime.Error{Name: "CannotStartContainerError", Detail: "Error response from daemon: no available IPv4 addresses on this network's address pools: steady-test (0d5ecb4ad1b4)"}
}
