package catalogue

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/diagnosis.md")

const page = "../../docs/diagnosis.md"

// TestPageIsTrue: the table in the documentation is the catalogue.
func TestPageIsTrue(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), "<!-- catalogue -->\n")
	old, tail, ended := strings.Cut(rest, "<!-- /catalogue -->")
	if !ok || !ended {
		t.Fatalf("%s has no place for the catalogue", page)
	}
	if table := table(); old != table {
		if !*update {
			t.Errorf("%s does not show the catalogue as it is: run go test ./diagnose/catalogue -update", page)
			return
		}
		if err := os.WriteFile(page, []byte(head+"<!-- catalogue -->\n"+table+"<!-- /catalogue -->"+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// table has a row for each signature, by id.
func table() string {
	entries := slices.SortedFunc(slices.Values(All()), func(a, b Signature) int {
		return cmp.Or(cmp.Compare(a.ID[0], b.ID[0]), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	var b strings.Builder
	b.WriteString("| id | seen | determinism | cause |\n|---|---|---|---|\n")
	for _, s := range entries {
		var seen []string
		for _, p := range s.Seen {
			seen = append(seen, string(p))
		}
		if len(seen) == 0 {
			seen = []string{"computed"}
		}
		kind := string(s.Kind)
		if s.Confidence == Symptom {
			kind = "symptom"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.ID, strings.Join(seen, ", "), kind, strings.ReplaceAll(s.Cause, "|", "\\|"))
	}
	return b.String()
}
