package archive

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"steady/archive/flatten"
	"steady/archive/match"
	"steady/scan"
)

// kept is a record that was accepted, as a reader must find it.
type kept struct {
	group, stream, message string
	time                   int64
}

var words = rapid.SampledFrom([]string{"", "a", "OutOfMemory", "null", "12", "task/1", "task/2", "ü", "-1.5", "x y"})

// message draws JSON of a few shapes, JSON in text, and text.
func message(t *rapid.T) string {
	w := func() string { return words.Draw(t, "word") }
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
		return fmt.Sprintf(`{"a":"%s","b":{"c":%d,"d":["%s",null]},"e":{}}`, w(), rapid.IntRange(0, 9).Draw(t, "n"), w())
	case 1:
		return fmt.Sprintf(`{"a":"%s","%s":true}`, w(), w())
	case 2:
		return fmt.Sprintf(`{"a":"\u00e9 %s","@x":1}`, w())
	case 3:
		return fmt.Sprintf(`START %s {"a":"%s"} END`, w(), w())
	case 4:
		return fmt.Sprintf(`{"b":{"c":"%s","e":[]},"a":"%s"}`, w(), w())
	}
	return w()
}

func condition(t *rapid.T) scan.Condition {
	return scan.Condition{
		Field: rapid.SampledFrom([]string{"a", "b.c", "b.d.0", "b.d.1", "@@x", "nowhere", scan.Message, scan.LogStream, scan.Timestamp, "@entity.E"}).Draw(t, "field"),
		Op:    rapid.SampledFrom([]scan.Op{scan.Equals, scan.Contains, scan.Present}).Draw(t, "op"),
		Texts: rapid.SliceOfN(words, 1, 2).Draw(t, "texts"),
	}
}

// TestEveryRecordIsFoundOnce: whatever is appended, sealed, merged and reopened in
// whatever order, any request finds each record that it covers once, as it was, and no
// condition leaves out one that meets it.
func TestEveryRecordIsFoundOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "steady-archive-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		a, err := Open(dir, Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { a.Close() }()
		var all []kept
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				err = a.Seal(context.Background())
			case 1:
				err = a.Compact()
			case 2:
				a.Close()
				a, err = Open(dir, Options{Log: slog.New(slog.DiscardHandler)})
			default:
				all = append(all, appendSome(t, a)...)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		request := scan.Request{
			Groups: []string{"/a", "/b", "/a", "/none"}[:rapid.IntRange(1, 4).Draw(t, "groups")],
			From:   rapid.Int64Range(-2, 50).Draw(t, "from"), To: rapid.Int64Range(50, 101).Draw(t, "to"), AllFields: true,
			Order: rapid.SampledFrom([]scan.Order{scan.AnyOrder, scan.NewestFirst, scan.OldestFirst}).Draw(t, "order"),
		}
		request.Where = rapid.SliceOfN(rapid.Custom(condition), 0, 2).Draw(t, "where")
		checkRequest(t, a, all, request)
	})
}

func appendSome(t *rapid.T, a *Archive) []kept {
	b := Batch{
		Group: rapid.SampledFrom([]string{"/a", "/b"}).Draw(t, "group"), Stream: rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "stream"),
		Class: Logs, Entity: map[string]string{"E": "task/1"},
	}
	var out []kept
	for range rapid.IntRange(0, 5).Draw(t, "records") {
		r := Record{Time: rapid.Int64Range(0, 100).Draw(t, "time"), Message: message(t)}
		b.Records = append(b.Records, r)
		out = append(out, kept{b.Group, b.Stream, r.Message, r.Time})
	}
	if err := a.Append(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkRequest compares what a request finds with what has been kept.
func checkRequest(t *rapid.T, a *Archive, all []kept, r scan.Request) {
	got := map[uint64]map[string]scan.Value{}
	var last *int64
	for b, err := range a.Scan(context.Background(), r) {
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range b.IDs {
			if got[id] != nil {
				t.Fatalf("record %d is found twice", id)
			}
			got[id] = whole(b, i)
			if last != nil && (r.Order == scan.NewestFirst && b.Times[i] > *last || r.Order == scan.OldestFirst && b.Times[i] < *last) {
				t.Fatalf("a record of %d comes behind a bound of %d", b.Times[i], *last)
			}
		}
		bound := b.Bound
		last = &bound
	}
	for i, k := range all { // the first one's number is 1, and so on
		fields, found := got[uint64(i+1)]
		covered := slices.Contains(r.Groups, k.group) && k.time >= r.From && k.time <= r.To
		if found && (!covered || fields[scan.Message].Text != k.message || fields[scan.LogStream].Text != k.stream) {
			t.Fatalf("record %d is %v, want %+v, covered %v", i+1, fields, k, covered)
		}
		if !found && covered && meetsAll(k, r.Where) {
			t.Fatalf("record %d is missing: %+v", i+1, k)
		}
		delete(got, uint64(i+1))
	}
	if len(got) > 0 {
		t.Fatalf("records that nobody appended: %v", got)
	}
}

// meetsAll evaluates conditions on a record by itself.
func meetsAll(k kept, where []scan.Condition) bool {
	fields := map[string]scan.Value{
		scan.Message: {Text: k.message}, scan.LogStream: {Text: k.stream}, "@entity.E": {Text: "task/1"},
		scan.Timestamp: {Text: fmt.Sprint(k.time)},
	}
	for _, l := range new(flatten.Flattener).Flatten(k.message).Leaves {
		fields[l.Path.Name] = scan.Value{Text: l.Text, Kind: l.Kind}
	}
	for _, c := range where {
		if v, ok := fields[c.Field]; !ok || !match.Value(c, v) {
			return false
		}
	}
	return true
}

// TestAppendsAndScansAtOnce has many append, scan, seal and merge at the same time.
func TestAppendsAndScansAtOnce(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	const writers, batches = 4, 30
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for i := range batches {
				b := Batch{Group: fmt.Sprint("/g", w%2), Stream: fmt.Sprint("s", w), Records: []Record{line(int64(i), `{"w":%d,"i":%d}`, w, i)}}
				if err := a.Append(context.Background(), b); err != nil {
					t.Error(err)
				}
				want := scan.Request{Groups: []string{b.Group}, To: math.MaxInt64, Fields: []string{"i"}, Where: []scan.Condition{
					{Field: scan.LogStream, Op: scan.Equals, Texts: []string{b.Stream}},
				}}
				if n := count(t, a, want, b.Stream); n != i+1 {
					t.Errorf("%d records of stream %s after %d", n, b.Stream, i+1)
				}
			}
		})
	}
	reading.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := a.Seal(context.Background()); err != nil {
				t.Error(err)
			}
			if err := a.Compact(); err != nil {
				t.Error(err)
			}
		}
	})
	writing.Wait()
	close(stop)
	reading.Wait()
	if got := messages(t, a, "/g0", "/g1"); len(got) != writers*batches {
		t.Errorf("%d records, want %d", len(got), writers*batches)
	}
}

func count(t *testing.T, a *Archive, r scan.Request, stream string) (n int) {
	r.Fields = append(r.Fields, scan.LogStream)
	for b, err := range a.Scan(context.Background(), r) {
		if err != nil {
			t.Error(err)
			return 0
		}
		for i := range b.Times {
			if c := b.Columns[scan.LogStream]; c.Values[c.Codes[i]].Text == stream {
				n++
			}
		}
	}
	return n
}
