package filterpattern

import (
	"regexp"
	"strings"
	"unicode"
)

// term is a word, a phrase or a regular expression that a message has, or not.
type term struct {
	text string
	re   *regexp.Regexp // nil: text is looked for
}

func (t term) in(message string) bool {
	if t.re != nil {
		return t.re.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

// terms are those of one pattern, by what is asked of them.
type terms struct{ all, any, none []term }

func parseTerms(s string) (*Pattern, error) {
	p := &parser{text: s}
	var ts terms
	for p.space(); !p.end(); p.space() {
		into := &ts.all
		switch {
		case p.take("?"):
			into = &ts.any
		case p.take("-"):
			into = &ts.none
			p.space() // - "Exiting" is written so, too
		}
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		*into = append(*into, t)
	}
	// Terms with a question mark are ignored beside any others.
	if len(ts.all)+len(ts.none) > 0 {
		ts.any = nil
	}
	return &Pattern{match: ts.match, required: ts.required()}, nil
}

func (ts terms) match(message string) bool {
	for _, t := range ts.all {
		if !t.in(message) {
			return false
		}
	}
	for _, t := range ts.none {
		if t.in(message) {
			return false
		}
	}
	for _, t := range ts.any {
		if t.in(message) {
			return true
		}
	}
	return len(ts.any) == 0
}

func (ts terms) required() []string {
	var texts []string
	for _, t := range ts.all {
		if t.re == nil {
			texts = append(texts, t.text)
		}
	}
	return texts
}

// term reads one term. "Metric filter terms that include characters other than
// alphanumeric or underscore must be placed inside double quotes."
func (p *parser) term() (term, error) {
	switch {
	case p.at('"'):
		text, err := p.quoted()
		if err == nil && text == "" {
			err = invalidTerm(`""`)
		}
		return term{text: text}, err
	case p.at('%'):
		re, err := p.regex()
		return term{re: re}, err
	}
	word := p.while(func(r rune) bool { return !unicode.IsSpace(r) })
	for _, r := range word {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return term{}, invalidTerm(word)
		}
	}
	if word == "" {
		return term{}, invalid("a term is missing at its end")
	}
	return term{text: word}, nil
}
