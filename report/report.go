// Package report puts the verdict of a watch into the forms that other programs read:
// a JSON document, a JUnit file, the annotations and the summary of GitHub Actions.
// It never decides anything, and prints no more than the verdict says.
package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"steady/diagnose"
	"steady/monitor"
)

// Document is a verdict as JSON. Members are only ever added.
type Document struct {
	Outcome    monitor.Outcome `json:"outcome"`
	ExitCode   int             `json:"exitCode"`
	Cluster    string          `json:"cluster"`
	Service    string          `json:"service"`
	Deployment string          `json:"deployment"`
	Revision   string          `json:"revision"`
	Current    string          `json:"currentRevision"`
	Steady     bool            `json:"steady"`
	Seconds    float64         `json:"elapsedSeconds"`
	Text       string          `json:"text"`
	// CannotConverge and WaitingFor are empty where nothing holds the service up.
	CannotConverge string    `json:"cannotConverge,omitempty"`
	WaitingFor     string    `json:"waitingFor,omitempty"`
	Findings       []Finding `json:"findings"`
}

// Finding is one cause of failed tasks.
type Finding struct {
	ID            string              `json:"id"`
	Cause         string              `json:"cause"`
	Confidence    diagnose.Confidence `json:"confidence"`
	Deterministic bool                `json:"deterministic"`
	Tasks         int                 `json:"tasks"`
	Evidence      []Proof             `json:"evidence"`
	Remedy        []string            `json:"remedy"`
}

// Proof is one thing that was observed.
type Proof struct {
	At      *time.Time `json:"at,omitempty"`
	Subject string     `json:"subject"`
	Text    string     `json:"text"`
}

// Of makes the document of a verdict.
func Of(v monitor.Verdict) Document {
	d := Document{
		Outcome: v.Outcome, ExitCode: v.Outcome.ExitCode(), Cluster: v.Cluster, Service: v.Service, Deployment: v.Deployment,
		Revision: v.Revision, Current: v.Current, Steady: v.Steady, Seconds: v.Elapsed.Seconds(), Text: v.Text,
		WaitingFor: v.Outlook.Waiting, Findings: []Finding{},
	}
	if v.Outlook.Hopeless != nil {
		d.CannotConverge = v.Outlook.Hopeless.Reason
	}
	for _, f := range v.Findings {
		d.Findings = append(d.Findings, finding(f))
	}
	return d
}

func finding(f diagnose.Finding) Finding {
	out := Finding{ID: f.ID, Cause: f.Cause, Confidence: f.Confidence, Deterministic: f.Deterministic, Tasks: f.Tasks,
		Evidence: []Proof{}, Remedy: append([]string{}, f.Remedy...)}
	for _, e := range f.Evidence {
		p := Proof{Subject: e.Subject, Text: e.Text}
		if !e.At.IsZero() {
			p.At = &e.At
		}
		out.Evidence = append(out.Evidence, p)
	}
	return out
}

// JSON writes the document of a verdict, on several lines.
func JSON(w io.Writer, v monitor.Verdict) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(Of(v))
}

// failed tells whether a verdict is to stop a pipeline.
func failed(v monitor.Verdict) bool { return v.Outcome != monitor.Succeeded }

// headline is the first sentence of a verdict's text, and rest what follows.
func headline(v monitor.Verdict) (head, rest string) {
	head, rest, _ = strings.Cut(v.Text, "\n")
	return head, rest
}

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suite   suite    `xml:"testsuite"`
}

type suite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Time     string `xml:"time,attr"`
	Case     test   `xml:"testcase"`
}

type test struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *failure `xml:"failure,omitempty"`
	Output  string   `xml:"system-out,omitempty"`
}

type failure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a verdict as one test case, whose failure says what happened and why.
func JUnit(w io.Writer, v monitor.Verdict) error {
	seconds := fmt.Sprintf("%.3f", v.Elapsed.Seconds())
	c := test{Class: v.Cluster + "." + v.Service, Name: "deployment of " + v.Revision, Time: seconds}
	s := suite{Name: "steady", Tests: 1, Time: seconds}
	if head, _ := headline(v); failed(v) {
		s.Failures = 1
		c.Failure = &failure{Type: string(v.Outcome), Message: head, Text: v.Text}
	} else {
		c.Output = v.Text
	}
	s.Case = c
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suites{Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
