package e2e

// What containers ask of the agent; in network mode host, which asks nothing of the
// machine. The other modes have TestEndpointsOfTasks.
func endpointBehaviours() []behaviour {
	asks := func(rule, members, script string) behaviour {
		return behaviour{rule: rule, define: task(`"networkMode": "host"`+members, box("app", script, "")), want: found}
	}
	const role = `, "taskRoleArn": "arn:aws:iam::000000000000:role/$FAMILY"`
	withRole := asks("AWS_CONTAINER_CREDENTIALS_FULL_URI gives credentials of the task's role", role,
		`wget -qO- $AWS_CONTAINER_CREDENTIALS_FULL_URI | grep -q '"RoleArn":"arn:aws:iam::000000000000:role/$FAMILY"'`)
	withRole.before = []string{`iam create-role --role-name $FAMILY --assume-role-policy-document '` + trustTasks + `'`}
	return of("Endpoints of the agent",
		asks("ECS_CONTAINER_METADATA_URI_V4 tells a container of itself", "", `wget -qO- $ECS_CONTAINER_METADATA_URI_V4 | grep -q '"Name":"app"'`),
		asks("Its /task tells of the task", "", `wget -qO- $ECS_CONTAINER_METADATA_URI_V4/task | grep -q '"Family":"$FAMILY"'`),
		asks("Its /stats tells the engine's statistics", "", `wget -qO- $ECS_CONTAINER_METADATA_URI_V4/stats | grep -q '"memory_stats"'`),
		asks("ECS_CONTAINER_METADATA_URI is version 3 of the same", "", `wget -qO- $ECS_CONTAINER_METADATA_URI/task | grep -q '"Family":"$FAMILY"'`),
		withRole,
		asks("A task without a role is told of no credentials", "", `test -z "$AWS_CONTAINER_CREDENTIALS_FULL_URI$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"`),
		asks("AWS_EXECUTION_ENV says what runs the task", "", `test $AWS_EXECUTION_ENV = AWS_ECS_EC2`),
	)
}
