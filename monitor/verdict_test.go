package monitor

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// The last word about a deployment that was rolled back is no success, and is one.
func TestTheLastWordOfARollBack(t *testing.T) {
	failed := Verdict{Outcome: Failed, Service: "web", Revision: "web:7", Current: "web:7", Elapsed: time.Second,
		Text: "FAILED: service web. It cannot.\nWhy: so.", detail: "It cannot."}
	for _, story := range []struct {
		then    Verdict
		outcome Outcome
		steady  bool
		text    string
	}{
		{Verdict{Outcome: Succeeded, Current: "web:6", Steady: true, Elapsed: time.Second}, RolledBack, true,
			"ROLLED BACK: service web. It was rolled back from web:7, and the service is steady on web:6. It cannot.\nWhy: so."},
		{Verdict{Outcome: Failed, Revision: "web:6", Current: "web:6", detail: "Neither can that."}, RolledBack, false,
			"ROLLED BACK: service web. It was rolled back from web:7, and the roll back to web:6 failed too: Neither can that. It cannot.\nWhy: so."},
		{Verdict{Outcome: TimedOut, Current: "web:6", Text: "TIMED OUT: service web."}, Failed, false,
			"FAILED: service web. It cannot.\nWhy: so.\nA roll back was begun, and has not come to an end: TIMED OUT: service web."},
	} {
		v := failed.RolledBack(story.then)
		if v.Outcome != story.outcome || v.Steady != story.steady || v.Text != story.text || v.Current != "web:6" || v.Elapsed != time.Second+story.then.Elapsed {
			t.Errorf("after %s: %+v", story.then.Outcome, v)
		}
	}
}

// A watch that withholds its verdict leaves the last word to its caller.
func TestWithheldVerdict(t *testing.T) {
	for _, ndjson := range []bool{false, true} {
		o := Options{NDJSON: ndjson, Withhold: true}
		v, out, _, err := watched(t, o, scene{service: web(noRollback, new7(failed, 0))})
		if err != nil || v.Outcome != Failed || strings.Contains(out, "FAILED: service") {
			t.Errorf("%v: %+v\n%s", err, v, out)
		}
		var said bytes.Buffer
		o.Out = &said
		Say(o, v, false)
		Say(o, v.RolledBack(Verdict{Outcome: Succeeded, Current: "web:6"}), true)
		if !ndjson {
			if !strings.HasPrefix(said.String(), "\nFAILED: service web.") || !strings.Contains(said.String(), "\nROLLED BACK: ") {
				t.Error(said.String())
			}
			continue
		}
		var kinds []string
		for line := range strings.Lines(said.String()) {
			var l Line
			if err := json.Unmarshal([]byte(line), &l); err != nil || l.Service != "web" {
				t.Fatal(line, err)
			}
			kinds = append(kinds, l.Kind+" "+string(l.Outcome))
		}
		if got := strings.Join(kinds, ", "); got != "failure failed, verdict rolled back" {
			t.Error(got)
		}
	}
}
