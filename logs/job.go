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
	maxRunning   = 2
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

// record is the query as it is kept.
func (j *job) record() record {
	return record{ID: j.id, Text: j.text, Groups: j.groups, CreatedAt: j.createdAt, EndedAt: j.endedAt, Status: j.status, Result: j.result}
}

// jobs runs queries and keeps their results.
type jobs struct {
	kept  kept
	log   *slog.Logger
	ctx   context.Context
	end   context.CancelFunc
	slots chan struct{} // holds one for each query that runs
	wait  sync.WaitGroup

	mu  sync.Mutex
	all []*job // oldest first
}

// newJobs goes on with the queries that are kept in a folder.
func newJobs(dir string, log *slog.Logger) *jobs {
	ctx, end := context.WithCancel(context.Background())
	q := &jobs{kept: kept{dir, log}, log: log, ctx: ctx, end: end, slots: make(chan struct{}, maxRunning)}
	q.all = q.kept.load()
	q.forget(time.Now())
	return q
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
	q.kept.save(j.record())
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
		q.kept.remove(j.id)
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

// come is what a query has come to; a panic of it is an error.
func come(x *insights.Execution) (result *insights.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	return x.Result()
}

// ended keeps what came of a query, then tells it. One that was stopped stays Cancelled;
// one that Steady's end has cut short is known as such after the next start.
func (q *jobs) ended(j *job, err error) {
	result, resultErr := come(j.execution)
	err = errors.Join(err, resultErr)
	q.mu.Lock()
	r := j.record()
	q.mu.Unlock()
	r.EndedAt = time.Now()
	switch {
	case r.Status == types.QueryStatusCancelled:
	case err == nil:
		r.Status = types.QueryStatusComplete
	case errors.Is(err, context.DeadlineExceeded):
		r.Status = types.QueryStatusTimeout
	case errors.Is(err, context.Canceled):
		r.Status = types.QueryStatusCancelled
	default:
		r.Status = types.QueryStatusFailed
		q.log.Warn("a query failed", "query", j.id, "err", err)
		result = failed(err, result)
	}
	if r.Result = result; result == nil {
		r.Result = &insights.Result{}
	}
	if q.ctx.Err() == nil {
		q.kept.save(r)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	j.execution, j.endedAt, j.result, j.size = nil, r.EndedAt, r.Result, sizeOf(r.Result)
	if j.status != types.QueryStatusCancelled {
		j.status = r.Status
	}
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
func (q *jobs) look(j *job) (types.QueryStatus, *insights.Result) {
	q.mu.Lock()
	status, result, execution := j.status, j.result, j.execution
	q.mu.Unlock()
	if result != nil || execution == nil {
		return status, result
	}
	return status, execution.SoFar()
}
