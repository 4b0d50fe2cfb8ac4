package athenasql

import "strings"

// drop reads DROP TABLE, VIEW, DATABASE or SCHEMA.
func (p *parser) drop() Statement {
	start := p.next().Start
	if p.word(0, "FUNCTION", "ROLE", "INDEX", "MATERIALIZED", "MACRO", "CATALOG", "COLUMN", "SECRET") {
		refuse(p.tok().Span, "DROP "+p.tok().text, "")
	}
	if !p.is("TABLE", "VIEW", "DATABASE", "SCHEMA") {
		p.mismatch()
	}
	d := &Drop{What: p.next().text}
	if d.What == "SCHEMA" {
		d.What = "DATABASE"
	}
	d.IfExists = p.ifExists("EXISTS")
	d.Name = p.ddlQualifiedName()
	if d.What == "DATABASE" {
		if p.take("CASCADE") {
			d.Cascade = true
		} else {
			p.take("RESTRICT")
		}
	}
	d.Span = p.span(start)
	return d
}

// repair reads MSCK REPAIR TABLE name.
func (p *parser) repair() Statement {
	start := p.next().Start
	p.want("REPAIR", "TABLE")
	r := &RepairTable{Table: p.ddlQualifiedName()}
	if p.word(0, "ADD", "DROP", "SYNC") {
		refuse(p.tok().Span, "MSCK REPAIR TABLE ... "+p.tok().text+" PARTITIONS", "Athena takes the table's name alone")
	}
	r.Span = p.span(start)
	return r
}

// alter reads ALTER TABLE name ....
func (p *parser) alter() Statement {
	start := p.next().Start
	if p.word(0, "VIEW", "DATABASE", "SCHEMA", "MATERIALIZED") {
		refuse(p.tok().Span, "ALTER "+p.tok().text, "")
	}
	p.want("TABLE")
	table := p.ddlQualifiedName()
	switch {
	case p.take("ADD"):
		return p.alterAdd(start, table)
	case p.take("DROP"):
		return p.alterDrop(start, table)
	case p.take("SET"):
		if p.take("LOCATION") {
			s := &SetLocation{Table: table, Location: p.textValue()}
			s.Span = p.span(start)
			return s
		}
		p.refuseAlter("SET", "SERDE", "SERDEPROPERTIES", "FILEFORMAT")
		p.want("TBLPROPERTIES")
		s := &SetTableProperties{Table: table, Properties: p.properties()}
		s.Span = p.span(start)
		return s
	case p.is("PARTITION"):
		return p.alterPartition(start, table)
	}
	p.refuseAlter("", "REPLACE", "CHANGE", "RENAME", "CLUSTERED", "SKEWED", "TOUCH", "ARCHIVE", "UNARCHIVE", "ENABLE", "DISABLE", "COMPACT", "CONCATENATE", "EXECUTE", "RECOVER", "ALTER", "UNSET", "NOT", "UPDATE")
	p.mismatch()
	return nil
}

// refuseAlter refuses forms of ALTER TABLE by their first words.
func (p *parser) refuseAlter(before string, words ...string) {
	if !p.word(0, words...) {
		return
	}
	what := "ALTER TABLE "
	if before != "" {
		what += before + " "
	}
	what += p.tok().text
	if next := p.look(1); next.kind == wordToken && (next.text == "COLUMNS" || next.text == "COLUMN" || next.text == "TO") {
		what += " " + next.text
	}
	hint := ""
	if strings.Contains(what, "COLUMN") {
		hint = "a table over files can be dropped and created again: its files stay"
	}
	refuse(p.tok().Span, what, hint)
}

func (p *parser) alterAdd(start int, table QualifiedName) Statement {
	if p.take("COLUMNS") {
		a := &AddColumns{Table: table, Columns: p.columnDefs()}
		if p.word(0, "CASCADE", "RESTRICT") {
			refuse(p.tok().Span, p.tok().text, "")
		}
		a.Span = p.span(start)
		return a
	}
	p.refuseAlter("ADD", "COLUMN", "CONSTRAINT")
	a := &AddPartitions{Table: table, IfNotExists: p.ifExists("NOT", "EXISTS")}
	for {
		a.Partitions = append(a.Partitions, p.partitionDef(true, false))
		if p.sign(0, ",") {
			fail(p.tok().Span, "mismatched input ','. Expecting: 'LOCATION', 'PARTITION', <EOF>", "partitions follow each other without commas")
		}
		if !p.is("PARTITION") {
			break
		}
	}
	a.Span = p.span(start)
	return a
}

func (p *parser) alterDrop(start int, table QualifiedName) Statement {
	p.refuseAlter("DROP", "COLUMN", "COLUMNS", "CONSTRAINT")
	d := &DropPartitions{Table: table, IfExists: p.ifExists("EXISTS")}
	d.Partitions = list(p, func() PartitionDef { return p.partitionDef(false, true) })
	if p.word(0, "PURGE", "IGNORE") {
		refuse(p.tok().Span, p.tok().text, "")
	}
	d.Span = p.span(start)
	return d
}

func (p *parser) alterPartition(start int, table QualifiedName) Statement {
	d := p.partitionDef(false, false)
	switch {
	case p.take("RENAME"):
		p.want("TO")
		r := &RenamePartition{Table: table, From: d, To: p.partitionDef(false, false)}
		r.Span = p.span(start)
		return r
	case p.take("SET"):
		p.refuseAlter("PARTITION (...) SET", "SERDE", "SERDEPROPERTIES", "FILEFORMAT", "TBLPROPERTIES")
		p.want("LOCATION")
		s := &SetLocation{Table: table, Partition: &d, Location: p.textValue()}
		s.Span = p.span(start)
		return s
	}
	p.refuseAlter("PARTITION (...)", "ADD", "REPLACE", "CHANGE", "COMPACT", "CONCATENATE", "DROP")
	p.mismatch()
	return nil
}
