package diagnose

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Once somebody has mended what three tasks failed of, what the next one fails of is the
// cause; where both go on, or nobody knows what came first, the majority counts.
func TestWhatWasMendedDoesNotCountAnyMore(t *testing.T) {
	const refused = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException: User: u is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:x"
	const noKey = "ResourceInitializationError: unable to pull secrets or registry auth: retrieved secret from Secrets Manager did not contain json key PASSWORD"
	const network = "Timeout waiting for network interface provisioning to complete."
	failed := func(n int, reason string, created time.Duration) types.Task {
		x := stopped(n, types.TaskStopCodeTaskFailedToStart, reason)
		x.CreatedAt = at(created)
		return x
	}
	before := func(n int) types.Task { return failed(n, refused, time.Duration(n)*time.Minute-5*time.Second) }
	unknown := failed(4, noKey, 0)
	unknown.CreatedAt = nil
	for name, c := range map[string]struct {
		next types.Task
		want []string
	}{
		"the next one fails of something else": {failed(4, noKey, 3*time.Minute+time.Second), []string{"B07", "B03"}},
		"it was started beside them":           {failed(4, noKey, 2*time.Minute), []string{"B03", "B07"}},
		"nobody knows when it was started":     {unknown, []string{"B03", "B07"}},
		"it failed of what comes and goes":     {failed(4, network, 3*time.Minute+time.Second), []string{"B03", "E23"}},
		"it crashed":                           {func() types.Task { x := crashed(4, 1); x.CreatedAt = at(4*time.Minute - 2*time.Second); return x }(), []string{"C17", "B03"}},
	} {
		found := Explain(Evidence{Deployment: ours, StoppedTasks: []types.Task{before(1), before(2), before(3), c.next}})
		if got := ids(found); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
			continue
		}
		if mended := c.want[1] == "B03"; mended && (found[1].Deterministic || found[1].Confidence != Possible) {
			t.Errorf("%s: %+v", name, found[1])
		}
	}
	crashes := func(n int) types.Task {
		x := crashed(n, 1)
		x.CreatedAt = at(time.Duration(n)*time.Minute - 2*time.Second)
		return x
	}
	if got := ids(Explain(Evidence{Deployment: ours, StoppedTasks: []types.Task{crashes(1), crashes(2), failed(4, noKey, 3*time.Minute)}})); !slices.Equal(got, []string{"C17", "B07"}) {
		t.Errorf("a crash may come back: %v", got)
	}
}
