package athenasql

import (
	"slices"
	"strings"
)

// The forms of functions that have words between their arguments. They are calls in the tree.

// called makes the call of a function that was written in another form.
func (p *parser) called(start int, name string, args ...Expr) *Call {
	at := p.span(start)
	return &Call{Span: at, Name: QualifiedName{Span: at, Parts: []Name{{Span: at, Text: name, Written: name}}}, Args: args}
}

// position reads POSITION(a IN b), which is strpos(b, a).
func (p *parser) position() Expr {
	if !p.sign(1, "(") {
		return nil
	}
	start := p.next().Start
	p.next()
	p.enter()
	defer p.leave()
	what := p.value()
	p.want("IN")
	of := p.value()
	p.wantSign(")")
	return p.called(start, "strpos", of, what)
}

// substring reads SUBSTRING(x FROM a [FOR b]); with commas it is a call as others are.
func (p *parser) substring() Expr {
	if !p.sign(1, "(") {
		return nil
	}
	start := p.next().Start
	name := p.nameOf(&p.tokens[p.at-1])
	p.next()
	p.enter()
	defer p.leave()
	args := []Expr{p.expr()}
	if p.take("FROM") {
		args = append(args, p.value())
		if p.take("FOR") {
			args = append(args, p.value())
		}
	} else {
		for p.takeSign(",") {
			args = append(args, p.expr())
		}
	}
	p.wantSign(")")
	c := p.called(start, name.Text, args...)
	c.Name = QualifiedName{Span: name.Span, Parts: []Name{name}}
	p.callRest(c)
	c.Span = p.span(start)
	return c
}

// trim reads TRIM([LEADING | TRAILING | BOTH] [chars] FROM x) and TRIM(x [, chars]).
func (p *parser) trim() Expr {
	start := p.next().Start
	p.wantSign("(")
	p.enter()
	defer p.leave()
	name, said := "trim", false
	if p.word(0, "LEADING", "TRAILING", "BOTH") && !p.sign(1, ",") && !p.sign(1, ")") && !p.sign(1, ".") {
		name, said = map[string]string{"LEADING": "ltrim", "TRAILING": "rtrim", "BOTH": "trim"}[p.next().text], true
	}
	if said && p.take("FROM") {
		of := p.value()
		p.wantSign(")")
		return p.called(start, name, of)
	}
	first := p.value()
	switch {
	case p.take("FROM"):
		of := p.value()
		p.wantSign(")")
		return p.called(start, name, of, first)
	case said:
		p.mismatch("FROM")
	case p.takeSign(","):
		chars := p.value()
		p.wantSign(")")
		return p.called(start, name, first, chars)
	}
	p.wantSign(")")
	return p.called(start, name, first)
}

// normalForms are the forms of NORMALIZE.
var normalForms = []string{"NFD", "NFC", "NFKD", "NFKC"}

// normalize reads NORMALIZE(x [, form]).
func (p *parser) normalize() Expr {
	start := p.next().Start
	p.wantSign("(")
	p.enter()
	defer p.leave()
	args := []Expr{p.value()}
	if p.takeSign(",") {
		if !p.is(normalForms...) {
			p.mismatch()
		}
		t := p.next()
		args = append(args, &String{Span: t.Span, Value: t.text})
	}
	p.wantSign(")")
	return p.called(start, "normalize", args...)
}

// listagg reads LISTAGG([DISTINCT] x [, separator] [ON OVERFLOW ...]) WITHIN GROUP (ORDER BY ...).
func (p *parser) listagg() Expr {
	start := p.next().Start
	p.wantSign("(")
	p.enter()
	defer p.leave()
	c := p.called(start, "listagg")
	c.Name.Span = Span{start, start + len("listagg")}
	if p.take("DISTINCT") {
		c.Distinct = true
	} else {
		p.take("ALL")
	}
	c.Args = []Expr{p.expr()}
	if p.takeSign(",") {
		t := p.tok()
		if t.kind != stringToken {
			p.mismatch("<string>")
		}
		c.Args = append(c.Args, &String{Span: p.next().Span, Value: t.text})
	}
	if p.word(0, "ON") {
		c.Overflow = p.overflow()
	}
	p.wantSign(")")
	p.want("WITHIN", "GROUP")
	p.wantSign("(")
	p.want("ORDER", "BY")
	c.WithinGroup = list(p, p.sortItem)
	p.wantSign(")")
	p.callRest(c)
	c.Span = p.span(start)
	return c
}

func (p *parser) overflow() *Overflow {
	start := p.next().Start
	p.want("OVERFLOW")
	o := &Overflow{}
	if p.take("ERROR") {
		o.Error = true
	} else {
		p.want("TRUNCATE")
		o.Filler = "..."
		if t := p.tok(); t.kind == stringToken {
			p.next()
			o.Filler = t.text
		}
		o.WithCount = p.take("WITH")
		if !o.WithCount {
			p.want("WITHOUT")
		}
		p.want("COUNT")
	}
	o.Span = p.span(start)
	return o
}

// over reads what follows OVER.
func (p *parser) over() *Window {
	start := p.tok().Start
	if p.isName(0) {
		n := p.name()
		return &Window{Span: n.Span, Base: &n}
	}
	p.wantSign("(")
	w := p.window()
	p.wantSign(")")
	w.Span = p.span(start)
	return w
}

func (p *parser) namedWindow() NamedWindow {
	start := p.tok().Start
	out := NamedWindow{Name: p.name()}
	p.want("AS")
	p.wantSign("(")
	out.Window = p.window()
	p.wantSign(")")
	out.Span = p.span(start)
	return out
}

// window reads what stands in the parentheses of OVER.
func (p *parser) window() *Window {
	p.enter()
	defer p.leave()
	start := p.tok().Start
	w := &Window{}
	clause := p.word(0, "PARTITION") && p.word(1, "BY") || p.word(0, "ROWS", "RANGE", "GROUPS", "MEASURES") && !p.sign(1, ")") && !p.word(1, "PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS")
	if p.isName(0) && !clause {
		n := p.name()
		w.Base = &n
	}
	if p.take("PARTITION") {
		p.want("BY")
		w.PartitionBy = list(p, p.expr)
	}
	if p.take("ORDER") {
		p.want("BY")
		w.OrderBy = list(p, p.sortItem)
	}
	if p.word(0, "MEASURES") {
		refuse(p.tok().Span, "a pattern of rows", "")
	}
	if p.is("ROWS", "RANGE", "GROUPS") {
		w.Frame = p.frame()
	}
	w.Span = p.span(start)
	return w
}

func (p *parser) frame() *Frame {
	start := p.tok().Start
	f := &Frame{Unit: p.next().text, End: FrameBound{Kind: CurrentRow}}
	if p.take("BETWEEN") {
		f.Start = p.bound()
		p.want("AND")
		f.End = p.bound()
	} else {
		f.Start = p.bound()
	}
	if p.word(0, "AFTER", "INITIAL", "SEEK", "PATTERN", "SUBSET", "DEFINE") {
		refuse(p.tok().Span, "a pattern of rows", "")
	}
	f.Span = p.span(start)
	return f
}

func (p *parser) bound() FrameBound {
	switch {
	case p.word(0, "UNBOUNDED") && p.word(1, "PRECEDING", "FOLLOWING"):
		p.next()
		if p.next().text == "PRECEDING" {
			return FrameBound{Kind: UnboundedPreceding}
		}
		return FrameBound{Kind: UnboundedFollowing}
	case p.word(0, "CURRENT") && p.word(1, "ROW"):
		p.at += 2
		return FrameBound{Kind: CurrentRow}
	}
	p.expecting("CURRENT", "UNBOUNDED")
	// The bound of x BETWEEN a AND b would take the AND of the frame: a value it is, as in BETWEEN.
	n := p.value()
	if p.take("PRECEDING") {
		return FrameBound{Kind: Preceding, N: n}
	}
	p.want("FOLLOWING")
	return FrameBound{Kind: Following, N: n}
}

// typeName reads a type.
func (p *parser) typeName() TypeName {
	p.enter()
	defer p.leave()
	start := p.tok().Start
	out := p.typeBase()
	for n := 0; p.word(0, "ARRAY") && !p.sign(1, "(") && !p.sign(1, "<"); p.chain(&n) {
		p.next()
		if p.takeSign("[") {
			p.number("<integer>")
			p.wantSign("]")
		}
		p.enter()
		defer p.leave()
		out = TypeName{Name: "array", Elems: []TypeName{out}}
		out.Span = p.span(start)
	}
	return out
}

// typeBase reads a type without ARRAY behind it.
func (p *parser) typeBase() TypeName {
	start := p.tok().Start
	if !p.isName(0) {
		p.mismatch("<type>")
	}
	name := p.name()
	out := TypeName{Name: name.Text}
	switch {
	case name.Quoted:
		p.typeParams(&out)
	case name.Text == "double" && p.word(0, "PRECISION"):
		p.next()
	case name.Text == "row" && p.isSign("("):
		p.rowFields(&out)
	case name.Text == "interval":
		from := p.unit()
		to := from
		if p.take("TO") {
			to = p.unit()
		}
		out.Name = p.intervalType(start, from, to)
	case name.Text == "time" || name.Text == "timestamp":
		if p.takeSign("(") {
			out.Params = []int{p.number("<integer>")}
			p.wantSign(")")
		}
		if p.take("WITH") {
			p.want("TIME", "ZONE")
			out.Name += " with time zone"
		} else if p.word(0, "WITHOUT") && p.word(1, "TIME") {
			p.next()
			p.want("TIME", "ZONE")
		}
	case (name.Text == "array" || name.Text == "map") && p.takeSign("<"):
		out.Elems = list(p, p.typeName)
		p.wantSign(">")
	default:
		p.typeParams(&out)
	}
	out.Span = p.span(start)
	return out
}

// intervalType returns the name of an interval's type: there are two.
func (p *parser) intervalType(start int, from, to string) string {
	months := []string{"year", "month"}
	if slices.Contains(months, from) != slices.Contains(months, to) {
		fail(p.span(start), "Invalid interval type: interval "+from+" to "+to, "it is INTERVAL YEAR TO MONTH or INTERVAL DAY TO SECOND")
	}
	if slices.Contains(months, from) {
		return "interval year to month"
	}
	return "interval day to second"
}

// typeParams reads (10, 2) or (bigint, varchar).
func (p *parser) typeParams(out *TypeName) {
	if !p.takeSign("(") {
		return
	}
	list(p, func() int {
		if p.tok().kind == integerToken {
			out.Params = append(out.Params, p.number("<integer>"))
		} else {
			p.expecting("<integer>")
			out.Elems = append(out.Elems, p.typeName())
		}
		return 0
	})
	p.wantSign(")")
}

// rowFields reads the fields of row(a bigint, varchar): each has a type and may have a name before it.
func (p *parser) rowFields(out *TypeName) {
	p.wantSign("(")
	named := false
	list(p, func() int {
		var name Name
		if p.isName(0) && p.isName(1) && !p.isTypeOfWords() {
			name, named = p.name(), true
		}
		out.Fields = append(out.Fields, name)
		out.Elems = append(out.Elems, p.typeName())
		return 0
	})
	if !named {
		out.Fields = nil
	}
	p.wantSign(")")
}

// isTypeOfWords reports whether the next two names are the beginning of one type, not a name and a type.
func (p *parser) isTypeOfWords() bool {
	if p.look(0).kind != wordToken || p.look(1).kind != wordToken {
		return false
	}
	switch first, second := p.look(0).text, p.look(1).text; {
	case second == "ARRAY":
		return !p.sign(2, "(") && !p.sign(2, "<")
	case first == "DOUBLE":
		return second == "PRECISION"
	case first == "INTERVAL":
		return slices.Contains(units, second)
	case first == "TIME" || first == "TIMESTAMP":
		return strings.HasPrefix(second, "WITHOUT")
	}
	return false
}
