package insights

import (
	"slices"
)

// Sort orders rows.
type Sort struct {
	Span
	Keys []SortKey
}

// A SortKey orders by an expression, ascending unless Desc. Direction says that "asc" or "desc" was
// written. As is a name that later commands know the value by, "" where none is given.
type SortKey struct {
	Expr      Expr
	As        string
	Desc      bool
	Direction bool
}

var sortForm = CommandForm{
	Name:    "sort",
	Aliases: []string{"order"},
	Syntax:  "sort [by] e [as name] [asc|desc], ...",
	Doc:     "Orders rows, in AWS's natural order.",
	Page:    "CWL_QuerySyntax-Sort",
	parse: func(p *parser, start int) Command {
		c := &Sort{}
		if p.tokens[len(p.tokens)-1].is("order") {
			p.needWord("by")
		} else {
			p.word("by")
		}
		p.list(func() { c.Keys = append(c.Keys, p.sortKey()) })
		c.Span = p.from(start)
		return c
	},
}

func (p *parser) sortKey() SortKey {
	if p.tok.is("asc") || p.tok.is("desc") {
		p.try(wantExpr, "")
		p.unexpected("what to sort by stands before " + p.tok.text)
	}
	k := SortKey{Expr: p.expr(), As: p.alias()}
	switch {
	case p.word("asc"):
		k.Direction = true
	case p.word("desc"):
		k.Direction, k.Desc = true, true
	}
	return k
}

// Name returns the command's name.
func (c *Sort) Name() string { return "sort" }

func (c *Sort) print(p *printer) {
	p.write("sort ")
	printList(p, c.Keys, func(k SortKey) {
		p.expr(k.Expr, levelOr)
		if k.As != "" {
			p.write(" as ", quoteName(k.As))
		}
		switch {
		case k.Desc:
			p.write(" desc")
		case k.Direction:
			p.write(" asc")
		}
	})
}

func (c *Sort) walk(each func(Expr)) {
	for _, k := range c.Keys {
		WalkExpr(k.Expr, each)
	}
}

func (c *Sort) check(k *checker) Command {
	counted := slices.ContainsFunc(k.after, isStats)
	if counted {
		k.betweenStats(c)
	}
	out := &Sort{Span: c.Span}
	for _, key := range c.Keys {
		checkPlain(key.Expr, "sort")
		key.Expr = k.expr(key.Expr)
		if key.As != "" {
			k.scope.add(key.As)
		}
		if !counted || key.As != "" {
			out.Keys = append(out.Keys, key)
		}
	}
	if len(out.Keys) == 0 {
		return nil // stats does not look at the order of rows
	}
	return out
}

// betweenStats fails where a stats comes after a sort, and there is more than one.
//
// Source: AWS, "stats", forbids it of several; with one stats, queries in use have it.
func (k *checker) betweenStats(c Command) {
	n := 0
	for _, list := range [][]Command{k.before, k.after} {
		for _, other := range list {
			if isStats(other) {
				n++
			}
		}
	}
	if n > 1 {
		k.afterStats(c)
	}
}

// afterStats fails where a stats comes after a command that must stand behind the last one.
//
// Source: AWS, "stats": of sort and limit.
func (k *checker) afterStats(c Command) {
	if slices.ContainsFunc(k.after, isStats) {
		failf(c.Place(), "stats does not keep the order of rows", "%s stands behind the last stats", c.Name())
	}
}
