package ql

import (
	"strconv"
	"strings"
	"time"
)

// Unit is a unit of time.
type Unit int

const (
	Millisecond Unit = iota
	Second
	Minute
	Hour
	Day
	Week
	Month
	Quarter
	Year
)

// units are the abbreviations that AWS lists, without the plural's s.
var units = map[string]Unit{
	"ms": Millisecond, "msec": Millisecond, "millisecond": Millisecond,
	"s": Second, "sec": Second, "second": Second,
	"m": Minute, "min": Minute, "minute": Minute,
	"h": Hour, "hr": Hour, "hour": Hour,
	"d": Day, "day": Day,
	"w": Week, "week": Week,
	"mo": Month, "mon": Month, "month": Month,
	"q": Quarter, "qtr": Quarter, "quarter": Quarter,
	"y": Year, "yr": Year, "year": Year,
}

// caps are the highest counts that AWS takes: "bin(300s)" is treated as "bin(60s)".
var caps = map[Unit]int64{Millisecond: 1000, Second: 60, Minute: 60, Hour: 24}

// ParsePeriod reads a count and a unit, such as 5m or 30 seconds without the space.
func ParsePeriod(s string) (count int64, unit Unit, ok bool) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	count, err := strconv.ParseInt(s[:digits], 10, 32)
	word := strings.ToLower(s[digits:])
	unit, known := units[word]
	if !known && len(word) > 1 {
		unit, known = units[strings.TrimSuffix(word, "s")]
	}
	return count, unit, known && err == nil && count > 0
}

// Capped is the period as the functions of time take it.
func (p *Period) Capped() Period {
	c := *p
	if most, is := caps[p.Unit]; is {
		c.Count = min(c.Count, most)
	}
	return c
}

// Duration is the period's length, uncapped, where months have 30 days.
func (p *Period) Duration() time.Duration {
	const day = 24 * time.Hour
	length := map[Unit]time.Duration{
		Millisecond: time.Millisecond, Second: time.Second, Minute: time.Minute, Hour: time.Hour,
		Day: day, Week: 7 * day, Month: 30 * day, Quarter: 91 * day, Year: 365 * day,
	}
	const most = 100 * 365 * day
	unit := length[p.Unit]
	return unit * time.Duration(min(p.Count, int64(most/unit)))
}
