package iam

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"steady/awsapi"
)

func statement(effect, action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":%q,"Resource":%q}]}`, effect, action, resource)
}

// A client of the SDK asks what a role may do, and is told what a task would be.
func TestSimulatePrincipalPolicy(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(awsapi.Handler(awsapi.Options{Logger: slog.New(slog.DiscardHandler)}, w.Service()))
	defer server.Close()
	client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})})
	const secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:"
	arn := w.role("reader").Arn
	for name, document := range map[string]string{
		"may": statement("Allow", "secretsmanager:GetSecretValue", secret+"db-*"), "not": statement("Deny", "secretsmanager:*", secret+"db-root"),
	} {
		must(client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("reader"), PolicyName: &name, PolicyDocument: &document}))(t)
	}
	ask := func(change func(*iam.SimulatePrincipalPolicyInput), resources ...string) string {
		t.Helper()
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: arn, ActionNames: []string{"secretsmanager:GetSecretValue"}, ResourceArns: resources}
		if change != nil {
			change(in)
		}
		said := ""
		pages := iam.NewSimulatePrincipalPolicyPaginator(client, in)
		for pages.HasMorePages() {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				return err.Error()
			}
			for _, r := range out.EvaluationResults {
				said += string(r.EvalDecision) + " "
				if b := r.PermissionsBoundaryDecisionDetail; b != nil {
					said += fmt.Sprint(b.AllowedByPermissionsBoundary, " ")
				}
			}
		}
		return said
	}
	boundary := func(document string) func(in *iam.SimulatePrincipalPolicyInput) {
		return func(in *iam.SimulatePrincipalPolicyInput) {
			in.PermissionsBoundaryPolicyInputList = []string{document}
		}
	}
	for _, c := range []struct {
		what, got, want string
	}{
		{"one that it may read", ask(nil, secret+"db-a"), "allowed "},
		{"one that it must not", ask(nil, secret+"db-root"), "explicitDeny "},
		{"another", ask(nil, secret+"api"), "implicitDeny "},
		{"no resource", ask(nil), "implicitDeny "},
		{"all of them, in pages", ask(func(in *iam.SimulatePrincipalPolicyInput) { in.MaxItems = aws.Int32(1) }, secret+"api", secret+"db-a", secret+"db-root"), "implicitDeny allowed explicitDeny "},
		{"with another policy", ask(func(in *iam.SimulatePrincipalPolicyInput) {
			in.PolicyInputList = []string{statement("Allow", "*", "*")}
		}, secret+"api"), "allowed "},
		{"within a boundary", ask(boundary(statement("Allow", "secretsmanager:*", "*")), secret+"db-a"), "allowed true "},
		{"outside of a boundary", ask(boundary(statement("Allow", "ssm:*", "*")), secret+"db-a"), "implicitDeny false "},
		{"denied by a boundary", ask(boundary(statement("Deny", "*", "*")), secret+"db-a"), "explicitDeny false "},
		{"with a condition that holds", ask(func(in *iam.SimulatePrincipalPolicyInput) {
			in.PolicyInputList = []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"blue"}}}]}`}
			in.ContextEntries = []types.ContextEntry{{ContextKeyName: aws.String("aws:RequestTag/Team"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"blue"}}}
		}, secret+"api"), "allowed "},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
	simulate := func(change func(*iam.SimulatePrincipalPolicyInput)) (*iam.SimulatePrincipalPolicyOutput, error) {
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: arn, ActionNames: []string{"s3:GetObject"}}
		change(in)
		return w.SimulatePrincipalPolicy(t.Context(), in)
	}
	none := func(in *iam.SimulatePrincipalPolicyInput) {
		in.PolicySourceArn = aws.String("arn:aws:iam::000000000000:role/none")
	}
	if out, err := simulate(none); err != nil || out.EvaluationResults[0].EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
		t.Errorf("a role that is not here, where such may do everything: %+v, %v", out, err)
	}
	w.access.Enforce = true
	refused[*iam.SimulatePrincipalPolicyOutput](t, "NoSuchEntity", "none", 404)(simulate(none))
	for text, change := range map[string]func(in *iam.SimulatePrincipalPolicyInput){
		"no users": func(in *iam.SimulatePrincipalPolicyInput) {
			in.PolicySourceArn = aws.String("arn:aws:iam::000000000000:user/me")
		},
		"ResourcePolicy":    func(in *iam.SimulatePrincipalPolicyInput) { in.ResourcePolicy = aws.String("{}") },
		"name of an action": func(in *iam.SimulatePrincipalPolicyInput) { in.ActionNames = []string{"s3:*"} },
		"Syntax errors":     func(in *iam.SimulatePrincipalPolicyInput) { in.PolicyInputList = []string{"{"} },
	} {
		refused[*iam.SimulatePrincipalPolicyOutput](t, "InvalidInput", text, 0)(simulate(change))
	}
}
