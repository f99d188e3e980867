package e2e

import "strings"

// boundsTasks is the attribute of an instance whose agent makes a cgroup for each task.
const boundsTasks = "ecs.capability.task-cpu-mem-limit"

// The limits of a task are those of all its containers together.
func boundBehaviours() []behaviour {
	// looks is a task whose container looks at the cgroup that its own is in, and which has
	// another container. The file is that of version 1 of cgroups, or of version 2.
	looks := func(members, files, test string) string {
		return task(members+`"volumes": [{"name": "cgroups", "host": {"sourcePath": "/sys/fs/cgroup"}}]`,
			box("app", `found=$(for d in $(find /host -maxdepth 4 -type d -path "*/ecs/*/$(hostname)*"); do for f in `+files+`; do cat $d/../$f; done; done 2>/dev/null); `+test,
				`"cpu": 64, "dependsOn": [{"containerName": "side", "condition": "SUCCESS"}], "mountPoints": [{"sourceVolume": "cgroups", "containerPath": "/host", "readOnly": true}]`),
			box("side", "true", `"cpu": 32, "essential": false`))
	}
	// holds is a container that takes so much memory, less than the 40 MiB that it may.
	holds := func(name, memory, more string) string {
		return strings.Replace(box(name, holding(memory), more), `"memory": 32`, `"memory": 40`, 1)
	}
	const size = `"cpu": "256", "memory": "80", `
	const together = " of the cgroup that the task's containers have in common"
	rows := of("Members of a task",
		behaviour{rule: "cpu of the task is the quota" + together, define: looks(size, "cpu.cfs_quota_us cpu.max", `test "${found%% *}" = 25000`), want: found + " · side 0"},
		behaviour{rule: "memory of the task is the hard limit" + together, define: looks(size, "memory.limit_in_bytes memory.max", `test "$found" = 83886080`), want: found + " · side 0"},
		behaviour{rule: "Without cpu of the task its containers' cpu is, in sum, the weight" + together, define: looks("", "cpu.shares cpu.weight", `test "$found" = 96 || test "$found" = 4`), want: found + " · side 0"},
		behaviour{rule: "Containers that together use more than the memory of the task, each less than its own: the largest is killed",
			define: task(`"memory": "48"`, holds("app", "34M", ""), holds("side", "20M", `"essential": false`)),
			want:   `STOPPED · EssentialContainerExited · Essential container in task exited · app 137 (OutOfMemoryError: Container killed due to memory usage) · side 0`},
	)
	for i := range rows {
		rows[i].needs = boundsTasks
	}
	return rows
}

// holding is a script that takes so much memory, and goes on as idle does.
func holding(memory string) string {
	return "trap 'exit 0' TERM; mkfifo /p; exec 3<>/p; dd if=/dev/zero bs=" + memory + " >&3 & wait $!"
}
