package diagnose

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// kind tells whether trying again can help.
type kind int

const (
	ambiguous kind = iota // depends on the program
	permanent             // it cannot
	transient             // it may
)

// signature is one entry of the catalogue: how a failure shows, what it means and
// what to do. A cause is a sentence without its full stop; {names} in it stand for
// what the match names and for the container and its image.
type signature struct {
	id         string
	match      *regexp.Regexp     // of a reason, an event or a log line
	exit       []int32            // of an exit code; none: every code
	stopCode   types.TaskStopCode // an exit code counts only with this, if set
	placement  bool               // an event about tasks that found no place
	confidence Confidence
	kind       kind
	cause      string
	remedy     []string
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

// benignReason matches a stoppedReason that says nothing about what the task runs.
// Other people's alerts all carry this list; it is the one of ECS's own words.
var benignReason = re(`(?i)Scaling activity initiated by|Availability-zone rebalancing initiated by|Task stopped by user|` +
	`performing maintenance on the underlying infrastructure|Your Spot Task was interrupted|in DRAINING state|` +
	`^Host EC2 \(instance [^)]*\) (?:stopped|terminated)|Container instance deregistration forced by user`)

// ofDeployment finds the deployment that an event speaks of.
var ofDeployment = re(`\(deployment (ecs-svc/[^)\s]+)\)`)

// placeFailed finds the reason in an event about a task that did not come to be.
var placeFailed = re(`(?:unable to place a task\. Reason: |failed to launch a task with \(error )(.+)`)

// failedCheck finds the task in the event that says it failed its health checks.
var failedCheck = re(`\(task ([^)\s]+)\) failed container health checks`)

// Each list is tried from the top: the special before the general.

// reasons match the reason of a container or a task.
var reasons = []signature{
	// Images
	{id: "A10", match: re(`does not contain descriptor matching platform '(?P<platform>[^']+)'`), confidence: Certain, kind: permanent,
		cause:  "The image {image} is not built for {platform}",
		remedy: []string{"Build and push the image for that platform (docker buildx build --platform …), or set runtimePlatform.cpuArchitecture to the image's."}},
	{id: "A11", match: re(`no matching manifest for (?P<platform>\S+) in the manifest list`), confidence: Certain, kind: permanent,
		cause:  "The image {image} is not built for {platform}",
		remedy: []string{"Build and push the image for that platform (docker buildx build --platform …), or set runtimePlatform.cpuArchitecture to the image's."}},
	{id: "A13", match: re(`(?i)toomanyrequests|pull rate limit`), confidence: Certain, kind: transient,
		cause:  "The registry refuses to send the image {image} since too many were pulled",
		remedy: []string{"Pull with credentials (repositoryCredentials), through a cache or from a mirror; else wait."}},
	{id: "A07", match: re(`not authorized to perform: ecr:|Check that the role has the permissions to pull images`), confidence: Certain, kind: permanent,
		cause:  "The role that pulls the image {image} may not read its repository",
		remedy: []string{"Give the execution role (or the instance role) ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer; across accounts also the repository's policy."}},
	{id: "A04", match: re(`CannotPull\w*Error.*request canceled while waiting for connection|can[’']t pull the image\. Check your network configuration`), confidence: Certain, kind: permanent,
		cause: "The registry of the image {image} cannot be reached", remedy: registryOutOfReach},
	{id: "A08", match: re(`cannot pull .*There is a connection issue between the task and`), confidence: Certain, kind: permanent,
		cause: "The registry of the image {image} cannot be reached", remedy: registryOutOfReach},
	{id: "A02", match: re(`CannotPull\w*Error.*(?:dial tcp|i/o timeout|context deadline exceeded|TLS handshake timeout|no such host|network is unreachable)`), confidence: Certain, kind: permanent,
		cause: "The registry of the image {image} cannot be reached", remedy: registryOutOfReach},
	{id: "A06", match: re(`can[’']t pull the image\. Check whether the image exists`), confidence: Certain, kind: permanent,
		cause: "The image {image} does not exist, or needs a login", remedy: imageDenied},
	{id: "A09", match: re(`pull access denied for (?P<image>[^,\s]+)`), confidence: Certain, kind: permanent,
		cause: "The image {image} does not exist, or needs a login", remedy: imageDenied},
	{id: "A06", match: re(`requested access to the resource is denied`), confidence: Certain, kind: permanent,
		cause: "The image {image} does not exist, or needs a login", remedy: imageDenied},
	{id: "A01", match: re(`failed to resolve ref .*(?:not found|does not exist)|manifest unknown|manifest for (?P<image>\S+) not found|No such image: (?P<image2>\S+)`),
		confidence: Certain, kind: permanent, cause: "The image {image} does not exist in its registry",
		remedy: []string{"Push the image, or correct its name and tag in the task definition; a tag that is never reused cannot vanish."}},
	{id: "A05", match: re(`CannotPull\w*Error.*repository .*not found`), confidence: Certain, kind: permanent,
		cause:  "The repository of the image {image} does not exist",
		remedy: []string{"Create the repository and push the image, or correct its name in the task definition."}},
	{id: "A16", match: re(`CannotPull\w*Error.*no space left on device`), confidence: Certain, kind: permanent,
		cause:  "The machine has no disk space left for the image {image}",
		remedy: []string{"Remove unused images and containers (docker system prune), or give the machine a bigger disk."}},
	{id: "A20", match: re(`invalid reference format`), confidence: Certain, kind: permanent,
		cause: "The image's name {image} is malformed", remedy: []string{"Correct the image in the task definition: registry/repository:tag."}},
	{id: "A00", match: re(`CannotPull\w*Error(?:: (?P<detail>.*))?`), confidence: Likely,
		cause:  "The image {image} could not be pulled",
		remedy: []string{"Pull the image by hand on the machine (docker pull) and mend what it says."}},

	// Secrets and preparation. The same prefix has two causes, network and rights.
	{id: "B11", match: re(`The specified log group does not exist`), confidence: Certain, kind: permanent,
		cause:  "The log group that the task definition names does not exist",
		remedy: []string{"Create the log group, or set awslogs-create-group to true and allow logs:CreateLogGroup."}},
	{id: "B06", match: re(`can[’']t retrieve the secret with ARN '(?P<detail>[^']+)'.*|retrieve secret.*ResourceNotFoundException`), confidence: Certain, kind: permanent,
		cause: "A secret that the task definition names does not exist", remedy: []string{"Create the secret, or correct valueFrom in the task definition (region, suffix)."}},
	{id: "B03", match: re(`ResourceInitializationError.*(?:AccessDenied|not authorized)`), confidence: Certain, kind: permanent,
		cause:  "The execution role may not read what the task needs before it starts",
		remedy: []string{"Give the execution role (not the task role) the permission that the message names."}},
	{id: "B01", match: re(`ResourceInitializationError.*(?:dial tcp|i/o timeout|context deadline exceeded|StatusCode: 0|signal: killed|RequestCanceled)`), confidence: Certain, kind: permanent,
		cause:  "An AWS service that the task needs before it starts cannot be reached from its network",
		remedy: []string{"Give the subnet a way out (NAT gateway, public IP or VPC endpoints) and open port 443 in the security groups."}},
	{id: "B00", match: re(`ResourceInitializationError(?:: (?P<detail>.*))?`), confidence: Likely,
		cause: "Something that the task needs before it starts could not be prepared", remedy: []string{"Mend what the message names."}},

	// Memory comes before the start errors: its text is the more telling one.
	{id: "C12", match: re(`OutOfMemoryError: [Cc]ontainer killed due to memory usage`), confidence: Certain, kind: ambiguous,
		cause: "Container {container} used more memory than its limit and was killed",
		remedy: []string{"Raise the container's memory in the task definition, or make the program use less.",
			"A runtime with a heap of its own needs to know the limit (JVM: -XX:MaxRAMPercentage, Node.js: --max-old-space-size)."}},

	// Starting containers
	{id: "A12", match: re(`exec format error`), confidence: Certain, kind: permanent, cause: wrongFormat, remedy: rebuildForPlatform},
	{id: "C01", match: re(`(?:exec: "(?P<command>[^"]+)": )?executable file not found in \$PATH`), confidence: Certain, kind: permanent,
		cause: "Container {container} cannot start: its image has no command {command}", remedy: correctCommand},
	{id: "C02", match: re(`exec: "(?P<command>[^"]+)".*no such file or directory`), confidence: Certain, kind: permanent,
		cause: "Container {container} cannot start: its image has no file {command}", remedy: append(correctCommand, "A volume mounted over the file's directory hides it.")},
	{id: "C03", match: re(`exec: "(?P<command>[^"]+)".*permission denied`), confidence: Certain, kind: permanent,
		cause: "Container {container} cannot start: {command} is not executable", remedy: []string{"Make the file executable in the image (chmod +x), or run it by its interpreter."}},
	{id: "C04", match: re(`(?:Bind for \S+?:(?P<port>\d+) failed: )?port is already allocated|listen tcp\d? \S+?:(?P<port2>\d+): bind: address already in use`), confidence: Certain, kind: permanent,
		cause: "Container {container} cannot start: port {port} of the machine is taken",
		remedy: []string{"Leave hostPort out (or 0), so that each task gets a free port.",
			"With a fixed host port, old and new tasks cannot run side by side on one machine: set minimumHealthyPercent to 0 and maximumPercent to 100, or add machines.",
			"See who holds the port on the machine (ss -ltnp)."}},
	{id: "C08", match: re(`no space left on device`), confidence: Certain, kind: permanent,
		cause: "The machine has no disk space left", remedy: []string{"Remove unused images and containers (docker system prune), or give the machine a bigger disk."}},
	{id: "C09", match: re(`DockerTimeoutError|ContainerRuntimeTimeoutError`), confidence: Certain, kind: transient,
		cause: "The container engine did not answer in time", remedy: []string{"Look at the load and the disk of the machine; replace it if that happens often."}},
	{id: "C21", match: re(`TaskDependencyError|containerDependency|dependency .*(?:timed out|did not)`), confidence: Certain, kind: permanent,
		cause: "A container waits for another one (dependsOn) that did not get as far as it should", remedy: []string{"Look at the container that it depends on: its log, its health check and its startTimeout."}},
	{id: "C00", match: re(`Cannot(?:Start|Create)\w*Error(?:: (?P<detail>.*))?`), confidence: Likely,
		cause: "Container {container} could not be started", remedy: []string{"Mend what the container engine's message names."}},

	// Health
	healthCheck,
	{id: "T3", match: re(`failed ELB health checks`), confidence: Likely, kind: ambiguous,
		cause: "The load balancer's health check of the task fails",
		remedy: []string{"Check the path, the port and the expected codes of the target group, and that the program listens on 0.0.0.0.",
			"If the program needs longer to start, raise healthCheckGracePeriodSeconds."}},

	// Capacity providers say on the task what an event says of a placement.
	{id: "E12", match: re(`RESOURCE:(?:CPU|MEMORY)`), confidence: Certain, kind: permanent,
		cause: "The task is bigger than what any instance can offer", remedy: addOrShrink},
	{id: "E11", match: re(`EMPTY CAPACITY PROVIDER|NO ACTIVE INSTANCES`), confidence: Certain, kind: permanent, cause: noInstances, remedy: addInstances},
}

// healthCheck is found in a task's reason, or in an event that names the task.
var healthCheck = signature{id: "D01", match: re(`failed container health checks`), confidence: Likely, kind: ambiguous,
	cause: "Container {container} fails its health check{check}",
	remedy: []string{"Run the health check's command inside the image: curl and wget are often absent.",
		"If the program needs longer to start, raise the health check's startPeriod.",
		"Read the log for why the program does not answer."}}

// logLines match a line that a container wrote before it ended.
var logLines = []signature{
	{id: "A12", match: re(`exec format error`), confidence: Certain, kind: permanent, cause: wrongFormat, remedy: rebuildForPlatform},
	{id: "C02", match: re(`exec user process caused:? "?no such file or directory`), confidence: Certain, kind: permanent,
		cause:  "Container {container} cannot start: its command, or the interpreter in the command's first line, does not exist in the image",
		remedy: append(correctCommand, "A script with Windows line ends names an interpreter that does not exist: convert it (dos2unix).")},
}

// exits match the exit code of the essential container that ended.
var exits = []signature{
	{id: "C19", exit: []int32{127}, confidence: Likely, kind: permanent,
		cause: "Container {container} exits with code 127, which says that a command was not found", remedy: correctCommand},
	{id: "C19", exit: []int32{126}, confidence: Likely, kind: permanent,
		cause:  "Container {container} exits with code 126, which says that its command is not executable",
		remedy: []string{"Make the file executable in the image (chmod +x), or run it by its interpreter."}},
	{id: "C18", exit: []int32{0}, confidence: Certain, kind: permanent,
		cause: "A service's container must go on running, but container {container} ends with exit code 0",
		remedy: []string{"Start the program in the foreground (nginx: daemon off;).",
			"A job that ends belongs into run-task, not into a service; a helper that may end needs essential: false."}},
	{id: "C13", exit: []int32{137}, stopCode: types.TaskStopCodeServiceSchedulerInitiated, confidence: Possible, kind: ambiguous,
		cause:  "Container {container} was killed (exit code 137) since it did not end in time when it was told to stop",
		remedy: []string{"Let the program handle SIGTERM (no shell in between, or initProcessEnabled), or raise stopTimeout."}},
	{id: "C14", exit: []int32{137}, confidence: Possible, kind: ambiguous,
		cause:  "Container {container} was killed (exit code 137), perhaps since memory ran out",
		remedy: []string{"Look at its memory use and raise the limit; see the machine's kernel log for who killed it."}},
	{id: "C15", exit: []int32{139}, confidence: Likely, kind: ambiguous,
		cause:  "Container {container} crashes with a segmentation fault (exit code 139)",
		remedy: []string{"Look for native libraries that do not fit the image's C library or CPU; take a core dump."}},
	{id: "C16", exit: []int32{134}, confidence: Likely, kind: ambiguous,
		cause: "Container {container} aborts itself (exit code 134)", remedy: readLog},
	{id: "X143", exit: []int32{143, 130}, confidence: Possible, kind: transient,
		cause: "Container {container} was told to end by a signal from outside ECS (exit code {code})", remedy: []string{"Look for who stops containers on the machine."}},
	{id: "C17", confidence: Likely, kind: ambiguous,
		cause: "Container {container} exits with code {code}", remedy: readLog},
}

// unknownStop is for a task whose evidence nothing above explains.
var unknownStop = signature{id: "U01", confidence: Possible, kind: ambiguous,
	cause: "The task stopped: {reason}", remedy: []string{"Look at the task's containers (aws ecs describe-tasks) and their logs."}}

// percentages is found in an event or computed.
var percentages = signature{id: "E19", match: re(`unable to stop or start tasks during a deployment because of the service deployment configuration`),
	confidence: Certain, kind: permanent,
	cause:  "The service's percentages allow neither to stop an old task nor to start a new one",
	remedy: []string{"Lower minimumHealthyPercent (0 on a single machine) or raise maximumPercent (200)."}}

// events match a message of the service.
var events = []signature{
	{id: "E01", placement: true, match: re(`No Container Instances were found in your cluster`), confidence: Certain, kind: permanent, cause: noInstances, remedy: addInstances},
	{id: "E11", placement: true, match: re(`No Container Instances were found in your capacity provider`), confidence: Certain, kind: permanent, cause: noInstances, remedy: addInstances},
	{id: "E02", placement: true, match: re(`has insufficient CPU units available`), confidence: Likely, kind: ambiguous,
		cause: "No instance has enough CPU units left for a task", remedy: addOrShrink},
	{id: "E03", placement: true, match: re(`has insufficient memory available`), confidence: Likely, kind: ambiguous,
		cause: "No instance has enough memory left for a task", remedy: addOrShrink},
	{id: "E04", placement: true, match: re(`is already using a port required by your task`), confidence: Likely, kind: ambiguous,
		cause: "The host port that a task asks for is taken on every instance",
		remedy: []string{"Leave hostPort out (or 0), so that each task gets a free port.",
			"With a fixed host port, set minimumHealthyPercent to 0 and maximumPercent to 100, or add instances."}},
	{id: "E05", placement: true, match: re(`doesn[’']t have the agent connected|encountered error "AGENT"`), confidence: Certain, kind: transient,
		cause: "The agent of the instance that a task would fit on is not connected", remedy: []string{"Start the agent on that instance again and read its log."}},
	{id: "E06", placement: true, match: re(`MemberOf placement constraint unsatisfied`), confidence: Certain, kind: permanent,
		cause: "No instance meets the placement constraints", remedy: []string{"Compare the constraint's expression with the instances' attributes, and change one of them."}},
	{id: "E07", placement: true, match: re(`is missing an attribute required by your task`), confidence: Certain, kind: permanent,
		cause: "No instance has an attribute that the task definition needs", remedy: []string{"Compare the task definition's requiresAttributes with the instances' attributes (log driver, task networking, agent version)."}},
	{id: "E08", placement: true, match: re(`Capacity is unavailable at this time`), confidence: Certain, kind: transient,
		cause: "AWS has no capacity of this kind in that zone at the moment", remedy: []string{"Allow more zones or another size, or wait."}},
	{id: "E09", placement: true, match: re(`You[’']ve reached the limit on the number of|configuration is above your limit`), confidence: Certain, kind: permanent,
		cause: "A quota of the AWS account is used up", remedy: []string{"Ask for more (Service Quotas), or stop other tasks."}},
	{id: "E01", placement: true, match: re(`no container instance met all of its requirements`), confidence: Likely, kind: ambiguous,
		cause: "No instance meets all that a task asks for", remedy: addOrShrink},
	{id: "B21", match: re(`unable to assume the role`), confidence: Certain, kind: permanent,
		cause: "ECS may not assume the task's role", remedy: []string{"Let ecs-tasks.amazonaws.com assume the role in its trust policy."}},
	percentages,
	{id: "F03", match: re(`deployment failed: alarm detected`), confidence: Likely, kind: ambiguous,
		cause: "A CloudWatch alarm that guards the service's deployments went off", remedy: []string{"Look at the alarm and the metric behind it."}},
	{id: "E24", match: re(`operations are being throttled`), confidence: Possible, kind: transient,
		cause: "AWS throttles the service's operations", remedy: []string{"Wait; deploy fewer services at the same time."}},
	{id: "E00", placement: true, match: re(`unable to place a task\. Reason: (?P<reason>.*)`), confidence: Likely,
		cause: "A task found no place: {reason}", remedy: addOrShrink},

	// What only follows from failing tasks.
	{id: "F01", match: re(`unable to consistently start tasks successfully`), confidence: Symptom,
		cause: "Tasks fail again and again, so that ECS waits longer and longer before it starts another"},
	{id: "F02", match: re(`deployment failed: tasks failed to start`), confidence: Symptom,
		cause: "The deployment circuit breaker tripped since too many tasks failed"},
}

// Sentences that several entries share.
const (
	wrongFormat = "Container {container} cannot start: its program is built for another CPU, or is a script without a first line that names its interpreter"
	noInstances = "The cluster has no container instances to run tasks on"
)

var (
	registryOutOfReach = []string{"Check that the machine can reach the registry: name resolution, route, proxy, firewall.",
		"On AWS: a NAT gateway, a public IP or the VPC endpoints of ECR and S3, and port 443 in the security groups."}
	imageDenied        = []string{"Correct the image's name in the task definition, or give credentials for its registry."}
	rebuildForPlatform = []string{"Build the image for the machine's CPU (docker buildx build --platform …), or set runtimePlatform.cpuArchitecture.", "Begin a script with its interpreter: #!/bin/sh, with Unix line ends."}
	correctCommand     = []string{"Correct command or entryPoint in the task definition, or put the program into the image; a minimal image has no shell."}
	readLog            = []string{"Read the last lines of the log: most often a missing setting or an unreachable database."}
	addOrShrink        = []string{"Add instances, stop other tasks, or lower what the task definition asks for.", "A rolling update needs room for old and new tasks side by side: with minimumHealthyPercent below 100 ECS may stop old tasks first."}
	addInstances       = []string{"Start container instances and let them join this cluster; check that their agent is configured for it."}
)
