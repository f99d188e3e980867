// Package events is the API of Amazon EventBridge for the default event bus: its
// rules, their targets, and events of the caller's own. It checks what is asked, and
// answers in AWS's words. It never delivers an event itself.
package events

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"steady/awsapi"
	"steady/events/bus"
	"steady/events/target"
	"steady/model"
	"steady/state"
)

// Options is what an API works on.
type Options struct {
	Store   *state.Store // keeps the rules
	Bus     *bus.Bus     // takes the events
	Targets *target.Targets
	Realm   model.Realm
}

// API has a method for each operation that Steady carries out.
type API struct {
	store   *state.Store
	bus     *bus.Bus
	targets *target.Targets
	realm   model.Realm
}

// New makes the API.
func New(o Options) *API {
	return &API{store: o.Store, bus: o.Bus, targets: o.Targets, realm: o.Realm}
}

// maxBody of a request: ten events are a mebibyte, counted without what JSON adds.
const maxBody = 8 << 20

// Service lists the operations for the server.
func (a *API) Service() awsapi.Service {
	return awsapi.Service{
		Name:        "events",
		Target:      "AWSEvents",
		MaxBody:     maxBody,
		Permissions: a.permissions,
		Known:       awsapi.OperationNames((*eventbridge.Client)(nil)),
		Operations: map[string]awsapi.Operation{
			"PutRule":      awsapi.Op(a.PutRule),
			"DescribeRule": awsapi.Op(a.DescribeRule),
			"ListRules":    awsapi.Op(a.ListRules),
			"EnableRule":   awsapi.Op(a.EnableRule),
			"DisableRule":  awsapi.Op(a.DisableRule),
			"DeleteRule":   awsapi.Op(a.DeleteRule),

			"PutTargets":            awsapi.Op(a.PutTargets),
			"ListTargetsByRule":     awsapi.Op(a.ListTargetsByRule),
			"RemoveTargets":         awsapi.Op(a.RemoveTargets),
			"ListRuleNamesByTarget": awsapi.Op(a.ListRuleNamesByTarget),

			"PutEvents":        awsapi.Op(a.PutEvents),
			"TestEventPattern": awsapi.Op(a.TestEventPattern),

			"DescribeEventBus": awsapi.Op(a.DescribeEventBus),
			"ListEventBuses":   awsapi.Op(a.ListEventBuses),

			"TagResource":         awsapi.Op(a.TagResource),
			"UntagResource":       awsapi.Op(a.UntagResource),
			"ListTagsForResource": awsapi.Op(a.ListTagsForResource),
		},
	}
}

// defaultBus is the only event bus there is.
const defaultBus = "default"

// onDefaultBus checks the name or ARN of an event bus; none is the default one.
func (a *API) onDefaultBus(name *string) error {
	n := aws.ToString(name)
	if i := strings.Index(n, ":event-bus/"); strings.HasPrefix(n, "arn:") && i >= 0 {
		n = n[i+len(":event-bus/"):]
	}
	if n == "" || n == defaultBus {
		return nil
	}
	return awsapi.Errorf("ResourceNotFoundException", "Event bus %s does not exist.", n)
}

func invalid(format string, args ...any) error {
	return awsapi.Errorf("ValidationException", format, args...)
}

func ruleNotFound(name string) error {
	return awsapi.Errorf("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", name)
}

func limitExceeded() error {
	return awsapi.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

// unsupported refuses a member that means something which is not built.
func unsupported(member, instead string) error {
	return awsapi.Errorf("UnsupportedFeatureException", "The member %s is not implemented by Steady yet; %s.", member, instead)
}
