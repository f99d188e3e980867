package lifecycle

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
)

// Connectivity tells whether a task's agent is connected, as far as that was ever so;
// i is the task's container instance, nil when it is no longer on record. A task that
// has ended keeps what it had.
func Connectivity(t *model.Task, i *model.Instance) types.Connectivity {
	switch {
	case i != nil && t.Live() && !i.AgentConnected:
		return types.ConnectivityDisconnected
	case !t.ConnectivityAt.IsZero():
		return types.ConnectivityConnected
	}
	return ""
}
