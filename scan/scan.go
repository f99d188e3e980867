// Package scan is the seam between queries and what is archived: what a reader asks
// of an archive, and how the archive answers, block by block, column by column.
// It never reads a disk and never interprets a query.
//
// Contract of a Source:
//
//   - Every record that was accepted before Scan was called and that the request asks
//     for is in exactly one block, once. Records that arrive later may be there.
//   - A source may leave out rows that fail a condition of Request.Where, and need not:
//     the reader checks again. It never leaves out any other row.
//   - Blocks are the reader's to read, not to change, and stay valid.
//   - Ending the iteration early, or ctx, ends the work.
package scan

import (
	"context"
	"iter"
)

// System fields of every record. Fields found in the message's JSON have their path
// as their name: "detail.containers.0.exitCode"; one that starts with @ there is
// shown with @@.
const (
	Timestamp     = "@timestamp"     // ms since the epoch, UTC
	IngestionTime = "@ingestionTime" // ms since the epoch, UTC
	Message       = "@message"       // exactly as it was accepted
	LogStream     = "@logStream"
	Log           = "@log" // account:group
	Ptr           = "@ptr" // names this very record
	// EntityPrefix begins the fields that a stream's context has (Batch.Entity).
	EntityPrefix = "@entity."
)

// Source is something that can be scanned.
type Source interface {
	// Scan yields blocks until all are told, the reader stops, or an error.
	Scan(ctx context.Context, r Request) iter.Seq2[*Block, error]
}

// Request says what is wanted.
type Request struct {
	Groups []string // names of log groups; one that does not exist has no records
	From   int64    // ms since the epoch, inclusive
	To     int64    // ms since the epoch, inclusive
	// Fields are those whose values are needed, besides Block.Times.
	Fields []string
	// AllFields asks for every field that occurs, as Block.Names then tells.
	AllFields bool
	// Where are conditions that a row must meet, all of them, to be of use.
	Where []Condition
	Order Order
}

// Condition is one that a source may understand: cheap to check on a whole block, or
// on a dictionary.
type Condition struct {
	Field string
	Op    Op
	// Texts: for Equals, any of them is equal to the value's text; for Contains, all
	// of them are in it, case-sensitively.
	Texts []string
}

// Op is how a condition compares.
type Op int

const (
	Equals Op = iota
	Contains
	Present
)

// Order is the order in which blocks come.
type Order int

const (
	AnyOrder Order = iota
	NewestFirst
	OldestFirst
)

// Block is a part of the answer. Rows of one block are in no order.
type Block struct {
	Group string
	// Times holds @timestamp of each row.
	Times []int64
	// IDs holds the number of each record: unique in the archive, and rising in the
	// order of arrival. It decides between equal times.
	IDs []uint64
	// Columns holds those of Request.Fields (or of all) that any row has.
	Columns map[string]*Column
	// Bound, with NewestFirst, is a time that no record of a later block is after;
	// with OldestFirst, one that none is before.
	Bound int64
	// Work is what was done since the block before.
	Work Work
}

// Len is the number of rows.
func (b *Block) Len() int { return len(b.Times) }

// Work counts what a scan read, and what it could leave unread.
type Work struct {
	Records, Bytes               int64 // looked at; Bytes are of messages
	SkippedRecords, SkippedBytes int64
}

// Column holds one field of a block as a dictionary.
type Column struct {
	// Codes index Values for each row; -1 is a row without the field. A value may
	// stand in Values more than once, and need not occur at all.
	Codes  []int32
	Values []Value
}

// Value is one value of a field: Text as JSON has it, a string without its quotes and
// escapes.
type Value struct {
	Text string
	Kind Kind
}

// Kind is what a value is in JSON. Lists and objects are not values: their members are.
type Kind uint8

const (
	String Kind = iota
	Number
	Bool // Text is "true" or "false"
	Null // Text is empty
)
