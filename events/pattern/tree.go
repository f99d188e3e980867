package pattern

// tree is a rule, or what it asks below one path: all of its parts.
type tree struct{ parts []part }

// part is a field's own conditions, or what is asked of a member.
type part struct {
	field *field
	path  []string // of the field

	name string
	tree *tree // of the member
}

// child is the tree of a member, made if there is none.
func (t *tree) child(name string) *tree {
	for _, p := range t.parts {
		if p.tree != nil && p.name == name {
			return p.tree
		}
	}
	c := &tree{}
	t.parts = append(t.parts, part{name: name, tree: c})
	return c
}

var nothing node

func (t *tree) match(n *node, e *Event) bool { return met(t.parts, n, e) }

// met tells whether a node has all parts: what it does not have itself, one element
// of an array of it must have alone.
func met(parts []part, n *node, e *Event) bool {
	var rest []part
	for _, p := range parts {
		if !p.met(n, e) {
			if len(n.arrays) == 0 {
				return false
			}
			rest = append(rest, p)
		}
	}
	if len(rest) == 0 {
		return true
	}
	for _, elements := range n.arrays {
		for i := range elements {
			if met(rest, &elements[i], e) {
				return true
			}
		}
	}
	return false
}

// met tells whether a node itself has the part. That a field does not exist is asked of
// the whole event, not of the element of an array.
func (p *part) met(n *node, e *Event) bool {
	if p.tree != nil {
		member := n.fields[p.name]
		if member == nil {
			member = &nothing
		}
		return p.tree.match(member, e)
	}
	for _, v := range n.values {
		for _, c := range p.field.conditions {
			if c(v) {
				return true
			}
		}
	}
	return p.field.absent && !e.root.has(p.path)
}
