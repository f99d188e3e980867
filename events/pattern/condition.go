package pattern

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// value is a text, number or literal of an event.
type value struct {
	kind       kind
	text       string
	number     int64 // in millionths
	comparable bool  // it is a number that can be compared
}

func valueOf(t token) value {
	v := value{kind: t.kind, text: t.text}
	if t.kind == number {
		v.number, v.comparable = inMillionths(t.text)
	}
	return v
}

// condition is one of the things that a field's values may be.
type condition func(value) bool

// equals matches one value. A number beyond what is compared, such as an account's, is
// matched as it is written.
func equals(want value) condition {
	return func(v value) bool {
		if v.kind != want.kind {
			return false
		}
		return v.text == want.text || v.comparable && want.comparable && v.number == want.number
	}
}

// none matches what none of these conditions does, whatever its type.
func none(but []condition) condition {
	return func(v value) bool {
		for _, c := range but {
			if c(v) {
				return false
			}
		}
		return true
	}
}

// ofText makes a condition that only texts can meet.
func ofText(met func(s string) bool) condition {
	return func(v value) bool { return v.kind == text && met(v.text) }
}

func exactly(want string) condition {
	return ofText(func(s string) bool { return s == want })
}

func prefix(want string) condition {
	return ofText(func(s string) bool { return strings.HasPrefix(s, want) })
}

func suffix(want string) condition {
	return ofText(func(s string) bool { return strings.HasSuffix(s, want) })
}

func equalFold(want string) condition {
	return ofText(func(s string) bool { return strings.EqualFold(s, want) })
}

func prefixFold(want string) condition {
	n := utf8.RuneCountInString(want)
	return ofText(func(s string) bool {
		end := 0
		for range n {
			_, size := utf8.DecodeRuneInString(s[end:])
			end += size
		}
		return strings.EqualFold(s[:end], want)
	})
}

func suffixFold(want string) condition {
	n := utf8.RuneCountInString(want)
	return ofText(func(s string) bool {
		start := len(s)
		for range n {
			_, size := utf8.DecodeLastRuneInString(s[:start])
			start -= size
		}
		return strings.EqualFold(s[start:], want)
	})
}

// inBlock matches the addresses from ip to the last one of its block: as in AWS's
// engine, a block begins with the address that it is given by.
func inBlock(ip netip.Addr, bits int) condition {
	block := netip.PrefixFrom(ip, bits)
	return ofText(func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && block.Contains(a) && ip.Compare(a) <= 0
	})
}
