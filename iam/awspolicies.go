package iam

// What several policies of AWS allow.
var (
	pullImages = []string{"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"}
	writeLogs  = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	readECR    = []string{
		"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy",
		"ecr:DescribeRepositories", "ecr:ListImages", "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetLifecyclePolicy",
		"ecr:GetLifecyclePolicyPreview", "ecr:ListTagsForResource", "ecr:DescribeImageScanFindings",
	}
)

// all is a policy of one statement on all resources.
func all(actions ...string) []grant { return []grant{{actions: actions}} }

// pass allows roles to be passed to a service.
func pass(to string, on ...string) grant {
	return grant{actions: []string{"iam:PassRole"}, on: on, passedTo: to}
}

// managed are the policies of AWS that roles around ECS are given, by what follows
// arn:aws:iam::aws:policy/. Of services that neither Steady has nor a task is started
// with, they say little: nothing here asks for their actions.
var managed = map[string][]grant{
	"AdministratorAccess": all("*"),
	"PowerUserAccess": {
		{except: []string{"iam:*", "organizations:*", "account:*"}},
		{actions: []string{"iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeOrganization", "account:GetAccountInformation", "account:GetPrimaryEmail", "account:ListRegions"}},
	},

	// Roles of tasks and of what runs them.
	"service-role/AmazonECSTaskExecutionRolePolicy": {{actions: append(pullImages[:4:4], writeLogs...)}},
	"service-role/AmazonEC2ContainerServiceforEC2Role": {
		{actions: append([]string{
			"ec2:DescribeTags", "ecs:CreateCluster", "ecs:DeregisterContainerInstance", "ecs:DiscoverPollEndpoint", "ecs:Poll",
			"ecs:RegisterContainerInstance", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState", "ecs:Submit*",
		}, append(pullImages[:4:4], writeLogs...)...)},
		{actions: []string{"ecs:ListTagsForResource"}, on: []string{"arn:aws:ecs:*:*:task/*/*", "arn:aws:ecs:*:*:container-instance/*/*"}},
	},
	"service-role/AmazonEC2ContainerServiceEventsRole": {{actions: []string{"ecs:RunTask"}}, pass("ecs-tasks.amazonaws.com")},

	"AmazonECS_FullAccess": {
		{actions: []string{
			"ecs:*",
			"events:DeleteRule", "events:DescribeRule", "events:ListRuleNamesByTarget", "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets",
			"iam:ListAttachedRolePolicies", "iam:ListInstanceProfiles", "iam:ListRoles",
			"logs:CreateLogGroup", "logs:DescribeLogGroups", "logs:FilterLogEvents",
			"elasticloadbalancing:Describe*", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics",
			"ec2:Describe*", "elasticfilesystem:Describe*", "sns:ListTopics", "lambda:ListFunctions",
		}},
		{actions: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}, on: []string{"arn:aws:ssm:*:*:parameter/aws/service/ecs*"}},
		pass("ecs-tasks.amazonaws.com"),
		pass("ec2.amazonaws.com", "arn:aws:iam::*:role/ecsInstanceRole*"),
		pass("application-autoscaling.amazonaws.com", "arn:aws:iam::*:role/ecsAutoscaleRole*"),
	},
	"AmazonEC2ContainerRegistryReadOnly": all(readECR...),
	"AmazonEC2ContainerRegistryPowerUser": all(append(readECR[:len(readECR):len(readECR)],
		"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage")...),

	"SecretsManagerReadWrite": {
		{actions: []string{
			"secretsmanager:*", "kms:DescribeKey", "kms:ListAliases", "kms:ListKeys", "lambda:ListFunctions", "rds:DescribeDBClusters",
			"rds:DescribeDBInstances", "tag:GetResources", "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet",
			"cloudformation:DescribeStackResource", "cloudformation:DescribeStacks", "cloudformation:ExecuteChangeSet",
			"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
		}},
		{actions: []string{"s3:GetObject"}, on: []string{"arn:aws:s3:::awsserverlessrepo-changesets*", "arn:aws:s3:::secrets-manager-rotation-apps-*/*"}},
	},
	"AmazonSSMReadOnlyAccess": all("ssm:Describe*", "ssm:Get*", "ssm:List*"),
	"AmazonSSMFullAccess": {
		{actions: []string{"cloudwatch:PutMetricData", "ds:CreateComputer", "ds:DescribeDirectories", "ec2:DescribeInstanceStatus", "logs:*", "ssm:*", "ec2messages:*"}},
		{actions: []string{"iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:GetServiceLinkedRoleDeletionStatus"}, on: []string{"arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*"}},
		{actions: []string{"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"}},
	},
	"AmazonSSMManagedInstanceCore": all(
		"ssm:DescribeAssociation", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument", "ssm:DescribeDocument", "ssm:GetManifest",
		"ssm:GetParameter", "ssm:GetParameters", "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutInventory",
		"ssm:PutComplianceItems", "ssm:PutConfigurePackageResult", "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus",
		"ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
		"ssmmessages:OpenDataChannel", "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage",
		"ec2messages:GetEndpoint", "ec2messages:GetMessages", "ec2messages:SendReply",
	),

	"CloudWatchLogsFullAccess":     all("logs:*", "cloudwatch:GenerateQuery"),
	"CloudWatchLogsReadOnlyAccess": all("logs:Describe*", "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery", "logs:TestMetricFilter", "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail"),
	"CloudWatchAgentServerPolicy": {
		{actions: []string{
			"cloudwatch:PutMetricData", "ec2:DescribeVolumes", "ec2:DescribeTags", "logs:PutLogEvents", "logs:PutRetentionPolicy",
			"logs:DescribeLogStreams", "logs:DescribeLogGroups", "logs:CreateLogStream", "logs:CreateLogGroup", "xray:PutTraceSegments",
			"xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries",
		}},
		{actions: []string{"ssm:GetParameter"}, on: []string{"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"}},
	},
	"AWSXRayDaemonWriteAccess": all("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"),

	"AmazonEventBridgeFullAccess": {
		{actions: []string{"events:*", "schemas:*", "scheduler:*", "pipes:*"}},
		{actions: []string{"secretsmanager:CreateSecret", "secretsmanager:UpdateSecret", "secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"}, on: []string{"arn:aws:secretsmanager:*:*:secret:events!*"}},
		pass("events.amazonaws.com", "arn:aws:iam::*:role/*"),
		pass("scheduler.amazonaws.com", "arn:aws:iam::*:role/*"),
		pass("pipes.amazonaws.com", "arn:aws:iam::*:role/*"),
	},

	"IAMFullAccess":     all("iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization", "organizations:ListRoots"),
	"IAMReadOnlyAccess": all("iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"),

	"AmazonS3ReadOnlyAccess": all("s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"),
	"AmazonS3FullAccess":     all("s3:*", "s3-object-lambda:*"),
	"AmazonSQSFullAccess":    all("sqs:*"),
	"AmazonSNSFullAccess":    all("sns:*"),
}
