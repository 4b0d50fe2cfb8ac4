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
		switch c := c.(type) {
		case *Join:
			for _, k := range c.On {
				each(k.Left)
				each(k.Right)
			}
			c.Right.Walk(each)
		case *AppendCols:
			c.Query.Walk(each)
		default:
			for _, x := range commandExprs(c) {
				WalkExpr(x, each)
			}
		}
	}
}

// WalkExpr calls a function for an expression and each in it, the outer first.
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
		if x.Query != nil {
			x.Query.Walk(each)
		}
	case *Index:
		WalkExpr(x.X, each)
	}
}

func walkAll(list []Expr, each func(Expr)) {
	for _, x := range list {
		WalkExpr(x, each)
	}
}

// commandExprs returns the expressions of a command that has no query in it.
func commandExprs(c Command) []Expr {
	switch c := c.(type) {
	case *Fields:
		return itemExprs(c.Items)
	case *Display:
		return itemExprs(c.Items)
	case *Filter:
		return []Expr{c.Where}
	case *Parse:
		if c.Field != nil {
			return []Expr{c.Field}
		}
	case *Stats:
		return append(itemExprs(c.Aggs), itemExprs(c.By)...)
	case *Sort:
		var out []Expr
		for _, k := range c.Keys {
			out = append(out, k.Expr)
		}
		return out
	case *Dedup:
		return c.Fields
	case *Pattern:
		return []Expr{c.Field}
	case *Unmask:
		return []Expr{c.Field}
	case *Unnest:
		return []Expr{c.Field}
	case *Expand:
		return []Expr{c.Field}
	case *AddTotals:
		return fieldExprs(c.Fields)
	case *Accum:
		return []Expr{c.Field}
	case *AutoRegress:
		return []Expr{c.Field}
	case *FillMissing:
		var out []Expr
		for _, v := range c.With {
			out = append(out, v.Value)
			out = append(out, fieldExprs(v.Fields)...)
		}
		return out
	case *Sessionize:
		return fieldExprs(c.Fields)
	case *Outlier:
		return fieldExprs(c.Fields)
	case *CountFrequent:
		return c.Fields
	}
	return nil
}

func itemExprs(items []Item) []Expr {
	out := make([]Expr, len(items))
	for i, it := range items {
		out[i] = it.Expr
	}
	return out
}

func fieldExprs(fields []*Field) []Expr {
	out := make([]Expr, len(fields))
	for i, f := range fields {
		out[i] = f
	}
	return out
}
