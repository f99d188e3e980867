package docker

import (
	"fmt"
	"slices"
)

// PullBehavior says when a registry is asked for an image, as ECS_IMAGE_PULL_BEHAVIOR
// does.
type PullBehavior string

const (
	// PullDefault asks the registry, and if that fails uses what is here under that name.
	// Two kinds of image are used without asking, because the answer is known: one that
	// has no digest of that repository, since it was built or loaded on this machine and
	// never came from the registry; and one that is named by digest.
	PullDefault PullBehavior = "default"
	// PullAlways: "the image is always pulled remotely. If the pull fails, the task fails."
	PullAlways PullBehavior = "always"
	// PullOnce: "the image is pulled remotely only if it was not pulled by a previous task
	// on the same container instance or if the cached image was removed"; if that fails,
	// the task does.
	PullOnce PullBehavior = "once"
	// PullPreferCached: "the image is pulled remotely if there is no cached image".
	PullPreferCached PullBehavior = "prefer-cached"
)

// PullBehaviors are all that there are.
var PullBehaviors = []PullBehavior{PullDefault, PullAlways, PullOnce, PullPreferCached}

// UnmarshalText refuses what is no behavior.
func (b *PullBehavior) UnmarshalText(text []byte) error {
	if !slices.Contains(PullBehaviors, PullBehavior(text)) {
		return fmt.Errorf("%q is no image pull behavior: give one of %v", text, PullBehaviors)
	}
	*b = PullBehavior(text)
	return nil
}

// asks tells whether a registry is asked for an image.
func (b PullBehavior) asks(here localImage, before bool) bool {
	switch b {
	case PullAlways:
		return true
	case PullOnce:
		return !here.present || !before
	case PullPreferCached:
		return !here.present
	}
	return !here.present || here.fromRegistry
}

// usesCache tells whether an image that is here is used when the registry fails.
func (b PullBehavior) usesCache() bool { return b != PullAlways && b != PullOnce }

// asks tells whether a registry is asked for the image of that name.
func (r *Runtime) asks(ref string, here localImage) bool {
	before := r.options.Pulled != nil && r.options.Pulled(ref)
	return r.options.Behavior.asks(here, before)
}
