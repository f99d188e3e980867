package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"steady/diagnose/catalogue"
)

// findings puts the drafts in their order.
func (c *evidenced) findings() []Finding {
	c.overcome()
	slices.SortStableFunc(c.drafts, func(a, b *draft) int {
		return cmp.Or(
			cmp.Compare(a.rank(), b.rank()),
			cmp.Compare(b.tasks, a.tasks), // "the signature with the most failed tasks"
			cmp.Compare(a.strength, b.strength),
		)
	})
	var out []Finding
	for _, d := range c.drafts {
		d.survived = c.outlived(d)
		d.starts = c.neverWere(d)
		out = append(out, d.finding())
	}
	return out
}

// rank puts causes first, then what may be over, then symptoms.
func (d *draft) rank() int {
	switch {
	case d.sig.Confidence == Symptom:
		return 2
	case d.stale:
		return 1
	}
	return 0
}

func (d *draft) finding() Finding {
	f := Finding{
		ID: d.sig.ID, Cause: d.cause + d.when(), Confidence: d.sig.Confidence, Kind: d.sig.Kind, Tasks: d.tasks,
		Evidence: append(slices.Clone(d.proofs), d.log...), Either: d.either(), Clues: d.clues,
		Remedy: d.words.Steps(d.sig.Remedy), Page: d.sig.Page,
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
	f.Starts = max(d.tasks, d.starts)
	f.Heals = d.stale || d.sig.Kind == catalogue.Transient || d.waitsForOthers()
	f.OnPurpose = d.onPurpose
	if len(d.log) == 0 {
		f.Unread = d.unread
	}
	f.Deterministic = d.deterministic()
	return f
}

// deterministic: a signature that does not heal, "seen on 2 different tasks", or a
// service that can start none; and a crash that ends with the same words each time,
// unless others live on or it may be that of something else.
func (d *draft) deterministic() bool {
	if d.stale {
		return false
	}
	switch d.sig.Kind {
	case catalogue.Deterministic:
		return d.tasks >= 2 || d.tasks == 0 && (!d.said || len(d.proofs) >= 2)
	case catalogue.Ambiguous:
		return !d.survived && !d.waitsForOthers() && endAlike(d.tails)
	}
	return false
}

// either gives the possibilities as full sentences.
func (d *draft) either() []catalogue.Possibility {
	var out []catalogue.Possibility
	for _, p := range d.sig.Either {
		out = append(out, catalogue.Possibility{Cause: p.Cause + ".", Look: p.Look})
	}
	return out
}

// soon is how long after its start an exit still counts as one "at start".
const soon = time.Minute

// when ends the sentence of an exit with its time, where that tells something.
func (d *draft) when() string {
	if d.strength != strongExit || len(d.uptimes) == 0 || d.onPurpose {
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
		if first.Unread != "" {
			say = append(say, "Its log could not be read: "+oneLine.Replace(first.Unread)+".")
		}
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
