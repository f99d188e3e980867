// Package schedule knows when the schedule expressions of EventBridge fire:
// "rate(5 minutes)" and "cron(0 10 ? * MON-FRI *)", in UTC. It decides purely: it never
// waits for a time and reads no clock.
package schedule

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxLength is how long an expression can be.
const MaxLength = 256

// Schedule is an expression that was read.
type Schedule struct {
	every time.Duration // of a rate; 0: a cron
	cron  cron
}

// errInvalid does not say more: neither does EventBridge.
var errInvalid = errors.New("not a schedule expression")

// Parse reads an expression.
func Parse(expression string) (Schedule, error) {
	body, isRate := strings.CutPrefix(expression, "rate(")
	if !isRate {
		var isCron bool
		if body, isCron = strings.CutPrefix(expression, "cron("); !isCron {
			return Schedule{}, errInvalid
		}
	}
	body, closed := strings.CutSuffix(body, ")")
	if !closed || len(expression) > MaxLength || strings.TrimSpace(body) != body {
		return Schedule{}, errInvalid
	}
	fields := strings.Fields(body)
	if isRate {
		every, err := parseRate(fields)
		return Schedule{every: every}, err
	}
	c, err := parseCron(fields)
	return Schedule{cron: c}, err
}

var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// parseRate reads a value and a unit: "If the value is equal to 1, then the unit must be
// singular. If the value is greater than 1, the unit must be plural."
func parseRate(fields []string) (time.Duration, error) {
	if len(fields) != 2 || !digits(fields[0]) {
		return 0, errInvalid
	}
	n, err := strconv.Atoi(fields[0])
	singular := fields[1]
	if n != 1 {
		var plural bool
		if singular, plural = strings.CutSuffix(singular, "s"); !plural {
			return 0, errInvalid
		}
	}
	unit, known := units[singular]
	if err != nil || !known || n < 1 || int64(n) > math.MaxInt64/int64(unit) {
		return 0, errInvalid
	}
	return time.Duration(n) * unit, nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Next is the first time after a time at which a schedule that counts from a time fires.
// A rate fires first when it has passed once. A schedule that fires no more gives false.
func (s Schedule) Next(from, after time.Time) (time.Time, bool) {
	if s.every == 0 {
		if after.Before(from) {
			after = from
		}
		return s.cron.next(after.UTC())
	}
	from = from.UTC().Truncate(time.Second) // events tell no less
	if after.Before(from) {
		return from.Add(s.every), true
	}
	passed := after.Sub(from) / s.every
	if passed >= math.MaxInt64/s.every {
		return time.Time{}, false
	}
	return from.Add((passed + 1) * s.every), true
}
