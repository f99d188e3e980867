package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"steady/archive/match"
	"steady/scan"
)

// maxPage bounds what is believed of a page's size.
const maxPage = 256 << 20

var decoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
}}

// Reader reads one file. One goroutine at a time may use it.
type Reader struct {
	*File
	file    *os.File
	source  thrift.BytesReader
	headers *thrift.Decoder
	raw     []byte // of the last page
	text    []byte // values of the last column of which only some were wanted
	offsets []uint32
}

// Reader opens the file for reading.
func (f *File) Reader() (*Reader, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read a segment: %w", err)
	}
	source := protocol.NewReaderFromBytes(nil)
	return &Reader{File: f, file: file, source: source, headers: thrift.NewDecoder(source)}, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

func (r *Reader) read(s span) ([]byte, error) {
	b := make([]byte, s.length)
	if _, err := r.file.ReadAt(b, s.at); err != nil {
		return nil, err
	}
	return b, nil
}

// page takes the page at the head of b, checked and unpacked into buffer.
func (r *Reader) page(b []byte, packed bool, buffer []byte) (h format.PageHeader, body, rest []byte, err error) {
	r.source.ResetBytes(b)
	if err := r.headers.Decode(&h); err != nil {
		return h, nil, nil, fmt.Errorf("page header: %w", err)
	}
	b = b[r.source.BytesRead():]
	n, raw := int(h.CompressedPageSize), int(h.UncompressedPageSize)
	if n < 0 || n > len(b) || raw < 0 || raw > maxPage {
		return h, nil, nil, errors.New("a page does not fit its column")
	}
	body, rest = b[:n], b[n:]
	if crc32.ChecksumIEEE(body) != uint32(h.CRC) {
		return h, nil, nil, errors.New("the checksum of a page is wrong")
	}
	if !packed {
		return h, body, rest, nil
	}
	d := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(d)
	if cap(buffer) < raw {
		buffer = make([]byte, 0, raw)
	}
	if body, err = d.DecodeAll(body, buffer[:0]); err == nil && len(body) != raw {
		err = errors.New("a page has another size than it says")
	}
	return h, body, rest, err
}

// integers reads a column of numbers.
func (r *Reader) integers(g *group, name string) (values []int64, err error) {
	c := &g.chunks[r.fields[name]]
	b, err := r.read(c.span)
	if err != nil {
		return nil, err
	}
	_, body, _, err := r.page(b, c.packed, r.raw)
	if err != nil {
		return nil, err
	}
	r.raw = body
	values, err = (&delta.BinaryPackedEncoding{}).DecodeInt64(make([]int64, 0, g.rows), body)
	if err == nil && len(values) != g.rows {
		err = errors.New("a column has not as many rows as its row group")
	}
	return values, err
}

// column reads a field of some rows, or of all where rows is nil. required says that each
// row has it.
func (r *Reader) column(g *group, c *chunk, required bool, rows []int32) (*scan.Column, error) {
	b, err := r.read(c.span)
	if err != nil {
		return nil, err
	}
	h, body, rest, err := r.page(b, c.packed, r.raw)
	if err != nil {
		return nil, err
	}
	r.raw = body
	out := &scan.Column{}
	dictionary := h.Type == format.DictionaryPage
	if dictionary {
		if out.Values, err = values(body, c); err != nil {
			return nil, err
		}
		if h, body, _, err = r.page(rest, c.packed, r.raw); err != nil {
			return nil, err
		}
		r.raw = body
	}
	out.Codes = make([]int32, g.rows)
	present := g.rows
	if !required {
		if body, present, err = levels(body, out.Codes); err != nil {
			return nil, err
		}
	}
	if !dictionary && rows != nil {
		return r.some(body, c, out.Codes, present, required, rows)
	}
	var codes []int32
	if dictionary {
		codes, err = (&rle.DictionaryEncoding{}).DecodeInt32(make([]int32, 0, g.rows+64), body)
	} else {
		codes, out.Values, err = deltas(body, c)
	}
	if err != nil {
		return nil, err
	}
	if len(codes) < present {
		return nil, fits(present, len(codes))
	}
	for _, code := range codes[:present] {
		if code < 0 || int(code) >= len(out.Values) {
			return nil, errors.New("a row has a value that its dictionary lacks")
		}
	}
	place(out.Codes, codes, required)
	if rows != nil {
		return match.Pick(out, rows), nil
	}
	return out, nil
}

// deltas reads values in place; rows that have the one before share it.
func deltas(body []byte, c *chunk) (codes []int32, values []scan.Value, err error) {
	text, offsets, err := (&delta.ByteArrayEncoding{}).DecodeByteArray(nil, body, nil)
	if err != nil || len(c.kinds) != 1 {
		return nil, nil, errors.Join(errors.New("a page of values cannot be read"), err)
	}
	all := string(text)
	values = make([]scan.Value, 0, c.values)
	for i := 1; i < len(offsets); i++ {
		v := scan.Value{Text: all[offsets[i-1]:offsets[i]], Kind: c.kinds[0].kind}
		if v.Kind == scan.Null {
			v.Text = ""
		}
		if n := len(values); n == 0 || values[n-1] != v {
			values = append(values, v)
		}
		codes = append(codes, int32(len(values)-1))
	}
	return codes, values, nil
}

// some reads values in place of some rows only. all has a place for each row, and the
// levels of those that have the field.
func (r *Reader) some(body []byte, c *chunk, all []int32, present int, required bool, rows []int32) (*scan.Column, error) {
	text, offsets, err := (&delta.ByteArrayEncoding{}).DecodeByteArray(r.text, body, r.offsets)
	if err != nil || len(c.kinds) != 1 {
		return nil, errors.Join(errors.New("a page of values cannot be read"), err)
	}
	r.text, r.offsets = text, offsets
	if len(offsets)-1 != present {
		return nil, fits(present, len(offsets)-1)
	}
	place(all, nil, required)
	out := &scan.Column{Codes: make([]int32, len(rows))}
	var kept strings.Builder
	ends := []int{0}
	for i, row := range rows {
		at := all[row]
		if out.Codes[i] = -1; at >= 0 {
			out.Codes[i] = int32(len(ends) - 1)
			kept.Write(text[offsets[at]:offsets[at+1]])
			ends = append(ends, kept.Len())
		}
	}
	for i, end := range ends[1:] {
		v := scan.Value{Text: kept.String()[ends[i]:end], Kind: c.kinds[0].kind}
		if v.Kind == scan.Null {
			v.Text = ""
		}
		out.Values = append(out.Values, v)
	}
	return out, nil
}

func fits(rows, values int) error {
	if rows != values {
		return fmt.Errorf("a column has %d values for %d rows", values, rows)
	}
	return nil
}

// levels reads which rows have a field, as 1 and 0, and counts those.
func levels(body []byte, rows []int32) (rest []byte, present int, err error) {
	if len(body) < 4 || uint64(binary.LittleEndian.Uint32(body)) > uint64(len(body)-4) {
		return nil, 0, errors.New("a page is too short")
	}
	n := binary.LittleEndian.Uint32(body)
	found, err := (&rle.Encoding{BitWidth: 1}).DecodeLevels(make([]uint8, 0, len(rows)+8), body[4:4+n])
	if err != nil || len(found) < len(rows) {
		return nil, 0, errors.Join(errors.New("a page does not say which rows have its field"), err)
	}
	for i := range rows {
		rows[i] = int32(found[i])
		present += int(found[i])
	}
	return body[4+n:], present, nil
}

// place puts codes where rows have them: rows holds 1 where there is one. Nil codes are
// 0, 1, 2 and so on.
func place(rows, codes []int32, required bool) {
	next := 0
	for i := range rows {
		if !required && rows[i] == 0 {
			rows[i] = -1
			continue
		}
		if rows[i] = int32(next); codes != nil {
			rows[i] = codes[next]
		}
		next++
	}
}

// values reads texts, each behind its length.
func values(body []byte, c *chunk) ([]scan.Value, error) {
	out := make([]scan.Value, 0, c.values)
	err := split(string(body), func(text string) { out = append(out, scan.Value{Text: text}) })
	if err != nil {
		return nil, err
	}
	i := 0
	for _, r := range c.kinds {
		for n := r.n; n > 0 && i < len(out); n-- {
			if out[i].Kind = r.kind; r.kind == scan.Null {
				out[i].Text = ""
			}
			i++
		}
	}
	return out, nil
}

var errShort = errors.New("a page ends within a value")

// nextValue takes a value behind the four bytes of its length.
func nextValue(b []byte) (value, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errShort
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; n > uint64(len(b)) {
		return nil, nil, errShort
	}
	return b[:n], b[n:], nil
}

func split(text string, tell func(string)) error {
	for text != "" {
		if len(text) < 4 {
			return errShort
		}
		n := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24
		if text = text[4:]; n > uint64(len(text)) {
			return errShort
		}
		tell(text[:n])
		text = text[n:]
	}
	return nil
}

// mayHold asks the bloom filter of a column for any of some texts.
func (r *Reader) mayHold(c *chunk, texts []string) (bool, error) {
	if c.bloom.length == 0 {
		return true, nil
	}
	var h format.BloomFilterHeader
	b, err := r.read(c.bloom)
	if err != nil {
		return false, err
	}
	r.source.ResetBytes(b)
	if err := r.headers.Decode(&h); err != nil {
		return false, fmt.Errorf("bloom filter: %w", err)
	}
	if b = b[r.source.BytesRead():]; crc32.ChecksumIEEE(b) != c.bloomSum {
		return false, errors.New("the checksum of a bloom filter is wrong")
	}
	filter := bloom.MakeSplitBlockFilter(b)
	return slices.ContainsFunc(texts, func(t string) bool { return filter.Check(xxhash.Sum64String(t)) }), nil
}
