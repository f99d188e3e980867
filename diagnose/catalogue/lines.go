package catalogue

// lines match what a container wrote before it ended. Those with place Log tell the
// cause; those with place Hint say where to look first. (family C)
var lines = []Signature{
	{ID: "C31", Seen: in(Log), Match: re(`exec user process caused:? "?no such file or directory|(?:^|\] )exec "?(?P<command>[^\s":]+)"?(?: failed)?: [Nn]o such file or directory\s*$`), Kind: Deterministic, Confidence: Certain,
		Cause:  "Container {container} cannot start: its command, or the interpreter in the command's first line, does not exist in the image",
		Remedy: append(correctCommand, "A script with Windows line ends names an interpreter that does not exist: convert it (dos2unix)."), Page: pageStart},
	{ID: "C41", Seen: in(Log), Match: re(`exec user process caused:? "?permission denied|(?:^|\] )exec "?(?P<command>[^\s":]+)"?(?: failed)?: [Pp]ermission denied\s*$`), Kind: Deterministic, Confidence: Certain,
		Cause: "Container {container} cannot start: {command} is not executable", Remedy: makeExecutable, Page: pageStart},
	{ID: "C42", Seen: in(Hint), Match: re(`^(?:(?:\S*/)?(?:ba|da|a|k|z)?sh: (?:exec: )?(?:(?:line )?\d+: )?|\S+: (?:line )?\d+: )(?:exec: )?(?P<command>[\w./+-]+): not found$|(?:^|: )(?P<command2>[\w./+-]+): command not found$`), Kind: Ambiguous, Confidence: Possible,
		Cause: "A script of the container runs {command}, which its image does not have", Remedy: []string{"Install it in the image, or correct the command; a minimal image has few programs."}},
	{ID: "C32", Seen: in(Hint), Match: re(`EADDRINUSE|[Aa]ddress already in use`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program found its port taken within its own container or task", Remedy: []string{"Two containers of one awsvpc or host task cannot listen on the same port: give one another."}},
	{ID: "C33", Seen: in(Hint), Match: re(`ECONNREFUSED|[Cc]onnection refused`), Kind: Ambiguous, Confidence: Possible,
		Cause: "Something that the program calls does not listen where it looks", Remedy: []string{"Check the address in its settings: 127.0.0.1 is the container itself (with awsvpc, the task)."}},
	{ID: "C34", Seen: in(Hint), Match: re(`ENOTFOUND|EAI_AGAIN|no such host|Name or service not known|could not translate host name|Temporary failure in name resolution`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program cannot resolve a host name", Remedy: []string{"Check the name in its settings, and that the task's network resolves it."}},
	{ID: "C35", Seen: in(Hint), Match: re(`password authentication failed|no pg_hba\.conf entry|Access denied for user|(?i:authentication failed)`), Kind: Ambiguous, Confidence: Possible,
		Cause: "A database refuses the program's login", Remedy: []string{"Check user, password and secret, and that the database lets the task's network in."}},
	{ID: "C36", Seen: in(Hint), Match: re(`x509: certificate|certificate verify failed|self[- ]signed certificate|unable to get local issuer certificate`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program does not trust a certificate", Remedy: []string{"Put the authority's certificate into the image (a minimal image has none: ca-certificates)."}},
	{ID: "C37", Seen: in(Hint), Match: re(`java\.lang\.OutOfMemoryError|JavaScript heap out of memory|^MemoryError\b`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program's own heap is full", Remedy: []string{"Give it more heap (-XX:MaxRAMPercentage, --max-old-space-size), and the container the memory for it."}},
	{ID: "C38", Seen: in(Hint), Match: re(`EACCES|PermissionError|[Pp]ermission denied|[Rr]ead-only file system|EROFS`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program may not write or read a file", Remedy: []string{"Compare user, readonlyRootFilesystem and the owner of the volume's files (with EFS, the access point's uid)."}},
	{ID: "C39", Seen: in(Hint), Match: re(`^KeyError: |environment variable|(?i:is not set\b|missing required|is required but)`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program misses a setting", Remedy: []string{"Add it to environment or secrets in the task definition."}},
	{ID: "C22", Seen: in(Hint), Match: re(`^panic: |^fatal error: |Traceback \(most recent call last\)|[Uu]nhandled (?:exception|rejection)|Exception in thread`), Kind: Ambiguous, Confidence: Possible,
		Cause: "The program crashed in its own code", Remedy: []string{"Read the trace in the log."}},
}
