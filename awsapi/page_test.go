package awsapi

import (
	"slices"
	"testing"
)

func TestPage(t *testing.T) {
	all := []string{"d", "a", "c", "e", "b"}
	for _, descending := range []bool{false, true} {
		want := []string{"a", "b", "c", "d", "e"}
		if descending {
			slices.Reverse(want)
		}
		p := Paging{Operation: "ListThings", Size: 2, Descending: descending}
		var got []string
		for {
			// What was listed last may be gone by the next page.
			left := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return len(got) > 0 && s == got[len(got)-1] })
			page, next, ok := Page(p, left, func(s string) string { return s })
			if !ok || len(page) > 2 {
				t.Fatalf("%v, %v", page, ok)
			}
			if got = append(got, page...); next == nil {
				break
			}
			p.Token = next
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for _, token := range []string{"", "?", "YQ", *p.Token + "!"} {
			if _, _, ok := Page(Paging{Operation: "ListThings", Size: 2, Token: &token}, all, func(s string) string { return s }); ok {
				t.Errorf("the token %q is taken", token)
			}
		}
		if _, _, ok := Page(Paging{Operation: "ListOthers", Size: 2, Token: p.Token}, all, func(s string) string { return s }); ok {
			t.Error("the token of another operation is taken")
		}
	}
}
