package pattern

import (
	"net/netip"
	"strconv"
	"strings"
)

// expression reads a match expression, such as {"prefix": "us-"}, behind its bracket.
func (p *parser) expression(f *field) error {
	operator, err := p.next()
	if err != nil {
		return err
	}
	if operator.kind != name {
		return p.errorf("Match expression name not found")
	}
	t, err := p.next()
	if err != nil {
		return err
	}
	var c condition
	switch operator.text {
	case "exactly":
		c, err = p.string(t, "exact", exactly)
	case "prefix":
		c, err = p.affix(t, "prefix", "Prefix", prefix, prefixFold)
	case "suffix":
		c, err = p.affix(t, "suffix", "Suffix", suffix, suffixFold)
	case "equals-ignore-case":
		c, err = p.string(t, "equals-ignore-case", equalFold)
	case "wildcard":
		c, err = p.wildcard(t)
	case "cidr":
		c, err = p.cidr(t)
	case "numeric":
		c, err = p.numeric(t)
	case "anything-but":
		c, err = p.anythingBut(t)
	case "exists":
		return p.exists(t, f)
	default:
		return p.errorf("Unrecognized match type %s", operator.text)
	}
	if err != nil {
		return err
	}
	f.conditions = append(f.conditions, c)
	return p.closed(operator.text)
}

// closed reads the end of the expression of an operator.
func (p *parser) closed(operator string) error {
	t, err := p.next()
	if err != nil || t.kind == '}' {
		return err
	}
	if operator == "numeric" || operator == "anything-but" {
		return p.errorf("Too many elements in numeric expression")
	}
	return p.errorf("Only one key allowed in match expression")
}

// string makes a condition of a text.
func (p *parser) string(t token, what string, make func(string) condition) (condition, error) {
	if t.kind != text {
		return nil, p.errorf("%s match pattern must be a string", what)
	}
	p.finish()
	return make(t.text), nil
}

// affix reads the value of prefix or suffix: a text, or {"equals-ignore-case": text}.
func (p *parser) affix(t token, what, title string, plain, fold func(string) condition) (condition, error) {
	if t.kind != '{' {
		return p.string(t, what, plain)
	}
	operator, err := p.next()
	if err != nil {
		return nil, err
	}
	if operator.kind != name {
		return nil, p.errorf("%s expression name not found", title)
	}
	if operator.text != "equals-ignore-case" {
		return nil, p.errorf("Unsupported %s pattern: %s", what, operator.text)
	}
	if t, err = p.next(); err != nil {
		return nil, err
	}
	c, err := p.string(t, "equals-ignore-case", fold)
	if err != nil {
		return nil, err
	}
	return c, p.closed(what)
}

func (p *parser) wildcard(t token) (condition, error) {
	if t.kind != text {
		return nil, p.errorf("wildcard match pattern must be a string")
	}
	p.finish()
	w, problem := parseWildcard(t.text)
	if problem != "" {
		return nil, p.errorf("%s", problem)
	}
	return w.condition(), nil
}

// cidr reads a block of addresses. Its errors tell no place, as AWS's do not.
func (p *parser) cidr(t token) (condition, error) {
	if t.kind != text {
		return nil, p.errorf("prefix match pattern must be a string") // sic
	}
	p.finish()
	address, mask, found := strings.Cut(t.text, "/")
	if !found || strings.Contains(mask, "/") {
		return nil, invalid("Malformed CIDR, one '/' required")
	}
	bits, err := strconv.ParseInt(mask, 10, 32)
	if err != nil {
		return nil, invalid("Malformed CIDR, mask bits must be an integer")
	}
	if bits < 0 {
		return nil, invalid("Malformed CIDR, mask bits must not be negative")
	}
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Zone() != "" {
		return nil, invalid("Nonstandard IP address: %s", address)
	}
	if ip.Is4() && bits > 31 {
		return nil, invalid("IPv4 mask bits must be < 32")
	}
	if bits > 127 {
		return nil, invalid("IPv6 mask bits must be < 128")
	}
	return inBlock(ip, int(bits)), nil
}

func (p *parser) exists(t token, f *field) error {
	switch t.text {
	case "true":
		f.conditions = append(f.conditions, func(value) bool { return true })
	case "false":
		f.absent = true
	}
	if t.kind != literal || t.text == "null" {
		return p.errorf("exists match pattern must be either true or false.")
	}
	return p.closed("exists")
}
