package insights

import (
	"fmt"
	"strings"
)

// Notes returns what the reader of the query's result must know: that a variable in it was not filled in.
func (q *Query) Notes() []string {
	var notes []string
	seen := map[string]bool{}
	q.Walk(func(x Expr) {
		f, ok := x.(*Field)
		if !ok || !strings.HasPrefix(f.Parts[0].Name, "${") || seen[f.Parts[0].Name] {
			return
		}
		seen[f.Parts[0].Name] = true
		notes = append(notes, fmt.Sprintf("the variable %s was not filled in: it is taken as a field of that name, which events do not have", f.Parts[0].Name))
	})
	return notes
}

// Walk calls a function for each expression of the query, for outer ones before what is in them, those of
// queries in it too.
func (q *Query) Walk(each func(Expr)) {
	for _, c := range q.Commands {
		c.walk(each)
	}
}

// WalkExpr calls a function for an expression and each in it, the outer first, but not for those of a query in it:
// they are of other rows.
func WalkExpr(x Expr, each func(Expr)) {
	each(x)
	switch x := x.(type) {
	case *Call:
		walkAll(x.Args, each)
	case *Unary:
		WalkExpr(x.X, each)
	case *Binary:
		WalkExpr(x.X, each)
		WalkExpr(x.Y, each)
	case *Like:
		WalkExpr(x.X, each)
	case *In:
		WalkExpr(x.X, each)
		walkAll(x.List, each)
	case *Index:
		WalkExpr(x.X, each)
	}
}

func walkAll(list []Expr, each func(Expr)) {
	for _, x := range list {
		WalkExpr(x, each)
	}
}

func walkItems(items []Item, each func(Expr)) {
	for _, it := range items {
		WalkExpr(it.Expr, each)
	}
}

func walkFields(fields []*Field, each func(Expr)) {
	for _, f := range fields {
		each(f)
	}
}
