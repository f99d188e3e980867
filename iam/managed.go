package iam

import (
	"strings"
	"time"

	"steady/model"
	"steady/state"
)

// managed are the policies of AWS that roles of ECS tasks are given, by what follows
// arn:aws:iam::aws:policy/: the actions that each allows on all resources.
var managed = map[string][]string{
	"AdministratorAccess": {"*"},
	"service-role/AmazonECSTaskExecutionRolePolicy": {
		"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
		"logs:CreateLogStream", "logs:PutLogEvents",
	},
	"service-role/AmazonEC2ContainerServiceforEC2Role": {
		"ec2:DescribeTags", "ecs:CreateCluster", "ecs:DeregisterContainerInstance", "ecs:DiscoverPollEndpoint", "ecs:Poll",
		"ecs:RegisterContainerInstance", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState", "ecs:Submit*",
		"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
		"logs:CreateLogStream", "logs:PutLogEvents",
	},
	"AmazonEC2ContainerRegistryReadOnly": {
		"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy",
		"ecr:DescribeRepositories", "ecr:ListImages", "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetLifecyclePolicy",
		"ecr:GetLifecyclePolicyPreview", "ecr:ListTagsForResource", "ecr:DescribeImageScanFindings",
	},
	"AmazonSSMReadOnlyAccess":      {"ssm:Describe*", "ssm:Get*", "ssm:List*"},
	"AmazonS3ReadOnlyAccess":       {"s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"},
	"AmazonS3FullAccess":           {"s3:*", "s3-object-lambda:*"},
	"CloudWatchLogsReadOnlyAccess": {"logs:Describe*", "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery", "logs:TestMetricFilter", "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail"},
}

const managedPrefix = "arn:aws:iam::aws:policy/"

// managedPolicy is a policy of AWS that Steady knows.
func managedPolicy(arn string) (*model.Policy, bool) {
	name, ok := strings.CutPrefix(arn, managedPrefix)
	actions, known := managed[name]
	if !ok || !known {
		return nil, false
	}
	slash := strings.LastIndexByte(name, '/')
	doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
	made := time.Date(2015, 2, 6, 18, 0, 0, 0, time.UTC)
	return &model.Policy{
		Name: name[slash+1:], ID: "ANPA" + strings.ToUpper(name[slash+1:]), Path: "/" + name[:slash+1], ARN: arn,
		Versions: []model.PolicyVersion{{ID: "v1", Document: doc, CreatedAt: made}}, Default: "v1", CreatedAt: made, UpdatedAt: made,
	}, true
}

// findPolicy finds a policy of AWS or of one's own.
func findPolicy(s state.Snapshot, arn string) (*model.Policy, bool) {
	if p, ok := managedPolicy(arn); ok {
		return p, true
	}
	return s.Policy(arn)
}

// document is what a policy says.
func document(s state.Snapshot, arn string) (string, bool) {
	p, ok := findPolicy(s, arn)
	if !ok {
		return "", false
	}
	return p.Document(), true
}
