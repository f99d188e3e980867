package endpoint

import (
	"crypto/hmac"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// id is what a container knows itself by: TASK-SECRET-PORT. The secret follows from the
// installation's key and what the id is for, so that an id is the same after a restart and
// nobody else can make it. ECS's own are as opaque.
type id struct {
	task   string
	secret string
	port   int
	text   string
}

func (i id) String() string { return i.text }

const secretBytes = 12

// What ids are for.
const (
	forContainer   = "task metadata endpoint"
	forCredentials = "task credentials endpoint"
)

func (s *Server) newID(task string, about ...string) string {
	return task + "-" + s.secret(task, about...) + "-" + strconv.Itoa(s.Port)
}

func (s *Server) secret(task string, about ...string) string {
	return hex.EncodeToString(s.Key(append(about, task)...)[:secretBytes])
}

// parseID takes an id apart; what is none has no task.
func parseID(text string) id {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || len(parts[0]) > 64 || len(parts[1]) != 2*secretBytes {
		return id{text: text}
	}
	port, err := strconv.Atoi(parts[2])
	if err != nil {
		return id{text: text}
	}
	return id{task: parts[0], secret: parts[1], port: port, text: text}
}

// idOf finds the id in an address, wherever that has one.
func idOf(u *url.URL) id {
	parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	switch {
	case len(parts) >= 2 && (parts[0] == "v3" || parts[0] == "v4" || parts[0] == "api"):
		return parseID(parts[1])
	case len(parts) == 3 && parts[0] == "v2" && parts[1] == "credentials":
		return parseID(parts[2])
	case u.Path == "/v1/credentials":
		return parseID(u.Query().Get("id"))
	}
	return id{}
}

func (s *Server) is(i id, about ...string) bool {
	return i.task != "" && hmac.Equal([]byte(i.secret), []byte(s.secret(i.task, about...)))
}

// genuine tells whether the id is one of a task that has an agent here.
func (s *Server) genuine(i id) bool {
	_, _, ok := s.lookup(i)
	return ok || s.is(i, forCredentials)
}

// lookup finds the container that an id stands for.
func (s *Server) lookup(i id) (Task, string, bool) {
	if i.task == "" {
		return Task{}, "", false
	}
	t, ok := s.Task(i.task)
	if !ok {
		return Task{}, "", false
	}
	for _, c := range t.Containers {
		if s.is(i, forContainer, c.Name) {
			return t, c.Name, true
		}
	}
	return Task{}, "", false
}
