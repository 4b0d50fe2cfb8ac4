package insights

// Dedup keeps the first row of each combination.
type Dedup struct {
	Span
	Fields []Expr
}

var dedupForm = CommandForm{
	Name:   "dedup",
	Syntax: "dedup field, ...",
	Doc:    "Keeps the first row of each combination of values; rows without one of the fields are all kept. Only limit may follow.",
	Page:   "CWL_QuerySyntax-Dedup",
	parse: func(p *parser, start int) Command {
		c := &Dedup{}
		p.list(func() { c.Fields = append(c.Fields, p.expr()) })
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Dedup) Name() string { return "dedup" }

func (c *Dedup) print(p *printer) {
	p.write("dedup ")
	p.exprs(c.Fields)
}
