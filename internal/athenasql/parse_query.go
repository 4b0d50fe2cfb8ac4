package athenasql

// query reads [WITH ...] body [ORDER BY ...] [OFFSET ...] [LIMIT ...].
func (p *parser) query() *Query {
	p.enter()
	defer p.leave()
	q := &Query{}
	start := p.tok().Start
	if p.take("WITH") {
		if p.word(0, "RECURSIVE") {
			refuse(p.tok().Span, "WITH RECURSIVE", "")
		}
		q.With = list(p, p.cte)
	}
	p.queryRest(q, p.queryBody(0))
	q.Span = p.span(start)
	return q
}

// queryFrom reads a query without WITH, which begins in a body that was read already.
func (p *parser) queryFrom(start int, first QueryBody) *Query {
	q := &Query{}
	p.queryRest(q, p.setOperations(start, first, 0))
	q.Span = p.span(start)
	return q
}

func (p *parser) cte() CTE {
	start := p.tok().Start
	out := CTE{Name: p.name()}
	if p.isSign("(") {
		out.Columns = p.names()
	}
	p.want("AS")
	p.wantSign("(")
	out.Query = p.query()
	p.wantSign(")")
	out.Span = p.span(start)
	return out
}

// queryRest reads what orders and bounds the rows.
func (p *parser) queryRest(q *Query, body QueryBody) {
	q.Body = body
	if p.take("ORDER") {
		p.want("BY")
		q.OrderBy = list(p, p.sortItem)
	}
	if p.take("OFFSET") {
		q.Offset = p.rowCount()
		if !p.take("ROW") {
			p.take("ROWS")
		}
	}
	switch {
	case p.take("LIMIT"):
		if !p.take("ALL") {
			q.Limit = p.rowCount()
		}
	case p.take("FETCH"):
		if !p.take("FIRST") {
			p.want("NEXT")
		}
		first := p.tok().Span
		if p.tok().kind == integerToken || p.sign(0, "?") {
			q.Limit = p.rowCount()
		} else {
			q.Limit = &Integer{Span: Span{first.Start, first.Start}, Text: "1"}
		}
		if !p.take("ROW") {
			p.want("ROWS")
		}
		if !p.take("ONLY") {
			p.want("WITH", "TIES")
			q.Ties = true
		}
	}
}

// rowCount reads a number or a parameter.
func (p *parser) rowCount() Expr {
	switch t := p.tok(); {
	case t.kind == integerToken:
		return &Integer{Span: p.next().Span, Text: t.text}
	case p.isSign("?"):
		return p.parameter()
	}
	p.mismatch("<integer>")
	return nil
}

// isQueryStart reports whether a query begins n places on. TABLE( is a table function.
func (p *parser) isQueryStart(n int) bool {
	return p.word(n, "SELECT", "VALUES", "WITH") || p.word(n, "TABLE") && !p.sign(n+1, "(")
}

// queryBody reads the operands of set operations that bind tighter than level: 0 reads all, 1 those of INTERSECT.
func (p *parser) queryBody(level int) QueryBody {
	return p.setOperations(p.tok().Start, p.queryPrimary(), level)
}

// setOperations reads what is joined to a body by UNION, EXCEPT (level 0) and INTERSECT.
func (p *parser) setOperations(start int, left QueryBody, level int) QueryBody {
	for n := 0; ; p.chain(&n) {
		op := SetOperator("")
		switch {
		case p.take("INTERSECT"):
			op = Intersect
		case level == 0 && p.take("UNION"):
			op = Union
		case level == 0 && p.take("EXCEPT"):
			op = Except
		default:
			return left
		}
		all := p.take("ALL")
		if !all {
			p.take("DISTINCT")
		}
		var right QueryBody
		if op == Intersect {
			right = p.queryPrimary()
		} else {
			right = p.queryBody(1)
		}
		left = &SetOperation{Span: p.span(start), Operator: op, All: all, Left: left, Right: right}
	}
}

// queryPrimary reads SELECT, VALUES, TABLE or a query in parentheses.
func (p *parser) queryPrimary() QueryBody {
	start := p.tok().Start
	switch {
	case p.word(0, "SELECT"):
		return p.selectBody()
	case p.take("VALUES"):
		v := &Values{Rows: list(p, p.valuesRow)}
		v.Span = p.span(start)
		return v
	case p.word(0, "TABLE"):
		p.next()
		t := &TableBody{Name: p.qualifiedName()}
		t.Span = p.span(start)
		return t
	case p.takeSign("("):
		p.enter()
		defer p.leave()
		if p.word(0, "WITH") {
			fail(p.tok().Span, "mismatched input 'WITH'. Expecting: '(', 'SELECT', 'TABLE', 'VALUES'", "WITH stands before the whole query")
		}
		begin := p.tok().Start
		q := &Query{}
		p.queryRest(q, p.queryBody(0))
		q.Span = p.span(begin)
		p.wantSign(")")
		return q
	}
	p.mismatch("SELECT", "TABLE", "VALUES")
	return nil
}

// valuesRow reads a row of VALUES: the items of a row, or one expression.
func (p *parser) valuesRow() []Expr {
	e := p.expr()
	if row, ok := e.(*RowOf); ok {
		return row.Items
	}
	return []Expr{e}
}

func (p *parser) selectBody() *Select {
	start := p.next().Start
	s := &Select{}
	if p.take("DISTINCT") {
		if p.word(0, "ON") && p.sign(1, "(") {
			fail(p.tok().Span, "mismatched input 'ON'. Expecting: '*', <expression>", "SELECT DISTINCT ON is PostgreSQL's: use max_by, or row_number() OVER (...) in a subquery")
		}
		s.Distinct = true
	} else if p.word(0, "ALL") && !p.sign(1, ",") && !p.word(1, "FROM") && p.look(1).kind != endToken {
		p.next()
	}
	s.Items = list(p, p.selectItem)
	if p.take("FROM") {
		s.From = list(p, p.relation)
	}
	if p.take("WHERE") {
		s.Where = p.expr()
	}
	if p.take("GROUP") {
		p.want("BY")
		s.GroupBy = p.groupBy()
	}
	if p.take("HAVING") {
		s.Having = p.expr()
	}
	if p.take("WINDOW") {
		s.Windows = list(p, p.namedWindow)
	}
	s.Span = p.span(start)
	return s
}

func (p *parser) selectItem() SelectItem {
	start := p.tok().Start
	var out SelectItem
	if p.takeSign("*") {
		out.Span = p.span(start)
		return out
	}
	out.Expr = p.expr()
	if p.sign(0, ".") && p.sign(1, "*") {
		ref, ok := out.Expr.(*Ref)
		if !ok {
			refuse(p.look(1).Span, ".* of an expression that is no relation's name", "name the fields one by one")
		}
		p.at += 2
		if p.word(0, "AS") {
			refuse(p.tok().Span, "AS (...) behind .*", "name the columns one by one")
		}
		out.Star, out.Expr = &QualifiedName{Span: ref.Span, Parts: ref.Parts}, nil
		out.Span = p.span(start)
		return out
	}
	out.As = p.alias()
	out.Span = p.span(start)
	return out
}

// alias reads [AS] name, nil where there is none.
func (p *parser) alias() *Name {
	if p.take("AS") {
		n := p.name()
		return &n
	}
	if !p.isName(0) || p.startsClause() {
		if p.tok().kind == digitToken || p.tok().kind == backquoteToken {
			p.mismatch("<identifier>")
		}
		p.expecting("<identifier>")
		return nil
	}
	n := p.name()
	return &n
}

// startsClause reports whether the next word begins a clause where it could be a name too: LIMIT 10 does, and limit alone does not.
func (p *parser) startsClause() bool {
	t := p.look(1)
	number := t.kind == integerToken || t.kind == signToken && t.text == "?"
	switch {
	case p.word(0, "LIMIT"):
		return number || p.word(1, "ALL")
	case p.word(0, "OFFSET"):
		return number
	case p.word(0, "FETCH"):
		return p.word(1, "FIRST", "NEXT")
	case p.word(0, "WINDOW"):
		return p.isName(1) && p.word(2, "AS") && p.sign(3, "(")
	case p.word(0, "TABLESAMPLE"):
		return p.word(1, "BERNOULLI", "SYSTEM")
	case p.word(0, "MATCH_RECOGNIZE", "PIVOT", "UNPIVOT"):
		return p.sign(1, "(")
	case p.word(0, "QUALIFY", "ILIKE", "RLIKE", "REGEXP", "SIMILAR", "GLOB", "DIV", "MINUS", "ASOF", "SEMI", "ANTI", "POSITIONAL"):
		// Words of other languages stand where a name could. One that something follows is none: the message is better then.
		return t.kind != endToken && !(t.kind == signToken && (t.text == "," || t.text == ")" || t.text == ";" || t.text == ".")) && !p.word(1, "FROM", "ON", "USING", "WHERE", "JOIN", "LEFT", "RIGHT", "INNER", "CROSS", "FULL", "GROUP", "ORDER", "LIMIT", "UNION", "AS")
	}
	return false
}

func (p *parser) sortItem() SortItem {
	start := p.start()
	out := SortItem{Expr: p.expr()}
	if p.take("DESC") {
		out.Desc = true
	} else {
		p.take("ASC")
	}
	if p.take("NULLS") {
		first := p.take("FIRST")
		if !first {
			p.want("LAST")
		}
		out.NullsFirst = &first
	}
	out.Span = p.span(start)
	return out
}

func (p *parser) groupBy() *GroupBy {
	start := p.tok().Start
	g := &GroupBy{}
	if p.take("DISTINCT") {
		g.Distinct = true
	} else if p.word(0, "ALL") && !p.sign(1, ",") && !p.sign(1, ".") {
		p.next()
		if t := p.tok(); t.kind == endToken || p.word(0, "ORDER", "HAVING", "LIMIT") || p.sign(0, ")") || p.sign(0, ";") {
			p.mismatch("<expression>")
		}
	}
	g.Elements = list(p, p.groupElement)
	g.Span = p.span(start)
	return g
}

func (p *parser) groupElement() GroupElement {
	start := p.tok().Start
	var out GroupElement
	switch {
	case p.take("ROLLUP"):
		out.Kind, out.Sets = GroupRollup, p.groupSets(true)
	case p.take("CUBE"):
		out.Kind, out.Sets = GroupCube, p.groupSets(true)
	case p.word(0, "GROUPING") && p.word(1, "SETS"):
		p.at += 2
		out.Kind, out.Sets = GroupSets, p.groupSets(false)
	default:
		out.Sets = [][]Expr{p.groupSet()}
	}
	out.Span = p.span(start)
	return out
}

func (p *parser) groupSets(empty bool) [][]Expr {
	p.wantSign("(")
	if empty && p.takeSign(")") {
		return nil
	}
	out := list(p, p.groupSet)
	p.wantSign(")")
	return out
}

// groupSet reads one expression, or several (or none) in parentheses.
func (p *parser) groupSet() []Expr {
	start := p.tok().Start
	if p.sign(0, "(") && p.sign(1, ")") && !p.sign(2, "->") {
		p.at += 2
		return nil
	}
	open := p.sign(0, "(")
	e := p.expr()
	if row, ok := e.(*RowOf); ok && open && row.Start == start {
		return row.Items
	}
	return []Expr{e}
}
