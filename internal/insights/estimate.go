package insights

// Estimate says what the query would read.
type Estimate struct{ Span }

var estimateForm = CommandForm{
	Name:   "estimate",
	Syntax: "estimate",
	Doc:    "Says how many bytes the query would read, without running it; it is the last command.",
	Page:   "CWL_QuerySyntax-Estimate",
	parse: func(p *parser, start int) Command {
		return &Estimate{Span: p.from(start)}
	},
}

// Name returns the command's name.
func (c *Estimate) Name() string { return "estimate" }

func (c *Estimate) print(p *printer) { p.write("estimate") }

func (c *Estimate) walk(func(Expr)) {}

func (c *Estimate) check(k *checker) Command {
	k.outermost(c)
	if len(k.after) > 0 {
		fail(c.Span, "estimate is the last command", "")
	}
	return c
}
