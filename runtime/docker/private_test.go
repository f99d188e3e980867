package docker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/moby/client"

	"steady/runtime"
)

// login is the one that the private registry of the tests knows.
var login = authn.Basic{Username: "ada", Password: "engine"}

// privateRegistry serves who logs in, and tells its host.
func privateRegistry(t *testing.T) string {
	t.Helper()
	behind := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != login.Username || password != login.Password {
			w.Header().Set("WWW-Authenticate", `Basic realm="private"`)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// pushed puts an image into the registry and sees to it that it does not stay here.
func pushed(t *testing.T, r *Runtime, ref string, index func() (v1.ImageIndex, error)) {
	t.Helper()
	to, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if index != nil {
		i, err := index()
		if err == nil {
			err = remote.WriteIndex(to, i, remote.WithAuth(&login))
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	image, err := random.Image(64, 1)
	if err == nil {
		err = remote.Write(to, image, remote.WithAuth(&login))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.engine.ImageRemove(context.Background(), ref, client.ImageRemoveOptions{Force: true})
	})
}

// dockerLogin writes a config.json as `docker login` does.
func dockerLogin(t *testing.T, host, user, password string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	secret := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	if err := os.WriteFile(filepath.Join(dir, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func forOtherPlatforms() (v1.ImageIndex, error) {
	image, err := random.Image(64, 1)
	return mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}}), err
}

// With a real engine and registry: who may pull, and in which words it fails.
func TestPrivateRegistry(t *testing.T) {
	shared := needEngine(t)
	host := privateRegistry(t)
	there, foreign := host+"/app:1", host+"/foreign:1"
	pushed(t, shared, there, nil)
	pushed(t, shared, foreign, forOtherPlatforms)
	for _, c := range []struct {
		name   string
		ref    string
		logins string
		with   []runtime.Credentials
		fails  string // part of the CannotPullContainerError
	}{
		{name: "the task's credentials", ref: there, with: []runtime.Credentials{{Username: "ada", Password: "engine"}}},
		{name: "the machine's login", ref: there, logins: dockerLogin(t, host, "ada", "engine")},
		{name: "the task's win", ref: there, logins: dockerLogin(t, host, "ada", "wrong"), with: []runtime.Credentials{{Username: "ada", Password: "engine"}}},
		{name: "no login", ref: there, fails: "no basic auth credentials"},
		{name: "a login for another registry", ref: there, logins: dockerLogin(t, "r.test", "ada", "engine"), fails: "no basic auth credentials"},
		{name: "a wrong password", ref: there, logins: dockerLogin(t, host, "ada", "wrong"), fails: "unauthorized"},
		{name: "no such tag", ref: host + "/app:2", logins: dockerLogin(t, host, "ada", "engine"), fails: "not found"},
		{name: "not for this platform", ref: foreign, logins: dockerLogin(t, host, "ada", "engine"), fails: "no matching manifest for "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Runtime{engine: shared.engine, options: Options{Logins: c.logins, Behavior: PullAlways}, patience: registryPatience}
			got, err := r.Pull(t.Context(), c.ref, "", c.with...)
			var e *runtime.Error
			switch {
			case c.fails == "" && (err != nil || !got.Fetched):
				t.Errorf("%+v, %v", got, err)
			case c.fails != "" && (!errors.As(err, &e) || e.Name != "CannotPullContainerError" || !strings.Contains(e.Detail, c.fails)):
				t.Errorf("%+v, %v; want %q", got, err, c.fails)
			case err != nil && (strings.Contains(err.Error(), "engine\"") || strings.Contains(err.Error(), "wrong")):
				t.Errorf("the error tells the password: %v", err)
			}
			if err != nil {
				t.Log(err)
			}
		})
	}
}

func TestALoginIsFoundByItsRegistry(t *testing.T) {
	for ref, want := range map[string]string{
		"web:1": dockerHub, "library/web": dockerHub, "docker.io/library/web": dockerHub,
		"r.test/web:1": "r.test", "localhost:5000/web": "localhost:5000", "Web": "",
	} {
		if got := registryOf(ref); got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
}

// A file that cannot be read does not stop what needs no login.
func TestABrokenLoginFileIsNoLogin(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &Runtime{options: Options{Logins: dir}}
	if auth, err := r.registryAuth("r.test/web", nil); auth != "" || err != nil {
		t.Errorf("%q, %v", auth, err)
	}
}
