package events

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"steady/awsapi"
)

// problems are the constraints of the API's model that a request does not satisfy, in
// AWS's words.
type problems []string

func (p *problems) add(value, at, constraint string) {
	const told = 1000
	if len(value) > told {
		value = strings.ToValidUTF8(value[:told], "") + "…"
	}
	*p = append(*p, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value, at, constraint))
}

// err is nil when there are none.
func (p problems) err() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: %s", p[0])
	}
	return invalid("%d validation errors detected: %s", len(p), strings.Join(p, "; "))
}

// name is the form of the names of rules, and of the ids of targets.
var name = regexp.MustCompile(`^[.\-_A-Za-z0-9]+$`)

// named checks the name of a rule or the id of a target, which must be there.
func (p *problems) named(value *string, at string, max int) {
	if p.length(value, at, 1, max) && !name.MatchString(*value) {
		p.add(*value, at, `Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`)
	}
}

// length checks a text; a text of which at least one character is asked must be there.
func (p *problems) length(value *string, at string, min, max int) (ok bool) {
	if value == nil {
		if min > 0 {
			*p = append(*p, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", at))
		}
		return false
	}
	switch n := utf8.RuneCountInString(*value); {
	case n < min:
		p.add(*value, at, fmt.Sprintf("Member must have length greater than or equal to %d", min))
	case n > max:
		p.add(*value, at, fmt.Sprintf("Member must have length less than or equal to %d", max))
	default:
		return true
	}
	return false
}

// count checks how long a list is.
func (p *problems) count(n int, at string, max int) {
	if n < 1 {
		*p = append(*p, fmt.Sprintf("Value '[]' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", at))
	}
	if n > max {
		*p = append(*p, fmt.Sprintf("Value of %d elements at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", n, at, max))
	}
}

// between checks a number, which may be absent.
func (p *problems) between(value *int32, at string, min, max int32) {
	switch {
	case value == nil:
	case *value < min:
		p.add(fmt.Sprint(*value), at, fmt.Sprintf("Member must have value greater than or equal to %d", min))
	case *value > max:
		p.add(fmt.Sprint(*value), at, fmt.Sprintf("Member must have value less than or equal to %d", max))
	}
}

// maxPage is how many items a page has at most, and when nothing is said.
const maxPage = 100

// page is one page of items and the token of the next.
func page[T any](operation string, items []T, key func(T) string, token *string, limit *int32) ([]T, *string, error) {
	var p problems
	p.between(limit, "limit", 1, maxPage)
	if err := p.err(); err != nil {
		return nil, nil, err
	}
	size := maxPage
	if limit != nil {
		size = int(*limit)
	}
	items, next, ok := awsapi.Page(awsapi.Paging{Operation: operation, Token: token, Size: size}, items, key)
	if !ok {
		return nil, nil, invalid("Parameter NextToken is not valid: give the NextToken of the reply before, unchanged.")
	}
	return items, next, nil
}
