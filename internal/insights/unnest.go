package insights

// Unnest makes one row of each element of a list.
type Unnest struct {
	Span
	Field Expr
	Into  string
}

var unnestForm = CommandForm{
	Name:   "unnest",
	Syntax: "unnest field into name",
	Doc:    "Makes one row of each element of a list; another value is a list of one.",
	Page:   "CWL_QuerySyntax-Unnest",
	parse: func(p *parser, start int) Command {
		c := &Unnest{Field: p.expr()}
		p.needWord("into")
		c.Into = p.newName()
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Unnest) Name() string { return "unnest" }

func (c *Unnest) print(p *printer) {
	p.write("unnest ")
	p.expr(c.Field, levelOr)
	p.write(" into ", quoteName(c.Into))
}

func (c *Unnest) walk(each func(Expr)) { WalkExpr(c.Field, each) }

func (c *Unnest) check(k *checker) Command {
	out := &Unnest{Span: c.Span, Field: k.expr(c.Field), Into: c.Into}
	k.scope.add(c.Into)
	return out
}
