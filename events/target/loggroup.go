package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"steady/archive"
	"steady/events/bus"
)

var validGroup = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// logGroup is the name in the ARN of a log group.
func logGroup(arn string) (string, error) {
	part := strings.SplitN(arn, ":", 8)
	if len(part) < 6 || part[0] != "arn" {
		return "", fmt.Errorf("%q is no target: give the ARN of a log group, an http or https URL, or command:NAME", arn)
	}
	if len(part) < 7 || part[2] != "logs" || part[5] != "log-group" {
		return "", fmt.Errorf("targets of the service %s are not implemented by Steady: give the ARN of a log group, an http or https URL, or command:NAME", part[2])
	}
	if !validGroup.MatchString(part[6]) || len(part) == 8 && part[7] != "*" {
		return "", fmt.Errorf("%q is no ARN of a log group: give arn:aws:logs:REGION:ACCOUNT:log-group:/aws/events/NAME", arn)
	}
	return part[6], nil
}

// append writes the payload to a stream of the log group that belongs to the rule's
// target. It is named by a UUID, as EventBridge's streams are.
func (t *Targets) append(ctx context.Context, group string, d bus.Delivery) error {
	stream := uuid.NewSHA1(uuid.NameSpaceURL, []byte("steady:event-target/"+d.Rule+"/"+d.Target)).String()
	err := t.archive.Append(ctx, archive.Batch{Group: group, Stream: stream, Class: archive.Logs, Records: []archive.Record{record(d)}})
	if err == nil || ctx.Err() != nil {
		return err
	}
	code := "LOG_GROUP_ERROR"
	if _, full := errors.AsType[*archive.FullError](err); full {
		code = "LOG_GROUP_FULL"
	}
	return &bus.Failure{Code: code, Message: err.Error()}
}

// record is what is logged. An input transformer may say what: its template "must
// contain timestamp and message".
func record(d bus.Delivery) archive.Record {
	var given struct {
		Timestamp any     `json:"timestamp"`
		Message   *string `json:"message"`
	}
	r := archive.Record{Time: d.Accepted.UnixMilli(), Message: d.Payload}
	if json.Unmarshal([]byte(d.Payload), &given) != nil || given.Message == nil {
		return r
	}
	switch at := given.Timestamp.(type) {
	case float64:
		return archive.Record{Time: int64(at), Message: *given.Message}
	case string:
		if parsed, err := time.Parse(time.RFC3339, at); err == nil {
			return archive.Record{Time: parsed.UnixMilli(), Message: *given.Message}
		}
	}
	return r
}
