package archive

import (
	"context"
	"fmt"
	"testing"

	bbolt "go.etcd.io/bbolt"
)

// TestOriginsAreForgotten: what is known of an origin goes when it is told so, also on
// disk, and comes back neither with the journal nor with the catalog.
func TestOriginsAreForgotten(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	add := func(origin string, n uint64) {
		t.Helper()
		b := Batch{Group: "/g", Stream: "s", Class: Logs, Origin: origin, Number: n, Records: []Record{line(int64(n), "%s %d", origin, n)}}
		if err := a.Append(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		add(fmt.Sprint("container-", i), 7)
	}
	seal(t, a)
	for i := range 19 {
		if err := a.ForgetOrigin(context.Background(), fmt.Sprint("container-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.ForgetOrigin(context.Background(), "never seen"); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		if n := a.Accepted("container-3"); n != 0 {
			t.Errorf("%s: container-3 is at %d", when, n)
		}
		if n := a.Accepted("container-19"); n != 7 {
			t.Errorf("%s: container-19 is at %d", when, n)
		}
	}
	check("at once")
	a.Close()
	a = open(t, dir, Options{}) // it is in the journal only
	check("from the journal")
	seal(t, a)
	a.Close()
	a = open(t, dir, Options{})
	check("from the catalog")
	rows := 0
	err := a.store.db.View(func(tx *bbolt.Tx) error { rows = tx.Bucket(bucketOrigins).Stats().KeyN; return nil })
	if err != nil || rows != 1 {
		t.Errorf("%d origins are on disk, %v", rows, err)
	}
	add("container-19", 7)
	add("container-3", 1)
	if got := messages(t, a, "/g"); len(got) != 21 {
		t.Errorf("%d records, want 21: %q", len(got), got)
	}
	a.Close()
}
