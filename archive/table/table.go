// Package table holds the newest records of one log group in memory, column by column,
// until they are sealed. It never touches a disk.
package table

import (
	"slices"
	"sync"

	"steady/archive/flatten"
	"steady/scan"
)

// MaxRows is how many records a table holds: its codes have 16 bits.
const MaxRows = 60_000

// maxValues is how many values a column has before a new table must be begun: a message
// may name a field flatten.MaxFields times.
const maxValues = 1<<16 - 1 - flatten.MaxFields

// maxPaths is how many paths a table may know before a new one must be begun.
const maxPaths = 2_000

// Table is a table of records. It may be used by several goroutines.
type Table struct {
	Group string

	mu        sync.Mutex
	times     []int64
	ingested  []int64
	ids       []uint64
	streams   column
	fields    map[string]*column
	byPath    []*column // by Path.ID
	flattener flatten.Flattener
	messages  messages
	notPlain  int // rows whose message is not flatten.Plain
	bytes     int64
	full      bool
	empties   []string // of pieces
}

type column struct {
	codes []uint16 // 0 is a row without the field; missing ones at the end too
	dictionary
}

// New makes an empty table.
func New(group string) *Table {
	return &Table{Group: group, fields: map[string]*column{}}
}

// Rows are records of one stream that arrived together.
type Rows struct {
	Stream   string
	Entity   map[string]string
	Ingested int64 // ms since the epoch
	Rows     []Row
	// Packed is all messages as one S2 block, or nil. The table may keep it.
	Packed []byte
}

// Row is one record.
type Row struct {
	ID      uint64
	Time    int64 // ms since the epoch
	Message string
}

// Add adds rows, as many as it takes before it is full, and says how many.
func (t *Table) Add(r Rows) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	context := t.context(r.Entity)
	n := 0
	for ; n < len(r.Rows) && !t.full; n++ {
		t.add(&r, &r.Rows[n], context)
	}
	if n == len(r.Rows) && t.messages.takes(r.Packed) {
		t.messages.addPacked(r.Packed, r.Rows)
		return n
	}
	for i := range n {
		t.messages.add(r.Rows[i].Message)
	}
	return n
}

// contextual is a column of the context that rows have in common, and its value.
type contextual struct {
	column *column
	text   string
}

func (t *Table) context(entity map[string]string) []contextual {
	var out []contextual
	for k, v := range entity {
		out = append(out, contextual{t.field(scan.EntityPrefix + k), v})
	}
	return out
}

func (t *Table) add(r *Rows, new *Row, context []contextual) {
	row := len(t.times)
	t.times = append(t.times, new.Time)
	t.ingested = append(t.ingested, r.Ingested)
	t.ids = append(t.ids, new.ID)
	t.streams.set(row, r.Stream, scan.String)
	for _, c := range context {
		c.column.set(row, c.text, scan.String)
	}
	found := t.flattener.Flatten(new.Message)
	plain := found.Plain
	for _, l := range found.Leaves {
		if l.Path.ID == len(t.byPath) {
			t.byPath = append(t.byPath, t.field(l.Path.Name))
		}
		if c := t.byPath[l.Path.ID]; !c.set(row, l.Text, l.Kind) {
			plain = false
			t.full = t.full || len(c.ends) >= maxValues
		}
	}
	if !plain {
		t.notPlain++
	}
	t.bytes += int64(len(new.Message))
	t.full = t.full || len(t.times) >= MaxRows || len(t.flattener.Paths) >= maxPaths || t.flattener.Nodes >= 8*maxPaths
}

// Piece is records that are in columns already.
type Piece struct {
	Times, Ingested []int64
	IDs             []uint64
	Columns         map[string]*scan.Column // the fields, @logStream and @message
	NotPlain        int
	Empties         []string
}

// Merge adds a piece, or says that it has no room.
func (t *Table) Merge(p Piece) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	base := len(t.times)
	if base > 0 && (base+len(p.Times) > MaxRows || len(t.fields)+len(p.Columns) > 2*maxPaths) {
		return false
	}
	t.times, t.ingested, t.ids = append(t.times, p.Times...), append(t.ingested, p.Ingested...), append(t.ids, p.IDs...)
	for name, c := range p.Columns {
		switch name {
		case scan.LogStream:
			t.streams.merge(base, c)
		case scan.Message:
			for _, code := range c.Codes {
				text := c.Values[code].Text
				t.messages.add(text)
				t.bytes += int64(len(text))
			}
		default:
			t.field(name).merge(base, c)
		}
	}
	t.notPlain += p.NotPlain
	for _, e := range p.Empties {
		if !slices.Contains(t.empties, e) {
			t.empties = append(t.empties, e)
		}
	}
	return true
}

// merge appends a column's rows from row base on.
func (c *column) merge(base int, other *scan.Column) {
	renew := make([]uint16, len(other.Values)+1)
	for i, v := range other.Values {
		renew[i+1] = c.code(v.Text, v.Kind)
	}
	c.codes = append(c.codes, make([]uint16, base-len(c.codes))...)
	for _, code := range other.Codes {
		c.codes = append(c.codes, renew[code+1])
	}
}

func (t *Table) field(name string) *column {
	c := t.fields[name]
	if c == nil {
		c = &column{}
		t.fields[name] = c
	}
	return c
}

// set gives a row its value, and says whether it had none before.
func (c *column) set(row int, text string, kind scan.Kind) bool {
	if len(c.codes) > row {
		c.codes[row] = c.code(text, kind)
		return false
	}
	if gap := row - len(c.codes); gap > 0 {
		c.codes = append(c.codes, make([]uint16, gap)...)
	}
	c.codes = append(c.codes, c.code(text, kind))
	return true
}

// View is what a table held at one moment.
type View struct {
	Group    string
	Times    []int64
	Ingested []int64
	IDs      []uint64
	Streams  Column
	Fields   map[string]Column
	Messages Messages
	NotPlain int      // messages that are not flatten.Plain
	Empties  []string // flatten.Flattener.Empties
	Bytes    int64    // of messages
}

// Column is a column of a view.
type Column struct {
	Codes []uint16 // index Values from 1; 0, or none at the end, is a row without the field
	text  string
	ends  []uint32
	kinds []scan.Kind
}

// View is what the table holds now. Names says which fields are wanted, nil all.
func (t *Table) View(wanted func(name string) bool) View {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := View{
		Group: t.Group, Times: t.times, Ingested: t.ingested, IDs: t.ids,
		Streams: t.streams.view(), Fields: map[string]Column{},
		Messages: t.messages.view(), NotPlain: t.notPlain, Bytes: t.bytes,
		Empties: slices.Concat(t.empties, t.flattener.Empties),
	}
	for name, c := range t.fields {
		if wanted == nil || wanted(name) {
			v.Fields[name] = c.view()
		}
	}
	return v
}

func (c *column) view() Column {
	return Column{c.codes, c.text.String(), c.ends, c.kinds}
}

// Len is the number of distinct values.
func (c Column) Len() int { return len(c.ends) }

// Value is the value of a code.
func (c Column) Value(code int) scan.Value {
	start := uint32(0)
	if code > 1 {
		start = c.ends[code-2]
	}
	return scan.Value{Text: c.text[start:c.ends[code-1]], Kind: c.kinds[code-1]}
}

// Scan is the column as readers see it, with as many rows.
func (c Column) Scan(rows int) *scan.Column {
	out := &scan.Column{Codes: make([]int32, rows), Values: make([]scan.Value, c.Len())}
	for i, code := range c.Codes {
		out.Codes[i] = int32(code) - 1
	}
	for i := len(c.Codes); i < rows; i++ {
		out.Codes[i] = -1
	}
	for i := range out.Values {
		out.Values[i] = c.Value(i + 1)
	}
	return out
}

// Times of the oldest and the newest record; with none, of no use.
func (v View) Span() (first, last int64) {
	if len(v.Times) == 0 {
		return 0, 0
	}
	return slices.Min(v.Times), slices.Max(v.Times)
}

// Full says that the table takes no more rows.
func (t *Table) Full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.full
}

// Bytes is what the messages have.
func (t *Table) Bytes() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}

// Len is the number of records.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.times)
}

// Size is about how much memory the table holds, in bytes.
func (t *Table) Size() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	size := 24*cap(t.times) + 2*cap(t.streams.codes) + t.streams.size() + t.messages.size()
	for _, c := range t.fields {
		size += 2*cap(c.codes) + c.size() + 200
	}
	return int64(size)
}
