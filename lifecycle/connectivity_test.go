package lifecycle

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// A task on Fargate has no connection before its agent has spoken of it; one on a container
// instance has the instance's.
func TestConnectivityOfNewTasks(t *testing.T) {
	on := &model.Instance{AgentConnected: true}
	task := New(owning(), Launch{LaunchType: types.LaunchTypeEc2, Network: inSubnets("subnet-a")}, start)
	if got := Connectivity(task, on); got != types.ConnectivityConnected {
		t.Errorf("on a container instance: %q", got)
	}
	task = New(owning(), Launch{LaunchType: types.LaunchTypeFargate, Network: inSubnets("subnet-a")}, start)
	if got := Connectivity(task, on); got != "" || !task.ConnectivityAt.IsZero() {
		t.Errorf("on Fargate: %q, %v", got, task.ConnectivityAt)
	}
	later := start.Add(time.Second)
	if !advance(task, model.Pending, later) || Connectivity(task, on) != types.ConnectivityConnected || !task.ConnectivityAt.Equal(later) {
		t.Errorf("on Fargate, when its agent has spoken: %q, %v", Connectivity(task, on), task.ConnectivityAt)
	}
}
