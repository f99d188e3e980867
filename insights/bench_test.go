package insights

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"steady/scan"
)

// repeated is a source of the same block again and again, each time a minute older.
type repeated struct {
	block *scan.Block
	times int
}

const benchRows = 1 << 16

// newRepeated makes a block of task events: of 500 tasks, ten services, with messages
// of about 1.2 KB that are all different.
func newRepeated(times int) *repeated {
	b := &scan.Block{Columns: map[string]*scan.Column{}, Work: scan.Work{Records: benchRows}}
	column := func(name string, kind scan.Kind, distinct int, value func(i int) string) {
		c := &scan.Column{}
		for i := range distinct {
			c.Values = append(c.Values, scan.Value{Text: value(i), Kind: kind})
		}
		for row := range benchRows {
			c.Codes = append(c.Codes, int32(row*7919%distinct))
		}
		b.Columns[name] = c
	}
	column("detail.taskArn", scan.String, 500, func(i int) string { return fmt.Sprintf("arn:aws:ecs:eu-west-1:1:task/web/%032x", i) })
	column("detail.group", scan.String, 10, func(i int) string { return fmt.Sprintf("service:web-%d", i) })
	column("detail.lastStatus", scan.String, 5, func(i int) string { return strings.Fields("RUNNING PENDING STOPPED DEPROVISIONING PROVISIONING")[i] })
	column("detail.stoppedReason", scan.String, 7, func(i int) string { return fmt.Sprintf("Essential container %d in task exited", i) })
	column("detail.version", scan.Number, 60, func(i int) string { return fmt.Sprint(i) })
	padding := strings.Repeat(`{"name":"app","image":"registry/app:latest"},`, 24)
	column(scan.Message, scan.String, benchRows, func(i int) string {
		return fmt.Sprintf(`{"id":%d,"containers":[%s],"reason":"exit code %d","level":"%s"}`, i, padding, i%7,
			map[bool]string{true: "WARN", false: "INFO"}[i%50 == 0])
	})
	for row := range benchRows {
		b.Times = append(b.Times, day.UnixMilli()+int64(row%3600)*1000)
		b.IDs = append(b.IDs, uint64(row))
	}
	return &repeated{b, times}
}

func (r *repeated) Scan(context.Context, scan.Request) iter.Seq2[*scan.Block, error] {
	return func(yield func(*scan.Block, error) bool) {
		for i := range r.times {
			b := *r.block
			b.Bound = day.UnixMilli() + int64(time.Hour/time.Millisecond)
			b.IDs = make([]uint64, benchRows)
			for row := range b.IDs {
				b.IDs[row] = uint64(i*benchRows + row)
			}
			if !yield(&b, nil) {
				return
			}
		}
	}
}

// BenchmarkQuery runs queries over 524,288 events in eight blocks.
func BenchmarkQuery(b *testing.B) {
	src := newRepeated(8)
	for _, query := range []struct{ name, text string }{
		{"Count", `stats count(*)`},
		{"CountByOne", `stats count(*) by detail.group`},
		{"CountByThree", `stats count(*) by detail.group, detail.lastStatus, detail.stoppedReason`},
		{"CountByBin", `stats count(*) by bin(5m)`},
		{"Aggregates", `stats avg(detail.version), max(detail.version), count_distinct(detail.taskArn) by detail.group`},
		{"Percentile", `stats pct(detail.version, 99) by detail.group`},
		{"Equals", `filter detail.group = "service:web-3" and detail.lastStatus = "STOPPED" | stats count(*) by detail.stoppedReason`},
		{"LikeMessage", `filter @message like "exit code 3" | stats count(*) by bin(5m)`},
		{"RegexMessage", `filter @message like /exit code [0-3]/ | stats count(*) by bin(5m)`},
		{"RegexNoLiteral", `filter @message like /(?i)exit CODE/ | stats count(*)`},
		{"TopByTask", `fields @timestamp, detail.lastStatus | filter detail.taskArn like "0000000a" | sort @timestamp desc | limit 20`},
		{"SortByField", `fields detail.version, detail.group | sort detail.version desc | limit 100`},
		{"ParseMessage", `parse @message '"reason":"*"' as reason | stats count(*) by reason`},
		{"TwoColumns", `filter detail.version * 2 > strlen(detail.group) | stats count(*)`},
	} {
		b.Run(query.name, func(b *testing.B) {
			q, err := Parse(query.text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(context.Background(), src, q, Input{Groups: []string{"/t"}, To: day.Add(48 * time.Hour).UnixMilli(), Now: day}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(src.times*benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
