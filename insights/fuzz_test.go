package insights

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzRun: a query that is not refused runs over a few events to a result or an
// error; at every block there is a partial result.
func FuzzRun(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal(len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range bytes.Split(b, []byte("\nquery\n"))[1:] {
			query, _, _ := bytes.Cut(part, []byte("\ne"))
			f.Add(string(bytes.ReplaceAll(query, []byte("\n  "), []byte("\n"))))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		var bad *Malformed
		if errors.As(err, &bad) {
			if bad.Start < 0 || bad.End < bad.Start || bad.End > len([]rune(text)) {
				t.Fatalf("%q: %+v", text, bad)
			}
			return
		}
		m := &memory{blockRows: 2}
		for i, message := range []string{`{"a":1,"b":"x","l":[1,{"k":2}]}`, `{"a":"2","b":null}`, `plain`, `{"a":true,"s":"[1,2]","ip":"10.1.2.3"}`} {
			m.load("/t", "s", day.UnixMilli()+int64(i)*60000, message)
		}
		x := NewExecution(m, q, Input{Groups: []string{"/t"}, From: day.UnixMilli(), To: day.Add(24 * time.Hour).UnixMilli(), Now: day,
			Resolve: m.resolve, LookupTable: lookupTable, MaxMemory: 1 << 20})
		if err := x.Run(t.Context()); err != nil {
			return
		}
		if _, err := x.Result(); err != nil && err.Error() == "" {
			t.Fatal("an error says nothing")
		}
	})
}
