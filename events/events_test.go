package events_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const arn = "arn:aws:events:us-east-1:000000000000:"

func TestTheLifeOfARule(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	put, err := w.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String("r"), EventPattern: aws.String(`{"source":["my"]}`), Description: aws.String("first"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	})
	w.must(err)
	if *put.RuleArn != arn+"rule/r" {
		t.Errorf("the ARN is %s", *put.RuleArn)
	}
	_, err = w.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{command("b"), command("a")}})
	w.must(err)

	// Put again, it keeps its targets and tags, and nothing else.
	_, err = w.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["your"]}`),
		EventBusName: aws.String("default"), State: types.RuleStateDisabled})
	w.must(err)
	d, err := w.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r"), EventBusName: aws.String(arn + "event-bus/default")})
	w.must(err)
	if d.Description != nil || *d.EventPattern != `{"source":["your"]}` || d.State != "DISABLED" || *d.CreatedBy != "000000000000" || *d.EventBusName != "default" || *d.Arn != arn+"rule/r" {
		t.Errorf("the rule is %+v", d)
	}
	targets, err := w.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	w.must(err)
	if len(targets.Targets) != 2 || *targets.Targets[0].Id != "a" {
		t.Errorf("the targets are %v", targets.Targets)
	}
	_, err = w.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")})
	w.must(err)
	rules, err := w.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: aws.String("r")})
	w.must(err)
	if len(rules.Rules) != 1 || rules.Rules[0].State != "ENABLED" {
		t.Errorf("the rules are %v", rules.Rules)
	}
	_, err = w.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("r")})
	w.must(err)

	tagged := &eventbridge.TagResourceInput{ResourceARN: put.RuleArn, Tags: []types.Tag{{Key: aws.String("stage"), Value: aws.String("test")}}}
	_, err = w.TagResource(ctx, tagged)
	w.must(err)
	_, err = w.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: put.RuleArn, TagKeys: []string{"team"}})
	w.must(err)
	tags, err := w.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: put.RuleArn})
	w.must(err)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "stage" || *tags.Tags[0].Value != "test" {
		t.Errorf("the tags are %v", tags.Tags)
	}

	names, err := w.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: aws.String("command:notify")})
	w.must(err)
	if len(names.RuleNames) != 1 || names.RuleNames[0] != "r" {
		t.Errorf("the rules of the target are %v", names.RuleNames)
	}
	_, err = w.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
	w.refused(err, "ValidationException", "Rule can't be deleted since it has targets.")
	removed, err := w.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"a", "b", "c"}})
	w.must(err)
	if removed.FailedEntryCount != 1 || *removed.FailedEntries[0].TargetId != "c" || *removed.FailedEntries[0].ErrorCode != "ResourceNotFoundException" {
		t.Errorf("removing a target that is not there: %+v", removed)
	}
	for range 2 { // the second time there is nothing to delete
		_, err = w.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String("r")})
		w.must(err)
	}
	_, err = w.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	w.refused(err, "ResourceNotFoundException", "Rule r does not exist on EventBus default.")
}

// A rule of a schedule needs no pattern, shows its schedule, and fires anew from when it
// was put with another or enabled, but not when it is put as it was.
func TestScheduledRules(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	from := func() time.Time {
		r, _ := w.store.Snapshot().EventRule("r")
		return r.ScheduledFrom
	}
	put := func(expression string) {
		t.Helper()
		_, err := w.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: &expression})
		w.must(err)
	}
	put("rate(5 minutes)")
	d, err := w.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("r")})
	w.must(err)
	l, err := w.ListRules(ctx, &eventbridge.ListRulesInput{})
	w.must(err)
	if *d.ScheduleExpression != "rate(5 minutes)" || d.EventPattern != nil || *l.Rules[0].ScheduleExpression != "rate(5 minutes)" || l.Rules[0].EventPattern != nil {
		t.Errorf("the rule is %+v and %+v", d, l.Rules[0])
	}
	first := from()
	put("rate(5 minutes)")
	_, err = w.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")}) // it is enabled
	w.must(err)
	if first.IsZero() || !from().Equal(first) {
		t.Errorf("put as it was, it counts from %s, not %s", from(), first)
	}
	put("cron(0 10 ? * 2#1 *)")
	second := from()
	_, err = w.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: aws.String("r")})
	w.must(err)
	_, err = w.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: aws.String("r")})
	w.must(err)
	if !second.After(first) || !from().After(second) {
		t.Errorf("it counts from %s, %s and %s", first, second, from())
	}
}

func TestEventBuses(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	d, err := w.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{})
	w.must(err)
	if *d.Name != "default" || *d.Arn != arn+"event-bus/default" {
		t.Errorf("the default bus is %+v", d)
	}
	_, err = w.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("x")})
	w.refused(err, "ResourceNotFoundException", "Event bus x does not exist.")
	for prefix, want := range map[string]int{"def": 1, "x": 0} {
		l, err := w.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{NamePrefix: &prefix})
		w.must(err)
		if len(l.EventBuses) != want {
			t.Errorf("buses %s: %v", prefix, l.EventBuses)
		}
	}
	_, err = w.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("x")})
	w.refused(err, "UnsupportedFeatureException", "CreateEventBus is not implemented by Steady yet.")
}

func TestPages(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	for i := range 7 {
		w.rule(fmt.Sprintf("r%d", i))
	}
	var names []string
	var token *string
	for pages := 1; ; pages++ {
		l, err := w.ListRules(ctx, &eventbridge.ListRulesInput{Limit: aws.Int32(3), NextToken: token})
		w.must(err)
		for _, r := range l.Rules {
			names = append(names, *r.Name)
		}
		if token = l.NextToken; token == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if strings.Join(names, " ") != "r0 r1 r2 r3 r4 r5 r6" {
		t.Errorf("the pages have %v", names)
	}
	_, err := w.ListRules(ctx, &eventbridge.ListRulesInput{NextToken: aws.String("?")})
	w.refused(err, "ValidationException", "NextToken")
	_, err = w.ListRules(ctx, &eventbridge.ListRulesInput{Limit: aws.Int32(101)})
	w.refused(err, "ValidationException", "Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100")
}

func TestRulesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	const fine = `{"source":["my"]}`
	for _, c := range []struct {
		in            eventbridge.PutRuleInput
		code, message string
	}{
		{eventbridge.PutRuleInput{Name: aws.String("a b"), EventPattern: aws.String(fine)}, "ValidationException",
			`1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`},
		{eventbridge.PutRuleInput{Name: aws.String(strings.Repeat("a", 65)), EventPattern: aws.String(fine), State: "ON"}, "ValidationException",
			`2 validation errors detected: Value '` + strings.Repeat("a", 65) + `' at 'name' failed to satisfy constraint: Member must have length less than or equal to 64; Value 'ON' at 'state'`},
		{eventbridge.PutRuleInput{Name: aws.String("r")}, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."},
		{eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(5 minute)")}, "ValidationException", "Parameter ScheduleExpression is not valid."},
		{eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("cron(0 10 * * * *)"), EventPattern: aws.String(fine)}, "ValidationException", "Parameter ScheduleExpression is not valid."},
		{eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(5 minutes)" + strings.Repeat(" ", 250))}, "ValidationException", "'scheduleExpression' failed to satisfy constraint: Member must have length less than or equal to 256"},
		{eventbridge.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(5 minutes)"), EventBusName: aws.String("x")}, "ResourceNotFoundException", "Event bus x does not exist."},
		{eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(fine), EventBusName: aws.String("x")}, "ResourceNotFoundException", "Event bus x does not exist."},
		{eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":"my"}`)}, "InvalidEventPatternException",
			`Event pattern is not valid. Reason: "source" must be an object or an array`},
		{eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["` + strings.Repeat("a", 4096) + `"]}`)}, "ValidationException", "'eventPattern'"},
		{eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(fine), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}}, "ValidationException", "reserved"},
	} {
		_, err := w.PutRule(t.Context(), &c.in)
		w.refused(err, c.code, c.message)
	}
	l, err := w.ListRules(t.Context(), &eventbridge.ListRulesInput{})
	w.must(err)
	if len(l.Rules) != 0 {
		t.Errorf("what was refused has made %v", l.Rules)
	}
}

func TestTargetsThatAreRefused(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.rule("r", command("kept"))
	with := func(change func(*types.Target)) types.Target {
		x := command("x")
		change(&x)
		return x
	}
	for _, c := range []struct {
		target        types.Target
		code, message string
	}{
		{command("!@#"), "ValidationException", `1 validation error detected: Value '!@#' at 'targets.2.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`},
		{with(func(x *types.Target) { x.Arn = aws.String("command:rm") }), "ValidationException", "Parameter Arn of target x is not valid. Reason: the command \"rm\" is not allowed"},
		{with(func(x *types.Target) { x.Input, x.InputPath = aws.String("1"), aws.String("$") }), "ValidationException", "Only one of Input, InputPath, or InputTransformer must be provided for target x."},
		{with(func(x *types.Target) { x.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(186)} }), "ValidationException", "'targets.2.member.retryPolicy.maximumRetryAttempts'"},
		{with(func(x *types.Target) { x.RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(59)} }), "ValidationException", "greater than or equal to 60"},
		{with(func(x *types.Target) {
			x.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:0:q")}
		}), "UnsupportedFeatureException", "events/dead-letter"},
		{with(func(x *types.Target) { x.SqsParameters = &types.SqsParameters{} }), "UnsupportedFeatureException", "SqsParameters"},
	} {
		_, err := w.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{command("new"), c.target}})
		w.refused(err, c.code, c.message)
	}
	_, err := w.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{command("1"), command("2"), command("3"), command("4"), command("5")}})
	w.refused(err, "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	_, err = w.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("none"), Targets: []types.Target{command("1")}})
	w.refused(err, "ResourceNotFoundException", "Rule none does not exist on EventBus default.")
	l, err := w.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String("r")})
	w.must(err)
	if len(l.Targets) != 1 || *l.Targets[0].Id != "kept" {
		t.Errorf("what was refused has changed the targets to %v", l.Targets)
	}
}

func entry(source, detailType, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: text(source), DetailType: text(detailType), Detail: text(detail)}
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func TestPutEvents(t *testing.T) {
	w := newWorld(t)
	w.rule("r", command("t"))
	timed := entry("my", "timed", ` { "a" : 1.50, "b":[ ] } `)
	timed.Time, timed.Resources = aws.Time(time.Date(2020, 1, 2, 3, 4, 5, 6e8, time.UTC)), []string{"arn:x"}
	elsewhere := entry("my", "t", "{}")
	elsewhere.EventBusName = aws.String("elsewhere")
	out, err := w.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		timed, entry("", "t", "{}"), entry("my", "", "{}"), entry("my", "t", ""), entry("my", "t", "[1]"), entry("my", "t", "{"), entry("my", "t", `"{}"`),
		entry("aws.ecs", "t", "{}"), elsewhere, entry("my", strings.Repeat("t", 129), "{}"),
	}})
	w.must(err)
	want := []string{"",
		"InvalidArgument Parameter Source is not valid. Reason: Source is a required argument.",
		"InvalidArgument Parameter DetailType is not valid. Reason: DetailType is a required argument.",
		"InvalidArgument Parameter Detail is not valid. Reason: Detail is a required argument.",
		"MalformedDetail Detail is malformed.", "MalformedDetail Detail is malformed.", "MalformedDetail Detail is malformed.",
		"NotAuthorizedForSourceException Not authorized for the source.",
		"InvalidArgument Parameter EventBusName is not valid. Reason: Event bus elsewhere does not exist.",
		"InvalidArgument Parameter DetailType is not valid. Reason: DetailType is longer than 128 characters.",
	}
	if out.FailedEntryCount != 9 || len(out.Entries) != len(want) {
		t.Fatalf("%+v", out)
	}
	for i, e := range out.Entries[1:] {
		if got := *e.ErrorCode + " " + *e.ErrorMessage; got != want[i+1] || e.EventId != nil {
			t.Errorf("entry %d: %s", i+1, got)
		}
	}
	<-w.news
	wanted := `r t {"version":"0","id":"` + *out.Entries[0].EventId + `","detail-type":"timed","source":"my","account":"000000000000",` +
		`"time":"2020-01-02T03:04:05Z","region":"us-east-1","resources":["arn:x"],"detail":{"a":1.50,"b":[]}}`
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sent) != 1 || w.sent[0] != wanted {
		t.Errorf("sent %v\nwant %s", w.sent, wanted)
	}
}

func TestPutEventsThatIsRefused(t *testing.T) {
	w := newWorld(t)
	many := make([]types.PutEventsRequestEntry, 11)
	for i := range many {
		many[i] = entry("my", "t", "{}")
	}
	_, err := w.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: many})
	w.refused(err, "ValidationException", "at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
	_, err = w.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry("my", "t", `{"a":"`+strings.Repeat("x", 1<<20)+`"}`)}})
	w.refused(err, "ValidationException", "Total size of the entries in the request is over the limit.")
	// What JSON adds to an event does not count.
	quotes := `{"a":"` + strings.Repeat(`\"`, 500_000) + `"}`
	out, err := w.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry("my", "t", quotes)}})
	w.must(err)
	if out.FailedEntryCount != 0 {
		t.Errorf("a megabyte is refused: %+v", out.Entries)
	}
}

func TestTestEventPattern(t *testing.T) {
	w := newWorld(t)
	members := map[string]any{"id": "1", "account": "000000000000", "source": "my", "time": "2026-11-21T09:00:00Z", "region": "us-east-1", "detail-type": "t"}
	whole, _ := json.Marshal(members)
	for pattern, want := range map[string]bool{`{"source":["my"]}`: true, `{"source":[{"prefix":"you"}]}`: false} {
		out, err := w.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: &pattern, Event: aws.String(string(whole))})
		w.must(err)
		if out.Result != want {
			t.Errorf("%s: %v", pattern, out.Result)
		}
	}
	delete(members, "account")
	part, _ := json.Marshal(members)
	for event, message := range map[string]string{
		"plain string": "Parameter Event is not valid.", "[]": "Parameter Event is not valid.",
		string(part): "Parameter Event is not valid. Reason: account is a required argument.",
	} {
		_, err := w.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: aws.String(`{"source":["my"]}`), Event: &event})
		w.refused(err, "ValidationException", message)
	}
	_, err := w.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: aws.String(`[]`), Event: aws.String(string(whole))})
	w.refused(err, "InvalidEventPatternException", "Filter is not an object")
}
