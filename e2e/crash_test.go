package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
	"steady/state/bolt"
)

const crashes = 50

// The server is killed at random moments of rolling deployments. Whatever it was
// doing: what it had answered for stays, every container that has not ended belongs to a
// task and every running task has its containers, and the last deployment ends as it should.
func TestTheServerIsKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if again := os.Getenv("CRASH_SEED"); again != "" {
		if _, err := fmt.Sscan(again, &seed); err != nil {
			t.Fatalf("CRASH_SEED=%q: %v", again, err)
		}
	}
	t.Logf("CRASH_SEED=%d", seed)
	s := up(t)
	k := &killer{t: t, server: s, random: rand.New(rand.NewPCG(seed, 0)), bad: map[string]bool{}, rollBacks: map[string]bool{}}
	k.caller = s.caller(t)
	k.create(3+k.random.IntN(2), percent(100, 200), breakerRollback)
	k.definitions = []string{"web:1"}
	k.accepted = *k.describe("web").Deployments[0].Id

	begun, longest := time.Now(), time.Duration(0)
	for n := range crashes {
		k.round(n)
		if t.Failed() {
			t.Fatalf("kill %d of %d was one too many, CRASH_SEED=%d", n+1, crashes, seed)
		}
		longest = max(longest, k.agreed)
	}
	took := time.Since(begun)

	last := k.register("web", hasty("-version", "the last"))
	k.update(last)
	desired := int(k.describe("web").DesiredCount)
	k.steady(last, desired)
	k.agrees()
	k.onlyCrashesFailed()
	k.chronicled()
	for _, task := range k.tasks(types.DesiredStatusRunning) {
		if answer := get(t, hostPort(t, containerOf(t, task, "app"))); !strings.HasPrefix(answer, "version the last on ") {
			t.Errorf("a task answers %q", answer)
		}
	}
	t.Logf("%d kills in %v: %d deployments asked for, %d of them lost unanswered with the server, %d rolled back; all agreed within %v of a restart",
		crashes, took.Round(time.Second), k.asked, k.lost, len(k.rollBacks), longest.Round(time.Millisecond))
}

// killer kills a server and knows what it has answered for.
type killer struct {
	*caller
	t      *testing.T
	server *server
	random *rand.Rand

	definitions []string        // registered and answered
	bad         map[string]bool // those that crash
	accepted    string          // id of the last deployment that was answered for
	maybe       string          // revision of an update that the kill cut off; "" if none
	primary     string          // id of the PRIMARY deployment when the server was last killed
	agreed      time.Duration   // how long after the last restart all agreed

	crashing    bool // the revision asked for last crashes, and was not yet rolled back
	asked, lost int
	rollBacks   map[string]bool
}

// round lets a deployment go on, or starts one, and kills the server amid it.
func (k *killer) round(n int) {
	k.t.Helper()
	// Early moments are the busiest: half of the kills come within 400 ms.
	delay := time.Duration(k.random.IntN(400)) * time.Millisecond
	if k.random.IntN(2) == 0 {
		delay = time.Duration(k.random.IntN(2500)) * time.Millisecond
	}
	kind := k.random.IntN(10)
	if k.crashing && k.random.IntN(4) > 0 {
		kind = 0 // let the circuit breaker come to trip
	}
	switch kind {
	case 0, 1, 2, 3: // kill it while the deployment goes on that it had taken over
		time.Sleep(delay)
		k.server.kill()
	case 4, 5: // kill it while it takes in a new one
		k.killWhileAsking(n)
	default:
		k.update(k.revisionOf(n))
		time.Sleep(delay)
		k.server.kill()
	}
	k.stateKept()
	k.server.start()
	k.caller = k.server.caller(k.t)
	k.writesKept()
	k.agrees()
}

// revisionOf registers the next revision: one in four crashes.
func (k *killer) revisionOf(n int) string {
	k.t.Helper()
	flags := []string{"-version", fmt.Sprint(n)}
	crash := k.random.IntN(4) == 0
	if crash {
		flags = []string{"-crash", "1"}
	}
	ref := k.register("web", hasty(flags...))
	k.bad[ref], k.crashing = crash, crash
	k.definitions = append(k.definitions, ref)
	return ref
}

// update asks for a revision and notes the deployment that the answer tells.
func (k *killer) update(ref string) {
	k.t.Helper()
	k.asked++
	out, err := k.ask(k.t.Context(), ref)
	if err != nil {
		k.t.Fatal(err)
	}
	k.accepted, k.maybe = *out.Service.Deployments[0].Id, ""
}

// ask tries once only: what is asked again after the kill is another story.
func (k *killer) ask(ctx context.Context, ref string) (*ecs.UpdateServiceOutput, error) {
	return k.api.UpdateService(ctx, &ecs.UpdateServiceInput{Service: awssdk.String("web"), TaskDefinition: &ref},
		func(o *ecs.Options) { o.RetryMaxAttempts = 1 })
}

// killWhileAsking kills the server within the few milliseconds that an UpdateService
// takes: it may be answered for or not.
func (k *killer) killWhileAsking(n int) {
	k.t.Helper()
	ref := k.revisionOf(n)
	k.asked++
	answered := make(chan string, 1)
	go func() {
		out, err := k.ask(k.t.Context(), ref)
		if err != nil {
			answered <- ""
			return
		}
		answered <- *out.Service.Deployments[0].Id
	}()
	time.Sleep(time.Duration(k.random.IntN(6_000)) * time.Microsecond)
	k.server.kill()
	if id := <-answered; id != "" {
		k.accepted, k.maybe = id, ""
		return
	}
	k.maybe = ref
}

// stateKept reads the state as the killed server left it.
func (k *killer) stateKept() {
	k.t.Helper()
	backend, err := bolt.Open(k.server.dataDir)
	if err != nil {
		k.t.Fatal(err)
	}
	store, err := state.Open(backend)
	if err != nil {
		k.t.Fatal(err)
	}
	defer store.Close()
	snap := store.Snapshot()
	for i := range k.definitions {
		if _, ok := snap.TaskDefinition(model.TaskDefinitionRef{Family: "web", Revision: i + 1}); !ok {
			k.t.Errorf("the state has lost web:%d, which was answered for", i+1)
		}
	}
	svc, ok := snap.Service(model.DefaultCluster, "web")
	if !ok {
		k.t.Fatal("the state has lost the service")
	}
	p := svc.Primary()
	k.primary = p.ID
	if p.Rollback != "" {
		k.rollBacks[p.ID], k.crashing = true, false
	}
	if p.ID == k.accepted || p.Rollback == k.accepted {
		if k.maybe != "" {
			k.lost++
		}
		k.maybe = ""
		return
	}
	asked := p
	if p.Rollback != "" {
		asked = svc.Deployment(p.Rollback)
	}
	if asked == nil || asked.TaskDefinition.String() != k.maybe {
		k.t.Errorf("the state has %+v as the primary deployment; answered for was %s, perhaps %q", *p, k.accepted, k.maybe)
		return
	}
	k.accepted, k.maybe = asked.ID, ""
}

// writesKept checks that the API tells of all that was answered for: the deployment
// that the state had, unless that was rolled back meanwhile.
func (k *killer) writesKept() {
	k.t.Helper()
	listed := k.listed()
	for _, ref := range k.definitions {
		if !slices.Contains(listed, ref) {
			k.t.Errorf("the API does not list %s, which was answered for", ref)
		}
	}
	s := k.describe("web")
	id := *s.Deployments[0].Id
	rolledBack := slices.ContainsFunc(s.Events, func(e types.ServiceEvent) bool {
		return *e.Message == "(service web) rolling back to deployment "+id+"."
	})
	if id != k.primary && !rolledBack {
		k.t.Errorf("the API tells of %s; the state had %s as the primary deployment", shape(s), k.primary)
	}
}

// onlyCrashesFailed checks that no task failed since the server was killed.
func (k *killer) onlyCrashesFailed() {
	k.t.Helper()
	for _, task := range k.tasks(types.DesiredStatusStopped) {
		_, ref, _ := strings.Cut(*task.TaskDefinitionArn, "task-definition/")
		if !k.bad[ref] && task.StopCode != types.TaskStopCodeServiceSchedulerInitiated {
			k.t.Errorf("task %s of the good revision %s ended with %s, %q", taskID(task), ref, task.StopCode, awssdk.ToString(task.StoppedReason))
		}
		if k.bad[ref] && task.StopCode == types.TaskStopCodeTaskFailedToStart {
			k.t.Errorf("task %s of %s, which crashes once it has started, failed to start: %q", taskID(task), ref, awssdk.ToString(task.StoppedReason))
		}
	}
	if strings.Contains(k.server.stderr.String(), "level=ERROR") {
		k.t.Error("the server logged errors")
	}
}

func (k *killer) listed() []string {
	k.t.Helper()
	var refs []string
	pages := ecs.NewListTaskDefinitionsPaginator(k.api, &ecs.ListTaskDefinitionsInput{FamilyPrefix: awssdk.String("web")})
	for pages.HasMorePages() {
		out, err := pages.NextPage(k.t.Context())
		if err != nil {
			k.t.Fatal(err)
		}
		for _, arn := range out.TaskDefinitionArns {
			refs = append(refs, arn[strings.LastIndex(arn, "/")+1:])
		}
	}
	return refs
}

// agrees waits until the API and the engine tell the same at one moment, while the
// deployment goes on.
func (k *killer) agrees() {
	k.t.Helper()
	begun := time.Now()
	eventually(k.t, k.disagreement)
	k.agreed = time.Since(begun)
}

// disagreement compares the API with the engine: "" when they agree. What holds at
// any moment is an error at once.
func (k *killer) disagreement() string {
	k.t.Helper()
	before := k.tasks(types.DesiredStatusRunning)
	containers := k.server.everyContainer(k.t)
	live := append(k.tasks(types.DesiredStatusRunning), k.stopping()...)

	parts := map[string]int{}
	running := map[string]string{} // container id by task
	for _, x := range containers {
		task := x.Labels["dev.steady.task"]
		parts[task+" "+x.Labels["com.amazonaws.ecs.container-name"]]++
		if x.State == "running" {
			running[task] = x.ID
		}
	}
	for part, n := range parts {
		if n != 1 {
			k.t.Errorf("container %s is there %d times", part, n)
		}
	}
	for _, x := range containers {
		if !stopped(x) && !slices.ContainsFunc(live, func(t types.Task) bool { return taskID(t) == x.Labels["dev.steady.task"] }) {
			return fmt.Sprintf("container %s (%s) belongs to no live task", x.Names[0], x.State)
		}
	}
	for _, task := range before {
		if *task.LastStatus == "RUNNING" && running[taskID(task)] != awssdk.ToString(task.Containers[0].RuntimeId) {
			return fmt.Sprintf("task %s is RUNNING in container %q, the engine runs %q",
				taskID(task), awssdk.ToString(task.Containers[0].RuntimeId), running[taskID(task)])
		}
	}
	for task := range running {
		i := slices.IndexFunc(live, func(t types.Task) bool { return taskID(t) == task })
		if *live[i].LastStatus == "PENDING" {
			return fmt.Sprintf("task %s is PENDING, but its container runs", task)
		}
	}
	return ""
}
