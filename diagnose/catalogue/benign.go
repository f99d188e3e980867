package catalogue

// benign are ends that say nothing about what the task runs: scaling and
// replacement, a user's StopTask, maintenance, a machine that went away. Other
// people's alerts all carry such a list; it is the one of ECS's own words.
var benign = []Signature{
	{ID: "T5", Seen: in(Reason), Match: re(`Scaling activity initiated by|Availability-zone rebalancing initiated by`), Kind: Benign, Confidence: Certain,
		Cause: "The service stopped the task to replace it by another revision or to run fewer tasks", Page: pageStopCodes},
	{ID: "T6", Seen: in(Reason), Match: re(`^Task stopped by user`), Kind: Benign, Confidence: Certain,
		Cause: "Somebody stopped the task through the API", Page: pageStopCodes},
	{ID: "T7", Seen: in(Reason), Match: re(`^Host EC2 \(instance [^)]*\) (?:stopped|terminated)`), Kind: Benign, Confidence: Certain,
		Cause: "The machine of the task was stopped or terminated", Page: pageStopCodes},
	{ID: "T8", Seen: in(Reason), Match: re(`Container instance deregistration forced by user`), Kind: Benign, Confidence: Certain,
		Cause: "Somebody removed the task's container instance from the cluster by force", Page: pageStopCodes},
	{ID: "T9", Seen: in(Reason), Match: re(`ECS is performing maintenance on the underlying infrastructure`), Kind: Benign, Confidence: Certain,
		Cause: "AWS retired the infrastructure under the task", Page: pageStopCodes},
	{ID: "T10", Seen: in(Reason), Match: re(`Your Spot Task was interrupted|SpotInterruptionError`), Kind: Benign, Confidence: Certain,
		Cause: "AWS took back the Spot capacity that the task ran on", Page: pageStopCodes},
	{ID: "T11", Seen: in(Reason), Match: re(`in DRAINING state`), Kind: Benign, Confidence: Certain,
		Cause: "The task had to leave its container instance, which is being drained", Page: pageStopCodes},
}
