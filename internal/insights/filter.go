package insights

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
