package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/model"
	"steady/runtime"
	"steady/runtime/sim"
)

// recorded keeps what a runtime is asked to make, and the order in which it is to stop it.
type recorded struct {
	*sim.Runtime
	mu      sync.Mutex
	specs   map[string]runtime.Spec // by container name
	names   map[string]string       // by id
	stopped []string
}

func record() *recorded {
	return &recorded{Runtime: sim.New(sim.Options{}), specs: map[string]runtime.Spec{}, names: map[string]string{}}
}

func (r *recorded) Create(ctx context.Context, s runtime.Spec) (string, error) {
	id, err := r.Runtime.Create(ctx, s)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.specs[s.Labels["com.amazonaws.ecs.container-name"]] = s
	r.names[id] = s.Labels["com.amazonaws.ecs.container-name"]
	return id, err
}

func (r *recorded) Stop(ctx context.Context, id string, grace time.Duration) error {
	r.mu.Lock()
	r.stopped = append(r.stopped, r.names[id])
	r.mu.Unlock()
	return r.Runtime.Stop(ctx, id, grace)
}

// routing are the containers of a task with a log router, the router last.
func routing() (app, router types.ContainerDefinition) {
	app, router = container("app", ""), container("router", "")
	app.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwsfirelens, Options: map[string]string{"Name": "null", "log-driver-buffer-limit": "77"}}
	router.FirelensConfiguration = &types.FirelensConfiguration{Type: types.FirelensConfigurationTypeFluentbit}
	return app, router
}

func TestATaskWithALogRouter(t *testing.T) {
	rt := record()
	inBubble(t, rt, func(w *world) {
		w.routers = filepath.Join(t.TempDir(), "f")
		w.define(routing())
		id := w.assign()
		w.start()
		w.after(time.Second)
		if task := w.task(id); task.Last != model.Running {
			t.Fatalf("the task is %s: %s", task.Last, task.StoppedReason)
		}
		files := filepath.Join(w.routers, id)
		config, err := os.ReadFile(filepath.Join(files, "config", "fluent.conf"))
		if err != nil || !strings.Contains(string(config), "Match app-firelens*\n") {
			t.Errorf("%v: %s", err, config)
		}
		if info, err := os.Stat(filepath.Join(files, "socket")); err != nil || info.Mode().Perm() != 0o777 {
			t.Errorf("a router that is not root cannot make its socket: %v, %v", info, err)
		}
		wanted := []runtime.Mount{
			{Source: filepath.Join(files, "config", "fluent.conf"), Target: "/fluent-bit/etc/fluent-bit.conf"},
			{Source: filepath.Join(files, "socket"), Target: "/var/run/"},
		}
		if got := rt.specs["router"].Files.Mounts; !slices.Equal(got, wanted) {
			t.Errorf("the router has the mounts %v", got)
		}
		log := rt.specs["app"].Log
		if o := log.Options; log.Driver != "fluentd" || o["tag"] != "app-firelens-"+id || o["fluentd-address"] != "unix://"+filepath.Join(files, "socket", "fluent.sock") ||
			o["fluentd-async"] != "true" || o["fluentd-buffer-limit"] != "77" || o["Name"] != "" {
			t.Errorf("the app has the log driver %+v", log)
		}
		w.stop()
		w.start() // finds the files, and uses them
		w.end(id)
		w.after(time.Minute)
		if task := w.task(id); task.Last != model.Stopped {
			t.Fatalf("the task is %s", task.Last)
		}
		if !slices.Equal(rt.stopped, []string{"app", "router"}) {
			t.Errorf("stopped in the order %v", rt.stopped)
		}
		if left, _ := os.ReadDir(w.routers); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	})
}

func TestFilesOfLogRoutersThatAreLeftAreRemoved(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		w.routers = t.TempDir()
		for task, instance := range map[string]string{"mine": w.instance.ID, "theirs": "another"} {
			if err := os.MkdirAll(filepath.Join(w.routers, task), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(w.routers, task, "instance"), []byte(instance), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w.start()
		w.after(time.Minute)
		if left, err := os.ReadDir(w.routers); err != nil || len(left) != 1 || left[0].Name() != "theirs" {
			t.Errorf("%v is left (%v)", left, err)
		}
	})
}

func TestALogRouterWhoseSocketHasTooLongAPath(t *testing.T) {
	inBubble(t, sim.New(sim.Options{}), func(w *world) {
		w.routers = filepath.Join(t.TempDir(), strings.Repeat("x", 100))
		w.define(routing())
		id := w.assign()
		w.start()
		w.after(time.Second)
		task := w.task(id)
		if task.StopCode != model.TaskFailedToStart || !strings.HasPrefix(task.StoppedReason, "ResourceInitializationError: the path of the log router's socket, ") {
			t.Errorf("%s: %s", task.StopCode, task.StoppedReason)
		}
	})
}
