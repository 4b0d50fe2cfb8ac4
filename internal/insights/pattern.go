package insights

// Pattern finds patterns in a text.
type Pattern struct {
	Span
	Field Expr
}

var patternForm = CommandForm{
	Name:   "pattern",
	Syntax: "pattern e",
	Doc:    "Finds patterns in a text and counts them.",
	Page:   "CWL_QuerySyntax-Pattern",
	Own:    "AWS does not say how it finds patterns: weir's tokeniser does, and the result says so",
	parse: func(p *parser, start int) Command {
		c := &Pattern{Field: p.expr()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Pattern) Name() string { return "pattern" }

func (c *Pattern) print(p *printer) {
	p.write("pattern ")
	p.expr(c.Field, levelOr)
}

func (c *Pattern) walk(each func(Expr)) { WalkExpr(c.Field, each) }

func (c *Pattern) check(k *checker) Command {
	once(k, c)
	checkPlain(c.Field, "pattern")
	out := &Pattern{Span: c.Span, Field: k.expr(c.Field)}
	k.scope.reset("@pattern", "@ratio", "@sampleCount", "@severityLabel")
	return out
}
