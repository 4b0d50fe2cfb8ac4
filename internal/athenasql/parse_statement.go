package athenasql

import "strings"

// statement reads one statement of any kind.
func (p *parser) statement() Statement {
	t := p.tok()
	if p.isQueryStart(0) || p.sign(0, "(") {
		return p.query()
	}
	if t.kind != wordToken {
		p.mismatch("<query>")
	}
	switch t.text {
	case "CREATE":
		return p.create()
	case "DROP":
		return p.drop()
	case "ALTER":
		return p.alter()
	case "MSCK":
		return p.repair()
	case "SHOW":
		return p.show()
	case "DESCRIBE", "DESC":
		return p.describe()
	case "EXPLAIN":
		return p.explain()
	case "UNLOAD":
		return p.unload()
	case "PREPARE":
		return p.prepare()
	case "EXECUTE":
		return p.execute()
	case "DEALLOCATE":
		return p.deallocate()
	}
	if otherKinds[t.text] != "" {
		return p.other(t.text)
	}
	p.refuseForeign()
	p.mismatch("<query>")
	return nil
}

// other passes over a statement that is known and not taken.
func (p *parser) other(what string) Statement {
	start := p.tok().Start
	for p.tok().kind != endToken && !p.sign(0, ";") {
		p.next()
	}
	return &Other{Span: p.span(start), What: what}
}

// foreign are statements of other languages, with what is written here. An empty text: there is nothing like it.
var foreign = map[string]string{
	"COPY": "UNLOAD writes the rows of a query to a folder", "ATTACH": "", "DETACH": "", "PRAGMA": "", "INSTALL": "", "LOAD": "", "CHECKPOINT": "",
	"EXPORT": "UNLOAD writes the rows of a query to a folder", "IMPORT": "CREATE EXTERNAL TABLE makes a table over files", "SUMMARIZE": "",
	"FROM": "a query begins with SELECT", "USE": "the database stands before the table, as in db.table, or is said beside the statement",
	"SET": "there are no settings to set", "RESET": "there are no settings to set", "CALL": "", "BEGIN": "there are no transactions",
	"START": "there are no transactions", "COMMIT": "there are no transactions", "ROLLBACK": "there are no transactions",
	"REPLACE": "write CREATE OR REPLACE VIEW", "PIVOT": "", "UNPIVOT": "", "DECLARE": "", "EXEC": "write EXECUTE", "SOURCE": insightsHint,
	"FIELDS": insightsHint, "FILTER": insightsHint, "STATS": insightsHint, "PARSE": insightsHint, "DISPLAY": insightsHint, "SORT": insightsHint,
	"DEDUP": insightsHint, "PATTERN": insightsHint, "LIMIT": insightsHint, "UNMASK": insightsHint, "DIFF": insightsHint, "ANOMALY": insightsHint,
}

const insightsHint = "this looks like CloudWatch Logs Insights' language, not like SQL"

// refuseForeign ends the parsing at the first word of another language's statement.
func (p *parser) refuseForeign() {
	t := p.tok()
	hint, ok := foreign[t.text]
	if !ok {
		return
	}
	if hint == insightsHint {
		fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <query>", hint)
	}
	refuse(t.Span, t.text, hint)
}

// inner reads a statement within another, and its text.
func (p *parser) inner() (Statement, string) {
	p.enter()
	defer p.leave()
	start := p.tok().Start
	switch {
	case p.isQueryStart(0), p.sign(0, "("), p.word(0, "UNLOAD", "EXECUTE", "INSERT", "DELETE", "UPDATE", "MERGE"),
		p.word(0, "CREATE") && p.word(1, "TABLE"):
	case p.tok().kind == wordToken && p.word(0, "CREATE", "DROP", "ALTER", "MSCK", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "PREPARE", "DEALLOCATE", "VACUUM", "OPTIMIZE"):
		refuse(p.tok().Span, p.tok().text+" within another statement", "")
	default:
		p.mismatch("<query>")
	}
	s := p.statement()
	return s, strings.TrimSpace(p.text[start:p.span(start).End])
}

// explain reads EXPLAIN [ANALYZE [VERBOSE]] [(FORMAT x, TYPE y)] statement.
func (p *parser) explain() Statement {
	start := p.next().Start
	e := &Explain{Analyze: p.take("ANALYZE")}
	e.Verbose = e.Analyze && p.take("VERBOSE")
	if p.sign(0, "(") && p.word(1, "FORMAT", "TYPE") {
		p.next()
		list(p, func() int { p.explainOption(e); return 0 })
		p.wantSign(")")
	}
	e.Of, e.Text = p.inner()
	e.Span = p.span(start)
	return e
}

func (p *parser) explainOption(e *Explain) {
	if p.take("FORMAT") {
		if !p.is("TEXT", "GRAPHVIZ", "JSON") {
			p.mismatch()
		}
		e.Format = strings.ToLower(p.next().text)
		return
	}
	p.want("TYPE")
	if !p.is("LOGICAL", "DISTRIBUTED", "VALIDATE", "IO") {
		p.mismatch()
	}
	e.Type = strings.ToLower(p.next().text)
}

// unload reads UNLOAD (query) TO 'location' [WITH (...)].
func (p *parser) unload() Statement {
	start := p.next().Start
	p.wantSign("(")
	u := &Unload{Query: p.query()}
	p.wantSign(")")
	p.want("TO")
	u.ToAt = p.tok().Span
	u.To = p.textValue()
	if p.take("WITH") {
		u.Properties = p.tableProperties()
	}
	u.Span = p.span(start)
	return u
}

// tableProperties reads (name = value, ...).
func (p *parser) tableProperties() []TableProperty {
	p.wantSign("(")
	out := list(p, func() TableProperty {
		begin := p.tok().Start
		t := TableProperty{Name: p.name()}
		p.wantSign("=")
		t.Value = p.value()
		t.Span = p.span(begin)
		return t
	})
	p.wantSign(")")
	return out
}

// textValue reads a text.
func (p *parser) textValue() string {
	t := p.tok()
	if t.kind != stringToken {
		p.mismatch("<string>")
	}
	return p.next().text
}

// prepare reads PREPARE name FROM statement.
func (p *parser) prepare() Statement {
	start := p.next().Start
	s := &Prepare{Name: p.name()}
	p.want("FROM")
	if p.word(0, "EXECUTE") {
		refuse(p.tok().Span, "EXECUTE within PREPARE", "")
	}
	s.Of, s.Text = p.inner()
	s.Span = p.span(start)
	return s
}

// execute reads EXECUTE name [USING ...] and EXECUTE IMMEDIATE 'text' [USING ...].
func (p *parser) execute() Statement {
	start := p.next().Start
	e := &Execute{}
	if p.word(0, "IMMEDIATE") && p.look(1).kind == stringToken {
		p.next()
		e.Immediate, e.Text = true, p.next().text
	} else {
		e.Name = p.name()
	}
	if p.take("USING") {
		e.Using = list(p, p.expr)
	}
	e.Span = p.span(start)
	return e
}

// deallocate reads DEALLOCATE PREPARE name.
func (p *parser) deallocate() Statement {
	start := p.next().Start
	p.want("PREPARE")
	d := &Deallocate{Name: p.name()}
	d.Span = p.span(start)
	return d
}
