package ql

import "strings"

// Commands with options of the form name=value, and sources.

// option takes "name =" if it stands here.
func (p *parser) option(w string) bool {
	if !p.isWord(w) {
		return false
	}
	before := *p
	p.advance()
	if p.symbol("=") {
		return true
	}
	*p = before // a field of that name
	return false
}

func (p *parser) boolean() bool {
	yes := p.isWord("true")
	if !yes && !p.isWord("false") {
		p.failHere("expected true or false, found %s", p.found())
	}
	p.advance()
	return yes
}

func (p *parser) addTotals(string) placed {
	a := &AddTotals{Name: "Total", Row: true}
	for p.err == nil {
		switch {
		case p.option("fieldname"):
			a.Name = p.name()
		case p.option("row"):
			a.Row = p.boolean()
		case p.option("col"):
			a.Col = p.boolean()
		case p.kind == name:
			a.Fields = p.fields()
			return a
		default:
			return a
		}
	}
	return a
}

// fillDown reads names with spaces or commas between them.
func (p *parser) fillDown(string) placed {
	f := &FillDown{}
	for comma := false; p.err == nil && (comma || p.kind == name || p.isSymbol("*")); comma = p.symbol(",") {
		if pattern, ok := p.wildcard(); ok {
			f.Patterns = append(f.Patterns, pattern)
			continue
		}
		f.Fields = append(f.Fields, p.binding(bindSign))
	}
	return f
}

// wildcard takes a name with stars in it if one stands here.
func (p *parser) wildcard() (pattern string, ok bool) {
	before := *p
	for start := p.Start; p.err == nil && (p.kind == name || p.isSymbol("*")) && (p.Start == start || p.Start == p.last); p.advance() {
		ok = ok || p.kind == symbol
		pattern += p.text()
	}
	if !ok {
		*p = before
		return "", false
	}
	return pattern, true
}

func (p *parser) autoregress(string) placed {
	a := &Autoregress{From: 1, To: 1}
	a.Field = p.binding(bindSign)
	a.Alias = p.alias()
	if p.option("p") {
		at := p.Span
		a.From = p.integer("how many rows back")
		a.To = a.From
		if p.symbol("-") {
			a.To = p.integer("how many rows back")
		}
		if p.err == nil && (a.From < 1 || a.To < a.From || a.To > 1000) {
			p.fail(at, "p is a number of rows from 1 to 1000, or a range of such")
		}
	}
	return a
}

func (p *parser) sessionize(string) placed {
	s := &Sessionize{Fields: p.fields(), Alias: "session_id"}
	if p.word("maxspan") {
		p.symbol("=")
		s.MaxSpan = p.period()
	}
	if p.isWord("as") {
		s.Alias = p.alias()
	}
	return s
}

func (p *parser) outlier(string) placed {
	o := &Outlier{Param: 2.5}
	for p.err == nil {
		switch {
		case p.option("action"):
			o.Remove = p.isWord("remove")
			if !o.Remove && !p.isWord("transform") {
				p.failHere("action is remove or transform, not %s", p.found())
			}
			p.advance()
		case p.option("param"):
			if p.kind != number || p.value <= 0 {
				p.failHere("param is a number above 0, not %s", p.found())
			}
			o.Param = p.value
			p.advance()
		case p.option("uselower"):
			o.UseLower = p.boolean()
		case p.option("mark"):
			o.Mark = p.boolean()
		case p.kind == name:
			o.Fields = append(o.Fields, p.fieldOrCall())
			p.symbol(",")
		default:
			if len(o.Fields) == 0 {
				p.failHere("outlier takes at least one field, found %s", p.found())
			}
			return o
		}
	}
	return o
}

func (p *parser) relevantFields(string) placed {
	r := &RelevantFields{}
	if !p.isWord("where") {
		r.Fields = p.fields()
	}
	p.expectWord("where")
	r.Condition = p.expr()
	return r
}

func (p *parser) appendCols(string) placed {
	a := &AppendCols{Max: 10000}
	for p.err == nil && !p.isSymbol("(") {
		at := p.Span
		switch {
		case p.option("override"):
			a.Override = p.boolean()
		case p.option("max"):
			if a.Max = p.integer("how many rows"); p.err == nil && (a.Max < 1 || a.Max > 100000) {
				p.fail(at, "max is from 1 to 100000")
			}
		default:
			p.failHere(`expected override=, max= or "(", found %s`, p.found())
		}
	}
	p.expectSymbol("(")
	a.Query = p.query()
	p.expectSymbol(")")
	return a
}

func (p *parser) join(string) placed {
	j := &Join{Type: "inner"}
	for p.err == nil && !p.word("where") {
		switch {
		case p.option("type"):
			if j.Type = strings.ToLower(p.text()); j.Type != "inner" && j.Type != "left" {
				p.failHere("a join is of the type inner or left, not %s", p.found())
			}
			p.advance()
		case p.option("left"):
			j.Left = p.name()
		case p.option("right"):
			j.Right = p.name()
		default:
			p.failHere("expected type=, left=, right= or where, found %s", p.found())
		}
	}
	if p.err == nil && (j.Left == "" || j.Right == "" || j.Left == j.Right) {
		p.failHere("a join needs two different aliases: left=… right=…")
	}
	for {
		j.Conditions = append(j.Conditions, p.joinCondition(j))
		if !p.word("and") {
			break
		}
	}
	p.expectSymbol("(")
	j.Query = p.query()
	p.expectSymbol(")")
	return j
}

func (p *parser) joinCondition(j *Join) JoinCondition {
	a, at := p.name(), p.since(p.Start)
	p.expectSymbol("=")
	b := p.name()
	at.End = p.last
	for range 2 {
		l, isLeft := strings.CutPrefix(a, j.Left+".")
		r, isRight := strings.CutPrefix(b, j.Right+".")
		if isLeft && isRight {
			return JoinCondition{l, r}
		}
		a, b = b, a
	}
	p.fail(at, "a join compares %s.FIELD with %s.FIELD, for equality only", j.Left, j.Right)
	return JoinCondition{}
}

// source reads: SOURCE 'group', 'group' or SOURCE logGroups(namePrefix: […], …).
func (p *parser) source() Source {
	start := p.Start
	p.advance()
	s := Source{}
	for again := true; again && p.err == nil; {
		switch {
		case p.kind == text:
			p.list(func() { s.Groups = append(s.Groups, p.string("the name of a log group")) })
		case p.isWord("logGroups") || p.isWord("dataSource"):
			p.selection(&s)
		case p.kind == name && len(s.Groups) == 0:
			s.Groups = append(s.Groups, p.name())
		default:
			p.failHere("expected the name of a log group in quotes, or logGroups(…), found %s", p.found())
		}
		again = p.isWord("logGroups") || p.isWord("dataSource")
	}
	if p.isWord("start") || p.isWord("end") {
		p.failHere("a time range of its own is not available for a source: the query's is used")
	}
	s.Span = p.since(start)
	return s
}

func (p *parser) selection(s *Source) {
	data := p.isWord("dataSource")
	p.advance()
	p.expectSymbol("(")
	if data {
		s.DataSources = p.strings()
		p.expectSymbol(")")
		return
	}
	if p.symbol(")") {
		return
	}
	p.list(func() {
		at := p.Span
		n := p.name()
		p.expectSymbol(":")
		values := p.strings()
		switch strings.ToLower(n) {
		case "nameprefix":
			s.Prefixes = values
			p.atMost(at, values, 5)
		case "accountidentifiers":
			s.Accounts = values
			p.atMost(at, values, 20)
		case "class":
			s.Classes = values
		default:
			if p.err == nil {
				p.fail(at, "logGroups takes namePrefix, accountIdentifiers and class, not %s", n)
			}
		}
	})
	p.expectSymbol(")")
}

func (p *parser) atMost(at Span, values []string, most int) {
	if p.err == nil && len(values) > most {
		p.fail(at, "at most %d values are taken here", most)
	}
}

func (p *parser) strings() []string {
	var all []string
	p.expectSymbol("[")
	if !p.isSymbol("]") {
		p.list(func() { all = append(all, p.string("a name")) })
	}
	p.expectSymbol("]")
	return all
}
