package archive

import "fmt"

// What is sealed takes room before it gives any back: a segment is written beside the
// journal, and of messages that do not get smaller it is larger than that. So it respects
// the reserves: what is of logs does not take the room of events.

// roomToSeal says whether so many bytes more can be written for a part. One that must be
// sealed for the archive to open at all may take what there is.
func (a *Archive) roomToSeal(p *part) func(bytes int64) error {
	if a.journal == nil {
		return func(int64) error { return nil }
	}
	class := p.class()
	if a.pressing() {
		class = Events
	}
	return a.roomOf(class)
}

// roomOf says whether so many bytes more can be written for a class.
func (a *Archive) roomOf(c Class) func(bytes int64) error {
	return func(bytes int64) error {
		free, need, err := a.reserve(c)
		if err != nil || bytes == 0 || free >= need+bytes {
			return nil // what cannot be known is left to the disk
		}
		return fmt.Errorf("it takes %d bytes, the disk has %d free, and %d of them must stay so; make room on it", bytes, free, need)
	}
}

// pressing says that so much waits to be sealed that events will be refused next: then
// what is sealed may take what they may.
func (a *Archive) pressing() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return float64(a.unsealed()) >= unsealedShare[Logs]*float64(a.unsealedLimit())
}
