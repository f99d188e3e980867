package archive

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	bbolt "go.etcd.io/bbolt"
	bberrors "go.etcd.io/bbolt/errors"

	"steady/archive/segment"
)

// ErrHeld says that another process has the archive open.
var ErrHeld = errors.New("the archive is held by another process")

// lockWait is how long another process is waited for.
const lockWait = 100 * time.Millisecond

// storeFile is the name of the file that says what is sealed.
const storeFile = "catalog.db"

var (
	bucketGroups   = []byte("groups")   // name → groupRow
	bucketStreams  = []byte("streams")  // group 0 stream → Stream
	bucketOrigins  = []byte("origins")  // origin → highest number, 8 bytes
	bucketSegments = []byte("segments") // file → segmentRow
	bucketLost     = []byte("lost")     // file that was moved aside as damaged → segmentRow
	bucketMeta     = []byte("meta")
	keyNext        = []byte("next") // number of the next record after the sealed parts
	keyPart        = []byte("part") // first part of the journal that is not sealed
)

// store is the catalog as it was when the journal's last sealed part ended, and the list
// of segments. One transaction of it is the moment at which a part is sealed.
type store struct{ db *bbolt.DB }

type groupRow struct {
	Group
	Born    uint64
	Cleared map[string]uint64 `json:",omitempty"`
}

type segmentRow struct {
	segment.Info
	Class Class
}

// checkpoint is what has changed in the catalog since the one before.
type checkpoint struct {
	part      uint64 // first part that is not sealed
	next      uint64
	deleted   []string // groups that were deleted, if only to be made anew
	groups    map[string]groupRow
	streams   map[streamKey]*Stream // nil is deleted
	origins   map[string]uint64
	forgotten []string // origins
}

type streamKey struct{ group, stream string }

func (k streamKey) bytes() []byte { return []byte(k.group + "\x00" + k.stream) }

func openStore(dir string) (*store, error) {
	path := filepath.Join(dir, storeFile)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true})
	if errors.Is(err, bberrors.ErrTimeout) {
		return nil, ErrHeld
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{bucketGroups, bucketStreams, bucketOrigins, bucketSegments, bucketLost, bucketMeta} {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make %s: %w", path, err), db.Close())
	}
	return &store{db}, nil
}

// load reads everything: the catalog, the first part that is not sealed, the segments.
func (s *store) load() (c catalog, part uint64, segments map[string]segmentRow, err error) {
	c, segments = newCatalog(), map[string]segmentRow{}
	err = s.db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if v := meta.Get(keyNext); v != nil {
			c.next, part = binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(meta.Get(keyPart))
		}
		return errors.Join(
			rows(tx, bucketGroups, func(_ []byte, r groupRow) error {
				g := c.add(r.Group, r.Born)
				for stream, before := range r.Cleared {
					g.cleared[stream] = before
				}
				return nil
			}),
			rows(tx, bucketStreams, func(k []byte, s Stream) error {
				group, _, _ := bytes.Cut(k, []byte{0})
				if g := c.groups[string(group)]; g != nil {
					g.streams[s.Name] = &s
				}
				return nil
			}),
			rows(tx, bucketSegments, func(k []byte, r segmentRow) error {
				segments[string(k)] = r
				return nil
			}),
			tx.Bucket(bucketOrigins).ForEach(func(k, v []byte) error {
				c.origins[string(k)] = binary.BigEndian.Uint64(v)
				return nil
			}),
		)
	})
	if err != nil {
		return c, 0, nil, fmt.Errorf("read the archive's catalog: %w", err)
	}
	return c, part, segments, nil
}

func rows[T any](tx *bbolt.Tx, bucket []byte, tell func(key []byte, value T) error) error {
	return tx.Bucket(bucket).ForEach(func(k, v []byte) error {
		var value T
		if err := json.Unmarshal(v, &value); err != nil {
			return fmt.Errorf("%s %q: %w", bucket, k, err)
		}
		return tell(k, value)
	})
}

// swap takes segments off the list and puts others on it, and with a checkpoint moves
// the catalog to it, all in one transaction that is on disk when swap returns.
func (s *store) swap(remove []string, add map[string]segmentRow, c *checkpoint) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range remove {
			if err := tx.Bucket(bucketSegments).Delete([]byte(name)); err != nil {
				return err
			}
		}
		for name, row := range add {
			if err := putJSON(tx, bucketSegments, []byte(name), row); err != nil {
				return err
			}
		}
		if c == nil {
			return nil
		}
		return c.write(tx)
	})
	if err != nil {
		return fmt.Errorf("write the archive's catalog: %w", err)
	}
	return nil
}

// lose puts a segment from the list on that of the lost ones.
func (s *store) lose(name string, row segmentRow) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.Bucket(bucketSegments).Delete([]byte(name)), putJSON(tx, bucketLost, []byte(name), row))
	})
	if err != nil {
		return fmt.Errorf("write the archive's catalog: %w", err)
	}
	return nil
}

// lost are the segments that were lost, but for those of which keep says no.
func (s *store) lost(keep func(name string) bool) (lost map[string]segmentRow, err error) {
	lost = map[string]segmentRow{}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		var over []string
		err := rows(tx, bucketLost, func(k []byte, r segmentRow) error {
			if lost[string(k)] = r; !keep(string(k)) {
				over = append(over, string(k))
			}
			return nil
		})
		for _, name := range over {
			delete(lost, name)
			err = errors.Join(err, tx.Bucket(bucketLost).Delete([]byte(name)))
		}
		return err
	})
	return lost, err
}

func (c *checkpoint) write(tx *bbolt.Tx) error {
	for _, group := range c.deleted {
		if err := deleteGroup(tx, group); err != nil {
			return err
		}
	}
	for name, g := range c.groups {
		if err := putJSON(tx, bucketGroups, []byte(name), g); err != nil {
			return err
		}
	}
	for k, s := range c.streams {
		var err error
		if s == nil {
			err = tx.Bucket(bucketStreams).Delete(k.bytes())
		} else {
			err = putJSON(tx, bucketStreams, k.bytes(), s)
		}
		if err != nil {
			return err
		}
	}
	for _, origin := range c.forgotten {
		if err := tx.Bucket(bucketOrigins).Delete([]byte(origin)); err != nil {
			return err
		}
	}
	for origin, n := range c.origins {
		if err := putNumber(tx, bucketOrigins, []byte(origin), n); err != nil {
			return err
		}
	}
	return errors.Join(putNumber(tx, bucketMeta, keyNext, c.next), putNumber(tx, bucketMeta, keyPart, c.part))
}

func deleteGroup(tx *bbolt.Tx, group string) error {
	prefix := streamKey{group, ""}.bytes()
	cursor := tx.Bucket(bucketStreams).Cursor()
	var keys [][]byte
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if err := tx.Bucket(bucketStreams).Delete(k); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketGroups).Delete([]byte(group))
}

func putJSON(tx *bbolt.Tx, bucket, key []byte, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, b)
}

func putNumber(tx *bbolt.Tx, bucket, key []byte, n uint64) error {
	return tx.Bucket(bucket).Put(key, binary.BigEndian.AppendUint64(nil, n))
}

func (s *store) close() error { return s.db.Close() }
