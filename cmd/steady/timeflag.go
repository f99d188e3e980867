package main

import (
	"encoding"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// span is a flag such as 90s, 1h30m or 7d.
type span time.Duration

// Decode takes the next word of the command line.
func (s *span) Decode(c *kong.DecodeContext) error { return decode(c, s) }

// UnmarshalText reads a duration; a day is 24 hours.
func (s *span) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err == nil && n >= 0 && n < 36500 {
			*s = span(n * float64(24*time.Hour))
			return nil
		}
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q should be a duration such as 15m, 1h30m or 7d", text)
	}
	*s = span(d)
	return nil
}

// moment is a flag such as 2026-01-02T15:04:05Z. Without a zone it is UTC, as results
// are.
type moment struct{ time.Time }

// Decode takes the next word of the command line.
func (m *moment) Decode(c *kong.DecodeContext) error { return decode(c, m) }

// UnmarshalText reads a date, with or without a time.
func (m *moment) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			m.Time = t
			return nil
		}
	}
	return fmt.Errorf("%q should be a time such as 2026-01-02T15:04:05Z, \"2026-01-02 15:04\" (UTC) or 2026-01-02", text)
}

// decode reads a flag's value. One that begins with a dash is read as well: what is wrong
// with "--since -5m" is said by who knows what it should be.
func decode(c *kong.DecodeContext, to encoding.TextUnmarshaler) error {
	word := c.Scan.Pop()
	if word.IsEOL() {
		return errors.New("a value is missing behind it")
	}
	return to.UnmarshalText([]byte(word.String()))
}
