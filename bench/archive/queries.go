package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"syscall"
	"time"

	"steady/archive"
	"steady/insights"
)

// question is a query and what it is about.
type question struct{ about, query string }

// questions are asked of one task and one service.
func questions(taskARN, service string) []question {
	return []question{
		{"one task's events", `fields @timestamp, detail.lastStatus, detail.desiredStatus, detail.stoppedReason
			| filter detail.taskArn = "` + taskARN + `" | sort @timestamp asc`},
		{"stopped tasks of a service by reason", `filter detail.group = "service:` + service + `" and detail.lastStatus = "STOPPED"
			| stats count(*) as n by detail.stoppedReason | sort n desc`},
		{"a regular expression by 5 minutes", `filter @message like /CannotPull\w+Error: .*(registry|ecr)/
			| stats count(*) as n by bin(5m)`},
		{"the ten services with most WARN events", "filter `detail-type` = \"ECS Service Action\"" + ` and detail.eventType = "WARN"
			| stats count(*) as n by resources.0 | sort n desc | limit 10`},
	}
}

var (
	warmRuns = flag.Int("runs", 7, "how often each question is asked again once it is warm")
	only     = flag.Int("question", 0, "ask only the question with this number, from 1")
)

// ask runs the questions on an archive that has just been opened, and again.
func ask(a *archive.Archive) error {
	var groups []string
	for _, g := range a.Groups() {
		groups = append(groups, g.Name)
	}
	in := insights.Input{Groups: groups, From: begin.UnixMilli(), To: begin.Add(2 * day).UnixMilli(), Now: begin.Add(day)}
	fmt.Println("queries, first, warm (median), processor time of a warm run (mean):")
	for i, q := range questions(aTask(), "service-007") {
		if *only != 0 && *only != i+1 {
			continue
		}
		parsed, err := insights.Parse(q.query)
		if err != nil {
			return fmt.Errorf("%s: %w", q.about, err)
		}
		var times []time.Duration
		var result *insights.Result
		var before syscall.Rusage
		for i := range 1 + *warmRuns {
			if i == 1 {
				before = usage()
			}
			began := time.Now()
			if result, err = insights.Run(context.Background(), a, parsed, in); err != nil {
				return fmt.Errorf("%s: %w", q.about, err)
			}
			times = append(times, time.Since(began))
		}
		first, after := times[0], usage()
		spent := time.Duration(after.Utime.Nano()-before.Utime.Nano()+after.Stime.Nano()-before.Stime.Nano()) / time.Duration(*warmRuns)
		slices.Sort(times[1:])
		warm := times[1+*warmRuns/2]
		fmt.Printf("  %-40s %8.1f ms %8.1f ms %8.1f ms  %d rows, %.0f records matched, %.0f scanned\n", q.about,
			ms(first), ms(warm), ms(spent), len(result.Rows), result.Statistics.RecordsMatched, result.Statistics.RecordsScanned)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// aTask is the ARN of a task of the first writer.
func aTask() string {
	g := newGenerator(firstSeed, share(0))
	for range share(0) / 3 {
		g.next()
	}
	return arn + "task/" + g.newest.cluster + "/" + g.newest.id
}
