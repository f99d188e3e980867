package chronicle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// manyEnded is how many tasks that have ended are kept in mind.
const manyEnded = 1000

// teller tells events one after the other. Where an event of a task reads as the one
// before it did, it tells what has changed: ECS tells a task's state again for each
// change of its image, its network interface or its containers.
type teller struct {
	last  map[string]told // by the ARN of a task
	ended int             // how many of these have ended
}

// told is what was told last of a task.
type told struct {
	version int64
	ended   bool
	line    string
	facts   []string
}

func newTeller() *teller { return &teller{last: map[string]told{}} }

// line tells an event in one line, without its time.
func (t *teller) line(message string) string {
	e, ok := read(message)
	if !ok {
		return message
	}
	line := e.line()
	if e.Kind != taskChange {
		return line
	}
	arn := e.Resources[0]
	now := told{version: e.Detail.Version, ended: e.Detail.LastStatus == "STOPPED", line: line, facts: e.facts()}
	before, known := t.last[arn]
	if known && now.version <= before.version {
		return line // it has come late, or has no version: what it changed is not known
	}
	t.last[arn] = now
	if now.ended && !before.ended {
		t.forget()
	}
	if known && line == before.line {
		return line + " (" + now.since(before) + ")"
	}
	return line
}

// forget counts a task that has ended, and drops those that have once they are many.
func (t *teller) forget() {
	if t.ended++; t.ended < manyEnded {
		return
	}
	maps.DeleteFunc(t.last, func(_ string, x told) bool { return x.ended })
	t.ended = 0
}

// since is what has become so. What is not known to lines has a version at least.
func (t told) since(before told) string {
	var fresh []string
	for _, f := range t.facts {
		if !slices.Contains(before.facts, f) {
			fresh = append(fresh, f)
		}
	}
	if len(fresh) == 0 {
		return fmt.Sprintf("version %d", t.version)
	}
	return strings.Join(fresh, ", ")
}

// facts are what is so of a task beside its state.
func (e *event) facts() []string {
	d := e.Detail
	var all []string
	say := func(is bool, format string, args ...any) {
		if is {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	say(d.ContainerInstanceArn != "", "on container instance %s", last(d.ContainerInstanceArn))
	say(d.Connectivity != "", "agent %s", d.Connectivity)
	say(d.PullStartedAt != "", "image pull started")
	say(d.PullStoppedAt != "", "image pull finished")
	for _, a := range d.Attachments {
		say(a.Type == "eni", "%s %s", strings.TrimSpace("network interface "+a.detail("networkInterfaceId")), a.Status)
		say(a.detail("privateIPv4Address") != "", "address %s", a.detail("privateIPv4Address"))
	}
	for _, c := range d.Containers {
		say(c.ImageDigest != "", "%s: image %s", c.Name, short(c.ImageDigest))
		for _, i := range c.NetworkInterfaces {
			say(len(d.Attachments) == 0 && i.PrivateIPv4Address != "", "%s: address %s", c.Name, i.PrivateIPv4Address)
		}
		say(c.LastStatus != "", "%s: %s", c.Name, c.LastStatus)
		say(c.ExitCode != nil, "%s: exit code %d", c.Name, valueOf(c.ExitCode))
		say(c.Reason != "", "%s: %s", c.Name, c.Reason)
	}
	say(d.ExecutionStoppedAt != "", "containers have stopped")
	return all
}

func valueOf(code *int) int {
	if code == nil {
		return 0
	}
	return *code
}

// short is as much of a digest as people read.
func short(digest string) string {
	const prefix = len("sha256:")
	return digest[:min(len(digest), prefix+12)]
}
