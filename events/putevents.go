package events

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"steady/awsapi"
	"steady/events/pattern"
	"steady/model"
)

// Limits of PutEvents: "the total entry size must be less than 1MB".
const (
	maxEntries    = 10
	maxEventsSize = 1 << 20
	maxDetailType = 128
)

// PutEvents takes events of the caller's own. Those that it answers with an id are on
// disk, for each target that is to have them.
func (a *API) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	var p problems
	p.count(len(in.Entries), "entries", maxEntries)
	if err := p.err(); err != nil {
		return nil, err
	}
	if in.EndpointId != nil {
		return nil, unsupported("EndpointId", "leave it out")
	}
	total := 0
	for _, e := range in.Entries {
		total += size(e)
	}
	if total > maxEventsSize {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	out := &eventbridge.PutEventsOutput{}
	var taken [][]byte
	for _, e := range in.Entries {
		id, event, failure := a.event(e)
		if failure != nil {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, *failure)
			continue
		}
		taken = append(taken, event)
		out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: &id})
	}
	if err := a.bus.Deliver(ctx, taken...); err != nil {
		return nil, fmt.Errorf("take %d events: %w", len(taken), err)
	}
	return out, nil
}

// size of an entry, "calculated as follows": 14 bytes for a time, and what its texts
// have in UTF-8.
func size(e types.PutEventsRequestEntry) int {
	n := len(aws.ToString(e.Source)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// event makes an event of an entry, or says why it is none.
func (a *API) event(e types.PutEventsRequestEntry) (id string, event []byte, failure *types.PutEventsResultEntry) {
	if failure := a.refuse(e); failure != nil {
		return "", nil, failure
	}
	at := time.Now()
	if e.Time != nil {
		at = *e.Time
	}
	detail := jsontext.Value(*e.Detail)
	if err := detail.Compact(); err != nil {
		return "", nil, failed("MalformedDetail", "Detail is malformed.")
	}
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	made := model.Envelope{
		Version: "0", ID: uuid.NewString(), DetailType: *e.DetailType, Source: *e.Source, Account: a.realm.Account,
		Time: model.EventTime(at), Region: a.realm.Region, Resources: resources, Detail: detail,
	}
	event, err := json.Marshal(made, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return "", nil, failed("MalformedDetail", "Detail is malformed.")
	}
	return made.ID, event, nil
}

// refuse says why an entry cannot be an event.
func (a *API) refuse(e types.PutEventsRequestEntry) *types.PutEventsResultEntry {
	for _, m := range []struct {
		name  string
		value *string
	}{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if aws.ToString(m.value) == "" {
			return failed("InvalidArgument", "Parameter %s is not valid. Reason: %s is a required argument.", m.name, m.name)
		}
	}
	if *e.Source == "aws" || strings.HasPrefix(*e.Source, "aws.") {
		return failed("NotAuthorizedForSourceException", "Not authorized for the source.")
	}
	if utf8.RuneCountInString(*e.DetailType) > maxDetailType {
		return failed("InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is longer than %d characters.", maxDetailType)
	}
	// AWS takes events for an event bus that does not exist, and loses them.
	if err := a.onDefaultBus(e.EventBusName); err != nil {
		return failed("InvalidArgument", "Parameter EventBusName is not valid. Reason: Event bus %s does not exist.", *e.EventBusName)
	}
	if d := jsontext.Value(*e.Detail); !d.IsValid(jsontext.AllowDuplicateNames(true)) || d.Kind() != '{' {
		return failed("MalformedDetail", "Detail is malformed.")
	}
	return nil
}

func failed(code, format string, args ...any) *types.PutEventsResultEntry {
	return &types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: aws.String(fmt.Sprintf(format, args...))}
}

// mandatory are the members that an event has that TestEventPattern is given.
var mandatory = []string{"id", "account", "source", "time", "region", "detail-type"}

// TestEventPattern tells whether a pattern matches an event.
func (a *API) TestEventPattern(_ context.Context, in *eventbridge.TestEventPatternInput) (*eventbridge.TestEventPatternOutput, error) {
	var p problems
	p.length(in.EventPattern, "eventPattern", 1, pattern.MaxLength)
	p.length(in.Event, "event", 1, maxEventsSize)
	if err := p.err(); err != nil {
		return nil, err
	}
	compiled, err := pattern.Parse(*in.EventPattern)
	if err != nil {
		return nil, awsapi.Errorf("InvalidEventPatternException", "%s", err.Error())
	}
	event, err := pattern.ParseEvent([]byte(*in.Event))
	if err != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	var members map[string]jsontext.Value
	json.Unmarshal([]byte(*in.Event), &members, jsontext.AllowDuplicateNames(true))
	for _, m := range mandatory {
		if _, ok := members[m]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: %s is a required argument.", m)
		}
	}
	return &eventbridge.TestEventPatternOutput{Result: compiled.Matches(event)}, nil
}
