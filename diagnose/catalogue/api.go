package catalogue

import "regexp"

// api: what the API answers. A failure's reason is a word of its own; an exception
// is named in the text that the AWS CLI and the SDKs print. (family G)
var api = []Signature{
	failure("G01", "MISSING", "What was asked for does not exist: the wrong name, cluster or region, or it stopped more than an hour ago", "Check the name, --cluster and --region."),
	failure("G02", "INACTIVE", "The container instance or service was deregistered", "Take one that is ACTIVE."),
	failure("G03", "TASK_NOT_VALID", "The task is no service task that can be protected", "Protect tasks of services only."),
	failure("G04", "DEPLOYMENT_BLOCKED", "A deployment waits for protected tasks", "Let the protection end: aws ecs update-task-protection --no-protection-enabled --tasks TASK"),
	noneLeft("G05", "RESOURCE:CPU", "No instance has the CPU units left that the task asks for", "Stop other tasks, add instances, or lower cpu in the task definition."),
	noneLeft("G06", "RESOURCE:MEMORY", "No instance has the memory left that the task asks for", "Stop other tasks, add instances, or lower memory in the task definition."),

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
	{ID: "G28", Seen: in(API, Event), Match: re(`\bBlockedException\b|Your (?:AWS )?account is (?:currently )?blocked`), Kind: Deterministic, Confidence: Certain,
		Cause: "The AWS account is blocked", Remedy: []string{"Speak to AWS support."}, Page: pageAPI},
	exception("G29", `ClusterContains\w+`, "The cluster still holds what has to go first", "Delete its services, tasks, container instances and capacity providers first."),
	{ID: "G30", Seen: in(API), Match: re(`\b(?:ServerException|ServiceUnavailableException|InternalFailure)\b`), Kind: Transient, Confidence: Certain,
		Cause: "The API failed on its own side", Remedy: []string{"Try again."}, Page: pageAPI},
	{ID: "G31", Seen: in(API), Match: re(`\bThrottlingException\b|Rate exceeded`), Kind: Transient, Confidence: Certain,
		Cause: "Too many requests", Remedy: []string{"Ask less often."}, Page: pageAPI},
	{ID: "G33", Seen: in(API, Event), Match: re(`PlatformTaskDefinitionIncompatibilityException|specified platform does not satisfy the task definition's required capabilities`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The platform version that is asked for does not offer what the task definition needs",
		Remedy: []string{"Leave platformVersion out (LATEST), or take from the task definition what needs a newer one: see requiresAttributes in aws ecs describe-task-definition."}, Page: pageAPI},
	{ID: "G34", Seen: in(API), Match: re(`ExpiredToken(?:Exception)?\b|security token included in the request is expired|RequestExpired`), Kind: Deterministic, Confidence: Certain,
		Cause: "The caller's credentials have expired", Remedy: []string{"Get new ones (aws sso login, or assume the role again), and check that no old ones are left in AWS_SESSION_TOKEN.", "A long wait in a pipeline may outlive them: ask for a longer session."}, Page: pageCredentials},
	{ID: "G35", Seen: in(API), Match: re(`UnrecognizedClientException|InvalidClientTokenId|security token included in the request is invalid`), Kind: Deterministic, Confidence: Certain,
		Cause: "The caller's access key is not known", Remedy: []string{"Look which one is used: aws configure list. It may be deleted, of another partition or server, or lack its AWS_SESSION_TOKEN."}, Page: pageCredentials},
	{ID: "G36", Seen: in(API), Match: re(`InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature`), Kind: Deterministic, Confidence: Certain,
		Cause: "The signature of the request is wrong",
		Either: []Possibility{
			{"The secret access key is not that of the access key", "aws configure list; was it copied whole, without blanks?"},
			{"The clock of the caller is wrong", "Does the message say \"Signature expired\" or \"not yet current\"? Compare date -u with the time of others."}},
		Remedy: []string{"Set the credentials anew (aws configure), and set the clock by NTP."}, Page: pageCredentials},
	{ID: "G37", Seen: in(API), Match: re(`Unable to locate credentials|NoCredentialProviders|no EC2 IMDS role found|failed to refresh cached credentials`), Kind: Deterministic, Confidence: Certain,
		Cause: "The caller has no credentials", Remedy: []string{"Give some: aws configure, aws sso login, --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; in a pipeline, the role that it may assume."}, Page: pageCredentials},
	{ID: "G38", Seen: in(API), Match: re(`Could not connect to the endpoint URL: "?(?P<name>[^"\s]+)|Connect timeout on endpoint URL: "?(?P<name2>[^"\s]+)|EndpointConnectionError`), Kind: Ambiguous, Confidence: Certain,
		Cause: "The caller does not reach the API {name}",
		Either: []Possibility{
			{"The region does not exist, or has no such service", "AWS_REGION, AWS_DEFAULT_REGION, --region: is it a region (eu-west-1), and not a zone (eu-west-1a)?"},
			{"The address is wrong, or its server is not running", "AWS_ENDPOINT_URL, --endpoint-url"},
			{"The network lets nobody out", "Proxy (HTTPS_PROXY), firewall, VPC endpoint"}},
		Remedy: []string{"Correct the region or the address, and try it with curl."}, Page: pageCredentials},
	{ID: "G32", Seen: in(API), Match: re(`\b(?:InvalidParameterException|ClientException)\b[^:]*(?:: (?P<detail>.*))?`), Kind: Deterministic, Confidence: Likely,
		Cause: "The API does not take the request: {detail}", Remedy: []string{"Correct what the message names."}, Page: pageAPI},
}

func failure(id, reason, cause, remedy string) Signature {
	return Signature{ID: id, Seen: in(API), Match: re(`^` + regexp.QuoteMeta(reason) + `$`), Kind: Deterministic, Confidence: Certain,
		Cause: cause, Remedy: []string{remedy}, Page: pageAPI}
}

// noneLeft: instances have it, and other tasks hold it.
func noneLeft(id, reason, cause, remedy string) Signature {
	return Signature{ID: id, Seen: in(API, Event, Reason), Match: re(`\b` + regexp.QuoteMeta(reason) + `\b`), Kind: Ambiguous, Confidence: Certain, Placement: true,
		Cause: cause, Remedy: []string{remedy}, Page: pageAPI}
}

func exception(id, name, cause, remedy string) Signature {
	return Signature{ID: id, Seen: in(API), Match: re(`\b` + name + `Exception\b`), Kind: Deterministic, Confidence: Certain,
		Cause: cause, Remedy: []string{remedy}, Page: pageAPI}
}
