package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"steady/diagnose"
	"steady/monitor"
)

var update = flag.Bool("update", false, "write the golden files")

// rolledBack is a verdict with everything in it, also what a hostile log may hold.
var rolledBack = monitor.Verdict{
	Outcome: monitor.RolledBack, Cluster: "default", Service: "web", Deployment: "ecs-svc/1", Revision: "web:3", Current: "web:2", Steady: true,
	Elapsed: 12500 * time.Millisecond,
	Outlook: diagnose.Outlook{Hopeless: &diagnose.Hopeless{Reason: "nothing fits", Remedy: []string{"Add an instance."}}},
	Findings: []diagnose.Finding{{
		ID: "C01", Cause: `Container "app" exits with code 1`, Confidence: diagnose.Certain, Tasks: 2, Deterministic: true,
		Evidence: []diagnose.Proof{
			{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Subject: "task 0a1b, container app", Text: "exit code 1"},
			{Subject: "task 0a1b, container app", Text: "::set-env name=X::```<b>100%", Log: true}},
		Remedy: []string{"Read the log."},
	}},
	Text: "ROLLED BACK: service web. The deployment of web:3 failed, it_was <b>rolled</b> back.\nWhy: 2 tasks failed:\n    ::set-env name=X::```<b>100%\nWhat to do:\n  - Read the log.",
}

var succeeded = monitor.Verdict{
	Outcome: monitor.Succeeded, Cluster: "default", Service: "web", Deployment: "ecs-svc/2", Revision: "web:4", Current: "web:4", Steady: true,
	Elapsed: 3 * time.Second, Text: "SUCCEEDED: service web. 3 of 3 tasks run web:4, and nothing else runs.",
}

func TestForms(t *testing.T) {
	for form, write := range map[string]func(io.Writer, monitor.Verdict) error{
		"json": JSON, "junit.xml": JUnit, "annotation.txt": Annotation, "summary.md": Summary,
	} {
		for name, v := range map[string]monitor.Verdict{"rolledback": rolledBack, "succeeded": succeeded} {
			var got bytes.Buffer
			if err := write(&got, v); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+"."+form)
			if *update {
				os.MkdirAll("testdata", 0o755)
				os.WriteFile(file, got.Bytes(), 0o644)
			}
			want, err := os.ReadFile(file)
			if err != nil || got.String() != string(want) {
				t.Errorf("%s (%v): got\n%s", file, err, got.String())
			}
		}
	}
}

// What other programs read must be well-formed, whatever a container wrote.
func TestWellFormed(t *testing.T) {
	var b bytes.Buffer
	JUnit(&b, rolledBack)
	if err := xml.Unmarshal(b.Bytes(), new(suites)); err != nil {
		t.Error(err)
	}
	b.Reset()
	JSON(&b, rolledBack)
	var d Document
	if err := json.Unmarshal(b.Bytes(), &d); err != nil || d.ExitCode != 3 || d.Findings[0].Evidence[0].At == nil || d.Findings[0].Evidence[1].At != nil {
		t.Errorf("%+v, %v", d, err)
	}
	b.Reset()
	Annotation(&b, rolledBack)
	if strings.Count(b.String(), "\n") != 1 || strings.HasPrefix(b.String(), "::set-env") {
		t.Errorf("a log line became a command of its own:\n%s", b.String())
	}
}
