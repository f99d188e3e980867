package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"steady/archive"
)

// eventsFile has the events of writer i: for each its time as a varint, its cluster and
// its message, each behind its length as a uvarint.
func eventsFile(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("%d.events", i)) }

// generateAll writes the events of all writers.
func generateAll(dir string) error {
	var all sync.WaitGroup
	errs := make([]error, *writers)
	for i := range *writers {
		all.Go(func() { errs[i] = generateFile(eventsFile(dir, i), firstSeed+uint64(i), share(i)) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// share is how many events writer i has.
func share(i int) int {
	n := *total / *writers
	if i < *total%*writers {
		n++
	}
	return n
}

func generateFile(name string, seed uint64, n int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	g := newGenerator(seed, n)
	var head []byte
	for range n {
		r, cluster := g.next()
		head = binary.AppendVarint(head[:0], r.Time)
		head = binary.AppendUvarint(head, uint64(len(cluster)))
		head = append(head, cluster...)
		head = binary.AppendUvarint(head, uint64(len(r.Message)))
		if _, err := w.Write(head); err != nil {
			return errors.Join(err, f.Close())
		}
		if _, err := w.WriteString(r.Message); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// readEvent reads the next event, and fails with io.EOF behind the last one.
func readEvent(r *bufio.Reader) (record archive.Record, cluster string, err error) {
	if record.Time, err = binary.ReadVarint(r); err != nil {
		return record, "", err
	}
	if cluster, err = readText(r); err == nil {
		record.Message, err = readText(r)
	}
	if err != nil {
		return record, "", fmt.Errorf("a file of events ends within one: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	return record, cluster, nil
}

// readText reads a text, as a rule out of the reader's buffer.
func readText(r *bufio.Reader) (string, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return "", err
	}
	b, err := r.Peek(int(n))
	if err != nil {
		return "", err
	}
	text := string(b)
	_, err = r.Discard(len(b))
	return text, err
}
