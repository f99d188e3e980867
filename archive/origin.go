package archive

// Accepted is the highest number that was accepted of an origin; 0 if none was.
func (a *Archive) Accepted(origin string) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.catalog.origins[origin]
}
