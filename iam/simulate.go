package iam

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/awsapi"
	"steady/iam/policy"
	"steady/model"
	"steady/state"
)

// simulation is what the policies of a role are asked for.
type simulation struct {
	identity []*policy.Document
	// bounded says that there are boundaries, each of which has to allow it too.
	bounded  bool
	boundary []*policy.Document
	context  map[string][]string
}

// everything is what a role may that does not exist here, unless roles are enforced.
const everything = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`

// SimulatePrincipalPolicy evaluates the policies of a role as they are evaluated for a
// task, and changes nothing. It does not tell which statements matched.
func (a *API) SimulatePrincipalPolicy(_ context.Context, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	if err := simulates(in); err != nil {
		return nil, err
	}
	arn := aws.ToString(in.PolicySourceArn)
	r, ok := a.access.Role(arn)
	var s simulation
	var err error
	switch {
	case ok:
		s, err = a.access.simulation(*a.store.Snapshot(), r, in)
	case a.access.Enforce:
		err = roleNotFound(arn[strings.LastIndexByte(arn, '/')+1:])
	default:
		s.identity, err = readAll([]string{everything})
	}
	if err != nil {
		return nil, err
	}
	resources := in.ResourceArns
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	var results []types.EvaluationResult
	for _, action := range in.ActionNames {
		for _, resource := range resources {
			results = append(results, s.evaluate(action, resource))
		}
	}
	key := func(e types.EvaluationResult) string { return *e.EvalActionName + "\x00" + *e.EvalResourceName }
	slices.SortStableFunc(results, func(x, y types.EvaluationResult) int { return cmp.Compare(key(x), key(y)) })
	results, next, err := page(results, key, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.SimulatePrincipalPolicyOutput{EvaluationResults: results, Marker: next, IsTruncated: next != nil}, nil
}

// simulates refuses what would have to be guessed.
func simulates(in *iam.SimulatePrincipalPolicyInput) error {
	arn := aws.ToString(in.PolicySourceArn)
	switch {
	case arn == "":
		return invalid("1 validation error detected: Value null at 'policySourceArn' failed to satisfy constraint: Member must not be null")
	case len(in.ActionNames) == 0:
		return invalid("1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: Member must not be null")
	case !strings.Contains(arn, ":role/"):
		return awsapi.Errorf("InvalidInput", "Invalid Entity Arn: %s: Steady has roles, no users and no groups.", arn)
	}
	for _, m := range []struct {
		name  string
		given bool
	}{
		{"CallerArn", in.CallerArn != nil}, {"ResourcePolicy", in.ResourcePolicy != nil},
		{"ResourceOwner", in.ResourceOwner != nil}, {"ResourceHandlingOption", in.ResourceHandlingOption != nil},
	} {
		if m.given {
			return awsapi.Errorf("InvalidInput", "%s is not supported by Steady: it evaluates the policies of roles alone.", m.name)
		}
	}
	for _, action := range in.ActionNames {
		if service, name, ok := strings.Cut(action, ":"); !ok || service == "" || name == "" || strings.ContainsAny(action, "*? ") {
			return awsapi.Errorf("InvalidInput", "%s is not the name of an action, such as s3:GetObject.", action)
		}
	}
	return nil
}

// simulation puts together by what is decided: the role's policies and the given ones.
func (a *Access) simulation(snap state.Snapshot, r *model.Role, in *iam.SimulatePrincipalPolicyInput) (simulation, error) {
	s := simulation{identity: policies(snap, r), context: a.contextOf(r, awsapi.Caller{Role: a.Realm.RoleARN(r.Path, r.Name)})}
	for _, e := range in.ContextEntries {
		s.context[strings.ToLower(aws.ToString(e.ContextKeyName))] = e.ContextKeyValues
	}
	if r.Boundary != "" {
		s.bounded = true
		if text, ok := document(snap, r.Boundary); ok {
			s.boundary = read(text)
		}
	}
	more, err := readAll(in.PolicyInputList)
	if err != nil {
		return s, err
	}
	s.identity = append(s.identity, more...)
	if len(in.PermissionsBoundaryPolicyInputList) > 0 { // in place of the role's own
		s.bounded = true
		s.boundary, err = readAll(in.PermissionsBoundaryPolicyInputList)
	}
	return s, err
}

func readAll(texts []string) ([]*policy.Document, error) {
	var all []*policy.Document
	for _, text := range texts {
		d, err := policy.Identity(text)
		if err != nil {
			return nil, awsapi.Errorf("InvalidInput", "%s", err)
		}
		all = append(all, d)
	}
	return all, nil
}

// evaluate decides one action on one resource.
func (s simulation) evaluate(action, resource string) types.EvaluationResult {
	request := policy.Request{Action: action, Resource: resource, Context: s.context}
	decision := policy.Decide(s.identity, request)
	result := types.EvaluationResult{EvalActionName: &action, EvalResourceName: &resource}
	if s.bounded {
		within := policy.Decide(s.boundary, request)
		result.PermissionsBoundaryDecisionDetail = &types.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: within == policy.Allow}
		if within != policy.Allow && decision != policy.ExplicitDeny {
			decision = within
		}
	}
	result.EvalDecision = types.PolicyEvaluationDecisionTypeImplicitDeny
	switch decision {
	case policy.Allow:
		result.EvalDecision = types.PolicyEvaluationDecisionTypeAllowed
	case policy.ExplicitDeny:
		result.EvalDecision = types.PolicyEvaluationDecisionTypeExplicitDeny
	}
	return result
}
