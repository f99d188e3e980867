package docker

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"steady/runtime"
)

// eventServer is an engine whose event stream is fed by the test: each value is one
// stream, which ends when its channel is closed.
func eventServer(t *testing.T, streams <-chan chan string, queries chan<- string) *Runtime {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		if !strings.HasSuffix(r.URL.Path, "/events") {
			return
		}
		queries <- r.URL.Query().Get("filters")
		w.(http.Flusher).Flush()
		select {
		case stream := <-streams:
			for id := range stream {
				json.NewEncoder(w).Encode(map[string]any{"Type": "container", "Action": "die", "Actor": map[string]string{"ID": id}})
				w.(http.Flusher).Flush()
			}
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+strings.TrimPrefix(server.URL, "http://"))
	r, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func receive(t *testing.T, events <-chan runtime.Event) runtime.Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event")
		return runtime.Event{}
	}
}

func TestALostStreamIsOpenedAgainAndTold(t *testing.T) {
	streams, queries := make(chan chan string, 2), make(chan string, 3)
	r := eventServer(t, streams, queries)
	first, second := make(chan string), make(chan string)
	streams <- first
	streams <- second
	events := r.Events(t.Context(), map[string]string{"a": "b"})
	if q := <-queries; !strings.Contains(q, `"label":{"a=b":true}`) || !strings.Contains(q, `"type":{"container":true}`) {
		t.Errorf("filters %s", q)
	}
	first <- "one"
	if e := receive(t, events); e != (runtime.Event{ID: "one"}) {
		t.Errorf("event %+v", e)
	}
	close(first) // the engine restarts
	if e := receive(t, events); !e.Resync {
		t.Errorf("event %+v after the stream was lost, want Resync", e)
	}
	<-queries // and only now that a new stream is open
	second <- "two"
	if e := receive(t, events); e != (runtime.Event{ID: "two"}) {
		t.Errorf("event %+v", e)
	}
	close(second)
}

// A slow reader does not hold up the stream; that repetitions are joined is the queue's.
func TestASlowReaderHearsOfEachContainer(t *testing.T) {
	streams, queries := make(chan chan string, 1), make(chan string, 2)
	r := eventServer(t, streams, queries)
	stream := make(chan string)
	streams <- stream
	events := r.Events(t.Context(), nil)
	for i := range 3000 { // more than the engine itself would keep for it
		stream <- fmt.Sprint(i % 3)
	}
	got := map[string]int{}
	for len(got) < 3 {
		got[receive(t, events).ID]++
	}
	close(stream)
}

func TestQueue(t *testing.T) {
	q := &queue{seen: map[string]bool{}}
	q.add("a")
	q.add("b")
	q.add("a")
	if len(q.events) != 2 {
		t.Errorf("%v, want a and b", q.events)
	}
	q.pop()
	q.add("a")
	if len(q.events) != 2 || q.events[1].ID != "a" {
		t.Errorf("%v: an event after the first was taken is a new one", q.events)
	}
	q.resync()
	q.add("a")
	if len(q.events) != 2 || !q.events[0].Resync {
		t.Errorf("%v, want Resync and then a", q.events)
	}
}
