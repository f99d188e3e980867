package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"steady/agent"
	"steady/agent/endpoint"
	"steady/agent/steer"
	"steady/model"
	"steady/runtime/docker"
)

// endpoints answer what the containers of this machine's tasks ask about themselves.
type endpoints struct {
	server    *server
	answers   *endpoint.Server
	agents    []*agent.Agent
	listeners []net.Listener
	gateway   netip.Addr   // of the engine's default network, where all containers reach it
	table     *steer.Table // nil: endpoint.Address leads nowhere
}

// steerTable is the name of the installation's table of rules.
func steerTable(installation string) string { return "steady-" + installation }

// openEndpoints listens. What the machine does not allow is said once, and containers are
// not told of it.
func (s *server) openEndpoints(ctx context.Context) (*endpoints, error) {
	if _, real := s.runtime.(*docker.Runtime); !real {
		return nil, nil
	}
	e := &endpoints{server: s}
	subnet, without := s.runtime.Subnet(ctx, "bridge")
	if without == nil {
		e.gateway, without = addressIn(subnet)
	}
	port, err := e.listen()
	if err != nil {
		return nil, err
	}
	e.answers = endpoint.New(e.config(port))
	e.answers.Reached(string(types.NetworkModeHost), true)
	if without == nil {
		without = e.steer(ctx, subnet, port)
	}
	if without != nil {
		s.log.Warn("containers in network modes bridge and awsvpc get no task metadata endpoint and no credentials of their task roles: run steady as root, on the machine of the container engine", "error", without)
	}
	return e, nil
}

// steer leads what containers send to endpoint.Address here.
func (e *endpoints) steer(ctx context.Context, bridge netip.Prefix, port int) (err error) {
	from := netip.AddrPortFrom(netip.MustParseAddr(endpoint.Address), 80)
	e.table, err = steer.Open(steerTable(e.server.id), from, netip.AddrPortFrom(e.gateway, uint16(port)))
	if err != nil {
		return err
	}
	if err := e.table.Shared(bridge); err != nil {
		return err
	}
	e.answers.Neighbours(e.gateway)
	e.answers.Reached(string(types.NetworkModeBridge), true)
	if subnet, err := e.server.runtime.Subnet(ctx, e.server.network()); err == nil { // of a former run
		return e.own(subnet)
	}
	return nil
}

// reach steers what tasks with network interfaces of their own send.
func (e *endpoints) reach(ctx context.Context) {
	if e.table == nil {
		return
	}
	subnet, err := e.server.runtime.Subnet(ctx, e.server.network())
	if err == nil {
		err = e.own(subnet)
	}
	if err != nil && ctx.Err() == nil {
		e.server.log.Warn("tasks in network mode awsvpc get no task metadata endpoint", "error", err)
	}
}

func (e *endpoints) own(subnet netip.Prefix) error {
	err := e.table.Own(subnet)
	e.answers.Reached(string(types.NetworkModeAwsvpc), err == nil)
	return err
}

// addressIn is this machine's address in a network of the engine.
func addressIn(subnet netip.Prefix) (netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && subnet.Contains(p.Addr()) {
			return p.Addr(), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("this machine has no address in the container engine's network %s", subnet)
}

// portFile keeps the port: containers that run know it.
const portFile = "endpoint-port"

// listen listens at the port of the last time; at first, and if that is taken, at another
// that follows from the installation.
func (e *endpoints) listen() (int, error) {
	file := filepath.Join(e.server.options.DataDir, portFile)
	kept, _ := os.ReadFile(file)
	before, _ := strconv.Atoi(strings.TrimSpace(string(kept)))
	h := fnv.New32a()
	h.Write([]byte(e.server.id))
	const ports = endpoint.LastPort - endpoint.FirstPort
	port := before
	for try := range 100 {
		if try > 0 || port == 0 {
			port = endpoint.FirstPort + int((h.Sum32()+uint32(try)*37)%ports)
		}
		err := e.listenAt(port)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if before != 0 && before != port {
			e.server.log.Warn("the port of the task metadata endpoint is taken: containers in network mode host that run do not find it any more", "port", before, "instead", port)
		}
		return port, os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o600)
	}
	return 0, fmt.Errorf("no port from %d to %d is free for the task metadata endpoint", endpoint.FirstPort, endpoint.LastPort)
}

// listenAt listens on loopback, for tasks in network mode host, and at the gateway of the
// others, both or none.
func (e *endpoints) listenAt(port int) error {
	hosts := []string{"127.0.0.1"}
	if e.gateway.IsValid() {
		hosts = append(hosts, e.gateway.String())
	}
	for _, host := range hosts {
		l, err := net.Listen("tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			e.stopListening()
			return fmt.Errorf("serve the task metadata endpoint: %w", err)
		}
		e.listeners = append(e.listeners, l)
	}
	return nil
}

func (e *endpoints) stopListening() {
	for _, l := range e.listeners {
		l.Close()
	}
	e.listeners = nil
}

// config says what is told, and from where it is known.
func (e *endpoints) config(port int) endpoint.Config {
	s := e.server
	return endpoint.Config{
		Realm: s.realm, Port: port, TaskURL: s.options.TaskEndpointURL, Log: s.log,
		Key:     func(about ...string) []byte { return s.identity.box.MAC("ids of endpoints", strings.Join(about, "\n")) },
		Task:    e.task(func(a *agent.Agent, id string) (*model.Task, *model.TaskDefinition, bool) { return a.Task(id) }),
		TaskAt:  e.task(func(a *agent.Agent, at string) (*model.Task, *model.TaskDefinition, bool) { return a.TaskAt(at) }),
		Settled: e.settled,
		Inspect: s.runtime.Inspect,
		Statistics: func(ctx context.Context, id string) (json.RawMessage, error) {
			stats, err := s.runtime.Stats(ctx, id)
			return stats.Raw, err
		},
		Credentials: func(role, task string) (endpoint.Credentials, error) {
			c, err := s.identity.issuer.ForTask(role, task)
			return endpoint.Credentials{RoleARN: c.RoleARN, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Token: c.SessionToken, Expiration: c.Expiration}, err
		},
		ECS: func(c endpoint.Credentials) endpoint.ECS {
			return ecs.New(ecs.Options{
				Region: s.realm.Region, BaseEndpoint: aws.String(reachable(s.listener.Addr())), RetryMaxAttempts: 2,
				Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.Token),
			})
		},
	}
}

// task asks the agents one after another.
func (e *endpoints) task(of func(*agent.Agent, string) (*model.Task, *model.TaskDefinition, bool)) func(string) (endpoint.Task, bool) {
	return func(name string) (endpoint.Task, bool) {
		for _, a := range e.agents {
			t, d, ok := of(a, name)
			if !ok {
				continue
			}
			i, known := e.server.store.Snapshot().Instance(t.Instance)
			if !known {
				i = a.Instance
			}
			return endpoint.Task{Task: t, Definition: d, Instance: i}, true
		}
		return endpoint.Task{}, false
	}
}

func (e *endpoints) settled() bool {
	for _, a := range e.agents {
		if !a.Settled() {
			return false
		}
	}
	return true
}

// serves adds an agent, before run.
func (e *endpoints) serves(a *agent.Agent) {
	if e != nil {
		e.agents = append(e.agents, a)
	}
}

func (e *endpoints) forAgents() agent.Endpoints {
	if e == nil {
		return agent.Endpoints{}
	}
	return agent.Endpoints{Environment: e.answers.Environment, Reach: e.reach}
}

// run answers until ctx ends.
func (e *endpoints) run(ctx context.Context) {
	if e == nil {
		return
	}
	web := &http.Server{Handler: e.answers, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(e.server.log.Handler(), slog.LevelDebug)}
	for _, l := range e.listeners {
		go web.Serve(l) // ends with Close
	}
	<-ctx.Done()
	web.Close()
}

// close gives back what the machine was asked for.
func (e *endpoints) close() {
	if e == nil {
		return
	}
	e.stopListening()
	if e.table == nil {
		return
	}
	if err := e.table.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "steady: remove the rules that lead to the task metadata endpoint: "+err.Error())
	}
}
