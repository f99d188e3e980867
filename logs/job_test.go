package logs

import (
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// TestAPanicWhileResultsAreMadeFailsTheQuery: it fails the one query, and says why; the
// process goes on. A query without an execution panics at its first step.
func TestAPanicWhileResultsAreMadeFailsTheQuery(t *testing.T) {
	q := newJobs("", slog.New(slog.DiscardHandler))
	defer q.close()
	j := &job{id: "q", status: types.QueryStatusRunning}
	q.ended(j, nil)
	if j.status != types.QueryStatusFailed || len(j.result.Rows) != 1 || j.result.Rows[0][0].Name != errorField {
		t.Errorf("the query is %s, result %+v", j.status, j.result)
	}
}
