package iam

import (
	"testing"

	"steady/iam/policy"
)

func TestPoliciesOfAWS(t *testing.T) {
	for name, grants := range managed {
		d, err := policy.Identity(documentOf(grants))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p, ok := managedPolicy(managedPrefix + name); !ok || p.Document() != documentOf(grants) || p.ARN != managedPrefix+name {
			t.Errorf("%s is found as %+v", name, p)
		}
		if got := policy.Decide([]*policy.Document{d}, policy.Request{Action: "none:Such", Resource: "*"}); got != policy.ImplicitDeny && name != "AdministratorAccess" && name != "PowerUserAccess" {
			t.Errorf("%s allows everything", name)
		}
	}
	const (
		ours    = "arn:aws:iam::000000000000:role/web"
		secret  = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf"
		service = "arn:aws:ecs:us-east-1:000000000000:service/default/web"
	)
	toTasks := map[string][]string{"iam:passedtoservice": {"ecs-tasks.amazonaws.com"}}
	for _, c := range []struct {
		name, action, resource string
		context                map[string][]string
		want                   policy.Decision
	}{
		{"AmazonECS_FullAccess", "ecs:UpdateService", service, nil, policy.Allow},
		{"AmazonECS_FullAccess", "iam:PassRole", ours, toTasks, policy.Allow},
		{"AmazonECS_FullAccess", "iam:PassRole", ours, map[string][]string{"iam:passedtoservice": {"events.amazonaws.com"}}, policy.ImplicitDeny},
		{"AmazonECS_FullAccess", "iam:CreateRole", ours, nil, policy.ImplicitDeny},
		{"AmazonECS_FullAccess", "ssm:GetParameters", "arn:aws:ssm:us-east-1:000000000000:parameter/aws/service/ecs/ami", nil, policy.Allow},
		{"AmazonECS_FullAccess", "ssm:GetParameters", "arn:aws:ssm:us-east-1:000000000000:parameter/web/key", nil, policy.ImplicitDeny},
		{"SecretsManagerReadWrite", "secretsmanager:GetSecretValue", secret, nil, policy.Allow},
		{"SecretsManagerReadWrite", "s3:GetObject", "arn:aws:s3:::bucket/web.env", nil, policy.ImplicitDeny},
		{"CloudWatchLogsFullAccess", "logs:PutLogEvents", "arn:aws:logs:us-east-1:000000000000:log-group:/web:log-stream:a", nil, policy.Allow},
		{"AmazonSSMReadOnlyAccess", "ssm:GetParameters", "arn:aws:ssm:us-east-1:000000000000:parameter/web/key", nil, policy.Allow},
		{"AmazonSSMReadOnlyAccess", "ssm:PutParameter", "arn:aws:ssm:us-east-1:000000000000:parameter/web/key", nil, policy.ImplicitDeny},
		{"PowerUserAccess", "ecs:RunTask", "*", nil, policy.Allow},
		{"PowerUserAccess", "iam:PassRole", ours, toTasks, policy.ImplicitDeny},
		{"AmazonEventBridgeFullAccess", "iam:PassRole", ours, toTasks, policy.ImplicitDeny},
		{"service-role/AmazonECSTaskExecutionRolePolicy", "logs:CreateLogGroup", "*", nil, policy.ImplicitDeny},
		{"service-role/AmazonEC2ContainerServiceEventsRole", "iam:PassRole", ours, toTasks, policy.Allow},
	} {
		d, err := policy.Identity(documentOf(managed[c.name]))
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Decide([]*policy.Document{d}, policy.Request{Action: c.action, Resource: c.resource, Context: c.context}); got != c.want {
			t.Errorf("%s: %s on %s is %v, want %v", c.name, c.action, c.resource, got, c.want)
		}
	}
}
