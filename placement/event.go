package placement

// NoInstances is the reason in the event when the cluster has no ACTIVE instance.
// It is also the text of RunTask's InvalidParameterException when no instance is
// registered.
const NoInstances = "No Container Instances were found in your cluster."

// EmptyProvider is the reason when no instance is of the capacity provider.
const EmptyProvider = "No Container Instances were found in your capacity provider."

// NoFargate is the reason when no instance can take a task on Fargate.
const NoFargate = "Capacity is unavailable at this time. Please try again later or in a different availability zone"

// FargateEvent is Event for a service on Fargate, whose instances are not the user's.
func FargateEvent(service string) string {
	return "(service " + service + ") was unable to place a task. Reason: " + NoFargate +
		". For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
}

// Event is the text of the service event for a task that has no place, empty if
// every copy was placed.
func Event(service string, r Result) string {
	if r.Missing == 0 {
		return ""
	}
	why := "Reason: " + NoInstances
	if len(r.Empty) > 0 {
		why = "Reason: " + EmptyProvider
	}
	if len(r.Refusals) > 0 {
		why = "The closest matching (container-instance " + r.Closest.Instance + ") " + r.Closest.Reason.Cause() + "."
	}
	return "(service " + service + ") was unable to place a task because no container instance met all of its requirements. " +
		why + " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
}
