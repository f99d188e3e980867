package events

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/model"
)

func TestWhatACallerMustBeAllowed(t *testing.T) {
	a := New(Options{Realm: model.Realm{Region: "us-east-1", Account: "000000000000"}})
	const at = "arn:aws:events:us-east-1:000000000000:"
	name, role := aws.String("nightly"), aws.String("arn:aws:iam::000000000000:role/r")
	for _, c := range []struct {
		in   any
		want string
	}{
		{&eventbridge.PutRuleInput{Name: name}, " " + at + "rule/nightly"},
		{&eventbridge.PutRuleInput{Name: name, RoleArn: role}, " " + at + "rule/nightly, iam:PassRole " + *role + " events.amazonaws.com"},
		{&eventbridge.DeleteRuleInput{Name: name, EventBusName: aws.String(at + "event-bus/own")}, " " + at + "rule/own/nightly"},
		{&eventbridge.PutTargetsInput{Rule: name, Targets: []types.Target{{}, {RoleArn: role}}}, " " + at + "rule/nightly, iam:PassRole " + *role + " events.amazonaws.com"},
		{&eventbridge.ListRulesInput{NamePrefix: name}, " " + at + "rule/*"},
		{&eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: aws.String("shop")}, {Source: aws.String("till"), EventBusName: aws.String("own")}}},
			" " + at + "event-bus/default shop,  " + at + "event-bus/own till"},
		{&eventbridge.DescribeEventBusInput{}, " " + at + "event-bus/default"},
		{&eventbridge.TagResourceInput{ResourceARN: aws.String(at + "rule/nightly")}, " " + at + "rule/nightly"},
		{&eventbridge.ListEventBusesInput{}, ""},
	} {
		var got []string
		for _, p := range a.permissions("", c.in) {
			got = append(got, strings.TrimRight(p.Action+" "+p.Resource+" "+p.Conditions["iam:PassedToService"]+p.Conditions["events:source"], " "))
		}
		if all := strings.Join(got, ", "); all != c.want {
			t.Errorf("%T needs\n%q\nwant\n%q", c.in, all, c.want)
		}
	}
}
