package archive

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// TestSmallSegmentsAreMergedAndJoined: whatever happens to segments, the records stay
// the same, and files stay few.
func TestSmallSegmentsAreMergedAndJoined(t *testing.T) {
	a := open(t, t.TempDir(), Options{})
	var want []string
	for i := range 14 {
		for _, kind := range []string{`{"a":"%d","n":%d}`, `{"b":{"c":%d},"b":{"c":%d}}`, "text %d %d"} {
			r := line(int64(i), kind, i, i)
			put(t, a, "/g", fmt.Sprint("s", i%3), r)
			want = append(want, r.Message)
		}
		seal(t, a)
	}
	before := found(t, a, everything("/g"))
	if err := a.DeleteStream(context.Background(), "/g", "s1"); err != nil {
		t.Fatal(err)
	}
	left := found(t, a, everything("/g"))
	if got := len(before) - len(left); got != 15 || len(before) != len(want) {
		t.Fatalf("%d records, %d after a stream was deleted", len(before), len(left))
	}
	if err := a.Compact(); err != nil {
		t.Fatal(err)
	}
	if n := a.Health().Segments; n > 14-2*(mergeAt-1) {
		t.Errorf("%d segments after they were merged", n)
	}
	if got := found(t, a, everything("/g")); fmt.Sprint(got) != fmt.Sprint(left) {
		t.Errorf("merging changed the records:\n%v\nto\n%v", left, got)
	}
	merged := a.segmentsOf("/g")
	if err := a.carryOut(work{merged, false}); err != nil {
		t.Fatal(err)
	}
	if n := a.Health().Segments; n != 1 {
		t.Errorf("%d segments after they were joined", n)
	}
	if got := found(t, a, everything("/g")); fmt.Sprint(got) != fmt.Sprint(left) {
		t.Errorf("joining changed the records:\n%v\nto\n%v", left, got)
	}
}

func TestThePlanKeepsFilesFew(t *testing.T) {
	// Parts of any size arrive one after the other; files are counted as they would be.
	for _, size := range []int64{1, 10, 1000, 10_000, 50_000} {
		planKeepsFilesFew(t, size, mergeAt, 12)
		planKeepsFilesFew(t, size, mergeAtRest, 16)
	}
}

func planKeepsFilesFew(t *testing.T, size int64, few int, most int64) {
	var segments []*sealed
	rewritten, total := int64(0), int64(0)
	for range 5000 {
		s := &sealed{}
		s.Records, s.Bytes, s.RowGroups = size, 100*size, 1
		segments = append(segments, s)
		total += size
		for {
			w := plan(segments, few)
			if len(w.segments) == 0 {
				break
			}
			one := &sealed{}
			for _, s := range w.segments {
				one.Records, one.Bytes, one.RowGroups = one.Records+s.Records, one.Bytes+s.Bytes, one.RowGroups+s.RowGroups
			}
			if w.merge {
				one.RowGroups = 1
				rewritten += one.Records
			}
			at := slices.Index(segments, w.segments[0])
			segments = slices.Replace(segments, at, at+len(w.segments), one)
		}
	}
	if len(segments) > 64 {
		t.Errorf("parts of %d records: %d files", size, len(segments))
	}
	if rewritten > most*total {
		t.Errorf("parts of %d records: each was merged %d times", size, rewritten/total)
	}
}
