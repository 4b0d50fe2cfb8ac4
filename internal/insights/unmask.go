package insights

// Unmask shows masked data.
type Unmask struct {
	Span
	Field Expr
}

var unmaskForm = CommandForm{
	Name:   "unmask",
	Syntax: "unmask field",
	Doc:    "Shows masked data; weir masks nothing, so it shows the field as it is.",
	Page:   "CWL_QuerySyntax-Unmask",
	parse: func(p *parser, start int) Command {
		c := &Unmask{Field: p.expr()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Unmask) Name() string { return "unmask" }

func (c *Unmask) print(p *printer) {
	p.write("unmask ")
	p.expr(c.Field, levelOr)
}

func (c *Unmask) walk(each func(Expr)) { WalkExpr(c.Field, each) }

func (c *Unmask) check(k *checker) Command {
	return &Unmask{Span: c.Span, Field: k.onlyFields([]Expr{c.Field}, "unmask")[0]}
}
