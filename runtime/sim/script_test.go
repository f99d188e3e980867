package sim

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"steady/runtime"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]script{
		"":                                 {},
		" \t\n ":                           {},
		"start=2s exit=1 after=5s":         {startTakes: 2 * time.Second, ends: true, after: 5 * time.Second, end: end{code: 1}},
		"after=1m\nexit=0":                 {ends: true, after: time.Minute},
		"oom":                              {ends: true, end: end{code: 137, oom: true}},
		"ignore-term stop=1s":              {ignoreTerm: true, stopTakes: time.Second},
		"graceful":                         {graceful: true},
		"healthy=0s unhealthy=1m":          {healthy: moment{true, 0}, unhealthy: moment{true, time.Minute}},
		"start-fail":                       {startFail: text{is: true}},
		`start-fail="it's broken" oom`:     {startFail: text{true, "it's broken"}, ends: true, end: end{code: 137, oom: true}},
		`create-fail='say "no"'`:           {createFail: text{true, `say "no"`}},
		"pull-fail=a=b":                    {pullFail: text{true, "a=b"}},
		"log=one log='two three' log=''":   {use: idle, lines: []runtime.Line{{Text: "one"}, {Text: "two three"}, {Text: ""}}},
		"log='a\nb\n'":                     {use: idle, lines: []runtime.Line{{Text: "a"}, {Text: "b"}}},
		"log=a err=b log-every=1s cpu=0.5": {use: use{cpu: 0.5, memory: idle.memory}, logEvery: time.Second, lines: []runtime.Line{{Text: "a"}, {Text: "b", Stderr: true}}},
		"memory=64 network=10 disk=20":     {use: use{memory: 64 << 20, network: 10, disk: 20}},
	} {
		if want.use == (use{}) {
			want.use = idle
		}
		got, err := parse(in)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%q: %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]string{
		"explode":              `unknown word "explode": use start, `,
		"exit":                 "exit= is not an exit code",
		"exit=256":             "exit=256 is not an exit code: use 0 to 255",
		"after=5":              "after=5 is not a duration: use for example after=1.5s",
		"healthy":              "healthy= is not a duration: use for example healthy=1.5s",
		"start=-1s":            "start=-1s is not a duration",
		"graceful=yes":         "graceful=yes: graceful has no value",
		"=1":                   `"=1" has no word before the =`,
		"log='open":            "log=: the quote ' is not closed",
		"log='a'b":             `log=: "b" follows the closing quote`,
		"cpu=much":             "cpu=much is not a number: use for example cpu=0.5",
		"exit=1 exit=2":        "exit is given twice",
		"exit=1 oom":           "a container ends in one way",
		"graceful ignore-term": "leave one out",
	} {
		_, err := parse(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %s", in, err, want)
		}
	}
}

func TestTheLastScriptCounts(t *testing.T) {
	s, err := scriptOf([]string{"STEADY_SIM=oom", "PATH=/", "STEADY_SIM=exit=2"})
	if err != nil || s.end != (end{code: 2}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := scriptOf([]string{"STEADY_SIMILAR=oom"}); err != nil || s != noScript {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("start=2s exit=1 after=5s log='a b'")
	f.Add("start-fail=\"x\" ignore-term")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := parse(in)
		if err != nil {
			if err.Error() == "" || s != nil {
				t.Errorf("%q: %v with %+v", in, err, s)
			}
			return
		}
		if s.end.code < 0 || s.end.code > 255 || s.after < 0 || s.startTakes < 0 || s.stopTakes < 0 || s.graceful && s.ignoreTerm {
			t.Errorf("%q: %+v", in, s)
		}
		again, err := parse(" " + in + "\n")
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("%q with blanks around it: %+v, %v", in, again, err)
		}
	})
}
