package athenasql

import (
	"math"
	"strconv"
	"strings"
)

// primaryBase reads a value without what may follow it.
func (p *parser) primaryBase() Expr {
	t := p.tok()
	switch t.kind {
	case integerToken:
		return &Integer{Span: p.next().Span, Text: t.text}
	case decimalToken:
		return &DecimalNumber{Span: p.next().Span, Text: t.text}
	case doubleToken:
		return &DoubleNumber{Span: p.next().Span, Text: t.text}
	case stringToken:
		return &String{Span: p.next().Span, Value: t.text}
	case binaryToken:
		return &Binary{Span: p.next().Span, Value: []byte(t.text)}
	case signToken:
		switch t.text {
		case "(":
			return p.parenthesized()
		case "?":
			return p.parameter()
		}
	case wordToken:
		if f := forms[t.text]; f != nil {
			if e := f(p); e != nil {
				return e
			}
		}
	}
	return p.named()
}

// forms are the values that begin with a word of their own. One returns nil where the word is a name here; a method expression keeps
// the table from depending on itself.
var forms map[string]func(*parser) Expr

func init() {
	forms = map[string]func(*parser) Expr{
		"NULL": func(p *parser) Expr { return &Null{Span: p.next().Span} },
		"TRUE": func(p *parser) Expr { return &Bool{Span: p.next().Span, Value: true} }, "FALSE": func(p *parser) Expr { return &Bool{Span: p.next().Span} },
		"CASE": (*parser).caseOf, "CAST": (*parser).cast, "TRY_CAST": (*parser).cast, "EXISTS": (*parser).exists, "EXTRACT": (*parser).extract,
		"GROUPING": (*parser).grouping, "INTERVAL": (*parser).intervalOrName, "ARRAY": (*parser).array, "ROW": (*parser).row,
		"POSITION": (*parser).position, "SUBSTRING": (*parser).substring, "TRIM": (*parser).trim, "NORMALIZE": (*parser).normalize,
		"LISTAGG": (*parser).listagg, "CURRENT_DATE": (*parser).currentTime, "CURRENT_TIME": (*parser).currentTime,
		"CURRENT_TIMESTAMP": (*parser).currentTime, "LOCALTIME": (*parser).currentTime, "LOCALTIMESTAMP": (*parser).currentTime,
		"CURRENT_USER": (*parser).currentName, "CURRENT_CATALOG": (*parser).currentName, "CURRENT_SCHEMA": (*parser).currentName,
		"DOUBLE": (*parser).doublePrecision,
	}
	for _, w := range []string{"CURRENT_PATH", "CURRENT_ROLE", "JSON_ARRAY", "JSON_EXISTS", "JSON_OBJECT", "JSON_QUERY", "JSON_VALUE"} {
		forms[w] = func(p *parser) Expr {
			hint := ""
			if strings.HasPrefix(w, "JSON_") {
				hint = "use json_extract or json_extract_scalar"
			}
			refuse(p.tok().Span, w, hint)
			return nil
		}
	}
}

// named reads what begins with a name: a typed literal, a lambda, a call or a column.
func (p *parser) named() Expr {
	start := p.tok().Start
	if !p.isName(0) {
		p.mismatch("<expression>")
	}
	if p.isLambda() {
		return p.lambda()
	}
	if p.look(1).kind == stringToken {
		name := p.name()
		value := p.next().text
		return &TypedLiteral{Span: p.span(start), Type: TypeName{Span: name.Span, Name: name.Text}, Value: value}
	}
	name := QualifiedName{Parts: []Name{p.name()}}
	for p.isSign(".") && !p.sign(1, "*") {
		p.next()
		name.Parts = append(name.Parts, p.name())
	}
	name.Span = p.span(start)
	if p.isSign("(") {
		return p.call(start, name)
	}
	return &Ref{Span: name.Span, Parts: name.Parts}
}

func (p *parser) parameter() Expr {
	p.params++
	return &Parameter{Span: p.next().Span, Index: p.params - 1}
}

// call reads the arguments of a call and what follows them.
func (p *parser) call(start int, name QualifiedName) *Call {
	p.enter()
	defer p.leave()
	c := &Call{Name: name}
	p.wantSign("(")
	switch {
	case p.takeSign("*"):
		c.Star = true
	case p.sign(0, ")"):
	default:
		if p.take("DISTINCT") {
			c.Distinct = true
		} else if p.word(0, "ALL") && !p.sign(1, ",") && !p.sign(1, ")") && !p.sign(1, ".") {
			p.next()
		}
		if p.sign(1, "=>") {
			refuse(p.look(1).Span, "a named argument", "write the arguments in their order")
		}
		if !p.word(0, "ORDER") {
			c.Args = list(p, p.expr)
		}
		if p.take("ORDER") {
			p.want("BY")
			c.OrderBy = list(p, p.sortItem)
		}
	}
	if p.word(0, "IGNORE", "RESPECT") && p.word(1, "NULLS") {
		fail(p.tok().Span, "mismatched input '"+p.tok().text+"'. Expecting: ')', ',', 'ORDER'", "IGNORE NULLS stands behind the parentheses: lag(x) IGNORE NULLS OVER (...)")
	}
	p.wantSign(")")
	p.callRest(c)
	c.Span = p.span(start)
	return c
}

// callRest reads FILTER, IGNORE NULLS and OVER.
func (p *parser) callRest(c *Call) {
	if p.word(0, "WITHIN") && p.word(1, "GROUP") {
		refuse(p.tok().Span, "WITHIN GROUP of another function than listagg", "")
	}
	if p.word(0, "FILTER") && p.sign(1, "(") {
		p.at += 2
		p.want("WHERE")
		c.Filter = p.expr()
		p.wantSign(")")
	}
	if p.word(0, "IGNORE", "RESPECT") && p.word(1, "NULLS") {
		c.Nulls = p.next().text
		p.next()
		if !p.word(0, "OVER") {
			p.mismatch("OVER")
		}
	}
	if p.word(0, "OVER") && (p.sign(1, "(") || p.isName(1)) {
		p.next()
		c.Over = p.over()
	}
}

func (p *parser) caseOf() Expr {
	p.enter()
	defer p.leave()
	start := p.next().Start
	c := &Case{}
	if !p.word(0, "WHEN") {
		c.Of = p.expr()
	}
	if !p.is("WHEN") {
		p.mismatch()
	}
	for p.is("WHEN") {
		begin := p.next().Start
		w := When{If: p.expr()}
		p.want("THEN")
		w.Then = p.expr()
		w.Span = p.span(begin)
		c.Whens = append(c.Whens, w)
	}
	if p.take("ELSE") {
		c.Else = p.expr()
	}
	p.want("END")
	c.Span = p.span(start)
	return c
}

func (p *parser) cast() Expr {
	if p.word(0, "TRY_CAST") && !p.sign(1, "(") {
		return nil
	}
	start, try := p.tok().Start, p.next().text == "TRY_CAST"
	p.wantSign("(")
	c := &Cast{Try: try, Of: p.expr()}
	p.want("AS")
	c.To = p.typeName()
	p.wantSign(")")
	c.Span = p.span(start)
	return c
}

func (p *parser) exists() Expr {
	start := p.next().Start
	p.wantSign("(")
	e := &Exists{Query: p.query()}
	p.wantSign(")")
	e.Span = p.span(start)
	return e
}

func (p *parser) extract() Expr {
	start := p.next().Start
	p.wantSign("(")
	e := &Extract{Unit: p.name().Text}
	p.want("FROM")
	e.Of = p.value()
	p.wantSign(")")
	e.Span = p.span(start)
	return e
}

func (p *parser) grouping() Expr {
	start := p.next().Start
	p.wantSign("(")
	g := &Grouping{}
	if !p.sign(0, ")") {
		for _, q := range list(p, p.qualifiedName) {
			g.Args = append(g.Args, Ref{Span: q.Span, Parts: q.Parts})
		}
	}
	p.wantSign(")")
	g.Span = p.span(start)
	return g
}

// units are the units of intervals. Source: Trino documentation, "Data types", "INTERVAL ..."; there are no weeks.
var units = []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}

func (p *parser) intervalOrName() Expr {
	if p.look(1).kind == stringToken || (p.sign(1, "-") || p.sign(1, "+")) && p.look(2).kind == stringToken && p.look(3).kind == wordToken {
		return p.interval()
	}
	if k := p.look(1).kind; k == integerToken || k == decimalToken {
		p.next()
		p.mismatch("+", "-", "<string>")
	}
	return nil
}

func (p *parser) interval() Expr {
	start := p.next().Start
	i := &Interval{}
	if p.sign(0, "-") || p.sign(0, "+") {
		i.Negative = p.next().text == "-"
	}
	if p.tok().kind != stringToken {
		p.mismatch("+", "-", "<string>")
	}
	i.Value = p.next().text
	i.From = p.unit()
	if p.take("TO") {
		i.To = p.unit()
	}
	i.Span = p.span(start)
	return i
}

func (p *parser) unit() string {
	if !p.is(units...) {
		p.mismatch()
	}
	return strings.ToLower(p.next().text)
}

func (p *parser) array() Expr {
	if !p.sign(1, "[") {
		return nil
	}
	start := p.next().Start
	p.next()
	p.enter()
	defer p.leave()
	a := &ArrayOf{}
	if !p.sign(0, "]") {
		a.Items = list(p, p.expr)
	}
	p.wantSign("]")
	a.Span = p.span(start)
	return a
}

func (p *parser) row() Expr {
	if !p.sign(1, "(") {
		return nil
	}
	start := p.next().Start
	p.next()
	p.enter()
	defer p.leave()
	r := &RowOf{Items: list(p, p.expr)}
	p.wantSign(")")
	r.Span = p.span(start)
	return r
}

// doublePrecision reads DOUBLE PRECISION 'text'.
func (p *parser) doublePrecision() Expr {
	if !p.word(1, "PRECISION") || p.look(2).kind != stringToken {
		return nil
	}
	start := p.next().Start
	p.next()
	of := TypeName{Span: p.span(start), Name: "double"}
	value := p.next().text
	return &TypedLiteral{Span: p.span(start), Type: of, Value: value}
}

func (p *parser) currentTime() Expr {
	start := p.tok().Start
	c := &CurrentTime{Name: strings.ToLower(p.next().text), Precision: -1}
	if c.Name != "current_date" && p.takeSign("(") {
		c.Precision = p.number("<integer>")
		p.wantSign(")")
	}
	c.Span = p.span(start)
	return c
}

// number reads a whole number that is small.
func (p *parser) number(expected string) int {
	t := p.tok()
	if t.kind != integerToken {
		p.mismatch(expected)
	}
	n, err := strconv.Atoi(t.text)
	if err != nil || n > math.MaxInt32 {
		fail(t.Span, "the number is too great", "")
	}
	p.next()
	return n
}

func (p *parser) currentName() Expr {
	t := p.next()
	return &CurrentName{Span: t.Span, Name: strings.ToLower(t.text)}
}
