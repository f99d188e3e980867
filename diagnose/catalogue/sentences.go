package catalogue

import (
	"regexp"
	"slices"
	"strings"
)

var place = regexp.MustCompile(`\{(\w+)\}`)

// unnamed is what stands in a sentence for a word that the evidence does not give.
// Without one, the noun in front of the word is enough: "the image {image}".
var unnamed = Words{
	"command": "that is asked for", "port": "that is asked for", "platform": "this machine's platform", "detail": "no detail was given",
	"reason": "no reason was given", "action": "what it asks for", "code": "an error", "name": "that is asked for", "hook": "no name was given",
}

// someContainer puts the article where no container is named.
var someContainer = strings.NewReplacer("Container {container}", "A container", "container {container}", "a container")

// quoted are the words that are names and stand in quotes.
var quoted = []string{"container", "other", "image", "command", "secret", "parameter", "key", "role", "logs"}

// Sentence fills the {names} of a cause. It ends without its full stop, as the cause does.
func (w Words) Sentence(s string) string {
	if w["container"] == "" {
		s = someContainer.Replace(s)
	}
	s = place.ReplaceAllStringFunc(s, func(p string) string {
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
	// What a message says may end in a full stop, which the sentence's own would follow.
	return strings.TrimRight(strings.ReplaceAll(s, "  ", " "), " .")
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
