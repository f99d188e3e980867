package state

import "sync"

// Memory is a Backend that forgets everything with the process: for tests and for
// trying things out.
type Memory struct {
	mu   sync.Mutex
	rows map[[2]string][]byte
}

// NewMemory makes an empty Memory.
func NewMemory() *Memory { return &Memory{rows: map[[2]string][]byte{}} }

// Load implements Backend.
func (m *Memory) Load(row func(table, key string, value []byte) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, v := range m.rows {
		if err := row(k[0], k[1], v); err != nil {
			return err
		}
	}
	return nil
}

// Append implements Backend.
func (m *Memory) Append(rows []Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		k := [2]string{r.Table, r.Key}
		if r.Value == nil {
			delete(m.rows, k)
		} else {
			m.rows[k] = r.Value
		}
	}
	return nil
}

// Close implements Backend.
func (m *Memory) Close() error { return nil }
