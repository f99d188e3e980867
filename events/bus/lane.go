package bus

import "container/heap"

// What may wait for one target. What comes beyond it goes to the dead-letter file at
// once, so that an endpoint that is dead for a day fills neither memory nor disk.
const (
	maxWaiting      = 10_000
	maxWaitingBytes = 64 << 20
)

// width is how many deliveries to one target are attempted at a time.
const width = 4

type laneKey struct{ rule, target string }

// lane is the deliveries to one target.
type lane struct {
	due    byNext
	count  int // with those that are being written or attempted
	bytes  int
	active int // attempts
}

// lane of a delivery, made if there is none. b.mu is held, but at Open.
func (b *Bus) lane(d Delivery) *lane {
	k := laneKey{d.Rule, d.Target}
	l := b.lanes[k]
	if l == nil {
		l = &lane{}
		b.lanes[k] = l
	}
	return l
}

// release gives back the room of a delivery that is over. b.mu is held.
func (b *Bus) release(d Delivery) {
	l := b.lane(d)
	l.count--
	l.bytes -= len(d.Payload)
	if l.count == 0 && l.active == 0 {
		delete(b.lanes, laneKey{d.Rule, d.Target})
	}
}

// reserve makes room for a delivery, unless there is none.
func (l *lane) reserve(d Delivery) bool {
	if l.count > 0 && (l.count >= maxWaiting || l.bytes+len(d.Payload) > maxWaitingBytes) {
		return false
	}
	l.count++
	l.bytes += len(d.Payload)
	return true
}

// add takes a delivery that was under way before, however many there are.
func (l *lane) add(d Delivery) {
	l.count++
	l.bytes += len(d.Payload)
	l.push(d)
}

func (l *lane) push(d Delivery) { heap.Push(&l.due, d) }

// byNext is deliveries by the time of their next attempt.
type byNext []Delivery

func (s byNext) Len() int { return len(s) }
func (s byNext) Less(i, j int) bool {
	if s[i].Next.Equal(s[j].Next) {
		return s[i].Number < s[j].Number
	}
	return s[i].Next.Before(s[j].Next)
}
func (s byNext) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *byNext) Push(d any)   { *s = append(*s, d.(Delivery)) }
func (s *byNext) Pop() any {
	last := len(*s) - 1
	d := (*s)[last]
	(*s)[last] = Delivery{}
	*s = (*s)[:last]
	return d
}
