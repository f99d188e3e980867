package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"steady/awsapi"
	"steady/iam"
)

var update = flag.Bool("update", false, "write the list of docs/api.md")

const apiPage = "../../docs/api.md"

// TestAPIPageIsTrue: the list in the documentation is what the server serves.
func TestAPIPageIsTrue(t *testing.T) {
	b, err := os.ReadFile(apiPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), "<!-- operations -->\n")
	old, tail, ended := strings.Cut(rest, "<!-- /operations -->")
	if !ok || !ended {
		t.Fatalf("%s has no place for the operations", apiPage)
	}
	var list strings.Builder
	for _, s := range (&server{identity: identity{access: new(iam.Access)}}).services() {
		listService(&list, s)
	}
	if old == list.String() {
		return
	}
	if !*update {
		t.Errorf("%s does not show the operations as they are: run go test ./cmd/steady -run APIPage -update", apiPage)
		return
	}
	if err := os.WriteFile(apiPage, []byte(head+"<!-- operations -->\n"+list.String()+"<!-- /operations -->"+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// listService has a row for each operation that is carried out or has a reason why it
// is not, and the names of the others.
func listService(b *strings.Builder, s awsapi.Service) {
	fmt.Fprintf(b, "## %s (`%s`)\n\n%d of %d operations are carried out.\n\n| operation | state |\n|---|---|\n",
		s.Name, cmp.Or(s.Target, s.Version), len(s.Operations), max(len(s.Known), len(s.Operations)))
	var others []string
	all := slices.Collect(maps.Keys(s.Operations))
	for _, name := range s.Known {
		if _, done := s.Operations[name]; !done {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for _, name := range all {
		_, done := s.Operations[name]
		members, why := s.Refused[name], s.Unsupported[name]
		switch {
		case done && len(members) > 0:
			fmt.Fprintf(b, "| %s | partly: refuses %s |\n", name, strings.Join(members, "; "))
		case done && s.Refused == nil:
			fmt.Fprintf(b, "| %s | carried out |\n", name)
		case done:
			fmt.Fprintf(b, "| %s | whole |\n", name)
		case why != "":
			fmt.Fprintf(b, "| %s | not supported, because %s |\n", name, why)
		default:
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(b, "\nNot implemented: %s.\n", strings.Join(others, ", "))
	}
	b.WriteString("\n")
}
