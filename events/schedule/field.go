package schedule

import (
	"slices"
	"strconv"
	"strings"
)

// field is one of the fields of a cron expression.
type field struct {
	min, max int
	steps    bool     // "/" is one of its wildcards
	names    []string // of its values, if they have any
}

// parse reads a list of values, ranges and increments: "1,5-7,0/15".
func (f field) parse(text string) (values, error) {
	have := make([]bool, f.max-f.min+1)
	for item := range strings.SplitSeq(text, ",") {
		if !f.item(item, have) {
			return nil, errInvalid
		}
	}
	var all values
	for i, has := range have {
		if has {
			all = append(all, f.min+i)
		}
	}
	return slices.Clip(all), nil
}

// item adds what one item of a list stands for.
func (f field) item(text string, have []bool) bool {
	what, increment, stepped := strings.Cut(text, "/")
	first, last, ok := f.span(what, stepped)
	if !ok || stepped && !f.steps {
		return false
	}
	step := 1
	if stepped {
		if !digits(increment) || len(increment) > 4 {
			return false
		}
		if step, _ = strconv.Atoi(increment); step < 1 || step > f.max {
			return false
		}
	}
	if first > last { // as in FRI-MON: over the end
		last += len(have)
	}
	for n := first; n <= last; n += step {
		have[(n-f.min)%len(have)] = true
	}
	return true
}

// span is the values that an item is about: all, a range, or one value, which an
// increment goes on from to the end.
func (f field) span(text string, stepped bool) (first, last int, ok bool) {
	if text == "*" {
		return f.min, f.max, true
	}
	from, to, ranged := strings.Cut(text, "-")
	first, ok = f.number(from)
	switch {
	case !ok:
		return 0, 0, false
	case ranged:
		last, ok = f.number(to)
		return first, last, ok
	case stepped:
		return first, f.max, true
	}
	return first, first, true
}

// number reads one value, as a number or by its name.
func (f field) number(text string) (int, bool) {
	if i := slices.Index(f.names, strings.ToUpper(text)); i >= 0 {
		return f.min + i, true
	}
	if !digits(text) || len(text) > 4 {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= f.min && n <= f.max
}
