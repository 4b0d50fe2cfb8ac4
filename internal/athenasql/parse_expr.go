package athenasql

// expr reads an expression: OR binds least, then AND, NOT, one comparison, and the operators of values.
func (p *parser) expr() Expr {
	p.enter()
	defer p.leave()
	start := p.start()
	left := p.and()
	for n := 0; p.is("OR"); p.chain(&n) {
		at := p.next().Span
		right := p.and()
		left = &BinaryOp{Span: p.span(start), Operator: "OR", OperatorAt: at, Left: left, Right: right}
	}
	return left
}

func (p *parser) and() Expr {
	start := p.start()
	left := p.not()
	for n := 0; p.is("AND"); p.chain(&n) {
		at := p.next().Span
		right := p.not()
		left = &BinaryOp{Span: p.span(start), Operator: "AND", OperatorAt: at, Left: left, Right: right}
	}
	return left
}

func (p *parser) not() Expr {
	start := p.start()
	if p.pending == nil && p.word(0, "NOT") {
		p.next()
		p.enter()
		defer p.leave()
		of := p.not()
		return &Unary{Span: p.span(start), Operator: "NOT", Of: of}
	}
	return p.predicate()
}

// comparisons are the operators of comparisons, as they are kept.
var comparisons = map[string]string{"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

// predicate reads a value and at most one comparison: a = b = c is none of the language.
func (p *parser) predicate() Expr {
	start := p.start()
	left := p.value()
	if t := p.tok(); t.kind == signToken && comparisons[t.text] != "" {
		return p.comparison(start, left)
	}
	p.expecting("=", "<>", "<", "<=", ">", ">=")
	not := p.is("NOT")
	if not {
		if !p.word(1, "BETWEEN", "IN", "LIKE") {
			p.next()
			p.mismatch("BETWEEN", "IN", "LIKE")
		}
		p.next()
	}
	switch {
	case p.take("BETWEEN"):
		low := p.value()
		p.want("AND")
		high := p.value()
		return &Between{Span: p.span(start), Not: not, Of: left, Low: low, High: high}
	case p.take("IN"):
		return p.in(start, not, left)
	case p.take("LIKE"):
		if p.word(0, "ANY", "ALL") && p.sign(1, "(") {
			fail(p.tok().Span, "mismatched input '"+p.text[p.tok().Start:p.tok().End]+"'. Expecting: <expression>", "write one LIKE for each pattern, with OR between")
		}
		l := &Like{Not: not, Of: left, Pattern: p.value()}
		if p.take("ESCAPE") {
			l.Escape = p.value()
		}
		l.Span = p.span(start)
		return l
	case p.take("IS"):
		return p.isPredicate(start, left)
	}
	return left
}

func (p *parser) isPredicate(start int, left Expr) Expr {
	not := p.take("NOT")
	if p.take("DISTINCT") {
		p.want("FROM")
		right := p.value()
		return &IsDistinct{Span: p.span(start), Not: not, Left: left, Right: right}
	}
	p.want("NULL")
	return &IsNull{Span: p.span(start), Not: not, Of: left}
}

func (p *parser) comparison(start int, left Expr) Expr {
	t := p.next()
	op := comparisons[t.text]
	if p.word(0, "ANY", "SOME", "ALL") && p.sign(1, "(") && p.isQueryAhead(2) {
		quantifier := p.next().text
		if quantifier == "SOME" {
			quantifier = "ANY"
		}
		p.next()
		q := p.query()
		p.wantSign(")")
		return &Quantified{Span: p.span(start), Operator: op, Quantifier: quantifier, Of: left, Query: q}
	}
	right := p.value()
	return &BinaryOp{Span: p.span(start), Operator: op, OperatorAt: t.Span, Left: left, Right: right}
}

// isQueryAhead reports whether a query, maybe in parentheses, begins n places on.
func (p *parser) isQueryAhead(n int) bool {
	for p.sign(n, "(") {
		n++
	}
	return p.isQueryStart(n)
}

func (p *parser) in(start int, not bool, left Expr) Expr {
	p.wantSign("(")
	in := &In{Not: not, Of: left}
	if p.isQueryStart(0) {
		in.Query = p.query()
	} else if begin := p.tok().Start; p.sign(0, "(") {
		// ((SELECT ...) UNION ...) is a query, and ((SELECT ...), 2) a list.
		first := p.parenthesized()
		if sub, ok := first.(*Subquery); ok && !p.sign(0, ")") && p.continuesQuery() {
			in.Query = p.queryFrom(begin, sub.Query)
		} else {
			p.pending, p.pendingAt = first, begin
			in.List = list(p, p.expr)
		}
	} else {
		in.List = list(p, p.expr)
	}
	p.wantSign(")")
	in.Span = p.span(start)
	return in
}

// level is how an operator of values binds: more binds tighter.
var levels = map[string]int{"&": 1, "||": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4}

// value reads operators of values: * / % bind tighter than + -, these than ||, and that than weir's own &.
func (p *parser) value() Expr { return p.binary(1) }

func (p *parser) binary(level int) Expr {
	start := p.start()
	var left Expr
	if level > 4 {
		return p.unary()
	}
	left = p.binary(level + 1)
	for n := 0; ; p.chain(&n) {
		t := p.tok()
		if t.kind != signToken || levels[t.text] != level {
			if level == 4 {
				p.expecting("%", "*", "+", "-", "/", "||")
			}
			return left
		}
		p.next()
		right := p.binary(level + 1)
		left = &BinaryOp{Span: p.span(start), Operator: t.text, OperatorAt: t.Span, Left: left, Right: right}
	}
}

// unary reads signs, which bind looser than AT TIME ZONE and tighter than operators.
func (p *parser) unary() Expr {
	start := p.start()
	if p.pending == nil && (p.sign(0, "-") || p.sign(0, "+")) {
		op := p.next().text
		p.enter()
		defer p.leave()
		of := p.unary()
		return &Unary{Span: p.span(start), Operator: op, Of: of}
	}
	left := p.primary()
	for n := 0; p.is("AT"); p.chain(&n) {
		if !p.word(1, "TIME") {
			return left
		}
		p.at += 2
		p.want("ZONE")
		begin := p.tok()
		var zone Expr
		switch {
		case begin.kind == stringToken:
			p.next()
			zone = &String{Span: begin.Span, Value: begin.text}
		case p.word(0, "INTERVAL"):
			zone = p.interval()
		default:
			p.mismatch("INTERVAL", "<string>")
		}
		left = &AtTimeZone{Span: p.span(start), Of: left, Zone: zone}
	}
	return left
}

// primary reads a value with its subscripts and fields.
func (p *parser) primary() Expr {
	start := p.start()
	var left Expr
	if left = p.pending; left != nil {
		p.pending = nil
	} else {
		left = p.primaryBase()
	}
	for n := 0; ; p.chain(&n) {
		switch {
		case p.isSign("["):
			p.next()
			p.enter()
			index := p.value()
			p.leave()
			if p.sign(0, ":") {
				fail(p.tok().Span, "mismatched input ':'. Expecting: ']'", "a part of an array is slice(a, start, length)")
			}
			p.wantSign("]")
			left = &Subscript{Span: p.span(start), Of: left, Index: index}
		case p.isSign(".") && !p.sign(1, "*"):
			p.next()
			name := p.name()
			if ref, ok := left.(*Ref); ok {
				ref.Parts = append(ref.Parts, name)
				ref.Span = p.span(start)
				continue
			}
			left = &Field{Span: p.span(start), Of: left, Name: name}
		default:
			return left
		}
	}
}

// parenthesized reads (expression), (a, b), (query) or a lambda.
func (p *parser) parenthesized() Expr {
	p.enter()
	defer p.leave()
	start := p.tok().Start
	if p.isLambda() {
		return p.lambda()
	}
	p.next()
	begin := p.tok().Start
	if p.isQueryStart(0) {
		s := &Subquery{Query: p.query()}
		p.wantSign(")")
		s.Span = p.span(start)
		return s
	}
	if p.sign(0, "(") {
		first := p.parenthesized()
		if s, ok := first.(*Subquery); ok && !p.sign(0, ")") && p.continuesQuery() {
			q := p.queryFrom(begin, s.Query)
			p.wantSign(")")
			return &Subquery{Span: p.span(start), Query: q}
		}
		p.pending, p.pendingAt = first, begin
	}
	items := list(p, p.expr)
	p.wantSign(")")
	if len(items) == 1 {
		return items[0]
	}
	return &RowOf{Span: p.span(start), Items: items}
}

// isLambda reports whether a lambda begins at the next token: x -> or (x, y) ->.
func (p *parser) isLambda() bool {
	if p.isName(0) {
		return p.sign(1, "->")
	}
	if !p.sign(0, "(") {
		return false
	}
	n := 1
	if !p.sign(n, ")") {
		for p.isName(n) && p.sign(n+1, ",") {
			n += 2
		}
		if !p.isName(n) {
			return false
		}
		n++
	}
	return p.sign(n, ")") && p.sign(n+1, "->")
}

func (p *parser) lambda() Expr {
	start := p.tok().Start
	l := &Lambda{}
	switch {
	case p.isName(0):
		l.Params = []Name{p.name()}
	case p.sign(1, ")"):
		p.at += 2
	default:
		l.Params = p.names()
	}
	p.wantSign("->")
	l.Body = p.expr()
	l.Span = p.span(start)
	return l
}
