package function

import (
	"time"

	"steady/insights/ql"
	"steady/insights/value"
)

var datetime = map[string]Function{
	// bin(period) is called with @timestamp.
	"bin":        {Min: 1, Max: 1, Period: func(p ql.Period) Func { return truncated(p, Floor) }},
	"datefloor":  {Min: 2, Max: 2, Period: func(p ql.Period) Func { return truncated(p, Floor) }},
	"dateceil":   {Min: 2, Max: 2, Period: func(p ql.Period) Func { return truncated(p, ceiling) }},
	"frommillis": strict(1, 1, func(a []value.Value) value.Value { return timeOf(a[0]) }),
	"tomillis": strict(1, 1, func(a []value.Value) value.Value {
		if ms, ok := a[0].Millis(); ok {
			return value.OfNumber(float64(ms))
		}
		return value.Value{}
	}),
	// "now() returns the current time in epoch seconds"
	"now":        {Constant: func(q Query) value.Value { return value.OfNumber(float64(q.Now.Unix())) }},
	"parsedate":  {Min: 2, Max: 2, Layout: true, Call: parseDate},
	"formatdate": {Min: 2, Max: 2, Layout: true, Call: formatDate},
	"strftime":   {Min: 2, Max: 2, Layout: true, Call: formatDate},
}

func timeOf(v value.Value) value.Value {
	if ms, ok := v.Millis(); ok {
		return value.OfTime(ms)
	}
	return value.Value{}
}

func truncated(p ql.Period, truncate func(int64, ql.Period) int64) Func {
	p = p.Capped()
	return func(args []value.Value) value.Value {
		ms, ok := args[0].Millis()
		if !ok {
			return value.Value{}
		}
		return value.OfTime(truncate(ms, p))
	}
}

// Floor is the last time not behind ms, both in ms since the epoch, at which a period
// begins: periods follow one another from the epoch on, in UTC, weeks from Mondays,
// months and longer ones by the calendar.
func Floor(ms int64, p ql.Period) int64 {
	const day = 24 * 60 * 60 * 1000
	length := map[ql.Unit]int64{ql.Millisecond: 1, ql.Second: 1000, ql.Minute: 60 * 1000, ql.Hour: 60 * 60 * 1000, ql.Day: day, ql.Week: 7 * day}
	if unit, fixed := length[p.Unit]; fixed {
		from := int64(0)
		if p.Unit == ql.Week {
			from = -3 * day // Monday, 29 December 1969
		}
		return multiple(ms-from, unit*p.Count) + from
	}
	t := time.UnixMilli(ms).UTC()
	months := multiple(int64(t.Year()-1970)*12+int64(t.Month()-1), monthsOf(p))
	return startOfMonth(months)
}

// multiple is the greatest multiple of n that is not above x.
func multiple(x, n int64) int64 {
	return x - ((x%n)+n)%n
}

func monthsOf(p ql.Period) int64 {
	return p.Count * map[ql.Unit]int64{ql.Month: 1, ql.Quarter: 3, ql.Year: 12}[p.Unit]
}

func startOfMonth(sinceEpoch int64) int64 {
	return time.Date(1970, time.Month(1+sinceEpoch), 1, 0, 0, 0, 0, time.UTC).UnixMilli()
}

// Next is the begin of the period after the one that begins at start.
func Next(start int64, p ql.Period) int64 {
	if n := monthsOf(p); n > 0 {
		t := time.UnixMilli(start).UTC()
		return startOfMonth(int64(t.Year()-1970)*12 + int64(t.Month()-1) + n)
	}
	return start + p.Duration().Milliseconds()
}

func ceiling(ms int64, p ql.Period) int64 {
	if f := Floor(ms, p); f != ms {
		return Next(f, p)
	}
	return ms
}

// formatDate writes a time by a pattern of letters (yyyy-MM-dd HH:mm:ss.SSS) or of
// percent signs (%Y-%m-%d %H:%M:%S), in UTC.
func formatDate(args []value.Value) value.Value {
	ms, ok := args[0].Millis()
	layout, known := layoutOf(args[1].Text())
	if !ok || !known {
		return value.Value{}
	}
	return value.Of(time.UnixMilli(ms).UTC().Format(layout))
}

func parseDate(args []value.Value) value.Value {
	layout, known := layoutOf(args[1].Text())
	if !known {
		return value.Value{}
	}
	t, err := time.Parse(layout, args[0].Text()) // of what is no text: an error
	if err != nil {
		return value.Value{}
	}
	return value.OfTime(t.UnixMilli())
}
