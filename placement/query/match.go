package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Matches implements Expr.
func (e *And) Matches(t Target) bool { return e.Left.Matches(t) && e.Right.Matches(t) }

// Matches implements Expr.
func (e *Or) Matches(t Target) bool { return e.Left.Matches(t) || e.Right.Matches(t) }

// Matches implements Expr.
func (e *Not) Matches(t Target) bool { return !e.Operand.Matches(t) }

// Matches implements Expr.
func (e *Term) Matches(t Target) bool {
	switch e.Subject {
	case AgentConnected:
		return e.text(strconv.FormatBool(t.Instance.AgentConnected))
	case AgentVersion:
		v, ok := parseVersion(t.Instance.AgentVersion)
		return ok && order(e.Op, v.compare(e.version))
	case AttributeOf:
		return e.attribute(t)
	case EC2InstanceID:
		return e.text(t.Instance.EC2InstanceID)
	case RegisteredAt:
		return order(e.Op, t.Instance.RegisteredAt.Compare(e.at))
	case RunningTasksCount:
		return order(e.Op, cmp.Compare(t.RunningTasks, e.number))
	default:
		return e.group(t.Groups)
	}
}

// attribute: an instance without the attribute is selected by !exists alone (ECS
// developer guide: "attribute:stack != prod" selects instances that have the
// attribute with another value).
func (e *Term) attribute(t Target) bool {
	value, has := Attribute(t.Instance, e.Attribute)
	switch e.Op {
	case Exists:
		return has
	case NotExists:
		return !has
	default:
		return has && e.text(value)
	}
}

// group: an instance can run tasks of many groups. The positive operators ask for
// one such group; the negative ones are their opposite, so that an empty instance
// satisfies anti-affinity.
func (e *Term) group(groups map[string]int) bool {
	positive := *e
	negative := true
	switch e.Op {
	case NotEquals:
		positive.Op = Equals
	case NotIn:
		positive.Op = In
	case NotMatches:
		positive.Op = Matches
	default:
		negative = false
	}
	for name, tasks := range groups {
		if tasks > 0 && positive.text(name) {
			return !negative
		}
	}
	return negative
}

// text compares a text value with the arguments.
func (e *Term) text(value string) bool {
	switch e.Op {
	case Equals:
		return value == e.Args[0]
	case NotEquals:
		return value != e.Args[0]
	case In:
		return slices.Contains(e.Args, value)
	case NotIn:
		return !slices.Contains(e.Args, value)
	case Matches:
		return e.whole(value)
	case NotMatches:
		return !e.whole(value)
	}
	return false
}

func (e *Term) whole(value string) bool {
	at := e.pattern.FindStringIndex(value)
	return at != nil && at[0] == 0 && at[1] == len(value)
}

// order tells whether a comparison that came out as c satisfies the operator.
func order(op Op, c int) bool {
	switch op {
	case Equals:
		return c == 0
	case NotEquals:
		return c != 0
	case GreaterThan:
		return c > 0
	case GreaterThanEqual:
		return c >= 0
	case LessThan:
		return c < 0
	case LessThanEqual:
		return c <= 0
	}
	return false
}

// compare orders versions: by their numbers, then a pre-release before its release.
func (v version) compare(w version) int {
	if c := slices.Compare(v.number[:], w.number[:]); c != 0 {
		return c
	}
	if (v.prerelease == "") != (w.prerelease == "") {
		return cmp.Compare(w.prerelease, v.prerelease)
	}
	return strings.Compare(v.prerelease, w.prerelease)
}
