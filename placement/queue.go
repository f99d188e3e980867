package placement

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"slices"
)

// queue hands out the best instance for the next copy of a task. Instances that
// share all their domains form a cell: within it only what belongs to the
// instance alone decides, so each cell is a heap that changes only where a copy
// was placed. The best of all is the best among the heads of the cells.
type queue struct {
	levels []level
	group  string
	cells  []*cell
	random *rand.Rand
}

type cell struct {
	queue *queue
	tasks []*int // by level: the tasks of the group in the cell's domain, nil without
	heap  []*node
}

type node struct {
	*Candidate
	keys []float64 // by level, the less the better
	// turn decides between equals. It grows by exponentially distributed steps:
	// the least of many such clocks is each with equal chance, every time.
	turn float64
}

// newQueue orders the candidates that fit. The tasks on the others count in their
// domains nevertheless.
func newQueue(d *demand, candidates []*Candidate, fits func(*Candidate) bool) *queue {
	q := &queue{levels: d.levels(), group: d.Group, random: rand.New(rand.NewPCG(d.Seed, 0))}
	tasks := make(census)
	cells := make(map[*int]*cell) // by innermost domain
	counts := make([]*int, len(q.levels))
	keys := make([]float64, len(candidates)*len(q.levels))
	nodes := make([]node, len(candidates))
	for i, c := range candidates {
		innermost := tasks.locate(counts, q.levels, c)
		add(counts, c.Groups[d.Group])
		if !fits(c) {
			continue
		}
		home := cells[innermost]
		if home == nil {
			home = &cell{queue: q, tasks: slices.Clone(counts)}
			cells[innermost] = home
			q.cells = append(q.cells, home)
		}
		n := &nodes[i]
		n.Candidate, n.keys = c, keys[i*len(q.levels):(i+1)*len(q.levels)]
		q.measure(n)
		home.heap = append(home.heap, n)
	}
	for _, cell := range q.cells {
		heap.Init(cell)
	}
	return q
}

// measure brings the node's keys up to date and gives it its next turn.
func (q *queue) measure(n *node) {
	n.turn += q.random.ExpFloat64()
	for i, l := range q.levels {
		switch l.criterion {
		case randomly:
			n.keys[i] = n.turn
		case spreadInstance:
			n.keys[i] = float64(n.Groups[q.group])
		case binpackCPU:
			n.keys[i] = float64(n.cpuLeft())
		case binpackMemory:
			n.keys[i] = float64(n.memoryLeft())
		}
	}
}

// best is the cell whose head is the best instance, nil if none is left.
func (q *queue) best() *cell {
	var best *cell
	for _, c := range q.cells {
		if len(c.heap) > 0 && (best == nil || q.before(c, c.heap[0], best, best.heap[0])) {
			best = c
		}
	}
	return best
}

// before tells whether node a of cell ca is better than node b of cell cb.
func (q *queue) before(ca *cell, a *node, cb *cell, b *node) bool {
	for i := range q.levels {
		if c := cmp.Compare(ca.key(i, a), cb.key(i, b)); c != 0 {
			return c < 0
		}
	}
	return a.turn < b.turn
}

func (c *cell) key(level int, n *node) float64 {
	if tasks := c.tasks[level]; tasks != nil {
		return float64(*tasks)
	}
	return n.keys[level]
}

// placed brings the cell's head up to date after a copy was placed on it, or
// drops it when it can take no further copy.
func (c *cell) placed(fits bool) {
	add(c.tasks, 1)
	if !fits {
		heap.Pop(c)
		return
	}
	c.queue.measure(c.heap[0])
	heap.Fix(c, 0)
}

// Len, Less, Swap, Push and Pop implement heap.Interface.

func (c *cell) Len() int           { return len(c.heap) }
func (c *cell) Less(i, j int) bool { return c.queue.before(c, c.heap[i], c, c.heap[j]) }
func (c *cell) Swap(i, j int)      { c.heap[i], c.heap[j] = c.heap[j], c.heap[i] }
func (c *cell) Push(x any)         { c.heap = append(c.heap, x.(*node)) }

func (c *cell) Pop() any {
	last := c.heap[len(c.heap)-1]
	c.heap = c.heap[:len(c.heap)-1]
	return last
}
