package catalogue

import "regexp"

// api: what the API answers. A failure's reason is a word of its own; an exception
// is named in the text that the AWS CLI and the SDKs print. (family G)
var api = []Signature{
	failure("G01", "MISSING", "What was asked for does not exist: the wrong name, cluster or region, or it stopped more than an hour ago", "Check the name, --cluster and --region."),
	failure("G02", "INACTIVE", "The container instance or service was deregistered", "Take one that is ACTIVE."),
	failure("G03", "TASK_NOT_VALID", "The task is no service task that can be protected", "Protect tasks of services only."),
	failure("G04", "DEPLOYMENT_BLOCKED", "A deployment waits for protected tasks", "Let the protection end: aws ecs update-task-protection --no-protection-enabled --tasks TASK"),
	failure("G05", "RESOURCE:CPU", "No instance has the CPU units left that the task asks for", "Stop other tasks, add instances, or lower cpu in the task definition."),
	failure("G06", "RESOURCE:MEMORY", "No instance has the memory left that the task asks for", "Stop other tasks, add instances, or lower memory in the task definition."),

	exception("G10", "AccessDenied", "The caller may not do that", "Allow its identity the action that the message names."),
	exception("G11", "ClusterNotFound", "There is no such cluster", "Check --cluster and --region; without --cluster it is \"default\"."),
	exception("G12", "ServiceNotFound", "There is no such service in the cluster", "Check the name and --cluster."),
	exception("G13", "ServiceNotActive", "The service was deleted", "Create it again."),
	exception("G14", "PlatformUnknown", "There is no such Fargate platform version", "Leave platformVersion out (LATEST)."),
	exception("G15", "TargetNotFound", "There is no such container instance or target", "Check the id and --cluster."),
	exception("G16", "TaskSetNotFound", "There is no such task set", "Check its id."),
	exception("G17", "ServiceDeploymentNotFound", "There is no such service deployment", "aws ecs list-service-deployments --service SERVICE"),
	exception("G18", "NamespaceNotFound", "The Service Connect namespace does not exist", "Create it in Cloud Map, or correct the service's serviceConnectConfiguration."),
	exception("G19", "UpdateInProgress", "The agent is already being updated", "Wait until it is done."),
	exception("G20", "NoUpdateAvailable", "The agent is already the newest", "Nothing is to be done."),
	exception("G21", "MissingVersion", "The version of the instance's agent is unknown", "Update the agent by hand."),
	exception("G22", "UnsupportedFeature", "That is not offered in this region", "Take another region, or do without."),
	exception("G23", "LimitExceeded", "A quota of the account is used up", "Ask for more in Service Quotas."),
	exception("G24", "AttributeLimitExceeded", "The resource has as many attributes as it may", "Delete some: aws ecs delete-attributes"),
	exception("G25", "ResourceInUse", "The resource is in use", "Wait, or take away what uses it."),
	exception("G26", "ResourceNotFound", "There is no such resource", "Check the ARN and the region."),
	exception("G27", "Conflict", "Another change is under way or stands against it", "Wait for it, then try again."),
	exception("G28", "Blocked", "The AWS account is blocked", "Speak to AWS support."),
	exception("G29", `ClusterContains\w+`, "The cluster still holds what has to go first", "Delete its services, tasks, container instances and capacity providers first."),
	{ID: "G30", Seen: in(API), Match: re(`\b(?:ServerException|ServiceUnavailableException|InternalFailure)\b`), Kind: Transient, Confidence: Certain,
		Cause: "The API failed on its own side", Remedy: []string{"Try again."}, Page: pageAPI},
	{ID: "G31", Seen: in(API), Match: re(`\bThrottlingException\b|Rate exceeded`), Kind: Transient, Confidence: Certain,
		Cause: "Too many requests", Remedy: []string{"Ask less often."}, Page: pageAPI},
	{ID: "G32", Seen: in(API), Match: re(`\b(?:InvalidParameterException|ClientException)\b[^:]*(?:: (?P<detail>.*))?`), Kind: Deterministic, Confidence: Likely,
		Cause: "The API does not take the request: {detail}", Remedy: []string{"Correct what the message names."}, Page: pageAPI},
}

func failure(id, reason, cause, remedy string) Signature {
	return Signature{ID: id, Seen: in(API), Match: re(`^` + regexp.QuoteMeta(reason) + `$`), Kind: Deterministic, Confidence: Certain,
		Cause: cause, Remedy: []string{remedy}, Page: pageAPI}
}

func exception(id, name, cause, remedy string) Signature {
	return Signature{ID: id, Seen: in(API), Match: re(`\b` + name + `Exception\b`), Kind: Deterministic, Confidence: Certain,
		Cause: cause, Remedy: []string{remedy}, Page: pageAPI}
}
