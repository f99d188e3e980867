// Package endpoint answers what tasks ask about themselves, as the ECS agent does at
// 169.254.170.2: metadata, statistics, credentials of their role, protection from scale-in.
// It never says anything of a task to one that does not know an id of it, and never logs
// an id.
package endpoint

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"steady/model"
	"steady/runtime"
)

// Address is where tasks ask, at port 80.
const Address = "169.254.170.2"

// Config is what is told from.
type Config struct {
	Realm model.Realm
	// Port is where the server listens; ids name it, so that a server which is asked in
	// another one's place knows whom to hand the question to.
	Port int
	// Key makes a text that only this installation can make, always the same of the same.
	Key func(about ...string) []byte
	// Task is a task that has an agent here, and TaskAt the one whose own network interface
	// has an address. Settled tells whether all agents know their tasks.
	Task    func(id string) (Task, bool)
	TaskAt  func(address string) (Task, bool)
	Settled func() bool
	// Inspect and Statistics look at a container of the runtime.
	Inspect    func(ctx context.Context, id string) (runtime.Container, error)
	Statistics func(ctx context.Context, id string) (json.RawMessage, error)
	// Credentials makes temporary credentials of a role for a task.
	Credentials func(role, task string) (Credentials, error)
	// ECS is the API as the holder of credentials may use it.
	ECS func(Credentials) ECS
	// TaskURL is where containers find AWS APIs; empty leaves that to them.
	TaskURL string
	Log     *slog.Logger
}

// Task is a task as its agent knows it.
type Task struct {
	*model.Task
	Definition *model.TaskDefinition
	Instance   *model.Instance
}

// Server answers. Serve it with net/http.
type Server struct {
	Config
	mux     http.ServeMux
	limit   limit
	samples samples
	issued  issued

	mu        sync.Mutex
	reachable map[string]bool       // network modes in which Address leads here
	neighbour func(port int) string // where another server of this machine listens
}

// New makes a server.
func New(c Config) *Server {
	s := &Server{Config: c, reachable: map[string]bool{}}
	for _, v := range []version{v3, v4} {
		path := "/" + v.name + "/{id}"
		s.mux.HandleFunc(path, s.ofContainer(v, s.container))
		s.mux.HandleFunc(path+"/task", s.ofTask(v, s.task(false)))
		s.mux.HandleFunc(path+"/taskWithTags", s.ofTask(v, s.task(true)))
		s.mux.HandleFunc(path+"/stats", s.ofContainer(v.stats("container"), s.stats))
		s.mux.HandleFunc(path+"/task/stats", s.ofTask(v.stats("task"), s.taskStats))
		s.mux.HandleFunc(path+"/associations/{type}", s.ofContainer(v, s.associations))
		s.mux.HandleFunc(path+"/associations/{type}/{name}", s.ofContainer(v, s.association))
	}
	for _, slash := range []string{"", "/{$}"} {
		s.mux.HandleFunc("/v2/metadata"+slash, s.bySource(s.task(false)))
		s.mux.HandleFunc("/v2/metadataWithTags"+slash, s.bySource(s.task(true)))
		s.mux.HandleFunc("/v2/stats"+slash, s.bySource(s.taskStats))
	}
	s.mux.HandleFunc("/v2/metadata/{container}", s.bySource(s.containerOf(s.container)))
	s.mux.HandleFunc("/v2/metadataWithTags/{container}", s.bySource(s.containerOf(s.container)))
	s.mux.HandleFunc("/v2/stats/{container}", s.bySource(s.containerOf(s.stats)))
	s.mux.HandleFunc("/v2/credentials/{id}", s.credentials("CredentialsV2Request: ", func(r *http.Request) string { return r.PathValue("id") }))
	s.mux.HandleFunc("/v1/credentials", s.credentials("CredentialsV1Request: ", func(r *http.Request) string { return r.FormValue("id") }))
	s.mux.HandleFunc("GET /api/{id}/task-protection/v1/state", s.getProtection)
	s.mux.HandleFunc("PUT /api/{id}/task-protection/v1/state", s.putProtection)
	s.mux.HandleFunc("/api/{id}/fault/{fault...}", s.fault)
	return s
}

// ServeHTTP answers one request, unless it is for another server or one too many.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Not cancelled with the request: clients that send and close their side would get none.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerLimit)
	defer cancel()
	r = r.WithContext(ctx)
	id := idOf(r.URL)
	if s.forward(w, r, id) {
		return
	}
	who := id.task
	if who == "" || !s.genuine(id) {
		who, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	if !s.limit.allow(who, time.Now()) {
		http.Error(w, "You have reached maximum request limit.", http.StatusTooManyRequests)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// answerLimit is how long the runtime and the API may take together, or the server that
// a request is handed to.
const answerLimit = 10 * time.Second

// Reached says that in a network mode Address leads here, or no longer does.
func (s *Server) Reached(mode string, yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reachable[mode] = yes
}

// Neighbours says where other servers of this machine listen.
func (s *Server) Neighbours(at netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.neighbour = func(port int) string { return netip.AddrPortFrom(at, uint16(port)).String() }
}

// answer writes a JSON document.
func answer(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}
