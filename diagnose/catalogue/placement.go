package catalogue

// placement: tasks find no place, or capacity does not come. (family E)
var placement = []Signature{
	{ID: "E01", Seen: in(Event), Placement: true, Match: re(`No Container Instances were found in your cluster`), Kind: Deterministic, Confidence: Certain, Cause: noInstances, Remedy: addInstances, Page: pageEvents},
	{ID: "E11", Seen: in(Event, Reason), Placement: true, Match: re(`No Container Instances were found in your capacity provider|EMPTY CAPACITY PROVIDER|NO ACTIVE INSTANCES`), Kind: Deterministic, Confidence: Certain,
		Cause: "The capacity provider has no container instances to run tasks on", Remedy: append([]string{"Look at the Auto Scaling group's desired size and activities: aws autoscaling describe-scaling-activities --auto-scaling-group-name GROUP"}, addInstances...), Page: pageScaling},
	{ID: "E02", Seen: in(Event), Placement: true, Match: re(`has insufficient CPU units available`), Kind: Ambiguous, Confidence: Likely, Cause: "No instance has enough CPU units left for a task", Remedy: addOrShrink, Page: pageEvents},
	{ID: "E03", Seen: in(Event), Placement: true, Match: re(`has insufficient memory available`), Kind: Ambiguous, Confidence: Likely, Cause: "No instance has enough memory left for a task", Remedy: addOrShrink, Page: pageEvents},
	{ID: "E04", Seen: in(Event), Placement: true, Match: re(`is already using a port required by your task`), Kind: Ambiguous, Confidence: Likely,
		Cause: "The host port that a task asks for is taken on every instance",
		Remedy: []string{"Leave hostPort out (or 0), so that each task gets a free port.",
			"With a fixed host port, set minimumHealthyPercent to 0 and maximumPercent to 100, or add instances."}, Page: pageEvents},
	{ID: "E05", Seen: in(Event), Placement: true, Match: re(`doesn't have the agent connected|encountered error "AGENT"`), Kind: Transient, Confidence: Certain,
		Cause: "The agent of the instance that a task would fit on is not connected", Remedy: []string{"Start the agent on that instance again (systemctl restart ecs) and read its log."}, Page: pageEvents},
	{ID: "E43", Seen: in(Event, Reason), Placement: true, Match: re(`DistinctInstance placement constraint unsatisfied`), Kind: Ambiguous, Confidence: Likely,
		Cause: "Every instance that a task fits on has one of this service already, and the service's placement constraint distinctInstance allows no second",
		Remedy: []string{"Lower desiredCount to the number of instances, or add some; or take distinctInstance away.",
			"A rolling update needs an instance more than there are tasks: with minimumHealthyPercent below 100 ECS may stop old tasks first."}, Page: pageEvents},
	{ID: "E06", Seen: in(Event, Reason), Placement: true, Match: re(`MemberOf placement constraint unsatisfied`), Kind: Deterministic, Confidence: Certain,
		Cause: "No instance meets the placement constraints", Remedy: []string{"Compare the constraint's expression with the instances' attributes (aws ecs list-attributes --target-type container-instance), and change one of them."}, Page: pageEvents},
	{ID: "E07", Seen: in(Event), Placement: true, Match: re(`is missing an attribute required by your task`), Kind: Deterministic, Confidence: Certain,
		Cause: "No instance has an attribute that the task definition needs", Remedy: []string{"Compare the task definition's requiresAttributes with the instances' attributes (log driver, task networking, agent version)."}, Page: pageEvents},
	{ID: "E08", Seen: in(Event, Reason), Placement: true, Match: re(`Capacity is unavailable at this time`), Kind: Transient, Confidence: Certain,
		Cause: "AWS has no capacity of this kind in that zone at the moment",
		Either: []Possibility{
			{"The zone is short of it", "Does it work in another zone or with another size?"},
			{"The account is blocked or its quota is zero, which is told in the same words", "Service Quotas, and the account's mails from AWS"}},
		Remedy: []string{"Allow more zones or another size, put FARGATE beside FARGATE_SPOT, or wait."}, Page: pageEvents},
	{ID: "E09", Seen: in(Event, Reason, API), Placement: true, Match: re(`You've reached the limit on the number of (?:vCPUs|tasks) you can run concurrently|You've reached the limit on the number of|configuration is above your limit`), Kind: Deterministic, Confidence: Certain,
		Cause: "A quota of the AWS account is used up", Remedy: []string{"Ask for more: aws service-quotas list-service-quotas --service-code fargate; or stop other tasks."}, Page: pageEvents},
	{ID: "E10", Seen: in(Event), Placement: true, Match: re(`unable to place a task\. Reason: Internal error\.`), Kind: Deterministic, Confidence: Likely,
		Cause: "One of the service's subnets is in a zone that has no Fargate", Remedy: []string{"Take another subnet: zones differ in what they offer."}, Page: pageEvents},
	{ID: "E15", Seen: in(Event, Reason, API), Placement: true, Match: re(`RESOURCE:FARGATE`), Kind: Transient, Confidence: Certain,
		Cause: "AWS has no Fargate capacity of this kind at the moment", Remedy: []string{"Put FARGATE with a base beside FARGATE_SPOT in the capacity provider strategy, or wait."}, Page: pageEvents},
	{ID: "E13", Seen: in(Event, Reason, API), Placement: true, Match: re(`RESOURCE:ENI`), Kind: Deterministic, Confidence: Certain,
		Cause: "The instances have no network interface left for another awsvpc task", Remedy: []string{"Turn awsvpcTrunking on (aws ecs put-account-setting-default --name awsvpcTrunking --value enabled) and register the instances anew, or take bigger ones."}, Page: pageAPI},
	{ID: "E14", Seen: in(Event, Reason, API), Placement: true, Match: re(`(?:^|TaskFailedToStart: )(?P<detail>ATTRIBUTE|LOCATION)\b`), Kind: Deterministic, Confidence: Certain,
		Cause: "No instance offers what the task needs: {detail}", Remedy: []string{"Add an instance that does, or ask for less: attributes, zones."}, Page: pageAPI},
	{ID: "E41", Seen: in(Event, Reason, API), Placement: true, Match: re(`RESOURCE:(?P<detail>GPU|PORTS)`), Kind: Ambiguous, Confidence: Likely,
		Cause: "No instance has free what the task needs: {detail}",
		Remedy: []string{"Wait until another task gives it back, stop one, or add an instance that has it.",
			"A fixed host port is there once on each instance: leave hostPort out (or 0), so that each task gets a free port."}, Page: pageAPI},
	{ID: "E12", Seen: in(Reason), Placement: true, Match: re(`TaskFailedToStart: RESOURCE:(?P<detail>CPU|MEMORY)`), Kind: Ambiguous, Confidence: Likely,
		Cause: "The capacity provider's instances cannot take the task: {detail}",
		Either: []Possibility{
			{"The task asks for more than any instance type of the Auto Scaling group has", "cpu and memory of the task definition, against the instance types in the group's launch template"},
			{"Running tasks hold it, and the group does not grow", "aws ecs list-tasks, and the maximum of the Auto Scaling group"}},
		Remedy: addOrShrink, Page: pageAPI},
	{ID: "E31", Seen: in(Reason, API), Match: re(`^(?:TaskFailedToStart: )?AGENT$`), Kind: Transient, Confidence: Certain,
		Cause: "The agent of the container instance is not connected", Remedy: []string{"Start the agent on that instance again (systemctl restart ecs) and read its log."}, Page: pageAPI},
	{ID: "E22", Seen: in(Reason, Event), Match: re(`TagPolicyViolation|tag the network interface`), Kind: Deterministic, Confidence: Certain,
		Cause: "A tag policy of the organisation forbids the task's network interface", Remedy: []string{"Change the tags that the service hands on (propagateTags, enableECSManagedTags), or the policy."}, Page: pageStopCodes},
	{ID: "E21", Seen: in(Reason, Event), Match: re(`InsufficientFreeAddressesInSubnet`), Kind: Deterministic, Confidence: Certain,
		Cause: "The subnet has no free addresses left", Remedy: []string{"Add subnets to the service's network configuration, or bigger ones."}, Page: pageStopCodes},
	{ID: "E32", Seen: in(Reason, Event), Match: re(`Unexpected EC2 error while attempting to (?P<detail>.*)`), Kind: Ambiguous, Confidence: Likely,
		Cause: "EC2 refused the task's network interface", Remedy: []string{"Mend what the error code at the end of the message names."}, Page: pageStopCodes},
	{ID: "E23", Seen: in(Reason, Event), Match: re(`Timeout waiting for (?:network interface|EphemeralStorage) provisioning|^InternalError\b|unused device index`), Kind: Transient, Confidence: Certain,
		Cause: "AWS did not get the task's network or storage ready in time", Remedy: []string{"Wait for the next attempt; tell AWS support if it happens more than three times in a quarter of an hour."}, Page: pageStopCodes},
	{ID: "E17", Seen: in(Event), Match: re(`tasks provisioning capacity limit was exceeded`), Kind: Transient, Confidence: Certain,
		Cause: "Too many tasks of the cluster wait for capacity at once (500 may)", Remedy: []string{"Start fewer at a time."}, Page: pageEvents},
	{ID: "E18", Seen: in(Event), Match: re(`could not launch (?P<detail>\d+) tasks for deployment`), Kind: Ambiguous, Confidence: Likely, Placement: true,
		Cause: "There was capacity for only a part of the deployment's tasks", Remedy: addOrShrink, Page: pageEvents},
	{ID: "E19", Seen: in(Event), Match: re(`unable to stop or start tasks during a deployment because of the service deployment configuration`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The service's percentages allow neither to stop an old task nor to start a new one",
		Remedy: []string{"Lower minimumHealthyPercent (0 on a single machine) or raise maximumPercent (200)."}, Page: pageEvents},
	{ID: "E20", Seen: in(Event), Match: re(`number of protected tasks (?:are|is) more than the desired (?:count|number)`), Kind: Transient, Confidence: Certain,
		Cause: "More tasks are protected from scale-in than are desired", Remedy: []string{"Take the protection away: aws ecs update-task-protection --no-protection-enabled --tasks TASK; else wait until it ends."}, Page: pageEvents},
	{ID: "E24", Seen: in(Event), Match: re(`operations are being throttled|ECS_OPERATION_THROTTLED|SERVICE_DISCOVERY_OPERATION_THROTTLED`), Kind: Transient, Confidence: Possible,
		Cause: "AWS throttles the service's operations", Remedy: []string{"Wait; deploy fewer services at the same time."}, Page: pageEvents},
	{ID: "E25", Seen: in(Event), Match: re(`SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED`), Kind: Deterministic, Confidence: Likely,
		Cause: "A task of the DAEMON service runs where its placement constraint no longer allows it", Remedy: []string{"Change the constraint or the instance's attribute."}, Page: pageEvents},
	{ID: "E27", Seen: in(Event), Match: re(`Timed out waiting for Amazon ECS Agent to start`), Kind: Ambiguous, Confidence: Likely,
		Cause: "The agent of a container instance does not start", Remedy: []string{"Read /var/log/ecs/ecs-agent.log on it."}, Page: pageEvents},
	{ID: "E28", Seen: in(Reason, Event, API), Match: re(`task definition is not compatible with the selected compute strategy`), Kind: Deterministic, Confidence: Certain,
		Cause: "The task definition is not made for the capacity that the service uses", Remedy: []string{"Make requiresCompatibilities, networkMode and the capacity provider strategy agree."}, Page: pageAPI},
	{ID: "E29", Seen: in(API, Event), Match: re(`No Fargate configuration exists for given values|Invalid 'cpu' setting for task`), Kind: Deterministic, Confidence: Certain,
		Cause: "Fargate has no task of this CPU and memory", Remedy: []string{"Take a pair of the table: 256 with 512 to 2048, 512 with 1024 to 4096, 1024 with 2048 to 8192 …"}, Page: pageCPUMemory},
	{ID: "E33", Seen: in(Event), Match: re(`unable to place a task in (?P<detail>.* )?(?:AZ|Availability Zone)`), Kind: Ambiguous, Confidence: Possible, Placement: true,
		Cause: "A zone has no instance that a task fits on, so that the service stays unbalanced", Remedy: addOrShrink, Page: pageEvents},
	{ID: "E34", Seen: in(Event), Placement: true, Match: re(`no container instance met all of its requirements`), Kind: Ambiguous, Confidence: Likely, Cause: "No instance meets all that a task asks for", Remedy: addOrShrink, Page: pageEvents},
	{ID: "E35", Seen: in(Event), Match: re(`SERVICE_TASK_PLACEMENT_FAILURE`), Placement: true, Kind: Ambiguous, Confidence: Likely, Cause: "A task found no place", Remedy: addOrShrink, Page: pageEvents},
	{ID: "E36", Seen: in(Event), Match: re(`SERVICE_TASK_CONFIGURATION_FAILURE`), Kind: Deterministic, Confidence: Likely,
		Cause: "The task's configuration keeps ECS from starting it, most often a role that it may not assume", Remedy: []string{"Read the service's events for the reason, and check the trust policies of its roles."}, Page: pageEvents},
}

// unplaced is for tasks that find no place for a reason of which nothing is known.
var unplaced = Signature{ID: "E00", Seen: in(Event), Placement: true, Match: re(`unable to place a task\.(?: The)? [Rr]eason(?: for failure is|:) (?P<reason>.*)`), Kind: Ambiguous, Confidence: Likely,
	Cause: "A task found no place: {reason}", Remedy: addOrShrink, Page: pageEvents}

// notLaunched is the same for tasks that could not be started.
var notLaunched = Signature{ID: "E37", Seen: in(Event), Match: re(`failed to launch a task with \(error (?P<reason>.*?)\)?\.?$`), Kind: Ambiguous, Confidence: Likely,
	Cause: "A task could not be launched: {reason}", Remedy: []string{"Mend what the message names."}, Page: pageEvents}

const noInstances = "The cluster has no container instances to run tasks on"

var (
	addOrShrink  = []string{"Add instances, stop other tasks, or lower what the task definition asks for.", "A rolling update needs room for old and new tasks side by side: with minimumHealthyPercent below 100 ECS may stop old tasks first."}
	addInstances = []string{"Start container instances and let them join this cluster; check that their agent is configured for it (ECS_CLUSTER, instance profile, network)."}
)
