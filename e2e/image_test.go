package e2e

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/moby/api/pkg/authconfig"
	registrytypes "github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
)

// privateRegistry serves the sample application as app:1 to ada, and tells its host. The
// image is not on the machine when the test begins, nor when it has ended.
func privateRegistry(t *testing.T) (host string, server *httptest.Server) {
	t.Helper()
	behind := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ada" || password != "engine" {
			w.Header().Set("WWW-Authenticate", `Basic realm="private"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	ref, ctx := host+"/app:1", t.Context()
	if _, err := engine.ImageTag(ctx, client.ImageTagOptions{Source: image, Target: ref}); err != nil {
		t.Fatal(err)
	}
	remove := func() {
		engine.ImageRemove(context.Background(), ref, client.ImageRemoveOptions{Force: true})
	}
	t.Cleanup(remove)
	auth, err := authconfig.Encode(registrytypes.AuthConfig{Username: "ada", Password: "engine"})
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := engine.ImagePush(ctx, ref, client.ImagePushOptions{RegistryAuth: auth})
	if err == nil {
		err = pushed.Wait(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	remove()
	return host, server
}

// The machine's login pulls from a private registry, and without the registry each
// behavior does as it says.
func TestImagePullBehaviors(t *testing.T) {
	host, private := privateRegistry(t)
	logins := t.TempDir()
	if err := os.WriteFile(filepath.Join(logins, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":"YWRhOmVuZ2luZQ=="}}}`, host), 0o600); err != nil {
		t.Fatal(err)
	}
	s := up(t, "--docker-config", t.TempDir())
	s.registers(host + "/app:1")
	if got := s.runs(t); !strings.Contains(got, "CannotPullContainerError: Error response from daemon: ") || !strings.Contains(got, "no basic auth credentials") {
		t.Errorf("without a login: %s", got)
	}
	s.again("--docker-config", logins, "--image-pull-behavior", "once")
	if got := s.runs(t); !strings.HasPrefix(got, "RUNNING sha256:") {
		t.Errorf("with the machine's login: %s", got)
	}
	private.Close()
	if got := s.runs(t); !strings.HasPrefix(got, "RUNNING sha256:") {
		t.Errorf("once, pulled before: %s", got)
	}
	s.again("--image-pull-behavior", "prefer-cached")
	if got := s.runs(t); !strings.HasPrefix(got, "RUNNING sha256:") {
		t.Errorf("prefer-cached: %s", got)
	}
	s.again("--image-pull-behavior", "always")
	if got := s.runs(t); !strings.Contains(got, "CannotPullContainerError: ref pull has been retried 5 time(s): ") || !strings.Contains(got, "connection refused") {
		t.Errorf("always, without the registry: %s", got)
	}
}

// again starts the server with other flags.
func (s *server) again(flags ...string) {
	s.t.Helper()
	s.stop()
	s.flags = flags
	s.start()
}

// registers makes the task definition app of an image.
func (s *server) registers(image string) {
	s.t.Helper()
	aws[any](s, "ecs", "register-task-definition", "--family", "app", "--container-definitions", fmt.Sprintf(`[{"name":"app","image":%q,"memory":64}]`, image))
}

// runs runs a task of it, waits until it runs or has stopped, and tells that and the
// digest of its image, or why it stopped. The times of its pull have to be told.
func (s *server) runs(t *testing.T) (told string) {
	t.Helper()
	type tasks struct {
		Tasks []struct {
			TaskArn, LastStatus, StoppedReason string
			PullStartedAt, PullStoppedAt       float64
			Containers                         []struct{ ImageDigest string }
		}
	}
	arn := aws[tasks](s, "ecs", "run-task", "--task-definition", "app").Tasks[0].TaskArn
	eventually(t, func() string {
		x := aws[tasks](s, "ecs", "describe-tasks", "--tasks", arn).Tasks[0]
		switch x.LastStatus {
		case "RUNNING":
			told = "RUNNING " + x.Containers[0].ImageDigest
		case "STOPPED":
			told = x.StoppedReason
		default:
			return "it is " + x.LastStatus
		}
		if x.PullStartedAt == 0 || x.PullStoppedAt < x.PullStartedAt {
			t.Errorf("pulled from %v to %v", x.PullStartedAt, x.PullStoppedAt)
		}
		return ""
	})
	return told
}
