package model

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Envelope is what all events of EventBridge have in common, its members in the order in
// which AWS writes them.
type Envelope struct {
	Version    string   `json:"version"` // "0"
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"` // EventTime
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     any      `json:"detail"`
}

// EventTime is a time as an envelope has it: without parts of a second.
func EventTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Event is a lifecycle event: what EventBridge tells of a change of a record.
type Event struct {
	Cluster string    // name of the cluster that it is about
	At      time.Time // when the change was made
	JSON    jsontext.Value
}
