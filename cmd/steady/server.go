package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"steady/agent"
	"steady/agent/images"
	"steady/archive"
	"steady/awsapi"
	"steady/control"
	"steady/ecs"
	"steady/events"
	"steady/events/bus"
	"steady/fleet"
	"steady/logs"
	"steady/model"
	"steady/outbox"
	"steady/runtime"
	"steady/state"
	"steady/state/bolt"
	"steady/telemetry"
)

// server is a running Steady: state, API, loops and the agents of this machine.
type server struct {
	options   upCommand
	log       *slog.Logger
	realm     model.Realm
	runtime   runtime.Runtime
	images    *images.Record
	cgroups   agent.Cgroups // nil: a task bounds each of its containers, not their sum
	store     *state.Store
	archive   *archive.Archive
	outbox    *outbox.Outbox
	logs      *logs.API
	bus       *bus.Bus
	events    *events.API
	identity  identity
	fleet     *fleet.Fleet
	endpoints *endpoints // nil: the runtime's containers cannot ask
	instances []*model.Instance
	listener  net.Listener
	keys      *accessKey // nil: any credentials are accepted
	id        string     // of the installation
}

// newServer opens all that can fail, so that a failure is one line and leaves
// nothing behind.
func newServer(ctx context.Context, c upCommand, log *slog.Logger) (_ *server, err error) {
	s := &server{options: c, log: log, realm: model.Realm{Region: c.Region, Account: c.Account}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.store, err = openState(c.DataDir, state.Derive(outbox.Derive(s.realm))); err != nil {
		return nil, err
	}
	if err = s.openIdentity(); err != nil {
		return nil, err
	}
	if s.archive, err = archive.Open(filepath.Join(c.DataDir, "archive"), archive.Options{
		MaxBytes: int64(c.ArchiveMax), Log: log, Account: c.Account,
	}); err != nil {
		return nil, err
	}
	if err = s.openEvents(); err != nil {
		return nil, err
	}
	if s.outbox, err = s.openOutbox(ctx); err != nil {
		return nil, err
	}
	s.logs = logs.New(logs.Options{Archive: s.archive, Store: s.store, Realm: s.realm, Queries: filepath.Join(c.DataDir, "queries"), Log: log})
	if s.listener, err = listen(ctx, c.Listen); err != nil {
		return nil, err
	}
	if !loopback(s.listener.Addr()) {
		if s.keys, err = issueAccessKey(c.DataDir); err != nil {
			return nil, err
		}
		log.Info("requests must be signed", "credentials", credentialsFile(c.DataDir))
	}
	if s.images, err = images.Open(filepath.Join(c.DataDir, "images.json"), log); err != nil {
		return nil, err
	}
	if s.runtime, err = openRuntime(ctx, c, s.images.Pulled); err != nil {
		return nil, err
	}
	if s.id, err = installationID(c.DataDir); err != nil {
		return nil, err
	}
	info, err := s.runtime.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the container runtime about this machine: %w", err)
	}
	s.openCgroups(info.Cgroups)
	if err = s.register(ctx, info); err != nil {
		return nil, err
	}
	s.fleet = fleet.New(s.store, log)
	if s.endpoints, err = s.openEndpoints(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func openState(dir string, options ...state.Option) (*state.Store, error) {
	backend, err := bolt.Open(dir)
	if errors.Is(err, bolt.ErrHeld) {
		return nil, fmt.Errorf("the data directory %s is held by another process: stop that steady, or choose another --data-dir", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: choose another --data-dir, or make this one usable", err)
	}
	store, err := state.Open(backend, options...)
	if err != nil {
		backend.Close()
		return nil, err
	}
	return store, nil
}

// openOutbox brings lifecycle events to all who want every one of them.
func (s *server) openOutbox(ctx context.Context) (*outbox.Outbox, error) {
	origin, err := outbox.Origin(ctx, s.store)
	if err != nil {
		return nil, err
	}
	return outbox.New(s.store, s.log,
		outbox.Archive(s.archive, origin, s.options.EventsRetention),
		outbox.Consumer{Name: "eventbridge", Deliver: s.toBus(origin)},
	), nil
}

// register makes sure of the default cluster and of this machine's instances.
func (s *server) register(ctx context.Context, info runtime.Info) error {
	err := s.store.Update(ctx, func(tx *state.Tx) error {
		if _, ok := tx.Cluster(model.DefaultCluster); !ok {
			tx.PutCluster(&model.Cluster{Name: model.DefaultCluster, Status: model.Active, CreatedAt: time.Now()})
		}
		return nil
	})
	if err != nil {
		return err
	}
	capabilities := agent.Capabilities(info)
	if s.cgroups != nil {
		capabilities = append(capabilities, agent.BoundsTasks)
	}
	s.instances, err = fleet.Register(ctx, s.store, fleet.Machine{
		Realm: s.realm, CPUs: info.CPUs, Memory: int(info.Memory >> 20),
		CPUArch: info.CPUArch, OSType: info.OSType,
		AgentVersion: agent.Version, AgentHash: version, RuntimeVersion: info.Name,
		Capabilities: capabilities, SharesHost: s.options.Runtime != "sim",
	}, s.options.Instances)
	return err
}

// run serves until ctx ends, then stops everything but the containers. It calls ready
// when tasks can be run, unless it ends before.
func (s *server) run(ctx context.Context, ready func(url string)) error {
	defer s.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	parts.Go(func() { s.outbox.Run(ctx) })
	parts.Go(func() { s.fleet.Run(ctx) })
	parts.Go(func() { s.bus.Run(ctx) })
	parts.Go(func() { s.identity.secrets.KeepPurged(ctx, s.log) })
	parts.Go(func() {
		control.Run(ctx, s.store, control.Settings{
			Settle: s.options.Settle, Retention: s.options.Retention, MayAssume: s.identity.access.ECSMayAssume,
		}, s.log)
	})
	parts.Go(func() {
		telemetry.Run(ctx, telemetry.Config{
			Store: s.store, Realm: s.realm, Every: s.options.TelemetryEvery, Stats: s.runtime.Stats, Keep: s.keepTelemetry, Log: s.log,
		})
	})
	var ids []string
	for _, i := range s.instances {
		a := s.newAgent(ctx, i)
		s.endpoints.serves(a)
		parts.Go(func() { s.runAgent(ctx, a, cancel) })
		ids = append(ids, i.ID)
	}
	parts.Go(func() { s.endpoints.run(ctx) })
	parts.Go(func() { s.cleanImages(ctx) })
	parts.Go(func() {
		agent.RemoveStrays(ctx, agent.Strays{
			Runtime: s.runtime, Fleet: s.fleet, Output: outputSink{s.archive}, Installation: s.id, Instances: ids, Cgroups: s.cgroups, Log: s.log,
		})
	})
	web := &http.Server{Handler: s.handler(ctx.Done()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}
	parts.Go(func() {
		if !s.connected(ctx) {
			return
		}
		ready(reachable(s.listener.Addr())) // who calls now waits in the listener's queue
		if err := web.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			cancel(fmt.Errorf("serve the API: %w", err))
		}
	})
	select {
	case <-ctx.Done():
	case <-s.store.Failed():
		cancel(s.store.Err())
	}
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if web.Shutdown(grace) != nil {
		web.Close() // what still runs must not outlive the stores
	}
	cancel(nil)
	parts.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// connected waits until all agents of this machine are connected: a task that is to
// run before finds no place. It tells whether that came before ctx ended.
func (s *server) connected(ctx context.Context) bool {
	snap, feed := s.store.Follow()
	defer feed.Close()
	for _, own := range s.instances {
		for i, ok := snap.Instance(own.ID); !ok || !i.AgentConnected; i, ok = snap.Instance(own.ID) {
			commits, err := feed.Next(ctx)
			if err != nil {
				return false
			}
			snap = commits[len(commits)-1].Snapshot
		}
	}
	return true
}

// network is the name of the installation's own network.
func (s *server) network() string { return "steady-" + s.id }

func (s *server) newAgent(ctx context.Context, i *model.Instance) *agent.Agent {
	return agent.New(agent.Config{
		Runtime: s.runtime, Fleet: s.fleet, Instance: i,
		Installation: s.id, Realm: s.realm, Log: s.log, KeepStopped: s.options.KeepStopped, Images: s.images, Cgroups: s.cgroups,
		Output: outputSink{s.archive}, Network: s.network(), PauseImage: s.pauseImage,
		Supply: s.supplies(ctx), Endpoints: s.endpoints.forAgents(), RouterFiles: filepath.Join(s.options.DataDir, "firelens"),
	})
}

func (s *server) runAgent(ctx context.Context, a *agent.Agent, fail context.CancelCauseFunc) {
	if err := a.Run(ctx); err != nil && ctx.Err() == nil {
		fail(err)
	}
}

func (s *server) handler(closing <-chan struct{}) http.Handler {
	o := awsapi.Options{
		Logger: s.log, Closing: closing,
		Sessions: s.identity.issuer.Session, Authorize: s.identity.access.Authorize,
	}
	if s.keys != nil {
		o.Keys = s.keys.secret
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("/", awsapi.Handler(o, s.services()...))
	return mux
}

// services are the AWS APIs that are served. docs/api.md lists them.
func (s *server) services() []awsapi.Service {
	api := ecs.New(s.store, s.realm, ecs.Options{Settle: s.options.Settle, MayAssume: s.identity.access.ECSMayAssume})
	return append([]awsapi.Service{api.Service(), s.logs.Service(), s.events.Service()}, s.identityServices()...)
}

// health says "ok", since requests are answered, and what is wrong nevertheless.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "ok")
	for _, line := range wrongWith(s.archive.Health()) {
		fmt.Fprintln(w, line)
	}
	for _, stuck := range s.outbox.Stuck() {
		fmt.Fprintf(w, "%d lifecycle events wait for %s since %s: %v\n",
			stuck.Waiting, stuck.Consumer, stuck.Since.UTC().Format(time.RFC3339), stuck.Err)
		if stuck.Many {
			fmt.Fprintf(w, "they take %d bytes of memory and of the disk and are never dropped: have %s take them before there is no room\n",
				stuck.Bytes, stuck.Consumer)
		}
	}
}

func (s *server) close() {
	if s.listener != nil {
		s.listener.Close()
	}
	s.endpoints.close()
	if s.logs != nil {
		s.logs.Close()
	}
	if s.bus != nil {
		if err := s.bus.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "steady: close the event bus: "+err.Error())
		}
	}
	if s.archive != nil {
		if err := s.archive.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "steady: close the archive: "+err.Error())
		}
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "steady: close the state: "+err.Error())
		}
	}
}
