package facts

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/preflight"
)

// IAM is what is needed of its API; *iam.Client has it.
type IAM interface {
	SimulatePrincipalPolicy(context.Context, *iam.SimulatePrincipalPolicyInput, ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error)
}

// Rights asks IAM to evaluate a role's policies, which changes nothing. A parameter that
// is given by its name alone is one of the role's account in this region.
func Rights(api IAM, region string) func(ctx context.Context, role, action, resource string) preflight.Right {
	return func(ctx context.Context, role, action, resource string) preflight.Right {
		parts := strings.Split(role, ":")
		if len(parts) < 6 {
			return preflight.NoAnswer
		}
		if resource != "*" && !strings.HasPrefix(resource, "arn:") {
			resource = "arn:" + parts[1] + ":ssm:" + region + ":" + parts[4] + ":parameter/" + strings.TrimPrefix(resource, "/")
		}
		out, err := api.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
			PolicySourceArn: &role, ActionNames: []string{action}, ResourceArns: []string{resource}})
		if _, missing := errors.AsType[*types.NoSuchEntityException](err); missing {
			return preflight.NoRole
		}
		if err != nil || len(out.EvaluationResults) == 0 {
			return preflight.NoAnswer
		}
		switch out.EvaluationResults[0].EvalDecision {
		case types.PolicyEvaluationDecisionTypeAllowed:
			return preflight.Allowed
		case types.PolicyEvaluationDecisionTypeExplicitDeny:
			return preflight.Forbidden
		}
		return preflight.NotAllowed
	}
}
