package main

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "0.5d": 12 * time.Hour, "0": 0} {
		var s span
		if err := s.UnmarshalText([]byte(text)); err != nil || time.Duration(s) != want {
			t.Errorf("%s is %v (%v)", text, time.Duration(s), err)
		}
	}
	for _, text := range []string{"", "7", "d", "-1h", "-1d", "soon"} {
		if err := new(span).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// What is wrong with a value is said once, in words of the flag's own.
func TestFlagsOfTimesAndSizes(t *testing.T) {
	parse := func(args ...string) (flags struct {
		Since span
		From  moment
		Size  byteSize `default:"1GiB"`
		Limit int
	}, err error) {
		parser, err := kong.New(&flags)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(args)
		return flags, err
	}
	for args, want := range map[string]string{
		"--since -5m":         `--since: "-5m" should be a duration such as 15m, 1h30m or 7d`,
		"--since=-5m":         `--since: "-5m" should be a duration such as 15m, 1h30m or 7d`,
		"--since --limit 3":   `--since: "--limit" should be a duration such as 15m, 1h30m or 7d`,
		"--limit 3 --since":   `--since: a value is missing behind it`,
		"--from -1d":          `--from: "-1d" should be a time such as 2026-01-02T15:04:05Z, "2026-01-02 15:04" (UTC) or 2026-01-02`,
		"--size -1 --since x": `--size: "-1" should be a size such as 10GiB`,
	} {
		if _, err := parse(strings.Fields(args)...); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	if flags, err := parse("--since", "2h", "--from=2026-01-02"); err != nil || flags.Since != span(2*time.Hour) || flags.From.Day() != 2 || flags.Size != 1<<30 {
		t.Errorf("%+v, %v", flags, err)
	}
}

func TestMoment(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-01-02T12:00:00Z", "2026-01-02T14:00:00+02:00", "2026-01-02 12:00", "2026-01-02T12:00:00"} {
		var m moment
		if err := m.UnmarshalText([]byte(text)); err != nil || !m.Equal(noon) {
			t.Errorf("%s is %v (%v)", text, m, err)
		}
	}
	if err := new(moment).UnmarshalText([]byte("noon")); err == nil {
		t.Error("noon is accepted")
	}
}
