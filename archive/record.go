package archive

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"steady/scan"
)

// pointer is what @ptr says: where a record is.
type pointer struct {
	group string
	time  int64
	id    uint64
}

func (p pointer) String() string {
	b := binary.AppendVarint(nil, p.time)
	b = binary.AppendUvarint(b, p.id)
	return base64.RawURLEncoding.EncodeToString(append(b, p.group...))
}

func parsePointer(ptr string) (pointer, bool) {
	b, err := base64.RawURLEncoding.DecodeString(ptr)
	if err != nil {
		return pointer{}, false
	}
	p := payload{b: b}
	at, id := p.varint(), p.uvarint()
	return pointer{string(p.b), at, id}, !p.bad && len(p.b) > 0
}

// GroupOf is the log group of the record that an @ptr names, which may be gone.
func GroupOf(ptr string) (group string, ok bool) {
	p, ok := parsePointer(ptr)
	return p.group, ok
}

// Record is one record whole, by its @ptr: every field, the system's too. Fails with
// ErrNotFound when ptr names none, or one that is gone.
func (a *Archive) Record(ctx context.Context, ptr string) (map[string]scan.Value, error) {
	p, ok := parsePointer(ptr)
	if !ok {
		return nil, fmt.Errorf("record %q %w: that is no @ptr", ptr, ErrNotFound)
	}
	request := scan.Request{Groups: []string{p.group}, From: p.time, To: p.time, AllFields: true}
	for b, err := range a.Scan(ctx, request) {
		if err != nil {
			return nil, err
		}
		if row := slices.Index(b.IDs, p.id); row >= 0 {
			return whole(b, row), nil
		}
	}
	return nil, fmt.Errorf("record %s %w any more", ptr, ErrNotFound)
}

func whole(b *scan.Block, row int) map[string]scan.Value {
	fields := map[string]scan.Value{}
	for name, c := range b.Columns {
		if code := c.Codes[row]; code >= 0 {
			fields[name] = c.Values[code]
		}
	}
	return fields
}
