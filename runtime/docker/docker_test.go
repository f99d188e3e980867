package docker

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"steady/imagepack"
	"steady/runtime"
	"steady/runtime/runtimetest"
)

// testImage is this run's own: another run's goes when that ends.
var testImage = fmt.Sprintf("steady-docker-test:sample-%d", os.Getpid())

// made numbers the containers of the tests.
var made atomic.Int64

// engine is the engine under test, nil when none answers and CI is unset.
var engine *Runtime

// TestMain packs the sample application into the image that all tests run, and takes
// it away again.
func TestMain(m *testing.M) {
	ctx := context.Background()
	var err error
	if engine, err = New(ctx, Options{}); err != nil {
		if os.Getenv("CI") != "" {
			log.Fatal(err)
		}
		log.Print("tests that need an engine are skipped: ", err)
		os.Exit(m.Run())
	}
	os.Exit(withImage(ctx, m))
}

func withImage(ctx context.Context, m *testing.M) int {
	dir, err := os.MkdirTemp("", "steady-docker-test")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "app")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		log.Printf("go build: %v\n%s", err, out)
		return 1
	}
	if _, err := imagepack.Load(ctx, testImage, binary, nil, nil); err != nil {
		log.Print(err)
		return 1
	}
	defer engine.engine.ImageRemove(ctx, testImage, client.ImageRemoveOptions{Force: true})
	return m.Run()
}

func needEngine(t *testing.T) *Runtime {
	t.Helper()
	if engine == nil {
		t.Skip("no Docker Engine answers; set CI to make this an error")
	}
	return engine
}

func TestConformance(t *testing.T) { runtimetest.Run(t, needEngine(t), testImage) }

// create makes a container of the test image that goes with the test.
func create(t *testing.T, r *Runtime, change func(*runtime.Spec)) string {
	t.Helper()
	spec := runtime.Spec{
		Name:   fmt.Sprintf("steady-docker-test-%d-%d", os.Getpid(), made.Add(1)),
		Image:  testImage,
		Labels: map[string]string{runtimetest.Label: t.Name()},
	}
	change(&spec)
	id, err := r.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Remove(context.Background(), id); err != nil {
			t.Error(err)
		}
	})
	return id
}

func TestNoEngineSaysWhatToDo(t *testing.T) {
	for host, want := range map[string]string{
		"unix:///nowhere/docker.sock": "no Docker Engine answers at unix:///nowhere/docker.sock: install it (apt-get install docker.io) and start it (dockerd), or use --runtime sim",
		"tcp://127.0.0.1:1":           "no Docker Engine answers at tcp://127.0.0.1:1: install it",
		"nonsense":                    "check DOCKER_HOST",
	} {
		t.Setenv("DOCKER_HOST", host)
		_, err := New(t.Context(), Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", host, err, want)
		}
	}
}

// The signatures by which Steady recognises a failed start are the daemon's own words.
func TestStartFailuresAreInTheDaemonsWords(t *testing.T) {
	r := needEngine(t)
	id := create(t, r, func(s *runtime.Spec) { s.Entrypoint = []string{"no-such-command"} })
	err := r.Start(t.Context(), id)
	var e *runtime.Error
	if !errors.As(err, &e) || e.Name != "CannotStartContainerError" ||
		!strings.HasPrefix(e.Detail, "Error response from daemon: failed to create shim") ||
		!strings.Contains(e.Detail, `exec: "no-such-command": executable file not found in $PATH: unknown`) {
		t.Errorf("error %v", err)
	}
	c, err := r.Inspect(t.Context(), id)
	if err != nil || c.State != runtime.Created || c.ExitCode != 0 || !strings.Contains(c.Error, "no-such-command") {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCreateFailures(t *testing.T) {
	r := needEngine(t)
	for _, c := range []struct {
		name string
		spec runtime.Spec
		kind runtime.Kind
		want string
	}{
		{"no such image", runtime.Spec{Image: "steady-test-none:1"}, runtime.NotFound, "Error response from daemon: No such image: steady-test-none:1"},
		{"too little memory", runtime.Spec{Image: testImage, Memory: 1 << 20}, runtime.Other, "Error response from daemon: Minimum memory limit allowed is 6MB"},
		{"no such port", runtime.Spec{Image: testImage, Ports: []runtime.Port{{ContainerPort: 70000}}}, runtime.Other, "ports are 1 to 65535"},
	} {
		_, err := r.Create(t.Context(), c.spec)
		var e *runtime.Error
		if !errors.As(err, &e) || e.Name != "CannotCreateContainerError" || e.Kind != c.kind || !strings.Contains(e.Detail, c.want) {
			t.Errorf("%s: error %#v", c.name, err)
		}
	}
}

func TestOutOfMemoryIsSeen(t *testing.T) {
	r := needEngine(t)
	id := create(t, r, func(s *runtime.Spec) {
		s.Memory = 24 << 20
		s.Env = []string{"STEADY_SAMPLE_MEMORY=512", "STEADY_SAMPLE_LISTEN=127.0.0.1:0"}
	})
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	c := untilExited(t, r, id)
	if c.ExitCode != 137 || !c.OOMKilled {
		t.Errorf("exit code %d, OOM killed %v", c.ExitCode, c.OOMKilled)
	}
}

func untilExited(t *testing.T, r *Runtime, id string) runtime.Container {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		c, err := r.Inspect(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if c.State == runtime.Exited {
			return c
		}
	}
	t.Fatal("container does not exit")
	return runtime.Container{}
}

func TestSpecReachesTheContainer(t *testing.T) {
	r := needEngine(t)
	id := create(t, r, func(s *runtime.Spec) {
		s.Entrypoint = []string{imagepack.Path}
		s.Command = []string{"-version", "v7"}
		s.Env, s.WorkingDir, s.User = []string{"A=b"}, "/tmp", "nobody"
		s.Memory, s.MemoryReservation, s.CPUShares, s.CPUs = 64<<20, 32<<20, 1, 512
		s.Ports = []runtime.Port{{ContainerPort: 53, Protocol: "udp"}, {ContainerPort: 8080}}
	})
	got, err := r.engine.ContainerInspect(t.Context(), id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, h := got.Container.Config, got.Container.HostConfig
	if fmt.Sprintf("%q %q %s %s", c.Entrypoint, c.Cmd, c.WorkingDir, c.User) != `["/steady"] ["-version" "v7"] /tmp nobody` || !slices.Contains(c.Env, "A=b") {
		t.Errorf("config %+v", c)
	}
	// ECS: null, zero and one are passed to Docker as 2.
	if h.CPUShares != 2 || h.NanoCPUs != 5e8 || h.Memory != 64<<20 || h.MemoryReservation != 32<<20 {
		t.Errorf("shares %d, nano CPUs %d, memory %d, reservation %d", h.CPUShares, h.NanoCPUs, h.Memory, h.MemoryReservation)
	}
	if h.AutoRemove || h.RestartPolicy.Name != "no" || h.LogConfig.Config["max-size"] == "" {
		t.Errorf("host config %+v", h)
	}
	if err := r.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	in, err := r.Inspect(t.Context(), id)
	if err != nil || in.State != runtime.Running || len(in.Ports) != 2 || in.Ports[0].Protocol != "udp" {
		lines, _ := r.Tail(t.Context(), id, 10)
		t.Fatalf("%+v, %v\n%v", in, err, lines)
	}
	if body := fetch(t, in.Ports[1].HostPort); !strings.HasPrefix(body, "version v7 on ") {
		t.Errorf("the published port answers %q", body)
	}
}

func fetch(t *testing.T, port int) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		if err != nil {
			if time.Now().After(end) {
				t.Fatal(err)
			}
			continue
		}
		defer res.Body.Close()
		b := make([]byte, 100)
		n, _ := res.Body.Read(b)
		return string(b[:n])
	}
}

// Create and start of many containers costs two calls each, so it should not take
// much longer than the engine itself needs.
func TestManyInParallel(t *testing.T) {
	r := needEngine(t)
	began := time.Now()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Pull(t.Context(), testImage, ""); err != nil {
				t.Error(err)
				return
			}
			id := create(t, r, func(s *runtime.Spec) { s.Ports = []runtime.Port{{ContainerPort: 8080}} })
			if err := r.Start(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	t.Logf("20 containers from pull to running in %v", time.Since(began))
}
