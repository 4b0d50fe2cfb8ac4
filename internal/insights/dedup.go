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

func (c *Dedup) walk(each func(Expr)) { walkAll(c.Fields, each) }

func (c *Dedup) check(k *checker) Command {
	for _, after := range k.after {
		switch after.(type) {
		case *Limit, *Estimate: // an estimate runs nothing
		default:
			failf(after.Place(), "", "only limit can follow dedup")
		}
	}
	return &Dedup{Span: c.Span, Fields: k.onlyFields(c.Fields, "dedup")}
}

// onlyFields checks expressions that must be fields, or elements of them.
func (k *checker) onlyFields(list []Expr, command string) []Expr {
	out := k.exprs(list)
	for _, x := range out {
		y := x
		for {
			i, ok := y.(*Index)
			if !ok {
				break
			}
			y = i.X
		}
		if !isField(y) {
			failf(x.Place(), "name the expression by fields before", "%s takes fields", command)
		}
	}
	return out
}
