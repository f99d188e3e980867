package endpoint

import (
	"net/http"
	"sync"
	"time"
)

// Credentials are those of a task's role, as SDKs read them.
type Credentials struct {
	RoleARN         string    `json:"RoleArn"`
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	Token           string    `json:"Token"`
	Expiration      time.Time `json:"Expiration"`
}

// refusal is the body of an error of the credentials endpoints.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"HTTPErrorCode"`
}

// freshFor is how long credentials must still last when they are handed out again.
const freshFor = 2 * time.Hour

// issued are the credentials that were handed out, by task and role.
type issued struct {
	mu sync.Mutex
	of map[[2]string]Credentials
}

func (s *Server) credentials(prefix string, of func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, code, message string) {
			answer(w, status, refusal{code, prefix + message, status})
		}
		text := of(r)
		if text == "" {
			refuse(http.StatusBadRequest, "NoIdInRequest", "No Credential ID in the request")
			return
		}
		i := parseID(text)
		if !s.is(i, forCredentials) {
			refuse(http.StatusBadRequest, "InvalidIdInRequest", "Credentials not found")
			return
		}
		t, ok := s.Task(i.task)
		switch {
		case !ok && !s.Settled():
			refuse(http.StatusServiceUnavailable, "CredentialsUninitialized", "Credentials uninitialized for ID")
			return
		case !ok || Role(t.Task, t.Definition) == "":
			refuse(http.StatusBadRequest, "InvalidIdInRequest", "Credentials not found")
			return
		}
		c, err := s.credentialsOf(t, time.Now())
		if err != nil {
			s.Log.Warn("a task gets no credentials of its role", "cluster", t.Cluster, "service", t.Service, "task", t.ID, "error", err)
			refuse(http.StatusInternalServerError, "InternalServerError", err.Error())
			return
		}
		answer(w, http.StatusOK, c)
	}
}

// credentialsOf are those of the task's role: the same ones for as long as they last long
// enough.
func (s *Server) credentialsOf(t Task, now time.Time) (Credentials, error) {
	key := [2]string{t.ID, Role(t.Task, t.Definition)}
	s.issued.mu.Lock()
	defer s.issued.mu.Unlock()
	if c, ok := s.issued.of[key]; ok && c.Expiration.Sub(now) > freshFor {
		return c, nil
	}
	c, err := s.Credentials(key[1], t.ID)
	if err != nil {
		return Credentials{}, err
	}
	if s.issued.of == nil {
		s.issued.of = map[[2]string]Credentials{}
	}
	for k, old := range s.issued.of {
		if old.Expiration.Before(now) {
			delete(s.issued.of, k)
		}
	}
	s.issued.of[key] = c
	return c, nil
}
