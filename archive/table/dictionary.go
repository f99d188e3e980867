package table

import (
	"hash/maphash"
	"strings"

	"steady/scan"
)

// dictionary holds the distinct values of a column, in the order in which they came.
// Its text only grows, so that what was read from it stays valid.
type dictionary struct {
	text  strings.Builder
	ends  []uint32 // where each value's text ends
	kinds []scan.Kind
	slots []slot // hash table of codes
	last  uint16 // code of the latest value that was asked for
}

// slot is a place of the hash table: a code, 0 where there is none, and a part of its
// value's hash, so that hardly any other value is compared.
type slot struct{ code, tag uint16 }

var seed = maphash.MakeSeed()

func (d *dictionary) at(i int) string {
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.text.String()[start:d.ends[i]]
}

func (d *dictionary) is(code uint16, text string, kind scan.Kind) bool {
	return d.kinds[code-1] == kind && d.at(int(code)-1) == text
}

// code is the number of a value, from 1.
func (d *dictionary) code(text string, kind scan.Kind) uint16 {
	if d.last != 0 && d.is(d.last, text, kind) {
		return d.last // as it mostly is
	}
	if 2*len(d.ends) >= len(d.slots) {
		d.grow()
	}
	hash := maphash.String(seed, text)
	mask, tag := len(d.slots)-1, uint16(hash>>48)
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		s := &d.slots[i]
		switch {
		case s.code == 0:
			d.add(text, kind)
			*s = slot{uint16(len(d.ends)), tag}
			d.last = s.code
			return s.code
		case s.tag == tag && d.is(s.code, text, kind):
			d.last = s.code
			return s.code
		}
	}
}

func (d *dictionary) add(text string, kind scan.Kind) {
	d.text.Grow(len(text)) // in larger steps than WriteString would
	d.text.WriteString(text)
	d.ends = append(d.ends, uint32(d.text.Len()))
	d.kinds = append(d.kinds, kind)
}

func (d *dictionary) grow() {
	d.slots = make([]slot, max(32, 2*len(d.slots)))
	mask := len(d.slots) - 1
	for c := range d.ends {
		hash := maphash.String(seed, d.at(c))
		i := int(hash) & mask
		for d.slots[i].code != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = slot{uint16(c + 1), uint16(hash >> 48)}
	}
}

func (d *dictionary) size() int {
	return d.text.Cap() + 4*cap(d.ends) + cap(d.kinds) + 4*cap(d.slots)
}
