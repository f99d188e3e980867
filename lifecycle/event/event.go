// Package event tells a change of a record as Amazon EventBridge does, in the exact
// JSON of ECS's events: task state changes, container instance state changes, service
// actions and deployment state changes. It never decides that anything changes, does no
// I/O and reads no clock.
//
// Members of an event stand in a fixed order, so that the same change gives the same
// bytes. docs/events.md says what an event guarantees.
package event

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"steady/model"
)

// The detail-type of each kind of event.
const (
	TaskStateChange       = "ECS Task State Change"
	InstanceStateChange   = "ECS Container Instance State Change"
	ServiceAction         = "ECS Service Action"
	DeploymentStateChange = "ECS Deployment State Change"
)

// Teller tells the changes of one moment.
type Teller struct {
	Realm model.Realm
	Now   time.Time
	NewID func() string // of an event, a UUID
}

// tell wraps a detail. Text that is no UTF-8, such as a reason that was cut in the
// middle of a character, is mended: it must not keep a change from being made.
func (t Teller) tell(cluster, kind, resource string, detail any) model.Event {
	b, err := json.Marshal(model.Envelope{
		Version: "0", ID: t.NewID(), DetailType: kind, Source: "aws.ecs",
		Account: t.Realm.Account, Time: model.EventTime(t.Now), Region: t.Realm.Region,
		Resources: []string{resource}, Detail: detail,
	}, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("lifecycle/event: " + err.Error()) // the details are plain structs of this package
	}
	return model.Event{Cluster: cluster, At: t.Now, JSON: b}
}

// instant is a time in the form of details: "2023-05-22T15:29:11.177Z", empty for a zero
// one.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
