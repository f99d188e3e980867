package saved

import (
	"strings"
	"testing"
	"time"

	"steady/insights"
)

// Every query that comes with Steady is well formed, with each of its parameters.
func TestAll(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("there are none")
	}
	for _, q := range all {
		values := map[string]string{}
		for _, p := range q.Parameters {
			if !strings.Contains(q.Text, "{{"+p.Name+"}}") {
				t.Errorf("%s does not use its parameter %s", q.Name, p.Name)
			}
			if !p.Optional {
				values[p.Name] = `it's "one"`
			}
		}
		text, err := q.Fill(values)
		if err != nil {
			t.Errorf("%s: %v", q.Name, err)
		}
		if strings.Contains(text, "{{") {
			t.Errorf("%s has a place without a parameter: %s", q.Name, text)
		}
		if _, err := insights.Parse(text); err != nil {
			t.Errorf("%s: %v\n%s", q.Name, err, text)
		}
		if q.Description == "" {
			t.Errorf("%s has no description", q.Name)
		}
	}
}

func TestParse(t *testing.T) {
	q, err := parse("x", "# What is\n# asked.\n# since 24h\n# on logs\n# param task: id of the task\n# param n=5: how many\nfilter a = \"{{task}}\" # not a header\n| limit {{n}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if q.Description != "What is asked." || q.Since != 24*time.Hour || q.On != "logs" || len(q.Parameters) != 2 || q.Parameters[1] != (Parameter{"n", "how many", "5", true}) {
		t.Errorf("%+v", q)
	}
	for want, values := range map[string]map[string]string{
		"filter a = \"it\\'s \\\"one\\\"\" # not a header\n| limit 5": {"task": `it's "one"`},
		"filter a = \"b\" # not a header\n| limit 7":                  {"task": "b", "n": "7"},
	} {
		if text, err := q.Fill(values); err != nil || text != want {
			t.Errorf("got %q (%v), want %q", text, err, want)
		}
	}
	for want, values := range map[string]map[string]string{
		"saved query x needs --param task=…: id of the task":                                                         {},
		"saved query x has no parameter y, only task and n":                                                          {"task": "b", "y": ""},
		"saved query x has no parameter tsk, only task and n":                                                        {"tsk": "3"},
		"parameter task: a value has one line":                                                                       {"task": "a\nb"},
		"saved query x: --param task= has no value (is a variable of the shell unset?); give it one: id of the task": {"task": " "},
		"saved query x: --param n= has no value (is a variable of the shell unset?); give it one: how many":          {"task": "b", "n": ""},
	} {
		if _, err := q.Fill(values); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := (Query{Name: "x"}).Fill(map[string]string{"y": "1"}); err == nil || err.Error() != "saved query x has no parameter y: it has none" {
		t.Error(err)
	}
	empty := Query{Text: "a = '{{p}}'", Parameters: []Parameter{{Name: "p", Optional: true}}}
	if text, err := empty.Fill(map[string]string{"p": ""}); err != nil || text != "a = ''" {
		t.Errorf("a parameter whose default is nothing: %q, %v", text, err)
	}
	for _, text := range []string{"# since ever\n", "# on fire\n", "# param x\n"} {
		if _, err := parse("x", text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
