package athenasql

// relation reads a table and what is joined to it.
func (p *parser) relation() Relation {
	p.enter()
	defer p.leave()
	start := p.tok().Start
	return p.joins(start, p.sampled())
}

// joins reads what is joined to a relation that begins at start.
func (p *parser) joins(start int, left Relation) Relation {
	for n := 0; ; p.chain(&n) {
		j := &Join{Left: left}
		switch {
		case p.take("CROSS"):
			p.want("JOIN")
			j.Kind, j.Right = CrossJoin, p.sampled()
		case p.take("NATURAL"):
			j.Natural = true
			j.Kind = p.joinKind()
			p.want("JOIN")
			j.Right = p.sampled()
		case p.is("JOIN", "INNER", "LEFT", "RIGHT", "FULL"):
			j.Kind = p.joinKind()
			p.want("JOIN")
			// The right side is a relation with joins of its own where its ON follows theirs: a JOIN b JOIN c ON ... ON ....
			p.enter()
			begin := p.tok().Start
			j.Right = p.sampled()
			if !p.word(0, "ON", "USING") {
				j.Right = p.joins(begin, j.Right)
			}
			p.leave()
			p.joinCriteria(j)
		default:
			return left
		}
		j.Span = p.span(start)
		left = j
	}
}

func (p *parser) joinCriteria(j *Join) {
	if p.take("ON") {
		j.On = p.expr()
		return
	}
	p.want("USING")
	j.Using = p.names()
}

func (p *parser) joinKind() JoinKind {
	switch {
	case p.take("INNER"):
		return InnerJoin
	case p.take("LEFT"):
		p.take("OUTER")
		return LeftJoin
	case p.take("RIGHT"):
		p.take("OUTER")
		return RightJoin
	case p.take("FULL"):
		p.take("OUTER")
		return FullJoin
	}
	return InnerJoin
}

// sampled reads a relation with its name and TABLESAMPLE.
func (p *parser) sampled() Relation {
	start := p.tok().Start
	return p.sampledFrom(start, p.aliasedFrom(start, p.relationPrimary()))
}

func (p *parser) sampledFrom(start int, r Relation) Relation {
	if p.word(0, "MATCH_RECOGNIZE", "PIVOT", "UNPIVOT") && p.sign(1, "(") {
		refuse(p.tok().Span, p.tok().text, "")
	}
	if !p.take("TABLESAMPLE") {
		return r
	}
	s := &Sample{Relation: r}
	if p.take("SYSTEM") {
		s.System = true
	} else {
		p.want("BERNOULLI")
	}
	p.wantSign("(")
	s.Percentage = p.expr()
	p.wantSign(")")
	s.Span = p.span(start)
	return s
}

// aliasedFrom reads the name of a relation.
func (p *parser) aliasedFrom(start int, r Relation) Relation {
	name := p.alias()
	if name == nil {
		return r
	}
	a := &Aliased{Relation: r, As: *name}
	if p.isSign("(") {
		a.Columns = p.names()
	}
	a.Span = p.span(start)
	return a
}

func (p *parser) relationPrimary() Relation {
	start := p.tok().Start
	switch {
	case p.isSign("("):
		return p.relationInParentheses()
	case p.take("UNNEST"):
		u := &Unnest{}
		p.wantSign("(")
		u.Exprs = list(p, p.expr)
		p.wantSign(")")
		u.Ordinality = p.take("WITH", "ORDINALITY")
		u.Span = p.span(start)
		return u
	case p.word(0, "LATERAL") && p.sign(1, "("):
		p.at += 2
		l := &Lateral{Query: p.query()}
		p.wantSign(")")
		l.Span = p.span(start)
		return l
	case p.word(0, "TABLE") && p.sign(1, "("):
		return p.tableFunction()
	case p.word(0, "JSON_TABLE"):
		refuse(p.tok().Span, "JSON_TABLE", "use json_extract with CAST and UNNEST")
	}
	p.expecting("LATERAL", "TABLE")
	t := &TableRef{Name: p.qualifiedName()}
	t.Span = p.span(start)
	return t
}

func (p *parser) tableFunction() Relation {
	start := p.tok().Start
	p.at += 2
	f := &TableFunction{}
	at := p.tok().Start
	name := p.qualifiedName()
	if !p.isSign("(") {
		p.mismatch()
	}
	f.Call = p.call(at, name)
	p.wantSign(")")
	f.Span = p.span(start)
	return f
}

// relationInParentheses reads (query), or (relation). Which of both, ((SELECT ...) ...) shows only behind the inner parentheses.
func (p *parser) relationInParentheses() Relation {
	p.enter()
	defer p.leave()
	start := p.next().Start
	begin := p.tok().Start
	if p.isQueryStart(0) {
		s := &SubqueryRef{Query: p.query()}
		p.wantSign(")")
		s.Span = p.span(start)
		return s
	}
	if !p.sign(0, "(") {
		r := p.relation()
		p.wantSign(")")
		return r
	}
	inner := p.relationInParentheses()
	if s, ok := inner.(*SubqueryRef); ok && p.continuesQuery() {
		q := p.queryFrom(begin, s.Query)
		p.wantSign(")")
		return &SubqueryRef{Span: p.span(start), Query: q}
	}
	r := p.joins(begin, p.sampledFrom(begin, p.aliasedFrom(begin, inner)))
	p.wantSign(")")
	return r
}

// continuesQuery reports whether what follows a query in parentheses makes it part of a longer one.
func (p *parser) continuesQuery() bool {
	return p.sign(0, ")") || p.word(0, "UNION", "INTERSECT", "EXCEPT", "ORDER") || p.word(0, "LIMIT", "OFFSET", "FETCH") && p.startsClause()
}
