package catalogue

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// lines of a test file, without comments, split at the bars.
func read(t *testing.T, file string, columns int) [][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.SplitN(line, " | ", columns)
		if len(row) != columns {
			t.Fatalf("%s: %q has %d columns", file, line, len(row))
		}
		rows = append(rows, row)
	}
	return rows
}

// TestTexts: each signature knows its exact texts, with both kinds of apostrophe, and
// no other takes them away.
func TestTexts(t *testing.T) {
	shown := map[string]bool{}
	for _, row := range read(t, "testdata/texts.txt", 3) {
		id, place, text := row[0], Place(row[1]), row[2]
		shown[id] = true
		for _, apostrophe := range []string{"'", "’"} {
			text := strings.NewReplacer("'", apostrophe, "’", apostrophe).Replace(text)
			s, w, ok := Find(place, text)
			if !ok || s.ID != id {
				t.Errorf("%s: %q\nis taken for %q, not %s", place, text, s.ID, id)
				continue
			}
			if said := w.Sentence(s.Cause); strings.ContainsAny(said, "{}") && !strings.Contains(said, "{check}") {
				t.Errorf("%s says %q", id, said)
			}
		}
	}
	for _, s := range All() {
		if s.Match != nil && !shown[s.ID] {
			t.Errorf("%s has no exact text in testdata/texts.txt", s.ID)
		}
	}
}

// TestInnocent: what merely looks like a failure is taken for none, wherever it
// stands. Precision matters as much as recall.
func TestInnocent(t *testing.T) {
	for _, row := range read(t, "testdata/innocent.txt", 2) {
		for _, p := range Places {
			if s, _, ok := Find(p, row[1]); ok && string(p) != row[0] {
				t.Errorf("%q as a %s is taken for %s", row[1], p, s.ID)
			}
		}
	}
}

var wellFormed = regexp.MustCompile(`^[A-HTU]\d{1,2}$`)

// TestEntries: every entry is complete.
func TestEntries(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		switch {
		case seen[s.ID]:
			t.Errorf("%s stands twice", s.ID)
		case !wellFormed.MatchString(s.ID):
			t.Errorf("%q is no id", s.ID)
		case s.Cause == "" || strings.HasSuffix(s.Cause, ".") || s.Kind == "" || s.Confidence == "":
			t.Errorf("%s is incomplete: %+v", s.ID, s)
		case len(s.Remedy) == 0 && s.Confidence != Symptom && s.Kind != Benign && s.ID != "E38":
			t.Errorf("%s says nothing of what to do", s.ID)
		case s.Page == "" && !slices.Contains(s.Seen, Hint):
			t.Errorf("%s names no page", s.ID)
		case (s.Match == nil) != (len(s.Seen) == 0 || slices.Contains(s.Seen, Exit)):
			t.Errorf("%s has places %v and pattern %v", s.ID, s.Seen, s.Match)
		case len(s.Either) == 1:
			t.Errorf("%s cannot tell one cause apart", s.ID)
		}
		seen[s.ID] = true
		for _, p := range s.Either {
			if strings.HasSuffix(p.Cause, ".") || p.Look == "" {
				t.Errorf("%s: %+v", s.ID, p)
			}
		}
		for _, step := range Words(nil).Steps(s.Remedy) {
			if regexp.MustCompile(`\{\w+\}`).MatchString(step) {
				t.Errorf("%s: a place is left in %q", s.ID, step)
			}
		}
	}
}

func TestExitCodesAreClaimedOnce(t *testing.T) {
	last := At(Exit)[len(At(Exit))-1]
	if len(last.Exit) != 0 {
		t.Errorf("%s is tried last, and does not take every code", last.ID)
	}
	for _, s := range At(Exit)[:len(At(Exit))-1] {
		if len(s.Exit) == 0 {
			t.Errorf("%s takes every code, and hides those behind it", s.ID)
		}
	}
}

func TestSteps(t *testing.T) {
	got := Words{"group": "arn:aws:x", "image": "$(rm -rf /)"}.Steps([]string{"a {group} {image} {port}"})
	if got[0] != "a arn:aws:x IMAGE PORT" {
		t.Errorf("%q", got)
	}
}

// FuzzFind: whatever a text is, the answer is one signature and complete sentences.
func FuzzFind(f *testing.F) {
	f.Add("CannotPullContainerError: manifest for {x} not found")
	f.Add("(service web) was unable to place a task. Reason: x")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range Places {
			if s, w, ok := Find(p, text); ok && (w.Sentence(s.Cause) == "" || s.ID == "") {
				t.Errorf("%s in %q: %q", s.ID, text, w)
			}
		}
	})
}

// A reason names its image, also where the container that it is of is not known.
func TestRefusedPullsNameTheirImage(t *testing.T) {
	const why = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ghcr.io/a/b:1: unexpected status from HEAD request to https://ghcr.io/v2/a/b/manifests/1: 401 Unauthorized"
	if s, w, ok := Find(Reason, why); !ok || s.ID != "A09" || w["image"] != "ghcr.io/a/b:1" {
		t.Errorf("%s names %q", s.ID, w)
	}
}

// TestSentences: a name that the evidence does not give leaves a sentence behind.
func TestSentences(t *testing.T) {
	for _, c := range []struct {
		cause string
		words Words
		want  string
	}{
		{"The image {image} cannot be pulled", nil, "The image cannot be pulled"},
		{"The image {image} cannot be pulled", Words{"image": "a/b:1"}, `The image "a/b:1" cannot be pulled`},
		{"Container {container} exits with code {code}", Words{"code": "3"}, "A container exits with code 3"},
		{"The log driver of container {container} cannot start", nil, "The log driver of a container cannot start"},
		{"Container {container} fails its health check{check}", Words{"container": "app", "check": `, "x"`}, `Container "app" fails its health check, "x"`},
		{"The API does not take the request: {detail}", Words{"detail": "Creation of service was not idempotent."}, "The API does not take the request: Creation of service was not idempotent"},
		{"ECS may not assume the role {role}", nil, "ECS may not assume the role"},
	} {
		if got := c.words.Sentence(c.cause); got != c.want {
			t.Errorf("%q\nwant %q", got, c.want)
		}
	}
	for _, s := range All() {
		if said := Words(nil).Sentence(s.Cause); strings.Contains(said, "  ") || strings.HasSuffix(said, " ") || strings.ContainsAny(said, "{}") {
			t.Errorf("%s: %q", s.ID, said)
		}
	}
}

// The pages are those of public documentation, by an address that can be opened as it is.
func TestPagesAreAddresses(t *testing.T) {
	form := regexp.MustCompile(`^https://docs\.(aws\.amazon|docker)\.com/[A-Za-z0-9/_-]+(\.html(#[A-Za-z0-9_-]+)?|/)$`)
	for _, s := range All() {
		if s.Page != "" && !form.MatchString(s.Page) {
			t.Errorf("%s: %s", s.ID, s.Page)
		}
	}
}
