package catalogue

// Pages of the ECS developer guide, and a few others, on which causes are described.
const (
	guide = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

	pagePull       = guide + "task_cannot_pull_image.html"
	pageInit       = guide + "resource-initialization-error.html"
	pageStopCodes  = guide + "stopped-task-error-codes.html"
	pageStart      = guide + "cannot-start-container.html"
	pageCreate     = guide + "CannotCreateContainerError.html"
	pageEvents     = guide + "service-event-messages-list.html"
	pageUnhealthy  = guide + "service-unhealthy-event-messages.html"
	pageBalancer   = guide + "troubleshoot-service-load-balancers.html"
	pageAPI        = guide + "api_failures_messages.html"
	pageBreaker    = guide + "deployment-circuit-breaker.html"
	pageDeployment = guide + "ecs_service_deployment_events.html"
	pageBlueGreen  = guide + "troubleshooting-blue-green.html"
	pageExec       = guide + "ecs-exec.html"
	pageCPUMemory  = guide + "task-cpu-memory-error.html"
	pageScaling    = guide + "cluster-auto-scaling.html"
	pageParameters = guide + "task_definition_parameters.html"

	pageCredentials = "https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-troubleshooting.html"

	pageTargets  = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
	pagePlatform = "https://docs.docker.com/build/building/multi-platform/"
	pageHub      = "https://docs.docker.com/docker-hub/usage/"
)
