// Package flatten finds the fields in a log message: every leaf of the first JSON
// object in it, by its path. It never keeps a value and never changes one.
package flatten

import (
	"strconv"
	"strings"

	"steady/scan"
)

// MaxFields is how many fields of one message are found: "CloudWatch Logs Insights can
// extract a maximum of 200 log event fields from a JSON log".
const MaxFields = 200

// MaxDepth is how deep objects and lists may stand in each other; what is deeper is no
// JSON here.
const MaxDepth = 64

// maxTries is how many opening braces of a message are tried for a JSON object.
const maxTries = 4

// Leaf is one field of a message: a string, number, boolean or null. Objects and lists
// are not leaves, their members are; empty ones leave nothing.
type Leaf struct {
	Path *Path
	// Text of a string is without quotes and escapes; that of null is empty.
	Text string
	Kind scan.Kind
}

// Path is where in a message a leaf stands. Equal paths of one Flattener are the same
// pointer.
type Path struct {
	// Name has the keys and indexes, joined with dots: "detail.containers.0.exitCode".
	// One whose first key begins with @ has a second @ before it.
	Name string
	// ID is the place of the path among those that the Flattener has met, from 0.
	ID int

	leaf     bool // it has its ID
	empty    bool // it is among Empties
	parent   *Path
	children map[string]*Path
	elements []*Path
	// Messages of one origin have their keys in the same order, so that the key after
	// this one is mostly the one that came after it the last time.
	first, next *Path
	key         string
}

// Flattener remembers the paths that it has met. One goroutine at a time may use it.
type Flattener struct {
	root  Path
	Paths []*Path // by ID
	Nodes int     // how many objects, lists and leaves they lead through
	// Empties are names of paths that have had an empty object or list: keys that may stand in a
	// message without being in the name of a leaf.
	Empties []string
	leaves  []Leaf
	// Text that had escapes is kept here.
	scratch []byte
}

// Result is what Flatten found in a message.
type Result struct {
	Leaves []Leaf // until the next call
	// Plain says that each leaf's text stands in the message as it is, that all leaves
	// were found, and that nothing but them and their keys stands there: text without
	// any of JSON's own characters or white space is in the message only if it is in a
	// leaf or its Path's Name, in one of Empties, or in the word null.
	Plain bool
}

// Flatten finds the fields of a message.
func (f *Flattener) Flatten(message string) Result {
	for at, tries := 0, 0; at < len(message) && tries < maxTries; at, tries = at+1, tries+1 {
		for at < len(message) && message[at] != '{' {
			at++
		}
		if at == len(message) {
			break
		}
		p := parser{f: f, s: message, at: at, plain: true}
		f.leaves = f.leaves[:0]
		if !p.object(&f.root, 0) {
			continue
		}
		whole := blank(message[:at]) && blank(message[p.at:])
		return Result{Leaves: f.leaves, Plain: whole && p.plain}
	}
	return Result{}
}

func blank(s string) bool {
	for i := range len(s) {
		if !space(s[i]) {
			return false
		}
	}
	return true
}

// found gives a path its ID when it first has a leaf.
func (f *Flattener) found(p *Path) *Path {
	if !p.leaf {
		p.leaf, p.ID, p.Name = true, len(f.Paths), p.name()
		f.Paths = append(f.Paths, p)
	}
	return p
}

func (p *parser) empty(path *Path) bool {
	switch {
	case path == nil:
		p.plain = false
	case !path.empty && path.parent != nil:
		path.empty = true
		p.f.Empties = append(p.f.Empties, path.name())
	}
	return true
}

func (p *Path) name() string {
	if p.parent.parent == nil {
		if len(p.key) > 0 && p.key[0] == '@' {
			return "@" + p.key
		}
		return p.key
	}
	return p.parent.name() + "." + p.key
}

// child is the path of a key in an object at p; before is the one that was met before
// it in that object, nil at the first.
func (f *Flattener) child(p *Path, key string, before *Path) *Path {
	guess := p.first
	if before != nil {
		guess = before.next
	}
	if guess != nil && guess.key == key {
		return guess
	}
	c := p.children[key]
	if c == nil {
		c = &Path{parent: p, key: strings.Clone(key)}
		f.Nodes++
		if p.children == nil {
			p.children = map[string]*Path{}
		}
		p.children[c.key] = c
	}
	if before != nil {
		before.next = c
	} else {
		p.first = c
	}
	return c
}

func (f *Flattener) element(p *Path, i int) *Path {
	for len(p.elements) <= i {
		f.Nodes++
		p.elements = append(p.elements, &Path{parent: p, key: strconv.Itoa(len(p.elements))})
	}
	return p.elements[i]
}
