package placement

import "steady/placement/query"

// domain is a set of instances over which tasks are spread: those with the same
// value of an attribute, within the domain of the levels before it, so that racks
// are counted within their zone when zones come first. Instances without the
// attribute share a domain of their own.
type domain struct {
	within *int // count of the enclosing domain, nil at the top
	value  string
	known  bool // the instance has the attribute
}

// census holds the number of tasks in each domain.
type census map[domain]*int

// locate writes the counts of the instance's domains by level, nil at a level that
// is not a spreadAttribute, and returns the innermost.
func (all census) locate(counts []*int, levels []level, c *Candidate) *int {
	var innermost *int
	for i, l := range levels {
		counts[i] = nil
		if l.criterion != spreadAttribute {
			continue
		}
		at := domain{within: innermost}
		at.value, at.known = query.Attribute(c.Instance, l.attribute)
		innermost = all.count(at)
		counts[i] = innermost
	}
	return innermost
}

func (all census) count(at domain) *int {
	if all[at] == nil {
		all[at] = new(int)
	}
	return all[at]
}

// add adds n tasks to the domains that are there.
func add(counts []*int, n int) {
	for _, count := range counts {
		if count != nil {
			*count += n
		}
	}
}
