package report

import (
	"fmt"
	"io"
	"strings"

	"steady/monitor"
)

// Annotation writes the workflow command that shows a verdict on a run of GitHub
// Actions. What a container wrote cannot begin a command of its own: lines and per
// cent signs are escaped.
func Annotation(w io.Writer, v monitor.Verdict) error {
	level := "error"
	if !failed(v) {
		level = "notice"
	}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	_, err := fmt.Fprintf(w, "::%s title=%s::%s\n", level, property.Replace(v.Service+" "+string(v.Outcome)), data.Replace(v.Text))
	return err
}

// Summary writes a verdict as Markdown, for the summary of a job.
func Summary(w io.Writer, v monitor.Verdict) error {
	head, rest := headline(v)
	var b strings.Builder
	fmt.Fprintf(&b, "### %s `%s`: %s\n\n", mark(v), v.Service, v.Outcome)
	fmt.Fprintf(&b, "| cluster | deployment | revision | now | took |\n|---|---|---|---|---|\n")
	fmt.Fprintf(&b, "| `%s` | `%s` | `%s` | `%s` | %.0f s |\n\n%s\n", v.Cluster, v.Deployment, v.Revision, v.Current, v.Elapsed.Seconds(), plain(head))
	if rest != "" {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n", fence(rest), rest, fence(rest))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(v monitor.Verdict) string {
	if failed(v) {
		return "❌"
	}
	return "✅"
}

// plain takes from a line of text what Markdown would read in it.
func plain(s string) string {
	return strings.NewReplacer("<", "&lt;", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[").Replace(s)
}

// fence is longer than any run of back-ticks in the text that it is to enclose.
func fence(text string) string {
	longest, run := 2, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}
