package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestWhatACallerMustBeAllowed(t *testing.T) {
	api := newWorld(t).API
	list := api.permissions("StopTask", &ecs.StopTaskInput{Cluster: aws.String("c"), Task: aws.String("0123")})
	if len(list) != 1 || list[0].Action != "" || list[0].Resource != api.realm.TaskARN("c", "0123") || list[0].Conditions["ecs:cluster"] != api.realm.ClusterARN("c") {
		t.Errorf("StopTask needs %+v", list)
	}
	list = api.permissions("RunTask", &ecs.RunTaskInput{TaskDefinition: aws.String("web:3")})
	if want := "arn:aws:ecs:" + api.realm.Region + ":" + api.realm.Account + ":task-definition/web:3"; len(list) != 1 || list[0].Resource != want {
		t.Errorf("RunTask needs %+v", list)
	}
	for _, in := range []any{&RegisterContainerInstanceInput{Cluster: aws.String("c")}, &ecs.DeregisterContainerInstanceInput{Cluster: aws.String("c"), ContainerInstance: aws.String("i")}} {
		if list := api.permissions("", in); len(list) != 1 || list[0].Resource != api.realm.ClusterARN("c") {
			t.Errorf("%T needs %+v", in, list)
		}
	}
	w := newWorld(t)
	w.instance("i1")
	must(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("roles"), TaskRoleArn: aws.String("task"), ExecutionRoleArn: aws.String("execution"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("x"), Memory: aws.Int32(64)}},
	}))
	for _, in := range []any{
		&ecs.RunTaskInput{TaskDefinition: aws.String("roles"), Overrides: &types.TaskOverride{TaskRoleArn: aws.String("other")}},
		&ecs.StartTaskInput{TaskDefinition: aws.String("roles:1"), Overrides: &types.TaskOverride{TaskRoleArn: aws.String("other")}},
		&ecs.CreateServiceInput{TaskDefinition: aws.String("roles"), ServiceName: aws.String("s")},
	} {
		first := "other"
		if _, service := in.(*ecs.CreateServiceInput); service {
			first = "task"
		}
		list := w.permissions("", in)
		if len(list) != 3 || list[1].Resource != realm.RoleARN("/", first) || list[2].Action != "iam:PassRole" || list[2].Resource != realm.RoleARN("/", "execution") {
			t.Errorf("%T needs %+v", in, list)
		}
	}
	list = api.permissions("RegisterTaskDefinition", &ecs.RegisterTaskDefinitionInput{TaskRoleArn: aws.String("web")})
	if len(list) != 2 || list[1].Action != "iam:PassRole" || list[1].Resource != api.realm.RoleARN("/", "web") || list[1].Conditions["iam:PassedToService"] != "ecs-tasks.amazonaws.com" {
		t.Errorf("RegisterTaskDefinition needs %+v", list)
	}
}
