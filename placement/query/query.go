// Package query is the cluster query language of ECS: expressions such as
// "attribute:ecs.instance-type =~ t3.* and runningTasksCount < 5" that select
// container instances.
// It never places a task and knows nothing of resources.
//
// AWS does not document the precedence of the operators, the anchoring of
// patterns and the text of errors. Here not binds tighter than and, and tighter
// than or; a pattern must match the whole value; patterns are RE2, which lacks
// Java's look-around, back references and possessive quantifiers.
package query

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"steady/model"
)

// MaxLength is the length of the longest expression, in bytes (ECS: "an
// expression can have a maximum length of 2000 characters").
const MaxLength = 2000

// Target is what an expression is asked about.
type Target struct {
	Instance *model.Instance
	// RunningTasks is the number of tasks whose desired status is RUNNING (ECS
	// API, runningTasksCount of a container instance).
	RunningTasks int
	// Groups holds the number of those tasks for each task group.
	Groups map[string]int
}

// Expr is a parsed expression: an *And, an *Or, a *Not or a *Term.
type Expr interface {
	// Matches tells whether the expression selects the container instance.
	Matches(Target) bool
	// String writes the expression so that Parse reads the same one back.
	String() string
}

// And selects what both sides select.
type And struct{ Left, Right Expr }

// Or selects what either side selects.
type Or struct{ Left, Right Expr }

// Not selects what its operand does not.
type Not struct{ Operand Expr }

// Term compares one subject of the container instance with literal arguments.
type Term struct {
	Subject   Subject
	Attribute string // the name behind "attribute:", else empty
	Op        Op
	Args      []string // none for exists; one or more for in; else exactly one

	// The argument in the subject's own type, made by the parser.
	number  int
	at      time.Time
	version version
	pattern *regexp.Regexp
}

// Subject is what a term looks at.
type Subject string

const (
	AgentConnected    Subject = "agentConnected"
	AgentVersion      Subject = "agentVersion"
	AttributeOf       Subject = "attribute"
	EC2InstanceID     Subject = "ec2InstanceId"
	RegisteredAt      Subject = "registeredAt"
	RunningTasksCount Subject = "runningTasksCount"
	TaskGroup         Subject = "task:group"
)

// Op is a comparison.
type Op string

const (
	Equals           Op = "=="
	NotEquals        Op = "!="
	GreaterThan      Op = ">"
	GreaterThanEqual Op = ">="
	LessThan         Op = "<"
	LessThanEqual    Op = "<="
	Exists           Op = "exists"
	NotExists        Op = "!exists"
	In               Op = "in"
	NotIn            Op = "!in"
	Matches          Op = "=~"
	NotMatches       Op = "!~"
)

var (
	ordered  = []Op{Equals, NotEquals, GreaterThan, GreaterThanEqual, LessThan, LessThanEqual}
	textual  = []Op{Equals, NotEquals, In, NotIn, Matches, NotMatches}
	presence = append([]Op{Exists, NotExists}, textual...)
)

// operators are the comparisons that ECS allows for each subject.
var operators = map[Subject][]Op{
	AgentConnected:    textual,
	AgentVersion:      ordered,
	AttributeOf:       presence,
	EC2InstanceID:     textual,
	RegisteredAt:      ordered,
	RunningTasksCount: ordered,
	TaskGroup:         textual,
}

// Error says what is wrong with an expression, and where.
type Error struct {
	Expression string
	Position   int // of the character in question, from 1
	Problem    string
}

func (e *Error) Error() string {
	return fmt.Sprintf("cluster query: at character %d: %s", e.Position, e.Problem)
}

func (e *And) String() string { return group(e.Left) + " and " + group(e.Right) }
func (e *Or) String() string  { return group(e.Left) + " or " + group(e.Right) }
func (e *Not) String() string { return "not(" + e.Operand.String() + ")" }

func (e *Term) String() string {
	subject := string(e.Subject)
	if e.Subject == AttributeOf {
		subject += ":" + e.Attribute
	}
	switch e.Op {
	case Exists, NotExists:
		return subject + " " + string(e.Op)
	case In, NotIn:
		quoted := make([]string, len(e.Args))
		for i, a := range e.Args {
			quoted[i] = quote(a)
		}
		return subject + " " + string(e.Op) + " [" + strings.Join(quoted, ", ") + "]"
	default:
		return subject + " " + string(e.Op) + " " + quote(e.Args[0])
	}
}

func group(e Expr) string {
	switch e.(type) {
	case *And, *Or:
		return "(" + e.String() + ")"
	default:
		return e.String()
	}
}

// quote leaves a plain word bare and puts anything else in quotes. No parsed value
// holds both kinds of quotes, since neither kind can be escaped.
func quote(s string) string {
	if isBareWord(s) {
		return s
	}
	if strings.Contains(s, `"`) {
		return "'" + s + "'"
	}
	return `"` + s + `"`
}

// parseTime reads the four forms of a date that ECS documents. A form without a
// zone is UTC.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// version is a semantic version: the numbers, and whether it is a pre-release of
// them.
type version struct {
	number     [3]int
	prerelease string
}

// parseVersion reads "1.14.5", "v1.14.5", "1.14" and "1.14.5-rc1+build".
func parseVersion(s string) (version, bool) {
	s = strings.TrimPrefix(s, "v")
	s, _, _ = strings.Cut(s, "+")
	core, pre, _ := strings.Cut(s, "-")
	v := version{prerelease: pre}
	part := strings.Split(core, ".")
	if len(part) > len(v.number) {
		return version{}, false
	}
	for i, p := range part {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return version{}, false
		}
		v.number[i] = n
	}
	return v, true
}
