package catalogue

// pulling: the image cannot be had. (family A)
var pulling = []Signature{
	{ID: "A10", Seen: in(Reason), Match: re(`does not contain descriptor matching platform '(?P<platform>[^'\s]+)'`), Kind: Deterministic, Confidence: Certain,
		Cause: "The image {image} is not built for {platform}", Remedy: buildForPlatform, Page: pagePlatform},
	{ID: "A11", Seen: in(Reason), Match: re(`no matching manifest for (?P<platform>\S+) in the manifest list`), Kind: Deterministic, Confidence: Certain,
		Cause: "The image {image} is not built for {platform}", Remedy: buildForPlatform, Page: pagePlatform},
	{ID: "A13", Seen: in(Reason), Match: re(`(?i)toomanyrequests|reached your (?:unauthenticated )?pull rate limit`), Kind: Transient, Confidence: Certain,
		Cause: "The registry refuses to send the image {image} since too many were pulled from this address",
		Remedy: []string{"Pull with a login: name a secret with a Docker Hub account in the container's repositoryCredentials.",
			"Or pull through an ECR pull-through cache or a mirror of your own; else wait, the limit counts over hours."}, Page: pageHub},
	{ID: "A07", Seen: in(Reason), Match: re(`not authorized to perform: (?P<action>ecr:\w+)|Check that the role has the permissions to pull images`), Kind: Deterministic, Confidence: Certain,
		Cause: "The role that pulls the image {image} may not read its repository",
		Remedy: []string{"On Fargate give the execution role the policy AmazonECSTaskExecutionRolePolicy; on EC2 give the instance role AmazonEC2ContainerRegistryReadOnly.",
			"If the repository belongs to another account, its own policy has to allow that role as well."}, Page: pagePull},
	{ID: "A04", Seen: in(Reason), Match: re(`request canceled while waiting for connection|can't pull the image\. Check your network configuration`), Kind: Deterministic, Confidence: Certain,
		Cause: "The registry of the image {image} cannot be reached", Remedy: reachRegistry, Page: pagePull},
	{ID: "A08", Seen: in(Reason), Match: re(`cannot pull '?(?P<image>[^'\s]*)'? ?from the .*There is a connection issue between the task and`), Kind: Deterministic, Confidence: Certain,
		Cause: "The registry of the image {image} cannot be reached", Remedy: reachRegistry, Page: pagePull},
	{ID: "A23", Seen: in(Reason), Match: re(`failed to resolve ref(?:erence)? "?(?P<image>[^\s"]+\.dkr\.ecr\.[^\s"]+?)"?: .*403 Forbidden`), Kind: Deterministic, Confidence: Likely,
		Cause: "Amazon ECR refuses to send the image {image}",
		Either: []Possibility{
			{"The role that pulls it may not read the repository", "aws iam simulate-principal-policy for the execution role (Fargate) or the instance role (EC2): ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"},
			{"The repository belongs to another account, and its policy does not let that role in", "aws ecr get-repository-policy --repository-name NAME"},
			{"The policy of a VPC endpoint on the way refuses it", "aws ec2 describe-vpc-endpoints: PolicyDocument of ecr.api, ecr.dkr and s3"}},
		Remedy: []string{"Allow the role that pulls, the repository and the VPC endpoints ecr:BatchGetImage and ecr:GetDownloadUrlForLayer."}, Page: pagePull},
	{ID: "A24", Seen: in(Reason), Match: re(`failed to fetch oauth token.*40[13]|incorrect username or password`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The registry refuses the login with which the image {image} is pulled",
		Remedy: []string{"Correct the user and the password or token in the secret of repositoryCredentials: tokens expire, and need the right to read packages."}, Page: pagePull},
	{ID: "A25", Seen: in(Reason), Match: re(`(?:CannotPull\w*Error|failed to resolve ref|failed to do request|Error response from daemon: (?:Get|Head)).*x509: (?P<detail>[^"]*)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The machine does not accept the certificate of the registry of the image {image}: {detail}",
		Remedy: []string{"Put the authority's certificate on the machine, into /etc/docker/certs.d/REGISTRY/ca.crt, or give the registry one that everybody trusts; on Fargate only the latter helps.",
			"If it is said to have expired or to be of another name: renew it, or use the name that it is made for; and check the machine's clock."}, Page: pagePull},
	{ID: "A26", Seen: in(Reason), Match: re(`server gave HTTP response to HTTPS client`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The registry of the image {image} speaks HTTP without TLS, which the container engine does not accept",
		Remedy: []string{"Serve the registry by HTTPS; or, on a machine of your own, name it under insecure-registries in /etc/docker/daemon.json and restart the engine."}, Page: pagePull},
	{ID: "A02", Seen: in(Reason), Match: re(`(?:CannotPull\w*Error|failed to resolve ref|failed to do request).*(?:dial tcp|i/o timeout|context deadline exceeded|TLS handshake timeout|no such host|network is unreachable)`),
		Kind: Deterministic, Confidence: Certain, Cause: "The registry of the image {image} cannot be reached", Remedy: reachRegistry, Page: pagePull},
	{ID: "A06", Seen: in(Reason), Match: re(`can't pull the image\. Check whether the image exists(?:.*pull access denied for (?P<image>[^,\s]+))?|(?:pull access denied for (?P<image2>[^,\s]+).*)?requested access to the resource is denied`),
		Kind: Deterministic, Confidence: Certain, Cause: "The image {image} does not exist, or needs a login", Either: missingOrPrivate, Remedy: imageDenied, Page: pagePull},
	{ID: "A09", Seen: in(Reason), Match: re(`pull access denied for (?P<image>[^,\s]+)|(?:CannotPull\w*Error.*)?failed to resolve ref(?:erence)? "?(?P<image2>[^\s"]+?)"?: .*(?:pull access denied|(?i:may require authorization|insufficient_scope|unauthorized)|40[13] (?:Unauthorized|Forbidden))|` +
		`CannotPull\w*Error.*(?:no basic auth credentials|(?i:unauthorized)|authentication required|unexpected status from \w+ request to \S+: 40[13]\b)`), Kind: Deterministic, Confidence: Certain,
		Cause: "The image {image} does not exist, or needs a login", Either: missingOrPrivate, Remedy: imageDenied, Page: pagePull},
	{ID: "A21", Seen: in(Reason), Match: re(`CannotPullContainerAuthError|CannotPullECRContainerError|AuthorizationData is malformed|[Aa]sm fetching authorization data: |missing container's registry auth data|engine ecr credentials: not found`),
		Kind: Deterministic, Confidence: Certain, Cause: "The login for the registry of the image {image} cannot be used",
		Remedy: []string{`The secret in repositoryCredentials has to be JSON with the members "username" and "password".`,
			"Check that the execution role may read that secret."}, Page: pagePull},
	{ID: "A01", Seen: in(Reason), Match: re(`failed to resolve ref(?:erence)? "?(?P<image>[^\s"]+?)"?: .*(?:not found|does not exist)|` +
		`manifest for (?P<image2>\S+) not found|manifest unknown|No such image: (?P<image3>\S+)`),
		Kind: Deterministic, Confidence: Certain, Cause: "The image {image} does not exist in its registry",
		Remedy: []string{"Look whether it is there: docker manifest inspect {image}",
			"Push the image, or correct its name and tag in the task definition. A tag that is never reused cannot vanish."}, Page: pagePull},
	{ID: "A05", Seen: in(Reason), Match: re(`(?:API error \(404\): |CannotPull\w*Error.*)repository (?P<image>\S+ )?.*not found`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The repository of the image {image} does not exist",
		Remedy: []string{"Create the repository and push the image, or correct its name in the task definition."}, Page: pagePull},
	{ID: "A14", Seen: in(Reason), Match: re(`failed to copy: httpReadSeeker|failed to copy: httpReaderSeeker|httpReade?r?Seeker: failed open`), Kind: Ambiguous, Confidence: Likely,
		Cause: "The registry was reached, but the layers of the image {image} could not be read",
		Either: []Possibility{
			{"The task's subnet has no way to S3, where ECR keeps the layers", "Does the route table of the subnet hold an S3 gateway endpoint or a NAT gateway?"},
			{"A policy refuses the read: that of the S3 endpoint or that of the KMS key", "What status code does the message end with? 403 is a policy."}},
		Remedy: []string{"Add an S3 gateway endpoint to the subnet's route table, and allow the bucket prod-REGION-starport-layer-bucket in its policy."}, Page: pagePull},
	{ID: "A15", Seen: in(Reason), Match: re(`number of layers and diffIDs don't match`), Kind: Deterministic, Confidence: Certain,
		Cause:  "The layers of the image {image} are compressed in different ways, which this container runtime does not take",
		Remedy: []string{"Build it anew with one compression: docker buildx build --output type=image,compression=gzip,force-compression=true,push=true …"}, Page: pagePull},
	{ID: "A16", Seen: in(Reason), Match: re(`CannotPull\w*Error.*no space left on device|GetImageBlob\d*: no space left on device`), Kind: Deterministic, Confidence: Certain,
		Cause: "There is no disk space left for the image {image}",
		Remedy: []string{"On a machine of your own remove what is unused (docker system prune --all), or give it a bigger disk.",
			"On Fargate raise ephemeralStorage.sizeInGiB in the task definition (21 to 200)."}, Page: pagePull},
	{ID: "A17", Seen: in(Reason), Match: re(`pull command failed: panic|pull command failed: .*nil pointer dereference`), Kind: Deterministic, Confidence: Certain,
		Cause: "The layers of the image {image} cannot be fetched: the task has no way to S3", Remedy: reachS3, Page: pagePull},
	{ID: "A18", Seen: in(Reason), Match: re(`error pulling image conf`), Kind: Transient, Confidence: Likely,
		Cause: "The registry broke off while the image {image} was pulled",
		Either: []Possibility{
			{"The registry limits how much is pulled from this address", "Is it Docker Hub without a login? Then repositoryCredentials helps."},
			{"The network between the machine and the registry drops connections", "Pull the image by hand on that machine several times."}},
		Remedy: []string{"Try again; if it stays, pull the image by hand on that machine: docker pull {image}"}, Page: pagePull},
	{ID: "A19", Seen: in(Reason), Match: re(`^(?:CannotPull\w*Error: )?(?i:context canceled)\.?$`), Kind: Ambiguous, Confidence: Possible,
		Cause: "Pulling the image {image} was given up",
		Either: []Possibility{
			{"The task has no way to the registry", "Does another task of the same subnet and security groups pull anything?"},
			{"The task was told to stop while it was still pulling", "Was a newer deployment started, or the service scaled in, at that time?"}},
		Remedy: reachRegistry, Page: pagePull},
	{ID: "A20", Seen: in(Reason), Match: re(`invalid reference format`), Kind: Deterministic, Confidence: Certain,
		Cause: "The image's name {image} is malformed", Remedy: []string{"Correct the image in the task definition: registry/repository:tag, in small letters, without https:// and without blanks."}, Page: pagePull},
}

// pullFailed is for pulls that fail in a way of which nothing is known.
var pullFailed = Signature{ID: "A00", Seen: in(Reason), Match: re(`CannotPull\w*Error(?:: (?P<detail>.*))?`), Kind: Ambiguous, Confidence: Likely,
	Cause: "The image {image} could not be pulled", Remedy: []string{"Pull the image by hand on the machine and mend what it says: docker pull {image}"}, Page: pagePull}

var (
	buildForPlatform = []string{"Build and push it for that platform: docker buildx build --platform {platform} --tag {image} --push .",
		"Or set runtimePlatform.cpuArchitecture in the task definition to what the image is built for."}
	reachRegistry = []string{"Check that the machine reaches the registry: name resolution, route, proxy, firewall.",
		"On AWS the subnet needs a NAT gateway, or a public IP (assignPublicIp ENABLED, and a route to an internet gateway), or the VPC endpoints ecr.api, ecr.dkr and logs and the gateway endpoint of S3.",
		"The task's security group has to let port 443 out, and that of the endpoints has to let it in."}
	reachS3          = []string{"Add the S3 gateway endpoint to the route table of the task's subnet, or a NAT gateway, and let port 443 out in the security group."}
	imageDenied      = []string{"Look whether it is there: docker manifest inspect {image}", "Correct the image's name in the task definition, or give a login for its registry in repositoryCredentials."}
	missingOrPrivate = []Possibility{
		{"The repository or the image does not exist under this name", "Can you pull it by this name from where you are logged in?"},
		{"It is private, and the task has no login for it", "Does the container have repositoryCredentials? Does the execution role reach them?"}}
)
