package match

import (
	"strings"

	"steady/scan/find"
)

// Glob is a text in which stars stand for any text.
type Glob struct {
	parts   []string // between the stars
	finders []find.Finder
}

// NewGlob prepares a glob.
func NewGlob(glob string) *Glob {
	g := &Glob{parts: strings.Split(glob, "*")}
	for _, p := range g.parts {
		g.finders = append(g.finders, find.New(p))
	}
	return g
}

// Find calls found with what each star stands for: as little as possible, but all that
// is left for one at the end of the glob. The glob may begin anywhere in s. It tells
// whether s matches; found has been called for stars before the one that did not.
func (g *Glob) Find(s string, found func(star int, text string)) bool {
	start := g.finders[0].Index(s)
	if start < 0 {
		return false
	}
	s = s[start+len(g.parts[0]):]
	for i, p := range g.parts[1:] {
		end := g.finders[i+1].Index(s)
		if p == "" && i == len(g.parts)-2 {
			end = len(s)
		}
		if end < 0 {
			return false
		}
		found(i, s[:end])
		s = s[end+len(p):]
	}
	return true
}
