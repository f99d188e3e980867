package diagnose

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// vars are the words that fill the {places} of a catalogue sentence.
type vars map[string]string

// unnamed is what stands for a word that the evidence does not give.
var unnamed = vars{
	"container": "a container", "image": "the image", "command": "the command", "port": "the host port",
	"platform": "this machine's platform", "detail": "no detail was given", "reason": "no reason was given",
}

var place = regexp.MustCompile(`\{(\w+)\}`)

// quoted are the words that are names and stand in quotes.
var quoted = []string{"container", "image", "command"}

func (v vars) expand(sentence string) string {
	return place.ReplaceAllStringFunc(sentence, func(p string) string {
		name := p[1 : len(p)-1]
		value := strings.TrimSpace(v[name])
		switch {
		case value == "":
			return unnamed[name]
		case slices.Contains(quoted, name):
			return `"` + value + `"`
		}
		return value
	})
}

// match applies a signature to a text and gives the words that it names.
func match(s signature, text string) (vars, bool) {
	if text == "" || s.match == nil {
		return nil, false
	}
	found := s.match.FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	v := vars{}
	for i, name := range s.match.SubexpNames() {
		if name = strings.TrimRight(name, "2"); name != "" && found[i] != "" {
			v[name] = found[i] // Go wants unique names: port, port2
		}
	}
	return v, true
}

// findings puts the drafts in their order.
func (c *evidenced) findings() []Finding {
	slices.SortStableFunc(c.drafts, func(a, b *draft) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()),
			cmp.Compare(b.tasks, a.tasks), // "the signature with the most failed tasks"
			cmp.Compare(a.strength, b.strength),
		)
	})
	var out []Finding
	for _, d := range c.drafts {
		out = append(out, d.finding())
	}
	return out
}

// rank puts causes first, then what may be over, then symptoms.
func (d *draft) rank() int {
	switch {
	case d.sig.confidence == Symptom:
		return 2
	case d.stale:
		return 1
	}
	return 0
}

func (d *draft) finding() Finding {
	f := Finding{
		ID: d.sig.id, Cause: d.cause + d.when(), Confidence: d.sig.confidence, Tasks: d.tasks,
		Evidence: append(slices.Clone(d.proofs), d.log...), Remedy: slices.Clone(d.sig.remedy),
	}
	if d.check != nil {
		f.Evidence = slices.Concat(d.proofs, []Proof{*d.check}, d.log)
	}
	if d.stale {
		f.Confidence = Possible
	}
	if len(d.uptimes) > 0 {
		f.longest = slices.Max(d.uptimes)
	}
	f.heals = d.stale || d.sig.kind == transient
	f.Deterministic = d.deterministic()
	return f
}

// deterministic: a signature that does not heal, "seen on 2 different tasks", or a
// service that can start none; and a crash that ends with the same line each time.
func (d *draft) deterministic() bool {
	if d.stale {
		return false
	}
	switch d.sig.kind {
	case permanent:
		return d.tasks >= 2 || d.tasks == 0
	case ambiguous:
		return len(d.tails) >= 2 && len(slices.Compact(slices.Sorted(slices.Values(d.tails)))) == 1
	}
	return false
}

// soon is how long after its start an exit still counts as one "at start".
const soon = time.Minute

// when ends the sentence of an exit with its time, where that tells something.
func (d *draft) when() string {
	if d.strength != strongExit || len(d.uptimes) == 0 {
		return "."
	}
	if longest := slices.Max(d.uptimes); longest <= soon {
		return ", within " + roundly(longest) + " of its start."
	}
	return "."
}

// roundly words a time span as a person would: at least a second, whole units.
func roundly(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second)/time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute)/time.Minute))
	}
	return fmt.Sprintf("%d h", int(d.Round(time.Hour)/time.Hour))
}

// quotedLines is how many log lines a summary quotes.
const quotedLines = 3

// Summary tells the findings in plain words: how many tasks failed, what of, and
// the last lines of the log, each on a line of its own that begins with spaces. It
// is empty without findings.
func Summary(findings []Finding) string {
	if len(findings) == 0 {
		return ""
	}
	first := findings[0]
	var say []string
	switch {
	case first.Confidence == Symptom:
		return first.Cause + " The tasks themselves have left no evidence of the cause."
	case first.Tasks > 0:
		say = append(say, tasksFailed(first.Tasks)+": "+first.Cause)
	case first.Confidence == Possible:
		say = append(say, "Some tasks could not start, at least for a while: "+first.Cause)
	default:
		say = append(say, "No task can start: "+first.Cause)
	}
	again := ""
	if first.Deterministic {
		again = "Trying again will not help."
	}
	lines := logOf(first)
	if len(lines) == 0 {
		say = append(say, evidenceOf(first)...)
		say = append(say, nonEmpty(again)...)
		return strings.Join(append(say, also(findings[1:])...), " ")
	}
	intro := "The last lines of its log:"
	if len(lines) == 1 {
		intro = "The last line of its log:"
	}
	text := strings.Join(append(append(say, nonEmpty(again)...), intro), " ")
	for _, line := range lines {
		text += "\n" + logIndent + line
	}
	if rest := also(findings[1:]); len(rest) > 0 {
		text += "\n" + strings.Join(rest, " ")
	}
	return text
}

// logIndent is what a quoted log line begins with.
const logIndent = "    "

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func tasksFailed(n int) string {
	if n == 1 {
		return "1 task failed"
	}
	return itoa(n) + " tasks failed"
}

// logOf are the lines of the log that a summary quotes. Nothing in a line makes a
// second one.
func logOf(f Finding) []string {
	var lines []string
	for _, p := range f.Evidence {
		if p.Log {
			lines = append(lines, strings.TrimRightFunc(oneLine.Replace(p.Text), unicode.IsSpace))
		}
	}
	return lines[max(0, len(lines)-quotedLines):]
}

var oneLine = strings.NewReplacer("\n", " ", "\r", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ")

// evidenceOf quotes the newest statement.
func evidenceOf(f Finding) []string {
	if len(f.Evidence) == 0 || f.Evidence[0].Text == "" {
		return nil
	}
	return []string{"Evidence: " + strconv.Quote(f.Evidence[0].Text) + "."}
}

// also names the other causes.
func also(rest []Finding) []string {
	var out []string
	for _, f := range rest {
		switch {
		case f.Confidence == Symptom:
		case f.Tasks > 0:
			out = append(out, "Also, "+tasksFailed(f.Tasks)+": "+f.Cause)
		default:
			out = append(out, "Also: "+f.Cause)
		}
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }
