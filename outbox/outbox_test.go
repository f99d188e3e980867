package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"steady/archive"
	"steady/lifecycle"
	"steady/model"
	"steady/outbox"
	"steady/scan"
	"steady/state"
)

var (
	realm = model.Realm{Region: "us-east-1", Account: "000000000000"}
	quiet = slog.New(slog.DiscardHandler)
)

func open(t *testing.T, b state.Backend) *state.Store {
	t.Helper()
	s, err := state.Open(b, state.Derive(outbox.Derive(realm)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func update(t *testing.T, s *state.Store, fn func(tx *state.Tx)) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx *state.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

var web = &model.TaskDefinition{Family: "web", Revision: 1}

// launch makes the record of a task of the service web.
func launch(id string) *model.Task {
	x := lifecycle.New(web, lifecycle.Launch{Cluster: "default", Instance: "i", Service: "web", CPU: 256, Memory: 64}, time.Now())
	x.ID = id
	return x
}

func put(tx *state.Tx, change func(t *model.Task) *model.Task, id string) {
	t, _ := tx.Task(id)
	tx.PutTask(change(t))
}

// told is a line for each event that waits: what it is about, and its version.
func told(t *testing.T, s *state.Store) []string {
	t.Helper()
	var all []string
	for o := range s.Snapshot().Outgoing(0) {
		for _, e := range o.Events {
			all = append(all, line(t, string(e.JSON)))
		}
	}
	return all
}

func line(t *testing.T, text string) string {
	t.Helper()
	var e struct {
		DetailType string `json:"detail-type"`
		Resources  []string
		Detail     struct {
			EventName, LastStatus, DesiredStatus, Status string
			TaskArns                                     []string
			AgentConnected                               bool
			Version                                      int
			RemainingResources                           []struct{ IntegerValue int }
		}
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	about := e.Resources[0][strings.LastIndex(e.Resources[0], "/")+1:]
	switch d := e.Detail; {
	case d.EventName != "":
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", about, d.EventName, tail(d.TaskArns)))
	case d.LastStatus != "":
		return fmt.Sprintf("%s %d %s, to be %s", about, d.Version, d.LastStatus, d.DesiredStatus)
	default:
		return fmt.Sprintf("%s %d %s, connected %v, CPU %d", about, d.Version, d.Status, d.AgentConnected, d.RemainingResources[0].IntegerValue)
	}
}

func tail(arns []string) string {
	for i, arn := range arns {
		arns[i] = arn[strings.LastIndex(arn, "/")+1:]
	}
	return strings.Join(arns, " ")
}

func TestEveryChangeIsToldInOrder(t *testing.T) {
	s := open(t, state.NewMemory())
	defer s.Close()
	update(t, s, func(tx *state.Tx) {
		tx.PutTaskDefinition(web)
		tx.PutInstance(&model.Instance{ID: "i", Cluster: "default", Status: model.Active, CPU: 1024, Memory: 1024, AgentConnected: true, Version: 1})
	})
	update(t, s, func(tx *state.Tx) {
		tx.PutTask(launch("a"))
		tx.PutTask(launch("b"))
		tx.PutService(&model.Service{Name: "web", Cluster: "default", Deployments: []model.Deployment{{ID: "ecs-svc/1", Rollout: model.InProgress}}})
	})
	running := func(x *model.Task) *model.Task {
		return lifecycle.Observe(x, model.Observation{Status: model.Running}, time.Now())
	}
	update(t, s, func(tx *state.Tx) { put(tx, running, "a") })
	update(t, s, func(tx *state.Tx) { put(tx, running, "a") }) // says nothing new
	update(t, s, func(tx *state.Tx) {                          // only told about by the API
		put(tx, func(x *model.Task) *model.Task {
			n := *x
			n.Tags = []model.Tag{{Key: "k"}}
			return &n
		}, "a")
	})
	update(t, s, func(tx *state.Tx) { // decided and seen in one transaction
		put(tx, func(x *model.Task) *model.Task {
			return lifecycle.Stop(x, model.ServiceSchedulerInitiated, "reason", time.Now())
		}, "a")
		put(tx, func(x *model.Task) *model.Task {
			return lifecycle.Observe(x, model.Observation{Status: model.Stopped}, time.Now())
		}, "a")
	})
	update(t, s, func(tx *state.Tx) { tx.DeleteTask("a") })
	update(t, s, func(tx *state.Tx) {
		put(tx, func(x *model.Task) *model.Task { return lifecycle.Lost(x, "", "gone", time.Now()) }, "b")
		i, _ := tx.Instance("i")
		tx.PutInstance(lifecycle.Deregister(i, time.Now()))
	})
	update(t, s, func(tx *state.Tx) { tx.DeleteInstance("i") }) // forgotten: it had left before
	want := []string{
		"i 1 ACTIVE, connected true, CPU 1024",
		"a 1 PENDING, to be RUNNING",
		"b 1 PENDING, to be RUNNING",
		"web TASKS_STARTED a b",
		"web SERVICE_DEPLOYMENT_IN_PROGRESS",
		"i 2 ACTIVE, connected true, CPU 512",
		"a 2 RUNNING, to be RUNNING",
		"a 3 RUNNING, to be STOPPED",
		"a 4 STOPPED, to be STOPPED",
		"web TASKS_STOPPED a",
		"i 3 ACTIVE, connected true, CPU 768",
		"b 2 STOPPED, to be STOPPED",
		"i 4 INACTIVE, connected false, CPU 1024",
	}
	if got := told(t, s); !slices.Equal(got, want) {
		t.Fatalf("told:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// sink is a consumer that can be made to refuse.
type sink struct {
	mu     sync.Mutex
	got    []uint64
	refuse error
}

func (s *sink) consumer(name string) outbox.Consumer {
	return outbox.Consumer{Name: name, Deliver: func(_ context.Context, events []*state.Outgoing) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.refuse != nil {
			return s.refuse
		}
		for _, o := range events {
			for i := range o.Events {
				s.got = append(s.got, o.Number+uint64(i))
			}
		}
		return nil
	}}
}

func (s *sink) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

func (s *sink) has(t *testing.T, want ...uint64) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.got, want) {
		t.Fatalf("delivered are %v, want %v", s.got, want)
	}
}

func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, state.NewMemory())
		defer s.Close()
		var one, other sink
		o := outbox.New(s, quiet, one.consumer("one"), other.consumer("other"))
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { o.Run(ctx); close(ended) }()
		after := func(d time.Duration) { time.Sleep(d); synctest.Wait() }
		begin := func(id string) { update(t, s, func(tx *state.Tx) { tx.PutTask(launch(id)) }) }

		begin("a") // two events: its own, and that its service has started it
		after(0)
		one.has(t, 1, 2)
		other.has(t, 1, 2)
		after(2 * time.Second)
		if left := told(t, s); left != nil {
			t.Fatalf("what all have is still there: %v", left)
		}

		other.set(errors.New("no space left on device"))
		begin("b")
		after(time.Minute)
		one.has(t, 1, 2, 3, 4)
		other.has(t, 1, 2)
		if stuck := o.Stuck(); len(stuck) != 1 || stuck[0].Consumer != "other" || stuck[0].Waiting != 2 || stuck[0].Err == nil {
			t.Fatalf("stuck: %+v", stuck)
		}
		if left := told(t, s); len(left) != 2 {
			t.Fatalf("what one does not have yet: %v", left)
		}

		other.set(nil)
		after(time.Minute)
		other.has(t, 1, 2, 3, 4)
		if stuck := o.Stuck(); stuck != nil {
			t.Fatalf("stuck: %+v", stuck)
		}
		stop()
		<-ended

		// Another run goes on from there, and does not bring again what was kept as delivered.
		again := outbox.New(s, quiet, one.consumer("one"), other.consumer("other"))
		begin("c")
		ctx, stop = context.WithCancel(context.Background())
		ended = make(chan struct{})
		go func() { again.Run(ctx); close(ended) }()
		after(0)
		one.has(t, 1, 2, 3, 4, 5, 6)
		stop()
		<-ended
	})
}

// A consumer that has taken nothing at all yet keeps everything waiting for it, in
// whatever order the consumers are looked at.
func TestNothingIsRemovedBeforeTheFirstDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, state.NewMemory())
		defer s.Close()
		var one, other sink
		other.set(errors.New("no space left on device"))
		o := outbox.New(s, quiet, one.consumer("one"), other.consumer("other"))
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { o.Run(ctx); close(ended) }()
		var all []uint64
		for n := range uint64(20) {
			update(t, s, func(tx *state.Tx) { tx.PutTask(launch(fmt.Sprint("t", n))) })
			all = append(all, 2*n+1, 2*n+2)
			time.Sleep(2 * time.Second) // each a time to tidy
		}
		other.set(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		one.has(t, all...)
		other.has(t, all...)
		stop()
		<-ended
	})
}

// What the outbox brings again after a crash, the archive has already.
func TestArchiveTakesEachEventOnce(t *testing.T) {
	backend, dir := state.NewMemory(), t.TempDir()
	ctx := t.Context()
	var origin string
	for range 3 { // each run crashes before it has removed what it delivered
		s := open(t, backend)
		a, err := archive.Open(dir, archive.Options{Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		id, err := outbox.Origin(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" && id != origin {
			t.Fatalf("the origin was %s, is %s", origin, id)
		}
		origin = id
		update(t, s, func(tx *state.Tx) {
			for _, cluster := range []string{"default", "other", "default"} {
				x := launch(model.NewID())
				x.Cluster, x.Service = cluster, ""
				tx.PutTask(x)
			}
		})
		var waiting []*state.Outgoing
		for x := range s.Snapshot().Outgoing(0) {
			waiting = append(waiting, x)
		}
		keep := outbox.Archive(a, origin, 30).Deliver
		if err := keep(ctx, waiting); err != nil {
			t.Fatal(err)
		}
		a.Close()
		s.Close()
	}
	a, err := archive.Open(dir, archive.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for cluster, want := range map[string]int{"default": 6, "other": 3} {
		if n := count(t, a, outbox.Group(cluster)); n != want {
			t.Errorf("cluster %s has %d events, want %d", cluster, n, want)
		}
	}
	if g, _ := a.Group(outbox.Group("other")); g.RetentionDays != 30 || g.Class != archive.Events {
		t.Errorf("the group is %+v", g)
	}
}

func count(t *testing.T, a *archive.Archive, group string) int {
	t.Helper()
	n := 0
	for b, err := range a.Scan(t.Context(), scan.Request{Groups: []string{group}, To: math.MaxInt64}) {
		if err != nil {
			t.Fatal(err)
		}
		n += b.Len()
	}
	return n
}
