package segment

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"

	"github.com/parquet-go/parquet-go/format"
)

// Inspect sums up a file of which nothing is known. It believes the footer; pages have
// checksums of their own.
func Inspect(path string) (info Info, err error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	b, size, err := footerBytes(f)
	if err != nil {
		return Info{}, &DamageError{path, err}
	}
	meta, err := decodeFooter(b)
	file := File{Path: path, fields: map[string]int{}}
	if err == nil {
		err = file.digest(meta, size)
	}
	if err == nil {
		info, err = file.sum(meta)
	}
	if err != nil {
		return Info{}, &DamageError{path, err}
	}
	info.Size, info.Footer = size, crc32.ChecksumIEEE(b)
	return info, nil
}

// sum is what a footer says of a file's records.
func (f *File) sum(meta *format.FileMetaData) (info Info, err error) {
	info = Info{Group: f.Group, RowGroups: len(f.groups), Columns: len(meta.Schema) - 1}
	if len(f.groups) == 0 || f.Group == "" {
		return info, errors.New("it has no records, or does not say of which group")
	}
	for i, g := range f.groups {
		numbers := meta.RowGroups[i].Columns[f.fields[Number]].MetaData.Statistics
		if len(numbers.MinValue) != 8 || len(numbers.MaxValue) != 8 {
			return info, errors.New("a row group does not say its numbers")
		}
		low, high := binary.LittleEndian.Uint64(numbers.MinValue), binary.LittleEndian.Uint64(numbers.MaxValue)
		if i == 0 {
			info.MinTime, info.MaxTime, info.MinNumber, info.MaxNumber = g.minTime, g.maxTime, low, high
		}
		info.MinTime, info.MaxTime = min(info.MinTime, g.minTime), max(info.MaxTime, g.maxTime)
		info.MinNumber, info.MaxNumber = min(info.MinNumber, low), max(info.MaxNumber, high)
		info.Records += int64(g.rows)
		info.Bytes += g.bytes
	}
	return info, nil
}
