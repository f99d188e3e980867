package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/firelens"
	"steady/model"
	"steady/runtime"
)

// maxSocketPath is how long the path of a unix socket may be (unix(7)).
const maxSocketPath = 107

// routerFiles are the files of a task's log router on this machine: a directory for the
// socket, its configuration, and the name of the instance whose agent wrote them.
type routerFiles string

func (a *Agent) routerFiles(task string) routerFiles {
	return routerFiles(filepath.Join(a.RouterFiles, task))
}

func (f routerFiles) sockets() string   { return filepath.Join(string(f), "socket") }
func (f routerFiles) socket() string    { return filepath.Join(f.sockets(), firelens.SocketName) }
func (f routerFiles) generated() string { return filepath.Join(string(f), "config", "fluent.conf") }
func (f routerFiles) external() string  { return filepath.Join(string(f), "config", "external.conf") }
func (f routerFiles) owner() string     { return filepath.Join(string(f), "instance") }

// routerResource makes the files of a task's log router, if it has one.
func (r *runner) routerResource(t *model.Task) []resource {
	router, ok := firelens.Of(r.definition.Containers())
	if !ok {
		return nil
	}
	files := r.agent.routerFiles(t.ID)
	return []resource{{
		name: "firelens",
		make: func(ctx context.Context) error {
			if _, err := os.Stat(files.generated()); err == nil {
				return nil // by a former run: the router reads them
			}
			return r.writeRouterFiles(ctx, t, router, files)
		},
		giveBack: func(context.Context) error { return os.RemoveAll(string(files)) },
	}}
}

// writeRouterFiles writes the configuration last: once it is there, all is.
func (r *runner) writeRouterFiles(ctx context.Context, t *model.Task, router firelens.Router, files routerFiles) error {
	if len(files.socket()) > maxSocketPath {
		return fmt.Errorf("the path of the log router's socket, %s, is longer than the %d bytes that a socket may have: give steady up a shorter --data-dir", files.socket(), maxSocketPath)
	}
	config, err := firelens.Config(firelens.Task{
		Cluster: t.Cluster, ARN: r.agent.Realm.TaskARN(t.Cluster, t.ID), Definition: r.definition.Family + ":" + strconv.Itoa(r.definition.Revision),
		EC2Instance: r.agent.Instance.EC2InstanceID, Network: r.definition.Spec.NetworkMode, Containers: r.definition.Containers(),
	})
	if err != nil {
		return fmt.Errorf("unable to generate firelens config file: %w", err)
	}
	if err := files.makeDirectories(r.agent.Instance.ID); err != nil {
		return fmt.Errorf("unable to initialize resource directory %s: %w", files, err)
	}
	if router.Object != "" {
		if err := r.download(ctx, t, router.Object, files.external()); err != nil {
			return fmt.Errorf("unable to download firelens s3 config file: %w", err)
		}
	}
	if err := place(files.generated(), []byte(config)); err != nil {
		return fmt.Errorf("unable to generate firelens config file: %w", err)
	}
	return nil
}

// makeDirectories: a router that is not root makes its socket too, and reads its
// configuration. Whoever else is on this machine does not come as far as here.
func (f routerFiles) makeDirectories(instance string) error {
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.generated()), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(f.owner(), []byte(instance), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(f.sockets(), 0o755); err != nil {
		return err
	}
	return os.Chmod(f.sockets(), 0o777) // whatever the umask
}

func (r *runner) download(ctx context.Context, t *model.Task, object, name string) error {
	if r.agent.Supply == nil {
		return errors.New("this agent has nowhere to get objects of S3 from")
	}
	content, err := r.agent.Supply.Object(ctx, t, r.definition, object)
	if err != nil {
		return err
	}
	return place(name, content)
}

// place writes a file, whole or not at all.
func place(name string, content []byte) error {
	half := name + ".part"
	if err := os.WriteFile(half, content, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(half, 0o644); err != nil { // whatever the umask
		return err
	}
	return os.Rename(half, name)
}

// route makes a container the log router of its task, or gives what it writes to that.
func (r *runner) route(s *runtime.Spec, c types.ContainerDefinition) {
	containers := r.definition.Containers()
	router, ok := firelens.Of(containers)
	files := r.agent.routerFiles(r.id)
	switch {
	case !ok:
	case aws.ToString(c.Name) == router.Name:
		generated, external := router.Paths()
		s.Files.Mounts = append(s.Files.Mounts,
			runtime.Mount{Source: files.generated(), Target: generated},
			runtime.Mount{Source: files.sockets(), Target: firelens.SocketDirectory})
		if router.Object != "" {
			s.Files.Mounts = append(s.Files.Mounts, runtime.Mount{Source: files.external(), Target: external})
		}
		if router.Type == types.FirelensConfigurationTypeFluentd {
			s.Env = append(s.Env, "FLUENT_UID=0") // for the socket
		}
		s.Env = append(s.Env, r.secretLogOptions(containers)...)
	case firelens.Routed(c):
		s.Log = routedLog(c, r.id, files)
		if host := r.routerAddress(router); host != "" {
			s.Env = append(s.Env, "FLUENT_HOST="+host, "FLUENT_PORT="+firelens.Port)
		}
	}
}

// routedLog is the engine's driver for what a router gets. It connects when the router
// listens, and does not have the container wait for that.
func routedLog(c types.ContainerDefinition, task string, files routerFiles) runtime.Log {
	options := map[string]string{
		"tag": firelens.Tag(aws.ToString(c.Name), task), "fluentd-address": "unix://" + files.socket(),
		"fluentd-async": "true", "fluentd-sub-second-precision": "true",
	}
	if limit := c.LogConfiguration.Options[firelens.BufferLimit]; limit != "" {
		options["fluentd-buffer-limit"] = limit
	}
	return runtime.Log{Driver: "fluentd", Options: options}
}

// routerAddress is where a container finds its task's router, which runs already, in the
// network; empty in the modes in which the router does not listen there.
func (r *runner) routerAddress(router firelens.Router) string {
	switch r.definition.Spec.NetworkMode {
	case types.NetworkModeAwsvpc:
		return "127.0.0.1"
	case types.NetworkModeBridge, "":
		i := slices.IndexFunc(r.parts, func(p part) bool { return p.name == router.Name })
		return r.parts[i].observed.Address
	}
	return ""
}

// secretLogOptions are the variables in which the router finds the options that are
// secrets.
func (r *runner) secretLogOptions(containers []types.ContainerDefinition) []string {
	r.supplies.mu.Lock()
	defer r.supplies.mu.Unlock()
	var env []string
	for i, c := range containers {
		if !firelens.Routed(c) {
			continue
		}
		given := r.supplies.had[aws.ToString(c.Name)].LogOptions
		for _, s := range c.LogConfiguration.SecretOptions {
			env = append(env, firelens.Variable(aws.ToString(s.Name), i)+"="+given[aws.ToString(s.Name)])
		}
	}
	return env
}

// removeRouterFiles removes what agents that were killed have left of tasks of this
// instance that are not to run any more.
func (a *Agent) removeRouterFiles(ctx context.Context, before map[string]bool) {
	if a.RouterFiles == "" {
		return
	}
	found, err := os.ReadDir(a.RouterFiles)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.Log.Warn("look for files of log routers whose task is over, trying again later", "error", err)
	}
	now := a.running()
	if ctx.Err() != nil {
		return // the runners end with ctx, but their tasks go on
	}
	for _, d := range found {
		files := a.routerFiles(d.Name())
		owner, err := os.ReadFile(files.owner())
		if before[d.Name()] || now[d.Name()] || err != nil || string(owner) != a.Instance.ID {
			continue
		}
		if err := os.RemoveAll(string(files)); err != nil {
			a.Log.Warn("remove the files of a log router whose task is over, trying again later", "task", d.Name(), "error", err)
		}
	}
}
