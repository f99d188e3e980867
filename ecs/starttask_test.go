package ecs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

func TestStartTaskTellsWhyAnInstanceDoesNotTakeIt(t *testing.T) {
	w := equipped(t)
	for _, id := range []string{"draining", "away", "full"} {
		w.instance(id)
	}
	w.update(func(tx *state.Tx) {
		for id, change := range map[string]func(*model.Instance){
			"draining": func(i *model.Instance) { i.Status = model.Draining },
			"away":     func(i *model.Instance) { i.AgentConnected = false },
			"full":     func(i *model.Instance) { i.CPU = 300 },
		} {
			i, _ := tx.Instance(id)
			n := *i
			change(&n)
			tx.PutInstance(&n)
		}
	})
	out := must(w.StartTask(t.Context(), &ecs.StartTaskInput{
		TaskDefinition: aws.String("web"), StartedBy: aws.String("me"),
		ContainerInstances: []string{"i1", "draining", "away", "full", "full", "gone", realm.InstanceARN("default", "i1")},
		Overrides:          &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Command: []string{"sh"}}}},
	}))
	var got []string
	for _, task := range out.Tasks {
		got = append(got, fmt.Sprintf("%s runs %v for %s in %s", (*task.ContainerInstanceArn)[strings.LastIndexByte(*task.ContainerInstanceArn, '/')+1:],
			task.Overrides.ContainerOverrides[0].Command, *task.StartedBy, *task.Group))
	}
	for _, f := range out.Failures {
		got = append(got, (*f.Arn)[strings.LastIndexByte(*f.Arn, '/')+1:]+" "+*f.Reason)
	}
	check(t, "the answer", strings.Join(got, "\n"), strings.TrimSpace(`
i1 runs [sh] for me in family:web
full runs [sh] for me in family:web
i1 runs [sh] for me in family:web
draining INACTIVE
away AGENT
full RESOURCE:CPU
gone MISSING`))
}

func TestStartTasksThatAreRefused(t *testing.T) {
	w := equipped(t)
	for want, change := range map[string]func(*ecs.StartTaskInput){
		"ClientException: Container Instances cannot be empty.":                             func(in *ecs.StartTaskInput) { in.ContainerInstances = nil },
		"InvalidParameterException: Container Instances cannot have more than 10 elements.": func(in *ecs.StartTaskInput) { in.ContainerInstances = make([]string, 11) },
		"InvalidParameterException: startedBy longer than 36.":                              func(in *ecs.StartTaskInput) { in.StartedBy = aws.String(strings.Repeat("x", 37)) },
		"InvalidParameterException: Invalid namespace for group.":                           func(in *ecs.StartTaskInput) { in.Group = aws.String("service:web") },
		"ClientException: TaskDefinition not found.":                                        func(in *ecs.StartTaskInput) { in.TaskDefinition = aws.String("gone") },
		"ClusterNotFoundException: Cluster not found.":                                      func(in *ecs.StartTaskInput) { in.Cluster = aws.String("gone") },
	} {
		w.fails(want, func() error {
			in := &ecs.StartTaskInput{TaskDefinition: aws.String("web"), ContainerInstances: []string{"i1"}}
			change(in)
			return failed(w.StartTask(t.Context(), in))
		})
	}
}
