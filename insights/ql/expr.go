package ql

import "regexp"

// Expr is a node of an expression. String is its canonical text: two expressions
// that mean the same by their form have the same.
type Expr interface {
	Place() Span
	String() string
}

// Number is a literal number.
type Number struct {
	Span
	Value   float64
	Written string // as in the query
}

// Text is a literal string.
type Text struct {
	Span
	Value string
}

// Bool is the literal true or false.
type Bool struct {
	Span
	Value bool
}

// Period is a length of time, such as 5m. Caps are not applied yet: see Milliseconds.
type Period struct {
	Span
	Count int64
	Unit  Unit
}

// Regex is a regular expression between slashes.
type Regex struct {
	Span
	Source string
	*regexp.Regexp
}

// Field names a field. Segments are what its dots separate: one in back-ticks keeps
// the dots it has.
type Field struct {
	Span
	Segments []string
}

// Access takes a member of a map, or an element of a list.
type Access struct {
	Span
	X     Expr
	Name  string // of the member, where List is false
	Index int
	List  bool
}

// Call is a function with its arguments; Star stands for count(*).
type Call struct {
	Span
	Name string
	Star bool
	Args []Expr
}

// Unary is "not" or "-".
type Unary struct {
	Span
	Op string
	X  Expr
}

// Binary is an operator between two expressions: or and = != < <= > >= + - * / % ^.
type Binary struct {
	Span
	Op   string
	L, R Expr
}

// Match is like or =~: Pattern holds the regular expression, or nil where Text is to
// be found as it is, case-sensitively.
type Match struct {
	Span
	X       Expr
	Op      string // like, =~
	Not     bool
	Text    string
	Pattern *Regex
}

// In looks for a value in a list, or in what a subquery finds.
type In struct {
	Span
	X    Expr
	Not  bool
	List []Expr
	// Query is nil unless a subquery gives the list.
	Query *Query
}
