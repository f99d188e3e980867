package placement

// NoInstances is the reason in the event when the cluster has no ACTIVE instance.
// It is also the text of RunTask's InvalidParameterException when no instance is
// registered.
const NoInstances = "No Container Instances were found in your cluster."

// Event is the text of the service event for a task that has no place, empty if
// every copy was placed.
func Event(service string, r Result) string {
	if r.Missing == 0 {
		return ""
	}
	why := "Reason: " + NoInstances
	if len(r.Refusals) > 0 {
		why = "The closest matching (container-instance " + r.Closest.Instance + ") " + r.Closest.Reason.Cause() + "."
	}
	return "(service " + service + ") was unable to place a task because no container instance met all of its requirements. " +
		why + " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
}
