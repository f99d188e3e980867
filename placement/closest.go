package placement

import "cmp"

// distance tells how far an instance is from taking a task. AWS does not say
// what makes the closest match; here it is the instance that misses the fewest
// requirements, then the one whose lack passes soonest by itself (room, then an
// agent's connection, then attributes and constraints), then the one that lacks
// least, then the one with the least id, so that the same state gives the same
// event text.
type distance struct {
	missed    int
	permanent int
	lack      float64 // the greatest lack, as a share of what is needed
	id        string
}

func (d *demand) distance(c *Candidate) distance {
	far := distance{id: c.Instance.ID}
	for _, f := range filters {
		reason := f(d, c)
		if reason == "" {
			continue
		}
		far.missed++
		far.permanent = max(far.permanent, permanence(reason))
	}
	far.lack = max(lack(d.CPU, c.cpuLeft()), lack(d.Memory, c.memoryLeft()))
	return far
}

func (a distance) compare(b distance) int {
	return cmp.Or(
		cmp.Compare(a.missed, b.missed),
		cmp.Compare(a.permanent, b.permanent),
		cmp.Compare(a.lack, b.lack),
		cmp.Compare(a.id, b.id),
	)
}

func permanence(r Reason) int {
	switch r {
	case NoCPU, NoMemory, PortInUse, NotDistinct:
		return 0
	case NoAgent:
		return 1
	default:
		return 2
	}
}

func lack(needed, left int) float64 {
	if needed <= left || needed == 0 {
		return 0
	}
	return float64(needed-left) / float64(needed)
}
