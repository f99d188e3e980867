package awslogs

// DefaultGroup begins the name of the group of what has no awslogs configuration.
const DefaultGroup = "/steady/"

// EventsGroup is the log group of a cluster's lifecycle events.
func EventsGroup(cluster string) string {
	return "/aws/events/ecs/containerinsights/" + cluster + "/performance"
}

// TelemetryGroup is the log group of a cluster's telemetry.
func TelemetryGroup(cluster string) string {
	return "/aws/ecs/containerinsights/" + cluster + "/performance"
}
