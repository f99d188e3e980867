package segment

import (
	"bytes"
	"slices"
	"strings"

	"steady/archive/match"
	"steady/scan"
)

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
