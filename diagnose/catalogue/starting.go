package catalogue

// starting: containers cannot be made or started, or the runtime fails. (family C)
var starting = []Signature{
	{ID: "C12", Seen: in(Reason), Match: re(`OutOfMemoryError: [Cc]ontainer killed due to memory usage`), Kind: Ambiguous, Confidence: Certain,
		Cause: "Container {container} used more memory than its limit and was killed",
		Remedy: []string{"Raise the container's memory in the task definition, or make the program use less.",
			"A runtime with a heap of its own needs to know the limit (JVM: -XX:MaxRAMPercentage, Node.js: --max-old-space-size)."}, Page: pageStopCodes},
	{ID: "A12", Seen: in(Reason, Log), Match: re(`exec format error`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} cannot start: its program is built for another CPU, or is a script without a first line that names its interpreter",
		Either: []Possibility{
			{"The image is built for another CPU", "docker image inspect --format '{{.Os}}/{{.Architecture}}' the image, and the attribute ecs.cpu-architecture of the instance"},
			{"The command is a script that does not begin with its interpreter", "head -1 the script in the image: does it begin with #! and end without a carriage return?"}},
		Remedy: []string{"Build the image for the machine's CPU (docker buildx build --platform …), or set runtimePlatform.cpuArchitecture.", "Begin a script with its interpreter: #!/bin/sh, with Unix line ends."}, Page: pagePlatform},
	{ID: "C01", Seen: in(Reason), Match: re(`(?:exec: "(?P<command>[^"]+)": )?executable file not found in \$PATH`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} cannot start: its image has no command {command}", Remedy: correctCommand, Page: pageStart},
	{ID: "C02", Seen: in(Reason), Match: re(`exec: "(?P<command>[^"]+)".*no such file or directory`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} cannot start: its image has no file {command}", Remedy: append(correctCommand, "A volume mounted over the file's directory hides it."), Page: pageStart},
	{ID: "C03", Seen: in(Reason), Match: re(`exec: "(?P<command>[^"]+)".*permission denied`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} cannot start: {command} is not executable", Remedy: makeExecutable, Page: pageStart},
	{ID: "C04", Seen: in(Reason), Match: re(`(?:Bind for \S+?:(?P<port>\d+) failed: )?port is already allocated|listen (?:tcp|udp)\d? \S+?:(?P<port2>\d+): bind: address already in use`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} cannot start: port {port} of the machine is taken",
		Remedy: []string{"Leave hostPort out (or 0), so that each task gets a free port.",
			"With a fixed host port, old and new tasks cannot run side by side on one machine: set minimumHealthyPercent to 0 and maximumPercent to 100, or add machines.",
			"See who holds the port on the machine: ss -ltnp 'sport = :{port}'"}, Page: pageParameters},
	{ID: "C05", Seen: in(Reason), Match: re(`error gathering device information while adding custom device "(?P<name>[^"]+)"`), Kind: Deterministic, Confidence: Certain,
		Cause: "The machine has no device {name}, which container {container} asks for", Remedy: []string{"Place the task on an instance type that has the device (a constraint on ecs.instance-type), or take it out of linuxParameters.devices."}, Page: pageStart},
	{ID: "C06", Seen: in(Reason), Match: re(`failed to get container status`), Kind: Ambiguous, Confidence: Likely,
		Cause: "Container {container} ended while it was being started, most often since its memory limit is too low", Remedy: []string{"Raise memory in the task definition."}, Page: pageStart},
	{ID: "C07", Seen: in(Reason), Match: re(`devmapper: Thin Pool has \d+ free`), Kind: Deterministic, Confidence: Certain,
		Cause: "The container storage of the machine is full",
		Remedy: []string{"Remove what is unused on that machine: docker system prune --all",
			"Let its agent clean up sooner (ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION), or give it a bigger volume."}, Page: pageCreate},
	{ID: "C08", Seen: in(Reason), Match: re(`no space left on device`), Kind: Deterministic, Confidence: Certain,
		Cause: "The machine has no disk space left", Remedy: []string{"Remove what is unused on that machine: docker system prune --all", "Or give it a bigger disk, and limit the containers' logs (json-file max-size)."}, Page: pageCreate},
	{ID: "C09", Seen: in(Reason), Match: re(`DockerTimeoutError|Could not transition to \w+; timed out after waiting`), Kind: Transient, Confidence: Certain,
		Cause: "The container engine did not answer in time", Remedy: []string{"Look at the load, the disk and the burst credits of the machine; replace it if that happens often."}, Page: pageStopCodes},
	{ID: "C10", Seen: in(Reason), Match: re(`ContainerRuntime(?:Timeout)?Error`), Kind: Transient, Confidence: Certain,
		Cause: "The container runtime of Fargate failed", Remedy: []string{"Wait for the next attempt; read what stands behind the error's name."}, Page: pageStopCodes},
	{ID: "C40", Seen: in(Reason), Match: re(`container ordering dependency \[(?P<other>[^(\]]+)\([^\]]* - Exit: (?P<code>-?[1-9]\d*)\] for target \[(?P<container>[^(\]]+)`), Kind: Ambiguous, Confidence: Certain,
		Cause: "Container {container} cannot start, since it depends on (dependsOn) another container {other} that exits with code {code}", Remedy: []string{"Read the last lines of the log of container {other}: why it ends so is told there."}, Page: pageParameters},
	{ID: "C21", Seen: in(Reason), Match: re(`^.*container ordering dependency \[(?P<other>[^(\]]+)\([^\]]*\] for target \[(?P<container>[^(\]]+)|TaskDependencyError|containerDependency|dependency .*(?:timed out|did not)`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} waits for another container {other} (dependsOn) that did not get as far as it should", Remedy: []string{"Look at the container that it depends on: its log, its health check and its startTimeout; and that no two wait for each other."}, Page: pageParameters},
	{ID: "C25", Seen: in(Reason), Match: re(`OCI runtime create failed: (?P<detail>.*)`), Kind: Deterministic, Confidence: Likely,
		Cause: "Container {container} could not be started by the runtime", Remedy: []string{"Mend what the message names behind \"OCI runtime create failed\"."}, Page: pageStart},
	{ID: "C26", Seen: in(Reason), Match: re(`(?:InvalidVolume|HostConfig|DockerClientConfig|CannotListPlugins)Error`), Kind: Deterministic, Confidence: Likely,
		Cause: "The container engine does not take the settings of container {container}", Remedy: []string{"Correct the volumes and the Linux parameters in the task definition as the message says."}, Page: pageParameters},
	{ID: "C27", Seen: in(Reason), Match: re(`ContainerNetworkingError`), Kind: Transient, Confidence: Likely,
		Cause: "The network of the task could not be set up on the machine", Remedy: []string{"Read the log of the agent on that machine (/var/log/ecs/ecs-agent.log); replace the machine if it stays."}, Page: pageStopCodes},
	{ID: "C28", Seen: in(Reason), Match: re(`ContainerVanishedError|NoSuchContainerError`), Kind: Transient, Confidence: Certain,
		Cause: "Container {container} was removed from the machine by somebody else than ECS", Remedy: []string{"Look for who removes containers there: a clean-up job, docker system prune, a person."}, Page: pageStopCodes},
	{ID: "C11", Seen: in(Reason), Match: re(`(?:Cannot(?:Stop|Inspect|Describe|Remove|List|Get)\w*|CannotCreateVolume|DockerState|ImpossibleStateTransition)Error`), Kind: Transient, Confidence: Likely,
		Cause: "The container engine of the machine failed", Remedy: []string{"Look at the container engine on that machine; restart it, or replace the machine."}, Page: pageStopCodes},
}

// startFailed is for starts that fail in a way of which nothing is known.
var startFailed = Signature{ID: "C00", Seen: in(Reason), Match: re(`Cannot(?:Start|Create)\w*Error(?:: (?P<detail>.*))?`), Kind: Ambiguous, Confidence: Likely,
	Cause: "Container {container} could not be started", Remedy: []string{"Mend what the container engine's message names."}, Page: pageStart}

var (
	correctCommand = []string{"Correct command or entryPoint in the task definition, or put the program into the image; a minimal image has no shell."}
	makeExecutable = []string{"Make the file executable in the image (RUN chmod +x FILE), or run it by its interpreter."}
)
