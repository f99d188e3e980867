// Package notify tells people and programs elsewhere what becomes of deployments: one
// message for each, which is updated where the channel can do that. It never decides
// what is worth telling, and never lets a channel's secret into an error.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Message tells of one deployment or service.
type Message struct {
	// Key is the same for all messages about one thing: a later one takes the place of
	// an earlier one.
	Key   string
	Title string // one line
	Text  string // cause, evidence and remedy, on several lines; may be empty
	Tone  Tone
	// Final tells that no other message of this key follows. Channels that cannot
	// change what they sent send nothing but those.
	Final bool
	// Facts are shown as a table.
	Facts []Fact
}

// Fact is one line of a message's table.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Tone is how a message is meant.
type Tone string

const (
	Good    Tone = "good"
	Bad     Tone = "bad"
	Neutral Tone = "neutral"
)

// channel is one place that messages go to.
type channel interface {
	name() string
	send(context.Context, Message) error
}

// Notifier sends messages to all channels of a configuration.
type Notifier struct{ channels []channel }

// patience is how long a channel may take for one message.
const patience = 10 * time.Second

// Send sends a message everywhere. The error names each channel that could not be
// reached; the others have the message.
func (n *Notifier) Send(ctx context.Context, m Message) error {
	if n == nil {
		return nil
	}
	var failed []error
	for _, c := range n.channels {
		call, cancel := context.WithTimeout(ctx, patience)
		if err := c.send(call, m); err != nil {
			failed = append(failed, fmt.Errorf("notify %s: %w", c.name(), err))
		}
		cancel()
	}
	return errors.Join(failed...)
}

// client never follows an endpoint elsewhere: what is sent may be signed, or secret.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// unreachable leaves out the URL, which may hold a secret.
func unreachable(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// refused is an answer that is no success.
func refused(status int) error {
	return fmt.Errorf("it answered %d %s", status, http.StatusText(status))
}
