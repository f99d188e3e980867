package monitor

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/terminal"
)

// ndjson shows a watch as a JSON object a line, one for each change: for programs that
// follow it.
type ndjson struct {
	out     *json.Encoder
	last    view // of which service contact is lost
	rows    map[string]row
	why     string
	outlook string
	pull    string
}

func newNDJSON(out io.Writer) *ndjson {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return &ndjson{out: e, rows: map[string]row{}}
}

// Line is one line of a watch shown with Options.NDJSON. Kind says which members are
// there: "event" (a message of the service), "deployment" (its numbers changed; State
// is empty once it has no tasks), "pull", "outlook" and "why" (Text says it; empty once it
// no longer holds), "contact", "failure" (a verdict that is not the last word, since the
// deployment is rolled back), and "verdict", which is the last.
type Line struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`
	Cluster    string    `json:"cluster"`
	Service    string    `json:"service"`
	Deployment string    `json:"deployment,omitempty"`
	Revision   string    `json:"revision,omitempty"`
	Role       string    `json:"role,omitempty"`
	State      string    `json:"state,omitempty"`
	Numbers    *Numbers  `json:"numbers,omitempty"`
	Outcome    Outcome   `json:"outcome,omitempty"`
	Text       string    `json:"text,omitempty"`
}

// Numbers are the tasks of a deployment.
type Numbers struct {
	Desired   int `json:"desired"`
	Pending   int `json:"pending"`
	Running   int `json:"running"`
	Unhealthy int `json:"unhealthy"`
	Failed    int `json:"failed"`
}

func (n *ndjson) write(v view, l Line) {
	l.At, l.Cluster, l.Service = l.At.UTC(), v.cluster, v.service
	n.out.Encode(l)
}

func (n *ndjson) show(v view) {
	n.last = v
	for _, e := range v.fresh {
		n.write(v, Line{At: aws.ToTime(e.CreatedAt), Kind: "event", Text: terminal.Line(aws.ToString(e.Message))})
	}
	there := map[string]bool{}
	for _, r := range v.rows {
		there[r.id] = true
		if n.rows[r.id] != r {
			n.rows[r.id] = r
			n.write(v, Line{At: v.at, Kind: "deployment", Deployment: r.id, Revision: r.revision, Role: r.role, State: r.rollout,
				Numbers: &Numbers{r.desired, r.pending, r.running, r.unhealthy, r.failed}})
		}
	}
	for id, r := range n.rows {
		if !there[id] {
			delete(n.rows, id)
			n.write(v, Line{At: v.at, Kind: "deployment", Deployment: r.id, Revision: r.revision, Role: r.role, Numbers: &Numbers{}})
		}
	}
	if key := v.pull.key(); key != n.pull {
		n.pull = key
		n.write(v, Line{At: v.at, Kind: "pull", Text: v.pull.text(v.at)})
	}
	if key := outlookKey(v.outlook); key != n.outlook {
		n.outlook = key
		n.write(v, Line{At: v.at, Kind: "outlook", Text: terminal.Line(v.outlook.String())})
	}
	if lines, key := why(v); key != n.why {
		n.why = key
		n.write(v, Line{At: v.at, Kind: "why", Text: strings.Join(lines, "\n")})
	}
}

func (n *ndjson) tick(time.Time) {}

func (n *ndjson) note(at time.Time, text string) {
	n.write(n.last, Line{At: at, Kind: "contact", Text: text})
}

func (n *ndjson) end(v view) { n.show(v) }

func (n *ndjson) verdict(at time.Time, verdict Verdict, last bool) {
	kind := "verdict"
	if !last {
		kind = "failure"
	}
	n.write(view{cluster: verdict.Cluster, service: verdict.Service}, Line{At: at, Kind: kind, Deployment: verdict.Deployment, Revision: verdict.Revision, Outcome: verdict.Outcome, Text: verdict.Text})
}

func (n *ndjson) close() {}
