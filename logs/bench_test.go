package logs

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// thousand events of about 200 bytes.
func thousand(from time.Time) *cloudwatchlogs.PutLogEventsInput {
	in := batch()
	for i := range 1000 {
		in.LogEvents = append(in.LogEvents, inputEvent(from.Add(time.Duration(i)*time.Millisecond),
			fmt.Sprintf(`{"level":%q,"path":"/items/%d","status":%d,"ms":%d,"user":"user-%d","text":"%0100d"}`, []string{"INFO", "ERROR"}[i%50/49], i%200, 200+i%7, i%300, i%900, i)))
	}
	return in
}

func BenchmarkPutLogEvents(b *testing.B) {
	w := newWorld(b)
	w.group("g", "s")
	in := thousand(ago(time.Hour))
	for b.Loop() {
		must(w.PutLogEvents(b.Context(), in))(b)
	}
	b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "events/s")
}

// over200 has 200,000 events in a group.
func over200(b *testing.B) *world {
	w := newWorld(b)
	w.group("g", "s")
	for i := range 200 {
		must(w.PutLogEvents(b.Context(), thousand(ago(time.Hour).Add(time.Duration(i)*time.Second))))(b)
	}
	return w
}

func BenchmarkFilterLogEvents(b *testing.B) {
	w := over200(b)
	for name, pattern := range map[string]string{"term": `"user-77"`, "json": "{ $.level = ERROR && $.ms > 290 }", "regex": "%ms.:29[5-9]%"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(w.FilterLogEvents(b.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: &pattern, Limit: aws.Int32(10_000)}))(b)
			}
		})
	}
}

func BenchmarkGetLogEvents(b *testing.B) {
	w := over200(b)
	for name, fromHead := range map[string]bool{"head": true, "end": false} {
		b.Run(name, func(b *testing.B) {
			in := read("g", "s")
			in.StartFromHead, in.Limit = &fromHead, aws.Int32(100)
			for b.Loop() {
				must(w.GetLogEvents(b.Context(), in))(b)
			}
		})
	}
}

// What a follower costs that finds nothing new.
func BenchmarkGetLogEventsAtTheEnd(b *testing.B) {
	w := over200(b)
	in := read("g", "s")
	in.NextToken = must(w.GetLogEvents(b.Context(), in))(b).NextForwardToken
	for b.Loop() {
		must(w.GetLogEvents(b.Context(), in))(b)
	}
}
