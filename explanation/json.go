package explanation

import (
	"encoding/json"
	"io"
	"time"

	"steady/diagnose"
)

// Schema names the form of the JSON document. Members may be added under the same
// name; one that changes or goes away makes a new one.
const Schema = "steady.why/1"

// Document is what JSON writes. Lists are never null; members without a value are
// left out.
type Document struct {
	Schema  string    `json:"schema"`
	At      time.Time `json:"at,omitzero"` // when the evidence was gathered
	Subject Subject   `json:"subject"`
	// Verdict is "explained" where a cause was found, "unexplained" where something
	// is wrong and nothing tells why, "harmless" where tasks ended and none failed,
	// and "nothing wrong".
	Verdict  string    `json:"verdict"`
	Summary  string    `json:"summary"` // the paragraph
	Findings []Finding `json:"findings"`
	Harmless []Finding `json:"harmless"` // ends of tasks that are no failure
	Outlook  Outlook   `json:"outlook"`
	Room     *Room     `json:"room,omitempty"`
	Notes    []string  `json:"notes"`
}

// Subject is what the document is about.
type Subject struct {
	Kind       string `json:"kind"` // service, deployment, task, texts
	Name       string `json:"name"`
	Cluster    string `json:"cluster,omitempty"`
	Deployment string `json:"deployment,omitempty"`
	Revision   string `json:"revision,omitempty"`
	State      string `json:"state,omitempty"`
}

// Finding is one cause.
type Finding struct {
	ID          string `json:"id"`          // in the catalogue
	Cause       string `json:"cause"`       // a sentence
	Confidence  string `json:"confidence"`  // certain, likely, possible, symptom
	Determinism string `json:"determinism"` // deterministic, ambiguous, transient, benign
	// WillRecur tells that trying again cannot help.
	WillRecur bool `json:"willRecur"`
	// OnPurpose tells that the tasks were stopped on purpose: none of them failed.
	OnPurpose bool          `json:"onPurpose,omitempty"`
	Tasks     int           `json:"tasks"`
	Evidence  []Proof       `json:"evidence"`
	Either    []Possibility `json:"either,omitempty"`
	Clues     []Clue        `json:"clues,omitempty"`
	Remedy    []string      `json:"remedy"`
	Page      string        `json:"page,omitempty"`
}

// Proof is one thing that was observed.
type Proof struct {
	At      time.Time `json:"at,omitzero"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Log     bool      `json:"log,omitempty"` // a container wrote Text
}

// Possibility is one of several causes that the evidence cannot tell apart.
type Possibility struct {
	Cause string `json:"cause"`
	Look  string `json:"look"`
}

// Clue is a line of a log that says where to look first.
type Clue struct {
	ID    string `json:"id"`
	Cause string `json:"cause"`
	Line  string `json:"line"`
	Step  string `json:"step"`
}

// Outlook tells whether the service can become what it is meant to be.
type Outlook struct {
	Hopeless *Hopeless `json:"hopeless,omitempty"`
	Waiting  string    `json:"waiting,omitempty"`
}

// Hopeless is why it cannot.
type Hopeless struct {
	ID     string   `json:"id"`
	Reason string   `json:"reason"`
	Remedy []string `json:"remedy"`
}

// Room is how many more of the service's tasks fit the cluster.
type Room struct {
	Tasks     int       `json:"tasks"`
	AtLeast   bool      `json:"atLeast,omitempty"` // Tasks is where counting ended
	Wanted    int       `json:"wanted"`            // tasks that the service lacks
	Instances []Refused `json:"instances"`
}

// Refused is an instance that takes no further task.
type Refused struct {
	Instance string `json:"instance"`
	Reason   string `json:"reason"`
	Detail   string `json:"detail"`
}

// JSON writes the diagnosis as one document.
func JSON(w io.Writer, at time.Time, s diagnose.Subject, d diagnose.Diagnosis) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(document(at, s, d))
}

func document(at time.Time, s diagnose.Subject, d diagnose.Diagnosis) Document {
	doc := Document{
		Schema: Schema, At: at.UTC(),
		Subject: Subject{string(s.Kind), s.Name, s.Cluster, s.Deployment, s.Revision, s.State},
		Verdict: verdict(d), Summary: paragraph(s, d), Findings: findings(d.Findings), Harmless: findings(d.Benign),
		Outlook: Outlook{Waiting: d.Outlook.Waiting}, Notes: append([]string{}, d.Notes...),
	}
	if h := d.Outlook.Hopeless; h != nil {
		doc.Outlook.Hopeless = &Hopeless{h.ID, h.Reason, append([]string{}, h.Remedy...)}
	}
	if r := d.Room; r != nil {
		doc.Room = &Room{Tasks: r.Tasks, AtLeast: r.More, Wanted: r.Wanted, Instances: []Refused{}}
		for _, x := range r.Instances {
			doc.Room.Instances = append(doc.Room.Instances, Refused(x))
		}
	}
	return doc
}

func verdict(d diagnose.Diagnosis) string {
	_, explained := first(d)
	switch {
	case explained || d.Outlook.Hopeless != nil:
		return "explained"
	case len(d.Findings) > 0 || d.Lacking != "":
		return "unexplained"
	case len(d.Benign) > 0:
		return "harmless"
	}
	return "nothing wrong"
}

func findings(all []diagnose.Finding) []Finding {
	out := []Finding{}
	for _, f := range all {
		x := Finding{
			ID: f.ID, Cause: f.Cause, Confidence: string(f.Confidence), Determinism: string(f.Kind), WillRecur: f.Deterministic, OnPurpose: f.OnPurpose,
			Tasks: f.Tasks, Evidence: []Proof{}, Remedy: append([]string{}, f.Remedy...), Page: f.Page,
		}
		for _, p := range f.Evidence {
			p.At = p.At.UTC()
			x.Evidence = append(x.Evidence, Proof(p))
		}
		for _, p := range f.Either {
			x.Either = append(x.Either, Possibility(p))
		}
		for _, c := range f.Clues {
			x.Clues = append(x.Clues, Clue(c))
		}
		out = append(out, x)
	}
	return out
}
