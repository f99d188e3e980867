package ecs

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
)

// networked is a world in which there are an instance that can give tasks a network
// interface of their own, and the task definitions own:1 (awsvpc, port 80) and web:1 (bridge).
func networked(t *testing.T) *world {
	w := newWorld(t)
	w.instance("i1")
	w.update(func(tx *state.Tx) {
		i, _ := tx.Instance("i1")
		n := *i
		n.Attributes = append(n.Attributes, model.Attribute{Name: interfaceCapability}, model.Attribute{Name: dockerAPI + "1.18"})
		tx.PutInstance(&n)
	})
	w.register("web")
	w.owning("own")
	return w
}

// owning registers the next revision of a family in network mode awsvpc.
func (w *world) owning(family string) *types.TaskDefinition {
	c := webContainer()
	c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80)}}
	return must(w.RegisterTaskDefinition(w.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(family), NetworkMode: types.NetworkModeAwsvpc, ContainerDefinitions: []types.ContainerDefinition{c},
	})).TaskDefinition
}

func subnets(ids ...string) *types.NetworkConfiguration {
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: ids, SecurityGroups: []string{"sg-web"}}}
}

func TestATaskDefinitionInModeAwsvpc(t *testing.T) {
	w := newWorld(t)
	d := w.owning("own")
	check(t, "the host port", *d.ContainerDefinitions[0].PortMappings[0].HostPort, 80)
	check(t, "the compatibilities", fmt.Sprint(d.Compatibilities), "[EC2]")
	var required []string
	for _, a := range d.RequiresAttributes {
		required = append(required, *a.Name)
	}
	check(t, "the required attributes", fmt.Sprint(required), "[com.amazonaws.ecs.capability.docker-remote-api.1.18 ecs.capability.task-eni]")
}

// In mode host each containerPort is a port of the instance: one copy on each.
func TestTasksInModeHost(t *testing.T) {
	w := networked(t)
	c := webContainer()
	c.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80)}}
	d := must(w.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("hosted"), NetworkMode: types.NetworkModeHost, ContainerDefinitions: []types.ContainerDefinition{c},
	})).TaskDefinition
	check(t, "the host port", *d.ContainerDefinitions[0].PortMappings[0].HostPort, 80)
	out := must(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("hosted"), Count: aws.Int32(2)}))
	check(t, "the tasks and failures", fmt.Sprint(len(out.Tasks), len(out.Failures)), "1 1")
	check(t, "the failure", *out.Failures[0].Reason, "RESOURCE:PORTS")
	check(t, "lastStatus", *out.Tasks[0].LastStatus, "PENDING")
	check(t, "the attachments", len(out.Tasks[0].Attachments), 0)
}

func TestATaskWithANetworkInterfaceBegins(t *testing.T) {
	w := networked(t)
	out := must(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("own"), NetworkConfiguration: subnets("subnet-a")}))
	if len(out.Tasks) != 1 {
		t.Fatalf("%d tasks, failures %v", len(out.Tasks), out.Failures)
	}
	task := out.Tasks[0]
	check(t, "lastStatus", *task.LastStatus, "PROVISIONING")
	check(t, "the number of attachments", len(task.Attachments), 1)
	a := task.Attachments[0]
	check(t, "the attachment's type", *a.Type, "ElasticNetworkInterface")
	check(t, "the attachment's status", *a.Status, "PRECREATED")
	check(t, "the details", len(a.Details), 1)
	check(t, "the subnet", *a.Details[0].Name+"="+*a.Details[0].Value, "subnetId=subnet-a")
	check(t, "the network interfaces of the container", len(task.Containers[0].NetworkInterfaces), 0)
	cluster := must(w.DescribeClusters(t.Context(), &ecs.DescribeClustersInput{})).Clusters[0]
	check(t, "the cluster's pending tasks", cluster.PendingTasksCount, 1)
}

// Two tasks with the same containerPort find a place on one instance.
func TestTasksWithNetworkInterfacesShareNoPorts(t *testing.T) {
	w := networked(t)
	out := must(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("own"), Count: aws.Int32(2), NetworkConfiguration: subnets("subnet-a")}))
	check(t, "the number of tasks", len(out.Tasks), 2)
}

func TestRefusedNetworkConfigurations(t *testing.T) {
	w := networked(t)
	many := func(n int, prefix string) (ids []string) {
		for i := range n {
			ids = append(ids, fmt.Sprint(prefix, i))
		}
		return ids
	}
	public := subnets("subnet-a")
	public.AwsvpcConfiguration.AssignPublicIp = types.AssignPublicIpEnabled
	groups := subnets("subnet-a")
	groups.AwsvpcConfiguration.SecurityGroups = many(6, "sg-")
	group := subnets("subnet-a")
	group.AwsvpcConfiguration.SecurityGroups = []string{"web"}
	for _, tt := range []struct {
		definition string
		network    *types.NetworkConfiguration
		want       string
	}{
		{"own", nil, "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
		{"own", &types.NetworkConfiguration{}, "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
		{"web", subnets("subnet-a"), "Network Configuration is not valid for the given networkMode of this task definition."},
		{"own", subnets(), "subnets can not be empty."},
		{"own", subnets(many(17, "subnet-")...), "subnets can have at most 16 items."},
		{"own", groups, "securityGroups can have at most 5 items."},
		{"own", public, "Assign public IP is not supported for this launch type."},
		{"own", subnets("lan"), `Error retrieving subnet information for [lan]: Invalid id: "lan" (expecting "subnet-...") (ErrorCode: InvalidSubnetID.Malformed)`},
		{"own", group, `Error retrieving security group information for [web]: Invalid id: "web" (expecting "sg-...") (ErrorCode: InvalidGroupId.Malformed)`},
	} {
		want := "InvalidParameterException: " + tt.want
		w.fails(want, func() error {
			return failed(w.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String(tt.definition), NetworkConfiguration: tt.network}))
		})
		w.fails(want, func() error {
			in := createWeb()
			in.TaskDefinition, in.NetworkConfiguration = aws.String(tt.definition), tt.network
			return failed(w.CreateService(t.Context(), in))
		})
	}
}

func TestTheNetworkConfigurationOfAService(t *testing.T) {
	w := networked(t)
	in := createWeb()
	in.TaskDefinition, in.NetworkConfiguration = aws.String("own:1"), subnets("subnet-a")
	first := must(w.CreateService(t.Context(), in)).Service
	told := first.NetworkConfiguration.AwsvpcConfiguration
	check(t, "what the service tells", fmt.Sprint(told.Subnets, told.SecurityGroups, told.AssignPublicIp), "[subnet-a] [sg-web]DISABLED")
	check(t, "the deployment's subnet", first.Deployments[0].NetworkConfiguration.AwsvpcConfiguration.Subnets[0], "subnet-a")

	again := must(w.CreateService(t.Context(), in)).Service
	check(t, "the deployments after the same creation", len(again.Deployments), 1)

	update := func(in *ecs.UpdateServiceInput) *types.Service {
		t.Helper()
		in.Service = aws.String("web")
		return must(w.UpdateService(t.Context(), in)).Service
	}
	same := update(&ecs.UpdateServiceInput{NetworkConfiguration: subnets("subnet-a")})
	check(t, "the deployments after an update with the same", len(same.Deployments), 1)
	other := update(&ecs.UpdateServiceInput{NetworkConfiguration: subnets("subnet-b")})
	check(t, "the deployments after an update with another", len(other.Deployments), 2)
	check(t, "the new deployment's subnet", other.Deployments[0].NetworkConfiguration.AwsvpcConfiguration.Subnets[0], "subnet-b")
	check(t, "the old deployment's subnet", other.Deployments[1].NetworkConfiguration.AwsvpcConfiguration.Subnets[0], "subnet-a")
	revisions := must(w.DescribeServiceRevisions(t.Context(), &ecs.DescribeServiceRevisionsInput{
		ServiceRevisionArns: []string{*other.CurrentServiceRevisions[0].Arn},
	})).ServiceRevisions
	check(t, "the revision's subnet", revisions[0].NetworkConfiguration.AwsvpcConfiguration.Subnets[0], "subnet-b")

	w.fails("InvalidParameterException: Network Configuration is not valid for the given networkMode of this task definition.", func() error {
		return failed(w.UpdateService(t.Context(), &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String("web:1")}))
	})
	bridge := update(&ecs.UpdateServiceInput{TaskDefinition: aws.String("web:1"), NetworkConfiguration: &types.NetworkConfiguration{}})
	check(t, "that there is none in mode bridge", bridge.NetworkConfiguration == nil, true)
}
