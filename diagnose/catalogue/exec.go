package catalogue

// exec: ECS Exec does not get into a container. (family H)
var exec = []Signature{
	{ID: "H01", Seen: in(API), Match: re(`execute command was not enabled when the task was run or the execute command agent isn't running`), Kind: Deterministic, Confidence: Certain,
		Cause: "ECS Exec does not reach the task",
		Either: []Possibility{
			{"The task is older than the service's enableExecuteCommand", "aws ecs describe-tasks: is enableExecuteCommand true?"},
			{"Its agent is not running", "aws ecs describe-tasks: managedAgents, lastStatus and reason"}},
		Remedy: []string{"Start new tasks with it: aws ecs update-service --service SERVICE --enable-execute-command --force-new-deployment"}, Page: pageExec},
	{ID: "H02", Seen: in(API), Match: re(`TargetNotConnectedException|execute command failed due to an internal error`), Kind: Ambiguous, Confidence: Likely,
		Cause: "The agent in the task does not reach Systems Manager",
		Either: []Possibility{
			{"The task role lacks ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and OpenDataChannel", "aws iam simulate-principal-policy for the task role (not the execution role)"},
			{"The task has no way to it", "NAT gateway or the VPC endpoint ssmmessages?"},
			{"AWS_ACCESS_KEY_ID in the container's environment takes the place of the task role", "environment and secrets in the task definition"}},
		Remedy: []string{"Allow the task role the four ssmmessages actions, give the subnet the endpoint ssmmessages or a way out, and start new tasks."}, Page: pageExec},
	{ID: "H03", Seen: in(API), Match: re(`SessionManagerPlugin is not found`), Kind: Deterministic, Confidence: Certain,
		Cause: "The computer that runs the AWS CLI lacks the Session Manager plugin", Remedy: []string{"Install session-manager-plugin on it."}, Page: pageExec},
	{ID: "H04", Seen: in(Agent, Reason), Match: re(`ExecuteCommandAgent [Ii]nitialization failed|CannotStartManagedAgentError|ExecuteCommandAgent stopped`), Kind: Deterministic, Confidence: Likely,
		Cause: "The agent of ECS Exec cannot run in container {container}",
		Either: []Possibility{
			{"readonlyRootFilesystem is true, and the agent has to write", "the container's definition"},
			{"There is too little memory for it", "the container's memory"}},
		Remedy: []string{"Set readonlyRootFilesystem to false, or give it a few MiB more memory, and start new tasks."}, Page: pageExec},
	{ID: "H05", Seen: in(API), Match: re(`platform version.*does not support|ECS Exec (?:is not supported|requires)`), Kind: Deterministic, Confidence: Likely,
		Cause: "The platform of the task is too old for ECS Exec", Remedy: []string{"Fargate 1.4.0 (Windows 1.0.0) or newer, or agent 1.50.2 or newer on EC2."}, Page: pageExec},
	{ID: "H07", Seen: in(API), Match: re(`not authorized to perform: (?P<action>ecs:ExecuteCommand|kms:GenerateDataKey)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The caller may not do {action}", Remedy: []string{"Allow the caller {action}; the task role needs kms:Decrypt where the session is encrypted."}, Page: pageExec},
}
