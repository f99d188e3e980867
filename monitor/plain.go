package monitor

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"steady/terminal"
)

// plain shows a watch as lines, one for each change: for logs and pipes.
type plain struct {
	out      io.Writer
	begun    bool
	rows     map[string]row
	whyKey   string
	outlook  string // the key of the one told last
	pull     string // likewise
	hopeless bool
}

func newPlain(out io.Writer) *plain { return &plain{out: out, rows: map[string]row{}} }

// margin is the width of what stands before a line's text.
const margin = 22

func (p *plain) line(at time.Time, subject, text string) {
	fmt.Fprintf(p.out, "%s  %-10s  %s\n", at.Local().Format(time.TimeOnly), subject, text)
}

func (p *plain) show(v view) {
	if !p.begun {
		p.begun = true
		p.line(v.at, "watch", fmt.Sprintf("deployment %s of service %s in cluster %s", v.deployment, v.service, v.cluster))
		if v.usual > 0 {
			p.line(v.at, "watch", "a deployment of it usually takes "+roughly(v.usual))
		}
	}
	for _, e := range v.fresh {
		p.line(aws.ToTime(e.CreatedAt), "event", terminal.Line(aws.ToString(e.Message)))
	}
	p.showRows(v)
	if key := v.pull.key(); key != p.pull {
		p.pull = key
		if key != "" {
			p.line(v.at, "pull", v.pull.text(v.at))
		}
	}
	p.showOutlook(v)
	if lines, key := why(v); key != p.whyKey {
		p.whyKey = key
		for i, text := range lines {
			if i == 0 {
				p.line(v.at, "why", text)
			} else {
				fmt.Fprintln(p.out, strings.Repeat(" ", margin)+text)
			}
		}
	}
}

func (p *plain) showOutlook(v view) {
	key := outlookKey(v.outlook)
	if key == p.outlook {
		return
	}
	text := v.outlook.String()
	if text == "" && p.hopeless {
		text = "it can go on"
	}
	p.outlook, p.hopeless = key, v.outlook.Hopeless != nil
	if text != "" {
		p.line(v.at, "outlook", terminal.Line(text))
	}
}

func (p *plain) showRows(v view) {
	there := map[string]bool{}
	for _, r := range v.rows {
		there[r.id] = true
		if p.rows[r.id] == r {
			continue
		}
		p.rows[r.id] = r
		unhealthy := ""
		if r.unhealthy > 0 {
			unhealthy = fmt.Sprintf("  %d unhealthy", r.unhealthy)
		}
		p.line(v.at, r.revision, fmt.Sprintf("%-8s  desired %d  pending %d  running %d%s  failed %d  %s",
			r.role, r.desired, r.pending, r.running, unhealthy, r.failed, r.rollout))
	}
	for id, r := range p.rows {
		if !there[id] {
			delete(p.rows, id)
			p.line(v.at, r.revision, fmt.Sprintf("%-8s  has no tasks any more", r.role))
		}
	}
}

func (p *plain) tick(time.Time) {}

func (p *plain) note(at time.Time, text string) { p.line(at, "contact", text) }

func (p *plain) end(v view) {
	_, p.whyKey = why(v) // the verdict tells it
	p.outlook = outlookKey(v.outlook)
	p.show(v)
}

func (p *plain) verdict(_ time.Time, verdict Verdict, _ bool) {
	fmt.Fprintln(p.out)
	for _, line := range strings.Split(verdict.Text, "\n") {
		fmt.Fprintln(p.out, line)
	}
}

func (p *plain) close() {}
