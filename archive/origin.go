package archive

import "context"

// Accepted is the highest number that was accepted of an origin; 0 if none was.
func (a *Archive) Accepted(origin string) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.catalog.origins[origin]
}

// ForgetOrigin drops what is known of an origin of which nothing will come any more, now
// or again: what came of it would be taken for new. Without it origins are kept for ever.
func (a *Archive) ForgetOrigin(ctx context.Context, origin string) error {
	a.mu.Lock()
	_, known := a.catalog.origins[origin]
	a.mu.Unlock()
	if !known {
		return nil
	}
	return a.submit(ctx, &request{change: &change{Op: opForgetOrigin, Origin: origin}})
}
