package logs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// check collects what is wrong with a request's members, in the words of AWS's own
// validation.
type check struct{ problems []string }

// err is the error for all that was found wrong.
func (c *check) err() error {
	switch n := len(c.problems); n {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: %s", c.problems[0])
	default:
		return invalid("%d validation errors detected: %s", n, strings.Join(c.problems, "; "))
	}
}

func (c *check) fail(member string, value any, constraint string) {
	shown := "null"
	if value != nil {
		shown = fmt.Sprintf("'%v'", value)
		if r := []rune(shown); len(r) > 200 {
			shown = string(r[:200]) + "…'"
		}
	}
	c.problems = append(c.problems, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", shown, member, constraint))
}

// rule is what a text must be.
type rule struct {
	min, max int // characters; 0: no limit
	pattern  *regexp.Regexp
	shown    string // the pattern, as AWS writes it
}

func pattern(shown string, min, max int) rule {
	return rule{min: min, max: max, pattern: regexp.MustCompile("^(?:" + shown + ")$"), shown: shown}
}

var (
	groupNameRule  = pattern(`[\.\-_/#A-Za-z0-9]+`, 1, 512)
	identifierRule = pattern(`[\w#+=/:,.@*-]*`, 1, 2048)
	streamNameRule = pattern(`[^:*]*`, 1, 512)
	arnRule        = pattern(`[\w+=/:,.@*-]*`, 1, 1011)
	tagKeyRule     = pattern(`([\p{L}\p{Z}\p{N}_.:/=+\-@]+)`, 1, 128)
	tagValueRule   = pattern(`([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`, 0, 256)
	tableNameRule  = pattern(`[a-zA-Z0-9_]+`, 1, 256)
	tokenRule      = rule{min: 1}
)

// text checks a member that may be absent.
func (c *check) text(member string, value *string, r rule) {
	if value == nil {
		return
	}
	n := utf8.RuneCountInString(*value)
	if n < r.min {
		c.fail(member, *value, fmt.Sprintf("have length greater than or equal to %d", r.min))
	}
	if r.max > 0 && n > r.max {
		c.fail(member, *value, fmt.Sprintf("have length less than or equal to %d", r.max))
	}
	if r.pattern != nil && !r.pattern.MatchString(*value) {
		c.fail(member, *value, "satisfy regular expression pattern: "+r.shown)
	}
}

// required checks a member that must be there.
func (c *check) required(member string, value *string, r rule) {
	if value == nil {
		c.fail(member, nil, "not be null")
		return
	}
	c.text(member, value, r)
}

// number checks a member that may be absent; max is 0 for no limit.
func number[N int32 | int64](c *check, member string, value *N, min, max N) {
	switch {
	case value == nil:
	case *value < min:
		c.fail(member, *value, fmt.Sprintf("have value greater than or equal to %d", min))
	case max > 0 && *value > max:
		c.fail(member, *value, fmt.Sprintf("have value less than or equal to %d", max))
	}
}

// oneOf checks an enumeration; an empty value is absent.
func oneOf[E ~string](c *check, member string, value E, all []E) {
	if value == "" || slices.Contains(all, value) {
		return
	}
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = string(e)
	}
	c.fail(member, value, "satisfy enum value set: ["+strings.Join(names, ", ")+"]")
}

// length checks how many elements a list has.
func (c *check) length(member string, n, min, max int) {
	if n < min {
		c.fail(member, "[]", fmt.Sprintf("have length greater than or equal to %d", min))
	}
	if n > max {
		c.fail(member, fmt.Sprintf("[%d elements]", n), fmt.Sprintf("have length less than or equal to %d", max))
	}
}

// each checks the texts of a list.
func (c *check) each(member string, values []string, r rule) {
	for i := range values {
		c.text(fmt.Sprintf("%s.%d.member", member, i+1), &values[i], r)
	}
}

// limit is what a member asks for, or the most there is.
func limit(value *int32, most int) int {
	if value == nil {
		return most
	}
	return int(aws.ToInt32(value))
}
