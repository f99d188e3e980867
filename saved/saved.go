// Package saved has the queries that come with Steady, by name, and fills in their
// parameters. It never runs one.
//
// A query is a file queries/NAME.query: a query of Logs Insights whose first lines are
// comments that tell what it is:
//
//	# What one task went through.
//	# since 24h
//	# on events
//	# param task: id of the task
//	# param cluster=default: name of the cluster
//
// The text is the description; since is how far back it looks, 1h unless told; on is
// which of a cluster's log groups it is about: events (unless told), logs or telemetry.
// A parameter stands in the query as {{task}}, and has a default behind "=".
package saved

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed queries
var files embed.FS

// Query is a saved query.
type Query struct {
	Name, Description string
	Parameters        []Parameter
	Since             time.Duration
	On                string // events, logs or telemetry
	Text              string // with {{parameters}}
}

// Parameter is one value that a query needs.
type Parameter struct {
	Name, Description string
	Default           string
	Optional          bool // it has a default
}

// All are the queries, by name.
func All() ([]Query, error) {
	entries, err := files.ReadDir("queries")
	if err != nil {
		return nil, fmt.Errorf("list the saved queries: %w", err)
	}
	var all []Query
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".query")
		if !ok {
			continue
		}
		text, err := files.ReadFile(path.Join("queries", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the saved query %s: %w", name, err)
		}
		q, err := parse(name, string(text))
		if err != nil {
			return nil, fmt.Errorf("saved query %s: %w", name, err)
		}
		all = append(all, q)
	}
	return all, nil
}

// parse reads a file.
func parse(name, text string) (Query, error) {
	q := Query{Name: name, Since: time.Hour, On: "events"}
	for {
		line, rest, _ := strings.Cut(text, "\n")
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		if err := q.header(strings.TrimSpace(comment)); err != nil {
			return q, err
		}
		text = rest
	}
	q.Text = strings.TrimSpace(text)
	return q, nil
}

// header takes in one of the first lines.
func (q *Query) header(line string) (err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "since":
		q.Since, err = time.ParseDuration(rest)
		return err
	case "on":
		if q.On = rest; !slices.Contains([]string{"events", "logs", "telemetry"}, rest) {
			return fmt.Errorf("on %s: it should be events, logs or telemetry", rest)
		}
	case "param":
		name, description, ok := strings.Cut(rest, ": ")
		if !ok {
			return fmt.Errorf("param %s: a description is missing", rest)
		}
		p := Parameter{Description: description}
		p.Name, p.Default, p.Optional = strings.Cut(name, "=")
		q.Parameters = append(q.Parameters, p)
	default:
		q.Description = strings.TrimSpace(q.Description + " " + line)
	}
	return nil
}

// Fill puts values into the query's places. A quote or a backslash in a value stays
// part of the text that it stands in.
func (q Query) Fill(values map[string]string) (string, error) {
	if err := q.unknown(values); err != nil { // a misspelt name explains what else is missing
		return "", err
	}
	text := q.Text
	for _, p := range q.Parameters {
		v, given := values[p.Name]
		switch {
		case !given && !p.Optional:
			return "", fmt.Errorf("saved query %s needs --param %s=…: %s", q.Name, p.Name, p.Description)
		case !given:
			v = p.Default
		case strings.TrimSpace(v) == "" && !p.mayBeEmpty():
			return "", fmt.Errorf("saved query %s: --param %s= has no value (is a variable of the shell unset?); give it one: %s", q.Name, p.Name, p.Description)
		case strings.ContainsAny(v, "\n\r"):
			return "", fmt.Errorf("parameter %s: a value has one line", p.Name)
		}
		text = strings.ReplaceAll(text, "{{"+p.Name+"}}", escape.Replace(v))
	}
	return text, nil
}

// unknown refuses values of parameters that the query does not have.
func (q Query) unknown(values map[string]string) error {
	var known []string
	for _, p := range q.Parameters {
		known = append(known, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case slices.Contains(known, name):
		case len(known) == 0:
			return fmt.Errorf("saved query %s has no parameter %s: it has none", q.Name, name)
		default:
			return fmt.Errorf("saved query %s has no parameter %s, only %s", q.Name, name, strings.Join(known, " and "))
		}
	}
	return nil
}

// mayBeEmpty tells whether nothing is a value of it: an empty text fits all texts, so
// that a query would answer what was not asked.
func (p Parameter) mayBeEmpty() bool { return p.Optional && p.Default == "" }

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "`", "\\`")
