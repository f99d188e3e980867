package ask

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/saved"
)

// Saved is a saved query, ready to be asked.
type Saved struct {
	saved.Query
	Groups []string // of a query definition; none: those of the cluster that Query.On names
}

// Find finds a saved query by its name: a query definition of the server, else one that
// comes with Steady.
func Find(ctx context.Context, logs Logs, name string) (Saved, error) {
	all, err := list(ctx, logs, &name)
	if err != nil {
		return Saved{}, err
	}
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
	}
	return Saved{}, fmt.Errorf("there is no saved query %s: \"steady query --saved\" lists them", name)
}

// list gives the query definitions of the server, of a prefix or all, and behind them
// the queries that come with Steady.
func list(ctx context.Context, logs Logs, prefix *string) ([]Saved, error) {
	var all []Saved
	in := &cloudwatchlogs.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: prefix}
	for {
		out, err := logs.DescribeQueryDefinitions(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list the query definitions: %w", plain(err))
		}
		for _, d := range out.QueryDefinitions {
			all = append(all, defined(d))
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	ours, err := saved.All()
	for _, q := range ours {
		all = append(all, Saved{Query: q})
	}
	return all, err
}

func defined(d types.QueryDefinition) Saved {
	q := saved.Query{Name: aws.ToString(d.Name), Description: "A query definition of the server.", Since: time.Hour, On: "events", Text: aws.ToString(d.QueryString)}
	for _, p := range d.Parameters {
		q.Parameters = append(q.Parameters, saved.Parameter{
			Name: aws.ToString(p.Name), Description: aws.ToString(p.Description), Default: aws.ToString(p.DefaultValue), Optional: p.DefaultValue != nil,
		})
	}
	return Saved{Query: q, Groups: d.LogGroupNames}
}

// List writes which saved queries there are, and what each needs.
func List(ctx context.Context, logs Logs, w io.Writer) error {
	all, err := list(ctx, logs, nil)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, s := range all {
		if slices.ContainsFunc(all[:i], func(o Saved) bool { return o.Name == s.Name }) {
			continue // one of the server stands in its place
		}
		fmt.Fprintf(&b, "%s\n    %s\n", s.Name, s.Description)
		for _, p := range s.Parameters {
			given := p.Name + "=…"
			if p.Optional {
				given = "[" + p.Name + "=" + p.Default + "]"
			}
			fmt.Fprintf(&b, "    --param %s  %s\n", given, p.Description)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
