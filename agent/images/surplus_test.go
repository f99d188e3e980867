package images

import (
	"slices"
	"testing"
	"time"

	"steady/runtime"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// brought is an image of the name web:1 that was pulled and used so long before noon.
func brought(pulled, used time.Duration, names ...string) Brought {
	if len(names) == 0 {
		names = []string{"web:1"}
	}
	return Brought{Names: names, PulledAt: noon.Add(-pulled), UsedAt: noon.Add(-used)}
}

func TestSurplus(t *testing.T) {
	web := runtime.Image{ID: "a", Tags: []string{"web:1"}, Digests: []string{"web@sha256:1"}}
	rules := Rules{MinAge: time.Hour, Most: 5}
	for _, c := range []struct {
		name  string
		image runtime.Image
		known map[string]Brought
		held  bool
		rules Rules
		goes  bool
	}{
		{name: "old and unused", image: web, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}, rules: rules, goes: true},
		{name: "not brought by Steady", image: web, rules: rules},
		{name: "used an hour ago, to the second", image: web, known: map[string]Brought{"a": brought(2*time.Hour, time.Hour)}, rules: rules, goes: true},
		{name: "used lately", image: web, known: map[string]Brought{"a": brought(2*time.Hour, 59*time.Minute)}, rules: rules},
		{name: "used lately, but the disk is full", image: web, known: map[string]Brought{"a": brought(time.Minute, time.Minute)}, goes: true},
		{name: "a container has it, and the disk is full", image: runtime.Image{ID: "a", Tags: web.Tags, Used: true}, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}},
		{name: "a task is about to use it, and the disk is full", image: web, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}, held: true},
		{name: "somebody gave it a name", image: runtime.Image{ID: "a", Tags: []string{"web:1", "mine:1"}}, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}, rules: rules},
		{name: "somebody pulled it from elsewhere", image: runtime.Image{ID: "a", Tags: web.Tags, Digests: []string{"web@sha256:1", "r.test/web@sha256:1"}}, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}, rules: rules},
		{name: "its tag has moved on", image: runtime.Image{ID: "a", Digests: web.Digests}, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}, rules: rules, goes: true},
		{name: "it has no name any more", image: runtime.Image{ID: "a"}, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour)}, rules: rules, goes: true},
		{name: "two tasks' names", image: runtime.Image{ID: "a", Tags: []string{"web:1", "web:latest"}}, known: map[string]Brought{"a": brought(2*time.Hour, 2*time.Hour, "web:1", "web:latest")}, rules: rules, goes: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Surplus([]runtime.Image{c.image}, c.known, map[string]bool{"a": c.held}, c.rules, noon)
			if (len(got) == 1) != c.goes {
				t.Errorf("%v goes, want %v", got, c.goes)
			}
		})
	}
}

func TestTheLongestUnusedGoFirst(t *testing.T) {
	known := map[string]Brought{}
	var here []runtime.Image
	for i, hours := range []int{3, 9, 5, 7} {
		id := string(rune('a' + i))
		here = append(here, runtime.Image{ID: id, Tags: []string{"web:1"}})
		known[id] = brought(10*time.Hour, time.Duration(hours)*time.Hour)
	}
	var ids []string
	for _, i := range Surplus(here, known, nil, Rules{MinAge: time.Hour, Most: 2}, noon) {
		ids = append(ids, i.ID)
	}
	if !slices.Equal(ids, []string{"b", "d"}) {
		t.Errorf("%v go", ids)
	}
}
