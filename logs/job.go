package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"steady/insights"
)

// Limits of queries. AWS: 100 at a time, which time out "after 60 minutes of runtime";
// "query results are available for seven days". Here so many run at a time, the others
// are Scheduled, and results that take too much memory together go sooner.
const (
	maxActive    = 100
	maxRunning   = 4
	queryTimeout = time.Hour
	keepResults  = 7 * 24 * time.Hour
	maxKept      = 1000     // queries
	maxKeptBytes = 64 << 20 // of results
	queryMemory  = 128 << 20
)

// job is a query that runs or has run. What is below mu is guarded by jobs.mu.
type job struct {
	id        string
	text      string
	groups    []string // names
	createdAt time.Time
	execution *insights.Execution
	cancel    context.CancelCauseFunc

	status  types.QueryStatus
	endedAt time.Time
	result  *insights.Result // of an ended query
	size    int64            // about how many bytes the result takes
}

func (j *job) active() bool {
	return j.status == types.QueryStatusScheduled || j.status == types.QueryStatusRunning
}

// jobs runs queries and keeps their results, in memory.
type jobs struct {
	log   *slog.Logger
	ctx   context.Context
	end   context.CancelFunc
	slots chan struct{} // holds one for each query that runs
	wait  sync.WaitGroup

	mu  sync.Mutex
	all []*job // oldest first
}

func newJobs(log *slog.Logger) *jobs {
	ctx, end := context.WithCancel(context.Background())
	return &jobs{log: log, ctx: ctx, end: end, slots: make(chan struct{}, maxRunning)}
}

// close stops all queries.
func (q *jobs) close() {
	q.end()
	q.wait.Wait()
}

// start runs a query in the background. It reports false when too many are active.
func (q *jobs) start(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	active := 0
	for _, o := range q.all {
		if o.active() {
			active++
		}
	}
	if active >= maxActive {
		return false
	}
	ctx, cancel := context.WithCancelCause(q.ctx)
	j.status, j.cancel = types.QueryStatusScheduled, cancel
	q.all = append(q.all, j)
	q.forget(j.createdAt)
	q.wait.Go(func() { q.run(ctx, j) })
	return true
}

// forget drops the oldest ended queries that are too old or too many. q.mu is held.
func (q *jobs) forget(now time.Time) {
	var bytes int64
	for _, j := range q.all {
		bytes += j.size
	}
	over := len(q.all) - maxKept
	q.all = slices.DeleteFunc(q.all, func(j *job) bool {
		if j.active() || over <= 0 && bytes <= maxKeptBytes && now.Sub(j.endedAt) < keepResults {
			return false
		}
		over, bytes = over-1, bytes-j.size
		return true
	})
}

func (q *jobs) find(id string) (*job, bool) {
	i := slices.IndexFunc(q.all, func(j *job) bool { return j.id == id })
	if i < 0 {
		return nil, false
	}
	return q.all[i], true
}

// run waits for its turn, and runs a query to its end.
func (q *jobs) run(ctx context.Context, j *job) {
	defer j.cancel(nil)
	select {
	case q.slots <- struct{}{}:
		defer func() { <-q.slots }()
	case <-ctx.Done():
		q.ended(j, ctx.Err())
		return
	}
	q.mu.Lock()
	if j.status == types.QueryStatusScheduled {
		j.status = types.QueryStatusRunning
	}
	q.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	q.ended(j, execute(ctx, j.execution))
}

// execute runs a query; a panic of it is an error.
func execute(ctx context.Context, x *insights.Execution) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return x.Run(ctx)
}

// ended keeps what came of a query. One that was stopped stays Cancelled.
func (q *jobs) ended(j *job, err error) {
	result, resultErr := j.execution.Result()
	err = errors.Join(err, resultErr)
	q.mu.Lock()
	defer q.mu.Unlock()
	j.endedAt, j.execution = time.Now(), nil
	switch {
	case j.status == types.QueryStatusCancelled:
	case err == nil:
		j.status = types.QueryStatusComplete
	case errors.Is(err, context.DeadlineExceeded):
		j.status = types.QueryStatusTimeout
	case errors.Is(err, context.Canceled):
		j.status = types.QueryStatusCancelled
	default:
		j.status = types.QueryStatusFailed
		q.log.Warn("a query failed", "query", j.id, "err", err)
		result = failed(err, result)
	}
	if result == nil {
		result = &insights.Result{}
	}
	j.result, j.size = result, sizeOf(result)
	q.forget(j.endedAt)
}

// errorField is the only field of the only row of a failed query's results: the API has
// no other place to say why it failed.
const errorField = "@error"

func failed(err error, result *insights.Result) *insights.Result {
	out := &insights.Result{Columns: []string{errorField}, Rows: [][]insights.Field{{{Name: errorField, Value: err.Error()}}}}
	if result != nil {
		out.Statistics = result.Statistics
	}
	return out
}

func sizeOf(r *insights.Result) (bytes int64) {
	for _, row := range r.Rows {
		for _, f := range row {
			bytes += int64(len(f.Value)) + 32
		}
	}
	return bytes
}

// stop ends a query. It reports false when it had ended.
func (q *jobs) stop(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !j.active() {
		return false
	}
	j.status, j.endedAt = types.QueryStatusCancelled, time.Now()
	j.cancel(nil)
	return true
}

// look is the state of a query and what it has found so far.
func (q *jobs) look(j *job) (types.QueryStatus, *insights.Result, error) {
	q.mu.Lock()
	status, result, execution := j.status, j.result, j.execution
	q.mu.Unlock()
	if result != nil || execution == nil {
		return status, result, nil
	}
	result, err := execution.Result()
	return status, result, err
}
