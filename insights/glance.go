package insights

// glance is what others see of a query that runs. The rows are made between two blocks
// by the goroutine that runs it, since to sort and write them may take long: whoever
// looks neither waits nor holds it up.
type glance struct {
	result *Result // without its statistics; nil before the first
	wanted bool    // since it was made
	next   float64 // how many records are scanned before it is made again
}

// SoFar is what a query that runs has come to. It may be called at any time, from any
// goroutine, and does not wait: its statistics are those of this moment, its rows those
// that it had come to some time before, and there are none yet when it is called first.
func (x *Execution) SoFar() *Result {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.glance.wanted = true
	r := &Result{}
	if x.glance.result != nil {
		*r = *x.glance.result
	}
	r.Statistics = x.statistics
	return r
}

// show makes a new glance if somebody has looked since the one before, and twice as much
// is scanned as then: so all glances together take no longer than the last, and that no
// longer than the result. One that cannot be made yet has no rows.
func (x *Execution) show() {
	x.mu.Lock()
	wanted, scanned := x.glance.wanted, x.statistics.RecordsScanned
	wanted = wanted && scanned >= x.glance.next
	x.mu.Unlock()
	if !wanted {
		return
	}
	r := &Result{}
	if f, err := x.finish(); err == nil {
		x.plan.render(f, r)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.glance = glance{result: r, next: 2 * scanned}
}
