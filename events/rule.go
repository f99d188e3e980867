package events

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/awsapi"
	"steady/events/pattern"
	"steady/events/schedule"
	"steady/model"
	"steady/state"
)

// maxRules is EventBridge's quota of rules per event bus.
const maxRules = 300

// PutRule makes a rule or replaces one: "If you omit arguments in PutRule, the old
// values for those arguments are not kept." Its targets and tags are.
func (a *API) PutRule(ctx context.Context, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	tags, err := a.checkRule(in)
	if err != nil {
		return nil, err
	}
	rule := &model.EventRule{
		Name: *in.Name, Description: aws.ToString(in.Description), State: in.State,
		EventPattern: aws.ToString(in.EventPattern), ScheduleExpression: aws.ToString(in.ScheduleExpression),
		RoleARN: aws.ToString(in.RoleArn), Tags: tags, CreatedAt: time.Now(),
	}
	if rule.State == "" {
		rule.State = types.RuleStateEnabled
	}
	err = a.store.Update(ctx, func(tx *state.Tx) error {
		put := *rule
		put.ScheduledFrom = rule.CreatedAt
		if old, ok := tx.EventRule(rule.Name); ok {
			put.Targets, put.Tags, put.CreatedAt = old.Targets, old.Tags, old.CreatedAt
			if old.ScheduleExpression == put.ScheduleExpression && old.Enabled() {
				put.ScheduledFrom = old.ScheduledFrom
			}
		} else if count(tx) >= maxRules {
			return limitExceeded()
		}
		tx.PutEventRule(&put)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.PutRuleOutput{RuleArn: aws.String(a.realm.EventRuleARN(rule.Name))}, nil
}

func count(tx *state.Tx) (n int) {
	for range tx.EventRules() {
		n++
	}
	return n
}

// checkRule checks a rule, and reads its tags.
func (a *API) checkRule(in *eventbridge.PutRuleInput) ([]model.Tag, error) {
	var p problems
	p.named(in.Name, "name", 64)
	p.length(in.Description, "description", 0, 512)
	p.length(in.EventPattern, "eventPattern", 0, pattern.MaxLength)
	p.length(in.ScheduleExpression, "scheduleExpression", 0, schedule.MaxLength)
	if in.State != "" && !known(in.State) {
		p.add(string(in.State), "state", "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]")
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := a.onDefaultBus(in.EventBusName); err != nil {
		return nil, err
	}
	events, times := aws.ToString(in.EventPattern), aws.ToString(in.ScheduleExpression)
	if events == "" && times == "" {
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if times != "" {
		if _, err := schedule.Parse(times); err != nil {
			return nil, invalid("Parameter ScheduleExpression is not valid.")
		}
	}
	if events != "" {
		if _, err := pattern.Parse(events); err != nil {
			return nil, awsapi.Errorf("InvalidEventPatternException", "%s", err.Error())
		}
	}
	return readTags(in.Tags)
}

func known(s types.RuleState) bool {
	for _, k := range s.Values() {
		if s == k {
			return true
		}
	}
	return false
}

// find returns a rule of the default bus.
func (a *API) find(s *state.Snapshot, ruleName, busName *string) (*model.EventRule, error) {
	var p problems
	p.named(ruleName, "name", 64)
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := a.onDefaultBus(busName); err != nil {
		return nil, err
	}
	r, ok := s.EventRule(*ruleName)
	if !ok {
		return nil, ruleNotFound(*ruleName)
	}
	return r, nil
}

// DescribeRule shows a rule.
func (a *API) DescribeRule(_ context.Context, in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	r, err := a.find(a.store.Snapshot(), in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	s := a.show(r)
	return &eventbridge.DescribeRuleOutput{
		Arn: s.Arn, CreatedBy: &a.realm.Account, Description: s.Description, EventBusName: s.EventBusName,
		EventPattern: s.EventPattern, Name: s.Name, RoleArn: s.RoleArn, ScheduleExpression: s.ScheduleExpression, State: s.State,
	}, nil
}

func (a *API) show(r *model.EventRule) types.Rule {
	return types.Rule{
		Arn: aws.String(a.realm.EventRuleARN(r.Name)), Description: text(r.Description), EventBusName: aws.String(defaultBus),
		EventPattern: text(r.EventPattern), Name: &r.Name, RoleArn: text(r.RoleARN), ScheduleExpression: text(r.ScheduleExpression), State: r.State,
	}
}

// text is an optional member: left out when empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// ListRules lists rules by name.
func (a *API) ListRules(_ context.Context, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	if err := a.onDefaultBus(in.EventBusName); err != nil {
		return nil, err
	}
	rules := []types.Rule{}
	for r := range a.store.Snapshot().EventRules() {
		if strings.HasPrefix(r.Name, aws.ToString(in.NamePrefix)) {
			rules = append(rules, a.show(r))
		}
	}
	rules, next, err := page("ListRules", rules, func(r types.Rule) string { return *r.Name }, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	return &eventbridge.ListRulesOutput{Rules: rules, NextToken: next}, nil
}

// EnableRule has a rule match events, and fire at its times, again.
func (a *API) EnableRule(ctx context.Context, in *eventbridge.EnableRuleInput) (*eventbridge.EnableRuleOutput, error) {
	return &eventbridge.EnableRuleOutput{}, a.change(ctx, in.Name, in.EventBusName, func(r *model.EventRule) {
		if !r.Enabled() {
			r.State, r.ScheduledFrom = types.RuleStateEnabled, time.Now()
		}
	})
}

// DisableRule has a rule match no more events. What it has matched is still delivered.
func (a *API) DisableRule(ctx context.Context, in *eventbridge.DisableRuleInput) (*eventbridge.DisableRuleOutput, error) {
	return &eventbridge.DisableRuleOutput{}, a.change(ctx, in.Name, in.EventBusName, func(r *model.EventRule) { r.State = types.RuleStateDisabled })
}

// change puts a changed copy of a rule.
func (a *API) change(ctx context.Context, ruleName, busName *string, to func(*model.EventRule)) error {
	return a.store.Update(ctx, func(tx *state.Tx) error {
		r, err := a.find(&tx.Snapshot, ruleName, busName)
		if err != nil {
			return err
		}
		changed := *r
		to(&changed)
		tx.PutEventRule(&changed)
		return nil
	})
}

// DeleteRule removes a rule: "you must remove all targets" before. One that is not
// there is no error.
func (a *API) DeleteRule(ctx context.Context, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	var p problems
	p.named(in.Name, "name", 64)
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := a.onDefaultBus(in.EventBusName); err != nil {
		return nil, err
	}
	return &eventbridge.DeleteRuleOutput{}, a.store.Update(ctx, func(tx *state.Tx) error {
		r, ok := tx.EventRule(*in.Name)
		if !ok {
			return nil
		}
		if len(r.Targets) > 0 {
			return invalid("Rule can't be deleted since it has targets.")
		}
		tx.DeleteEventRule(r.Name)
		return nil
	})
}
