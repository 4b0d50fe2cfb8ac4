package insights

// CountFrequent counts the combinations that are frequent.
type CountFrequent struct {
	Span
	Fields []Expr
}

var countFrequentForm = CommandForm{
	Name:    "countFrequent",
	Aliases: []string{"count_frequent"},
	Syntax:  "countFrequent field, ...",
	Doc:     "Counts each combination of values, in _approxcount, the most frequent first.",
	Page:    "CWL_QuerySyntax-CountFrequent",
	Own:     "AWS's counts are approximate; weir's are exact",
	parse: func(p *parser, start int) Command {
		c := &CountFrequent{}
		p.list(func() { c.Fields = append(c.Fields, p.expr()) })
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *CountFrequent) Name() string { return "countFrequent" }

func (c *CountFrequent) print(p *printer) {
	p.write("countFrequent ")
	p.exprs(c.Fields)
}

func (c *CountFrequent) walk(each func(Expr)) { walkAll(c.Fields, each) }

func (c *CountFrequent) check(k *checker) Command {
	out := &CountFrequent{Span: c.Span, Fields: k.onlyFields(c.Fields, "countFrequent")}
	k.scope.reset("_approxcount")
	for _, x := range out.Fields {
		if f, ok := x.(*Field); ok {
			k.scope.add(f.Name())
		} else {
			k.scope.add(exprString(x))
		}
	}
	return out
}
