package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"golang.org/x/term"

	"steady/ask"
)

// queryCommand asks the logs and the lifecycle events.
type queryCommand struct {
	Query string            `arg:"" optional:"" help:"A query of CloudWatch Logs Insights, such as 'filter detail.lastStatus = \"STOPPED\" | stats count(*) by detail.stoppedReason'. With --saved, the name of one."`
	Saved bool              `help:"Ask the saved query of that name. Without a name, list them."`
	Param map[string]string `help:"A parameter of a saved query." placeholder:"NAME=VALUE" mapsep:"none"`

	Since span   `help:"How far to look back; 1h unless the saved query says otherwise." placeholder:"DURATION"`
	From  moment `help:"Look from this time on, instead of --since." placeholder:"TIME"`
	To    moment `help:"Look up to this time; now unless given." placeholder:"TIME"`

	Group   []string `help:"Log group to ask, by name or ARN; again for more. Unless given, those of the cluster's lifecycle events and logs." placeholder:"GROUP" sep:"none"`
	Cluster string   `help:"Name or ARN of the cluster." default:"default"`
	Limit   int      `help:"Rows of a query that has no limit of its own; 10000 unless given." placeholder:"N"`
	Output  string   `short:"o" help:"How the answer is printed: table, json, csv or chart. A table fits the terminal: what it cuts ends with …; json and csv have whole values." enum:"table,json,csv,chart" default:"table"`
	target
}

const defaultSince = time.Hour

// Run asks and prints the answer on standard output, and what was done on standard
// error.
func (c *queryCommand) Run(ctx context.Context) error {
	api, err := c.connect(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.Saved && c.Query == "":
		return ask.List(ctx, api.logs, os.Stdout)
	case c.Query == "":
		return errors.New("what is the query? see \"steady query --help\", and \"steady query --saved\" for those that come with Steady")
	case !c.Saved && len(c.Param) > 0:
		return errors.New("--param is for saved queries: give --saved and a name")
	}
	q, err := c.question(ctx, api.logs)
	if err != nil {
		return err
	}
	live, _ := isTerminal(os.Stderr)
	show, clear := progress(live)
	answer, err := ask.Ask(ctx, api.logs, q, show)
	clear()
	if err != nil {
		return err
	}
	if err := answer.Print(os.Stdout, ask.Style{Format: c.Output, Width: width(), Short: c.Saved}); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, answer.Summary())
	for _, what := range damageOf(ctx, c.url(), q.Groups) {
		fmt.Fprintln(os.Stderr, "warning: records may be missing in this answer; "+damagedLine+what)
	}
	return nil
}

// question is what the flags ask.
func (c *queryCommand) question(ctx context.Context, logs ask.Logs) (ask.Question, error) {
	q := ask.Question{Text: c.Query, Groups: c.Group, Limit: c.Limit}
	since, on := defaultSince, []string{"events", "logs"}
	if c.Saved {
		s, err := ask.Find(ctx, logs, c.Query)
		if err != nil {
			return q, err
		}
		if q.Text, err = s.Fill(c.Param); err != nil {
			return q, err
		}
		since, on = s.Since, []string{s.On}
		if len(q.Groups) == 0 {
			q.Groups = s.Groups
		}
	}
	q.To = cmp.Or(c.To.Time, time.Now())
	q.From = cmp.Or(c.From.Time, q.To.Add(-cmp.Or(time.Duration(c.Since), since)))
	if q.From.After(q.To) {
		return q, fmt.Errorf("--from %s is after --to %s", q.From.Format(time.RFC3339), q.To.Format(time.RFC3339))
	}
	if len(q.Groups) > 0 || ask.HasSource(q.Text) {
		return q, nil
	}
	var err error
	q.Groups, err = ask.Groups(ctx, logs, c.Cluster, on...)
	return q, err
}

// progress shows in a terminal how a query fares, on a line that clear removes.
func progress(live bool) (show func(types.QueryStatistics), clear func()) {
	if !live {
		return nil, func() {}
	}
	const begin = "\r\x1b[K"
	return func(s types.QueryStatistics) { fmt.Fprint(os.Stderr, begin+ask.Progress(s)) },
		func() { fmt.Fprint(os.Stderr, begin) }
}

// width is how wide the terminal is that standard output is; 0 if it is none.
func width() int {
	w, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return max(w, 0)
}
