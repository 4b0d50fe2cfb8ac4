package insights

// Diff compares patterns with those of a time before: previousDay, previousWeek, previousMonth, or
// "" for the same length of time before.
type Diff struct {
	Span
	With string
}

var diffForm = CommandForm{
	Name:   "diff",
	Syntax: "diff [previousDay|previousWeek|previousMonth]",
	Doc:    "Compares patterns with those of a time of the same length before.",
	Page:   "CWL_QuerySyntax-Diff",
	Own:    "patterns are found by weir's tokeniser, and the result says so",
	parse: func(p *parser, start int) Command {
		c := &Diff{}
		for _, with := range []string{"previousDay", "previousWeek", "previousMonth"} {
			if p.word(with) {
				c.With = with
				break
			}
		}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Diff) Name() string { return "diff" }

func (c *Diff) print(p *printer) {
	p.write("diff")
	if c.With != "" {
		p.write(" ", c.With)
	}
}

func (c *Diff) walk(func(Expr)) {}

func (c *Diff) check(k *checker) Command {
	k.comparing(c)
	return c
}

// comparing checks a command that compares the patterns of two times.
//
// Source: AWS, "Compare (diff) with previous time ranges": it compares log events, and gives patterns only.
func (k *checker) comparing(c Command) {
	k.outermost(c)
	if seen[*Diff](k) || seen[*LogCompare](k) {
		fail(c.Place(), "one diff or logcompare can stand in a query", "")
	}
	for _, b := range k.before {
		switch b.(type) {
		case *Stats, *CountFrequent, *Dedup, *Join, *AppendCols:
			failf(c.Place(), "it compares events, or what pattern makes of them", "%s can't follow %s", c.Name(), b.Name())
		}
	}
	k.scope.open()
}
