package main

import (
	"testing"
	"time"
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
