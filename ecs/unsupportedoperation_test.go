package ecs

import "testing"

// Each operation that the SDK knows is either carried out or refused with a reason: a
// new version of the SDK cannot bring one that is neither.
func TestEveryOperationIsCarriedOutOrRefusedWithAReason(t *testing.T) {
	s := newWorld(t).Service()
	known := map[string]bool{}
	for _, name := range s.Known {
		known[name] = true
		_, done := s.Operations[name]
		_, refused := s.Unsupported[name]
		if done == refused {
			t.Errorf("%s: carried out is %v, refused with a reason is %v; want one of the two", name, done, refused)
		}
	}
	for name := range s.Unsupported {
		if !known[name] {
			t.Errorf("%s is refused, but is no operation", name)
		}
	}
	for name := range s.Refused {
		if _, done := s.Operations[name]; !done {
			t.Errorf("members of %s are refused, but it is not carried out", name)
		}
	}
}
