package insights

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the queries of testdata give")

// TestGolden runs the scripts of testdata: log events are loaded, a query is run, and
// its result, or the error, is as it stands there.
//
//	load GROUP STREAM     log events, one a line, with their time on 1 May 2024;
//	                      the events loaded before in this file stay
//	clear                 forgets all events
//	query [limit=N]       a query, of any number of lines
//	expect                its result: the columns, and the rows; ∅ is no
//	                      value, "" an empty one
//	error FROM-TO         or the error
//
// Lines that belong to a command are indented. go test -update writes the results.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

var day = time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)

// part is a command of a script and the lines that belong to it.
type part struct {
	line     int
	comments []string // and empty lines before it
	head     string
	lines    []string
}

func readScript(t *testing.T, file string) []part {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	var comments []string
	for i, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			comments = append(comments, line)
		case strings.HasPrefix(line, "  "):
			p := &parts[len(parts)-1]
			p.lines = append(p.lines, line[2:])
		default:
			parts = append(parts, part{i + 1, comments, line, nil})
			comments = nil
		}
	}
	return parts
}

func runScript(t *testing.T, file string) {
	parts := readScript(t, file)
	m := &memory{}
	var written []part
	for i := 0; i < len(parts); i++ {
		p := parts[i]
		written = append(written, p)
		words := strings.Fields(p.head)
		switch words[0] {
		case "clear":
			m.events = nil
		case "load":
			loadLines(t, m, words[1], words[2], p.lines)
		case "query":
			got := runQuery(t, m, p)
			want := ""
			if i+1 < len(parts) && (strings.HasPrefix(parts[i+1].head, "expect") || strings.HasPrefix(parts[i+1].head, "error")) {
				i++
				want = parts[i].head + "\n" + strings.Join(parts[i].lines, "\n")
				want = strings.TrimRight(want, "\n") + "\n"
			}
			if got != want && !*update {
				t.Errorf("%s:%d: %s\ngot:\n%s\nwant:\n%s", file, p.line, strings.Join(p.lines, "\n"), got, want)
			}
			lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
			written = append(written, part{head: lines[0], lines: lines[1:]})
		default:
			t.Fatalf("%s:%d: no command %q", file, p.line, p.head)
		}
	}
	if *update {
		writeScript(t, file, written)
	}
}

func loadLines(t *testing.T, m *memory, group, stream string, lines []string) {
	for _, line := range lines {
		at, message, _ := strings.Cut(line, " ")
		of, err := time.Parse("15:04:05", at)
		if err != nil {
			t.Fatal(err)
		}
		offset := of.Sub(of.Truncate(24 * time.Hour))
		m.load(group, stream, day.Add(offset).UnixMilli(), strings.ReplaceAll(message, `\n`, "\n"))
	}
}

// runQuery runs a query over blocks of several sizes, over a source that heeds
// conditions and over one that does not: the result is always the same.
func runQuery(t *testing.T, m *memory, p part) string {
	text := strings.Join(p.lines, "\n")
	q, err := Parse(text)
	var bad *Malformed
	if errors.As(err, &bad) {
		if bad.Start < 0 || bad.End < bad.Start || bad.End > len([]rune(text)) {
			t.Errorf("line %d: the offsets %d and %d are outside the text", p.line, bad.Start, bad.End)
		}
		return fmt.Sprintf("error %d-%d\n%s\n", bad.Start, bad.End, bad.Message)
	}
	in := Input{Groups: m.groups(), From: day.UnixMilli(), To: day.Add(24*time.Hour).UnixMilli() - 1, Now: day.Add(24 * time.Hour),
		Resolve: m.resolve, LookupTable: lookupTable}
	fmt.Sscanf(strings.TrimPrefix(p.head, "query "), "limit=%d", &in.Limit)
	first := ""
	for _, size := range []int{3, 1, 1000} {
		for _, heedless := range []bool{false, true} {
			m.blockRows, m.heedless = size, heedless
			r, err := Run(t.Context(), m, q, in)
			if err != nil {
				return "error\n" + err.Error() + "\n"
			}
			got := "expect\n" + table(r)
			if first == "" {
				first = got
			} else if got != first {
				t.Errorf("line %d: %s\nwith blocks of %d rows, heedless %v:\n%s\nbut before:\n%s", p.line, text, size, heedless, got, first)
			}
		}
	}
	return first
}

func (m *memory) groups() []string {
	var all []string
	for _, e := range m.events {
		all = append(all, e.group)
	}
	return all
}

// resolve knows the groups that are loaded.
func (m *memory) resolve(s Source) ([]string, error) {
	all := s.Groups
	for _, g := range m.groups() {
		for _, prefix := range s.Prefixes {
			if strings.HasPrefix(g, prefix) {
				all = append(all, g)
			}
		}
	}
	return all, nil
}

func lookupTable(name string) (*Table, error) {
	switch name {
	case "users":
		return &Table{[]string{"id", "name", "team"}, [][]string{{"1", "Ada", "red"}, {"2", "Bob", "blue"}, {"2", "Bobby", "late"}}}, nil
	case "nets":
		return &Table{[]string{"cidr", "zone"}, [][]string{{"10.0.0.0/8", "inside"}, {"10.1.0.0/16", "lab"}}}, nil
	}
	return nil, fmt.Errorf("there is no lookup table %s", name)
}

func writeScript(t *testing.T, file string, parts []part) {
	var b strings.Builder
	for _, p := range parts {
		for _, c := range p.comments {
			fmt.Fprintln(&b, c)
		}
		fmt.Fprintln(&b, p.head)
		for _, line := range p.lines {
			fmt.Fprintln(&b, "  "+line)
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
