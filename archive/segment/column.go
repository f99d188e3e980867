package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// openedColumn is a column of a row group that is being read: its dictionary is unpacked,
// its pages are as they are in the file until a row of them is wanted.
type openedColumn struct {
	*chunk
	required   bool   // each row has a value
	packed     []byte // the pages as they are in the file
	pages      []dataPage
	dictionary bool
	text       []byte   // the page of the dictionary
	values     []uint32 // where in text each value of the dictionary begins and ends
}

// dataPage is a page of values of some rows that follow each other.
type dataPage struct {
	first, rows int
	body        []byte // packed
	sum         uint32
	raw         int // length unpacked
}

// begin opens a column, once in a row group.
func (r *Reader) begin(g *group, c *chunk, required bool) (*openedColumn, error) {
	if col := r.open[c]; col != nil {
		return col, nil
	}
	col := &openedColumn{}
	if last := len(r.free) - 1; last >= 0 {
		col, r.free = r.free[last], r.free[:last]
	}
	*col = openedColumn{chunk: c, required: required, packed: col.packed, pages: col.pages[:0], text: col.text, values: col.values[:0]}
	var err error
	if col.packed, err = r.readInto(col.packed, c.span); err != nil {
		return nil, err
	}
	rows := 0
	for rest := col.packed; len(rest) > 0; {
		h, body, behind, err := r.header(rest)
		if err != nil {
			return nil, err
		}
		rest = behind
		p := dataPage{rows, 0, body, uint32(h.CRC), int(h.UncompressedPageSize)}
		if h.Type == format.DictionaryPage {
			if err := col.define(p); err != nil {
				return nil, err
			}
			continue
		}
		if !h.DataPageHeader.Valid {
			return nil, errors.New("a page is not one of data")
		}
		if p.rows = int(h.DataPageHeader.V.NumValues); p.rows < 0 || p.rows > g.rows-rows {
			return nil, errors.New("a column has more rows than its row group")
		}
		rows += p.rows
		col.pages = append(col.pages, p)
	}
	if rows != g.rows {
		return nil, errors.New("a column has not as many rows as its row group")
	}
	r.open[c] = col
	return col, nil
}

// define unpacks the page of the dictionary.
func (c *openedColumn) define(p dataPage) error {
	body, err := sound(p.body, p.sum, c.chunk.packed, p.raw, c.text)
	if err != nil {
		return err
	}
	if c.dictionary, c.text = true, body; !c.chunk.packed {
		c.text = bytes.Clone(body)
	}
	for at := 0; at < len(body); {
		value, _, err := nextValue(body[at:])
		if err != nil {
			return err
		}
		c.values = append(c.values, uint32(at+4), uint32(at+4+len(value)))
		at += 4 + len(value)
	}
	return nil
}

// each tells the pages that have some rows, with those rows.
func (c *openedColumn) each(rows []int32, tell func(p *dataPage, rows []int32) error) error {
	for i := range c.pages {
		p := &c.pages[i]
		n := sort.Search(len(rows), func(i int) bool { return int(rows[i]) >= p.first+p.rows })
		if n == 0 {
			continue
		}
		if err := tell(p, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (r *Reader) unpack(p *dataPage, c *openedColumn) ([]byte, error) {
	body, err := sound(p.body, p.sum, c.chunk.packed, p.raw, r.raw)
	if err == nil && c.chunk.packed {
		r.raw = body
	}
	return body, err
}

// placed is a page unpacked: for each row the place of its value, -1 without one, in the
// dictionary or, without one, in text. In a page whose rows are all alike, it is one
// place for all.
type placed struct {
	same   bool
	place  int32
	places []int32
}

func (p *placed) of(row int) int32 {
	if p.same {
		return p.place
	}
	return p.places[row]
}

// places unpacks a page.
func (r *Reader) placesOf(p *dataPage, c *openedColumn) (placed, error) {
	body, err := r.unpack(p, c)
	if err != nil {
		return placed{}, err
	}
	present, every := p.rows, c.required
	if !c.required {
		if body, present, err = r.whichHave(body, p.rows); err != nil {
			return placed{}, err
		}
		every = present == p.rows
	}
	if present == 0 {
		return placed{same: true, place: -1}, nil
	}
	if !c.dictionary {
		if err := r.inPlace(body, c.chunk, present); err != nil {
			return placed{}, err
		}
		return placed{places: r.spread(nil, p.rows, every)}, nil
	}
	if code, ok := constant(body, present); ok && every {
		return placed{same: true, place: code}, c.has(code)
	}
	codes, err := (&rle.DictionaryEncoding{}).DecodeInt32(r.codes[:0], body)
	if err != nil {
		return placed{}, err
	}
	if r.codes = codes; len(codes) < present {
		return placed{}, fits(present, len(codes))
	}
	for _, code := range codes[:present] {
		if err := c.has(code); err != nil {
			return placed{}, err
		}
	}
	return placed{places: r.spread(codes, p.rows, every)}, nil
}

func (c *openedColumn) has(code int32) error {
	if code < 0 || int(code) >= len(c.values)/2 {
		return errors.New("a row has a value that its dictionary lacks")
	}
	return nil
}

// constant is the code that the first n rows of a page have, where one run of RLE says
// so.
func constant(body []byte, n int) (code int32, ok bool) {
	if len(body) < 2 || body[0] > 32 {
		return 0, false
	}
	width := int(body[0])
	head, used := binary.Uvarint(body[1:])
	if used <= 0 || head&1 != 0 || head>>1 < uint64(n) {
		return 0, false
	}
	value := body[1+used:]
	if len(value) < (width+7)/8 {
		return 0, false
	}
	for i := range (width + 7) / 8 {
		code |= int32(value[i]) << (8 * i)
	}
	return code, true
}

// whichHave reads into r.levels which rows have a field, as 1 and 0, and counts those.
func (r *Reader) whichHave(body []byte, rows int) (rest []byte, present int, err error) {
	if len(body) < 4 || uint64(binary.LittleEndian.Uint32(body)) > uint64(len(body)-4) {
		return nil, 0, errors.New("a page is too short")
	}
	n := binary.LittleEndian.Uint32(body)
	levels, rest := body[4:4+n], body[4+n:]
	if head, used := binary.Uvarint(levels); used > 0 && head&1 == 0 && head>>1 >= uint64(rows) && len(levels) > used {
		if levels[used] == 0 {
			return rest, 0, nil
		}
		return rest, rows, nil
	}
	found, err := (&rle.Encoding{BitWidth: 1}).DecodeLevels(r.levels[:0], levels)
	if err != nil || len(found) < rows {
		return nil, 0, errors.Join(errors.New("a page does not say which rows have its field"), err)
	}
	r.levels = found
	for _, l := range found[:rows] {
		present += int(l & 1)
	}
	return rest, present, nil
}

// spread puts codes where rows have them. Nil codes are 0, 1, 2 and so on.
func (r *Reader) spread(codes []int32, rows int, every bool) []int32 {
	if every && codes != nil {
		return codes[:rows]
	}
	r.places = slices.Grow(r.places[:0], rows)[:rows]
	next := int32(0)
	for i := range r.places {
		switch {
		case !every && r.levels[i]&1 == 0:
			r.places[i] = -1
			continue
		case codes != nil:
			r.places[i] = codes[next]
		default:
			r.places[i] = next
		}
		next++
	}
	return r.places
}

// inPlace reads a page of values without a dictionary into r.text.
func (r *Reader) inPlace(body []byte, c *chunk, present int) error {
	text, offsets, err := (&delta.ByteArrayEncoding{}).DecodeByteArray(r.text, body, r.offsets)
	if err != nil || len(c.kinds) != 1 {
		return errors.Join(errors.New("a page of values cannot be read"), err)
	}
	r.text, r.offsets = text, offsets
	if len(offsets)-1 != present {
		return fits(present, len(offsets)-1)
	}
	return nil
}

func fits(rows, values int) error {
	return fmt.Errorf("a column has %d values for %d rows", values, rows)
}
