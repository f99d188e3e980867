package find

import (
	"strings"
	"testing"
)

func TestIndex(t *testing.T) {
	for _, c := range []struct{ s, text string }{
		{"", ""}, {"abc", ""}, {"", "a"}, {"abc", "abc"}, {"abc", "abcd"}, {"xxabc", "abc"}, {"abcxx", "abc"},
		{"aXbXXc", "XXc"}, {"aaab", "aab"}, {"exit code 13", "code 3"}, {"exit code 3", "code 3"}, {"ABC", "abc"}, {"größe", "öß"},
	} {
		exact, fold := New(c.text), NewFold(c.text)
		if got, want := exact.Index(c.s), strings.Index(c.s, c.text); got != want {
			t.Errorf("%q in %q: %d, not %d", c.text, c.s, got, want)
		}
		if got, want := fold.Index(c.s), strings.Index(strings.ToLower(c.s), strings.ToLower(c.text)); got != want {
			t.Errorf("%q in %q, folded: %d, not %d", c.text, c.s, got, want)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add("exit code 13", "CODE")
	f.Add("aaAAbb", "aab")
	f.Fuzz(func(t *testing.T, s, text string) {
		exact, fold := New(text), NewFold(ascii(text))
		if got, want := exact.Index(s), strings.Index(s, text); got != want {
			t.Errorf("%q in %q: %d, not %d", text, s, got, want)
		}
		if got, want := fold.Index(ascii(s)), strings.Index(strings.ToLower(ascii(s)), strings.ToLower(ascii(text))); got != want {
			t.Errorf("%q in %q, folded: %d, not %d", text, s, got, want)
		}
	})
}

// ascii leaves only what ToLower folds as a Finder does.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, s)
}

func BenchmarkIndex(b *testing.B) {
	s := strings.Repeat(`{"name":"app","image":"registry/app:latest","lastStatus":"RUNNING"},`, 18) + "exit code 3"
	exact, fold := New("exit code"), NewFold("EXIT CODE")
	b.Run("exact", func(b *testing.B) {
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			exact.Index(s)
		}
	})
	b.Run("fold", func(b *testing.B) {
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			fold.Index(s)
		}
	})
	b.Run("strings", func(b *testing.B) {
		b.SetBytes(int64(len(s)))
		for b.Loop() {
			strings.Index(s, "exit code")
		}
	})
}
