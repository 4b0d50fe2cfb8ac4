package athenasql

// statement reads one statement of any kind.
func (p *parser) statement() Statement {
	t := p.tok()
	if p.isQueryStart(0) || p.sign(0, "(") {
		return p.query()
	}
	if t.kind == wordToken {
		p.refuseForeign()
	}
	p.mismatch("<query>")
	return nil
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
