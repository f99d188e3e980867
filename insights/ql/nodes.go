package ql

// Nodes are an expression and all that it consists of, without the subqueries.
func Nodes(e Expr) []Expr {
	all := []Expr{e}
	for _, x := range parts(e) {
		all = append(all, Nodes(x)...)
	}
	return all
}

func parts(e Expr) []Expr {
	switch e := e.(type) {
	case *Access:
		return []Expr{e.X}
	case *Call:
		return e.Args
	case *Unary:
		return []Expr{e.X}
	case *Binary:
		return []Expr{e.L, e.R}
	case *Match:
		return []Expr{e.X}
	case *In:
		return append([]Expr{e.X}, e.List...)
	}
	return nil
}

// Conjuncts are the conditions that must all hold for a condition to hold.
func Conjuncts(e Expr) []Expr {
	if b, ok := e.(*Binary); ok && b.Op == "and" {
		return append(Conjuncts(b.L), Conjuncts(b.R)...)
	}
	return []Expr{e}
}
