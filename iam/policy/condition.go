package policy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// condition is one operator on one key.
type condition struct {
	key      string // in lower case
	values   []string
	operator operator
	negated  bool   // holds when no value matches
	ifExists bool   // holds without the key
	set      string // "ForAllValues", "ForAnyValue" or ""
	null     bool   // asks whether the key is absent
}

// operator compares a value of the request with one of the policy. check tells whether
// a value of the policy has the operator's form; nil takes all.
type operator struct {
	compare func(want glob, have string) bool
	check   func(value string) bool
}

// operators are those that IAM has, without the prefixes and suffixes. A name with Not
// in it is the contrary of the one without.
var operators = map[string]operator{
	"StringEquals":             {compare: func(w glob, h string) bool { return w.text() == h }},
	"StringEqualsIgnoreCase":   {compare: func(w glob, h string) bool { return strings.EqualFold(w.text(), h) }},
	"StringLike":               {compare: func(w glob, h string) bool { return w.match(h) }},
	"NumericEquals":            numeric(func(w, h float64) bool { return h == w }),
	"NumericLessThan":          numeric(func(w, h float64) bool { return h < w }),
	"NumericLessThanEquals":    numeric(func(w, h float64) bool { return h <= w }),
	"NumericGreaterThan":       numeric(func(w, h float64) bool { return h > w }),
	"NumericGreaterThanEquals": numeric(func(w, h float64) bool { return h >= w }),
	"DateEquals":               date(func(w, h time.Time) bool { return h.Equal(w) }),
	"DateLessThan":             date(func(w, h time.Time) bool { return h.Before(w) }),
	"DateLessThanEquals":       date(func(w, h time.Time) bool { return !h.After(w) }),
	"DateGreaterThan":          date(func(w, h time.Time) bool { return h.After(w) }),
	"DateGreaterThanEquals":    date(func(w, h time.Time) bool { return !h.Before(w) }),
	"Bool": {
		compare: func(w glob, h string) bool { return strings.EqualFold(w.text(), h) },
		check:   func(v string) bool { return strings.EqualFold(v, "true") || strings.EqualFold(v, "false") },
	},
	"BinaryEquals": {
		compare: func(w glob, h string) bool { return w.text() == h },
		check:   func(v string) bool { _, err := base64.StdEncoding.DecodeString(v); return err == nil },
	},
	"IpAddress": {compare: inNetwork, check: func(v string) bool { _, ok := network(v); return ok }},
	// "ArnEquals and ArnLike behave identically."
	"ArnEquals": {compare: matchARN},
	"ArnLike":   {compare: matchARN},
}

// contraries are the negated operators by the name of what they negate.
var contraries = map[string]string{
	"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike": "StringLike", "NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals",
	"NotIpAddress": "IpAddress", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
}

// newCondition refuses every operator that it does not know.
func newCondition(name, key string, values []string) (condition, error) {
	c := condition{key: fold(key), values: values}
	unknown := fmt.Errorf("Invalid Condition type : %s.", name) //lint:ignore ST1005 IAM's text
	base := name
	if set, rest, ok := strings.Cut(base, ":"); ok {
		if set != "ForAllValues" && set != "ForAnyValue" {
			return c, unknown
		}
		c.set, base = set, rest
	}
	if base == "Null" && c.set == "" {
		c.null = true
		for _, v := range values {
			if !operators["Bool"].check(v) {
				return c, errSyntax
			}
		}
		return c, c.checkKey(key)
	}
	base, c.ifExists = strings.CutSuffix(base, "IfExists")
	if positive, ok := contraries[base]; ok {
		base, c.negated = positive, true
	}
	op, ok := operators[base]
	if !ok {
		return c, unknown
	}
	c.operator = op
	for _, v := range values {
		if op.check != nil && !strings.Contains(v, "${") && !op.check(v) {
			return c, errSyntax
		}
	}
	return c, c.checkKey(key)
}

func (c condition) checkKey(key string) error {
	if vendor, name, ok := strings.Cut(key, ":"); !ok || vendor == "" || name == "" {
		return fmt.Errorf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.") //lint:ignore ST1005 IAM's text
	}
	if len(c.values) == 0 {
		return errSyntax
	}
	return nil
}

func (c condition) holds(s *statement, context map[string][]string) bool {
	have := context[c.key]
	if c.null {
		for _, v := range c.values {
			if strings.EqualFold(v, "true") == (len(have) == 0) {
				return true
			}
		}
		return false
	}
	if len(have) == 0 {
		// "If the key is not present, a negated operator holds"; ForAllValues holds and
		// ForAnyValue does not, whatever follows it.
		return c.ifExists || c.set == "ForAllValues" || c.negated && c.set == ""
	}
	satisfied := 0
	for _, h := range have {
		if c.satisfied(s, h, context) {
			satisfied++
		}
	}
	if c.set == "ForAllValues" || c.set == "" && c.negated {
		return satisfied == len(have)
	}
	return satisfied > 0
}

// satisfied compares one value of the request: one of the policy's has to match, of a
// negated operator none.
func (c condition) satisfied(s *statement, have string, context map[string][]string) bool {
	for _, v := range c.values {
		want, ok := s.expand(v, context)
		if !ok {
			continue
		}
		if c.operator.compare(want, have) {
			return !c.negated
		}
	}
	return c.negated
}

// text is a pattern as it was written.
func (g glob) text() string {
	r := make([]rune, len(g))
	for i, c := range g {
		switch c {
		case anyText:
			c = '*'
		case anyChar:
			c = '?'
		}
		r[i] = c
	}
	return string(r)
}

func numeric(compare func(want, have float64) bool) operator {
	parse := func(s string) (float64, bool) { f, err := strconv.ParseFloat(s, 64); return f, err == nil }
	return operator{
		compare: func(w glob, h string) bool {
			want, ok1 := parse(w.text())
			have, ok2 := parse(h)
			return ok1 && ok2 && compare(want, have)
		},
		check: func(v string) bool { _, ok := parse(v); return ok },
	}
}

func date(compare func(want, have time.Time) bool) operator {
	return operator{
		compare: func(w glob, h string) bool {
			want, ok1 := moment(w.text())
			have, ok2 := moment(h)
			return ok1 && ok2 && compare(want, have)
		},
		check: func(v string) bool { _, ok := moment(v); return ok },
	}
}

// moment reads a time of ISO 8601, or seconds since 1970.
func moment(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

// network reads an address, or a network in CIDR notation.
func network(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

func inNetwork(want glob, have string) bool {
	n, ok := network(want.text())
	a, err := netip.ParseAddr(have)
	return ok && err == nil && n.Contains(a.Unmap())
}
