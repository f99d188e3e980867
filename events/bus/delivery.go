package bus

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/state"
)

// Delivery is one event on its way to one target.
type Delivery struct {
	Number   uint64 // rises with each delivery
	Rule     string
	Target   string // id
	EventID  string
	Payload  string // what the target is given
	Accepted time.Time
	Attempts int       // that failed
	Next     time.Time // attempt
	Failure  string    // of the last attempt
}

// ID is the same for each attempt, also after a crash.
func (d Delivery) ID() string { return d.EventID + "." + d.Rule + "." + d.Target }

func (d Delivery) key() string { return fmt.Sprintf("%020d", d.Number) }

// row is the delivery as it is kept.
func (d Delivery) row() state.Row {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // it has only texts, numbers and times
	}
	return state.Row{Table: deliveries, Key: d.key(), Value: b}
}

// removed takes the delivery off the disk.
func (d Delivery) removed() state.Row { return state.Row{Table: deliveries, Key: d.key()} }

// Failure says how an attempt failed.
type Failure struct {
	Code    string // such as HTTP_500, for the dead-letter file
	Message string
	// Permanent is true where another attempt would fail as well.
	Permanent bool
	// RetryAfter is how long the target asked to be left alone.
	RetryAfter time.Duration
}

func (f *Failure) Error() string { return f.Message }

// EventBridge's defaults: "24 hours and up to 185 times".
const (
	defaultAttempts = 185
	defaultAge      = 24 * time.Hour
)

// Attempts come at intervals that double from the first to the last of these, each
// shortened by chance to no less than half.
const (
	firstPause = time.Second
	lastPause  = 8 * time.Minute
)

// again decides when a delivery that has failed is tried again, or says which
// condition of the retry policy is exhausted. chance is from 0 to 1.
func (d Delivery) again(p *types.RetryPolicy, f *Failure, now time.Time, chance float64) (next time.Time, exhausted string) {
	attempts, age := defaultAttempts, defaultAge
	if p != nil && p.MaximumRetryAttempts != nil {
		attempts = int(*p.MaximumRetryAttempts)
	}
	if p != nil && p.MaximumEventAgeInSeconds != nil {
		age = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
	}
	switch {
	case f.Permanent:
		return time.Time{}, "NonRetriable"
	case d.Attempts > attempts:
		return time.Time{}, "MaximumRetryAttempts"
	}
	next = now.Add(max(pause(d.Attempts, chance), f.RetryAfter))
	if next.Sub(d.Accepted) > age {
		return time.Time{}, "MaximumEventAgeInSeconds"
	}
	return next, ""
}

// pause after so many failed attempts.
func pause(attempts int, chance float64) time.Duration {
	p := lastPause
	if attempts < 10 {
		p = min(firstPause<<(attempts-1), lastPause)
	}
	return p/2 + time.Duration(chance*float64(p/2))
}
