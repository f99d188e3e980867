package ecs

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/awsapi"
	"steady/model"
)

// permissions says what a caller under a role needs for a request: the operation on what
// it is about, and iam:PassRole on the roles that it hands to tasks.
func (a *API) permissions(_ string, in any) []awsapi.Permission {
	own := awsapi.Permission{Resource: a.about(in), Conditions: map[string]string{}}
	if c := member(in, "Cluster"); c != "" || reflect.Indirect(reflect.ValueOf(in)).FieldByName("Cluster").IsValid() {
		own.Conditions["ecs:cluster"] = a.realm.ClusterARN(short(c))
	}
	list := []awsapi.Permission{own}
	for _, role := range a.passed(in) {
		if !strings.HasPrefix(role, "arn:") {
			role = a.realm.RoleARN("/", role)
		}
		list = append(list, awsapi.Permission{Action: "iam:PassRole", Resource: role,
			Conditions: map[string]string{"iam:PassedToService": "ecs-tasks.amazonaws.com"}})
	}
	return list
}

// passed are the roles that a request hands to tasks: those of the task definition too,
// where tasks are to run that have none of their own.
func (a *API) passed(in any) []string {
	switch in := in.(type) {
	case *ecs.RegisterTaskDefinitionInput:
		return rolesOf(&model.TaskDefinition{Spec: types.TaskDefinition{TaskRoleArn: in.TaskRoleArn, ExecutionRoleArn: in.ExecutionRoleArn}}, nil)
	case *ecs.RunTaskInput:
		return a.passedBy(in.TaskDefinition, in.Overrides)
	case *ecs.StartTaskInput:
		return a.passedBy(in.TaskDefinition, in.Overrides)
	case *ecs.CreateServiceInput:
		return a.passedBy(in.TaskDefinition, nil)
	}
	return nil
}

// passedBy: a task definition that is not there fails the request itself.
func (a *API) passedBy(definition *string, o *types.TaskOverride) []string {
	d, err := a.usableDefinition(a.store.Snapshot(), aws.ToString(definition))
	if err != nil {
		d = &model.TaskDefinition{}
	}
	return rolesOf(d, o)
}

// about is the ARN of what a request is about; "*" where it is about no one thing.
func (a *API) about(in any) string {
	cluster := short(member(in, "Cluster"))
	switch in.(type) {
	case *ecs.RunTaskInput, *ecs.StartTaskInput:
		return arnOr(member(in, "TaskDefinition"), a.definitionARN)
	case *RegisterContainerInstanceInput, *ecs.DeregisterContainerInstanceInput:
		return a.realm.ClusterARN(cluster)
	}
	switch {
	case member(in, "Task") != "":
		return arnOr(member(in, "Task"), func(id string) string { return a.realm.TaskARN(cluster, id) })
	case member(in, "Service") != "":
		return arnOr(member(in, "Service"), func(name string) string { return a.realm.ServiceARN(cluster, name) })
	case member(in, "ServiceName") != "":
		return a.realm.ServiceARN(cluster, member(in, "ServiceName"))
	case member(in, "ResourceArn") != "":
		return member(in, "ResourceArn")
	}
	return "*"
}

// definitionARN is the ARN of a revision, the newest of the family if none is named.
func (a *API) definitionARN(name string) string {
	family, number, given := strings.Cut(name, ":")
	revision, _ := strconv.Atoi(number)
	if !given {
		revision = a.store.Snapshot().LastRevision(family)
	}
	return a.realm.TaskDefinitionARN(model.TaskDefinitionRef{Family: family, Revision: revision})
}

// member is the text of a member of an input, or "".
func member(in any, name string) string {
	f := reflect.Indirect(reflect.ValueOf(in)).FieldByName(name)
	if !f.IsValid() {
		return ""
	}
	s, _ := f.Interface().(*string)
	return aws.ToString(s)
}

func arnOr(given string, make func(name string) string) string {
	if strings.HasPrefix(given, "arn:") {
		return given
	}
	return make(given)
}

// short is the name of a cluster, which may be given by its ARN, or not at all.
func short(cluster string) string {
	if cluster == "" {
		return "default"
	}
	return cluster[strings.LastIndexByte(cluster, '/')+1:]
}
