package catalogue

import (
	"regexp"
	"slices"
	"strings"
)

var place = regexp.MustCompile(`\{(\w+)\}`)

// unnamed is what stands in a sentence for a word that the evidence does not give.
var unnamed = Words{
	"container": "a container", "image": "the image", "command": "the command", "port": "the host port",
	"platform": "this machine's platform", "detail": "no detail was given", "reason": "no reason was given",
	"action": "what it asks for", "secret": "a secret", "key": "the key", "parameter": "a parameter", "bucket": "the bucket",
	"role": "the role", "group": "the target group", "logs": "the log group", "code": "an error", "codes": "an error code",
	"name": "a value", "hook": "the hook", "filesystem": "the file system", "exception": "an error", "service": "an AWS service",
}

// quoted are the words that are names and stand in quotes.
var quoted = []string{"container", "image", "command", "secret", "parameter", "key", "role", "logs"}

// Sentence fills the {names} of a cause.
func (w Words) Sentence(s string) string {
	return place.ReplaceAllStringFunc(s, func(p string) string {
		name := p[1 : len(p)-1]
		value := strings.TrimSpace(w[name])
		switch {
		case value == "":
			return unnamed[name]
		case slices.Contains(quoted, name):
			return `"` + value + `"`
		}
		return value
	})
}

// plain is a word that a shell takes as it is.
var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// Steps fills the {names} of a remedy. In a command to be copied a word that the
// evidence does not give stands in capitals, and one that a shell would not take as
// it is, too: it came from outside.
func (w Words) Steps(remedy []string) []string {
	var out []string
	for _, step := range remedy {
		out = append(out, place.ReplaceAllStringFunc(step, func(p string) string {
			name := p[1 : len(p)-1]
			if value := strings.TrimSpace(w[name]); plain.MatchString(value) {
				return value
			}
			return strings.ToUpper(name)
		}))
	}
	return out
}
