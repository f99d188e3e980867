package pasted

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/diagnose"
)

var (
	// isServiceEvent is how a service's events begin, in the API and in the console.
	isServiceEvent = regexp.MustCompile(`^\(service [^)]+\) |^service [\w-]+ (?:was|is|has|failed|could|operations|registered|deregistered|\()`)
	// named finds the service in it.
	named = regexp.MustCompile(`^\(?service ([\w-]+)`)
	// stamped is a time in front of a line, as log viewers and the console print it.
	stamped = regexp.MustCompile(`^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]?\s*(?:\([^)]*\))?[:,|\t ]*`)
	// decorated is what people and mail programs put in front of lines.
	decorated = regexp.MustCompile("^[\\s>*•\\-|`\"]+")
)

// addLine takes a line of text: an event of a service, or a text of which only the
// catalogue can tell what it is.
func (p *Pile) addLine(subject, line string) {
	line = strings.TrimRight(decorated.ReplaceAllString(strings.TrimSpace(line), ""), " \t\r\"`,|")
	at := time.Time{}
	if m := stamped.FindStringSubmatch(line); m != nil {
		if when, ok := timeOf(strings.Replace(m[1], ",", ".", 1)); ok {
			at, line = when, strings.TrimSpace(line[len(m[0]):])
			p.saw(&at)
		}
	}
	if line == "" {
		return
	}
	if isServiceEvent.MatchString(line) {
		e := types.ServiceEvent{Message: &line}
		if !at.IsZero() {
			e.CreatedAt = &at
		}
		service := ""
		if m := named.FindStringSubmatch(line); m != nil {
			service = m[1]
		}
		p.keepEvent(service, e)
		return
	}
	p.said = append(p.said, diagnose.Said{At: at, Subject: subject, Text: line})
}

// addLogs takes an answer of get-log-events or filter-log-events.
func (p *Pile) addLogs(name string, o object) error {
	events, _ := o["events"].([]any)
	for _, e := range events {
		if event, ok := e.(object); ok {
			p.recogniseObject(name, event)
		}
	}
	return nil
}

// addLog takes a log event. Where its stream names the container and the task
// ("prefix/container/task-id"), it is kept for that.
func (p *Pile) addLog(name string, o object) error {
	text, _ := o["message"].(string)
	at, _ := timeOf(o["timestamp"])
	stream, _ := o["logStreamName"].(string)
	for line := range strings.Lines(text) {
		p.keepLog(name, stream, diagnose.Line{At: at, Text: strings.TrimRight(line, "\r\n")})
	}
	return nil
}

func (p *Pile) keepLog(name, stream string, line diagnose.Line) {
	parts := strings.Split(stream, "/")
	if len(parts) < 3 {
		p.said = append(p.said, diagnose.Said{At: line.At, Subject: name, Text: line.Text})
		return
	}
	key := diagnose.LogKey(parts[len(parts)-1], parts[len(parts)-2])
	if p.logs == nil {
		p.logs = map[string][]diagnose.Line{}
	}
	p.logs[key] = append(p.logs[key], line)
	p.saw(aws.Time(line.At))
}
