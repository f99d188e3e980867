package e2e

const (
	volume  = `"volumes": [{"name": "data"}]`
	inData  = `"mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]`
	healthy = `"healthCheck": {"command": ["CMD-SHELL", "test -e /tmp/well"], "interval": 5, "startPeriod": 60}`
)

// Containers are started in the order of their dependencies.
func orderBehaviours() []behaviour {
	side := func(name, script, more string) string {
		if more != "" {
			more = ", " + more
		}
		return box(name, script, `"essential": false`+more)
	}
	after := func(name, condition string) string {
		return `"dependsOn": [{"containerName": "` + name + `", "condition": "` + condition + `"}]`
	}
	shared := func(members ...string) string {
		s := inData
		for _, m := range members {
			s += ", " + m
		}
		return s
	}
	return of("Order of containers",
		behaviour{rule: "START: the dependency runs, or ran, before the container is started", define: task(volume,
			side("first", untilTold("echo up >/data/up"), shared()), box("app", "until test -e /data/up; do sleep 0.1; done", shared(after("first", "START")))), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · first 0`},
		behaviour{rule: "COMPLETE: the dependency has ended, with whatever code", define: task(volume,
			side("first", "sleep 1; echo done >/data/done; exit 3", shared()), box("app", "test -e /data/done", shared(after("first", "COMPLETE")))), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · first 3`},
		behaviour{rule: "SUCCESS: the dependency has ended with 0", define: task(volume,
			side("first", "sleep 1; echo done >/data/done", shared()), box("app", "test -e /data/done", shared(after("first", "SUCCESS")))), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · first 0`},
		behaviour{rule: "SUCCESS: a dependency that fails ends the task", define: task("", side("first", "exit 3", ""), box("app", "true", after("first", "SUCCESS"))), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [first(shell) (STOPPED->RUNNING) - Exit: 3] for target [app(shell) (PULLED->RUNNING)] as dependency did not exit successfully. · app 143 · first 3`},
		behaviour{rule: "HEALTHY: the dependency's health check has passed", define: task(volume,
			side("first", untilTold("sleep 1; touch /tmp/well /data/well"), shared(healthy)), box("app", "test -e /data/well", shared(after("first", "HEALTHY")))), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · first 0`},
		behaviour{rule: "startTimeout: a dependency that takes longer ends the task", define: task("", side("first", idle, `"startTimeout": 2`), box("app", "true", after("first", "COMPLETE"))), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: dependency graph: container ordering dependency [first(shell) (RUNNING->RUNNING)] for target [app(shell) (PULLED->RUNNING)] has timed out. · app 143 · first 0`},
		behaviour{rule: "A dependency that cannot be started ends the task", define: task("",
			`{"name": "first", "image": "$SHELL", "memory": 32, "essential": false, "entryPoint": ["/none"]}`, box("app", "true", after("first", "START"))), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [first(shell) (STOPPED->STOPPED)] for target [app(shell) (PULLED->RUNNING)] because dependency will never start · app 143 · first – (CannotStartContainerError: Error response from daemon: … exec: "/none": stat /none: no such file or directory: unknown)`},
		behaviour{rule: "The task is RUNNING only when its last container is", define: task("", side("first", "exit 0", ""), box("app", idle, after("first", "SUCCESS"))),
			then: []string{"RUNNING", "show"}, want: `RUNNING · app – · first 0`},
		behaviour{rule: "On stop a container is told to end after those that depend on it have ended", define: task(volume,
			box("db", `trap 'test -e /data/gone && exit 0 || exit 1' TERM; touch /data/db; sleep 600 & wait`, shared()),
			box("app", `trap 'sleep 1; touch /data/gone; exit 0' TERM; until test -e /data/db; do sleep 0.1; done; touch /tmp/well; sleep 600 & wait`, shared(after("db", "START"), healthy))),
			then: []string{"RUNNING", "-~ecs describe-tasks --tasks $TASK --query 'tasks[].containers[?healthStatus==`HEALTHY`].name[]'", "-ecs stop-task --task $TASK", "STOPPED", "show"}, want: `STOPPED · UserInitiated · Task stopped by user · app 0 · db 0`},
		behaviour{rule: "A cycle is refused", define: task("", box("a", "true", after("b", "START")), box("b", "true", after("a", "START"))), want: `ClientException: Invalid setting for container 'a'. Its 'dependsOn', 'links' and 'volumesFrom' lead back to itself.`},
		behaviour{rule: "A dependency names a container of the task", define: task("", box("app", "true", after("nobody", "START"))), want: `ClientException: Cannot depend on container + 'nobody' because it does not exist`},
		behaviour{rule: "COMPLETE and SUCCESS cannot be asked of an essential container", define: task("", box("first", "true", ""), box("app", "true", after("first", "SUCCESS"))), want: `ClientException: A dependency container with SUCCESS or COMPLETE condition cannot be an essential container`},
		behaviour{rule: "HEALTHY needs a health check", define: task("", side("first", "true", ""), box("app", "true", after("first", "HEALTHY"))), want: `ClientException: Invalid setting for container 'app'. It depends on the container 'first' with the condition HEALTHY, which has no health check: give it one.`},
	)
}

// A task ends with its essential containers.
func endBehaviours() []behaviour {
	exits := func(rule, script, members string) behaviour {
		return behaviour{rule: rule, define: task("", box("app", script, members))}
	}
	want := func(b behaviour, observed string) behaviour {
		b.want = observed
		return b
	}
	file := func(entry string) string {
		return task("", `{"name": "app", "image": "$SHELL", "memory": 32, "entryPoint": ["`+entry+`"]}`)
	}
	stopped := []string{"READY", "RUNNING", "-ecs stop-task --task $TASK", "STOPPED", "show"}
	const init = `"linuxParameters": {"initProcessEnabled": true}`
	return of("The end of a task",
		want(exits("An essential container that ends with 0 ends the task", "exit 0", ""), found),
		want(exits("An essential container that ends with 1 ends the task in the same way", "exit 1", ""), `STOPPED · EssentialContainerExited · Essential container in task exited · app 1`),
		want(exits("A container that segfaults has 128 + 11", "kill -SEGV $$", init), `STOPPED · EssentialContainerExited · Essential container in task exited · app 139`),
		want(exits("A container that uses more than its memory is killed", `x=; while :; do x="$x$(head -c 4000000 /dev/zero | tr '\0' x)"; done`, ""), `STOPPED · EssentialContainerExited · Essential container in task exited · app 137 (OutOfMemoryError: Container killed due to memory usage)`),
		behaviour{rule: "A container that is not essential may end; the task goes on", define: task("", box("side", "exit 5", `"essential": false`), box("app", idle, "")),
			then: []string{"RUNNING", "-~ecs describe-tasks --tasks $TASK --query 'tasks[].containers[?exitCode==`5`].name[]'", "show"}, want: `RUNNING · app – · side 5`},
		behaviour{rule: "When an essential container ends, the others are told to end", define: task(volume,
			box("other", untilTold("touch /data/up"), inData), box("app", "until test -e /data/up; do sleep 0.1; done; exit 4", inData)), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 4 · other 0`},
		behaviour{rule: "StopTask sends SIGTERM; who ends in time has the code of its own", define: listening("'exit 7'", ""), then: stopped, want: `STOPPED · UserInitiated · Task stopped by user · app 7`},
		behaviour{rule: "A program that SIGTERM ends has 128 + 15", define: task("", box("app", "exec sleep 600", init)), then: stopped[1:], want: `STOPPED · UserInitiated · Task stopped by user · app 143`},
		behaviour{rule: "After stopTimeout comes SIGKILL: 128 + 9", define: listening("''", `"stopTimeout": 2`), then: stopped, want: `STOPPED · UserInitiated · Task stopped by user · app 137`},
		behaviour{rule: "StopTask's reason is the task's stoppedReason", define: listening("'exit 0'", ""),
			then: []string{"READY", "RUNNING", "-ecs stop-task --task $TASK --reason 'it was enough'", "STOPPED", "show"}, want: `STOPPED · UserInitiated · it was enough · app 0`},
		behaviour{rule: "desiredStatus is STOPPED at once, lastStatus follows", define: listening("'sleep 2; exit 0'", ""),
			then: []string{"READY", "RUNNING", "ecs stop-task --task $TASK --query task.[desiredStatus,lastStatus]"}, want: `STOPPED RUNNING`},
		behaviour{rule: "A stopped task can be described and listed as such", define: task("", box("app", "true", "")),
			then: []string{"STOPPED", "ecs list-tasks --family $FAMILY --query length(taskArns)", "ecs list-tasks --family $FAMILY --desired-status STOPPED --query length(taskArns)"}, want: `0 · 1`},
		behaviour{rule: "A command that the image does not have", define: file("no-such-command"), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: Error response from daemon: … exec: "no-such-command": executable file not found in $PATH: unknown · app –`},
		behaviour{rule: "A file that the image does not have", define: file("/no/such/file"), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: Error response from daemon: … exec: "/no/such/file": stat /no/such/file: no such file or directory: unknown · app –`},
		behaviour{rule: "A file that is not executable", define: file("/etc/passwd"), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: Error response from daemon: … exec: "/etc/passwd": permission denied: unknown · app –`},
		behaviour{rule: "An image in a registry that does not answer", define: `{"containerDefinitions": [{"name": "app", "image": "localhost:1/nothing:1", "memory": 32}]}`, want: `STOPPED · TaskFailedToStart · CannotPullContainerError: ref pull has been retried 5 time(s): Error response from daemon: Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused · app –`},
		behaviour{rule: "An image that its registry does not have", define: `{"containerDefinitions": [{"name": "app", "image": "$REGISTRY/app:v1", "memory": 32}]}`, want: `STOPPED · TaskFailedToStart · CannotPullContainerError: Error response from daemon: manifest for registry/app:v1 not found: manifest unknown: Unknown manifest · app –`},
		behaviour{rule: "One container that cannot be started stops those that were", define: task("", box("other", untilTold("touch /tmp/well"), healthy),
			`{"name": "app", "image": "$SHELL", "memory": 32, "entryPoint": ["/none"], "dependsOn": [{"containerName": "other", "condition": "HEALTHY"}]}`), want: `STOPPED · TaskFailedToStart · CannotStartContainerError: Error response from daemon: … exec: "/none": stat /none: no such file or directory: unknown · app – · other 0`},
		behaviour{rule: "restartPolicy: a container that ends before its attempt period is over is not restarted", define: task("", box("app", "exit 3", `"restartPolicy": {"enabled": true, "restartAttemptPeriod": 60}`)), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 3`},
		behaviour{rule: "restartPolicy: restartAttemptPeriod is 60 to 1800 s", define: task("", box("app", "exit 3", `"restartPolicy": {"enabled": true, "restartAttemptPeriod": 59}`)), want: `ClientException: Invalid setting for container 'app'. 'restartAttemptPeriod' should be from 60 to 1800 seconds.`},
		behaviour{rule: "restartPolicy: a code of ignoredExitCodes is the container's end", define: task("", box("app", "exit 3", `"restartPolicy": {"enabled": true, "ignoredExitCodes": [3]}`)), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 3`},
		behaviour{rule: "At least one container is essential", define: task("", box("app", "true", `"essential": false`)), want: `ClientException: Task definition doesn't have any essential container.`},
	)
}

func healthBehaviours() []behaviour {
	checked := func(command string, more string) string {
		return box("app", idle, `"healthCheck": {"command": [`+command+`], "interval": 5, "timeout": 2, "retries": 1`+more+`}`)
	}
	seen := "ecs describe-tasks --tasks $TASK --query tasks[0].[lastStatus,healthStatus,containers[0].healthStatus]"
	return of("Health",
		behaviour{rule: "CMD-SHELL: a check that ends with 0 makes the container, and so the task, HEALTHY", define: task("", checked(`"CMD-SHELL", "exit 0"`, "")), then: []string{"HEALTHY", seen}, want: `RUNNING HEALTHY HEALTHY`},
		behaviour{rule: "CMD: a check without a shell", define: task("", checked(`"CMD", "test", "-d", "/etc"`, "")), then: []string{"HEALTHY", seen}, want: `RUNNING HEALTHY HEALTHY`},
		behaviour{rule: "After its retries a failing check is UNHEALTHY; a task of its own goes on running", define: task("", checked(`"CMD-SHELL", "exit 1"`, "")), then: []string{"UNHEALTHY", seen}, want: `RUNNING UNHEALTHY UNHEALTHY`},
		behaviour{rule: "A check that takes longer than its timeout has failed", define: task("", checked(`"CMD-SHELL", "sleep 30"`, "")), then: []string{"UNHEALTHY", seen}, want: `RUNNING UNHEALTHY UNHEALTHY`},
		behaviour{rule: "Without a check the task's health is UNKNOWN", define: task("", box("app", idle, "")), then: []string{"RUNNING", seen}, want: `RUNNING UNKNOWN UNKNOWN`},
		behaviour{rule: "An essential container without a check keeps the task's health UNKNOWN", define: task("", checked(`"CMD-SHELL", "exit 0"`, ""), box("other", idle, "")),
			then: []string{"RUNNING", "~ecs describe-tasks --tasks $TASK --query \"tasks[?containers[?name=='app'].healthStatus|[0]=='HEALTHY'].healthStatus\""}, want: `UNKNOWN`},
		behaviour{rule: "interval is 5 to 300 s", define: task("", box("app", "true", `"healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 4}`)), want: `ClientException: Health check interval must be greater than or equal to the minimum allowed value 5 for container 'app'`},
		behaviour{rule: "The command begins with CMD or CMD-SHELL", define: task("", box("app", "true", `"healthCheck": {"command": ["true"]}`)), want: `ClientException: Health check command must start with CMD or CMD-SHELL for container 'app'`},
	)
}
