package ecs

import (
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// Why operations of ECS are not carried out, and what does instead. Every operation
// that the SDK knows is either carried out or has its reason here.
const (
	noAgentProtocol = "agents connect over a session of Steady's own and report their tasks there, and the protocol of Amazon's agent is not spoken; steady up runs an agent for each container instance of this machine"
	noDaemons       = "daemons run on Amazon's managed instances; a service with the scheduling strategy DAEMON runs one task on each container instance"
	noExpress       = "an Express service is made of load balancers, certificates and scaling policies of AWS; CreateService makes a service"
	noGateways      = "gateways are managed by AWS; publish ports of the containers"
	noTaskSets      = "task sets belong to the deployment controllers EXTERNAL and CODE_DEPLOY; UpdateService deploys with the controller ECS"
)

// unsupportedOperations tells why, by operation.
func unsupportedOperations() map[string]string {
	why := map[string]string{
		"ContinueServiceDeployment": "no lifecycle hook can pause a deployment: deploymentConfiguration.lifecycleHooks is refused",
		"ExecuteCommand":            "sessions into containers are not built; docker exec enters a container on the machine where it runs",
		"ListServicesByNamespace":   "Service Connect and its namespaces are not built; ListServices lists services by cluster",
		"UpdateContainerAgent":      "the agent is part of the steady binary; start a newer binary to update it, tasks run on meanwhile",
	}
	for reason, operations := range map[string][]string{
		noAgentProtocol: {
			"DiscoverPollEndpoint", "SubmitAttachmentStateChanges", "SubmitContainerStateChange", "SubmitTaskStateChange",
		},
		noDaemons: {
			"CreateDaemon", "DeleteDaemon", "DescribeDaemon", "ListDaemons", "UpdateDaemon",
			"DescribeDaemonDeployments", "ListDaemonDeployments", "DescribeDaemonRevisions",
			"RegisterDaemonTaskDefinition", "DeleteDaemonTaskDefinition", "DescribeDaemonTaskDefinition", "ListDaemonTaskDefinitions",
		},
		noExpress: {
			"CreateExpressGatewayService", "DeleteExpressGatewayService", "DescribeExpressGatewayService", "UpdateExpressGatewayService",
		},
		noGateways: {
			"CreateGateway", "DeleteGateway", "DescribeGateway", "ListGateways", "UpdateGateway",
			"DescribeGatewayResources", "DescribeGatewayRoute", "ListGatewayRoutes",
			"AssociateGatewayWithCluster", "DisassociateGatewayFromCluster", "ListGatewayClusterAssociations",
		},
		noTaskSets: {
			"CreateTaskSet", "DeleteTaskSet", "DescribeTaskSets", "UpdateTaskSet", "UpdateServicePrimaryTaskSet",
		},
	} {
		for _, name := range operations {
			why[name] = reason
		}
	}
	return why
}

// refusedMembers are the members that operations refuse, by operation: the tables that
// the operations use.
func refusedMembers() map[string][]string {
	overridden := names("", overrideMembers, nil)
	configuration := names("", clusterConfigurationMembers, nil)
	service := names("", serviceMembers, names("", deploymentMembers, nil))
	return map[string][]string{
		"CreateCluster":             names("", clusterMembers, configuration),
		"UpdateCluster":             names("", updateClusterMembers, configuration),
		"ListTasks":                 {"daemonName"},
		"CreateCapacityProvider":    names("", createProviderMembers, nil),
		"UpdateCapacityProvider":    names("", updateProviderMembers, nil),
		"DeleteCapacityProvider":    names("", deleteProviderMembers, nil),
		"RegisterContainerInstance": names("", registerInstanceMembers, nil),
		"RegisterTaskDefinition":    names("", definitionMembers, names("containerDefinitions.", containerMembers, nil)),
		"RunTask":                   names("", runTaskMembers, overridden),
		"StartTask":                 names("", startTaskMembers(), overridden),
		"CreateService":             names("", createServiceMembers, service),
		"UpdateService":             service,
	}
}

// names are the members of a table, after others.
func names[T any](prefix string, table []unsupported[T], more []string) []string {
	var all []string
	for _, u := range table {
		all = append(all, prefix+u.member)
	}
	return append(all, more...)
}

// startTaskMembers are the members that StartTask refuses: those that it has of what
// RunTask refuses.
func startTaskMembers() []unsupported[ecs.RunTaskInput] {
	return slices.DeleteFunc(slices.Clone(runTaskMembers), func(u unsupported[ecs.RunTaskInput]) bool {
		name, _, _ := strings.Cut(u.member, " ")
		_, has := reflect.TypeFor[ecs.StartTaskInput]().FieldByName(strings.ToUpper(name[:1]) + name[1:])
		return !has
	})
}
