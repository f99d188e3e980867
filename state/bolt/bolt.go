// Package bolt keeps the state in one bbolt file: a bucket per table, a key per
// row. It never interprets a row.
package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bbolt "go.etcd.io/bbolt"
	bberrors "go.etcd.io/bbolt/errors"

	"steady/state"
)

// FileName is the file in the data directory that holds the state.
const FileName = "state.db"

// ErrHeld says that another process has the data directory open.
var ErrHeld = errors.New("held by another process")

// Backend is a state.Backend in a file.
type Backend struct{ db *bbolt.DB }

// Open opens the state file in dir, making both where they do not exist. It fails
// with ErrHeld when another process has it open.
func Open(dir string) (*Backend, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	db, err := bbolt.Open(filepath.Join(dir, FileName), 0o600, &bbolt.Options{
		Timeout:        100 * time.Millisecond,
		FreelistType:   bbolt.FreelistMapType,
		NoFreelistSync: true,
	})
	if errors.Is(err, bberrors.ErrTimeout) {
		return nil, ErrHeld
	}
	if err != nil {
		return nil, fmt.Errorf("open the state in %s: %w", dir, err)
	}
	return &Backend{db}, nil
}

// Load implements state.Backend.
func (b *Backend) Load(row func(table, key string, value []byte) error) error {
	return b.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			return bucket.ForEach(func(k, v []byte) error {
				return row(string(name), string(k), v)
			})
		})
	})
}

// Append implements state.Backend: one transaction, synced before it returns.
func (b *Backend) Append(rows []state.Row) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range rows {
			if err := put(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func put(tx *bbolt.Tx, r state.Row) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(r.Table))
	if err != nil {
		return err
	}
	if r.Value == nil {
		return bucket.Delete([]byte(r.Key))
	}
	return bucket.Put([]byte(r.Key), r.Value)
}

// Close implements state.Backend.
func (b *Backend) Close() error { return b.db.Close() }
