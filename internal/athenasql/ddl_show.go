package athenasql

// show reads SHOW .... Source: Athena User Guide, "SHOW COLUMNS" to "SHOW VIEWS"; Trino documentation, "SHOW CATALOGS", "SHOW FUNCTIONS".
func (p *parser) show() Statement {
	start := p.next().Start
	s := &Show{}
	switch {
	case p.is("DATABASES", "SCHEMAS"):
		p.next()
		s.What = "DATABASES"
		if p.word(0, "FROM", "IN") {
			p.next()
			p.catalog()
		}
		p.pattern(s, true)
	case p.is("TABLES", "VIEWS"):
		s.What = p.next().text
		if p.take("IN") || p.take("FROM") {
			n := p.ddlQualifiedName()
			s.In = p.databaseOf(n)
		}
		p.pattern(s, true)
	case p.is("COLUMNS"):
		p.showColumns(s)
	case p.is("PARTITIONS"):
		s.What = p.next().text
		p.showTable(s)
		if p.word(0, "PARTITION", "WHERE", "ORDER", "LIMIT") {
			refuse(p.tok().Span, p.tok().text+" of SHOW PARTITIONS", `SELECT * FROM "table$partitions" takes conditions`)
		}
	case p.is("CREATE"):
		p.next()
		if p.word(0, "DATABASE", "SCHEMA", "FUNCTION", "MATERIALIZED") {
			refuse(p.tok().Span, "SHOW CREATE "+p.tok().text, "")
		}
		if !p.is("TABLE", "VIEW") {
			p.mismatch()
		}
		s.What = "CREATE " + p.next().text
		p.showTable(s)
	case p.is("TBLPROPERTIES"):
		s.What = p.next().text
		p.showTable(s)
		if p.takeSign("(") {
			s.Property = p.propertyText()
			p.wantSign(")")
		}
	case p.is("FUNCTIONS", "CATALOGS"):
		s.What = p.next().text
		p.pattern(s, false)
	case p.word(0, "GRANTS", "ROLES", "ROLE", "SESSION", "STATS", "CURRENT", "BRANCHES", "INDEX", "INDEXES", "TRANSACTIONS", "LOCKS", "CONF", "TABLE"):
		refuse(p.tok().Span, "SHOW "+p.tok().text, "")
	}
	if s.What == "" {
		p.mismatch()
	}
	s.Span = p.span(start)
	return s
}

func (p *parser) showTable(s *Show) {
	n := p.ddlQualifiedName()
	s.Name = &n
}

// showColumns reads COLUMNS IN table [IN database].
func (p *parser) showColumns(s *Show) {
	s.What = p.next().text
	if !p.take("FROM") {
		p.want("IN")
	}
	p.showTable(s)
	if p.take("FROM") || p.take("IN") {
		if len(s.Name.Parts) > 1 {
			fail(s.Name.Span, "the database of the table is said twice", "")
		}
		s.Name.Parts = append([]Name{p.ddlName()}, s.Name.Parts...)
	}
	if p.word(0, "LIKE") || p.tok().kind == stringToken {
		refuse(p.tok().Span, "a pattern of SHOW COLUMNS", "")
	}
}

// pattern reads [LIKE] 'pattern'; bare says that LIKE may be absent, and that the pattern is Hive's.
func (p *parser) pattern(s *Show, bare bool) {
	if !p.take("LIKE") && (!bare || p.tok().kind != stringToken) {
		return
	}
	s.Like, s.Regex = p.textValue(), bare
	if p.word(0, "ESCAPE") {
		refuse(p.tok().Span, "ESCAPE of SHOW", "")
	}
}

// catalog reads the one catalog's name.
func (p *parser) catalog() {
	n := p.ddlName()
	p.checkCatalog(n)
}

func (p *parser) checkCatalog(n Name) {
	if n.Text != "awsdatacatalog" {
		panic(Errorf(CodeCatalogNotFound, n.Span, "Catalog '%s' does not exist", n.Text).WithHint("the only catalog is AwsDataCatalog"))
	}
}

// databaseOf returns the database of [catalog.]database.
func (p *parser) databaseOf(n QualifiedName) *Name {
	switch len(n.Parts) {
	case 1:
		return &n.Parts[0]
	case 2:
		p.checkCatalog(n.Parts[0])
		return &n.Parts[1]
	}
	fail(n.Span, "a database is said as database or catalog.database", "")
	return nil
}

// describe reads DESCRIBE [EXTENDED | FORMATTED] name [PARTITION (...)] [column].
func (p *parser) describe() Statement {
	start := p.next().Start
	if p.word(0, "INPUT", "OUTPUT") && p.isName(1) && !p.word(1, "PARTITION") {
		refuse(p.tok().Span, "DESCRIBE "+p.tok().text, "")
	}
	d := &Describe{}
	if next := p.look(1).kind; next == wordToken || next == quotedToken || next == backquoteToken || next == digitToken {
		d.Extended = p.take("EXTENDED")
		d.Formatted = !d.Extended && p.take("FORMATTED")
	}
	d.Name = p.ddlQualifiedName()
	if p.is("PARTITION") {
		of := p.partitionDef(false, false)
		d.Partition = &of
	}
	if t := p.tok(); t.kind != endToken && !p.sign(0, ";") {
		n := p.ddlName()
		d.Column = &n
		if p.sign(0, ".") {
			refuse(p.tok().Span, "DESCRIBE of a part of a column", "")
		}
	}
	d.Span = p.span(start)
	return d
}
