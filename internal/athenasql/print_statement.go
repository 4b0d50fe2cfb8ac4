package athenasql

import (
	"fmt"
	"strings"
)

func (p *printer) statement(s Statement) {
	switch s := s.(type) {
	case *Query:
		p.query(s)
	case *CreateTable:
		p.createTable(s)
	case *CreateTableAs:
		p.put("CREATE TABLE ", ifText(s.IfNotExists, "IF NOT EXISTS "))
		p.qualified(s.Name)
		p.tableProperties(s.Properties)
		p.put(" AS", p.sep)
		p.query(s.Query)
		p.put(ifText(s.NoData, p.sep+"WITH NO DATA"))
	case *CreateView:
		p.put("CREATE ", ifText(s.Replace, "OR REPLACE "), "VIEW ")
		p.qualified(s.Name)
		p.put(" AS", p.sep)
		p.query(s.Query)
	case *CreateDatabase:
		p.put("CREATE DATABASE ", ifText(s.IfNotExists, "IF NOT EXISTS "), ddlQuote(s.Name.Text), p.text(" COMMENT ", s.Comment), p.text(" LOCATION ", s.Location))
		p.properties(" WITH DBPROPERTIES ", s.Properties)
	case *Drop:
		p.put("DROP ", s.What, " ", ifText(s.IfExists, "IF EXISTS "))
		p.ddlName(s.Name)
		p.put(ifText(s.Cascade, " CASCADE"))
	case *RepairTable:
		p.put("MSCK REPAIR TABLE ")
		p.ddlName(s.Table)
	case *Show:
		p.show(s)
	case *Describe:
		p.describe(s)
	case *Explain:
		p.explain(s)
	case *Unload:
		p.put("UNLOAD ")
		p.inner(s.Query)
		p.put(" TO ", quote(s.To))
		p.tableProperties(s.Properties)
	case *Prepare:
		p.put("PREPARE ")
		p.name(s.Name)
		p.put(" FROM ")
		p.statement(s.Of)
	case *Execute:
		p.execute(s)
	case *Deallocate:
		p.put("DEALLOCATE PREPARE ")
		p.name(s.Name)
	case *Other:
		p.put(s.What)
	default:
		p.alter(s)
	}
}

func ifText(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// text returns a word and a text in Hive's quotes, "" where the text is empty.
func (p *printer) text(word, text string) string {
	if text == "" {
		return ""
	}
	return word + hiveQuote(text)
}

// hiveQuote returns a text in single quotes, with Hive's escapes.
func hiveQuote(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && (text[i+1] == '%' || text[i+1] == '_'):
			// \% keeps its backslash when it is read.
			b.WriteString(text[i : i+2])
			i++
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < ' ':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// ddlQuote puts a name in backticks, unless it is plain and no word of the language.
func ddlQuote(text string) string {
	if word := strings.ToUpper(text); plainName(text) && text[0] != '_' && !reserved[word] && !reservedInDDL[word] && !ddlSpecial[word] {
		return text
	}
	return "`" + strings.ReplaceAll(text, "`", "``") + "`"
}

// ddlSpecial are words that are names and begin clauses too.
var ddlSpecial = wordSet("PARTITION EXTENDED FORMATTED INPUT OUTPUT COMMENT LIKE AS LOCATION CASCADE RESTRICT")

func (p *printer) ddlName(n QualifiedName) {
	for i, part := range n.Parts {
		p.put(ifText(i > 0, "."), ddlQuote(part.Text))
	}
}

func (p *printer) properties(before string, list []Property) {
	if len(list) == 0 {
		return
	}
	p.put(before, "(")
	each(p, list, func(q Property) { p.put(hiveQuote(q.Key), " = ", hiveQuote(q.Value)) })
	p.put(")")
}

func (p *printer) tableProperties(list []TableProperty) {
	if len(list) == 0 {
		return
	}
	p.put(" WITH (")
	each(p, list, func(q TableProperty) {
		p.name(q.Name)
		p.put(" = ")
		p.expr(q.Value, valueLevel)
	})
	p.put(")")
}

// Hive returns a type as Hive's statements write it: "array<varchar(10)>".
func (t TypeName) Hive() string {
	switch t.Name {
	case "array", "map", "struct", "uniontype":
		var list []string
		for i, e := range t.Elems {
			field := ""
			if i < len(t.Fields) && t.Name == "struct" {
				field = ddlQuote(t.Fields[i].Text) + ":"
			}
			list = append(list, field+e.Hive())
		}
		return t.Name + "<" + strings.Join(list, ",") + ">"
	}
	var list []string
	for _, n := range t.Params {
		list = append(list, fmt.Sprint(n))
	}
	if list == nil {
		return t.Name
	}
	return t.Name + "(" + strings.Join(list, ",") + ")"
}

func (p *printer) columns(list []ColumnDef) {
	p.put("(", p.sep)
	for i, c := range list {
		p.put("  ", ddlQuote(c.Name.Text), " ", c.Type.Hive(), p.text(" COMMENT ", c.Comment), ifText(i+1 < len(list), ","), p.sep)
	}
	p.put(")")
}

func (p *printer) createTable(s *CreateTable) {
	p.put("CREATE EXTERNAL TABLE ", ifText(s.IfNotExists, "IF NOT EXISTS "))
	p.ddlName(s.Name)
	p.put(" ")
	p.columns(s.Columns)
	p.put(p.text(p.sep+"COMMENT ", s.Comment))
	if len(s.PartitionBy) > 0 {
		p.put(p.sep, "PARTITIONED BY ")
		p.columns(s.PartitionBy)
	}
	if d := s.Delimited; d != nil {
		p.put(p.sep, "ROW FORMAT DELIMITED", ifText(d.Fields+d.Escaped != "", " FIELDS TERMINATED BY "+hiveQuote(d.Fields)), p.text(" ESCAPED BY ", d.Escaped), p.text(" COLLECTION ITEMS TERMINATED BY ", d.Items),
			p.text(" MAP KEYS TERMINATED BY ", d.Keys), p.text(" LINES TERMINATED BY ", d.Lines), p.text(" NULL DEFINED AS ", d.Null))
	}
	p.put(p.text(p.sep+"ROW FORMAT SERDE ", s.SerDe))
	if s.SerDe != "" {
		p.properties(" WITH SERDEPROPERTIES ", s.SerDeProperties)
	}
	p.put(ifText(s.StoredAs != "", p.sep+"STORED AS "+strings.ToUpper(s.StoredAs)))
	if s.InputFormat != "" || s.OutputFormat != "" {
		p.put(p.sep, "STORED AS INPUTFORMAT ", hiveQuote(s.InputFormat), " OUTPUTFORMAT ", hiveQuote(s.OutputFormat))
	}
	if s.SerDe == "" {
		p.properties(p.sep+"WITH SERDEPROPERTIES ", s.SerDeProperties)
	}
	p.put(p.text(p.sep+"LOCATION ", s.Location))
	p.properties(p.sep+"TBLPROPERTIES ", s.Properties)
}

func (p *printer) partition(d PartitionDef) {
	p.put("PARTITION (")
	each(p, d.Keys, func(k PartitionValue) {
		p.put(ddlQuote(k.Key.Text), " ", k.Operator, " ")
		if s, ok := k.Value.(*String); ok {
			p.put(hiveQuote(s.Value))
		} else if l, ok := k.Value.(*TypedLiteral); ok {
			p.put(l.Type.Name, " ", hiveQuote(l.Value))
		} else {
			p.expr(k.Value, lowest)
		}
	})
	p.put(")", p.text(" LOCATION ", d.Location))
}

// alter writes ALTER TABLE.
func (p *printer) alter(s Statement) {
	p.put("ALTER TABLE ")
	switch s := s.(type) {
	case *AddPartitions:
		p.ddlName(s.Table)
		p.put(" ADD", ifText(s.IfNotExists, " IF NOT EXISTS"))
		for _, d := range s.Partitions {
			p.put(" ")
			p.partition(d)
		}
	case *DropPartitions:
		p.ddlName(s.Table)
		p.put(" DROP ", ifText(s.IfExists, "IF EXISTS "))
		each(p, s.Partitions, p.partition)
	case *RenamePartition:
		p.ddlName(s.Table)
		p.put(" ")
		p.partition(s.From)
		p.put(" RENAME TO ")
		p.partition(s.To)
	case *SetTableProperties:
		p.ddlName(s.Table)
		p.properties(" SET TBLPROPERTIES ", s.Properties)
	case *SetLocation:
		p.ddlName(s.Table)
		if s.Partition != nil {
			p.put(" ")
			p.partition(*s.Partition)
		}
		p.put(" SET LOCATION ", hiveQuote(s.Location))
	case *AddColumns:
		p.ddlName(s.Table)
		p.put(" ADD COLUMNS ")
		p.columns(s.Columns)
	}
}

func (p *printer) show(s *Show) {
	p.put("SHOW ", s.What)
	if s.In != nil {
		p.put(" IN ", ddlQuote(s.In.Text))
	}
	if s.Name != nil {
		p.put(ifText(s.What == "COLUMNS", " IN"), " ")
		p.ddlName(*s.Name)
	}
	p.put(ifText(s.Like != "", " LIKE "+quote(s.Like)), ifText(s.Property != "", " ("+quote(s.Property)+")"))
}

func (p *printer) describe(s *Describe) {
	p.put("DESCRIBE ", ifText(s.Extended, "EXTENDED "), ifText(s.Formatted, "FORMATTED "))
	p.ddlName(s.Name)
	if s.Partition != nil {
		p.put(" PARTITION (")
		each(p, s.Partition.Keys, func(k PartitionValue) {
			p.put(ddlQuote(k.Key.Text), " ", k.Operator, " ")
			p.expr(k.Value, lowest)
		})
		p.put(")")
	}
	if s.Column != nil {
		p.put(" ", ddlQuote(s.Column.Text))
	}
}

func (p *printer) explain(s *Explain) {
	p.put("EXPLAIN ", ifText(s.Analyze, "ANALYZE "), ifText(s.Verbose, "VERBOSE "))
	var options []string
	if s.Format != "" {
		options = append(options, "FORMAT "+strings.ToUpper(s.Format))
	}
	if s.Type != "" {
		options = append(options, "TYPE "+strings.ToUpper(s.Type))
	}
	p.put(ifText(options != nil, "("+strings.Join(options, ", ")+") "))
	p.statement(s.Of)
}

func (p *printer) execute(s *Execute) {
	p.put("EXECUTE ")
	if s.Immediate {
		p.put("IMMEDIATE ", quote(s.Text))
	} else {
		p.name(s.Name)
	}
	if len(s.Using) > 0 {
		p.put(" USING ")
		p.list(s.Using)
	}
}
