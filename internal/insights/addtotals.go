package insights

// AddTotals adds sums of rows, or of columns.
type AddTotals struct {
	Span
	FieldName string // "Total" where none is given
	Row, Col  bool
	Fields    []*Field // nil: all that are numbers
}

var addtotalsForm = CommandForm{
	Name:   "addtotals",
	Syntax: "addtotals [fieldname=Total] [row=true] [col=false] [field, ...]",
	Doc:    "Adds the sum of each row, and a row with the sum of each column.",
	Page:   "CWL_QuerySyntax-Addtotals",
	parse: func(p *parser, start int) Command {
		c := &AddTotals{FieldName: "Total", Row: true}
		p.options([]string{"fieldname", "row", "col"}, map[string]func(){
			"fieldname": func() { c.FieldName = p.newName() },
			"row":       func() { c.Row = p.boolean() },
			"col":       func() { c.Col = p.boolean() },
		})
		p.try(wantField, "")
		if p.tok.kind == nameToken {
			c.Fields = p.fields()
		}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *AddTotals) Name() string { return "addtotals" }

func (c *AddTotals) print(p *printer) {
	p.write("addtotals")
	if c.FieldName != "Total" {
		p.write(" fieldname=", quoteName(c.FieldName))
	}
	if !c.Row {
		p.write(" row=false")
	}
	if c.Col {
		p.write(" col=true")
	}
	if c.Fields != nil {
		p.write(" ")
		p.fields(c.Fields)
	}
}

func (c *AddTotals) walk(each func(Expr)) { walkFields(c.Fields, each) }

func (c *AddTotals) check(k *checker) Command {
	out := *c
	out.Fields = k.fields(c.Fields)
	k.scope.add(c.FieldName)
	return &out
}
