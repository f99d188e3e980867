package model

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// EventRule is a rule of the default event bus: which events it matches, and where
// they go.
type EventRule struct {
	Name         string
	Description  string
	EventPattern string // checked when it was put; empty: none
	// ScheduleExpression has the rule fire at times, counted from ScheduledFrom: when it
	// was put or enabled. Empty: it does not.
	ScheduleExpression string
	ScheduledFrom      time.Time
	State              types.RuleState
	RoleARN            string
	Tags               []Tag
	Targets            []types.Target // in the order in which they were added
	CreatedAt          time.Time
}

// Enabled is true of a rule that matches events.
func (r *EventRule) Enabled() bool { return r.State != types.RuleStateDisabled }

// Target returns the target of that id.
func (r *EventRule) Target(id string) (types.Target, bool) {
	for _, t := range r.Targets {
		if *t.Id == id {
			return t, true
		}
	}
	return types.Target{}, false
}

func (r Realm) eventsARN(resource string) string {
	return "arn:aws:events:" + r.Region + ":" + r.Account + ":" + resource
}

// The ARNs of EventBridge.

func (r Realm) EventRuleARN(name string) string { return r.eventsARN("rule/" + name) }

func (r Realm) EventBusARN(name string) string { return r.eventsARN("event-bus/" + name) }
