package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"steady/scan"
)

func open(t *testing.T, dir string, o Options) *Archive {
	t.Helper()
	o.Account, o.Log = "111122223333", slog.New(slog.DiscardHandler)
	a, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func line(at int64, format string, args ...any) Record {
	return Record{Time: at, Message: fmt.Sprintf(format, args...)}
}

func put(t *testing.T, a *Archive, group, stream string, records ...Record) {
	t.Helper()
	if err := a.Append(context.Background(), Batch{Group: group, Stream: stream, Class: Logs, Records: records}); err != nil {
		t.Fatal(err)
	}
}

// everything is a request for all fields of some groups at all times.
func everything(groups ...string) scan.Request {
	return scan.Request{Groups: groups, From: math.MinInt64, To: math.MaxInt64, AllFields: true}
}

// found are the fields of each record that a request finds, in the order of arrival.
func found(t *testing.T, a *Archive, r scan.Request) []map[string]string {
	t.Helper()
	type row struct {
		id     uint64
		fields map[string]string
	}
	var rows []row
	for b, err := range a.Scan(context.Background(), r) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Times {
			fields := map[string]string{}
			for name, v := range whole(b, i) {
				fields[name] = v.Text
			}
			rows = append(rows, row{b.IDs[i], fields})
		}
	}
	slices.SortFunc(rows, func(x, y row) int { return int(x.id) - int(y.id) })
	var out []map[string]string
	for i, r := range rows {
		if i > 0 && r.id == rows[i-1].id {
			t.Fatalf("record %d is there twice", r.id)
		}
		out = append(out, r.fields)
	}
	return out
}

func messages(t *testing.T, a *Archive, groups ...string) []string {
	t.Helper()
	var out []string
	for _, f := range found(t, a, everything(groups...)) {
		out = append(out, f[scan.Message])
	}
	return out
}

func seal(t *testing.T, a *Archive) {
	t.Helper()
	if err := a.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestRecordsAreVisibleAndSurviveAReopening(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	batch := Batch{
		Group: "/g", Stream: "web/1", Class: Events, Entity: map[string]string{"Attributes.ECS.Cluster": "c"},
		Records: []Record{line(5, `{"detail":{"containers":[{"exitCode":137}],"version":6,"ok":true,"none":null},"@x":"\u00e9"}`), line(7, "plain")},
	}
	if err := a.Append(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		rows := found(t, a, everything("/g"))
		if len(rows) != 2 {
			t.Fatalf("%d records, want 2", len(rows))
		}
		for name, want := range map[string]string{
			"detail.containers.0.exitCode": "137", "detail.version": "6", "detail.ok": "true", "@@x": "é",
			scan.Timestamp: "5", scan.LogStream: "web/1", scan.Log: "111122223333:/g",
			"@entity.Attributes.ECS.Cluster": "c", scan.Message: batch.Records[0].Message,
		} {
			if rows[0][name] != want {
				t.Errorf("%s is %q, want %q", name, rows[0][name], want)
			}
		}
		record, err := a.Record(context.Background(), rows[1][scan.Ptr])
		if err != nil || record[scan.Message].Text != "plain" {
			t.Errorf("by @ptr: %v, %v", record, err)
		}
		seal(t, a)
		a.Close()
		a = open(t, dir, Options{})
	}
}

func TestAnOriginsBatchArrivesOnce(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	for i, want := range []int{1, 1, 2, 2} {
		b := Batch{Group: "/g", Stream: "s", Origin: "o", Number: uint64(7 + i/2), Records: []Record{line(1, "%d", i)}}
		if err := a.Append(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			seal(t, a)
		}
		a.Close()
		a = open(t, dir, Options{})
		if got := messages(t, a, "/g"); len(got) != want {
			t.Errorf("after batch %d: %q", i, got)
		}
	}
}

func TestGroupsAndStreams(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	a := open(t, dir, Options{})
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(a.CreateGroup(ctx, Group{Name: "/g", Tags: map[string]string{"a": "b"}}))
	if err := a.CreateGroup(ctx, Group{Name: "/g"}); !errors.Is(err, ErrExists) {
		t.Errorf("made twice: %v", err)
	}
	do(a.SetRetention(ctx, "/g", 36500))
	do(a.CreateStream(ctx, "/g", "s"))
	put(t, a, "/g", "s", line(10, "one"), line(20, "two"))
	put(t, a, "/g", "gone", line(10, "three"))
	do(a.DeleteStream(ctx, "/g", "gone"))
	put(t, a, "/g", "gone", line(30, "four"))
	put(t, a, "/h", "s", line(10, "five"))
	do(a.DeleteGroup(ctx, "/h"))
	for range 3 {
		g, ok := a.Group("/g")
		if !ok || g.RetentionDays != 36500 || g.Tags["a"] != "b" {
			t.Errorf("group %+v", g)
		}
		streams, err := a.Streams("/g")
		if err != nil || len(streams) != 2 || streams[1].FirstEvent != 10 || streams[1].LastEvent != 20 || streams[1].Bytes != 6 {
			t.Errorf("streams %+v, %v", streams, err)
		}
		if _, err := a.Streams("/h"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a deleted group: %v", err)
		}
		if got := messages(t, a, "/g", "/h"); !slices.Equal(got, []string{"one", "two", "four"}) {
			t.Errorf("messages %q", got)
		}
		seal(t, a)
		a.Close()
		a = open(t, dir, Options{})
	}
}

func TestAFollowerIsToldOfWhatComes(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	put(t, a, "/g", "s", line(1, "before"))
	f := a.Follow("/g")
	defer f.Close()
	put(t, a, "/h", "s", line(2, "elsewhere"))
	put(t, a, "/g", "s", line(3, "after"))
	got, lost, err := f.Next(context.Background())
	if err != nil || lost != 0 || len(got) != 1 || got[0].Message != "after" || got[0].Stream != "s" {
		t.Errorf("%+v, %d lost, %v", got, lost, err)
	}
	f.Close()
	if _, _, err := f.Next(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestASlowFollowerIsToldWhatItLost(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	f := a.Follow()
	defer f.Close()
	long := strings.Repeat("x", followed/4)
	for i := range 10 {
		put(t, a, "/g", "s", line(int64(i), "%d%s", i, long))
	}
	got, lost, err := f.Next(context.Background())
	if err != nil || len(got)+int(lost) != 10 || lost == 0 || got[len(got)-1].Message[0] != '9' {
		t.Errorf("%d records and %d lost of 10, %v", len(got), lost, err)
	}
}
