package insights

import (
	"strconv"
)

// AppendCols adds the columns of another query by position.
type AppendCols struct {
	Span
	Override bool
	Max      int64
	Query    *Query
}

// defaultAppend is how many rows of its query appendcols takes where max is not given.
//
// Source: AWS, "appendcols".
const defaultAppend = 10_000

var appendcolsForm = CommandForm{
	Name:   "appendcols",
	Syntax: "appendcols [override=false] [max=10000] (query)",
	Doc:    "Adds the columns of another query, first row beside first row.",
	Page:   "CWL_QuerySyntax-Appendcols",
	parse: func(p *parser, start int) Command {
		c := &AppendCols{Max: defaultAppend}
		p.options([]string{"override", "max"}, map[string]func(){
			"override": func() { c.Override = p.boolean() },
			"max":      func() { c.Max = p.integer(1, MaxLimit) },
		})
		p.needSign("(")
		c.Query = p.query(true)
		p.needSign(")")
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *AppendCols) Name() string { return "appendcols" }

func (c *AppendCols) print(p *printer) {
	p.write("appendcols ")
	if c.Override {
		p.write("override=true ")
	}
	if c.Max != defaultAppend {
		p.write("max=", strconv.FormatInt(c.Max, 10), " ")
	}
	p.nested(c.Query)
}

func (c *AppendCols) walk(each func(Expr)) { c.Query.Walk(each) }

func (c *AppendCols) check(k *checker) Command {
	k.outermost(c)
	out := *c
	out.Query = k.inner(c.Query)
	k.scope.open()
	return &out
}
