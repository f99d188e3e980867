package docker

import (
	"net/http"
	"testing"
)

// Each behavior, by what is here and what the registry answers.
func TestPullBehaviors(t *testing.T) {
	built := map[string]any{"Id": idOne}
	pulled := map[string]any{"Id": idOne, "RepoDigests": []string{"web@" + digestTwo}}
	gives, refuses := say(`{"status":"Pulling from web"}`), fail(404, "manifest for web:1 not found: manifest unknown")
	for _, c := range []struct {
		name     string
		behavior PullBehavior
		here     map[string]any
		before   bool // a former task had it pulled
		create   http.HandlerFunc
		asked    int32
		fails    bool
	}{
		{name: "built here", behavior: PullDefault, here: built, create: refuses},
		{name: "pulled once, still there", behavior: PullDefault, here: pulled, create: gives, asked: 1},
		{name: "the registry fails", behavior: PullDefault, here: pulled, create: refuses, asked: 1},

		{name: "built here", behavior: PullAlways, here: built, create: refuses, asked: 1, fails: true},
		{name: "pulled before", behavior: PullAlways, here: pulled, before: true, create: gives, asked: 1},
		{name: "the registry fails", behavior: PullAlways, here: pulled, before: true, create: refuses, asked: 1, fails: true},

		{name: "pulled by a former task", behavior: PullOnce, here: pulled, before: true, create: refuses},
		{name: "here, but no task had it pulled", behavior: PullOnce, here: pulled, create: gives, asked: 1},
		{name: "here, and the registry fails", behavior: PullOnce, here: pulled, create: refuses, asked: 1, fails: true},
		{name: "pulled before and removed", behavior: PullOnce, before: true, create: refuses, asked: 1, fails: true},

		{name: "here", behavior: PullPreferCached, here: pulled, create: refuses},
		{name: "built here", behavior: PullPreferCached, here: built, create: refuses},
		{name: "not here", behavior: PullPreferCached, create: refuses, asked: 1, fails: true},
	} {
		t.Run(string(c.behavior)+": "+c.name, func(t *testing.T) {
			f := &fakeEngine{create: c.create}
			if c.here != nil {
				f.images = map[string]map[string]any{"web:1": c.here}
			}
			r := f.runtime(t)
			r.options = Options{Behavior: c.behavior, Pulled: func(name string) bool { return c.before && name == "web:1" }}
			_, err := r.Pull(t.Context(), "web:1", "")
			if (err != nil) != c.fails || f.asked.Load() != c.asked {
				t.Errorf("error %v after %d pulls; want an error: %v, after %d", err, f.asked.Load(), c.fails, c.asked)
			}
		})
	}
}

func TestAlwaysAsksForADigestToo(t *testing.T) {
	f := &fakeEngine{create: say(`{"status":"Pulling"}`), images: map[string]map[string]any{"web@" + digestTwo: {"Id": idOne}}}
	r := f.runtime(t)
	r.options.Behavior = PullAlways
	got, err := r.Pull(t.Context(), "web:1", digestTwo)
	if err != nil || got.Digest != digestTwo || !got.Fetched || f.asked.Load() != 1 {
		t.Errorf("%+v, %v after %d pulls", got, err, f.asked.Load())
	}
}

func TestABehaviorIsOneOfFour(t *testing.T) {
	var b PullBehavior
	for _, known := range PullBehaviors {
		if err := b.UnmarshalText([]byte(known)); err != nil || b != known {
			t.Errorf("%s: %s, %v", known, b, err)
		}
	}
	if err := b.UnmarshalText([]byte("never")); err == nil {
		t.Error("never is no behavior of ECS")
	}
}
