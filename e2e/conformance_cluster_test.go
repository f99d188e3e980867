package e2e

func supplyBehaviours() []behaviour {
	const role = `"executionRoleArn": "arn:aws:iam::000000000000:role/any"`
	const param = "ssm put-parameter --name /$FAMILY/word --value hello --type SecureString"
	const secret = `secretsmanager create-secret --name $FAMILY --secret-string '{"user": "web", "port": 5432}'`
	given := func(script, from string) string {
		return task(role, box("app", script, `"secrets": [{"name": "WORD", "valueFrom": "`+from+`"}]`))
	}
	const arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:"
	return of("Secrets, parameters, environment files",
		behaviour{rule: "A parameter by its name is a variable of the container", before: []string{param}, define: given(`test "$WORD" = hello`, "/$FAMILY/word"), want: found},
		behaviour{rule: "A parameter by its ARN", before: []string{param}, define: given(`test "$WORD" = hello`, "arn:aws:ssm:us-east-1:000000000000:parameter/$FAMILY/word"), want: found},
		behaviour{rule: "A parameter that does not exist", define: given(`true`, "/none/such"), want: `STOPPED · TaskFailedToStart · Fetching secret data from SSM Parameter Store in us-east-1: invalid parameters: /none/such · app –`},
		behaviour{rule: "A secret that does not exist", define: given(`true`, arn+"none-AbCdEf"), want: `STOPPED · TaskFailedToStart · Fetching secret data from AWS Secrets Manager in region us-east-1: secret secret:none-AbCdEf: ResourceNotFoundException: Secrets Manager can't find the specified secret. status code: 400, request id: … · app –`},
		behaviour{rule: "A secret whole", before: []string{secret}, define: given(`test "$WORD" = '{"user": "web", "port": 5432}'`, arn+"$FAMILY"), want: found},
		behaviour{rule: "A member of a secret's JSON", before: []string{secret}, define: given(`test "$WORD" = 5432`, arn+"$FAMILY:port::"), want: found},
		behaviour{rule: "A member that its JSON does not have", before: []string{secret}, define: given(`true`, arn+"$FAMILY:none::"), want: `STOPPED · TaskFailedToStart · Fetching secret data from AWS Secrets Manager in region us-east-1: retrieved secret from Secrets Manager did not contain json key none · app –`},
		behaviour{rule: "A stage of a secret: AWSPREVIOUS is the value before", before: []string{secret, "secretsmanager put-secret-value --secret-id $FAMILY --secret-string new"},
			define: given(`test "$WORD" = web`, arn+"$FAMILY:user:AWSPREVIOUS:"), want: found},
		behaviour{rule: "secrets need an execution role", define: task("", box("app", "true", `"secrets": [{"name": "WORD", "valueFrom": "/x"}]`)), want: `ClientException: When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.`},
		behaviour{rule: "An execution role that exists and may not read the parameter", before: []string{param,
			`iam create-role --role-name $FAMILY --assume-role-policy-document '` + trustTasks + `'`},
			define: task(`"executionRoleArn": "arn:aws:iam::000000000000:role/$FAMILY"`, box("app", "true", `"secrets": [{"name": "WORD", "valueFrom": "/$FAMILY/word"}]`)), want: `STOPPED · TaskFailedToStart · Fetching secret data from SSM Parameter Store in us-east-1: AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/family/id is not authorized to perform: ssm:GetParameters on resource: parameter/family/word because no identity-based policy allows the ssm:GetParameters action status code: 400, request id: … · app –`},
		behaviour{rule: "environmentFiles: the first file that sets a variable wins, and environment wins over both", define: task(role, box("app", `test "$ONE-$TWO-$THREE" = first-second-own`,
			`"environment": [{"name": "THREE", "value": "own"}], "environmentFiles": [{"type": "s3", "value": "file://$HOST/first.env"}, {"type": "s3", "value": "file://$HOST/second.env"}]`)), want: found},
	)
}

func logBehaviours() []behaviour {
	log := func(script, options string) string {
		return task("", box("app", script, `"logConfiguration": {"logDriver": "awslogs", "options": {`+options+`}}`))
	}
	const region = `"awslogs-region": "us-east-1"`
	const events = "~logs get-log-events --log-group-name /conform/$FAMILY --log-stream-name p/app/$ID --query events[].message"
	return of("Logs",
		behaviour{rule: "awslogs: the output is in the stream PREFIX/CONTAINER/TASK of the group; awslogs-create-group makes the group",
			define: log("echo hello", `"awslogs-group": "/conform/$FAMILY", "awslogs-create-group": "true", "awslogs-stream-prefix": "p", `+region), then: []string{"STOPPED", "show", events}, want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · hello`},
		behaviour{rule: "awslogs: a group that is missing, and may not be made, fails the start",
			define: log("echo hello", `"awslogs-group": "/none/such", "awslogs-stream-prefix": "p", `+region), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. · app –`},
		behaviour{rule: "awslogs-multiline-pattern: a message begins where the pattern matches", before: []string{"logs create-log-group --log-group-name /conform/$FAMILY"},
			define: log("echo 'E one'; echo ' two'; echo 'E three'", `"awslogs-group": "/conform/$FAMILY", "awslogs-stream-prefix": "p", "awslogs-multiline-pattern": "^E ", `+region),
			then:   []string{"STOPPED", "~logs get-log-events --log-group-name /conform/$FAMILY --log-stream-name p/app/$ID --query 'events[?starts_with(message, `E three`)] && events[].message'"}, want: `E one; two E three`},
		behaviour{rule: "An option that awslogs does not have", define: log("true", `"awslogs-group": "/g", "awslogs-colour": "blue", `+region), want: `ClientException: Log driver awslogs disallows options: awslogs-colour`},
		behaviour{rule: "awslogs needs its group", define: log("true", region), want: `ClientException: Log driver awslogs requires options: awslogs-group`},
		behaviour{rule: "Without awslogs-stream-prefix the stream is the container's id", before: []string{"logs create-log-group --log-group-name /conform/$FAMILY"},
			define: log("echo hello", `"awslogs-group": "/conform/$FAMILY", `+region), then: []string{"STOPPED", "~logs describe-log-streams --log-group-name /conform/$FAMILY --query logStreams[].logStreamName"}, want: `…`},
		behaviour{rule: "A log driver that does not exist", define: task("", box("app", "true", `"logConfiguration": {"logDriver": "pigeon"}`)), want: `ClientException: Invalid setting for container 'app'. The log driver 'pigeon' is not one of [awsfirelens,awslogs,fluentd,gelf,journald,json-file,none,splunk,syslog].`},
		behaviour{rule: "json-file is the engine's, with its options", define: task("", box("app", "true", `"logConfiguration": {"logDriver": "json-file", "options": {"max-size": "1m"}}`)), want: found},
		behaviour{rule: "none: a container without logs runs", define: task("", box("app", "true", `"logConfiguration": {"logDriver": "none"}`)), want: found},
	)
}

func tagBehaviours() []behaviour {
	app := task(`"tags": [{"key": "team", "value": "blue"}]`, box("app", "true", ""))
	const tags = " --include TAGS --query tasks[0].tags[].[key,value]"
	const describe = "ecs describe-tasks --tasks $TASK" + tags
	const run = "ecs run-task --task-definition $FAMILY "
	return of("Tags",
		behaviour{rule: "A task has no tags of its definition by itself", define: app, norun: true, then: []string{run + "--query 'length(tasks[0].tags)'"}, want: `0`},
		behaviour{rule: "propagateTags TASK_DEFINITION gives the task the tags of its definition", define: app, norun: true, then: []string{run + "--propagate-tags TASK_DEFINITION --query tasks[0].tags[].[key,value]"}, want: `team blue`},
		behaviour{rule: "tags of the request come beside those; of one key the request's wins", define: app, norun: true,
			then: []string{run + "--propagate-tags TASK_DEFINITION --tags key=team,value=red key=more,value=1 --query 'sort_by(tasks[0].tags, &key)[].[key,value]'"}, want: `more 1; team red`},
		behaviour{rule: "enableECSManagedTags adds the cluster's name", define: app, norun: true, then: []string{run + "--enable-ecs-managed-tags --query tasks[0].tags[].[key,value]"}, want: `aws:ecs:clusterName default`},
		behaviour{rule: "propagateTags SERVICE is no service's task: refused", define: app, norun: true, then: []string{run + "--propagate-tags SERVICE"}, want: `InvalidParameterException: propagateTags should be one of [TASK_DEFINITION,NONE]`},
		behaviour{rule: "DescribeTasks tells tags only when they are included", define: app, run: "--tags key=a,value=b",
			then: []string{"ecs describe-tasks --tasks $TASK --query 'length(tasks[0].tags || `[]`)'"}, want: `0`},
		behaviour{rule: "Tags of a running task can be added and removed", define: task("", box("app", idle, "")), run: "--tags key=a,value=b",
			then: []string{"-ecs tag-resource --resource-arn $TASK --tags key=c,value=d", "-ecs untag-resource --resource-arn $TASK --tag-keys a", describe}, want: `c d`},
		behaviour{rule: "StopTask removes the task's tags", define: task("", box("app", idle, "")), run: "--tags key=a,value=b",
			then: []string{"RUNNING", "-ecs stop-task --task $TASK", "STOPPED", "ecs describe-tasks --tasks $TASK --include TAGS --query 'length(tasks[0].tags || `[]`)'"}, want: `0`},
		behaviour{rule: "The prefix aws: is reserved", define: app, norun: true, then: []string{run + "--tags key=aws:x,value=y"}, want: `InvalidParameterException: Tag key "aws:x" is not valid: the prefix aws: is reserved.`},
	)
}

// clusterBehaviours change what is common to all.
func clusterBehaviours() []behaviour {
	quick := task("", box("app", "true", ""))
	const run = "ecs run-task --task-definition $FAMILY "
	const state = "-ecs update-container-instances-state --container-instances $INSTANCE2 --status "
	rows := of("Clusters, instances, account",
		behaviour{rule: "DRAINING: no task is placed on the instance", define: quick, norun: true,
			then: []string{state + "DRAINING", run + "--count 2 --query 'tasks[].containerInstanceArn'", state + "ACTIVE"}, want: `instance1 instance1`},
		behaviour{rule: "DRAINING: a task of its own runs on", define: task("", box("app", idle, "")), run: "--placement-constraints 'type=memberOf,expression=attribute:colour == blue'",
			then: []string{"RUNNING", state + "DRAINING", "show", "ecs list-container-instances --status DRAINING --query containerInstanceArns", state + "ACTIVE"}, want: `RUNNING · app – · instance2`},
		behaviour{rule: "binpack of memory takes the instance with the least memory left", define: quick, norun: true,
			then: []string{"-ecs start-task --task-definition $FAMILY --container-instances $INSTANCE2 --overrides '" + `{"containerOverrides": [{"name": "app", "memory": 800, "command": ["sleep 9"]}]}` + "'",
				run + "--count 2 --placement-strategy type=binpack,field=memory --query tasks[].containerInstanceArn"}, want: `instance2 instance2`},
		behaviour{rule: "StartTask on an instance that is DRAINING is refused", define: quick, norun: true,
			then: []string{state + "DRAINING", "ecs start-task --task-definition $FAMILY --container-instances $INSTANCE2 --query failures[].reason", state + "ACTIVE"}, want: `INACTIVE`},
		behaviour{rule: "The state of an instance is ACTIVE or DRAINING", then: []string{"ecs update-container-instances-state --container-instances $INSTANCE2 --status IDLE"}, want: `InvalidParameterException: Container instance status should be one of [ACTIVE, DRAINING]`},
		behaviour{rule: "An instance with running tasks is deregistered by force only", define: task("", box("app", idle, "")), run: "--placement-constraints 'type=memberOf,expression=attribute:colour == blue'",
			then: []string{"RUNNING", "ecs deregister-container-instance --container-instance $INSTANCE2"}, want: `InvalidParameterException: Found running tasks on the instance.`},
		behaviour{rule: "An instance that an agent registers takes no tasks until the agent is connected, and its cluster is not deleted", define: quick, norun: true, then: []string{
			"-ecs create-cluster --cluster-name elsewhere",
			"ecs register-container-instance --cluster elsewhere --total-resources name=CPU,type=INTEGER,integerValue=1024 name=MEMORY,type=INTEGER,integerValue=512 --query containerInstance.[status,agentConnected]",
			run + "--cluster elsewhere --query failures[].reason", "ecs delete-cluster --cluster elsewhere"},
			want: `ACTIVE False · AGENT · ClusterContainsContainerInstancesException: The Cluster cannot be deleted while Container Instances are active or draining.`},
		behaviour{rule: "A filter of the cluster query language lists instances", then: []string{"ecs list-container-instances --filter 'attribute:colour == blue' --query containerInstanceArns"}, want: `instance2`},
		behaviour{rule: "A cluster is made without instances, and deleted; it can be described for a while", define: quick, norun: true, then: []string{"ecs create-cluster --cluster-name other --query cluster.[clusterName,status]",
			"ecs run-task --cluster other --task-definition $FAMILY", "ecs delete-cluster --cluster other --query cluster.status", "ecs describe-clusters --clusters other --query clusters[].status"}, want: `other ACTIVE · InvalidParameterException: No Container Instances were found in your cluster. · INACTIVE · INACTIVE`},
		behaviour{rule: "A cluster with tasks is not deleted", define: task("", box("app", idle, "")), then: []string{"RUNNING", "ecs delete-cluster --cluster default"}, want: `ClusterContainsTasksException: The Cluster cannot be deleted while Tasks are active.`},
		behaviour{rule: "A cluster that does not exist is a failure of DescribeClusters, not an error", then: []string{"ecs describe-clusters --clusters nobody --query failures[].[arn,reason]"}, want: `cluster/nobody MISSING`},
		behaviour{rule: "Account settings have ECS's defaults", then: []string{"ecs list-account-settings --effective-settings --query 'sort_by(settings, &name)[].[name,value]'"}, want: `awsvpcTrunking disabled; containerInsights disabled; containerInstanceLongArnFormat enabled; defaultLogDriverMode non-blocking; dualStackIPv6 disabled; fargateEventWindows disabled; fargateFIPSMode disabled; fargateTaskRetirementWaitPeriod 7; guardDutyActivate off; serviceLongArnFormat enabled; tagResourceAuthorization on; taskLongArnFormat enabled`},
		behaviour{rule: "An account setting is put, listed, and deleted", then: []string{"ecs put-account-setting --name containerInsights --value enabled --query setting.[name,value]",
			"ecs list-account-settings --name containerInsights --query settings[].[name,value]", "-ecs delete-account-setting --name containerInsights", "ecs list-account-settings --name containerInsights --query 'length(settings)'"}, want: `containerInsights enabled · containerInsights enabled · 0`},
		behaviour{rule: "A setting that does not exist", then: []string{"ecs put-account-setting --name colours --value enabled"}, want: `InvalidParameterException: Invalid setting name: "colours".`},
		behaviour{rule: "A value that the setting does not have", then: []string{"ecs put-account-setting --name awsvpcTrunking --value perhaps"}, want: `InvalidParameterException: awsvpcTrunking should be one of [enabled,disabled]`},
		behaviour{rule: "An operation that is not supported says why", then: []string{"ecs update-container-agent --container-instance $INSTANCE1"}, want: `UnsupportedFeatureException: UpdateContainerAgent is not supported by Steady, because the agent is part of the steady binary; start a newer binary to update it, tasks run on meanwhile.`},
	)
	for i := range rows {
		rows[i].alone = true
	}
	return rows
}
