package state_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"steady/model"
	"steady/state"
)

// tellTasks tells one event of each task that is put, and counts what it tells in the
// state itself.
func tellTasks(tx *state.Tx, changes []state.Change) {
	var events []model.Event
	for _, c := range changes {
		if t, ok := c.New.(*model.Task); ok {
			events = append(events, model.Event{Cluster: t.Cluster, At: time.Unix(1, 0).UTC(), JSON: jsontext.Value(`{"task":"` + t.ID + `"}`)})
		}
	}
	tx.Tell(events)
	if len(events) > 0 {
		tx.PutMeta(&state.Meta{Name: "told", Value: string(events[len(events)-1].JSON)})
	}
}

// outbox is the number and the text of each event that is kept.
func outbox(s *state.Store) (numbers []uint64, texts []string) {
	for o := range s.Snapshot().Outgoing(0) {
		for i, e := range o.Events {
			numbers = append(numbers, o.Number+uint64(i))
			texts = append(texts, string(e.JSON))
		}
	}
	return numbers, texts
}

func TestWhatFollowsFromATransactionIsKeptWithIt(t *testing.T) {
	each(t, func(t *testing.T, reopen func() state.Backend) {
		s, err := state.Open(reopen(), state.Derive(tellTasks))
		if err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx *state.Tx) {
			tx.PutTask(&model.Task{ID: "a"})
			tx.PutTask(&model.Task{ID: "b"})
		})
		update(t, s, func(tx *state.Tx) { tx.PutMeta(&state.Meta{Name: "other", Value: "1"}) })
		update(t, s, func(tx *state.Tx) { tx.PutTask(&model.Task{ID: "a", Last: model.Stopped}) })
		s.Close()
		s, err = state.Open(reopen(), state.Derive(tellTasks))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		numbers, texts := outbox(s)
		if !slices.Equal(numbers, []uint64{1, 2, 3}) || !slices.Equal(texts, []string{`{"task":"a"}`, `{"task":"b"}`, `{"task":"a"}`}) {
			t.Fatalf("events %v, numbers %v", texts, numbers)
		}
		if told := s.Snapshot().Meta("told"); told != `{"task":"a"}` {
			t.Fatalf("what the function put is %q", told)
		}
	})
}

func TestFailedTransactionTellsNothing(t *testing.T) {
	s, err := state.Open(state.NewMemory(), state.Derive(tellTasks))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	refused := errors.New("refused")
	err = s.Update(context.Background(), func(tx *state.Tx) error {
		tx.PutTask(&model.Task{ID: "a"})
		return refused
	})
	if err != refused {
		t.Fatal(err)
	}
	update(t, s, func(tx *state.Tx) { tx.PutTask(&model.Task{ID: "b"}) })
	if numbers, texts := outbox(s); !slices.Equal(numbers, []uint64{1}) || texts[0] != `{"task":"b"}` {
		t.Fatalf("events %v, numbers %v", texts, numbers)
	}
}

func TestPanicWhileDerivingChangesNothing(t *testing.T) {
	fail := true
	s, err := state.Open(state.NewMemory(), state.Derive(func(tx *state.Tx, changes []state.Change) {
		tellTasks(tx, changes)
		if fail {
			panic("no")
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	func() {
		defer func() { recover() }()
		s.Update(context.Background(), func(tx *state.Tx) error { tx.PutTask(&model.Task{ID: "a"}); return nil })
	}()
	fail = false
	update(t, s, func(tx *state.Tx) {
		if _, ok := tx.Task("a"); ok {
			t.Error("the write stayed")
		}
	})
	if numbers, _ := outbox(s); numbers != nil {
		t.Fatalf("events %v", numbers)
	}
}

// A consumer remembers the number that it has come to: one that was used before would
// be taken for an event that it has.
func TestNumbersGoOnWhenTheOutboxWasEmptied(t *testing.T) {
	each(t, func(t *testing.T, reopen func() state.Backend) {
		s, err := state.Open(reopen(), state.Derive(tellTasks))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"a", "b", "c"} {
			update(t, s, func(tx *state.Tx) { tx.PutTask(&model.Task{ID: id}); tx.PutTask(&model.Task{ID: id + "2"}) })
		}
		update(t, s, func(tx *state.Tx) { tx.DropOutgoing(5) }) // the sixth is of the same transaction
		if numbers, _ := outbox(s); !slices.Equal(numbers, []uint64{5, 6}) {
			t.Fatalf("left are %v", numbers)
		}
		update(t, s, func(tx *state.Tx) { tx.DropOutgoing(6) })
		s.Close()
		s, err = state.Open(reopen(), state.Derive(tellTasks))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		update(t, s, func(tx *state.Tx) { tx.PutTask(&model.Task{ID: "d"}) })
		if numbers, _ := outbox(s); !slices.Equal(numbers, []uint64{7}) {
			t.Fatalf("the next number is %v", numbers)
		}
	})
}
