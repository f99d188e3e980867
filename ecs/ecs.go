// Package ecs is the API of Amazon ECS: each operation checks what it is asked,
// writes what is desired to the state, and shows what the state holds.
// It never starts or stops anything itself.
//
// Every check of an operation runs before or inside its one transaction, so an
// operation that fails has changed nothing.
package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"steady/awsapi"
	"steady/model"
	"steady/state"
)

// Options are settings of the API.
type Options struct {
	// Settle is how long a task without health checks must have been RUNNING to
	// count as healthy; failedTasks starts anew then. The same as the control
	// loops use.
	Settle time.Duration
	// MayAssume tells whether ECS may work under a role for a task; its error is ECS's
	// text. nil: under every one.
	MayAssume func(role string) error
}

// API has a method for each operation that Steady carries out.
type API struct {
	store     *state.Store
	realm     model.Realm
	settle    time.Duration
	mayAssume func(role string) error
}

// New makes the API of one realm over a store.
func New(store *state.Store, realm model.Realm, o Options) *API {
	if o.MayAssume == nil {
		o.MayAssume = func(string) error { return nil }
	}
	return &API{store: store, realm: realm, settle: o.Settle, mayAssume: o.MayAssume}
}

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{
		Name:        "ecs",
		Target:      "AmazonEC2ContainerServiceV20141113",
		Permissions: a.permissions,
		Known:       awsapi.OperationNames((*ecs.Client)(nil)),
		Unsupported: unsupportedOperations(),
		Refused:     refusedMembers(),
		Operations: map[string]awsapi.Operation{
			"CreateCluster":    awsapi.Op(a.CreateCluster),
			"DescribeClusters": awsapi.Op(a.DescribeClusters),
			"ListClusters":     awsapi.Op(a.ListClusters),
			"DeleteCluster":    awsapi.Op(a.DeleteCluster),

			"UpdateCluster":            awsapi.Op(a.UpdateCluster),
			"UpdateClusterSettings":    awsapi.Op(a.UpdateClusterSettings),
			"PutAccountSetting":        awsapi.Op(a.PutAccountSetting),
			"PutAccountSettingDefault": awsapi.Op(a.PutAccountSettingDefault),
			"ListAccountSettings":      awsapi.Op(a.ListAccountSettings),
			"DeleteAccountSetting":     awsapi.Op(a.DeleteAccountSetting),

			"CreateCapacityProvider":      awsapi.Op(a.CreateCapacityProvider),
			"UpdateCapacityProvider":      awsapi.Op(a.UpdateCapacityProvider),
			"DeleteCapacityProvider":      awsapi.Op(a.DeleteCapacityProvider),
			"DescribeCapacityProviders":   awsapi.Op(a.DescribeCapacityProviders),
			"PutClusterCapacityProviders": awsapi.Op(a.PutClusterCapacityProviders),

			"RegisterTaskDefinition":     awsapi.Op(a.RegisterTaskDefinition),
			"DescribeTaskDefinition":     awsapi.Op(a.DescribeTaskDefinition),
			"ListTaskDefinitions":        awsapi.Op(a.ListTaskDefinitions),
			"ListTaskDefinitionFamilies": awsapi.Op(a.ListTaskDefinitionFamilies),
			"DeregisterTaskDefinition":   awsapi.Op(a.DeregisterTaskDefinition),
			"DeleteTaskDefinitions":      awsapi.Op(a.DeleteTaskDefinitions),

			"PutAttributes":    awsapi.Op(a.PutAttributes),
			"DeleteAttributes": awsapi.Op(a.DeleteAttributes),
			"ListAttributes":   awsapi.Op(a.ListAttributes),

			"ListContainerInstances":     awsapi.Op(a.ListContainerInstances),
			"DescribeContainerInstances": awsapi.Op(a.DescribeContainerInstances),

			"RegisterContainerInstance":     awsapi.Op(a.RegisterContainerInstance),
			"UpdateContainerInstancesState": awsapi.Op(a.UpdateContainerInstancesState),
			"DeregisterContainerInstance":   awsapi.Op(a.DeregisterContainerInstance),

			"RunTask":       awsapi.Op(a.RunTask),
			"StartTask":     awsapi.Op(a.StartTask),
			"StopTask":      awsapi.Op(a.StopTask),
			"ListTasks":     awsapi.Op(a.ListTasks),
			"DescribeTasks": awsapi.Op(a.DescribeTasks),

			"CreateService":    awsapi.Op(a.CreateService),
			"UpdateService":    awsapi.Op(a.UpdateService),
			"DescribeServices": awsapi.Op(a.DescribeServices),
			"ListServices":     awsapi.Op(a.ListServices),
			"DeleteService":    awsapi.Op(a.DeleteService),

			"ListServiceDeployments":     awsapi.Op(a.ListServiceDeployments),
			"DescribeServiceDeployments": awsapi.Op(a.DescribeServiceDeployments),
			"DescribeServiceRevisions":   awsapi.Op(a.DescribeServiceRevisions),
			"StopServiceDeployment":      awsapi.Op(a.StopServiceDeployment),

			"GetTaskProtection":    awsapi.Op(a.GetTaskProtection),
			"UpdateTaskProtection": awsapi.Op(a.updateTaskProtection),

			"ListTagsForResource": awsapi.Op(a.ListTagsForResource),
			"TagResource":         awsapi.Op(a.TagResource),
			"UntagResource":       awsapi.Op(a.UntagResource),
		},
	}
}

// principal is the ARN of the caller: all callers act for the account.
func (a *API) principal() string { return "arn:aws:iam::" + a.realm.Account + ":root" }

// text is an optional string member: left out when empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

// at is an optional time member: left out when zero.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
