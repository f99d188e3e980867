// Package insights answers queries of the CloudWatch Logs Insights language over what
// a scan.Source has: it reads the query, plans what to scan, and computes the result.
// It never stores anything and never reads a clock.
//
// Memory: what a query holds is kept under Input.MaxMemory. One that needs more is
// refused with a *MemoryError; nothing is written to disk.
package insights

import (
	"context"
	"fmt"
	"sync"
	"time"

	"steady/insights/function"
	"steady/insights/ql"
	"steady/scan"
)

// Malformed is what a query is refused with: MalformedQueryException, with the place
// in the query in characters.
type Malformed = ql.Malformed

// Source is what a SOURCE command selects.
type Source = ql.Source

// Query is a query that can be run.
type Query struct {
	tree    *ql.Query
	columns []string
}

// Parse reads a query and checks all that can be checked without data. The error is a
// *Malformed.
func Parse(text string) (*Query, error) {
	tree, err := ql.Parse(text)
	if err != nil {
		return nil, err
	}
	p, err := newCompiler(text, function.Query{}, nil).compile(tree)
	if err != nil {
		return nil, err
	}
	q := &Query{tree: tree}
	for _, c := range p.shown {
		q.columns = append(q.columns, c.name)
	}
	return q, nil
}

// Columns are the names of the columns that results have, in their order, as far as the
// query itself tells: those of a lookup table are not known.
func (q *Query) Columns() []string { return q.columns }

// String is the query in its canonical form.
func (q *Query) String() string { return q.tree.String() }

// Sources are the query's own SOURCE commands; where it has none, the caller says
// which log groups it is for.
func (q *Query) Sources() []Source { return q.tree.Sources }

// Defaults of Input.
const (
	DefaultLimit  = 10000
	DefaultMemory = 256 << 20
)

// Input is what a query is run with.
type Input struct {
	Groups   []string // names of log groups; not used where the query has SOURCE
	From, To int64    // ms since the epoch, both inclusive
	Now      time.Time
	// Limit is the number of rows that a query without a limit command gives; 0 is
	// DefaultLimit.
	Limit int
	// MaxMemory is about how many bytes it may hold at a time; 0 is DefaultMemory.
	MaxMemory int64
	// Resolve names the log groups that a SOURCE command selects. It may be nil where
	// no query has one.
	Resolve func(Source) ([]string, error)
	// LookupTable gives the table of a lookup command. It may be nil where there are
	// none.
	LookupTable func(name string) (*Table, error)
}

// Table is a lookup table.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Field is one value of a row of results.
type Field struct{ Name, Value string }

// Result is what a query gives.
type Result struct {
	// Columns are the names of the columns in their order, without @ptr.
	Columns []string
	// Rows have a field for each column that has a value, in the order of Columns;
	// rows that are log events have @ptr behind them.
	Rows       [][]Field
	Statistics Statistics
}

// Statistics tell what a query read.
type Statistics struct {
	RecordsMatched, RecordsScanned, BytesScanned   float64
	EstimatedRecordsSkipped, EstimatedBytesSkipped float64
	LogGroupsScanned                               float64
}

// MemoryError refuses a query that needs more memory than it may have.
type MemoryError struct{ Limit int64 }

func (e *MemoryError) Error() string {
	return fmt.Sprintf("the query needs more than %d MB of memory: take a shorter time range, add a filter or a limit, "+
		"or aggregate over fewer different values", e.Limit>>20)
}

// Run runs a query to its end.
func Run(ctx context.Context, src scan.Source, q *Query, in Input) (*Result, error) {
	x := NewExecution(src, q, in)
	if err := x.Run(ctx); err != nil {
		return nil, err
	}
	return x.Result()
}

// Execution is one run of a query. What it comes to is in the hands of the goroutine that
// calls Run; others may look at it with SoFar.
type Execution struct {
	src scan.Source
	in  Input
	q   *ql.Query

	plan *plan
	sink sink // of the first stage

	mu         sync.Mutex // of what follows
	statistics Statistics
	glance     glance
}

// NewExecution makes an execution that has not begun.
func NewExecution(src scan.Source, q *Query, in Input) *Execution {
	if in.Limit == 0 {
		in.Limit = DefaultLimit
	}
	if in.MaxMemory == 0 {
		in.MaxMemory = DefaultMemory
	}
	return &Execution{src: src, in: in, q: q.tree}
}
