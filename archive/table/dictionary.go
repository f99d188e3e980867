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
	slots []uint16 // hash table of codes, 0 is empty
}

var seed = maphash.MakeSeed()

func (d *dictionary) at(i int) string {
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.text.String()[start:d.ends[i]]
}

// code is the number of a value, from 1.
func (d *dictionary) code(text string, kind scan.Kind) uint16 {
	if 2*len(d.ends) >= len(d.slots) {
		d.grow()
	}
	mask := len(d.slots) - 1
	for i := int(maphash.String(seed, text)) & mask; ; i = (i + 1) & mask {
		c := d.slots[i]
		if c == 0 {
			d.text.WriteString(text)
			d.ends = append(d.ends, uint32(d.text.Len()))
			d.kinds = append(d.kinds, kind)
			d.slots[i] = uint16(len(d.ends))
			return d.slots[i]
		}
		if d.at(int(c)-1) == text && d.kinds[c-1] == kind {
			return c
		}
	}
}

func (d *dictionary) grow() {
	d.slots = make([]uint16, max(16, 2*len(d.slots)))
	mask := len(d.slots) - 1
	for c := range d.ends {
		i := int(maphash.String(seed, d.at(c))) & mask
		for d.slots[i] != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = uint16(c + 1)
	}
}

func (d *dictionary) size() int {
	return d.text.Cap() + 4*cap(d.ends) + cap(d.kinds) + 2*cap(d.slots)
}
