package agent_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// A task whose container does not start is never told to be RUNNING while its resources,
// a host port or an interface, are given back.
func TestATaskThatFailsToStartNeverRan(t *testing.T) {
	const why = "CannotStartContainerError: address already in use"
	failing := container("app", "start-fail='address already in use'")
	onAPort := failing
	onAPort.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: aws.Int32(8080)}}
	for name, assign := range map[string]func(w *world) string{
		"with a host port": func(w *world) string {
			w.define(onAPort)
			return w.assignWith([]model.HostPort{{Port: 8080, Protocol: "tcp"}})
		},
		"with an interface": func(w *world) string { w.owning(failing); return w.assign() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, newEngine(), func(w *world) {
				w.start()
				id := assign(w)
				w.after(time.Minute)
				w.is(id, model.Stopped, model.TaskFailedToStart, why)
				if task := w.task(id); task.Ran() {
					t.Errorf("it never ran, but started at %s", task.StartedAt)
				}
			})
		})
	}
}
