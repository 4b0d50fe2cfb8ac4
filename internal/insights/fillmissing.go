package insights

// FillMissing adds rows for bins without any.
type FillMissing struct {
	Span
	// With are the values for fields, by pairs; nil: absent.
	With []FillValue
}

// FillValue is a value and the fields that get it.
type FillValue struct {
	Value  Expr
	Fields []*Field
}

var fillmissingForm = CommandForm{
	Name:   "fillmissing",
	Syntax: "fillmissing [with value for field [, value for field ...]]",
	Doc:    "Adds rows for bins of a stats ... by bin() that have none.",
	Page:   "CWL_QuerySyntax-Fillmissing",
	parse: func(p *parser, start int) Command {
		c := &FillMissing{}
		if p.word("with") {
			p.list(func() { p.fillValue(c) })
		}
		c.Span = p.from(start)
		return c
	},
}

// fillValue reads "value for field", or one more field for the value before.
func (p *parser) fillValue(c *FillMissing) {
	if n := len(c.With); n > 0 && p.tok.kind == nameToken && !isReserved(&p.tok) {
		last := &c.With[n-1]
		last.Fields = append(last.Fields, p.field())
		return
	}
	v := FillValue{Value: p.constant()}
	p.needWord("for")
	v.Fields = []*Field{p.field()}
	c.With = append(c.With, v)
}

// constant reads a number, a text, true or false.
func (p *parser) constant() Expr {
	if !p.tok.isSign("-") && p.tok.kind != numberToken && p.tok.kind != stringToken && !p.tok.is("true") && !p.tok.is("false") {
		p.try(wantNumber, "")
		p.try(wantText, "")
		p.unexpected("")
	}
	x := p.minus()
	y := x
	for {
		u, ok := y.(*Unary)
		if !ok {
			break
		}
		y = u.X
	}
	switch y.(type) {
	case *Number, *String, *Bool:
		return x
	}
	fail(x.Place(), "a constant stands here: a number, a text, true or false", "")
	panic("unreachable")
}

// Name returns the command's name.
func (c *FillMissing) Name() string { return "fillmissing" }

func (c *FillMissing) print(p *printer) {
	p.write("fillmissing")
	if c.With == nil {
		return
	}
	p.write(" with ")
	printList(p, c.With, func(v FillValue) {
		p.expr(v.Value, levelMinus)
		p.write(" for ")
		p.fields(v.Fields)
	})
}

func (c *FillMissing) walk(each func(Expr)) {
	for _, v := range c.With {
		WalkExpr(v.Value, each)
		walkFields(v.Fields, each)
	}
}

func (c *FillMissing) check(k *checker) Command {
	if k.scope.stats == nil || !k.scope.stats.hasBin() {
		fail(c.Span, "fillmissing needs the bins of a stats before it", "stats ... by bin(5m) | fillmissing")
	}
	out := &FillMissing{Span: c.Span}
	for _, v := range c.With {
		out.With = append(out.With, FillValue{Value: v.Value, Fields: k.fields(v.Fields)})
	}
	return out
}
