package endpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// samples are the last statistics of each container that were told, by the runtime's id:
// from two of them follow the rates.
type samples struct {
	mu sync.Mutex
	of map[string]sample
}

type sample struct {
	read     time.Time
	cpu      json.RawMessage
	received uint64
	sent     uint64
	networks bool
}

const (
	mostSamples = 10000
	// apart is how old an earlier sample has to be for rates.
	apart = time.Second / 2
)

// rates are how much went through a container's network of late.
type rates struct {
	Received float64 `json:"rx_bytes_per_sec"`
	Sent     float64 `json:"tx_bytes_per_sec"`
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request, v version, t Task, name string) {
	id := t.container(name).RuntimeID
	b, err := s.measure(r.Context(), id)
	if err != nil {
		s.cannot(w, v, t, err, "Unable to get container stats for: "+id)
		return
	}
	answer(w, http.StatusOK, b)
}

// taskStats has those of every container that was made; of one that does not run, null.
func (s *Server) taskStats(w http.ResponseWriter, r *http.Request, v version, t Task) {
	all := map[string]map[string]json.RawMessage{}
	for _, c := range t.Containers {
		if c.RuntimeID == "" {
			continue
		}
		b, err := s.measure(r.Context(), c.RuntimeID)
		if err != nil {
			b = nil
		}
		all[c.RuntimeID] = b
	}
	answer(w, http.StatusOK, all)
}

// measure adds to the runtime's statistics of a container what is known from before.
func (s *Server) measure(ctx context.Context, id string) (map[string]json.RawMessage, error) {
	if id == "" {
		return nil, fmt.Errorf("the container is not made yet")
	}
	raw, err := s.Statistics(ctx, id)
	if err != nil {
		return nil, err
	}
	var told map[string]json.RawMessage
	if err := json.Unmarshal(raw, &told); err != nil {
		return nil, fmt.Errorf("read the statistics of a container: %w", err)
	}
	now, err := sampleOf(told)
	if err != nil {
		return nil, fmt.Errorf("read the statistics of a container: %w", err)
	}
	if before, ok := s.samples.swap(id, now); ok {
		compare(told, before, now)
	}
	return told, nil
}

func sampleOf(told map[string]json.RawMessage) (sample, error) {
	s := sample{cpu: told["cpu_stats"]}
	if err := json.Unmarshal(told["read"], &s.read); err != nil {
		return s, err
	}
	var networks map[string]struct {
		Rx uint64 `json:"rx_bytes"`
		Tx uint64 `json:"tx_bytes"`
	}
	if told["networks"] == nil {
		return s, nil
	}
	if err := json.Unmarshal(told["networks"], &networks); err != nil {
		return s, err
	}
	for _, n := range networks {
		s.received, s.sent, s.networks = s.received+n.Rx, s.sent+n.Tx, true
	}
	return s, nil
}

// swap remembers a sample in place of one that is older, by enough, and returns that.
func (m *samples) swap(id string, now sample) (before sample, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil || len(m.of) >= mostSamples {
		m.of = map[string]sample{}
	}
	before, ok = m.of[id]
	switch gap := now.read.Sub(before.read); {
	case !ok || gap >= apart:
		m.of[id] = now
	case gap <= 0:
		ok = false
	}
	return before, ok
}

// compare tells of an earlier sample, where the runtime has told of none, and of the rates
// between.
func compare(told map[string]json.RawMessage, before, now sample) {
	told["precpu_stats"] = before.cpu
	told["preread"], _ = json.Marshal(before.read)
	if seconds := now.read.Sub(before.read).Seconds(); now.networks && before.networks && now.received >= before.received && now.sent >= before.sent {
		told["network_rate_stats"], _ = json.Marshal(rates{float64(now.received-before.received) / seconds, float64(now.sent-before.sent) / seconds})
	}
}
