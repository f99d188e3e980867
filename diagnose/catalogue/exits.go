package catalogue

import "github.com/aws/aws-sdk-go-v2/service/ecs/types"

// exits match the exit code of the essential container that ended first. (family C)
var exits = []Signature{
	{ID: "C19", Seen: in(Exit), Exit: []int32{127}, Kind: Deterministic, Confidence: Likely,
		Cause: "Container {container} exits with code 127, which says that a command was not found", Remedy: correctCommand, Page: pageStopCodes},
	{ID: "C29", Seen: in(Exit), Exit: []int32{126}, Kind: Deterministic, Confidence: Likely,
		Cause: "Container {container} exits with code 126, which says that its command is not executable", Remedy: makeExecutable, Page: pageStopCodes},
	{ID: "C18", Seen: in(Exit), Exit: []int32{0}, Kind: Deterministic, Confidence: Certain,
		Cause: "A service's container must go on running, but container {container} ends with exit code 0",
		Remedy: []string{"Start the program in the foreground (nginx -g 'daemon off;', apachectl -D FOREGROUND).",
			"A job that ends belongs into run-task, not into a service; a helper that may end needs essential: false."}, Page: pageParameters},
	{ID: "C13", Seen: in(Exit), Exit: []int32{137}, StopCode: types.TaskStopCodeServiceSchedulerInitiated, Kind: Ambiguous, Confidence: Possible,
		Cause: "Container {container} was killed (exit code 137) since it did not end in time when it was told to stop",
		Remedy: []string{"Let the program handle SIGTERM: start it in exec form, without a shell in between, or set initProcessEnabled.",
			"Or raise stopTimeout (30 s unless set; at most 120 s on Fargate)."}, Page: pageStopCodes},
	{ID: "C14", Seen: in(Exit), Exit: []int32{137}, Kind: Ambiguous, Confidence: Possible,
		Cause: "Container {container} was killed (exit code 137), perhaps since memory ran out",
		Either: []Possibility{
			{"The memory of the whole task or of the machine ran out, which leaves no OutOfMemoryError", "The metric MemoryUtilization of that minute, and the machine's kernel log (dmesg | grep -i oom)"},
			{"The machine or its container engine went down and came back", "What else ended on that machine at the same moment, and how long the machine has been up"},
			{"Somebody killed the process", "Who has access to the machine or runs kill -9 in the container?"}},
		Remedy: []string{"Raise the memory of the task, or make the program use less, if its memory use rose to the limit."}, Page: pageStopCodes},
	{ID: "C15", Seen: in(Exit), Exit: []int32{139}, Kind: Ambiguous, Confidence: Likely,
		Cause: "Container {container} crashes with a segmentation fault (exit code 139)", Remedy: []string{"Look for native libraries that do not fit the image's C library (musl or glibc) or CPU; take a core dump."}, Page: pageStopCodes},
	{ID: "C16", Seen: in(Exit), Exit: []int32{134}, Kind: Ambiguous, Confidence: Likely,
		Cause: "Container {container} aborts itself (exit code 134)", Remedy: []string{"Read the last lines of the log: a failed assertion or a damaged heap says so there."}, Page: pageStopCodes},
	{ID: "C30", Seen: in(Exit), Exit: []int32{143, 130}, Kind: Transient, Confidence: Possible,
		Cause: "Container {container} was told to end by a signal from outside ECS (exit code {code})", Remedy: []string{"Look for who stops containers on the machine."}, Page: pageStopCodes},
	{ID: "C24", Seen: in(Exit), Exit: []int32{255}, Kind: Ambiguous, Confidence: Possible,
		Cause: "Container {container} exits with code 255",
		Either: []Possibility{
			{"The image is built for another CPU, so that nothing in it runs", "Is the log empty, or does it say \"exec format error\"?"},
			{"The program ends so by itself", "The last lines of its log"}},
		Remedy: []string{"Read the log; compare the image's platform with that of the machine."}, Page: pageStopCodes},
	{ID: "C17", Seen: in(Exit), Kind: Ambiguous, Confidence: Likely,
		Cause: "Container {container} exits with code {code}", Remedy: []string{"Read the last lines of the log: most often a missing setting or an unreachable database."}, Page: pageStopCodes},
}
