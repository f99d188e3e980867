package endpoint

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Of several servers on one machine, one gets what the containers of all of them ask over
// the engine's default bridge. An id names the port of the server that it belongs to, which
// listens at the same address.

// Ports from FirstPort to LastPort are those that servers listen at: below those that
// Linux gives to connections, and that Docker gives to containers.
const (
	FirstPort = 20000
	LastPort  = 32000
)

const forwarded = "X-Steady-Forwarded"

// forward hands a question to the server that it belongs to, if that is another.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, i id) bool {
	s.mu.Lock()
	neighbour := s.neighbour
	s.mu.Unlock()
	if i.port == s.Port || i.port < FirstPort || i.port > LastPort || neighbour == nil || r.Header.Get(forwarded) != "" {
		return false
	}
	if _, ours := s.Task(i.task); ours { // from when this server had another port
		return false
	}
	to := &url.URL{Scheme: "http", Host: neighbour(i.port)}
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Header.Set(forwarded, "1")
		},
		// It may be starting anew: SDKs ask again after this status, not after "unknown".
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			answer(w, http.StatusServiceUnavailable, "the server of this task does not answer")
		},
	}
	proxy.ServeHTTP(w, r)
	return true
}
