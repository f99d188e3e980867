// Package preflight finds what would keep a deployment from succeeding before it is
// made: facts about a task definition, a service and their surroundings in, problems
// out. It never fetches a fact, and never says that something is missing which it was
// not told to be.
package preflight

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Facts are what is known of a deployment that is to be made.
type Facts struct {
	TaskDefinition types.TaskDefinition
	// Service is the one to be deployed to; nil: only the task definition is judged.
	Service *types.Service
	// Looked tells that Tasks and Instances are known.
	Looked bool
	// Unseen is why they are not known, where they were looked for.
	Unseen    string
	Tasks     []types.Task
	Instances []types.ContainerInstance
	// What was found out about the images, secrets and log groups by name; one that is
	// not in the map was not, or could not be, looked for.
	Images    map[string]Image
	Secrets   map[string]Secret
	LogGroups map[string]Presence
	// Roles say whether the task's roles are there, by ARN.
	Roles map[string]Presence
	// Readers say whether the execution role may read a secret, by its name.
	Readers map[string]Right
}

// Right is what IAM says of a role that wants to do something.
type Right int

const (
	NotAsked   Right = iota
	Allowed          // its policies allow it
	NotAllowed       // none of them allows it, and the policy of what it is done to may
	Forbidden        // one of them denies it
	NoRole           // there is no such role
	NoAnswer         // IAM did not say
)

// Presence is what a search found.
type Presence int

const (
	Unknown Presence = iota // it could not be looked for
	There
	Missing
)

// Image is what a registry says of an image.
type Image struct {
	Presence  Presence
	Malformed bool     // its name cannot be that of an image; Detail says why
	Detail    string   // why it is Unknown
	Platforms []string // "linux/amd64", … of those it is there for; empty: not known
	// Programs are those of health checks that were looked for in its files; nil: it
	// could not be inspected, for the reason Uninspected.
	Programs    map[string]Presence
	Uninspected string
}

// Secret is what Secrets Manager or Parameter Store says of a secret.
type Secret struct {
	Presence Presence
	Detail   string // why it is Unknown
	// Keys of its JSON value, where it could be read and is an object; Readable tells
	// that it could.
	Keys     []string
	Readable bool
}

// Severity says what a problem does to the deployment.
type Severity string

const (
	// Error: the deployment cannot succeed.
	Error Severity = "error"
	// Warning: it can, and something will not be as it seems.
	Warning Severity = "warning"
	// Unchecked: something could not be looked at; nothing is said of it.
	Unchecked Severity = "unchecked"
)

// Problem is one thing that is wrong, or may be.
type Problem struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Subject  string   `json:"subject"` // "container app", "service web", …
	Text     string   `json:"text"`    // one sentence
	Remedy   []string `json:"remedy"`
}

// rules are all that is looked at, each a function of the facts.
var rules = []func(Facts) []Problem{
	names, dependencies, cycles, images, checks, secrets, logs, // of containers
	sizes, fargate, roles, // of the task
	active, percentages, ports, grace, exec, breaker, capacity, // of the service
}

// Examine finds the problems, errors first.
func Examine(f Facts) []Problem {
	all := []Problem{}
	for _, rule := range rules {
		all = append(all, rule(f)...)
	}
	order := map[Severity]int{Error: 0, Warning: 1, Unchecked: 2}
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Compare(order[a.Severity], order[b.Severity]) })
	return all
}

// Runnable finds what would keep a task of a task definition that ran before from
// running again: an image or a secret that is gone, or that could not be looked for.
func Runnable(f Facts) []Problem {
	return append(images(f), secrets(f)...)
}

// Fatal tells whether the deployment cannot succeed.
func Fatal(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}
