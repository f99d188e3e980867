package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"

	"steady/archive/match"
	"steady/scan"
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

// value is the text at a place, until the next page is read.
func (r *Reader) value(c *openedColumn, place int32) []byte {
	if c.dictionary {
		return c.text[c.values[2*place]:c.values[2*place+1]]
	}
	return r.text[r.offsets[place]:r.offsets[place+1]]
}

// matching leaves the rows whose value in a column meets a condition. A dictionary's
// values are compared once each, and where none meets it, no row is looked at.
func (r *Reader) matching(col *openedColumn, cond scan.Condition, rows, out []int32) ([]int32, error) {
	test := match.Prepare(cond)
	if col.dictionary && !r.compare(col, test) {
		return out, nil
	}
	err := col.each(rows, func(p *dataPage, rows []int32) error {
		at, err := r.placesOf(p, col)
		if err != nil {
			return err
		}
		before, met := int32(-1), false
		for _, row := range rows {
			place := at.of(int(row) - p.first)
			switch {
			case place < 0:
				continue
			case col.dictionary:
				met = r.met[place]
			case before < 0 || !bytes.Equal(r.value(col, before), r.value(col, place)):
				met = test.Met(shown(r.value(col, place), col.kinds[0].kind))
			}
			if before = place; met {
				out = append(out, row)
			}
		}
		return nil
	})
	return out, err
}

// compare says in r.met which values of a dictionary meet a condition, and whether any
// does.
func (r *Reader) compare(col *openedColumn, test match.Test) (any bool) {
	r.met = r.met[:0]
	col.eachKind(func(place int32, kind scan.Kind) {
		met := test.Met(shown(r.value(col, place), kind))
		r.met, any = append(r.met, met), any || met
	})
	return any
}

// eachKind tells the places of a dictionary and the kinds of their values.
func (c *openedColumn) eachKind(tell func(place int32, kind scan.Kind)) {
	run, left := 0, 0
	if len(c.kinds) > 0 {
		left = c.kinds[0].n
	}
	for place := range int32(len(c.values) / 2) {
		for left == 0 && run < len(c.kinds) {
			if run++; run < len(c.kinds) {
				left = c.kinds[run].n
			}
		}
		kind := scan.String
		if run < len(c.kinds) {
			kind = c.kinds[run].kind
			left--
		}
		tell(place, kind)
	}
}

// shown is the text of a stored value: that of null is empty.
func shown(text []byte, kind scan.Kind) []byte {
	if kind == scan.Null {
		return nil
	}
	return text
}

// pick reads a column of some rows. Only values that they have are in it.
func (r *Reader) pick(col *openedColumn, rows []int32) (*scan.Column, error) {
	out := &picked{Column: &scan.Column{Codes: make([]int32, 0, len(rows))}}
	if col.dictionary {
		r.renew = slices.Grow(r.renew[:0], len(col.values)/2)[:len(col.values)/2]
		for i := range r.renew {
			r.renew[i] = -1
		}
	}
	err := col.each(rows, func(p *dataPage, rows []int32) error {
		at, err := r.placesOf(p, col)
		if err != nil {
			return err
		}
		before := int32(-1)
		for _, row := range rows {
			place := at.of(int(row) - p.first)
			switch {
			case place < 0:
				out.Codes = append(out.Codes, -1)
				continue
			case col.dictionary:
				if r.renew[place] < 0 {
					r.renew[place] = out.add(r.value(col, place))
				}
				out.Codes = append(out.Codes, r.renew[place])
				continue
			}
			if before < 0 || !bytes.Equal(r.value(col, before), r.value(col, place)) {
				out.add(r.value(col, place))
			}
			before = place
			out.Codes = append(out.Codes, int32(len(out.ends)-1))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.finish()
	r.kinds(col, out.Column)
	return out.Column, nil
}

// kinds gives the values of a column that was picked their kinds.
func (r *Reader) kinds(col *openedColumn, out *scan.Column) {
	give := func(code int32, kind scan.Kind) {
		if out.Values[code].Kind = kind; kind == scan.Null {
			out.Values[code].Text = ""
		}
	}
	if !col.dictionary || len(col.kinds) == 1 {
		for i := range out.Values {
			give(int32(i), col.kinds[0].kind)
		}
		return
	}
	col.eachKind(func(place int32, kind scan.Kind) {
		if code := r.renew[place]; code >= 0 {
			give(code, kind)
		}
	})
}

// picked is a column that is being made, its texts one behind the other.
type picked struct {
	*scan.Column
	text strings.Builder
	ends []int
}

func (p *picked) add(text []byte) int32 {
	p.text.Write(text)
	p.ends = append(p.ends, p.text.Len())
	return int32(len(p.ends) - 1)
}

func (p *picked) finish() {
	start := 0
	p.Values = make([]scan.Value, len(p.ends))
	for i, end := range p.ends {
		p.Values[i].Text = p.text.String()[start:end]
		start = end
	}
}
