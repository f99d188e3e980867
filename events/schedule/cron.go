package schedule

import (
	"slices"
	"strings"
	"time"
)

// cron is the six fields of a cron expression: "minutes, hours, day-of-month, month,
// day-of-week, year".
type cron struct {
	minutes, hours, months, years values
	days                          days
}

// days tells on which days of a month a cron fires.
type days func(year int, month time.Month, day int) bool

// The names that the fields Month and Day-of-week have beside their numbers.
var (
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

var (
	minuteField = field{min: 0, max: 59, steps: true}
	hourField   = field{min: 0, max: 23, steps: true}
	dayField    = field{min: 1, max: 31, steps: true}
	monthField  = field{min: 1, max: 12, steps: true, names: monthNames}
	weekField   = field{min: 1, max: 7, names: dayNames}
	// EventBridge says that years go to 2199, and takes later ones.
	yearField = field{min: 1970, max: 9999, steps: true}
)

func parseCron(fields []string) (c cron, err error) {
	if len(fields) != 6 {
		return c, errInvalid
	}
	for i, f := range []struct {
		field
		to *values
	}{0: {minuteField, &c.minutes}, 1: {hourField, &c.hours}, 3: {monthField, &c.months}, 5: {yearField, &c.years}} {
		if f.to == nil {
			continue
		}
		if *f.to, err = f.parse(fields[i]); err != nil {
			return c, err
		}
	}
	c.days, err = parseDays(fields[2], fields[4])
	return c, err
}

// parseDays reads the two fields of days: "If you specify a value or * in one of the
// fields, you must use a ? in the other."
func parseDays(ofMonth, ofWeek string) (days, error) {
	switch {
	case (ofMonth == "?") == (ofWeek == "?"):
		return nil, errInvalid
	case ofWeek == "?":
		return parseDaysOfMonth(ofMonth)
	}
	return parseDaysOfWeek(ofWeek)
}

func parseDaysOfMonth(text string) (days, error) {
	switch strings.ToUpper(text) {
	case "L": // the last day of the month
		return func(y int, m time.Month, d int) bool { return d == length(y, m) }, nil
	case "LW": // its last weekday
		return func(y int, m time.Month, d int) bool { return d == weekday(y, m, length(y, m)) }, nil
	}
	if number, near := cutSuffix(text, "W"); near {
		n, ok := dayField.number(number)
		if !ok {
			return nil, errInvalid
		}
		return func(y int, m time.Month, d int) bool { return n <= length(y, m) && d == weekday(y, m, n) }, nil
	}
	v, err := dayField.parse(text)
	if err != nil {
		return nil, err
	}
	return func(_ int, _ time.Month, d int) bool { return v.have(d) }, nil
}

func parseDaysOfWeek(text string) (days, error) {
	if strings.EqualFold(text, "L") { // the last day of the week
		text = "7"
	}
	if name, last := cutSuffix(text, "L"); last { // the last one of the month
		n, ok := weekField.number(name)
		if !ok {
			return nil, errInvalid
		}
		return func(y int, m time.Month, d int) bool { return ofWeek(y, m, d) == n && d+7 > length(y, m) }, nil
	}
	// "If you use a # character, you can define only one expression."
	if name, which, nth := strings.Cut(text, "#"); nth {
		n, ok := weekField.number(name)
		if !ok || len(which) != 1 || which[0] < '1' || which[0] > '5' {
			return nil, errInvalid
		}
		k := int(which[0] - '0')
		return func(y int, m time.Month, d int) bool { return ofWeek(y, m, d) == n && (d+6)/7 == k }, nil
	}
	v, err := weekField.parse(text)
	if err != nil {
		return nil, err
	}
	return func(y int, m time.Month, d int) bool { return v.have(ofWeek(y, m, d)) }, nil
}

// cutSuffix cuts a letter, of either case, off the end.
func cutSuffix(s, letter string) (string, bool) {
	if n := len(s) - len(letter); n > 0 && strings.EqualFold(s[n:], letter) {
		return s[:n], true
	}
	return s, false
}

// ofWeek is the number of a day in its week: 1 is Sunday.
func ofWeek(y int, m time.Month, d int) int {
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday()) + 1
}

// length is how many days a month has.
func length(y int, m time.Month) int {
	return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// weekday is the day from Monday to Friday that is next to a day, in the same month.
func weekday(y int, m time.Month, d int) int {
	switch ofWeek(y, m, d) {
	case 7:
		if d == 1 {
			return 3
		}
		return d - 1
	case 1:
		if d == length(y, m) {
			return d - 2
		}
		return d + 1
	}
	return d
}

// next is the first minute after a time at which the cron fires.
func (c cron) next(after time.Time) (time.Time, bool) {
	t := after.Truncate(time.Minute).Add(time.Minute)
	for y := max(t.Year(), yearField.min); y <= yearField.max; y++ {
		if !c.years.have(y) {
			continue
		}
		for m := time.January; m <= time.December; m++ {
			if !c.months.have(int(m)) || y == t.Year() && m < t.Month() {
				continue
			}
			if at, ok := c.inMonth(y, m, t); ok {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// inMonth is the first minute of a month, not before t, at which the cron fires.
func (c cron) inMonth(y int, m time.Month, t time.Time) (time.Time, bool) {
	for d := 1; d <= length(y, m); d++ {
		if day := time.Date(y, m, d, 23, 59, 0, 0, time.UTC); day.Before(t) || !c.days(y, m, d) {
			continue
		}
		for _, hour := range c.hours {
			for _, minute := range c.minutes {
				if at := time.Date(y, m, d, hour, minute, 0, 0, time.UTC); !at.Before(t) {
					return at, true
				}
			}
		}
	}
	return time.Time{}, false
}

// values are those of a field at which a cron fires, in order.
type values []int

func (v values) have(n int) bool {
	_, found := slices.BinarySearch(v, n)
	return found
}
