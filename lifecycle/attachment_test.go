package lifecycle

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

func owning() *model.TaskDefinition {
	return &model.TaskDefinition{Family: "web", Revision: 1, Spec: types.TaskDefinition{
		NetworkMode:          types.NetworkModeAwsvpc,
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("web")}},
	}}
}

func inSubnets(ids ...string) *types.NetworkConfiguration {
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: ids}}
}

// A task's network interface goes its way with the task, and keeps its addresses when it
// is gone.
func TestTheNetworkInterfaceOfATask(t *testing.T) {
	task := New(owning(), Launch{Network: inSubnets("subnet-a")}, start)
	id := task.Attachments[0].ID
	for _, step := range []struct {
		task   model.TaskStatus
		status model.AttachmentStatus
		want   string
	}{
		{model.Provisioning, model.AttachmentCreated, "PROVISIONING CREATED eni-1 "},
		{model.Provisioning, model.AttachmentAttaching, "PROVISIONING ATTACHING eni-1 "},
		{model.Pending, model.AttachmentAttached, "PENDING ATTACHED eni-1 10.0.0.2"},
		{model.Running, model.AttachmentAttached, "RUNNING ATTACHED eni-1 10.0.0.2"},
		{model.Pending, model.AttachmentCreated, "RUNNING ATTACHED eni-1 10.0.0.2"}, // late
		{model.Deprovisioning, model.AttachmentDetaching, "DEPROVISIONING DETACHING eni-1 10.0.0.2"},
		{model.Deprovisioning, model.AttachmentDetached, "DEPROVISIONING DETACHED eni-1 10.0.0.2"},
		{model.Stopped, model.AttachmentDeleted, "STOPPED DELETED eni-1 10.0.0.2"},
	} {
		seen := model.Attachment{ID: id, Status: step.status, Interface: "eni-1"}
		if step.status == model.AttachmentAttached {
			seen.Address = "10.0.0.2"
		}
		before := task
		task = Observe(task, model.Observation{Status: step.task, Attachments: []model.Attachment{seen}}, start)
		a := task.Attachments[0]
		if got := fmt.Sprint(task.Last, " ", a.Status, " ", a.Interface, " ", a.Address); got != step.want {
			t.Fatalf("after %s, %s: %s, want %s", step.task, step.status, got, step.want)
		}
		if changed := task != before; changed && task.Version != before.Version+1 {
			t.Fatalf("after %s: version %d, was %d", step.status, task.Version, before.Version)
		}
	}
}

func TestATaskWhoseNetworkCannotBeMade(t *testing.T) {
	task := New(owning(), Launch{Network: inSubnets("subnet-a")}, start)
	const reason = "ResourceInitializationError: failed to configure ENI"
	seen := model.Attachment{ID: task.Attachments[0].ID, Status: model.AttachmentFailed}
	task = Observe(task, model.Observation{Status: model.Stopped, Failed: reason, Attachments: []model.Attachment{seen}}, start)
	if task.StopCode != model.TaskFailedToStart || task.StoppedReason != reason || task.Attachments[0].Status != model.AttachmentFailed {
		t.Errorf("%s %q, interface %s", task.StopCode, task.StoppedReason, task.Attachments[0].Status)
	}
}

func TestATaskThatLosesItsNetwork(t *testing.T) {
	task := New(owning(), Launch{Network: inSubnets("subnet-a")}, start)
	task = Observe(task, model.Observation{Status: model.Running}, start)
	task = Observe(task, model.Observation{Status: model.Running, Failed: "ContainerNetworkingError: gone"}, start)
	if task.Desired != model.Stopped || task.StopCode != model.EssentialContainerExited || task.StoppedReason != "ContainerNetworkingError: gone" {
		t.Errorf("%s %s %q", task.Desired, task.StopCode, task.StoppedReason)
	}
}

func TestSubnetsStandForTheZonesInTurn(t *testing.T) {
	for zone, want := range map[string]string{"": "subnet-a", "us-east-1a": "subnet-a", "us-east-1b": "subnet-b", "us-east-1c": "subnet-a"} {
		if got := subnet(inSubnets("subnet-b", "subnet-a"), zone); got != want {
			t.Errorf("in zone %q: %s, want %s", zone, got, want)
		}
	}
	if got := subnet(nil, "us-east-1a"); got != "" {
		t.Errorf("without a configuration: %s", got)
	}
}
