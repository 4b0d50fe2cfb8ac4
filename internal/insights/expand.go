package insights

// Expand makes one row of each element of the JSON array that a field holds, in that field.
type Expand struct {
	Span
	Field *Field
}

var expandForm = CommandForm{
	Name:   "expand",
	Syntax: "expand field",
	Doc:    "Makes one row of each element of the JSON array that a field holds, in that field.",
	Page:   "CWL_QuerySyntax-Expand",
	parse: func(p *parser, start int) Command {
		c := &Expand{Field: p.field()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Expand) Name() string { return "expand" }

func (c *Expand) print(p *printer) { p.write("expand ", c.Field.String()) }

func (c *Expand) walk(each func(Expr)) { each(c.Field) }

func (c *Expand) check(k *checker) Command {
	return &Expand{Span: c.Span, Field: k.plainField(c.Field)}
}
