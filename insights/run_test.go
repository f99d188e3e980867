package insights

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"steady/scan"
)

func parse(t *testing.T, text string) *Query {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return q
}

// minutes is a memory with an event a minute, from midnight on.
func minutes(n int) *memory {
	m := &memory{blockRows: 10}
	for i := range n {
		m.load("/m", "s", day.UnixMilli()+int64(i)*60000, fmt.Sprintf(`{"n":%d,"even":"%v"}`, i, i%2 == 0))
	}
	return m
}

func input() Input {
	return Input{Groups: []string{"/m"}, From: day.UnixMilli(), To: day.Add(24*time.Hour).UnixMilli() - 1, Now: day.Add(24 * time.Hour)}
}

// TestPush: what is handed to the source is what it needs for the query, and no more
// than is sound.
func TestPush(t *testing.T) {
	m := minutes(1)
	equals := func(f string, texts ...string) scan.Condition {
		return scan.Condition{Field: f, Op: scan.Equals, Texts: texts}
	}
	contains := func(f string, texts ...string) scan.Condition {
		return scan.Condition{Field: f, Op: scan.Contains, Texts: texts}
	}
	present := func(f string) scan.Condition { return scan.Condition{Field: f, Op: scan.Present} }
	for _, c := range []struct {
		query string
		want  []scan.Condition
	}{
		{`filter a = "x"`, []scan.Condition{equals("a", "x")}},
		{`filter "x" = a and b = "y"`, []scan.Condition{equals("a", "x"), equals("b", "y")}},
		{`filter a = 1`, []scan.Condition{present("a")}},    // 1.0 is equal too
		{`filter a = "1"`, []scan.Condition{present("a")}},  // and "01"
		{`filter a = true`, []scan.Condition{present("a")}}, // and 1
		{`filter a != "x"`, nil},                            // holds where a is missing
		{`filter a > 5`, []scan.Condition{present("a")}},
		{`filter not (a = "x")`, nil},
		{`filter a in ["x", "y"]`, []scan.Condition{equals("a", "x", "y")}},
		{`filter a in ["x", 1]`, []scan.Condition{present("a")}},
		{`filter a not in ["x"]`, nil},
		{`filter a = "x" or a = "y"`, []scan.Condition{equals("a", "x", "y")}},
		{`filter a = "x" or b = "y"`, nil},
		{`filter @message like "err"`, []scan.Condition{contains("@message", "err")}},
		{`filter @message not like "err"`, nil},
		{`filter @message like /exit code (\d+) in .*task+/`, []scan.Condition{contains("@message", "exit code ", " in ", "tas", "k")}},
		{`filter @message like /(?i)error/`, []scan.Condition{present("@message")}},
		{`filter @message like /a|b/`, []scan.Condition{present("@message")}},
		{`filter @message like /(foo)?bar/`, []scan.Condition{contains("@message", "bar")}},
		{`filter ispresent(a.b)`, []scan.Condition{present("a.b")}},
		{`filter strcontains(a, "x")`, []scan.Condition{contains("a", "x")}},
		{`filter strcontains(a, "x", true)`, nil},
		{`fields strlen(a) as a | filter a = "x"`, nil},                                // not the field any more
		{`fields strlen(a) as b | filter a = "x"`, []scan.Condition{equals("a", "x")}}, // still is
		{`limit 5 | filter a = "x"`, nil},                                              // of those five
		{`stats count(*) as c by b | filter a = "x"`, []scan.Condition{equals("a", "x")}},
		{`stats count(*) as c by b | filter b = "x"`, nil},
	} {
		m.requests = nil
		if _, err := Run(t.Context(), m, parse(t, c.query), input()); err != nil {
			t.Fatal(err)
		}
		if got := m.requests[0].Where; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, not %+v", c.query, got, c.want)
		}
	}
}

func TestRequest(t *testing.T) {
	m := minutes(1)
	request := func(query string) scan.Request {
		m.requests = nil
		if _, err := Run(t.Context(), m, parse(t, query), input()); err != nil {
			t.Fatal(err)
		}
		return m.requests[0]
	}
	if r := request(`filter a.b = 1 | stats sum(c) by d`); strings.Join(r.Fields, " ") != "a.b d c" || r.Order != scan.AnyOrder || r.AllFields {
		t.Errorf("%+v", r)
	}
	if r := request(`fields n`); r.Order != scan.NewestFirst || strings.Join(r.Fields, " ") != "n @ptr" {
		t.Errorf("%+v", r)
	}
	if r := request(`fields n | sort @timestamp asc`); r.Order != scan.OldestFirst {
		t.Errorf("%+v", r)
	}
	if r := request(`fields n | sort n`); r.Order != scan.AnyOrder {
		t.Errorf("%+v", r)
	}
	from := day.Add(time.Hour).UnixMilli()
	if r := request(fmt.Sprintf(`filter @timestamp >= %d and @timestamp < now() * 1000 - 7200000`, from)); r.From != from || r.To != day.Add(22*time.Hour).UnixMilli() {
		t.Errorf("%+v", r)
	}
	if r := request(`relevantfields where n > 1`); !r.AllFields {
		t.Errorf("%+v", r)
	}
}

// TestEarlyEnd: a limit in the order of time needs the first blocks only.
func TestEarlyEnd(t *testing.T) {
	for _, query := range []string{`limit 15`, `sort @timestamp desc | limit 15`, `sort @timestamp asc | limit 15`, `limit any 15`} {
		r, err := Run(t.Context(), minutes(1000), parse(t, query), input())
		if err != nil || len(r.Rows) != 15 {
			t.Fatal(query, len(r.Rows), err)
		}
		if r.Statistics.RecordsScanned > 30 {
			t.Errorf("%s read %v records", query, r.Statistics.RecordsScanned)
		}
	}
}

func TestStatistics(t *testing.T) {
	r, err := Run(t.Context(), minutes(100), parse(t, `filter even = "true" | stats count(*)`), input())
	if err != nil {
		t.Fatal(err)
	}
	s := r.Statistics
	if s.RecordsMatched != 50 || s.RecordsScanned != 100 || s.BytesScanned < 2000 || s.LogGroupsScanned != 1 {
		t.Errorf("%+v", s)
	}
}

func TestPtr(t *testing.T) {
	r, err := Run(t.Context(), minutes(3), parse(t, `fields n | limit 1`), input())
	if err != nil || fmt.Sprint(r.Rows) != "[[{n 2} {@ptr ptr-3}]]" || fmt.Sprint(r.Columns) != "[n]" {
		t.Errorf("%+v %v", r, err)
	}
	r, err = Run(t.Context(), minutes(3), parse(t, `stats count(*)`), input())
	if err != nil || fmt.Sprint(r.Rows) != "[[{count(*) 3}]]" {
		t.Errorf("%+v %v", r, err)
	}
}

// paused is a source that waits between blocks until it is told to go on.
type paused struct {
	scan.Source
	next chan struct{}
	done chan struct{}
}

func (p *paused) Scan(ctx context.Context, r scan.Request) iter.Seq2[*scan.Block, error] {
	return func(yield func(*scan.Block, error) bool) {
		for b, err := range p.Source.Scan(ctx, r) {
			<-p.next
			if !yield(b, err) {
				return
			}
			p.done <- struct{}{}
		}
	}
}

// TestPartialResults: while a query runs, its result is that of what it has read.
func TestPartialResults(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{`stats count(*) as c by even | sort c desc, even | limit 1`, "even | c\nfalse | 5\n"},
		{`filter n < 15 | sort n desc | limit 1 | fields n`, "n\n9\n"},
		{`filter even = "true" | dedup even | limit 3`, "@timestamp | @message\n2024-05-01 00:08:00.000 | {\"n\":8,\"even\":\"true\"}\n"},
	} {
		src := &paused{minutes(30), make(chan struct{}), make(chan struct{})}
		x := NewExecution(src, parse(t, c.query), input())
		if r := x.SoFar(); len(r.Rows) > 0 {
			t.Errorf("%s, not begun: %v", c.query, r)
		}
		ended := make(chan error)
		go func() { ended <- x.Run(context.Background()) }()
		src.next <- struct{}{}
		<-src.done
		if r := x.SoFar(); table(r) != c.want || r.Statistics.RecordsScanned != 10 {
			t.Errorf("%s:\n%v%+v", c.query, table(r), r.Statistics)
		}
		for range 2 {
			src.next <- struct{}{}
			<-src.done
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if r, err := x.Result(); err != nil || r.Statistics.RecordsScanned != 30 {
			t.Errorf("%s at the end: %v, %v", c.query, r, err)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, minutes(100), parse(t, `stats count(*)`), input()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestMemory: a query that would hold too much is refused, one that need not is not.
func TestMemory(t *testing.T) {
	in := input()
	in.MaxMemory = 20000
	in.Limit = 1000
	for query, refused := range map[string]bool{
		`fields @message | sort n`:                   true,
		`stats count(*) by n`:                        true,
		`stats pct(n, 50), values(n), count(*) by n`: true,
		`dedup n`:                true,
		`stats count(*) by even`: false,
		`fields n | limit 20`:    false,
		`pattern @message`:       false,
	} {
		_, err := Run(t.Context(), minutes(1440), parse(t, query), in)
		var tooMuch *MemoryError
		if errors.As(err, &tooMuch) != refused {
			t.Errorf("%s: %v", query, err)
		}
	}
}

type broken struct{}

func (broken) Scan(context.Context, scan.Request) iter.Seq2[*scan.Block, error] {
	return func(yield func(*scan.Block, error) bool) { yield(nil, errors.New("the disk is gone")) }
}

func TestErrors(t *testing.T) {
	for query, want := range map[string]string{
		`stats count(*)`:                      "scan 1 log groups: the disk is gone",
		`SOURCE 'x' | stats count(*)`:         "nothing can tell its log groups",
		`lookup users id OUTPUT name`:         "there is no lookup table users",
		`filter a in (SOURCE 'x' | fields b)`: "nothing can tell its log groups",
	} {
		if _, err := Run(t.Context(), broken{}, parse(t, query), input()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestManyRows: a collection that is pruned on the way is the same as one that is not.
func TestManyRows(t *testing.T) {
	m := minutes(1440)
	m.events = append(m.events, minutes(1440).events...)
	m.events = append(m.events, minutes(1440).events...)
	for i := range m.events {
		m.events[i].id = uint64(i*7919%len(m.events) + 1)
	}
	for _, query := range []string{`fields n | sort n desc | limit 3`, `fields n | sort even, n | limit 3`, `fields n | sort @timestamp asc | limit 3`} {
		m.blockRows = 100
		small, err := Run(t.Context(), m, parse(t, query), input())
		if err != nil {
			t.Fatal(err)
		}
		m.blockRows = len(m.events)
		large, err := Run(t.Context(), m, parse(t, query), input())
		if err != nil || table(small) != table(large) {
			t.Errorf("%s:\n%s\n%s%v", query, table(small), table(large), err)
		}
	}
}
