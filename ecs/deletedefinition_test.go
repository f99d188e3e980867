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

func TestTaskDefinitionsAreDeleted(t *testing.T) {
	w := newWorld(t)
	w.register("web")
	w.register("web")
	must(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("web:2")}))
	remove := func() string {
		out := must(w.DeleteTaskDefinitions(t.Context(), &ecs.DeleteTaskDefinitionsInput{
			TaskDefinitions: []string{"web:1", "web:2", realm.TaskDefinitionARN(model.TaskDefinitionRef{Family: "web", Revision: 2}), "web:3"},
		}))
		var got []string
		for _, d := range out.TaskDefinitions {
			got = append(got, fmt.Sprintf("%s:%d %s %v", *d.Family, d.Revision, d.Status, d.DeleteRequestedAt != nil))
		}
		for _, f := range out.Failures {
			got = append(got, (*f.Arn)[strings.LastIndexByte(*f.Arn, '/')+1:]+" "+*f.Reason)
		}
		return strings.Join(got, "\n")
	}
	want := strings.TrimSpace(`
web:2 DELETE_IN_PROGRESS true
web:1 The specified task definition is still in ACTIVE status. Please deregister the target and try again.
web:3 MISSING`)
	check(t, "the answer", remove(), want)
	check(t, "the same again", remove(), want)
	listed := must(w.ListTaskDefinitions(t.Context(), &ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusDeleteInProgress}))
	check(t, "what is listed", strings.Join(listed.TaskDefinitionArns, " "), realm.TaskDefinitionARN(model.TaskDefinitionRef{Family: "web", Revision: 2}))
	w.fails("ClientException: TaskDefinition is inactive", func() error {
		return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("web:2")}))
	})

	w.update(func(tx *state.Tx) { tx.DeleteTaskDefinition(model.TaskDefinitionRef{Family: "web", Revision: 2}) })
	check(t, "the number after a deleted one", w.register("web").Revision, 3)
}
