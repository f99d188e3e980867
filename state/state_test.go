package state_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/state"
	"steady/state/bolt"
)

// backends are all implementations; reopen opens again what a closed one kept.
var backends = map[string]func(t *testing.T) (reopen func() state.Backend){
	"memory": func(*testing.T) func() state.Backend {
		m := state.NewMemory()
		return func() state.Backend { return m }
	},
	"bolt": func(t *testing.T) func() state.Backend {
		dir := t.TempDir()
		return func() state.Backend {
			b, err := bolt.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	},
}

func each(t *testing.T, f func(t *testing.T, reopen func() state.Backend)) {
	for name, make := range backends {
		t.Run(name, func(t *testing.T) { f(t, make(t)) })
	}
}

func open(t *testing.T, b state.Backend) *state.Store {
	t.Helper()
	s, err := state.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func update(t *testing.T, s *state.Store, fn func(*state.Tx)) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx *state.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func ids(tasks func(func(*model.Task) bool)) []string {
	var got []string
	for t := range tasks {
		got = append(got, t.ID)
	}
	return got
}

func TestWhatWasAnsweredIsKept(t *testing.T) {
	each(t, func(t *testing.T, reopen func() state.Backend) {
		s := open(t, reopen())
		definition := &model.TaskDefinition{Family: "web", Revision: 2, Status: model.Active, Spec: types.TaskDefinition{
			ContainerDefinitions: []types.ContainerDefinition{{
				Name: aws.String("app"), Essential: aws.Bool(false), StopTimeout: aws.Int32(0), Environment: []types.KeyValuePair{},
			}},
		}}
		update(t, s, func(tx *state.Tx) {
			tx.PutTaskDefinition(definition)
			tx.PutTask(&model.Task{ID: "gone"})
			tx.PutTask(&model.Task{ID: "t", Cluster: "c", Service: "web", Last: model.Running, Containers: []model.Container{{Exit: model.Exit{Known: true}}}})
		})
		update(t, s, func(tx *state.Tx) { tx.DeleteTask("gone") })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, reopen())
		defer s.Close()
		snap := s.Snapshot()
		d, ok := snap.TaskDefinition(definition.Ref())
		if !ok {
			t.Fatal("the task definition is lost")
		}
		// Given and zero is not the same as absent.
		c := d.Containers()[0]
		if c.Essential == nil || *c.Essential || c.StopTimeout == nil || *c.StopTimeout != 0 || c.Memory != nil || c.Environment == nil {
			t.Fatalf("the container definition came back as %+v", c)
		}
		if got := ids(snap.LiveTasksOf("c", "web")); !slices.Equal(got, []string{"t"}) {
			t.Fatalf("live tasks of the service: %v", got)
		}
		if task, _ := snap.Task("t"); !task.Containers[0].Exit.Known {
			t.Fatal("exit code 0 is lost")
		}
		if _, ok := snap.Task("gone"); ok {
			t.Fatal("a removed task is back")
		}
	})
}

func TestFailedTransactionChangesNothing(t *testing.T) {
	s := open(t, state.NewMemory())
	defer s.Close()
	update(t, s, func(tx *state.Tx) { tx.PutTask(&model.Task{ID: "a", Cluster: "c", Instance: "i", Last: model.Running}) })
	before := s.Snapshot().Index
	refused := errors.New("refused")
	err := s.Update(context.Background(), func(tx *state.Tx) error {
		tx.PutTask(&model.Task{ID: "b", Cluster: "c"})
		tx.PutTask(&model.Task{ID: "a", Cluster: "c", Instance: "i", Last: model.Stopped})
		tx.DeleteTask("a")
		return refused
	})
	if err != refused {
		t.Fatalf("the error is %v", err)
	}
	update(t, s, func(tx *state.Tx) { // the newest state, not only the snapshot
		if got := ids(tx.LiveTasksOn("i")); !slices.Equal(got, []string{"a"}) {
			t.Errorf("live tasks are %v", got)
		}
		if got := ids(tx.TasksIn("c")); !slices.Equal(got, []string{"a"}) {
			t.Errorf("tasks are %v", got)
		}
	})
	if s.Snapshot().Index != before {
		t.Fatal("a commit was made")
	}
}

func TestPanicInTransactionChangesNothing(t *testing.T) {
	s := open(t, state.NewMemory())
	defer s.Close()
	func() {
		defer func() { recover() }()
		s.Update(context.Background(), func(tx *state.Tx) error {
			tx.PutTask(&model.Task{ID: "a"})
			panic("no")
		})
	}()
	update(t, s, func(tx *state.Tx) {
		if _, ok := tx.Task("a"); ok {
			t.Error("the write stayed")
		}
	})
}

func TestSnapshotNeverChanges(t *testing.T) {
	s := open(t, state.NewMemory())
	defer s.Close()
	update(t, s, func(tx *state.Tx) {
		for i := range 1000 {
			tx.PutTask(&model.Task{ID: fmt.Sprintf("%04d", i), Cluster: "c"})
		}
	})
	snap := s.Snapshot()
	before := ids(snap.Tasks())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 1000 {
			update(t, s, func(tx *state.Tx) { tx.DeleteTask(fmt.Sprintf("%04d", i)) })
		}
	})
	for range 100 {
		if !slices.Equal(ids(snap.Tasks()), before) {
			t.Fatal("the snapshot changed")
		}
	}
	wg.Wait()
	if n := len(ids(s.Snapshot().Tasks())); n != 0 {
		t.Fatalf("%d tasks are left", n)
	}
}

func TestTransactionsSeeAllBefore(t *testing.T) {
	each(t, func(t *testing.T, reopen func() state.Backend) {
		s := open(t, reopen())
		update(t, s, func(tx *state.Tx) { tx.PutService(&model.Service{Cluster: "c", Name: "s"}) })
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 20 {
					update(t, s, func(tx *state.Tx) {
						old, _ := tx.Service("c", "s")
						n := *old
						n.DesiredCount++
						tx.PutService(&n)
					})
				}
			})
		}
		wg.Wait()
		s.Close()
		s = open(t, reopen())
		defer s.Close()
		if svc, _ := s.Snapshot().Service("c", "s"); svc.DesiredCount != 400 {
			t.Fatalf("counted to %d", svc.DesiredCount)
		}
	})
}

func TestFeedTellsEveryChangeInOrder(t *testing.T) {
	s := open(t, state.NewMemory())
	defer s.Close()
	_, sub := s.Follow()
	defer sub.Close()
	go func() {
		for i := range 500 {
			s.Update(context.Background(), func(tx *state.Tx) error {
				tx.PutMeta(&state.Meta{Name: "n", Value: fmt.Sprint(i)})
				return nil
			})
		}
	}()
	seen := 0
	for seen < 500 {
		commits, err := sub.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commits {
			for _, change := range c.Changes {
				m := change.New.(*state.Meta)
				if m.Value != fmt.Sprint(seen) {
					t.Fatalf("change %d says %s", seen, m.Value)
				}
				if seen == 0 != (change.Old == nil) {
					t.Fatalf("change %d: old is %v", seen, change.Old)
				}
				seen++
			}
			if c.Snapshot.Meta("n") == "" {
				t.Fatal("the commit's snapshot is older than the commit")
			}
		}
	}
}

// broken refuses every write after the first.
type broken struct {
	*state.Memory
	writes int
}

func (b *broken) Append(rows []state.Row) error {
	if b.writes++; b.writes > 1 {
		return errors.New("no space left on device")
	}
	return b.Memory.Append(rows)
}

func TestStoreStopsWhenTheDiskRefuses(t *testing.T) {
	s := open(t, &broken{Memory: state.NewMemory()})
	defer s.Close()
	update(t, s, func(tx *state.Tx) { tx.PutMeta(&state.Meta{Name: "a", Value: "1"}) })
	for range 2 {
		err := s.Update(context.Background(), func(tx *state.Tx) error {
			tx.PutMeta(&state.Meta{Name: "a", Value: "2"})
			return nil
		})
		if err == nil {
			t.Fatal("the write was answered")
		}
	}
	<-s.Failed()
	if v := s.Snapshot().Meta("a"); v != "1" {
		t.Fatalf("readers see %q, which is not on disk", v)
	}
}

func TestDataDirectoryHasOneHolder(t *testing.T) {
	dir := t.TempDir()
	b, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(dir); !errors.Is(err, bolt.ErrHeld) {
		t.Fatalf("a second holder got %v", err)
	}
	b.Close()
	b, err = bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}

func TestRevisionsAreSortedByNumberWithinTheirFamily(t *testing.T) {
	s := open(t, state.NewMemory())
	defer s.Close()
	update(t, s, func(tx *state.Tx) {
		for _, ref := range []model.TaskDefinitionRef{{Family: "web", Revision: 10}, {Family: "web", Revision: 9}, {Family: "web-2", Revision: 1}, {Family: "we", Revision: 7}} {
			tx.PutTaskDefinition(&model.TaskDefinition{Family: ref.Family, Revision: ref.Revision})
		}
	})
	numbers := func(definitions func(func(*model.TaskDefinition) bool)) (n []int) {
		for d := range definitions {
			n = append(n, d.Revision)
		}
		return n
	}
	if got := numbers(s.Snapshot().Revisions("web")); !slices.Equal(got, []int{9, 10}) {
		t.Fatalf("oldest first: %v", got)
	}
	if got := numbers(s.Snapshot().RevisionsBackward("web")); !slices.Equal(got, []int{10, 9}) {
		t.Fatalf("newest first: %v", got)
	}
	if got := numbers(s.Snapshot().RevisionsBackward("w")); got != nil {
		t.Fatalf("a family that is not there: %v", got)
	}
}

// gated is a backend whose writes wait until they are let through.
type gated struct {
	*state.Memory
	arrived, pass chan struct{}
}

func (g *gated) Append(rows []state.Row) error {
	g.arrived <- struct{}{}
	<-g.pass
	return g.Memory.Append(rows)
}

// A call that finds what another has just written, such as a repeated CreateService,
// was answered before that was on disk.
func TestTransactionThatOnlyReadsWaitsForWhatItRead(t *testing.T) {
	g := &gated{Memory: state.NewMemory(), arrived: make(chan struct{}), pass: make(chan struct{})}
	s := open(t, g)
	written := make(chan error)
	go func() {
		written <- s.Update(context.Background(), func(tx *state.Tx) error {
			tx.PutMeta(&state.Meta{Name: "a", Value: "1"})
			return nil
		})
	}()
	<-g.arrived // the write is under way
	read := make(chan error)
	go func() {
		read <- s.Update(context.Background(), func(tx *state.Tx) error {
			if tx.Meta("a") != "1" {
				t.Error("the write is not seen")
			}
			return nil
		})
	}()
	select {
	case <-read:
		t.Fatal("answered before the write is on disk")
	case <-time.After(50 * time.Millisecond):
	}
	g.pass <- struct{}{}
	if err := errors.Join(<-written, <-read); err != nil {
		t.Fatal(err)
	}
	close(g.pass)
	s.Close()
}

// A container's reason that was cut in the middle of a character stopped the server.
func TestTextThatIsNoUTF8IsKept(t *testing.T) {
	each(t, func(t *testing.T, reopen func() state.Backend) {
		s := open(t, reopen())
		update(t, s, func(tx *state.Tx) { tx.PutTask(&model.Task{ID: "t", StoppedReason: "caf\xc3"}) })
		s.Close()
		s = open(t, reopen())
		defer s.Close()
		if task, ok := s.Snapshot().Task("t"); !ok || task.StoppedReason != "caf\ufffd" {
			t.Fatalf("the task came back as %+v", task)
		}
	})
}
