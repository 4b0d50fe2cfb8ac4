package insights

// Accum adds a running sum.
type Accum struct {
	Span
	Field *Field
	As    string // the field's name where none is given
}

var accumForm = CommandForm{
	Name:   "accum",
	Syntax: "accum field [as name]",
	Doc:    "Adds the running sum of a field; without a name it takes the field's place.",
	Page:   "CWL_QuerySyntax-Accum",
	parse: func(p *parser, start int) Command {
		c := &Accum{Field: p.field()}
		if c.As = p.alias(); c.As == "" {
			c.As = c.Field.Name()
		}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Accum) Name() string { return "accum" }

func (c *Accum) print(p *printer) {
	p.write("accum ", c.Field.String())
	if c.As != c.Field.Name() {
		p.write(" as ", quoteName(c.As))
	}
}

func (c *Accum) walk(each func(Expr)) { each(c.Field) }

func (c *Accum) check(k *checker) Command {
	out := *c
	out.Field = k.plainField(c.Field)
	k.scope.add(c.As)
	return &out
}
