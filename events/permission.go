package events

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"steady/awsapi"
)

// permissions says what a caller under a role needs for a request: its action on the
// rule or the event bus that it is about, and iam:PassRole on the roles that it hands to
// EventBridge.
func (a *API) permissions(_ string, in any) []awsapi.Permission {
	rule := func(name, onBus *string) []awsapi.Permission {
		return []awsapi.Permission{{Resource: a.ruleARN(aws.ToString(name), aws.ToString(onBus))}}
	}
	switch in := in.(type) {
	case *eventbridge.PutRuleInput:
		return append(rule(in.Name, in.EventBusName), passed(in.RoleArn)...)
	case *eventbridge.DescribeRuleInput:
		return rule(in.Name, in.EventBusName)
	case *eventbridge.EnableRuleInput:
		return rule(in.Name, in.EventBusName)
	case *eventbridge.DisableRuleInput:
		return rule(in.Name, in.EventBusName)
	case *eventbridge.DeleteRuleInput:
		return rule(in.Name, in.EventBusName)
	case *eventbridge.PutTargetsInput:
		list := rule(in.Rule, in.EventBusName)
		for _, t := range in.Targets {
			list = append(list, passed(t.RoleArn)...)
		}
		return list
	case *eventbridge.ListTargetsByRuleInput:
		return rule(in.Rule, in.EventBusName)
	case *eventbridge.RemoveTargetsInput:
		return rule(in.Rule, in.EventBusName)
	case *eventbridge.ListRulesInput:
		return rule(aws.String("*"), in.EventBusName)
	case *eventbridge.ListRuleNamesByTargetInput:
		return rule(aws.String("*"), in.EventBusName)
	}
	return a.aboutBus(in)
}

func (a *API) aboutBus(in any) (list []awsapi.Permission) {
	switch in := in.(type) {
	case *eventbridge.PutEventsInput:
		for _, e := range in.Entries {
			list = append(list, awsapi.Permission{
				Resource: a.realm.EventBusARN(busName(aws.ToString(e.EventBusName))),
				Conditions: map[string]string{
					"events:source": aws.ToString(e.Source), "events:detail-type": aws.ToString(e.DetailType),
				},
			})
		}
	case *eventbridge.DescribeEventBusInput:
		list = []awsapi.Permission{{Resource: a.realm.EventBusARN(busName(aws.ToString(in.Name)))}}
	case *eventbridge.TagResourceInput:
		list = []awsapi.Permission{{Resource: aws.ToString(in.ResourceARN)}}
	case *eventbridge.UntagResourceInput:
		list = []awsapi.Permission{{Resource: aws.ToString(in.ResourceARN)}}
	case *eventbridge.ListTagsForResourceInput:
		list = []awsapi.Permission{{Resource: aws.ToString(in.ResourceARN)}}
	}
	return list
}

// passed is what handing a role to EventBridge needs.
func passed(role *string) []awsapi.Permission {
	if aws.ToString(role) == "" {
		return nil
	}
	return []awsapi.Permission{{Action: "iam:PassRole", Resource: *role, Conditions: map[string]string{"iam:PassedToService": "events.amazonaws.com"}}}
}

// ruleARN names a rule: that of another event bus than the default one has its name.
func (a *API) ruleARN(name, onBus string) string {
	if b := busName(onBus); b != defaultBus {
		name = b + "/" + name
	}
	return a.realm.EventRuleARN(name)
}

// busName is the name of an event bus, which may be given by its ARN, or not at all.
func busName(given string) string {
	if given == "" {
		return defaultBus
	}
	return given[strings.LastIndexByte(given, '/')+1:]
}
