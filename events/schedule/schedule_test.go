package schedule

import (
	"strings"
	"testing"
	"time"
)

const form = "2006-01-02 15:04:05 Mon"

func at(t testing.TB, s string) time.Time {
	t.Helper()
	x, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestNext has each expression's first times after a Wednesday noon; what EventBridge's
// documentation gives as examples stands first.
func TestNext(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{"cron(0 10 * * ? *)", "2026-01-15 10:00:00 Thu, 2026-01-16 10:00:00 Fri"},
		{"cron(15 12 * * ? *)", "2026-01-14 12:15:00 Wed, 2026-01-15 12:15:00 Thu"},
		{"cron(0 18 ? * MON-FRI *)", "2026-01-14 18:00:00 Wed, 2026-01-15 18:00:00 Thu, 2026-01-16 18:00:00 Fri, 2026-01-19 18:00:00 Mon"},
		{"cron(0 8 1 * ? *)", "2026-02-01 08:00:00 Sun, 2026-03-01 08:00:00 Sun"},
		{"cron(0/15 * * * ? *)", "2026-01-14 12:15:00 Wed, 2026-01-14 12:30:00 Wed"},
		{"cron(0/5 8-17 ? * MON-FRI *)", "2026-01-14 12:05:00 Wed"},
		{"cron(0/30 20-2 ? * MON-FRI *)", "2026-01-14 20:00:00 Wed, 2026-01-14 20:30:00 Wed"}, // hours over midnight

		{"cron(1/10 * * * ? *)", "2026-01-14 12:01:00 Wed, 2026-01-14 12:11:00 Wed"},
		{"cron(0 12 * * ? *)", "2026-01-15 12:00:00 Thu"}, // not at once: after, not at
		{"cron(0 0 L * ? *)", "2026-01-31 00:00:00 Sat, 2026-02-28 00:00:00 Sat, 2026-03-31 00:00:00 Tue"},
		{"cron(0 0 3W * ? *)", "2026-02-03 00:00:00 Tue, 2026-03-03 00:00:00 Tue, 2026-04-03 00:00:00 Fri, 2026-05-04 00:00:00 Mon"},
		{"cron(0 0 1W 8 ? *)", "2026-08-03 00:00:00 Mon"},                           // the first is a Saturday, and July is another month
		{"cron(0 0 31W 5 ? *)", "2026-05-29 00:00:00 Fri"},                          // the last is a Sunday
		{"cron(0 0 31W * ? *)", "2026-01-30 00:00:00 Fri, 2026-03-31 00:00:00 Tue"}, // February has no 31st
		{"cron(0 0 LW * ? *)", "2026-01-30 00:00:00 Fri, 2026-02-27 00:00:00 Fri"},
		{"cron(0 0 ? * 3#2 *)", "2026-02-10 00:00:00 Tue, 2026-03-10 00:00:00 Tue"},
		{"cron(0 0 ? * THU#5 *)", "2026-01-29 00:00:00 Thu, 2026-04-30 00:00:00 Thu"},
		{"cron(0 0 ? * L *)", "2026-01-17 00:00:00 Sat, 2026-01-24 00:00:00 Sat"},
		{"cron(0 10 ? * 6L 2026-2027)", "2026-01-30 10:00:00 Fri, 2026-02-27 10:00:00 Fri"},
		{"cron(0 0 ? * fri-mon *)", "2026-01-16 00:00:00 Fri, 2026-01-17 00:00:00 Sat, 2026-01-18 00:00:00 Sun, 2026-01-19 00:00:00 Mon, 2026-01-23 00:00:00 Fri"},
		{"cron(5,50 12 14,15 jan ? *)", "2026-01-14 12:05:00 Wed, 2026-01-14 12:50:00 Wed, 2026-01-15 12:05:00 Thu"},
		{"cron(0 0 29 2 ? *)", "2028-02-29 00:00:00 Tue, 2032-02-29 00:00:00 Sun"},
		{"cron(0 0 1 1 ? 2027/2)", "2027-01-01 00:00:00 Fri, 2029-01-01 00:00:00 Mon"},
		{"cron(0  20 * * ? 2500)", "2500-01-01 20:00:00 Fri"},

		{"rate(1 minute)", "2026-01-14 12:00:30 Wed, 2026-01-14 12:01:30 Wed"},
		{"rate(5 minutes)", "2026-01-14 12:04:30 Wed, 2026-01-14 12:09:30 Wed"},
		{"rate(1 day)", "2026-01-15 11:59:30 Thu"},
		{"rate(36 hours)", "2026-01-15 23:59:30 Thu, 2026-01-17 11:59:30 Sat"},
	} {
		s, err := Parse(c.expression)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		now := at(t, "2026-01-14 12:00:00")
		from := now.Add(-30*time.Second + 400*time.Millisecond)
		var got []string
		for range strings.Count(c.want, ",") + 1 {
			var ok bool
			if now, ok = s.Next(from, now); !ok {
				break
			}
			got = append(got, now.Format(form))
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.expression, g, c.want)
		}
	}
}

// A schedule that fires no more says so, and soon.
func TestNever(t *testing.T) {
	for _, e := range []string{"cron(0 0 30 2 ? *)", "cron(0 0 1 1 ? 2020)", "cron(0 0 31W 4 ? *)", "rate(106751 days)"} {
		s, err := Parse(e)
		if err != nil {
			t.Fatal(e, err)
		}
		now := at(t, "2026-01-14 12:00:00")
		next, ok := s.Next(now, now)
		if strings.HasPrefix(e, "rate") {
			next, ok = s.Next(now, next)
		}
		if ok {
			t.Errorf("%s fires at %s", e, next)
		}
	}
}

// A cron does not fire before it is there.
func TestFromTheFuture(t *testing.T) {
	for _, e := range []string{"cron(* * * * ? *)", "rate(1 minute)"} {
		s, _ := Parse(e)
		now := at(t, "2026-01-14 12:00:00")
		if next, ok := s.Next(now.Add(time.Hour), now); !ok || !next.Equal(now.Add(time.Hour+time.Minute)) {
			t.Errorf("%s: %s, %v", e, next, ok)
		}
	}
}

// TestRefused: the rates were given to EventBridge, which refuses each.
func TestRefused(t *testing.T) {
	for _, e := range []string{
		"rate(10 seconds)", "rate(10 years)", "rate(1 minutes)", "rate(1 hours)", "rate(1 days)",
		"rate(10 minute)", "rate(10 hour)", "rate(10 day)", "rate()", "rate(10)", "rate(10 minutess)",
		"rate(foo minutes)", "rate(0 minutes)", "rate(-10 minutes)", "rate(10 MINUTES)", "rate( 10 minutes )", " rate(10 minutes)",
		"rate(+1 minute)", "rate(99999999999999999999 days)", "rate(9999999 days)", "rate(1 minute) ", "RATE(1 minute)",

		"", "every day", "0 10 * * ? *", "cron()", "cron(0 10 * * *)", "cron(0 10 * * ? * *)", "cron(0 10 * * ? *", "cron( 0 10 * * ? *)",
		"cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(0 10 1 * MON *)", // exactly one of the days is ?
		"cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 10 0 * ? *)", "cron(0 10 32 * ? *)", "cron(0 10 * 0 ? *)", "cron(0 10 * 13 ? *)",
		"cron(0 10 ? * 0 *)", "cron(0 10 ? * 8 *)", "cron(0 10 * * ? 1969)", "cron(0 10 * * ? 20260)",
		"cron(? 10 * * ? *)", "cron(0 10 * ? ? *)", "cron(0#1 10 * * ? *)", "cron(0 10 3#2 * ? *)", "cron(0 10 ? * 3#6 *)", "cron(0 10 ? * 3#0 *)",
		"cron(0 10 ? * 3#1,6#3 *)", "cron(0 10 ? * 3# *)", "cron(0 10 ? * 2W *)", "cron(0 10 W * ? *)", "cron(0 10 32W * ? *)", "cron(L 10 * * ? *)",
		"cron(0/0 10 * * ? *)", "cron(0/ 10 * * ? *)", "cron(0/90 10 * * ? *)", "cron(/5 10 * * ? *)", "cron(0/5/5 10 * * ? *)", "cron(0 10 ? * 2/2 *)",
		"cron(1- 10 * * ? *)", "cron(-1 10 * * ? *)", "cron(1,,2 10 * * ? *)", "cron(0 10 * FOO ? *)", "cron(0 10 ? * MO *)", "cron(+1 10 * * ? *)",
		"cron(" + strings.Repeat("0,", 200) + "0 10 * * ? *)",
	} {
		if _, err := Parse(e); err == nil {
			t.Errorf("%q is accepted", e)
		}
	}
}

// FuzzNext: what is accepted fires at whole minutes of its fields, each later than the
// one before, and never leaves one out.
func FuzzNext(f *testing.F) {
	for _, e := range []string{"cron(0/15 8-17 ? * MON-FRI *)", "cron(0 0 3W * ? *)", "cron(0 0 ? * 6L 2026-2030)", "cron(0 0 ? * 3#2 *)", "cron(0 0 LW 2,5-9/2 ? *)", "rate(7 minutes)", "cron(5-1 23 L * ? *)"} {
		f.Add(e, int64(1_768_392_000))
	}
	f.Fuzz(func(t *testing.T, e string, unix int64) {
		s, err := Parse(e)
		if err != nil {
			return
		}
		now := time.Unix(unix&(1<<32-1), 0).UTC() // until 2106
		next, ok := s.Next(now, now)
		if !ok {
			return
		}
		if !next.After(now) || next.Location() != time.UTC {
			t.Fatalf("%s after %s: %s", e, now, next)
		}
		if s.every > 0 {
			return
		}
		if next.Second() != 0 || next.Nanosecond() != 0 || !s.cron.fires(next) {
			t.Fatalf("%s fires at %s", e, next)
		}
		// From any time before it, it is the next one still: none was left out.
		for _, share := range []time.Duration{2, 3, 50} {
			if between := now.Add(next.Sub(now) / share); between.Before(next) {
				if again, ok := s.Next(now, between); !ok || !again.Equal(next) {
					t.Fatalf("%s after %s: %s; after %s: %s", e, now, next, between, again)
				}
			}
		}
		// Minute by minute, for a day.
		for x := now.Truncate(time.Minute).Add(time.Minute); x.Before(next) && x.Before(now.Add(24*time.Hour)); x = x.Add(time.Minute) {
			if s.cron.fires(x) {
				t.Fatalf("%s after %s: %s, not %s", e, now, next, x)
			}
		}
	})
}

// fires is the plain meaning of the six fields.
func (c cron) fires(t time.Time) bool {
	return c.minutes.have(t.Minute()) && c.hours.have(t.Hour()) && c.months.have(int(t.Month())) && c.years.have(t.Year()) &&
		c.days(t.Year(), t.Month(), t.Day())
}
