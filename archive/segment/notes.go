package segment

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/bloom"

	"steady/scan"
)

// nullText stands in a file for JSON's null: Parquet's own null is a field that is not
// there.
const nullText = "null"

// notes are what a file says of a column chunk besides what Parquet has a place for.
type notes struct {
	values   int
	kinds    kinds
	chars    charset
	bloom    bloom.SplitBlockFilter
	bloomSum uint32 // CRC-32
}

func (n *notes) add(v scan.Value) {
	n.kinds.add(v.Kind)
	n.chars.add(v.Text)
}

// identifies says whether the values look like identifiers: texts that are neither
// numbers nor times.
func (n *notes) identifies() bool {
	if len(n.kinds) != 1 || n.kinds[0].kind != scan.String {
		return false
	}
	var times charset
	times.add("0123456789-:.TZ+")
	var addresses charset
	addresses.add("0123456789./")
	return !n.chars.within(times) || n.chars.within(addresses)
}

// String is what the file has: "VALUES KINDS CHARACTERS CHECKSUM", the last of the bloom
// filter.
func (n notes) String() string {
	return fmt.Sprintf("%d %s %s %d", n.values, n.kinds, n.chars, n.bloomSum)
}

func parseNotes(s string) (n notes, err error) {
	parts := strings.Split(s, " ")
	if len(parts) != 4 {
		return n, fmt.Errorf("notes %q", s)
	}
	var errs [3]error
	n.values, errs[0] = strconv.Atoi(parts[0])
	n.kinds, errs[1] = parseKinds(parts[1])
	n.chars, errs[2] = parseCharset(parts[2])
	sum, err := strconv.ParseUint(parts[3], 10, 32)
	n.bloomSum = uint32(sum)
	return n, errors.Join(errs[0], errs[1], errs[2], err)
}

// kinds are the kinds of a dictionary's values, in order.
type kinds []run

type run struct {
	kind scan.Kind
	n    int
}

const kindLetters = "snbz" // by scan.Kind

func (k *kinds) add(kind scan.Kind) {
	if last := len(*k) - 1; last >= 0 && (*k)[last].kind == kind {
		(*k)[last].n++
		return
	}
	*k = append(*k, run{kind, 1})
}

// String has a letter and a number for each run: "s12n1".
func (k kinds) String() string {
	b := []byte{'-'}
	for _, r := range k {
		b = append(b, kindLetters[r.kind])
		b = strconv.AppendInt(b, int64(r.n), 10)
	}
	return string(b)
}

func parseKinds(s string) (kinds, error) {
	s, _ = strings.CutPrefix(s, "-")
	var k kinds
	for s != "" {
		kind := strings.IndexByte(kindLetters, s[0])
		end := 1
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(s[1:end])
		if err != nil || kind < 0 {
			return nil, fmt.Errorf("kinds of values %q", s)
		}
		k = append(k, run{scan.Kind(kind), n})
		s = s[end:]
	}
	return k, nil
}

// charset is a set of bytes: those of ASCII, and one bit for all others.
type charset [2]uint64

func (c *charset) add(s string) {
	low, high := c[0], c[1] // in registers
	for i := range len(s) {
		b := min(s[i], 0x7f)
		if b < 64 {
			low |= 1 << b
		} else {
			high |= 1 << (b & 63)
		}
	}
	c[0], c[1] = low, high
}

func (c charset) within(all charset) bool {
	return c[0]&^all[0] == 0 && c[1]&^all[1] == 0
}

// String is in base64 of little-endian bytes.
func (c charset) String() string {
	b := binary.LittleEndian.AppendUint64(nil, c[0])
	return base64.RawStdEncoding.EncodeToString(binary.LittleEndian.AppendUint64(b, c[1]))
}

func parseCharset(s string) (c charset, err error) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(b) != 16 {
		return c, fmt.Errorf("set of characters %q", s)
	}
	return charset{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}, nil
}
