package images

import (
	"cmp"
	"slices"
	"time"

	"steady/runtime"
)

// Rules say which images go.
type Rules struct {
	// MinAge is how long ago an image has to have been pulled and last used (ECS:
	// ECS_IMAGE_MINIMUM_CLEANUP_AGE, 1 h).
	MinAge time.Duration
	// Most is how many go at a time (ECS: ECS_NUM_IMAGES_DELETE_PER_CYCLE, 5); 0 is no
	// limit.
	Most int
}

// Surplus are the images to remove, the ones that were not used for the longest time
// first: of those that were brought here, and that no container uses, no task holds and
// nobody gave another name.
func Surplus(here []runtime.Image, known map[string]Brought, held map[string]bool, rules Rules, now time.Time) []runtime.Image {
	var all []runtime.Image
	for _, i := range here {
		b, brought := known[i.ID]
		if !brought || i.Used || held[i.ID] || !onlyOurs(i, b) {
			continue
		}
		if now.Sub(b.PulledAt) < rules.MinAge || now.Sub(b.UsedAt) < rules.MinAge {
			continue
		}
		all = append(all, i)
	}
	slices.SortFunc(all, func(x, y runtime.Image) int {
		return cmp.Or(known[x.ID].UsedAt.Compare(known[y.ID].UsedAt), cmp.Compare(x.ID, y.ID))
	})
	if rules.Most > 0 && len(all) > rules.Most {
		all = all[:rules.Most]
	}
	return all
}

// onlyOurs tells whether an image has no name but those that tasks asked for.
func onlyOurs(i runtime.Image, b Brought) bool {
	repositories := map[string]bool{}
	for _, n := range b.Names {
		repositories[repository(n)] = true
	}
	for _, t := range i.Tags {
		if !slices.Contains(b.Names, familiar(t)) {
			return false
		}
	}
	for _, d := range i.Digests {
		if !repositories[repository(d)] {
			return false
		}
	}
	return true
}
