package pattern

import (
	"math"
	"strconv"
)

// Numbers are compared "between -5.0e9 and +5.0e9 inclusive", with "six digits to the
// right of the decimal point".
const (
	maxNumber  = 5e9
	millionths = 1e6
	outOfRange = "Value must be between -5.0E9 and 5.0E9, inclusive"
)

// inMillionths is a number in millionths; false if it is beyond what is compared.
func inMillionths(text string) (int64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > maxNumber {
		return 0, false
	}
	return int64(math.Round(f * millionths)), true
}

// numeric reads the list of a comparison or of a range, such as [">", 0, "<=", 5].
func (p *parser) numeric(t token) (condition, error) {
	if t.kind != '[' {
		return nil, p.errorf("Value of numeric must be an array.")
	}
	operator, err := p.next()
	if err != nil {
		return nil, err
	}
	p.finish()
	if operator.kind != text {
		return nil, p.errorf("Invalid member in numeric match: %s", operator.shown())
	}
	bound, err := p.next()
	if err != nil {
		return nil, err
	}
	r := span{low: math.MinInt64, high: math.MaxInt64}
	switch operator.text {
	case "=":
		r.low, err = p.number(bound, "equals")
		r.high = r.low
	case ">", ">=":
		if r.low, err = p.number(bound, operator.text); err != nil {
			return nil, err
		}
		r.above = operator.text == ">"
		return p.rangeEnd(r)
	case "<", "<=":
		r.high, err = p.number(bound, operator.text)
		r.below = operator.text == "<"
	default:
		err = p.errorf("Unrecognized numeric range operator: %s", operator.text)
	}
	if err != nil {
		return nil, err
	}
	end, err := p.next()
	if err == nil && end.kind != ']' {
		err = p.errorf("Too many elements in numeric expression")
	}
	return r.condition(), err
}

// rangeEnd reads the upper bound of a range, if it has one.
func (p *parser) rangeEnd(r span) (condition, error) {
	operator, err := p.next()
	if err != nil || operator.kind == ']' {
		return r.condition(), err
	}
	p.finish()
	if operator.kind != text {
		return nil, p.errorf("Bad value in numeric range: %s", operator.shown())
	}
	if operator.text != "<" && operator.text != "<=" {
		return nil, p.errorf("Bad numeric range operator: %s", operator.text)
	}
	bound, err := p.next()
	if err != nil {
		return nil, err
	}
	if r.high, err = p.number(bound, operator.text); err != nil {
		return nil, err
	}
	r.below = operator.text == "<"
	end, err := p.next()
	if err != nil {
		return nil, err
	}
	if end.kind != ']' {
		return nil, p.errorf("Too many terms in numeric range expression")
	}
	if r.low > r.high {
		return nil, p.errorf("Bottom must be less than top")
	}
	return r.condition(), nil
}

func (p *parser) number(t token, operator string) (int64, error) {
	if t.kind != number {
		return 0, p.errorf("Value of %s must be numeric", operator)
	}
	n, ok := inMillionths(t.text)
	if !ok {
		return 0, p.errorf(outOfRange)
	}
	return n, nil
}

// shown is a token as an error tells it.
func (t token) shown() string {
	if t.text == "" {
		return string(rune(t.kind))
	}
	return t.text
}

// span is a range of numbers, in millionths.
type span struct {
	low, high    int64
	above, below bool // without low, without high
}

func (r span) condition() condition {
	return func(v value) bool {
		return v.kind == number && v.comparable && r.low <= v.number && v.number <= r.high &&
			!(r.above && v.number == r.low) && !(r.below && v.number == r.high)
	}
}
