package events

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"steady/events/input"
	"steady/model"
	"steady/state"
)

// maxTargets is how many targets a rule has at most: "Each rule can have up to five (5)
// targets associated with it at one time."
const maxTargets = 5

// PutTargets adds targets to a rule, or replaces those that have the same id. All of
// them are taken, or none.
func (a *API) PutTargets(ctx context.Context, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	if err := a.checkTargets(in); err != nil {
		return nil, err
	}
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		r, err := a.find(&tx.Snapshot, in.Rule, in.EventBusName)
		if err != nil {
			return err
		}
		changed := *r
		changed.Targets = slices.Clone(r.Targets)
		for _, t := range in.Targets {
			changed.Targets = set(changed.Targets, t)
		}
		if len(changed.Targets) > maxTargets {
			return limitExceeded()
		}
		tx.PutEventRule(&changed)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, nil
}

func set(targets []types.Target, t types.Target) []types.Target {
	i := slices.IndexFunc(targets, func(o types.Target) bool { return *o.Id == *t.Id })
	if i < 0 {
		return append(targets, t)
	}
	targets[i] = t
	return targets
}

func (a *API) checkTargets(in *eventbridge.PutTargetsInput) error {
	var p problems
	p.named(in.Rule, "rule", 64)
	p.count(len(in.Targets), "targets", 100)
	for i, t := range in.Targets {
		p.target(fmt.Sprintf("targets.%d.member.", i+1), t)
	}
	if err := p.err(); err != nil {
		return err
	}
	for _, t := range in.Targets {
		if err := unsupportedParameters(t); err != nil {
			return err
		}
		if _, err := input.Of(t); err != nil {
			return invalid("%s", err.Error())
		}
		if err := a.targets.Check(t); err != nil {
			return invalid("Parameter Arn of target %s is not valid. Reason: %s.", *t.Id, err.Error())
		}
	}
	return nil
}

// target checks the constraints of a target.
func (p *problems) target(at string, t types.Target) {
	p.named(t.Id, at+"id", 64)
	p.length(t.Arn, at+"arn", 1, 1600)
	p.length(t.Input, at+"input", 0, 8192)
	p.length(t.InputPath, at+"inputPath", 0, 256)
	if it := t.InputTransformer; it != nil {
		p.length(it.InputTemplate, at+"inputTransformer.inputTemplate", 1, 8192)
		if len(it.InputPathsMap) > 100 {
			p.count(len(it.InputPathsMap), at+"inputTransformer.inputPathsMap", 100)
		}
	}
	if r := t.RetryPolicy; r != nil {
		p.between(r.MaximumRetryAttempts, at+"retryPolicy.maximumRetryAttempts", 0, 185)
		p.between(r.MaximumEventAgeInSeconds, at+"retryPolicy.maximumEventAgeInSeconds", 60, 86400)
	}
}

// unsupportedParameters refuses what only other targets than Steady's have.
func unsupportedParameters(t types.Target) error {
	const other = "its targets are log groups, HTTP endpoints and commands"
	for member, given := range map[string]bool{
		"AppSyncParameters": t.AppSyncParameters != nil, "BatchParameters": t.BatchParameters != nil,
		"EcsParameters": t.EcsParameters != nil, "KinesisParameters": t.KinesisParameters != nil,
		"RedshiftDataParameters": t.RedshiftDataParameters != nil, "RunCommandParameters": t.RunCommandParameters != nil,
		"SageMakerPipelineParameters": t.SageMakerPipelineParameters != nil, "SqsParameters": t.SqsParameters != nil,
	} {
		if given {
			return unsupported(member, other)
		}
	}
	if t.DeadLetterConfig != nil && t.DeadLetterConfig.Arn != nil {
		return unsupported("DeadLetterConfig", "what cannot be delivered is always kept, in the folder events/dead-letter of the data directory")
	}
	return nil
}

// ListTargetsByRule lists the targets of a rule by id.
func (a *API) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	r, err := a.find(a.store.Snapshot(), in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	targets := append([]types.Target{}, r.Targets...)
	slices.SortFunc(targets, func(x, y types.Target) int { return strings.Compare(*x.Id, *y.Id) })
	targets, next, err := page("ListTargetsByRule", targets, func(t types.Target) string { return *t.Id }, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	return &eventbridge.ListTargetsByRuleOutput{Targets: targets, NextToken: next}, nil
}

// RemoveTargets removes targets from a rule. What is on its way to them goes to the
// dead-letter file.
func (a *API) RemoveTargets(ctx context.Context, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	var p problems
	p.named(in.Rule, "rule", 64)
	p.count(len(in.Ids), "ids", 100)
	if err := p.err(); err != nil {
		return nil, err
	}
	var failed []types.RemoveTargetsResultEntry
	err := a.store.Update(ctx, func(tx *state.Tx) error {
		failed = []types.RemoveTargetsResultEntry{}
		r, err := a.find(&tx.Snapshot, in.Rule, in.EventBusName)
		if err != nil {
			return err
		}
		for _, id := range in.Ids {
			if _, ok := r.Target(id); !ok {
				failed = append(failed, notThere(r, id))
			}
		}
		changed := *r
		changed.Targets = slices.DeleteFunc(slices.Clone(r.Targets), func(t types.Target) bool { return slices.Contains(in.Ids, *t.Id) })
		tx.PutEventRule(&changed)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &eventbridge.RemoveTargetsOutput{FailedEntries: failed, FailedEntryCount: int32(len(failed))}, nil
}

func notThere(r *model.EventRule, id string) types.RemoveTargetsResultEntry {
	return types.RemoveTargetsResultEntry{
		TargetId: &id, ErrorCode: aws.String("ResourceNotFoundException"),
		ErrorMessage: aws.String(fmt.Sprintf("Rule '%s' does not have a target with the Id '%s'.", r.Name, id)),
	}
}

// ListRuleNamesByTarget lists the rules that have a target of that ARN.
func (a *API) ListRuleNamesByTarget(_ context.Context, in *eventbridge.ListRuleNamesByTargetInput) (*eventbridge.ListRuleNamesByTargetOutput, error) {
	var p problems
	p.length(in.TargetArn, "targetArn", 1, 1600)
	if err := p.err(); err != nil {
		return nil, err
	}
	if err := a.onDefaultBus(in.EventBusName); err != nil {
		return nil, err
	}
	names := []string{}
	for r := range a.store.Snapshot().EventRules() {
		if slices.ContainsFunc(r.Targets, func(t types.Target) bool { return *t.Arn == *in.TargetArn }) {
			names = append(names, r.Name)
		}
	}
	names, next, err := page("ListRuleNamesByTarget", names, func(n string) string { return n }, in.NextToken, in.Limit)
	if err != nil {
		return nil, err
	}
	return &eventbridge.ListRuleNamesByTargetOutput{RuleNames: names, NextToken: next}, nil
}
