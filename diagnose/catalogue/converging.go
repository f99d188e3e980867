package catalogue

// converging: what a deployment says of itself. Most of it only follows from failing
// tasks, and is a symptom. (family F)
var converging = []Signature{
	{ID: "F01", Seen: in(Event), Match: re(`unable to consistently start tasks successfully|SERVICE_TASK_START_IMPAIRED`), Kind: Ambiguous, Confidence: Symptom,
		Cause: "Tasks fail again and again, so that ECS waits longer and longer before it starts another", Page: pageEvents},
	{ID: "F02", Seen: in(Event, Rollout), Match: re(`deployment failed: tasks failed to start|circuit breaker: tasks? failed to start|circuit breaker threshold was exceeded|Circuit Breaker was triggered`), Kind: Ambiguous, Confidence: Symptom,
		Cause: "The deployment circuit breaker tripped since too many tasks failed", Page: pageBreaker},
	{ID: "F13", Seen: in(Event, Rollout), Match: re(`rolling back to deployment|SERVICE_DEPLOYMENT_FAILED`), Kind: Ambiguous, Confidence: Symptom,
		Cause: "ECS gave the deployment up and goes back to the one before", Page: pageDeployment},
	{ID: "F03", Seen: in(Event, Rollout), Match: re(`deployment failed: alarm detected|alarm(?:s)? (?:was|were) (?:triggered|detected)`), Kind: Ambiguous, Confidence: Likely,
		Cause: "A CloudWatch alarm that guards the service's deployments went off", Remedy: []string{"Look which one and why: aws cloudwatch describe-alarms --state-value ALARM"}, Page: guide + "deployment-alarm-failure.html"},
	{ID: "F07", Seen: in(Event, Rollout), Match: re(`No rollback candidate was found to run the rollback`), Kind: Deterministic, Confidence: Symptom,
		Cause: "There is no earlier deployment to roll back to", Page: pageBreaker},
	{ID: "F14", Seen: in(Reason), Match: re(`^(?:Essential container in task exited|Task failed to start)\.?$`), Kind: Ambiguous, Confidence: Symptom,
		Cause: "The task ended with a container that it cannot do without, or never began", Page: pageStopCodes},
	{ID: "F24", Seen: in(API), Match: re(`Waiter Tasks(?:Running|Stopped) failed`), Kind: Ambiguous, Confidence: Symptom,
		Cause: "Somebody waited for tasks, and they ended or took too long", Page: pageStopCodes},
	{ID: "F15", Seen: in(API), Match: re(`is currently being updated|waiter state transitioned to Failure|Waiter ServicesStable failed|Max attempts exceeded|waiting for state to become 'tfSTABLE'`), Kind: Ambiguous, Confidence: Symptom,
		Cause: "Somebody waited for the service to become stable, and it did not in time", Page: pageEvents},

	// Blue/green, linear and canary deployments.
	{ID: "F16", Seen: in(Rollout, Event), Match: re(`(?P<hook>\w+) lifecycle hook\(s\) failed\..*elasticloadbalancing:\w+|unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role(?: '(?P<role>[^']+)')?`), Kind: Deterministic, Confidence: Certain,
		Cause: "The service's infrastructure role may not change the load balancer", Remedy: []string{"Give it the policy AmazonECSInfrastructureRolePolicyForLoadBalancers."}, Page: pageBlueGreen},
	{ID: "F17", Seen: in(Rollout, Event), Match: re(`unable to assume role (?P<role>\S+)`), Kind: Deterministic, Confidence: Certain,
		Cause: "ECS may not assume the role {role} of a lifecycle hook", Remedy: []string{"Let ecs.amazonaws.com assume it in its trust policy."}, Page: pageBlueGreen},
	{ID: "F18", Seen: in(Rollout, Event), Match: re(`unable to invoke hook target (?P<hook>\S+) due to|not authorized to perform: lambda:InvokeFunction`), Kind: Deterministic, Confidence: Certain,
		Cause: "The role of a lifecycle hook may not invoke its function", Remedy: []string{"Allow the hook's role lambda:InvokeFunction on the function."}, Page: pageBlueGreen},
	{ID: "F19", Seen: in(Rollout, Event), Match: re(`unable to parse the response from (?P<hook>\S+)|HookStatus must not be null`), Kind: Deterministic, Confidence: Certain,
		Cause: "A lifecycle hook's function does not answer as it should", Remedy: []string{`Let it return {"hookStatus": "SUCCEEDED"} (or FAILED, IN_PROGRESS).`}, Page: pageBlueGreen},
	{ID: "F20", Seen: in(Rollout, Event), Match: re(`Lifecycle hook target (?P<hook>\S+) returned FAILED status|(?P<hook2>\w+) lifecycle hook\(s\) failed`), Kind: Ambiguous, Confidence: Likely,
		Cause: "A lifecycle hook ({hook}) stopped the deployment", Remedy: []string{"Read the log of the hook's function: it decided so."}, Page: pageBlueGreen},
	{ID: "F21", Seen: in(Rollout, Event), Match: re(`(?P<hook>\w+) pause hook timed out`), Kind: Deterministic, Confidence: Certain,
		Cause: "Nobody continued the deployment at its pause ({hook}) in time", Remedy: []string{"aws ecs continue-service-deployment while it waits, or raise the pause hook's time-out."}, Page: pageBlueGreen},
	{ID: "F12", Seen: in(Rollout, Event, API), Match: re(`(?:productionListenerRule|testListenerRule|production and test listener rules|Production listener rule|listener rule).*|invalid networking configuration`), Kind: Deterministic, Confidence: Certain,
		Cause: "The listener rules of the blue/green deployment do not fit its target groups",
		Remedy: []string{"productionListenerRule has to be the ARN of a rule (ALB) or listener (NLB) that forwards all traffic to exactly one of the two target groups; testListenerRule another one.",
			"If somebody changed the rule by hand: put it back to the target group that serves."}, Page: pageBlueGreen},
	{ID: "F22", Seen: in(Rollout, Event, API), Match: re(`Duplicate targetGroupArn found|must be strictly either ELBv1|advancedConfiguration (?:field|defined)|must have advancedConfiguration`), Kind: Deterministic, Confidence: Certain,
		Cause: "The service's loadBalancers do not fit its deployment strategy", Remedy: []string{"With BLUE_GREEN, LINEAR or CANARY every entry needs targetGroupArn and advancedConfiguration with two different target groups; with ROLLING none does."}, Page: pageBlueGreen},
	{ID: "F23", Seen: in(API), Match: re(`Invalid targetType\. Valid values|Invalid lifecycle stage provided for Pause Hook|Invalid hookId|Provided hookId is either completed|Continuing a service deployment is not allowed|service deployment does not exist`), Kind: Deterministic, Confidence: Certain,
		Cause: "The request names a hook, a stage or a deployment that is not open", Remedy: []string{"Look at lifecycleHookDetails: aws ecs describe-service-deployments --service-deployment-arns ARN"}, Page: pageBlueGreen},
}
