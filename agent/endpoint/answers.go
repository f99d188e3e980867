package endpoint

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// version is one of the forms of the task metadata endpoint, with the words and statuses
// that the ECS agent has for an id that it does not know.
type version struct {
	name                          string
	unknownContainer, unknownTask unknown
	failed                        int // of what cannot be looked at
}

type unknown struct {
	status int
	text   string // with a place for the id
}

const (
	noContainer = "unable to get container ID from request: unable to get docker ID from v3 endpoint ID: %s"
	noTask      = "unable to get task arn from request: unable to get task Arn from v3 endpoint ID: %s"
)

var (
	v2 = version{name: "v2", failed: http.StatusBadRequest}
	v3 = version{
		name:             "v3",
		unknownContainer: unknown{http.StatusInternalServerError, "V3 container metadata handler: " + noContainer},
		unknownTask:      unknown{http.StatusInternalServerError, "V3 task metadata handler: " + noTask},
		failed:           http.StatusInternalServerError,
	}
	v4 = version{
		name:             "v4",
		unknownContainer: unknown{http.StatusNotFound, "V4 container metadata handler: " + noContainer},
		unknownTask:      unknown{http.StatusNotFound, "V4 task metadata handler: " + noTask},
		failed:           http.StatusInternalServerError,
	}
)

// stats is the version with what it answers where statistics are asked for.
func (v version) stats(of string) version {
	if v.name == v3.name {
		v.failed = http.StatusBadRequest
		v.unknownTask.status = v.failed
	}
	v.unknownTask.text = strings.ToUpper(v.name) + " " + of + " stats handler: " + noTask
	v.unknownContainer = v.unknownTask
	return v
}

type (
	aboutTask      func(w http.ResponseWriter, r *http.Request, v version, t Task)
	aboutContainer func(w http.ResponseWriter, r *http.Request, v version, t Task, container string)
)

// ofContainer finds the container that an id in the address stands for.
func (s *Server) ofContainer(v version, do aboutContainer) http.HandlerFunc {
	return s.of(v, v.unknownContainer, do)
}

// ofTask finds the task of that container.
func (s *Server) ofTask(v version, do aboutTask) http.HandlerFunc {
	return s.of(v, v.unknownTask, func(w http.ResponseWriter, r *http.Request, v version, t Task, _ string) { do(w, r, v, t) })
}

func (s *Server) of(v version, u unknown, do aboutContainer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, container, ok := s.lookup(parseID(r.PathValue("id")))
		if !ok {
			answer(w, u.status, fmt.Sprintf(u.text, r.PathValue("id")))
			return
		}
		do(w, r, v, t, container)
	}
}

// bySource finds the task by the address that asks: its own, in network mode awsvpc.
func (s *Server) bySource(do aboutTask) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		t, ok := s.TaskAt(from)
		if !ok {
			answer(w, http.StatusBadRequest, "Unable to get task arn from request: unable to associate '"+from+"' with task")
			return
		}
		do(w, r, v2, t)
	}
}

// containerOf finds a container of the task by the runtime's id.
func (s *Server) containerOf(do aboutContainer) aboutTask {
	return func(w http.ResponseWriter, r *http.Request, v version, t Task) {
		id := r.PathValue("container")
		for _, c := range t.Containers {
			if c.RuntimeID == id && id != "" {
				do(w, r, v, t, c.Name)
				return
			}
		}
		answer(w, v.failed, "Unable to generate metadata for container '"+id+"'")
	}
}

func (s *Server) container(w http.ResponseWriter, r *http.Request, v version, t Task, name string) {
	b, err := s.describe(r.Context(), v, t, name)
	if err != nil {
		s.cannot(w, v, t, err, "Unable to generate metadata for container '"+t.container(name).RuntimeID+"'")
		return
	}
	answer(w, http.StatusOK, b)
}

func (s *Server) task(tags bool) aboutTask {
	return func(w http.ResponseWriter, r *http.Request, v version, t Task) {
		b, err := s.describeTask(r.Context(), v, t, tags)
		if err != nil {
			s.cannot(w, v, t, err, "Unable to generate metadata for task: '"+s.Realm.TaskARN(t.Cluster, t.ID)+"'")
			return
		}
		answer(w, http.StatusOK, b)
	}
}

func (s *Server) cannot(w http.ResponseWriter, v version, t Task, err error, text string) {
	s.Log.Debug("cannot tell a task about itself", "cluster", t.Cluster, "service", t.Service, "task", t.ID, "error", err)
	answer(w, v.failed, text)
}

// associations are resources that ECS gives to a container: none here.
func (s *Server) associations(w http.ResponseWriter, _ *http.Request, _ version, _ Task, _ string) {
	answer(w, http.StatusOK, map[string][]string{"Associations": {}})
}

func (s *Server) association(w http.ResponseWriter, r *http.Request, v version, t Task, _ string) {
	answer(w, http.StatusNotFound, "Unable to get association value: "+r.PathValue("type")+" association "+r.PathValue("name")+" not found in task")
}

// fault refuses to inject faults, in the ECS agent's words.
func (s *Server) fault(w http.ResponseWriter, r *http.Request) {
	t, _, ok := s.lookup(parseID(r.PathValue("id")))
	if !ok {
		answer(w, http.StatusNotFound, map[string]string{"Error": "unable to lookup container: " + r.PathValue("id")})
		return
	}
	answer(w, http.StatusBadRequest, map[string]string{"Error": "enableFaultInjection is not enabled for task: " + s.Realm.TaskARN(t.Cluster, t.ID)})
}
