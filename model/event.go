package model

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Event is a lifecycle event: what EventBridge tells of a change of a record.
type Event struct {
	Cluster string    // name of the cluster that it is about
	At      time.Time // when the change was made
	JSON    jsontext.Value
}
