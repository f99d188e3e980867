package ql

import "strings"

// refused are commands that this implementation does not have, and why.
var refused = map[string]string{
	"anomaly": "the anomaly command is not available: it needs a trained model; use pattern and diff instead",
}

// command reads one command. What follows a command's name decides nothing else, so
// each has a function of its own.
func (p *parser) command() Command {
	start, word := p.Start, p.Span
	w := strings.ToLower(p.text())
	if p.kind != name || p.quoted {
		p.failHere("expected a command, found %s", p.found())
		return nil
	}
	if why, is := refused[w]; is {
		p.failHere("%s", why)
		return nil
	}
	read, known := commands[w]
	if !known {
		p.failHere("%s is no command", p.found())
		return nil
	}
	p.advance()
	c := read(p, w)
	c.at(p.since(start))
	if p.err == nil && p.last == word.End && !mayStandAlone[w] {
		p.fail(word, "%s lacks its arguments", w)
	}
	return c
}

// at lets a command be told its place when it is read.
func (s *Span) at(place Span) { *s = place }

type placed interface {
	Command
	at(Span)
}

var mayStandAlone = map[string]bool{"diff": true, "fillmissing": true, "filldown": true, "addtotals": true}

// commands are the functions that read each command behind its name.
var commands map[string]func(p *parser, word string) placed

func init() { // a map of functions that lead back to it cannot be initialized where it stands
	commands = map[string]func(p *parser, word string) placed{
		"fields":  func(p *parser, _ string) placed { return &Fields{Items: p.items()} },
		"display": func(p *parser, _ string) placed { return &Fields{Display: true, Items: p.items()} },
		"filter":  (*parser).filter, "where": (*parser).filter, "filterindex": (*parser).filter,
		"stats": (*parser).stats, "sort": (*parser).sort, "order": (*parser).sort,
		"limit": (*parser).limit, "head": (*parser).limit, "tail": (*parser).limit,
		"parse":   (*parser).parse,
		"dedup":   func(p *parser, _ string) placed { return &Dedup{Fields: p.fields()} },
		"pattern": func(p *parser, _ string) placed { return &Pattern{X: p.expr()} },
		"diff":    (*parser).diff,
		"unmask":  func(p *parser, _ string) placed { return &Unmask{X: p.expr()} },
		"unnest":  (*parser).unnest, "expand": (*parser).expand,
		"lookup": (*parser).lookup, "cidrlookup": (*parser).lookup,
		"join": (*parser).join, "appendcols": (*parser).appendCols,
		"fillmissing":   (*parser).fillMissing,
		"filldown":      (*parser).fillDown,
		"countfrequent": (*parser).countFrequent, "count_frequent": (*parser).countFrequent,
		"addtotals": (*parser).addTotals, "accum": (*parser).accum, "autoregress": (*parser).autoregress,
		"sessionize": (*parser).sessionize, "outlier": (*parser).outlier,
		"relevantfields": (*parser).relevantFields, "logcompare": (*parser).logCompare,
	}
}

func (p *parser) filter(word string) placed { return &Filter{Word: word, Condition: p.expr()} }

func (p *parser) stats(string) placed {
	s := &Stats{Items: p.items()}
	if p.word("by") {
		s.By = p.items()
		if p.word("offset") {
			s.Offset = p.period()
		}
	}
	return s
}

func (p *parser) sort(string) placed {
	p.word("by")
	s := &Sort{}
	p.list(func() {
		k := Key{Item: Item{X: p.expr()}}
		k.Alias = p.alias()
		if k.Descending = p.word("desc"); !k.Descending {
			p.word("asc")
		}
		s.Keys = append(s.Keys, k)
	})
	return s
}

func (p *parser) limit(string) placed {
	l := &Limit{Any: p.word("any")}
	at := p.Span
	if l.N = p.integer("how many rows"); l.N < 1 && p.err == nil {
		p.fail(at, "the limit is at least 1")
	}
	return l
}

// parse: the field ends where the text or the regular expression begins.
func (p *parser) parse(string) placed {
	c := &Extract{}
	if p.kind != text && !p.isSymbol("/") {
		p.noSlash = true
		c.X = p.binding(bindAdd)
		p.noSlash = false
	}
	at := p.Span
	switch {
	case p.isSymbol("/"):
		c.Regex = p.regex()
	case p.kind == text:
		c.Glob = p.text()
		p.advance()
	default:
		p.failHere("expected a pattern in quotes or a /regular expression/, found %s", p.found())
		return c
	}
	if p.word("as") {
		p.list(func() { c.Names = append(c.Names, p.name()) })
	}
	p.checkParse(c, at)
	return c
}

func (p *parser) checkParse(c *Extract, at Span) {
	if p.err != nil {
		return
	}
	if c.Regex == nil {
		if stars := strings.Count(c.Glob, "*"); stars != len(c.Names) {
			p.fail(at, "the pattern's %d wildcards (*) need as many names behind as, not %d", stars, len(c.Names))
		}
		return
	}
	at = c.Regex.Span
	named := 0
	for _, n := range c.Regex.SubexpNames() {
		if n != "" {
			named++
		}
	}
	switch groups := c.Regex.NumSubexp(); {
	case len(c.Names) == 0 && named == 0:
		p.fail(at, "the regular expression has no named group: write (?<name>…)")
	case len(c.Names) > 0 && len(c.Names) != groups:
		p.fail(at, "the regular expression has %d groups and there are %d names", groups, len(c.Names))
	}
}

func (p *parser) diff(string) placed {
	d := &Diff{}
	for _, w := range []string{"previousDay", "previousWeek", "previousMonth"} {
		if p.word(w) {
			d.With = w
		}
	}
	return d
}

func (p *parser) unnest(string) placed {
	u := &Unnest{X: p.expr()}
	p.expectWord("into")
	u.Into = p.name()
	return u
}

func (p *parser) expand(string) placed {
	x := p.expr()
	f, ok := x.(*Field)
	if !ok {
		p.fail(x.Place(), "expand takes the name of a field")
		f = &Field{}
	}
	return &Expand{Field: f}
}

func (p *parser) lookup(word string) placed {
	l := &Lookup{CIDR: word == "cidrlookup"}
	if p.kind == text {
		l.Table = p.string("the name of a table")
	} else {
		l.Table = p.name()
	}
	p.list(func() { l.Keys = append(l.Keys, p.pair()) })
	if l.OnlyEmpty = p.word("outputnew"); !l.OnlyEmpty {
		p.expectWord("output")
	}
	p.list(func() { l.Output = append(l.Output, p.pair()) })
	return l
}

func (p *parser) pair() Pair {
	f := p.name()
	return Pair{f, p.alias()}
}

func (p *parser) fillMissing(string) placed {
	f := &FillMissing{}
	if p.word("with") {
		p.list(func() {
			v := p.binding(bindAdd)
			p.expectWord("for")
			f.With = append(f.With, Fill{v, p.name()})
		})
	}
	return f
}

func (p *parser) countFrequent(string) placed { return &CountFrequent{Fields: p.fields()} }

func (p *parser) accum(string) placed {
	x := p.expr()
	return &Accum{Field: x, Alias: p.alias()}
}

func (p *parser) logCompare(string) placed {
	p.expectWord("timeshift")
	return &LogCompare{Shift: p.period()}
}
