package e2e

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// conformanceFile is what TestConformance writes where STEADY_WRITE_CONFORMANCE is set,
// and is to find as it is elsewhere.
const conformanceFile = "../docs/conformance.md"

// perTrial is what no two runs have in common, and what stands for it.
var perTrial = []struct {
	text *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`arn:aws:(ecs|iam|ssm|logs|secretsmanager):[a-z0-9-]*:\d*:`), ""},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b`), "…"},
	{regexp.MustCompile(`\beni-[0-9a-f]+\b|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b|\b172\.\d+\.\d+\.\d+\b`), "…"},
	{regexp.MustCompile(`\b(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|60\d{3})\b`), "…"},          // dynamic ports
	{regexp.MustCompile(`(?:failed to create [a-z ]+: )+OCI runtime create failed: [^"]*?exec: `), "… exec: "}, // who wrapped it differs by the engine's version
	{regexp.MustCompile(`length: '\d+'`), "length: '…'"},                                                       // the image's name is in it
	{regexp.MustCompile(`\s*\n\s*`), "; "},
	{regexp.MustCompile(`\t`), " "},
}

// plain is an observation without what belongs to this run.
func (r *trial) plain(text string) string {
	for i := 0; i+1 < len(r.words); i += 2 {
		if r.words[i] != "$TASK" {
			text = strings.ReplaceAll(text, r.words[i+1], strings.ToLower(strings.TrimPrefix(r.words[i], "$")))
		}
	}
	for _, p := range perTrial {
		text = p.text.ReplaceAllString(text, p.is)
	}
	return text
}

// checkConformancePage writes the page, or compares it with what was observed.
func checkConformancePage(t *testing.T, rows []behaviour, observed []string) {
	t.Helper()
	page := conformancePage(rows, observed)
	if os.Getenv("STEADY_WRITE_CONFORMANCE") != "" {
		if err := os.WriteFile(conformanceFile, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(conformanceFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) == page {
		return
	}
	known := strings.Split(string(written), "\n")
	for i, line := range strings.Split(page, "\n") {
		if i >= len(known) || known[i] != line {
			t.Fatalf("line %d of %s is not what was observed: STEADY_WRITE_CONFORMANCE=1 go test ./e2e -run TestConformance writes it anew\n%s", i+1, conformanceFile, line)
		}
	}
	t.Fatalf("%s is longer than what was observed: STEADY_WRITE_CONFORMANCE=1 go test ./e2e -run TestConformance writes it anew", conformanceFile)
}

func conformancePage(rows []behaviour, observed []string) string {
	var page strings.Builder
	fmt.Fprintf(&page, `# Conformance, behaviour by behaviour

Each of the %d rows below is a rule of Amazon ECS, in our words, and what was observed of
Steady: a small task definition was registered and run on real containers, and asked about,
with the AWS CLI. TestConformance in e2e does so, and demands both what its table wants and
what stands here; STEADY_WRITE_CONFORMANCE=1 makes it write this page.

- The client is the AWS CLI's own code. Python is started once and each call is a process
  forked from that one, since starting the command takes longer than most behaviours do.
- A task is shown as lastStatus · stopCode · stoppedReason · each container with its exit
  code and its reason. Where a container looks at itself from inside, it exits with 0 if it
  found what the rule says, and with something else otherwise.
- “…” stands for what differs in each run: ids, addresses, dynamic ports, and how the
  engine's version wraps an error. “family” is the
  family of the row's own task definition.
- What ECS refuses is shown in the words of the refusal: an exception, or the reasons in
  failures, one for each of the two instances. Where Amazon does not publish a text, the
  words are Steady's own.
- “**refused:**” stands before what ECS can do and Steady says that it cannot, %d rows; the
  whole list of such members and operations is in [api](api.md).
- Not here: deployments of services; [failures](failures.md) is their table.
`, len(rows), unsupported(observed))
	area := ""
	for i, b := range rows {
		if b.area != area {
			area = b.area
			fmt.Fprintf(&page, "\n## %s\n\n| behaviour | observed |\n|---|---|\n", area)
		}
		fmt.Fprintf(&page, "| %s | %s |\n", cell(b.rule), cell(told(observed[i])))
	}
	return page.String()
}

// told is an observation, marked where Steady refuses what ECS can do.
func told(observed string) string {
	if strings.Contains(observed, notSupported) {
		return "**refused:** " + observed
	}
	return observed
}

const notSupported = " is not supported by Steady"

func unsupported(observed []string) (n int) {
	for _, o := range observed {
		if strings.Contains(o, notSupported) {
			n++
		}
	}
	return n
}

// cell is a text in a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// noVolumesAreLeft waits until the volumes of the tasks are gone, with their containers.
func noVolumesAreLeft(t *testing.T, s *server) {
	t.Helper()
	eventually(t, func() string {
		left, err := engine.VolumeList(context.Background(), client.VolumeListOptions{Filters: make(client.Filters).Add("label", "dev.steady.installation="+s.installation())})
		if err != nil || len(left.Items) > 0 {
			return fmt.Sprintf("volumes are left: %+v, %v", left.Items, err)
		}
		return ""
	})
}
