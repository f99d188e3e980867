package state

import (
	"fmt"
	"iter"
	"strings"

	"github.com/tidwall/btree"
)

// table is rows by key, with indexes that are kept in step. A copy of a table
// costs nothing until one of the two is written to.
type table[V any] struct {
	name    string
	key     func(*V) string
	rows    *btree.Map[string, *V]
	indexes []index[V]
}

// index finds rows by something other than their key. of returns the bucket that
// a row belongs to, or false when it is not in the index.
type index[V any] struct {
	of   func(*V) (bucket string, in bool)
	rows *btree.Map[string, *V]
}

// sep separates parts of a key; it sorts before all that names can contain.
const sep = "\x00"

func newTable[V any](name string, key func(*V) string, of ...func(*V) (string, bool)) *table[V] {
	t := &table[V]{name: name, key: key, rows: new(btree.Map[string, *V])}
	for _, f := range of {
		t.indexes = append(t.indexes, index[V]{of: f, rows: new(btree.Map[string, *V])})
	}
	return t
}

func (t *table[V]) snapshot() *table[V] {
	c := &table[V]{name: t.name, key: t.key, rows: t.rows.Copy()}
	for _, x := range t.indexes {
		c.indexes = append(c.indexes, index[V]{of: x.of, rows: x.rows.Copy()})
	}
	return c
}

func (t *table[V]) get(key string) (*V, bool) { return t.rows.Get(key) }

// set makes v the row of its key; nil removes the row.
func (t *table[V]) set(key string, v *V) (old *V) {
	if v == nil {
		old, _ = t.rows.Delete(key)
	} else {
		old, _ = t.rows.Set(key, v)
	}
	for _, x := range t.indexes {
		x.move(key, old, v)
	}
	return old
}

func (x index[V]) move(key string, old, v *V) {
	var was, is string
	var had, has bool
	if old != nil {
		was, had = x.of(old)
	}
	if v != nil {
		is, has = x.of(v)
	}
	if had && (!has || was != is) {
		x.rows.Delete(was + sep + key)
	}
	if has {
		x.rows.Set(is+sep+key, v)
	}
}

// all yields the rows in the order of their keys.
func (t *table[V]) all() iter.Seq[*V] { return prefixed(t.rows, "") }

// in yields the rows of one bucket of the i-th index, in the order of their keys.
func (t *table[V]) in(i int, bucket string) iter.Seq[*V] {
	return prefixed(t.indexes[i].rows, bucket+sep)
}

func prefixed[V any](rows *btree.Map[string, *V], prefix string) iter.Seq[*V] {
	return func(yield func(*V) bool) {
		rows.Ascend(prefix, func(k string, v *V) bool {
			return strings.HasPrefix(k, prefix) && yield(v)
		})
	}
}

func (t *table[V]) load(key string, value []byte) error {
	v, err := decode[V](value)
	if err != nil {
		return fmt.Errorf("read %s %q: %w", t.name, key, err)
	}
	t.set(key, v)
	return nil
}

// prefixedBackward is prefixed from the last row to the first.
func prefixedBackward[V any](rows *btree.Map[string, *V], prefix string) iter.Seq[*V] {
	return func(yield func(*V) bool) {
		rows.Descend(prefix+"\xff", func(k string, v *V) bool {
			return strings.HasPrefix(k, prefix) && yield(v)
		})
	}
}
