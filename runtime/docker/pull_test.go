package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// fakeEngine is as much of an engine as a pull needs, with a registry that can fail.
type fakeEngine struct {
	images map[string]map[string]any // what is here: an inspect answer by name
	list   []any                     // GET /images/json
	create http.HandlerFunc          // POST /images/create
	asked  atomic.Int32              // how often it was asked to pull
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	path := strings.TrimPrefix(r.URL.Path, "/v1.41")
	switch {
	case path == "/images/create":
		f.asked.Add(1)
		f.create(w, r)
	case path == "/images/json":
		f.listed(w)
	case strings.HasPrefix(path, "/images/"):
		found, ok := f.images[strings.TrimSuffix(strings.TrimPrefix(path, "/images/"), "/json")]
		if !ok {
			fail(404, "No such image")(w, r)
			return
		}
		json.NewEncoder(w).Encode(found)
	}
}

// fail answers with an engine's error.
func fail(code int, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(map[string]string{"message": message})
	}
}

// say answers 200 and then this stream of messages.
func say(messages ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, strings.Join(messages, "\n")) }
}

func (f *fakeEngine) runtime(t *testing.T) *Runtime {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+strings.TrimPrefix(server.URL, "http://"))
	r, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.patience = time.Hour // no test waits for a machine that is slow
	r.pauses = []time.Duration{time.Millisecond, time.Millisecond}
	return r
}

const (
	idOne     = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	digestTwo = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	denied    = "pull access denied for web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
)

func TestPull(t *testing.T) {
	built := map[string]any{"Id": idOne}
	pulled := map[string]any{"Id": idOne, "RepoDigests": []string{"other@" + idOne, "web@" + digestTwo}}
	builtOnNewEngine := map[string]any{"Id": idOne, "RepoDigests": []string{"web@" + digestTwo}, "Identity": map[string]any{"Build": []any{map[string]any{}}}}
	for _, c := range []struct {
		name   string
		ref    string
		here   map[string]any
		create http.HandlerFunc
		digest string
		fails  string // Detail of the CannotPullContainerError
		asked  int32
	}{
		{name: "built here: used without asking a registry", ref: "web:1", here: built, digest: idOne},
		{name: "built here by a newer engine", ref: "web:1", here: builtOnNewEngine, digest: digestTwo},
		{name: "pinned by digest and here", ref: "web@" + digestTwo, here: pulled, digest: digestTwo},
		{name: "named by its id", ref: idOne, here: built, digest: idOne},
		{name: "from a registry: asked for again", ref: "web:1", here: pulled, create: say(`{"status":"Pulling from web"}`), digest: digestTwo, asked: 1},
		{name: "registry fails, image is here", ref: "web:1", here: pulled, create: fail(500, "dial tcp: no route to host"), digest: digestTwo, asked: 1},
		{name: "download fails, image is here", ref: "web:1", here: pulled, create: say(`{"status":"Pulling"}`, `{"errorDetail":{"message":"unexpected EOF"}}`), digest: digestTwo, asked: 1},
		{name: "no such image", ref: "web:1", create: fail(404, denied), asked: 1,
			fails: "The task can’t pull the image. Check whether the image exists. Error response from daemon: " + denied},
		{name: "no network: tried again", ref: "web:1", create: fail(500, "Get https://registry.test/v2/: net/http: request canceled while waiting for connection"), asked: 3,
			fails: "The task can’t pull the image. Check your network configuration. ref pull has been retried 2 time(s): Error response from daemon: Get https://registry.test/v2/: net/http: request canceled while waiting for connection"},
		{name: "no such tag", ref: "web:1", create: fail(404, "manifest for web:1 not found: manifest unknown: manifest unknown"), asked: 1,
			fails: "Error response from daemon: manifest for web:1 not found: manifest unknown: manifest unknown"},
		{name: "disk full", ref: "web:1", create: say(`{"errorDetail":{"message":"write /var/lib/docker/tmp/x: no space left on device"}}`), asked: 1,
			fails: "write /var/lib/docker/tmp/x: no space left on device"},
		{name: "not a name", ref: "Web:1", fails: "invalid reference format: repository name (library/Web) must be lowercase"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeEngine{create: c.create}
			if c.here != nil {
				f.images = map[string]map[string]any{c.ref: c.here}
			}
			got, err := f.runtime(t).Pull(t.Context(), c.ref, "")
			if got.Digest != c.digest || f.asked.Load() != c.asked {
				t.Errorf("digest %q after %d pulls, want %q after %d", got.Digest, f.asked.Load(), c.digest, c.asked)
			}
			if want := c.digest; got.Ref != want && got.Ref != "web@"+want {
				t.Errorf("to be created from %q", got.Ref)
			}
			var e *runtime.Error
			switch {
			case c.fails == "" && err != nil:
				t.Error(err)
			case c.fails != "" && (!errors.As(err, &e) || e.Name != "CannotPullContainerError" || e.Detail != c.fails):
				t.Errorf("error %v\nwant  %s", err, c.fails)
			}
		})
	}
}

// A registry that says nothing is not waited for where the image is here. On a machine
// that is slow the patience may be over before the engine was asked: then it is shown
// once more.
func TestPullFromARegistryThatIsSilent(t *testing.T) {
	here := map[string]any{"Id": idOne, "RepoDigests": []string{"web@" + digestTwo}}
	f := &fakeEngine{images: map[string]map[string]any{"web:1": here}}
	f.create = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	r := f.runtime(t)
	r.patience = 50 * time.Millisecond
	for pulls := int32(1); f.asked.Load() == 0; pulls++ {
		if got, err := r.Pull(t.Context(), "web:1", ""); err != nil || got.Digest != digestTwo || got.Fetched || f.asked.Load() > pulls {
			t.Fatalf("%+v, %v; asked %d times by %d pulls", got, err, f.asked.Load(), pulls)
		}
	}
}

func TestPullOfADigest(t *testing.T) {
	here := map[string]any{"Id": idOne}
	for _, c := range []struct {
		name   string
		ref    string
		digest string
		under  string // the name under which an image is here
		create http.HandlerFunc
		want   string // Ref
		fails  string // Detail of the CannotPullContainerError
		asked  int32
	}{
		{name: "here: no registry is asked", ref: "web:1", digest: digestTwo, under: "web@" + digestTwo, want: "web@" + digestTwo},
		{name: "here, though its tag has moved on", ref: "web:1", digest: idOne, under: idOne, want: idOne},
		{name: "named by its id", ref: idOne, digest: idOne, under: idOne, want: idOne},
		{name: "named by digest", ref: "web@" + digestTwo, digest: digestTwo, under: "web@" + digestTwo, want: "web@" + digestTwo},
		{name: "not here: that one is asked for, not the tag", ref: "host.test/a/web:1", digest: digestTwo, create: say(`{"status":"Pulling"}`), want: "host.test/a/web@" + digestTwo, asked: 1},
		{name: "gone from the registry", ref: "web:1", digest: digestTwo, under: "web:1", create: fail(404, "manifest for web@"+digestTwo+" not found: manifest unknown"), asked: 1,
			fails: "image web:1@" + digestTwo + ": Error response from daemon: manifest for web@" + digestTwo + " not found: manifest unknown"},
		{name: "no network", ref: "web:1", digest: digestTwo, create: fail(500, "request canceled while waiting for connection"), asked: 3,
			fails: "image web:1@" + digestTwo + ": The task can’t pull the image. Check your network configuration. ref pull has been retried 2 time(s): Error response from daemon: request canceled while waiting for connection"},
		{name: "no digest", ref: "web:1", digest: "latest",
			fails: "image web:1@latest: invalid reference format: the digest of image web:1 is \"latest\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeEngine{create: c.create, images: map[string]map[string]any{c.under: here}}
			got, err := f.runtime(t).Pull(t.Context(), c.ref, c.digest)
			if c.fails == "" && (err != nil || got.Digest != c.digest || got.Ref != c.want) || f.asked.Load() != c.asked {
				t.Errorf("%+v, %v after %d pulls; want %s after %d", got, err, f.asked.Load(), c.want, c.asked)
			}
			var e *runtime.Error
			if c.fails != "" && (!errors.As(err, &e) || e.Name != "CannotPullContainerError" || e.Detail != c.fails) {
				t.Errorf("error %v\nwant  %s", err, c.fails)
			}
		})
	}
}

func TestOnePullAtATimePerImage(t *testing.T) {
	goOn := make(chan struct{})
	f := &fakeEngine{create: func(w http.ResponseWriter, r *http.Request) {
		<-goOn
		fail(404, "manifest unknown")(w, r)
	}}
	r := f.runtime(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Pull(t.Context(), "web:1", ""); err == nil {
				t.Error("no error")
			}
		})
	}
	for r.waiting("web:1") < 20 {
		time.Sleep(time.Millisecond)
	}
	close(goOn)
	wg.Wait()
	if n := f.asked.Load(); n != 1 {
		t.Errorf("the engine was asked %d times", n)
	}
	r.Pull(t.Context(), "web:1", "")
	if n := f.asked.Load(); n != 2 {
		t.Errorf("asked %d times: a later pull should be one of its own", n)
	}
}

// waiting is how many callers wait for the pull of that image.
func (r *Runtime) waiting(ref string) int {
	r.pulls.mu.Lock()
	defer r.pulls.mu.Unlock()
	if fl := r.pulls.now[ref+"\n"]; fl != nil {
		return fl.waiting
	}
	return 0
}

func TestWhoLeavesDoesNotEndTheOthersPull(t *testing.T) {
	goOn, ended := make(chan struct{}), make(chan error, 1)
	f := &fakeEngine{create: func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-goOn:
			fail(404, "manifest unknown")(w, r)
		case <-r.Context().Done():
		}
	}}
	r := f.runtime(t)
	first, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { _, err := r.Pull(first, "web:1", ""); left <- err }()
	go func() { _, err := r.Pull(t.Context(), "web:1", ""); ended <- err }()
	for r.waiting("web:1") < 2 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(goOn)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "manifest unknown") {
		t.Errorf("who stayed got %v", err)
	}
}

// With a real engine and a registry in this process: the digest is the registry's, and
// when the registry has gone the image that is here is used.
func TestPullFromARegistryThatGoesAway(t *testing.T) {
	r := needEngine(t)
	ctx := t.Context()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/app:1"
	if _, err := r.engine.ImageTag(ctx, client.ImageTagOptions{Source: testImage, Target: ref}); err != nil {
		t.Fatal(err)
	}
	remove := func() {
		r.engine.ImageRemove(context.Background(), ref, client.ImageRemoveOptions{Force: true})
	}
	t.Cleanup(remove)
	push(t, r, ref)
	remove()

	first, err := r.Pull(ctx, ref, "")
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Head(server.URL + "/v2/app/manifests/1")
	if err != nil {
		t.Fatal(err)
	}
	if want := res.Header.Get("Docker-Content-Digest"); first.Digest != want {
		t.Errorf("digest %s, the registry has %s", first.Digest, want)
	}
	// The tag moves on, and what it stood for is taken away here: it can still be had.
	moveTag(t, r, ref)
	remove()
	pinned, err := r.Pull(ctx, ref, first.Digest)
	if err != nil || pinned.Digest != first.Digest || pinned.Ref != first.Ref {
		t.Errorf("by its digest: %+v, %v; want %+v", pinned, err, first)
	}
	r.engine.ImageRemove(ctx, pinned.Ref, client.ImageRemoveOptions{Force: true})
	if moved, err := r.Pull(ctx, ref, ""); err != nil || moved.Digest == first.Digest {
		t.Errorf("by its tag: %+v, %v; want another than %+v", moved, err, first)
	} else {
		first = moved
	}

	server.Close()
	r.pauses = r.pauses[:1] // of the ECS agent's
	if again, err := r.Pull(ctx, ref, ""); err != nil || again.Ref != first.Ref || again.Fetched || again.New {
		t.Errorf("without its registry: %+v, %v; want %+v", again, err, first)
	}
	remove()
	_, err = r.Pull(ctx, ref, "")
	var e *runtime.Error
	if !errors.As(err, &e) || e.Name != "CannotPullContainerError" || !strings.Contains(e.Detail, "connection refused") {
		t.Errorf("neither here nor there: %v", err)
	}
}

func push(t *testing.T, r *Runtime, ref string) {
	t.Helper()
	pushed, err := r.engine.ImagePush(t.Context(), ref, client.ImagePushOptions{RegistryAuth: "e30="}) // {}: nobody
	if err != nil {
		t.Fatal(err)
	}
	if err := pushed.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// moveTag pushes another image under a name.
func moveTag(t *testing.T, r *Runtime, ref string) {
	t.Helper()
	withCheck(t, r, ref)
	push(t, r, ref)
}

// withCheck makes an image of the test image that has a HEALTHCHECK of its own.
func withCheck(t *testing.T, r *Runtime, ref string) {
	t.Helper()
	id := create(t, r, func(*runtime.Spec) {})
	made, err := r.engine.ContainerCommit(t.Context(), id, client.ContainerCommitOptions{
		Reference: ref, Changes: []string{`HEALTHCHECK --interval=1s CMD ["/steady", "-check", "http://127.0.0.1:8080/healthz"]`},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.engine.ImageRemove(context.Background(), made.ID, client.ImageRemoveOptions{Force: true})
	})
}
