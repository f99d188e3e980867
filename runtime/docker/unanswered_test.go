package docker

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"

	"steady/runtime"
)

// engineThat serves the pings of an engine, and for all else what the test says.
func engineThat(t *testing.T, answer http.HandlerFunc) (*Runtime, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			w.Header().Set("Api-Version", "1.41")
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	t.Setenv("DOCKER_HOST", strings.Replace(s.URL, "http", "tcp", 1))
	rt, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt, s
}

func kind(t *testing.T, err error) runtime.Kind {
	t.Helper()
	var e *runtime.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no error of the runtime", err)
	}
	return e.Kind
}

func TestAnEngineThatIsGoneIsUnavailable(t *testing.T) {
	rt, engine := engineThat(t, nil)
	engine.Close()
	_, pull := rt.Pull(t.Context(), "image", "")
	_, create := rt.Create(t.Context(), runtime.Spec{Name: "c", Image: "image"})
	_, inspect := rt.Inspect(t.Context(), "c")
	for name, err := range map[string]error{"Pull": pull, "Create": create, "Inspect": inspect, "Start": rt.Start(t.Context(), "c")} {
		if k := kind(t, err); k != runtime.Unavailable {
			t.Errorf("%s: kind %d of %v", name, k, err)
		}
	}
}

func TestAnEngineThatGoesAwayIsUnavailable(t *testing.T) {
	rt, _ := engineThat(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := rt.Start(t.Context(), "c"); kind(t, err) != runtime.Unavailable {
		t.Errorf("%v", err)
	}
}

// A call that hangs holds up no other, and ends when its caller gives up.
func TestAnEngineThatHangsForOneContainer(t *testing.T) {
	asked := make(chan struct{})
	rt, _ := engineThat(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/hung/") {
			close(asked)
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	ctx, giveUp := context.WithCancel(t.Context())
	hung := make(chan error)
	go func() { hung <- rt.Start(ctx, "hung") }()
	<-asked
	if err := rt.Start(t.Context(), "other"); err != nil {
		t.Errorf("another container, meanwhile: %v", err)
	}
	giveUp()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that hung ended with %v", err)
	}
}

func TestAnEngineThatRefusesIsNotUnavailable(t *testing.T) {
	rt, _ := engineThat(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"message":"no"}`, http.StatusInternalServerError)
	})
	if err := rt.Start(t.Context(), "c"); kind(t, err) != runtime.Other {
		t.Errorf("%v", err)
	}
}

// An engine that is asked to start many containers at once is slower at it.
func TestAnEngineIsGivenAFewContainersToStartAtATime(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	few := cap(startTurns())
	rt, _ := engineThat(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		for range 100 {
			goruntime.Gosched()
		}
		mu.Lock()
		now--
		mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	var all sync.WaitGroup
	for range 10 * few {
		all.Go(func() {
			if err := rt.Start(t.Context(), "c"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most > few {
		t.Errorf("%d were being started at once, want at most %d", most, few)
	}
}
