package simulation

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/ecs"
	"steady/model"
)

// fullAPI shortens the longer calls.
type fullAPI struct{ *ecs.API }

func (a *fullAPI) setStatus(instance string, status types.ContainerInstanceStatus) error {
	_, err := a.UpdateContainerInstancesState(ctx, &awsecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{instance}, Status: status})
	return err
}

func (a *fullAPI) protect(task string, on bool, minutes int32) error {
	in := &awsecs.UpdateTaskProtectionInput{Cluster: aws.String(model.DefaultCluster), Tasks: []string{task}, ProtectionEnabled: on}
	if on {
		in.ExpiresInMinutes = aws.Int32(minutes)
	}
	_, err := a.UpdateTaskProtection(ctx, in)
	return err
}

func (a *fullAPI) stopDeployment(service, id string) error {
	_, err := a.StopServiceDeployment(ctx, &awsecs.StopServiceDeploymentInput{
		ServiceDeploymentArn: aws.String("arn:aws:ecs:" + realm.Region + ":" + realm.Account + ":service-deployment/" + model.DefaultCluster + "/" + service + "/" + id),
	})
	return err
}
