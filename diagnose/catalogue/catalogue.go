// Package catalogue is what is known of the ways in which deployments on ECS fail:
// each signature with the texts by which it shows, its cause and its remedy.
// It only recognises; it never judges between signatures and never fetches anything.
//
// A signature is data. The families stand in a file each, in the order in which they
// are tried: the special before the general, what several families share at the end.
package catalogue

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Place is where a signature shows.
type Place string

const (
	// Reason is a task's stoppedReason or a container's reason. Many of these texts
	// stand in service events too, behind "was unable to place a task. Reason: ".
	Reason Place = "stop reason"
	// Event is a message of the service, or the name of an EventBridge event of
	// detail-type "ECS Service Action".
	Event Place = "service event"
	// Exit is the exit code of a container.
	Exit Place = "exit code"
	// Log is a line that a container wrote, which tells the cause.
	Log Place = "log line"
	// Hint is a line that a container wrote, which points at the cause but is none:
	// programs write such lines and go on.
	Hint Place = "log hint"
	// Check is a line that tells of a container's health check, where one failed.
	Check Place = "health check"
	// Target is the reason of a target's health, or its description.
	Target Place = "target health"
	// Rollout is the status reason of a service deployment.
	Rollout Place = "deployment status"
	// API is a failure's reason or the text of an exception.
	API Place = "API answer"
	// Agent is the reason of a managed agent of a container.
	Agent Place = "managed agent"
)

// Places lists every place, in the order in which a text of unknown origin is
// looked for.
var Places = []Place{Reason, Event, Rollout, Target, Agent, API, Log, Check, Hint}

// Kind tells whether trying again can help.
type Kind string

const (
	Deterministic Kind = "deterministic" // it cannot: something has to be changed
	Ambiguous     Kind = "ambiguous"     // it depends on the program
	Transient     Kind = "transient"     // it may
	Benign        Kind = "benign"        // nothing failed
)

// Confidence says how far a finding can be trusted.
type Confidence string

const (
	// Certain: the evidence states the cause.
	Certain Confidence = "certain"
	// Likely: the evidence states what failed; the cause behind it is the usual one.
	Likely Confidence = "likely"
	// Possible: one explanation among several, or evidence that may be out of date.
	Possible Confidence = "possible"
	// Symptom: a consequence of the failure; it explains nothing.
	Symptom Confidence = "symptom"
)

// Signature is one way in which a failure shows, what it means and what to do.
type Signature struct {
	ID    string // a letter for the family and a number; unique
	Seen  []Place
	Match *regexp.Regexp // of the text; nil where an exit code or a computation decides
	Exit  []int32        // of a container; empty with place Exit: every code
	// StopCode, if set, is that of the tasks whose exit codes count.
	StopCode   types.TaskStopCode
	Kind       Kind
	Confidence Confidence
	// Cause is a sentence without its full stop. {names} in it and in Remedy stand
	// for what Match captures, and for the container and its image.
	Cause string
	// Either are the causes that the text cannot tell apart, the more frequent
	// first; empty where it can.
	Either []Possibility
	Remedy []string // steps
	Page   string   // URL of the documentation
	// Placement marks events about tasks that found no place: such an event is out
	// of date once they have one.
	Placement bool
}

// Possibility is one of several causes that the same text can have.
type Possibility struct {
	Cause string // a sentence without its full stop
	Look  string // what to look at to tell whether it is this one
}

// All is the whole catalogue, in the order in which signatures are tried.
func All() []Signature {
	return slices.Concat(benign, pulling, initialising, starting, health, placement, converging, exits, lines, exec, api, general, computed)
}

var (
	all     = All()
	byPlace = func() map[Place][]Signature {
		m := map[Place][]Signature{}
		for _, s := range all {
			for _, p := range s.Seen {
				m[p] = append(m[p], s)
			}
		}
		return m
	}()
)

// At gives the signatures that show at a place, in their order. The slice must not
// be changed.
func At(p Place) []Signature { return byPlace[p] }

// Get gives the signature with an id. It panics without one: ids are written in
// programs, not read.
func Get(id string) Signature {
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	panic("catalogue: no signature " + id)
}

// Words are what a text says for the {names} in a signature's sentences.
type Words map[string]string

// Find gives the first signature of a place that a text shows.
func Find(p Place, text string) (Signature, Words, bool) {
	for _, s := range byPlace[p] {
		if w, ok := s.In(text); ok {
			return s, w, true
		}
	}
	return Signature{}, nil, false
}

// In tells whether the signature shows in a text, and the words that it names there.
func (s Signature) In(text string) (Words, bool) {
	if text == "" || s.Match == nil {
		return nil, false
	}
	found := s.Match.FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	w := Words{}
	for i, name := range s.Match.SubexpNames() {
		if name = strings.TrimRight(name, "234"); name != "" && found[i] != "" {
			w[name] = found[i] // Go wants unique names: port, port2
		}
	}
	return w, true
}

// apostrophes let one in a pattern stand for each kind of it, at the beginning of a
// class too.
var apostrophes = strings.NewReplacer("[^'", "[^'’‘", "['", "['’‘", "'", "['’‘]")

// re compiles a pattern in which an apostrophe stands for each kind of it: ECS
// writes both ' and ’, and quotes with them.
func re(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + apostrophes.Replace(pattern))
}

// in is a list of places.
func in(places ...Place) []Place { return places }
