package e2e

import "strings"

func overrideBehaviours() []behaviour {
	const overrides = "--overrides '%'"
	with := func(json string) string { return strings.Replace(overrides, "%", json, 1) }
	app := func(members string) string { return with(`{"containerOverrides": [{"name": "app", ` + members + `}]}`) }
	return of("Overrides",
		behaviour{rule: "command is replaced", define: task("", box("app", "exit 1", "")), run: app(`"command": ["exit 9"]`), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 9`},
		behaviour{rule: "environment is added to, and replaces by name", define: task("", box("app", `test "$A-$B-$C" = 1-20-3`, `"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]`)),
			run: app(`"environment": [{"name": "B", "value": "20"}, {"name": "C", "value": "3"}]`), want: found},
		behaviour{rule: "memory replaces the hard limit", define: task("", box("app", `test $(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes) = 67108864`, "")),
			run: app(`"memory": 64`), want: found},
		behaviour{rule: "cpu and memoryReservation are told with the container", define: task("", box("app", "true", "")), run: app(`"cpu": 64, "memoryReservation": 16`),
			then: []string{"STOPPED", "ecs describe-tasks --tasks $TASK --query tasks[0].containers[0].[cpu,memory,memoryReservation]"}, want: `64 32 16`},
		behaviour{rule: "cpu and memory of the task are replaced", define: `{"cpu": "128", "memory": "32", "containerDefinitions": [{"name": "app", "image": "$SHELL", "command": ["true"]}]}`, run: with(`{"cpu": "256", "memory": "64"}`),
			then: []string{"STOPPED", "ecs describe-tasks --tasks $TASK --query tasks[0].[cpu,memory]"}, want: `256 64`},
		behaviour{rule: "The task tells its overrides", define: task("", box("app", "exit 1", "")), run: app(`"command": ["exit 0"]`),
			then: []string{"STOPPED", "ecs describe-tasks --tasks $TASK --query tasks[0].overrides.containerOverrides[].[name,command[0]]"}, want: `app exit 0`},
		behaviour{rule: "taskRoleArn and executionRoleArn are replaced", define: task("", box("app", "true", "")),
			run:  with(`{"taskRoleArn": "arn:aws:iam::000000000000:role/one", "executionRoleArn": "arn:aws:iam::000000000000:role/two"}`),
			then: []string{"STOPPED", "ecs describe-tasks --tasks $TASK --query tasks[0].overrides.[taskRoleArn,executionRoleArn]"}, want: `role/one role/two`},
		behaviour{rule: "An override names a container of the definition", define: task("", box("app", "true", "")), run: with(`{"containerOverrides": [{"name": "nobody", "command": ["x"]}]}`), want: `InvalidParameterException: Override for container named nobody is not a container in the TaskDefinition.`},
		behaviour{rule: "Overrides have at most 8192 characters", define: task("", box("app", "true", "")), run: app(`"command": ["` + strings.Repeat("x", 8192) + `"]`), want: `InvalidParameterException: The overrides have 8246 characters; at most 8192 are allowed.`},
		behaviour{rule: "Resources that no instance has: RESOURCE:MEMORY of each instance", define: task("", box("app", "true", "")), run: app(`"memory": 100000000`), want: `failures: RESOURCE:MEMORY, RESOURCE:MEMORY`},
		behaviour{rule: "RESOURCE:CPU of each instance", define: task("", box("app", "true", "")), run: app(`"cpu": 190000`), want: `failures: RESOURCE:CPU, RESOURCE:CPU`},
	)
}

func runBehaviours() []behaviour {
	quick := task("", box("app", "true", ""))
	registered := func(rule string, then ...string) behaviour {
		return behaviour{rule: rule, define: quick, norun: true, then: then}
	}
	want := func(b behaviour, observed string) behaviour {
		b.want = observed
		return b
	}
	goesOn := func(rule string, then ...string) behaviour {
		return behaviour{rule: rule, define: task("", box("app", idle, "")), norun: true, then: then}
	}
	const run = "ecs run-task --task-definition $FAMILY "
	const place = " --query 'sort(tasks[].containerInstanceArn)'"
	return of("RunTask, StartTask, StopTask",
		want(registered("count makes as many tasks", run+"--count 3 --query length(tasks)"), `3`),
		want(registered("count is at most 10", run+"--count 11"), `InvalidParameterException: count should be from 1 to 10.`),
		want(registered("group is family:FAMILY by default", run+"--query tasks[0].group"), `family:family`),
		want(registered("group and startedBy are kept", run+"--group nightly --started-by me --query tasks[0].[group,startedBy]"), `nightly me`),
		want(registered("service: begins no group of a caller", run+"--group service:web"), `InvalidParameterException: Invalid namespace for group.`),
		want(registered("startedBy has at most 128 characters", run+"--started-by "+strings.Repeat("x", 129)), `InvalidParameterException: startedBy longer than 128.`),
		want(goesOn("ListTasks finds by startedBy", "-"+run, "-"+run+"--started-by $FAMILY", "ecs list-tasks --started-by $FAMILY --query length(taskArns)"), `1`),
		want(registered("startedBy is the only filter of a list", "ecs list-tasks --started-by me --family $FAMILY"), `InvalidParameterException: startedBy must be the only filter.`),
		want(goesOn("clientToken: the same request again is the same task", run+"--client-token $FAMILY-one --query length(tasks)", "-"+run+"--client-token $FAMILY-one",
			"ecs list-tasks --family $FAMILY --query length(taskArns)"), `1 · 1`),
		want(registered("clientToken: another request with it is refused", "-"+run+"--client-token $FAMILY-two", run+"--client-token $FAMILY-two --count 2"), `ConflictException: The clientToken was used before with other parameters: use a new one.`),
		want(registered("distinctInstance puts each task on an instance of its own; the rest fails", run+"--count 3 --placement-constraints type=distinctInstance --query '[sort(tasks[].containerInstanceArn),failures[].reason]'"), `instance1 instance2; DistinctInstance placement constraint unsatisfied. DistinctInstance placement constraint unsatisfied.`),
		want(registered("memberOf chooses by the cluster query language", "-ecs put-attributes --attributes name=colour,value=blue,targetId=$INSTANCE2",
			run+"--count 2 --placement-constraints 'type=memberOf,expression=attribute:colour == blue'"+place), `instance2 instance2`),
		want(registered("memberOf that no instance meets", run+"--placement-constraints 'type=memberOf,expression=attribute:colour == none' --query failures[].reason"), `MemberOf placement constraint unsatisfied. MemberOf placement constraint unsatisfied.`),
		want(registered("An expression that cannot be read", run+"--placement-constraints 'type=memberOf,expression=attribute:colour =='"), `InvalidParameterException: Invalid placement of the task: placement constraint memberOf "attribute:colour ==": cluster query: at character 20: expected a value, found "the end" (put it in quotes if it is meant literally)`),
		want(registered("spread over instanceId counts the tasks of the group", run+"--count 2 --placement-strategy type=spread,field=instanceId"+place), `instance1 instance2`),
		want(registered("A strategy that does not exist", run+"--placement-strategy type=spread,field=colours"), `InvalidParameterException: Invalid placement of the task: placement strategy spread has field "colours"; use instanceId, host or attribute:NAME`),
		want(registered("StartTask runs a task on the instance that is named", "ecs start-task --task-definition $FAMILY --container-instances $INSTANCE1 --query tasks[].containerInstanceArn"), `instance1`),
		want(registered("StartTask on an instance that does not exist", "ecs start-task --task-definition $FAMILY --container-instances 00000000000000000000000000000000 --query failures[].reason"), `MISSING`),
		want(registered("A task definition that does not exist", "ecs run-task --task-definition nobody"), `ClientException: TaskDefinition not found.`),
		want(registered("A cluster that does not exist", run+"--cluster nobody"), `ClusterNotFoundException: Cluster not found.`),
		want(registered("StopTask of a task that does not exist", "ecs stop-task --task 00000000000000000000000000000000"), `InvalidParameterException: The referenced task was not found.`),
		want(registered("DescribeTasks tells what is missing", "ecs describe-tasks --tasks 00000000000000000000000000000000 --query failures[].[arn,reason]"), `task/default/… MISSING`),
		want(registered("enableExecuteCommand is kept", run+"--enable-execute-command --query tasks[0].enableExecuteCommand"), `True`),
		want(registered("volumeConfigurations (EBS) are refused by name", run+`--volume-configurations '[{"name": "data", "managedEBSVolume": {"roleArn": "arn:aws:iam::000000000000:role/x"}}]'`), `ClientException: volumeConfigurations is not supported by Steady yet: remove it from the request`),
	)
}

func definitionBehaviours() []behaviour {
	app := box("app", "true", "")
	refused := func(rule, definition string) behaviour { return behaviour{rule: rule, define: definition, norun: true} }
	registered := func(rule string, then ...string) behaviour {
		return behaviour{rule: rule, define: task("", app), norun: true, then: then}
	}
	want := func(b behaviour, observed string) behaviour {
		b.want = observed
		return b
	}
	const again = "ecs register-task-definition --family $FAMILY --container-definitions '[" + `{"name": "app", "image": "$SHELL", "memory": 32}` + "]' --query taskDefinition.revision"
	const describe = "ecs describe-task-definition --task-definition "
	return of("Task definitions",
		want(registered("Each registration is a new revision", again, again), `2 · 3`),
		want(registered("A family without revision is its newest ACTIVE one", "-"+again, "-ecs deregister-task-definition --task-definition $FAMILY:2", describe+"$FAMILY --query taskDefinition.[revision,status]"), `1 ACTIVE`),
		want(registered("A deregistered revision is INACTIVE, and can be described", "ecs deregister-task-definition --task-definition $FAMILY:1 --query taskDefinition.status", describe+"$FAMILY:1 --query taskDefinition.status"), `INACTIVE · INACTIVE`),
		want(registered("An INACTIVE revision runs no new tasks", "-ecs deregister-task-definition --task-definition $FAMILY:1", "ecs run-task --task-definition $FAMILY:1"), `ClientException: TaskDefinition is inactive`),
		want(registered("A number is not used again", "-ecs deregister-task-definition --task-definition $FAMILY:1", again), `2`),
		want(registered("Only what is INACTIVE can be deleted", "ecs delete-task-definitions --task-definitions $FAMILY:1 --query failures[].reason"), `The specified task definition is still in ACTIVE status. Please deregister the target and try again.`),
		want(registered("A deleted revision is DELETE_IN_PROGRESS at first", "-ecs deregister-task-definition --task-definition $FAMILY:1", "ecs delete-task-definitions --task-definitions $FAMILY:1 --query taskDefinitions[].status"), `DELETE_IN_PROGRESS`),
		want(registered("Deregistering needs the revision", "ecs deregister-task-definition --task-definition $FAMILY"), `ClientException: Revision is missing.`),
		want(registered("ListTaskDefinitions lists revisions in their order", "-"+again, "ecs list-task-definitions --family-prefix $FAMILY --query taskDefinitionArns"), `task-definition/family:1 task-definition/family:2`),
		want(registered("ListTaskDefinitionFamilies finds by prefix", "ecs list-task-definition-families --family-prefix $FAMILY --query families"), `family`),
		want(registered("A family that does not exist", describe+"nobody"), `ClientException: Unable to describe task definition.`),
		want(registered("A revision is a number", describe+"$FAMILY:x"), `InvalidParameterException: Invalid revision number. Number: x`),
		want(behaviour{rule: "compatibilities and requiresAttributes are worked out", norun: true,
			define: task(`"taskRoleArn": "arn:aws:iam::000000000000:role/any"`, box("app", "true", `"privileged": true, "healthCheck": {"command": ["CMD", "true"]}`)),
			then:   []string{describe + "$FAMILY --query '[sort(taskDefinition.compatibilities), sort(taskDefinition.requiresAttributes[].name)]'"}}, `EC2 EXTERNAL; com.amazonaws.ecs.capability.docker-remote-api.1.24 com.amazonaws.ecs.capability.privileged-container com.amazonaws.ecs.capability.task-iam-role ecs.capability.container-health-check`),
		want(refused("No containers", `{"containerDefinitions": []}`), `ClientException: Container definitions should not be empty`),
		want(refused("A container without a name", `{"containerDefinitions": [{"image": "$SHELL", "memory": 32}]}`), `ClientException: Container.name should not be null or empty.`),
		want(refused("A container without an image", `{"containerDefinitions": [{"name": "app", "memory": 32}]}`), `ClientException: Container.image should not be null or empty.`),
		want(refused("Neither memory nor memoryReservation, of container or task", `{"containerDefinitions": [{"name": "app", "image": "$SHELL"}]}`), `ClientException: Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.`),
		want(refused("memoryReservation is at most memory", task("", box("app", "true", `"memoryReservation": 65`))), `ClientException: Invalid setting for container 'app'. 'memory' should not be less than 'memoryReservation'.`),
		want(refused("memory is at least 6 MiB", `{"containerDefinitions": [{"name": "app", "image": "$SHELL", "memory": 5}]}`), `ClientException: Invalid setting for container 'app'. 'memory' should be at least 6 MiB.`),
		want(refused("Two containers of one name", task("", app, app)), `ClientException: Container names must be unique within a Task Definition.`),
		want(refused("More than 10 containers", task("", strings.Split(strings.TrimSuffix(strings.Repeat(app+"#", 11), "#"), "#")...)), `ClientException: Too many containers.`),
		want(refused("A definition has at most 64 KiB", task("", box("app", strings.Repeat("x", 70000), ""))), `ClientException: Actual length: '…'. Max allowed length is '65536' bytes.`),
		want(refused("A network mode that does not exist", task(`"networkMode": "tunnel"`, app)), `InvalidParameterException: networkMode should be one of [bridge,host,awsvpc,none]`),
		want(refused("A container port is at most 65535", task("", box("app", "true", `"portMappings": [{"containerPort": 65536}]`))), `ClientException: Invalid 'containerPort' setting for container 'app'.`),
		want(refused("Two mappings of one host port", task("", box("app", "true", `"portMappings": [{"containerPort": 80, "hostPort": 21320}, {"containerPort": 81, "hostPort": 21320}]`))), `ClientException: TCP host port '21320' is mapped multiple times in task.`),
		want(refused("proxyConfiguration is refused by name", task(`"proxyConfiguration": {"type": "APPMESH", "containerName": "app"}`, app)), `ClientException: proxyConfiguration is not supported by Steady yet: remove it from the task definition`),
	)
}

func fargateBehaviours() []behaviour {
	fargate := func(members string, containers ...string) string {
		return task(`"requiresCompatibilities": ["FARGATE"], `+members, containers...)
	}
	const size = `"networkMode": "awsvpc", "cpu": "256", "memory": "512"`
	app := box("app", "true", "")
	const launch = "--launch-type FARGATE " + subnet
	return of("Fargate",
		behaviour{rule: "A task on Fargate runs, and shows no container instance", define: fargate(size, app), run: launch,
			then: []string{"STOPPED", "show", "ecs describe-tasks --tasks $TASK --query tasks[0].[launchType,platformVersion,platformFamily,containerInstanceArn]"}, want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · FARGATE 1.4.0 Linux None`},
		behaviour{rule: "A capacity provider has to be associated with the cluster", define: fargate(size, app), run: "--capacity-provider-strategy capacityProvider=FARGATE,weight=1 " + subnet, want: `InvalidParameterException: The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.`},
		behaviour{rule: "cpu and memory may be given in vCPU and GB; they are told as units and MiB", define: fargate(`"networkMode": "awsvpc", "cpu": "1 vCPU", "memory": "2 GB"`, app), norun: true,
			then: []string{"ecs describe-task-definition --task-definition $FAMILY --query taskDefinition.[cpu,memory]"}, want: `1024 2048`},
		behaviour{rule: "Only some sizes exist", define: fargate(`"networkMode": "awsvpc", "cpu": "256", "memory": "4096"`, app), want: `ClientException: No Fargate configuration exists for given values: 256 CPU, 4096 memory`},
		behaviour{rule: "A size is required", define: fargate(`"networkMode": "awsvpc"`, app), want: `ClientException: Fargate requires that 'cpu' be defined at the task level.`},
		behaviour{rule: "The network mode is awsvpc", define: fargate(`"cpu": "256", "memory": "512"`, app), want: `ClientException: Fargate only supports network mode ‘awsvpc’.`},
		behaviour{rule: "privileged is refused", define: fargate(size, box("app", "true", `"privileged": true`)), want: `ClientException: Fargate compatible task definitions do not support privileged`},
		behaviour{rule: "Volumes of the host are refused", define: fargate(size+`, "volumes": [{"name": "data", "host": {"sourcePath": "/tmp"}}]`, app), want: `ClientException: Fargate compatible task definitions do not support sourcePath`},
		behaviour{rule: "stopTimeout is at most 120 s", define: fargate(size, box("app", "true", `"stopTimeout": 121`)), want: `ClientException: Invalid setting for container 'app'. 'stopTimeout' should be at most 120 on Fargate.`},
		behaviour{rule: "ephemeralStorage is at least 21 GiB", define: fargate(size+`, "ephemeralStorage": {"sizeInGiB": 20}`, app), want: `ClientException: EphemeralStorage size should be at least 21`},
		behaviour{rule: "ephemeralStorage is at most 200 GiB", define: fargate(size+`, "ephemeralStorage": {"sizeInGiB": 201}`, app), want: `ClientException: EphemeralStorage size should be at most 200`},
		behaviour{rule: "networkConfiguration is needed", define: fargate(size, app), run: "--launch-type FARGATE", want: `InvalidParameterException: Network Configuration must be provided when networkMode 'awsvpc' is specified.`},
		behaviour{rule: "Placement constraints are refused", define: fargate(size, app), run: launch + " --placement-constraints type=distinctInstance", want: `InvalidParameterException: Placement constraints are not supported with FARGATE launch type.`},
		behaviour{rule: "A definition for EC2 does not run on Fargate", define: task(`"networkMode": "awsvpc"`, app), run: launch, want: `InvalidParameterException: Task definition does not support launch_type FARGATE.`},
		behaviour{rule: "A parameter that does not exist, in Fargate's words", define: fargate(size+`, "executionRoleArn": "arn:aws:iam::000000000000:role/any"`, box("app", "true", `"secrets": [{"name": "WORD", "valueFrom": "/none/such"}]`)), run: launch, want: `STOPPED · TaskFailedToStart · ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /none/such · app –`},
		behaviour{rule: "A log group that is missing, in Fargate's words", define: fargate(size+`, "executionRoleArn": "arn:aws:iam::000000000000:role/any"`, box("app", "true", `"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/none/such", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}}`)), run: launch, want: `STOPPED · TaskFailedToStart · ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1 · app –`},
		behaviour{rule: "EXTERNAL tasks run on the cluster's instances", define: task(`"requiresCompatibilities": ["EXTERNAL"]`, app), run: "--launch-type EXTERNAL", want: found},
	)
}
