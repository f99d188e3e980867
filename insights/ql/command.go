package ql

// Command is one step of a query.
type Command interface {
	Place() Span
	String() string
}

// Query is a whole query, or one in parentheses inside another.
type Query struct {
	// Text is the text of the outermost query, which all spans are places in.
	Text     string
	Sources  []Source
	Commands []Command
}

// Source is what a SOURCE command selects.
type Source struct {
	Span
	// Groups are log groups by name or ARN.
	Groups []string
	// Prefixes, Accounts and Classes are the arguments of logGroups(…).
	Prefixes, Accounts, Classes []string
	// DataSources are the arguments of dataSource([…]).
	DataSources []string
}

// Item is an expression with the name that it gets.
type Item struct {
	X Expr
	// Alias is the name behind "as", or empty.
	Alias string
}

// Key is one key of a sort.
type Key struct {
	Item
	Descending bool
}

type (
	// Fields is fields or display.
	Fields struct {
		Span
		Display bool
		Items   []Item
	}
	// Filter is filter, where or filterIndex, which Word says.
	Filter struct {
		Span
		Word      string
		Condition Expr
	}
	// Stats aggregates. Offset is nil, or what shifts the bins.
	Stats struct {
		Span
		Items, By []Item
		Offset    *Period
	}
	// Sort orders.
	Sort struct {
		Span
		Keys []Key
	}
	// Limit cuts. Any is limit any: whichever are found first.
	Limit struct {
		Span
		Any bool
		N   int
	}
	// Extract is parse: it takes fields out of X, which is nil for @message: with a glob of
	// lazy stars, or with the named groups of Regex.
	Extract struct {
		Span
		X     Expr
		Glob  string
		Regex *Regex
		Names []string
	}
	// Dedup keeps the first of the rows with the same values.
	Dedup struct {
		Span
		Fields []Expr
	}
	// Pattern groups rows by the shape of a text.
	Pattern struct {
		Span
		X Expr
	}
	// Diff compares patterns with those of an earlier time: "", previousDay,
	// previousWeek or previousMonth.
	Diff struct {
		Span
		With string
	}
	// Unmask shows masked fields.
	Unmask struct {
		Span
		X Expr
	}
	// Unnest makes a row of each element of a list.
	Unnest struct {
		Span
		X    Expr
		Into string
	}
	// Expand makes a row of each element of a list, in the field itself.
	Expand struct {
		Span
		Field *Field
	}
	// Lookup is lookup, or cidrlookup where CIDR is set. Column is the key's name
	// in the table where they differ. OnlyEmpty is OUTPUTNEW.
	Lookup struct {
		Span
		CIDR      bool
		Table     string
		Keys      []Pair
		Output    []Pair
		OnlyEmpty bool
	}
	// Join combines rows with those of another query.
	Join struct {
		Span
		Type        string // inner, left
		Left, Right string // aliases
		Conditions  []JoinCondition
		Query       *Query
	}
	// FillMissing adds rows for empty bins.
	FillMissing struct {
		Span
		With []Fill
	}
	// FillDown repeats the last value where there is none: in the fields, and in the
	// shown ones whose names fit a pattern; in all shown ones where neither is given.
	FillDown struct {
		Span
		Fields   []Expr
		Patterns []string // with stars, which stand for any characters
	}
	// CountFrequent counts the combinations of values.
	CountFrequent struct {
		Span
		Fields []Expr
	}
	// AddTotals sums numeric fields by row and by column.
	AddTotals struct {
		Span
		Name     string
		Row, Col bool
		Fields   []Expr
	}
	// Accum keeps a running total.
	Accum struct {
		Span
		Field Expr
		Alias string
	}
	// Autoregress copies values of earlier rows: From to To rows back.
	Autoregress struct {
		Span
		Field    Expr
		Alias    string
		From, To int
	}
	// AppendCols adds the columns of another query, row by row.
	AppendCols struct {
		Span
		Override bool
		Max      int
		Query    *Query
	}
	// Sessionize numbers the sessions of each combination of values.
	Sessionize struct {
		Span
		Fields  []Expr
		MaxSpan *Period
		Alias   string
	}
	// Outlier finds what lies far outside the quartiles.
	Outlier struct {
		Span
		Remove, UseLower, Mark bool
		Param                  float64
		Fields                 []Expr
	}
	// RelevantFields ranks fields by how they differ where a condition holds.
	RelevantFields struct {
		Span
		Fields    []Expr
		Condition Expr
	}
	// LogCompare compares patterns with those of an earlier time.
	LogCompare struct {
		Span
		Shift *Period
	}
)

// Pair is a field and the name that it has on the other side.
type Pair struct{ Field, As string }

// JoinCondition is left.field = right.field, without the aliases.
type JoinCondition struct{ Left, Right string }

// Fill is a value for a field of the rows that fillmissing adds.
type Fill struct {
	Value Expr
	Field string
}
