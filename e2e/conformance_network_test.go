package e2e

const (
	bindings   = "ecs describe-tasks --tasks $TASK --query tasks[0].containers[0].networkBindings[].[bindIP,containerPort,hostPort,protocol]"
	subnet     = "--network-configuration awsvpcConfiguration={subnets=[subnet-lan],securityGroups=[sg-lan]}"
	attachment = "ecs describe-tasks --tasks $TASK --query tasks[0].attachments[].[type,status,details[].name]"
)

func networkBehaviours() []behaviour {
	ports := func(mappings string) string { return box("app", idle, `"portMappings": [`+mappings+`]`) }
	return of("Networks",
		behaviour{rule: "bridge: a container port without hostPort is published at a dynamic port", define: task("", ports(`{"containerPort": 80}`)),
			then: []string{"RUNNING", bindings}, want: `0.0.0.0 80 … tcp`},
		behaviour{rule: "bridge: hostPort 0 is a dynamic port; protocol is tcp or udp", define: task("", ports(`{"containerPort": 53, "hostPort": 0, "protocol": "udp"}`)),
			then: []string{"RUNNING", bindings}, want: `0.0.0.0 53 … udp`},
		behaviour{rule: "bridge: a fixed hostPort is published as such", define: task("", ports(`{"containerPort": 80, "hostPort": 21311}`)),
			then: []string{"RUNNING", bindings}, want: `0.0.0.0 80 21311 tcp`},
		behaviour{rule: "A fixed port is taken once on a machine: of three copies its two instances take one", define: task("", ports(`{"containerPort": 80, "hostPort": 21312}`)), norun: true,
			then: []string{"ecs run-task --task-definition $FAMILY --count 3 --query [length(tasks),failures[].reason]"}, want: `1; RESOURCE:PORTS RESOURCE:PORTS`},
		behaviour{rule: "Port 22 is reserved on each instance", define: task("", ports(`{"containerPort": 80, "hostPort": 22}`)), want: `failures: RESOURCE:PORTS, RESOURCE:PORTS`},
		behaviour{rule: "containerPortRange gets as many host ports in a row, told as a range", define: task("", ports(`{"containerPortRange": "9000-9002"}`)),
			then: []string{"RUNNING", "ecs describe-tasks --tasks $TASK --query tasks[0].containers[0].networkBindings[].[containerPortRange,hostPortRange]"}, want: `9000-9002 …-…`},
		behaviour{rule: "bridge: links are names in /etc/hosts of a container that is started first", define: task("",
			box("db", idle, `"essential": false`), box("app", `grep -q other /etc/hosts && ping -c 1 other >/dev/null`, `"links": ["db:other"]`)), want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · db 0`},
		behaviour{rule: "bridge: links name containers of the task", define: task("", box("app", "true", `"links": ["nobody"]`)), want: `ClientException: Invalid setting for container 'app'. The link 'nobody' should be 'name' or 'name:alias' of another container of the task definition.`},
		behaviour{rule: "host: the container is in the instance's network", define: task(`"networkMode": "host"`, box("app", `test $(ls /sys/class/net | wc -l) -gt 2`, "")), want: found},
		behaviour{rule: "host: a port is its own host port, held by placement", define: task(`"networkMode": "host"`, ports(`{"containerPort": 21313}`)),
			then: []string{"RUNNING", bindings, "ecs run-task --task-definition $FAMILY --count 3 --query [length(tasks),failures[].reason]"}, want: `0.0.0.0 21313 21313 tcp · 0; RESOURCE:PORTS RESOURCE:PORTS`},
		behaviour{rule: "host: hostPort is containerPort or left out", define: task(`"networkMode": "host"`, ports(`{"containerPort": 80, "hostPort": 81}`)), want: `ClientException: When networkMode=host, the host ports and container ports in port mappings must match.`},
		behaviour{rule: "none: the loopback interface only", define: task(`"networkMode": "none"`, box("app", `test "$(ls /sys/class/net)" = lo`, "")), want: found},
		behaviour{rule: "none: no ports", define: task(`"networkMode": "none"`, ports(`{"containerPort": 80}`)), want: `ClientException: Invalid setting for container 'app'. Port mappings are not supported when networkMode=none.`},
		behaviour{rule: "awsvpc: the task has an interface of its own, told as an attachment", define: task(`"networkMode": "awsvpc"`, ports(`{"containerPort": 80}`)), run: subnet,
			then: []string{"RUNNING", attachment, "ecs describe-tasks --tasks $TASK --query length(tasks[0].containers[0].networkBindings)"}, want: `ElasticNetworkInterface ATTACHED; subnetId networkInterfaceId macAddress privateDnsName privateIPv4Address · 0`},
		behaviour{rule: "awsvpc: the containers of a task reach each other over localhost", define: task(`"networkMode": "awsvpc"`,
			box("web", untilTold("echo hello >/tmp/index.html; httpd -p 8000 -h /tmp"), `"essential": false`),
			box("app", `until wget -q -O - http://127.0.0.1:8000/ | grep -q hello; do sleep 0.1; done`, "")), run: subnet, want: `STOPPED · EssentialContainerExited · Essential container in task exited · app 0 · web 0`},
		behaviour{rule: "awsvpc: the interface goes with the task", define: task(`"networkMode": "awsvpc"`, box("app", "true", "")), run: subnet,
			then: []string{"STOPPED", "ecs describe-tasks --tasks $TASK --query tasks[0].attachments[].status"}, want: `DELETED`},
		behaviour{rule: "awsvpc needs networkConfiguration", define: task(`"networkMode": "awsvpc"`, box("app", "true", "")), want: `InvalidParameterException: Network Configuration must be provided when networkMode 'awsvpc' is specified.`},
		behaviour{rule: "The other modes take no networkConfiguration", define: task("", box("app", "true", "")), run: subnet, want: `InvalidParameterException: Network Configuration is not valid for the given networkMode of this task definition.`},
		behaviour{rule: "awsvpc: hostPort is containerPort or left out", define: task(`"networkMode": "awsvpc"`, ports(`{"containerPort": 80, "hostPort": 81}`)), run: subnet, want: `ClientException: When networkMode=awsvpc, the host ports and container ports in port mappings must match.`},
		behaviour{rule: "awsvpc: links are refused", define: task(`"networkMode": "awsvpc"`, box("db", idle, ""), box("app", "true", `"links": ["db"]`)), run: subnet, want: `ClientException: Links are not supported when networkMode=awsvpc.`},
		behaviour{rule: "awsvpc: a public address is for Fargate only", define: task(`"networkMode": "awsvpc"`, box("app", "true", "")),
			run: "--network-configuration awsvpcConfiguration={subnets=[subnet-lan],assignPublicIp=ENABLED}", want: `InvalidParameterException: Assign public IP is not supported for this launch type.`},
	)
}
