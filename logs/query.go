package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/uuid"

	"steady/awsapi"
	"steady/insights"
	"steady/model"
)

// Limits of StartQuery.
const (
	maxQueryGroups  = 50
	maxQueryResults = 100_000
)

// StartQuery begins a query over the events of log groups. It goes on by itself;
// GetQueryResults tells what it has found.
func (a *API) StartQuery(ctx context.Context, in *cloudwatchlogs.StartQueryInput) (*cloudwatchlogs.StartQueryOutput, error) {
	if err := checkQuery(in); err != nil {
		return nil, err
	}
	q, err := insights.Parse(*in.QueryString)
	if err != nil {
		return nil, malformed(err)
	}
	groups, err := a.queried(in, q)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	j := &job{id: uuid.NewString(), text: *in.QueryString, groups: groups, createdAt: now}
	j.execution = insights.NewExecution(a.archive, q, insights.Input{
		Groups: groups, From: *in.StartTime * 1000, To: *in.EndTime*1000 + 999, // to the end of that second
		Now: now, Limit: int(aws.ToInt32(in.Limit)), MaxMemory: queryMemory,
		Resolve: a.sourced, LookupTable: a.lookupTable,
	})
	if !a.jobs.start(j) {
		return nil, awsapi.Errorf("LimitExceededException", "%d queries are running already; wait until one ends, or stop one.", maxActive)
	}
	return &cloudwatchlogs.StartQueryOutput{QueryId: &j.id}, nil
}

func checkQuery(in *cloudwatchlogs.StartQueryInput) error {
	var c check
	c.required("queryString", in.QueryString, queryRule)
	c.text("logGroupName", in.LogGroupName, groupNameRule)
	c.each("logGroupNames", in.LogGroupNames, groupNameRule)
	c.each("logGroupIdentifiers", in.LogGroupIdentifiers, identifierRule)
	for member, t := range map[string]*int64{"startTime": in.StartTime, "endTime": in.EndTime} {
		if t == nil {
			c.fail(member, nil, "not be null")
		}
		number(&c, member, t, 0, maxSeconds)
	}
	number(&c, "limit", in.Limit, 1, maxQueryResults)
	oneOf(&c, "queryLanguage", in.QueryLanguage, types.QueryLanguage("").Values())
	slices.Sort(c.problems)
	if err := c.err(); err != nil {
		return err
	}
	if *in.StartTime > *in.EndTime {
		return invalid("The start time of a query must not be after its end time.")
	}
	if *in.StartTime > lastSecond {
		return invalid("Invalid time range specified: startTime and endTime are in seconds since 1970, and startTime %d is after the year 9999; divide it by 1000 if it is in milliseconds.", *in.StartTime)
	}
	return onlyCWLI(in.QueryLanguage)
}

// lastSecond is the end of the year 9999. A query that begins behind it finds nothing: it
// was given milliseconds, all of which since 1978 are larger.
const lastSecond = 253_402_300_799

// maxSeconds since 1970 that have a time in milliseconds.
const maxSeconds = 1 << 50

// malformed is the exception for a query that cannot be read.
func malformed(err error) error {
	m, ok := errors.AsType[*insights.Malformed](err)
	if !ok {
		return err
	}
	start, end := int32(m.Start), int32(m.End)
	return &awsapi.Error{
		Code: "MalformedQueryException", Message: m.Message,
		Fields: map[string]any{"queryCompileError": &types.QueryCompileError{
			Message: &m.Message, Location: &types.QueryCompileErrorLocation{StartCharOffset: &start, EndCharOffset: &end},
		}},
	}
}

// queried are the log groups that a request names: in exactly one of its members, or
// in the query itself.
func (a *API) queried(in *cloudwatchlogs.StartQueryInput, q *insights.Query) ([]string, error) {
	var names []string
	ways := 0
	if in.LogGroupName != nil {
		names, ways = append(names, *in.LogGroupName), ways+1
	}
	if len(in.LogGroupNames) > 0 {
		names, ways = append(names, in.LogGroupNames...), ways+1
	}
	if len(in.LogGroupIdentifiers) > 0 {
		names, ways = append(names, in.LogGroupIdentifiers...), ways+1
	}
	sources := len(q.Sources()) > 0
	switch {
	case sources && ways > 0:
		return nil, invalid("Log groups are given both in the request and in the query's SOURCE; give them in one place.")
	case sources:
		var all []string
		for _, s := range q.Sources() {
			some, err := a.sourced(s)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return unique(all), nil
	case ways != 1:
		return nil, invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.")
	case len(names) > maxQueryGroups:
		return nil, invalid("A query can have at most %d log groups.", maxQueryGroups)
	}
	for i, n := range names {
		names[i] = groupName(n)
	}
	names = unique(names)
	return names, a.exist(names)
}

func (a *API) exist(names []string) error {
	for _, n := range names {
		if _, ok := a.archive.Group(n); !ok {
			return notFound("Log group '%s' does not exist for account ID '%s'", n, a.realm.Account)
		}
	}
	return nil
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// sourced names the log groups of a SOURCE command.
func (a *API) sourced(s insights.Source) ([]string, error) {
	if len(s.DataSources) > 0 {
		return nil, unsupported("dataSource of SOURCE")
	}
	if len(s.Groups) > 0 {
		var names []string
		for _, g := range s.Groups {
			names = append(names, groupName(g))
		}
		return names, a.exist(names)
	}
	var names []string
	ours := (len(s.Accounts) == 0 || slices.Contains(s.Accounts, a.realm.Account)) &&
		(len(s.Classes) == 0 || slices.ContainsFunc(s.Classes, func(c string) bool { return strings.EqualFold(c, string(types.LogGroupClassStandard)) }))
	for _, g := range a.archive.Groups() {
		prefixed := len(s.Prefixes) == 0 || slices.ContainsFunc(s.Prefixes, func(p string) bool { return strings.HasPrefix(g.Name, p) })
		if ours && prefixed {
			names = append(names, g.Name)
		}
	}
	return names, nil
}

// lookupTable is the table of a lookup command.
func (a *API) lookupTable(name string) (*insights.Table, error) {
	t, ok := a.store.Snapshot().LookupTable(name)
	if !ok {
		return nil, fmt.Errorf("there is no lookup table %s", name)
	}
	return parseTable(t)
}

// parseTable makes a table of the one that is kept.
func parseTable(t *model.LookupTable) (*insights.Table, error) {
	lines, err := readCSV(t.Body)
	if err != nil {
		return nil, fmt.Errorf("read the lookup table %s: %w", t.Name, err)
	}
	return &insights.Table{Columns: lines[0], Rows: lines[1:]}, nil
}
