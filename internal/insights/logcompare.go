package insights

// LogCompare compares with a window that is shifted.
type LogCompare struct {
	Span
	Shift *Period
}

var logcompareForm = CommandForm{
	Name:   "logcompare",
	Syntax: "logcompare timeshift period",
	Doc:    "Compares patterns with those of the same window, shifted back.",
	Page:   "CWL_QuerySyntax-Logcompare",
	Own:    "patterns are found by weir's tokeniser, and the result says so",
	parse: func(p *parser, start int) Command {
		p.needWord("timeshift")
		c := &LogCompare{Shift: p.period()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *LogCompare) Name() string { return "logcompare" }

func (c *LogCompare) print(p *printer) { p.write("logcompare timeshift ", c.Shift.String()) }

func (c *LogCompare) walk(func(Expr)) {}

func (c *LogCompare) check(k *checker) Command {
	k.comparing(c)
	return c
}
