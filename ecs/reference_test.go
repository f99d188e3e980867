package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Whatever has an ARN of another region or account: what has the same name here is
// neither told nor touched.
func TestForeignARN(t *testing.T) {
	w := equipped(t)
	w.task("t1", nil)
	w.provides("gpu")
	for where, want := range map[model.Realm]string{
		{Region: "eu-west-1", Account: realm.Account}:   "InvalidParameterException: Invalid Region in ARN",
		{Region: "eu-west-1", Account: "999999999999"}:  "InvalidParameterException: Invalid Region in ARN",
		{Region: realm.Region, Account: "999999999999"}: "InvalidParameterException: Identifier is for 999999999999. Your accountId is 000000000000",
	} {
		definition := aws.String(where.TaskDefinitionARN(model.TaskDefinitionRef{Family: "web", Revision: 1}))
		c, task := aws.String(where.ClusterARN("default")), aws.String(where.TaskARN("default", "t1"))
		service, instance := aws.String(where.ServiceARN("default", "web")), aws.String(where.InstanceARN("default", "i1"))
		provider := aws.String(where.CapacityProviderARN("gpu"))
		tags := []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
		for name, call := range map[string]func() error{
			"DescribeTaskDefinition": func() error {
				return failed(w.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: definition}))
			},
			"DeregisterTaskDefinition": func() error {
				return failed(w.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: definition}))
			},
			"RunTask": func() error {
				return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: definition}))
			},
			"UpdateService": func() error {
				return failed(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: definition}))
			},
			"ListTasks": func() error {
				return failed(w.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: c}))
			},
			"DescribeClusters": func() error {
				return failed(w.DescribeClusters(t.Context(), &ecs.DescribeClustersInput{Clusters: []string{*c}}))
			},
			"TagResource": func() error {
				return failed(w.TagResource(t.Context(), &ecs.TagResourceInput{ResourceArn: c, Tags: tags}))
			},
			"StopTask": func() error {
				return failed(w.StopTask(t.Context(), &ecs.StopTaskInput{Task: task}))
			},
			"UpdateTaskProtection": func() error {
				return failed(w.UpdateTaskProtection(t.Context(), &ecs.UpdateTaskProtectionInput{Tasks: []string{*task}, ProtectionEnabled: true}))
			},
			"DeleteService": func() error {
				return failed(w.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: service}))
			},
			"DescribeServices": func() error {
				return failed(w.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: []string{*service}}))
			},
			"PutAttributes": func() error {
				return failed(w.PutAttributes(t.Context(), &ecs.PutAttributesInput{Attributes: []types.Attribute{{Name: aws.String("a"), TargetId: instance}}}))
			},
			"DeregisterContainerInstance": func() error {
				return failed(w.DeregisterContainerInstance(t.Context(), &ecs.DeregisterContainerInstanceInput{ContainerInstance: instance}))
			},
			"DeleteCapacityProvider": func() error {
				return failed(w.DeleteCapacityProvider(t.Context(), &ecs.DeleteCapacityProviderInput{CapacityProvider: provider}))
			},
			"StopServiceDeployment": func() error {
				return failed(w.StopServiceDeployment(t.Context(), &ecs.StopServiceDeploymentInput{
					ServiceDeploymentArn: aws.String(where.ServiceDeploymentARN("default", "web", "1234")),
				}))
			},
		} {
			t.Log(name)
			w.fails(want, call)
		}
	}
}
