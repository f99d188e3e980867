package match

import (
	"fmt"
	"testing"

	"steady/scan"
)

func TestConditionsOnRows(t *testing.T) {
	col := &scan.Column{Codes: []int32{0, -1, 1, 2, 0}, Values: []scan.Value{{Text: "task/12"}, {Text: "task/3"}, {Kind: scan.Null}}}
	for _, c := range []struct {
		cond scan.Condition
		want string
	}{
		{scan.Condition{Op: scan.Equals, Texts: []string{"task/3", "x"}}, "[2]"},
		{scan.Condition{Op: scan.Equals, Texts: []string{""}}, "[3]"},
		{scan.Condition{Op: scan.Equals}, "[]"},
		{scan.Condition{Op: scan.Contains, Texts: []string{"task", "2"}}, "[0 4]"},
		{scan.Condition{Op: scan.Contains}, "[0 2 3 4]"},
		{scan.Condition{Op: scan.Present}, "[0 2 3 4]"},
	} {
		if got := fmt.Sprint(Rows(c.cond, col, []int32{0, 1, 2, 3, 4})); got != c.want {
			t.Errorf("%+v: %s, want %s", c.cond, got, c.want)
		}
	}
	if got := Rows(scan.Condition{Op: scan.Present}, nil, []int32{1}); len(got) != 0 {
		t.Errorf("a column that is not there: %v", got)
	}
	picked := Pick(col, []int32{3, 1})
	if fmt.Sprint(picked.Codes) != "[2 -1]" {
		t.Errorf("picked %v", picked.Codes)
	}
}

// TestTextsThatStandInOneField: the others may stretch from one field into the next.
func TestTextsThatStandInOneField(t *testing.T) {
	for text, want := range map[string]bool{
		"OutOfMemory": true, "137": true, "-1.5e3": true, "arn:aws:ecs": true, "x y": true, "tru": true, "a,b": true, "é": true,
		"": false, `"a`: false, `a\n`: false, "{": false, "1,2": false, ": 1": false, "true,false": false, "null ": false, "],[": false,
	} {
		if InField(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
