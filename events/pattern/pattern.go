// Package pattern compiles EventBridge's event patterns and matches events against
// them, as AWS's own engine does. It never reads a clock, a disk or a socket.
//
// A pattern is JSON of the shape of the events it selects: all of its fields must
// match, each with any of the values in its array. How arrays in events match is said
// at Pattern.Matches.
package pattern

import "fmt"

// MaxLength is how many characters a pattern may have (EventBridge API, EventPattern).
const MaxLength = 4096

// maxCombinations is how many patterns without $or one with it may stand for.
const maxCombinations = 1000

// Pattern is a compiled event pattern. Its methods may be called from several
// goroutines.
type Pattern struct {
	// alternatives are the patterns that remain when each $or is resolved; one of them
	// must match.
	alternatives []*tree
}

// Error says why a text is no event pattern, in the words of AWS.
type Error struct{ Reason string }

func (e *Error) Error() string { return "Event pattern is not valid. Reason: " + e.Reason }

// Parse compiles an event pattern. Its error is an *Error.
func Parse(text string) (*Pattern, error) {
	p := &parser{lexer: lexer{text: text}}
	rules, err := p.filter()
	if err != nil {
		return nil, err
	}
	compiled := &Pattern{}
	for _, r := range rules {
		compiled.alternatives = append(compiled.alternatives, r.compile())
	}
	return compiled, nil
}

// Matches is true of events that the pattern selects.
//
// Where the event has an array, any of its elements may match; but fields that the
// pattern asks for together must be found together: no "two fields are within JSON
// objects that are in different elements of the same array".
func (p *Pattern) Matches(e *Event) bool {
	for _, t := range p.alternatives {
		if t.match(&e.root, e) {
			return true
		}
	}
	return false
}

func invalid(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }
