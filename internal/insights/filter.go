package insights

import (
	"slices"
)

// Filter keeps the rows for which its condition is true: filter, where, filterIndex.
type Filter struct {
	Span
	Where Expr
	// Index says filterIndex.
	Index bool
}

var filterForm = CommandForm{
	Name:    "filter",
	Aliases: []string{"where"},
	Syntax:  "filter condition",
	Doc:     "Keeps the rows for which the condition is true.",
	Page:    "CWL_QuerySyntax-Filter",
	parse: func(p *parser, start int) Command {
		c := &Filter{Where: p.expr()}
		c.Span = p.from(start)
		return c
	},
}

var filterIndexForm = CommandForm{
	Name:   "filterIndex",
	Syntax: "filterIndex field = value, or field in [value, ...]",
	Doc:    "Keeps the rows whose field has the value, and lets what has none of it be passed over.",
	Page:   "CWL_QuerySyntax-FilterIndex",
	parse: func(p *parser, start int) Command {
		c := &Filter{Index: true, Where: p.expr()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Filter) Name() string {
	if c.Index {
		return "filterIndex"
	}
	return "filter"
}

func (c *Filter) print(p *printer) {
	p.write(c.Name(), " ")
	p.expr(c.Where, levelOr)
}

func (c *Filter) walk(each func(Expr)) {
	WalkExpr(c.Where, func(x Expr) {
		each(x)
		if in, ok := x.(*In); ok && in.Query != nil { // it can stand in filter alone
			in.Query.Walk(each)
		}
	})
}

func (c *Filter) check(k *checker) Command {
	checkCondition(c.Where)
	k.filter = true
	out := &Filter{Span: c.Span, Index: c.Index, Where: k.expr(c.Where)}
	k.filter = false
	if c.Index {
		checkIndexed(out.Where)
	}
	return out
}

// checkIndexed fails where a condition of filterIndex is none that an index answers.
//
// Source: AWS, "filterIndex": it shows = and in, of constants.
func checkIndexed(x Expr) {
	switch x := x.(type) {
	case *Binary:
		if x.Op == "and" {
			checkIndexed(x.X)
			checkIndexed(x.Y)
			return
		}
		if x.Op == "=" && isField(x.X) && constantValue(x.Y) != nil {
			return
		}
	case *In:
		if isField(x.X) && !x.Not && x.Query == nil && !slices.ContainsFunc(x.List, func(y Expr) bool { return constantValue(y) == nil }) {
			return
		}
	}
	fail(x.Place(), "filterIndex takes field = value and field in [value, ...]", "filter takes all conditions")
}
