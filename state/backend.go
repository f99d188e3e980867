package state

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Backend is a durable log of commits. Implementations must keep or lose an
// Append as a whole, and must not return from it before it would survive a crash
// of the machine.
type Backend interface {
	// Load calls row for every row that is kept, in any order.
	Load(row func(table, key string, value []byte) error) error
	// Append makes these rows the last word on their keys.
	Append(rows []Row) error
	Close() error
}

// Row is one row as the backend keeps it. A nil Value removes it.
type Row struct {
	Table string
	Key   string
	Value []byte
}

// Values but events (pack) are JSON objects with Go's field names; a field that is zero is left out.
// Pointers to zero are kept, since in the API's types they mean "given, and zero".
// Durations are nanoseconds. Bytes that are no UTF-8 are replaced: what a container or
// a runtime printed must not keep the state from being written.
var jsonOptions = json.JoinOptions(json.OmitZeroStructFields(true), json.Deterministic(true),
	jsonv1.FormatDurationAsNano(true), jsontext.AllowInvalidUTF8(true))

// encode turns changes into rows; of several changes of a key the last counts.
func encode(changes []Change) ([]Row, error) {
	last := make(map[[2]string]int, len(changes))
	for i, c := range changes {
		last[[2]string{c.Table, c.Key}] = i
	}
	rows := make([]Row, 0, len(last))
	for i, c := range changes {
		if last[[2]string{c.Table, c.Key}] != i {
			continue
		}
		row := Row{Table: c.Table, Key: c.Key}
		switch v := c.New.(type) {
		case nil:
		case *Outgoing:
			row.Value = v.pack()
		default:
			var err error
			if row.Value, err = json.Marshal(c.New, jsonOptions); err != nil {
				return nil, fmt.Errorf("%s %q: %w", c.Table, c.Key, err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func decode[V any](value []byte) (*V, error) {
	v := new(V)
	if err := json.Unmarshal(value, v, jsonOptions); err != nil {
		return nil, err
	}
	return v, nil
}
