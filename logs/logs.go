// Package logs is the part of the CloudWatch Logs API that reading the output of
// tasks needs: it answers from the ends of outputs that the state keeps.
// It never stores a log, nor reads one from a container.
//
// A container whose log configuration is awslogs with an awslogs-group writes to
// the stream "prefix/container/task-id" of that group (without a prefix, to the
// stream named like its runtime id); any other to "family/container/task-id" of
// the group "/steady/CLUSTER".
package logs

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"steady/awsapi"
	"steady/state"
)

// API answers from the state of a store.
type API struct{ store *state.Store }

// New makes the API over a store.
func New(store *state.Store) *API { return &API{store} }

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{
		Name:   "logs",
		Target: "Logs_20140328",
		Known:  awsapi.OperationNames((*cloudwatchlogs.Client)(nil)),
		Operations: map[string]awsapi.Operation{
			"GetLogEvents": awsapi.Op(a.GetLogEvents),
		},
	}
}
