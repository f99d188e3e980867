package value

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestFormatNumber(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 1: "1", -2.5: "-2.5", 1.0 / 3: "0.3333", 2.00001: "2", 122.0703125: "122.0703", 1e15: "1000000000000000",
		1e21: "1E+21", 0.0005: "0.0005", 123456789012: "123456789012",
	} {
		if got := FormatNumber(n); got != want {
			t.Errorf("%v: %s, not %s", n, got, want)
		}
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2022, 6, 1, 19, 3, 41, 0, time.UTC)
	if got := OfTime(at.UnixMilli()).String(); got != "2022-06-01 19:03:41.000" {
		t.Error(got)
	}
}

// FuzzParseNumber: what looks like a number is what Go reads as a decimal one.
func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "+1", "01", "1.5", ".5", "5.", "1e3", "1e-3", "-", ".", "1x", "0x10", "inf", "NaN", "1_000",
		"123456789012345", "1234567890123456789", " 1", "1e999", "--1", "1e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseNumber(s)
		want, err := strconv.ParseFloat(s, 64)
		decimal := err == nil && strings.Trim(s, "0123456789+-.eE") == "" && len(s) <= 400
		if ok != decimal || ok && got != want {
			t.Errorf("%q: %v %v, but Go reads %v %v", s, got, ok, want, err)
		}
	})
}

// FuzzCompare: the order of values is one, and texts that are equal in it are the same.
func FuzzCompare(f *testing.F) {
	f.Add("a1", "a10", "a2")
	f.Add("01", "1", "x")
	f.Add("0#", "5A", "111A")
	f.Add("9007199254740992.0", "9007199254740993", "+09007199254740992")
	f.Add("-9007199254740993", "-9007199254740992", "9e15")
	f.Add("\xff", "é", "e")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		x, y, z := Of(a), Of(b), Of(c)
		if Compare(x, y) != -Compare(y, x) {
			t.Errorf("%q and %q: %d and %d", a, b, Compare(x, y), Compare(y, x))
		}
		if Compare(x, y) <= 0 && Compare(y, z) <= 0 && Compare(x, z) > 0 {
			t.Errorf("%q, %q and %q go round", a, b, c)
		}
	})
}

// FuzzParseJSON: what is read is written as JSON that reads the same.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,"two",null,true,{"b":{}}],"a":2}`, `[]`, `"x"`, `1.0`, `{`, `[1,]`, `{"a":1} x`, `"\ud800"`, "[1e400]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := ParseJSON(s)
		if v.IsMissing() {
			return
		}
		once := v.JSON()
		if again := ParseJSON(once).JSON(); again != once {
			t.Errorf("%q is read as %s, and that as %s", s, once, again)
		}
	})
}
