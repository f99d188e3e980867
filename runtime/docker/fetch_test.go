package docker

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"
)

// What trying again cannot mend fails at once, so that a missing image is not slow.
func TestWhatIsTriedAgain(t *testing.T) {
	for text, want := range map[string]bool{
		"manifest for web:1 not found: manifest unknown: manifest unknown": true,
		denied: true,
		"Head \"https://r.test/v2/web/manifests/1\": no basic auth credentials":         true,
		"unauthorized: incorrect username or password":                                  true,
		"no matching manifest for linux/amd64 in the manifest list entries":             true,
		"write /var/lib/docker/tmp/GetImageBlob1: no space left on device":              true,
		"name unknown: repository name not known to registry":                           true,
		"Get \"https://r.test/v2/\": dial tcp 10.0.0.1:443: i/o timeout":                false,
		"Get \"https://r.test/v2/\": dial tcp 127.0.0.1:1: connect: connection refused": false,
		"Get \"https://r.test/v2/\": dial tcp: lookup r.test: no such host":             false,
		"received unexpected HTTP status: 503 Service Unavailable":                      false,
		"toomanyrequests: You have reached your pull rate limit.":                       false,
		"unexpected EOF": false,
		"Get \"https://r.test/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded)": false,
	} {
		if final(errors.New(text)) != want {
			t.Errorf("%s: final is %v", text, !want)
		}
	}
}

func TestAPullIsTriedAgainUntilItIsDone(t *testing.T) {
	f := &fakeEngine{}
	f.create = func(w http.ResponseWriter, r *http.Request) {
		if f.asked.Load() < 3 {
			fail(500, "dial tcp: i/o timeout")(w, r)
			return
		}
		f.images = map[string]map[string]any{"web:1": {"Id": idOne, "RepoDigests": []string{"web@" + digestTwo}}}
		say(`{"status":"Downloaded newer image"}`)(w, r)
	}
	got, err := f.runtime(t).Pull(t.Context(), "web:1", "")
	if err != nil || got.Digest != digestTwo || got.ID != idOne || !got.Fetched || !got.New || f.asked.Load() != 3 {
		t.Errorf("%+v, %v after %d pulls", got, err, f.asked.Load())
	}
}

// An image that is here under another name is not one that the pull brought.
func TestAnImageOfAnotherNameIsNotNew(t *testing.T) {
	f := &fakeEngine{list: []any{map[string]any{"Id": idOne}}}
	f.create = func(w http.ResponseWriter, r *http.Request) {
		f.images = map[string]map[string]any{"web:1": {"Id": idOne, "RepoDigests": []string{"web@" + digestTwo}}}
		say(`{"status":"Downloaded newer image"}`)(w, r)
	}
	if got, err := f.runtime(t).Pull(t.Context(), "web:1", ""); err != nil || !got.Fetched || got.New {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestThePausesAreTheAgents(t *testing.T) {
	var all time.Duration
	for _, p := range pullPauses {
		all += p
		if j := jittered(p); j < p*4/5 || j > p*6/5 {
			t.Errorf("%v became %v", p, j)
		}
	}
	if len(pullPauses) != 5 || all > 15*time.Second {
		t.Errorf("%d pauses of %v", len(pullPauses), all)
	}
}

func (f *fakeEngine) listed(w http.ResponseWriter) {
	all := f.list
	if all == nil {
		all = []any{}
	}
	json.NewEncoder(w).Encode(all)
}
