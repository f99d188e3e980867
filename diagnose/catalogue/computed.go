package catalogue

// computed are findings that no text tells: package diagnose works them out from
// what the service, its tasks and its instances are.
var computed = []Signature{
	{ID: "D08", Kind: Deterministic, Confidence: Likely, Cause: "The tasks are given less time to start than they need: the load balancer gives them up first", Page: pageBalancer,
		Remedy: []string{"Raise healthCheckGracePeriodSeconds of the service above the time that the program needs to start: aws ecs update-service --health-check-grace-period-seconds SECONDS"}},
	{ID: "D23", Kind: Deterministic, Confidence: Likely, Cause: "The tasks are given less time to start than they need: their health check gives them up first", Page: pageParameters,
		Remedy: []string{"Raise startPeriod (at most 300 s) or retries of the container's health check."}},
	{ID: "D24", Kind: Deterministic, Confidence: Certain, Cause: "Ports that must agree do not", Page: pageBalancer,
		Remedy: []string{"Make containerPort in portMappings, in the service's loadBalancers, the program's own port and the security group agree."}},
	{ID: "D25", Kind: Deterministic, Confidence: Likely, Cause: "Container {container} waits for ever, and keeps its task PENDING: it depends on container {other} being HEALTHY, which has ended", Page: pageParameters,
		Remedy: []string{"Mend why container {other} ends (its log, its exit code): it is not started again under this task.",
			"Stop the task, so that another one takes its place: aws ecs stop-task --task {task}. ECS does not: the task counts as one that is coming, and startTimeout no longer counts once {other} has ended.",
			"Make {other} essential: then its end ends the task, and the circuit breaker counts it."}},
	{ID: "D26", Kind: Transient, Confidence: Possible, Cause: "Container {container} waits, and keeps its task PENDING: it depends on container {other} being {condition}", Page: pageParameters,
		Remedy: []string{"Read the log of container {other} for what it is doing.",
			"Give {other} a startTimeout: then the task ends when it takes longer than that."}},
	{ID: "A22", Kind: Deterministic, Confidence: Certain, Cause: "No container instance has the CPU that the task definition is made for", Page: pagePlatform, Remedy: buildForPlatform},
	{ID: "E16", Kind: Ambiguous, Confidence: Likely, Cause: "Tasks wait in PROVISIONING for capacity that does not come", Page: pageScaling,
		Either: []Possibility{
			{"The Auto Scaling group is at its maximum, or its launches fail", "aws autoscaling describe-scaling-activities --auto-scaling-group-name GROUP"},
			{"New instances do not join this cluster", "Their user data (ECS_CLUSTER), instance profile and network"},
			{"Managed scaling is off, or no instance type of the group is big enough", "aws ecs describe-capacity-providers"}},
		Remedy: []string{"Raise the group's maximum, mend its launch template, or let tasks run on the capacity that is there."}},
	{ID: "E39", Kind: Deterministic, Confidence: Likely, Cause: "Tasks wait in PROVISIONING for capacity that is not asked for", Page: pageScaling,
		Remedy: []string{"Use a capacityProviderStrategy instead of launchType: tasks with a launch type do not make managed scaling add instances."}},
	{ID: "E40", Kind: Ambiguous, Confidence: Likely, Cause: "Tasks wait in PROVISIONING, and have ECS Exec together with a capacity provider of an Auto Scaling group, which some platforms refuse without a word", Page: pageExec,
		Remedy: []string{"Try without it: aws ecs update-service --no-enable-execute-command --force-new-deployment; if the tasks start, the instances' agent or AMI is too old for ECS Exec."}},
	{ID: "E38", Kind: Deterministic, Confidence: Certain, Cause: "The service cannot become what it is meant to be", Page: pageEvents},
	{ID: "F04", Kind: Ambiguous, Confidence: Likely, Cause: "Tasks start, become healthy and crash again, and each healthy one sets the circuit breaker's count back", Page: pageBreaker,
		Remedy: []string{"Mend why they crash; set deploymentCircuitBreaker.resetOnHealthyTask to false, so that such a loop ends."}},
	{ID: "F05", Kind: Transient, Confidence: Possible, Cause: "Tasks of an older deployment take long to leave", Page: pageBalancer,
		Remedy: []string{"Lower the target group's deregistration_delay.timeout_seconds (300 s unless set) and the containers' stopTimeout to what requests really need."}},
	{ID: "F06", Kind: Ambiguous, Confidence: Possible, Cause: "ECS starts no task and does not say why", Page: pageEvents,
		Either: []Possibility{
			{"It said so before: the same message is not repeated for hours", "Older events of the service, or EventBridge"},
			{"It waits after failed starts, for up to half an hour", "Stopped tasks of the last hour: aws ecs list-tasks --desired-status STOPPED"},
			{"The service-linked role is missing", "aws iam get-role --role-name AWSServiceRoleForECS"}},
		Remedy: []string{"Try once more with aws ecs update-service --force-new-deployment, and look at the events that follow."}},
	{ID: "T12", Kind: Benign, Confidence: Certain, Cause: "The task is of no service, and ended by itself with exit code 0, as a job does", Page: pageStopCodes},
	{ID: "U01", Kind: Ambiguous, Confidence: Possible, Cause: "The task stopped: {reason}", Page: pageStopCodes,
		Remedy: []string{"Look at the task's containers (aws ecs describe-tasks) and their logs."}},
}
