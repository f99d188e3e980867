package catalogue

// What tells network from rights behind the same prefix ("RequestError … dial tcp" or
// "AccessDeniedException").
const (
	noWay  = `(?:dial tcp|i/o timeout|context deadline exceeded|StatusCode: 0|signal: killed|RequestCanceled|RequestError: send request failed|request send failed|There is a connection issue)`
	denied = `(?:AccessDenied|not authorized to perform|UnauthorizedOperation)`
	// before is what stands before the reason of a failed preparation.
	before = `(?:ResourceInitializationError|unable to pull secrets|unable to retrieve|failed to validate logger args|failed to download env files|` + fetching + `)`
	// fetching is how the ECS agent of a container instance begins, where Fargate says
	// ResourceInitializationError.
	fetching = `[Ff]etching secret data from|[Aa]sm fetching secret from`
	// files is how both begin of an environment file.
	files = `(?:failed to download env files|[Uu]nable to (?:download|read) env file|[Uu]nable to parse bucket and key from s3 ARN)`
	// denies captures the action that was refused.
	denies = `(?:.*not authorized to perform: (?P<action>[\w-]+:\w+))?`
)

// initialising: secrets, logs, volumes or the network of a task cannot be prepared.
// (family B)
var initialising = []Signature{
	{ID: "B07", Seen: in(Reason), Match: re(`retrieved secret from Secrets Manager did not contain json key (?P<key>\S+)`), Kind: Deterministic, Confidence: Certain,
		Cause:  "A secret that the task definition names has no JSON member {key}",
		Remedy: []string{"Add the member to the secret's value, or correct valueFrom in the task definition: SECRET-ARN:KEY::"}, Page: pageInit},
	{ID: "B08", Seen: in(Reason), Match: re(`(?:ResourceInitializationError|unable to (?:pull|retrieve) secrets?|ssm|asm|[Ff]etching secret data).*invalid character '.*' (?:in|looking for|after)|^invalid character '.*' (?:in literal|looking for beginning of value)`),
		Kind: Deterministic, Confidence: Certain, Cause: "The task definition asks for a JSON member of a secret whose value is not JSON",
		Remedy: []string{"Store the secret as JSON, or name the whole secret in valueFrom: without :KEY:: behind its ARN."}, Page: pageInit},
	{ID: "B09", Seen: in(Reason), Match: re(`an invalid ARN format for the AWS Secrets Manager secret was specified|unexpected ARN format with parameters when trying to retrieve ASM secret`), Kind: Deterministic, Confidence: Certain,
		Cause: "The ARN of a secret in the task definition is malformed", Remedy: []string{"Correct valueFrom: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX, then :KEY:STAGE:VERSION if only a part is meant."}, Page: pageInit},
	{ID: "B10", Seen: in(Reason), Match: re(`(?:ssm|ResourceInitializationError|[Ff]etching secret data).*invalid (?:ssm )?parameters: \[?(?P<parameter>[^\s,\]]+)|^invalid parameters: \[?(?P<parameter2>/[^\s,\]]*)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The parameter {parameter} that the task definition names does not exist in the Parameter Store",
		Remedy: []string{"aws ssm put-parameter --name {parameter} --type SecureString --value VALUE",
			"Or correct its name in valueFrom; it is looked for in the task's own region."}, Page: pageInit},
	{ID: "B31", Seen: in(Reason), Match: re(`(?:fetch|in region \S+:) secret (?P<secret>arn:\S+).*can['’]t find the specified secret value for (?:staging label|VersionId): (?P<version>[^\s,]+)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The secret {secret} that the task definition names has no version {version}",
		Remedy: []string{"See which there are: aws secretsmanager list-secret-version-ids --secret-id {secret}",
			"Correct valueFrom in the task definition, SECRET-ARN:KEY:STAGE:VERSION; without a stage and a version it is AWSCURRENT, which a secret without a value does not have."}, Page: pageInit},
	{ID: "B06", Seen: in(Reason), Match: re(`can't retrieve the secret with ARN '(?P<secret>[^']+)'|(?:retrieve|fetch) secret (?:from asm:.*?fetch secret )?(?P<secret2>arn:\S+)?.*ResourceNotFoundException|[Aa]sm fetching secret from the service for (?P<secret3>\S+): .*ResourceNotFoundException|[Ff]etching secret data from AWS Secrets Manager in region \S+: secret (?P<secret4>\S+): .*ResourceNotFoundException`), Kind: Deterministic, Confidence: Certain,
		Cause: "The secret {secret} that the task definition names does not exist",
		Remedy: []string{"Look for it: aws secretsmanager describe-secret --secret-id {secret}",
			"Create it, or correct valueFrom: the region, the name, and the six characters behind the name."}, Page: pageInit},
	{ID: "B12", Seen: in(Reason), Match: re(`cannot find the Amazon CloudWatch log group defined in the task definition|failed to validate logger args.*(?:signal: killed|dial tcp|i/o timeout|context deadline exceeded)`), Kind: Deterministic, Confidence: Likely,
		Cause: "CloudWatch Logs cannot be reached from the task, so that its log group was not found",
		Either: []Possibility{
			{"The task has no way to CloudWatch Logs", "Does its subnet have a NAT gateway or the VPC endpoint logs, with port 443 open?"},
			{"The log group does not exist", "aws logs describe-log-groups --log-group-name-prefix GROUP"}},
		Remedy: []string{"Add the VPC endpoint com.amazonaws.REGION.logs, or a NAT gateway, and let port 443 through in both security groups.", "If the group is really missing: aws logs create-log-group --log-group-name GROUP"}, Page: pageInit},
	{ID: "B11", Seen: in(Reason), Match: re(`(?:ResourceInitializationError|failed to validate logger args).*The specified log group does not exist`), Kind: Deterministic, Confidence: Certain,
		Cause: "The log group that the task definition names does not exist", Remedy: makeLogGroup, Page: pageInit},
	{ID: "B15", Seen: in(Reason), Match: re(`The specified log group does not exist`), Kind: Deterministic, Confidence: Certain,
		Cause: "The log group that the task definition names does not exist", Remedy: makeLogGroup, Page: pageStart},
	{ID: "B13", Seen: in(Reason), Match: re(`(?:logger args|logging driver|[Cc]loud[Ww]atch).*` + denied + `|not authorized to perform: (?P<action>logs:\w+)`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The execution role may not write to the log group",
		Remedy: []string{"Allow the execution role logs:CreateLogStream and logs:PutLogEvents; with awslogs-create-group also logs:CreateLogGroup."}, Page: pageInit},
	{ID: "B14", Seen: in(Reason), Match: re(`unable to get awslogs driver arguments|(?P<name>awslogs-\w+) is required`), Kind: Deterministic, Confidence: Certain,
		Cause: "A container's logConfiguration lacks an option that the log driver needs", Remedy: []string{"Give the options awslogs-group, awslogs-region and awslogs-stream-prefix in logConfiguration."}, Page: pageParameters},
	{ID: "B16", Seen: in(Reason), Match: re(files + `.*?(?:` + denied + `|Forbidden)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The execution role may not read the environment file in S3", Remedy: []string{"Allow the execution role s3:GetObject on the file and s3:GetBucketLocation on the bucket."}, Page: pageInit},
	{ID: "B26", Seen: in(Reason), Match: re(files + `.*` + noWay), Kind: Deterministic, Confidence: Certain,
		Cause: "The environment file cannot be fetched: the task has no way to S3", Remedy: reachS3, Page: pageInit},
	{ID: "B27", Seen: in(Reason), Match: re(files + `(?: with key (?P<key>\S+) from bucket (?P<bucket>[^\s,]+))?`), Kind: Ambiguous, Confidence: Likely,
		Cause:  "An environment file cannot be fetched from S3",
		Either: []Possibility{{"There is no such file", "aws s3 ls the value of environmentFiles"}, {"The execution role may not read it", "Does it have s3:GetObject on the file?"}},
		Remedy: []string{"Correct environmentFiles, or allow the execution role s3:GetObject on the file."}, Page: pageInit},
	{ID: "B32", Seen: in(Reason), Match: re(`CgroupError: Agent could not create task's platform resources`), Kind: Ambiguous, Confidence: Certain,
		Cause: "The agent could not make the cgroup that bounds the task on its container instance",
		Either: []Possibility{
			{"The machine refuses it: its cgroups are read-only or too many", "What does the agent's log say of the cgroup of this task?"},
			{"A container asks for more memory than its task has, which Amazon's agent refuses here", "Is memory of each container at most memory of the task?"}},
		Remedy: []string{"Read the reason in the agent's log, and mend the container instance; or drain it, so that its tasks run elsewhere."}, Page: pageInit},
	{ID: "B17", Seen: in(Reason), Match: re(`Failed to resolve "(?P<filesystem>fs-[^"]+)"`), Kind: Ambiguous, Confidence: Likely,
		Cause: "The name of the EFS file system {filesystem} cannot be resolved",
		Either: []Possibility{
			{"There is no mount target in the task's Availability Zone", "aws efs describe-mount-targets --file-system-id ID"},
			{"The VPC does not answer such names", "Are enableDnsSupport and enableDnsHostnames on?"},
			{"The mount target is new", "Was it made within the last two minutes? Then try again."}},
		Remedy: []string{"Make a mount target in every zone of the service's subnets, and turn enableDnsHostnames on."}, Page: pageInit},
	{ID: "B18", Seen: in(Reason), Match: re(`(?:EFS utils|mount\.nfs4|Mount attempt).*(?:failed due to timeout|mount system call failed|Connection timed out)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The EFS file system does not answer: port 2049 is closed on the way", Remedy: []string{"Let the security group of the mount targets take TCP 2049 from that of the task, and the task's let it out."}, Page: pageInit},
	{ID: "B19", Seen: in(Reason), Match: re(`mount\.nfs4: access denied by server`), Kind: Deterministic, Confidence: Certain,
		Cause: "The EFS file system refuses the task", Remedy: []string{"Allow the task role (not the execution role) elasticfilesystem:ClientMount and ClientWrite, and check the file system's policy and the access point."}, Page: pageInit},
	{ID: "B28", Seen: in(Reason), Match: re(`failed to invoke EFS utils commands`), Kind: Ambiguous, Confidence: Likely,
		Cause: "An EFS volume cannot be mounted", Remedy: []string{"Mend what the message names: mount targets, port 2049, the task role."}, Page: pageInit},
	{ID: "B20", Seen: in(Reason), Match: re(`failed to configure ENI|netplugin failed`), Kind: Transient, Confidence: Certain,
		Cause: "AWS could not give the task its network interface", Remedy: []string{"Wait for the next attempt; if it goes on for a quarter of an hour, tell AWS support."}, Page: pageInit},
	{ID: "B33", Seen: in(Reason), Match: re(`Access to KMS is not allowed|(?:KMS|kms).*The ciphertext refers to a customer master key that does not exist`), Kind: Deterministic, Confidence: Certain,
		Cause: "The execution role may not use the KMS key that a secret or parameter is encrypted with",
		Remedy: []string{"Allow the execution role (not the task role) kms:Decrypt on that key; if the key is of another account, its key policy has to allow the role as well.",
			"Which key it is: aws secretsmanager describe-secret --secret-id SECRET, KmsKeyId."}, Page: pageInit},
	{ID: "B03", Seen: in(Reason), Match: re(`secretsmanager:GetSecretValue on resource: (?P<secret>[^\s,]+)|secretsmanager:GetSecretValue`), Kind: Deterministic, Confidence: Certain,
		Cause: "The execution role may not read the secret {secret}",
		Remedy: []string{"Allow the execution role (not the task role) secretsmanager:GetSecretValue on it, and kms:Decrypt if it has a key of its own.",
			"Which role it is: executionRoleArn in the task definition."}, Page: pageInit},
	{ID: "B04", Seen: in(Reason), Match: re(`ssm:GetParameters? on resource: (?P<parameter>[^\s,]+)|(?:retrieve secrets from ssm|ssm).*` + denied), Kind: Deterministic, Confidence: Certain,
		Cause:  "The execution role may not read the parameter {parameter}",
		Remedy: []string{"Allow the execution role (not the task role) ssm:GetParameters on it, and kms:Decrypt if it has a key of its own."}, Page: pageInit},
	{ID: "B29", Seen: in(Reason), Match: re(before + `.*` + denied + denies), Kind: Deterministic, Confidence: Certain,
		Cause: "The execution role may not do {action}, which the task needs before it starts", Remedy: []string{"Allow the execution role (not the task role) the action that the message names: {action}"}, Page: pageInit},
	{ID: "B05", Seen: in(Reason), Match: re(`(?:secrets from ssm|SSM Parameter Store|cannot pull secrets from AWS Systems Manager).*` + noWay), Kind: Deterministic, Confidence: Certain,
		Cause: "The Parameter Store cannot be reached from the task", Remedy: reach("ssm"), Page: pageInit},
	{ID: "B30", Seen: in(Reason), Match: re(`(?:secret from asm|registry auth from asm|fetch secret|Secrets Manager).*` + noWay), Kind: Deterministic, Confidence: Certain,
		Cause: "Secrets Manager cannot be reached from the task", Remedy: reach("secretsmanager"), Page: pageInit},
	{ID: "B02", Seen: in(Reason), Match: re(`cannot pull registry auth from Amazon ECR`), Kind: Deterministic, Confidence: Certain,
		Cause: "Amazon ECR cannot be reached from the task", Remedy: reach("ecr.api, ecr.dkr"), Page: pageInit},
	{ID: "B01", Seen: in(Reason), Match: re(before + `.*` + noWay), Kind: Deterministic, Confidence: Certain,
		Cause: "An AWS service that the task needs before it starts cannot be reached from its network", Remedy: reach("the service that the message names"), Page: pageInit},
	{ID: "B24", Seen: in(Reason), Match: re(`failed to initialize logging driver(?:: (?P<detail>.*))?`), Kind: Deterministic, Confidence: Likely,
		Cause: "The log driver of container {container} cannot start", Remedy: []string{"Check logConfiguration: the group, the region and the driver's options."}, Page: pageStart},
	{ID: "B21", Seen: in(Event, Reason), Match: re(`unable to assume the role(?: '(?P<role>[^']+)')? that was provided for this task`), Kind: Deterministic, Confidence: Certain,
		Cause: "ECS may not assume the role {role}",
		Remedy: []string{"Let the service ecs-tasks.amazonaws.com assume it in its trust policy, and check that the role exists.",
			"A role that was made within the last minute may just not be known everywhere: try again."}, Page: pageEvents},
	{ID: "B22", Seen: in(API, Event), Match: re(`not authorized to perform: iam:PassRole(?: on resource: (?P<role>\S+))?`), Kind: Deterministic, Confidence: Certain,
		Cause: "Whoever deploys may not hand the role {role} to ECS", Remedy: []string{"Allow the deploying identity iam:PassRole on the task's role and on its execution role."}, Page: pageAPI},
	{ID: "B23", Seen: in(Event), Match: re(`IAM (?:permissions policies have|trust relationship has) been misconfigured or changed, and ECS can no longer maintain your service`), Kind: Deterministic, Confidence: Certain,
		Cause: "ECS lost the rights that it needs to run the service", Remedy: []string{"Restore the service-linked role AWSServiceRoleForECS and the service's infrastructure role, their policies and their trust."}, Page: pageEvents},
}

// initFailed is for preparations that fail in a way of which nothing is known.
var initFailed = Signature{ID: "B00", Seen: in(Reason), Match: re(`ResourceInitializationError(?:: (?P<detail>.*))?|unable to pull secrets or registry auth`), Kind: Ambiguous, Confidence: Likely,
	Cause: "Something that the task needs before it starts could not be prepared",
	Either: []Possibility{
		{"An AWS service cannot be reached from the task", "Does the message end with a time-out? Then it is the network: NAT gateway, endpoints, port 443."},
		{"The execution role may not do what is needed", "Does the message say AccessDenied or not authorized?"}},
	Remedy: []string{"Read the whole message in aws ecs describe-tasks and mend what it names."}, Page: pageInit}

var makeLogGroup = []string{"aws logs create-log-group --log-group-name {logs}",
	"Or set awslogs-create-group to true, and allow the execution role logs:CreateLogGroup, which AmazonECSTaskExecutionRolePolicy does not.",
	"If the group is there: correct awslogs-region."}

// reach tells what gives a task a way to an AWS service.
func reach(endpoint string) []string {
	return []string{"Give the task's subnet a NAT gateway, or the task a public IP in a subnet with an internet gateway, or the subnet the VPC endpoint of " + endpoint + ".",
		"Let port 443 out in the task's security group, and into that of the endpoint."}
}
