package endpoint

import (
	"sync"
	"time"
)

// "The task metadata endpoint throttles at 40 requests per second, with a burst of 60",
// for each task.
const (
	perSecond = 40
	burst     = 60
	// mostBuckets bounds how many are remembered; full ones go first.
	mostBuckets = 10000
)

// limit is how much each one has asked of late.
type limit struct {
	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func (b bucket) filled(now time.Time) bucket {
	return bucket{min(burst, b.left+now.Sub(b.at).Seconds()*perSecond), now}
}

// allow takes one request from what is left to who, if anything is.
func (l *limit) allow(who string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[who]
	if !ok {
		l.makeRoom(now)
		b = bucket{burst, now}
	}
	b = b.filled(now)
	allowed := b.left >= 1
	if allowed {
		b.left--
	}
	l.buckets[who] = b
	return allowed
}

func (l *limit) makeRoom(now time.Time) {
	if l.buckets == nil {
		l.buckets = map[string]bucket{}
	}
	if len(l.buckets) < mostBuckets {
		return
	}
	for who, b := range l.buckets {
		if b.filled(now).left >= burst {
			delete(l.buckets, who)
		}
	}
	if len(l.buckets) >= mostBuckets {
		clear(l.buckets)
	}
}
