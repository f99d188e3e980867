package ecs

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTasksOfARoleThatECSMayNotAssumeAreNotRun(t *testing.T) {
	w := newWorld(t)
	w.instance("i1")
	if err := w.put(attribute("com.amazonaws.ecs.capability.task-iam-role", "", "i1")); err != nil {
		t.Fatal(err)
	}
	w.mayAssume = func(role string) error {
		if role == "bad" {
			return errors.New("ECS was unable to assume the role 'bad' that was provided for this task.")
		}
		return nil
	}
	must(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), TaskRoleArn: aws.String("good"), ExecutionRoleArn: aws.String("bad"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("x"), Memory: aws.Int32(64)}},
	}))
	const want = "ClientException: ECS was unable to assume the role 'bad' that was provided for this task."
	run := &ecs.RunTaskInput{TaskDefinition: aws.String("web")}
	start := &ecs.StartTaskInput{TaskDefinition: aws.String("web"), ContainerInstances: []string{"i1"}}
	if _, err := w.RunTask(t.Context(), run); err == nil || err.Error() != want {
		t.Errorf("RunTask: %v", err)
	}
	if _, err := w.StartTask(t.Context(), start); err == nil || err.Error() != want {
		t.Errorf("StartTask: %v", err)
	}
	for task := range w.store.Snapshot().Tasks() {
		t.Errorf("there is a task %s", task.ID)
	}
	run.Overrides = &types.TaskOverride{ExecutionRoleArn: aws.String("good")}
	if out := must(w.RunTask(t.Context(), run)); len(out.Tasks) != 1 {
		t.Errorf("with another role: %+v", out.Failures)
	}
	run.Overrides.TaskRoleArn = aws.String("bad")
	if _, err := w.RunTask(t.Context(), run); err == nil || err.Error() != want {
		t.Errorf("with an override: %v", err)
	}
}
