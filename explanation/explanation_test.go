package explanation

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"steady/diagnose"
	"steady/diagnose/catalogue"
)

var update = flag.Bool("update", false, "write the golden files")

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// stories are diagnoses with all that can be in one.
var stories = map[string]struct {
	subject diagnose.Subject
	d       diagnose.Diagnosis
}{
	"missing-image": {
		diagnose.Subject{Kind: diagnose.AService, Name: "web", Cluster: "default", Deployment: "ecs-svc/2", Revision: "web:7", State: "IN_PROGRESS, 0 of 3 tasks run"},
		diagnose.Diagnosis{
			Findings: []diagnose.Finding{{
				ID: "A01", Cause: `The image "shop/web:9" does not exist in its registry.`, Confidence: diagnose.Certain, Kind: catalogue.Deterministic, Tasks: 3, Deterministic: true,
				Evidence: []diagnose.Proof{
					{At: t0.Add(2 * time.Minute), Subject: "task 0b, container app", Text: "CannotPullContainerError: manifest for shop/web:9 not found"},
					{At: t0.Add(time.Minute), Subject: "task 0a, container app", Text: "CannotPullContainerError: manifest for shop/web:9 not found"}},
				Remedy: []string{"Look whether it is there: docker manifest inspect shop/web:9", "Push the image, or correct its name."}, Page: "https://docs.example/pull",
			}, {
				ID: "E03", Cause: "No instance has enough memory left for a task.", Confidence: diagnose.Likely, Kind: catalogue.Ambiguous,
				Evidence: []diagnose.Proof{{At: t0, Subject: "service event", Text: "(service web) was unable to place a task"}},
			}, {ID: "F02", Cause: "The deployment circuit breaker tripped since too many tasks failed.", Confidence: diagnose.Symptom, Kind: catalogue.Ambiguous}},
			Outlook: diagnose.Outlook{Hopeless: &diagnose.Hopeless{ID: "F04", Reason: "3 tasks failed in the same way", Remedy: []string{"Deploy what worked before."}}},
			Room:    &diagnose.Room{Tasks: 1, Wanted: 3, Instances: []diagnose.Refused{{Instance: "m1", Reason: "RESOURCE:MEMORY", Detail: "88 MiB of memory left of 1024, and a task needs 512"}}},
			Notes:   []string{"No log was found of 1 task that ran."},
		}},
	"either-or": {
		diagnose.Subject{Kind: diagnose.ATask, Name: "0a", Cluster: "default", Revision: "web:7", State: "STOPPED, EssentialContainerExited after 2 s"},
		diagnose.Diagnosis{Findings: []diagnose.Finding{{
			ID: "C24", Cause: `Container "app" exits with code 255.`, Confidence: diagnose.Possible, Kind: catalogue.Ambiguous, Tasks: 1,
			Evidence: []diagnose.Proof{{At: t0, Subject: "task 0a, container app", Text: "exit code 255 after 2 s"}, {At: t0, Subject: "log of task 0a, container app", Text: "starting\x1b[2J", Log: true}},
			Either:   []catalogue.Possibility{{Cause: "The image is built for another CPU.", Look: "Is the log empty?"}, {Cause: "The program ends so by itself.", Look: "The last lines of its log"}},
			Clues:    []diagnose.Clue{{ID: "C33", Cause: "Something that the program calls does not listen.", Line: "connect ECONNREFUSED 10.0.0.1:5432", Step: "Check the address."}},
			Remedy:   []string{"Read the log."}, Page: "https://docs.example/stop",
		}}}},
	"harmless": {
		diagnose.Subject{Kind: diagnose.ATask, Name: "0a", State: "STOPPED, UserInitiated"},
		diagnose.Diagnosis{Benign: []diagnose.Finding{{ID: "T6", Cause: "Somebody stopped the task through the API.", Confidence: diagnose.Certain, Kind: catalogue.Benign, Tasks: 1,
			Evidence: []diagnose.Proof{{At: t0, Subject: "task 0a", Text: "Task stopped by user"}}}}}},
	"hopeless": {
		diagnose.Subject{Kind: diagnose.AService, Name: "web", Cluster: "default", State: "IN_PROGRESS, 0 of 1 tasks run"},
		diagnose.Diagnosis{Outlook: diagnose.Outlook{Hopeless: &diagnose.Hopeless{ID: "E38", Reason: "a task needs 4096 MiB of memory; the largest container instance (m1) has 1024", Remedy: []string{"Lower memory."}}},
			Room: &diagnose.Room{Wanted: 1, Instances: []diagnose.Refused{{Instance: "m1", Reason: "RESOURCE:MEMORY", Detail: "1024 MiB of memory left of 1024, and a task needs 4096"}}}}},
	"unread": {
		diagnose.Subject{Kind: diagnose.AService, Name: "web", Cluster: "default", State: "IN_PROGRESS, 0 of 4 tasks run"},
		diagnose.Diagnosis{Lacking: "0 of 4 tasks run, and ECS counts 34 failed. The stopped tasks could not be read: AccessDeniedException: no",
			Notes: []string{"The stopped tasks could not be read: AccessDeniedException: no"}}},
	"stopped-on-purpose": { // which does not explain what is missing
		diagnose.Subject{Kind: diagnose.AService, Name: "web", Cluster: "default", State: "IN_PROGRESS, 0 of 4 tasks run"},
		diagnose.Diagnosis{Lacking: "0 of 4 tasks run, and ECS counts 3 failed", Findings: []diagnose.Finding{{
			ID: "C13", Cause: `Container "app" was killed (exit code 137) since it did not end in time when it was told to stop.`, Confidence: diagnose.Certain, Kind: catalogue.Ambiguous, Tasks: 1, OnPurpose: true,
			Evidence: []diagnose.Proof{{At: t0, Subject: "task 0a, container app", Text: "exit code 137, 30 s after it was told to stop; its stopTimeout is 30 s"}},
		}}}},
	"symptoms-only": {
		diagnose.Subject{Kind: diagnose.SomeTexts},
		diagnose.Diagnosis{Findings: []diagnose.Finding{{ID: "F14", Cause: "The task ended; its containers tell why.", Confidence: diagnose.Symptom, Kind: catalogue.Ambiguous,
			Evidence: []diagnose.Proof{{Subject: "line 1 of paste", Text: "Essential container in task exited"}}}}}},
	"waiting":       {diagnose.Subject{Kind: diagnose.AService, Name: "web", State: "IN_PROGRESS, 1 of 2 tasks run"}, diagnose.Diagnosis{Outlook: diagnose.Outlook{Waiting: "256 MiB of memory on a container instance: running tasks hold it"}}},
	"nothing-wrong": {diagnose.Subject{Kind: diagnose.AService, Name: "web", Cluster: "default", State: "COMPLETED, 3 of 3 tasks run"}, diagnose.Diagnosis{}},
}

func TestGolden(t *testing.T) {
	for name, s := range stories {
		var text, document bytes.Buffer
		if err := Text(&text, s.subject, s.d); err != nil {
			t.Fatal(err)
		}
		if err := JSON(&document, t0, s.subject, s.d); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.Bytes())
		golden(t, name+".json", document.Bytes())
		if strings.Contains(text.String(), "\x1b") {
			t.Errorf("%s: a container moves the cursor", name)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v\n%s", name, err, got)
	}
}

// TestRewriteReachesEverything: no text of a diagnosis escapes but ids and pages.
func TestRewriteReachesEverything(t *testing.T) {
	for name, s := range stories {
		subject, d := Rewrite(s.subject, s.d, func(string) string { return "X" })
		var b bytes.Buffer
		if err := JSON(&b, t0, subject, d); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"shop", "0a", "web", "m1", "10.0.0.1", "memory", "exit code"} {
			if strings.Contains(strings.ReplaceAll(b.String(), subject.State, ""), secret) {
				t.Errorf("%s: %s is left in\n%s", name, secret, &b)
			}
		}
		var before bytes.Buffer
		if err := JSON(&before, t0, s.subject, s.d); err != nil || !json.Valid(before.Bytes()) {
			t.Errorf("%s: %v", name, err)
		}
		golden(t, name+".json", before.Bytes()) // the original is as it was
	}
}
