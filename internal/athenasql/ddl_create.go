package athenasql

import "strings"

// create reads CREATE ....
func (p *parser) create() Statement {
	start := p.next().Start
	switch {
	case p.is("EXTERNAL"):
		p.next()
		p.want("TABLE")
		return p.createTable(start)
	case p.is("TABLE"):
		p.next()
		return p.createTableAs(start)
	case p.is("VIEW"), p.word(0, "OR") && p.word(1, "REPLACE") && p.word(2, "VIEW"):
		return p.createView(start)
	case p.is("DATABASE", "SCHEMA"):
		p.next()
		return p.createDatabase(start)
	case p.word(0, "TEMPORARY", "TEMP", "MATERIALIZED", "FUNCTION", "ROLE", "INDEX", "MACRO", "SEQUENCE", "TYPE", "SECRET", "CATALOG", "PROTECTED"):
		refuse(p.tok().Span, "CREATE "+p.tok().text, "")
	case p.word(0, "OR"):
		p.next()
		p.want("REPLACE")
		if p.word(0, "TABLE", "EXTERNAL") {
			refuse(p.tok().Span, "CREATE OR REPLACE "+p.tok().text, "drop the table first")
		}
		p.mismatch("VIEW")
	}
	p.mismatch()
	return nil
}

// createTable reads what follows CREATE EXTERNAL TABLE. Source: Athena User Guide, "CREATE TABLE".
func (p *parser) createTable(start int) Statement {
	c := &CreateTable{IfNotExists: p.ifExists("NOT", "EXISTS"), Name: p.ddlQualifiedName()}
	if p.word(0, "LIKE") {
		refuse(p.tok().Span, "CREATE EXTERNAL TABLE ... LIKE", "SHOW CREATE TABLE gives the statement to change")
	}
	if p.word(0, "AS") {
		refuse(p.tok().Span, "CREATE EXTERNAL TABLE ... AS", "write CREATE TABLE name WITH (...) AS query")
	}
	c.Columns = p.columnDefs()
	if p.take("COMMENT") {
		c.Comment = p.textValue()
	}
	if p.take("PARTITIONED") {
		p.want("BY")
		c.PartitionBy = p.columnDefs()
	}
	if p.word(0, "CLUSTERED", "SKEWED", "SORTED") {
		refuse(p.tok().Span, p.tok().text+" BY", "")
	}
	p.rowFormat(c)
	p.storedAs(c)
	if c.SerDeProperties == nil {
		p.serdeProperties(c)
	}
	if p.take("LOCATION") {
		c.LocationAt = p.tok().Span
		c.Location = p.textValue()
	}
	if p.take("TBLPROPERTIES") {
		c.Properties = p.properties()
	}
	c.Span = p.span(start)
	p.outOfOrder()
	return c
}

// clauses are the clauses of CREATE EXTERNAL TABLE in their order.
var clauses = []string{"COMMENT", "PARTITIONED BY", "ROW FORMAT", "STORED AS", "WITH SERDEPROPERTIES", "LOCATION", "TBLPROPERTIES"}

// outOfOrder says that a clause stands behind its place.
func (p *parser) outOfOrder() {
	for _, c := range clauses {
		if first, _, _ := strings.Cut(c, " "); p.word(0, first) {
			t := p.tok()
			fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <EOF>", "the order of the clauses is "+strings.Join(clauses, ", ")+", each once")
		}
	}
}

// rowFormat reads ROW FORMAT DELIMITED ... or ROW FORMAT SERDE 'class'.
func (p *parser) rowFormat(c *CreateTable) {
	if !p.take("ROW") {
		return
	}
	p.want("FORMAT")
	if p.take("SERDE") {
		c.SerDe = p.textValue()
		p.serdeProperties(c)
		return
	}
	p.want("DELIMITED")
	d := &Delimited{}
	c.Delimited = d
	if p.take("FIELDS") {
		p.want("TERMINATED", "BY")
		d.Fields = p.textValue()
		if p.take("ESCAPED") {
			p.want("BY")
			d.Escaped = p.textValue()
		}
	}
	if p.take("COLLECTION") {
		p.want("ITEMS", "TERMINATED", "BY")
		d.Items = p.textValue()
	}
	if p.take("MAP") {
		p.want("KEYS", "TERMINATED", "BY")
		d.Keys = p.textValue()
	}
	if p.take("LINES") {
		p.want("TERMINATED", "BY")
		d.Lines = p.textValue()
	}
	if p.take("NULL") {
		p.want("DEFINED", "AS")
		d.Null = p.textValue()
	}
	if p.word(0, "FIELDS", "ESCAPED", "COLLECTION", "MAP", "LINES") {
		t := p.tok()
		fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <EOF>",
			"the order is FIELDS TERMINATED BY, ESCAPED BY, COLLECTION ITEMS TERMINATED BY, MAP KEYS TERMINATED BY, LINES TERMINATED BY, NULL DEFINED AS")
	}
}

func (p *parser) serdeProperties(c *CreateTable) {
	if p.take("WITH") {
		p.want("SERDEPROPERTIES")
		c.SerDeProperties = p.properties()
	}
}

// storedAs reads STORED AS format, or STORED AS INPUTFORMAT 'class' OUTPUTFORMAT 'class'.
func (p *parser) storedAs(c *CreateTable) {
	if !p.take("STORED") {
		return
	}
	if p.word(0, "BY") {
		refuse(p.tok().Span, "STORED BY", "")
	}
	p.want("AS")
	if p.take("INPUTFORMAT") {
		c.InputFormat = p.textValue()
		p.want("OUTPUTFORMAT")
		c.OutputFormat = p.textValue()
		return
	}
	if p.tok().kind != wordToken {
		p.mismatch("<identifier>")
	}
	c.StoredAs = strings.ToLower(p.next().text)
}

// createTableAs reads CREATE TABLE name WITH (...) AS query. Source: Athena User Guide, "CREATE TABLE AS".
func (p *parser) createTableAs(start int) Statement {
	c := &CreateTableAs{IfNotExists: p.ifExists("NOT", "EXISTS")}
	c.Name = p.qualifiedName()
	if p.sign(0, "(") || p.word(0, "LIKE", "PARTITIONED", "ROW", "STORED", "LOCATION", "TBLPROPERTIES", "COMMENT", "CLUSTERED") {
		refuse(Span{start, p.span(start).End}, "CREATE TABLE of columns", "write CREATE EXTERNAL TABLE for a table over files, or CREATE TABLE name AS query; there are no Iceberg tables to write to")
	}
	if p.take("WITH") {
		c.Properties = p.tableProperties()
	}
	p.want("AS")
	c.Query = p.query()
	if p.take("WITH") {
		c.NoData = p.take("NO")
		p.want("DATA")
	}
	c.Span = p.span(start)
	return c
}

// createView reads CREATE [OR REPLACE] VIEW name AS query.
func (p *parser) createView(start int) Statement {
	c := &CreateView{}
	if p.take("OR") {
		p.want("REPLACE")
		c.Replace = true
	}
	p.want("VIEW")
	if p.word(0, "IF") && p.word(1, "NOT") {
		fail(p.tok().Span, "mismatched input 'IF'. Expecting: <identifier>", "write CREATE OR REPLACE VIEW")
	}
	c.Name = p.qualifiedName()
	if p.sign(0, "(") {
		refuse(p.tok().Span, "a list of columns of a view", "name the columns in the query: AS")
	}
	if p.word(0, "COMMENT", "SECURITY") {
		refuse(p.tok().Span, p.tok().text+" of a view", "")
	}
	p.want("AS")
	begin := p.tok().Start
	c.Query = p.query()
	c.Text = strings.TrimSpace(p.text[begin:p.span(begin).End])
	c.Span = p.span(start)
	return c
}

// createDatabase reads what follows CREATE DATABASE.
func (p *parser) createDatabase(start int) Statement {
	c := &CreateDatabase{IfNotExists: p.ifExists("NOT", "EXISTS"), Name: p.ddlName()}
	p.refuseHyphen()
	if p.take("COMMENT") {
		c.Comment = p.textValue()
	}
	if p.take("LOCATION") {
		c.Location = p.textValue()
	}
	if p.take("WITH") {
		p.want("DBPROPERTIES")
		c.Properties = p.properties()
	}
	c.Span = p.span(start)
	return c
}
