package ask

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Malformed says what is wrong with a query, and where: [Start, End) in characters.
type Malformed struct {
	Query, Message string
	Start, End     int
	placed         bool // the place is known
}

func malformed(query string, e *types.MalformedQueryException) *Malformed {
	m := &Malformed{Query: query, Message: e.ErrorMessage()}
	if e.QueryCompileError == nil {
		return m
	}
	if text := aws.ToString(e.QueryCompileError.Message); text != "" {
		m.Message = text
	}
	if l := e.QueryCompileError.Location; l != nil {
		m.Start, m.End, m.placed = int(aws.ToInt32(l.StartCharOffset)), int(aws.ToInt32(l.EndCharOffset)), true
	}
	return m
}

// Error is the message with, below it, the line of the query that it is about and
// carets under the text that is meant.
func (m *Malformed) Error() string {
	said := "the query is malformed: " + m.Message
	if !m.placed {
		return said
	}
	text := []rune(m.Query)
	start := min(max(m.Start, 0), len(text))
	end := min(max(m.End, start+1), max(len(text), start+1))
	from, to := start, start
	for from > 0 && text[from-1] != '\n' {
		from--
	}
	for to < len(text) && text[to] != '\n' {
		to++
	}
	line := strings.ReplaceAll(string(text[from:to]), "\t", " ")
	return fmt.Sprintf("%s\n  %s\n  %s%s", said, line, strings.Repeat(" ", start-from), strings.Repeat("^", max(min(end, to)-start, 1)))
}
