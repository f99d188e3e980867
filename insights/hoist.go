package insights

import (
	"slices"
	"strings"

	"steady/insights/ql"
)

// hoisted moves filters: AWS's own samples have filters behind a stats that use
// fields which the stats dropped. One that uses nothing but such fields is meant to
// stand before that stats. A limit stays where it is, and so do the filters behind it.
func hoisted(commands []ql.Command) []ql.Command {
	commands = slices.Clone(commands)
	for i := 1; i < len(commands); i++ {
		f, is := commands[i].(*ql.Filter)
		if !is {
			continue
		}
		to := i
		for at := i - 1; at >= 0; at-- {
			if _, is := commands[at].(*ql.Limit); is || makesAny(commands[at], f.Condition) {
				break
			}
			if _, is := commands[at].(*ql.Stats); is {
				to = at
			}
		}
		copy(commands[to+1:i+1], commands[to:i])
		commands[to] = f
	}
	return commands
}

// makesAny tells whether a command makes something that a condition uses; one that
// uses no field at all belongs where it is.
func makesAny(command ql.Command, condition ql.Expr) bool {
	made := makes(command)
	if made == nil {
		return false
	}
	if made["*"] {
		return true
	}
	uses := 0
	for _, n := range ql.Nodes(condition) {
		switch n := n.(type) {
		case *ql.Field:
			uses++
			for m := range made {
				if name := n.Name(); name == m || strings.HasPrefix(name, m+".") {
					return true
				}
			}
		case *ql.Call:
			if made[n.String()] {
				return true
			}
		}
	}
	return uses == 0
}

// makes are the names and expressions that a command makes columns of; "*" where it
// can be anything.
func makes(command ql.Command) map[string]bool {
	made := map[string]bool{}
	items := func(all []ql.Item) {
		for _, i := range all {
			if f, is := i.X.(*ql.Field); is {
				made[f.Name()] = true
			}
			made[i.X.String()] = true
			made[i.Alias] = true
		}
	}
	switch e := command.(type) {
	case *ql.Fields:
		for _, i := range e.Items {
			made[i.Alias] = true // without one, a field is what it was
		}
	case *ql.Stats:
		items(e.Items)
		items(e.By)
	case *ql.Sort, *ql.Filter, *ql.Limit, *ql.Unmask:
		return nil
	case *ql.Extract:
		for _, n := range e.Names {
			made[n] = true
		}
		if e.Regex != nil {
			for _, n := range e.Regex.SubexpNames() {
				made[n] = true
			}
		}
	default:
		// The others are not crossed: what they make may depend on the rows.
		made["*"] = true
	}
	delete(made, "")
	return made
}
