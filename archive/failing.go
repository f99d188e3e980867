package archive

import (
	"fmt"
	"time"
)

// A part that cannot be sealed, because the disk or the catalog fails, does not stop what
// is appended: it goes on into the part that is written, up to a bound, and the seal is
// tried again. Beyond the bound the classes are refused, the least important first, before
// memory or the disk is at risk; what was accepted stays in the journal and visible.

const (
	// sealRetry is how long to wait before a part that could not be sealed is tried
	// again: twice as long each time, up to sealRetryMost.
	sealRetry     = time.Second
	sealRetryMost = time.Minute
	// unsealedBytes is how many bytes of messages may wait while parts cannot be sealed.
	unsealedBytes = 4 * partBytes
	// unsealedRecords is how many records may: each takes memory beside its message.
	unsealedRecords = 4 * partRecords
)

// unsealedShare is the part of the bound that may wait for a class to be accepted.
var unsealedShare = [classes]float64{Telemetry: 0.5, Logs: 0.75, Events: 1}

// failure is that parts cannot be sealed.
type failure struct {
	since    time.Time
	attempts int
	err      error
}

// sealFinally seals a part, however often it takes. False says that the archive closes.
func (a *Archive) sealFinally(p *part) bool {
	for pause := sealRetry; ; pause = min(2*pause, sealRetryMost) {
		err := a.seal(p)
		if a.noteSeal(p, err, pause); err == nil {
			return true
		}
		select {
		case <-time.After(pause):
		case <-a.halted:
			return false
		}
	}
}

// noteSeal keeps what became of an attempt to seal a part.
func (a *Archive) noteSeal(p *part, err error, pause time.Duration) {
	a.mu.Lock()
	before := a.failing
	switch {
	case err == nil:
		a.failing = nil
	case before == nil:
		a.failing = &failure{time.Now(), 1, err}
	default:
		a.failing = &failure{before.since, before.attempts + 1, err}
	}
	now, waiting := a.failing, a.unsealed()
	a.mu.Unlock()
	switch {
	case now != nil:
		a.log.Error("could not seal a part of the journal; its records stay there, trying again",
			"part", p.number, "err", err, "attempts", now.attempts, "again in", pause, "waiting bytes", waiting)
		select {
		case a.cannotSeal <- struct{}{}: // for whoever waits for this part
		default:
		}
	case before != nil:
		a.log.Info("parts of the journal are sealed again", "part", p.number, "attempts", before.attempts+1)
	}
}

// unsealed is how many bytes of messages are in no segment. a.mu is held.
func (a *Archive) unsealed() int64 {
	n := a.active.bytes
	if a.sealing != nil {
		n += a.sealing.bytes
	}
	return n
}

// unsealedLimit is how much may wait while parts cannot be sealed.
func (a *Archive) unsealedLimit() int64 {
	if a.options.MaxBytes > 0 {
		return min(unsealedBytes, a.options.MaxBytes/2)
	}
	return unsealedBytes
}

// lacksSealing says why a class is refused for want of sealing, or "".
func (a *Archive) lacksSealing(c Class) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failing == nil {
		return ""
	}
	share, bytes := unsealedShare[c], a.unsealed()
	records := a.active.records
	if a.sealing != nil {
		records += a.sealing.records
	}
	says := func(waiting string, most float64) string {
		return fmt.Sprintf("records cannot be sealed into segments since %s (%v), and %s wait; the most is %.0f",
			a.failing.since.UTC().Format(time.RFC3339), a.failing.err, waiting, most)
	}
	if most := share * float64(a.unsealedLimit()); float64(bytes) >= most {
		return says(fmt.Sprintf("%d bytes", bytes), most)
	}
	if most := share * unsealedRecords; float64(records) >= most {
		return says(fmt.Sprintf("%d records", records), most)
	}
	return ""
}

// turn waits until the part before the active one is sealed, and says whether it is: it
// does not wait for one that cannot be.
func (a *Archive) turn() bool {
	a.mu.Lock()
	failing := a.failing != nil
	a.mu.Unlock()
	if failing {
		select {
		case <-a.sealed:
			return true
		default:
			return false
		}
	}
	select {
	case <-a.sealed:
		return true
	case <-a.cannotSeal:
	case <-a.halted:
	}
	return false
}
