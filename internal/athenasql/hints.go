package athenasql

import (
	"slices"
	"strings"
)

// signHints says what is written in Athena's SQL where another language has a sign.
var signHints = map[string]string{
	"==":     "equal is =",
	"=>":     "write >=",
	"<=>":    "write a IS NOT DISTINCT FROM b",
	"!~":     "write NOT regexp_like(x, 'pattern')",
	"=~":     "write regexp_like(x, 'pattern')",
	"~":      "write regexp_like(x, 'pattern')",
	"::":     "a cast is CAST(x AS type), or TRY_CAST for NULL where it fails",
	":=":     "there are no variables",
	"&&":     "write AND",
	"|":      "write bitwise_or(a, b)",
	"^":      "write bitwise_xor(a, b), or power(a, b)",
	"<<":     "write bitwise_left_shift(a, n)",
	"!":      "write NOT",
	"->":     "a member of JSON is json_extract(j, '$.name')",
	"->>":    "a member of JSON is json_extract_scalar(j, '$.name')",
	"@":      "there are no variables: parameters are ?",
	"$":      `parameters are ?; a name with a $ stands in double quotes: "t$partitions"`,
	":":      "parameters are ?",
	"#":      "a comment begins with --",
	"{":      "a placeholder stands here: put the value in its place",
	"}":      "a placeholder stands here: put the value in its place",
	"\\":     "a backslash stands only in texts; a new line is a line end, not \\n",
	"\u201c": "names stand in straight double quotes, texts in straight single ones: 'text'",
	"\u201d": "names stand in straight double quotes, texts in straight single ones: 'text'",
	"\u2018": "texts stand in straight quotes: 'text'",
	"\u2019": "texts stand in straight quotes: 'text'",
	"\u2013": "this is a dash; minus is -",
	"\u2014": "this is a dash; minus is -",
	"\u2212": "minus is -",
	"\u2265": "write >=",
	"\u2264": "write <=",
	"\u2260": "write <>",
	"\u200b": "an invisible character (zero width space) stands here: remove it",
	"\u200c": "an invisible character stands here: remove it",
	"\u200d": "an invisible character stands here: remove it",
	"\u2060": "an invisible character stands here: remove it",
	"\ufeff": "an invisible character (byte order mark) stands here: remove it",
}

// wordHints says the same of words.
var wordHints = map[string]string{
	"ILIKE":      "write lower(x) LIKE '...', with the pattern in lower case",
	"RLIKE":      "write regexp_like(x, 'pattern')",
	"REGEXP":     "write regexp_like(x, 'pattern')",
	"SIMILAR":    "write regexp_like(x, 'pattern')",
	"GLOB":       "write LIKE, or regexp_like(x, 'pattern')",
	"DIV":        "whole numbers are divided by / without a fraction",
	"QUALIFY":    "put the window function in a subquery, and its condition in WHERE around it",
	"EXCLUDE":    "name the columns one by one",
	"MINUS":      "write EXCEPT",
	"ASOF":       "ASOF joins are DuckDB's: use max_by, or a window",
	"SEMI":       "write WHERE EXISTS (...)",
	"ANTI":       "write WHERE NOT EXISTS (...)",
	"PREWHERE":   "write WHERE",
	"TOP":        "write LIMIT n at the end",
	"ISNULL":     "write x IS NULL",
	"NOTNULL":    "write x IS NOT NULL",
	"SAMPLE":     "write TABLESAMPLE BERNOULLI (percent)",
	"CONNECT":    "",
	"POSITIONAL": "",
}

// hint says what would be right at the token that was not expected.
func (p *parser) hint() string {
	before := &token{}
	if p.at > 0 {
		before = &p.tokens[p.at-1]
	}
	for _, of := range []func(t, before *token) string{p.intervalHint, p.clauseHint, p.signHint, p.wordHint, p.parenthesisHint} {
		if h := of(p.tok(), before); h != "" {
			return h
		}
	}
	return ""
}

// expects reports whether a word, a sign or a class was expected.
func (p *parser) expects(what ...string) bool {
	return slices.ContainsFunc(what, func(w string) bool { return slices.Contains(p.expected, w) })
}

// intervalHint is about intervals, whose forms differ between languages.
func (p *parser) intervalHint(t, before *token) string {
	unit := strings.TrimSuffix(t.text, "S")
	switch {
	case before.kind == wordToken && before.text == "INTERVAL" && (t.kind == integerToken || t.kind == decimalToken):
		return "the number stands in quotes: INTERVAL '" + t.text + "' DAY"
	case before.kind == stringToken && p.word(0, "WEEK", "WEEKS") && p.expects("DAY"):
		return "there are no weeks: INTERVAL '7' DAY"
	case before.kind == stringToken && t.kind == wordToken && slices.Contains(units, unit) && p.expects("DAY"):
		return "write " + unit + ", without s"
	case before.kind == stringToken && p.expects("DAY"):
		return "the unit stands behind the quotes: INTERVAL '7' DAY"
	}
	return ""
}

// clauseHint is about the order of clauses, and about what is left over or missing between them.
func (p *parser) clauseHint(t, before *token) string {
	last := func(n int) string { return p.tokens[max(p.at-n, 0)].text }
	switch {
	case before.kind == signToken && before.text == "," && (t.kind == endToken || t.kind == signToken && t.text != "," ||
		t.kind == wordToken && clauseWords[t.text] || p.word(0, "GROUP", "ORDER") && p.word(1, "BY")) &&
		p.expects("<expression>", "<identifier>") && !p.beginsValue() && !p.sign(0, "<") && signHints[t.text] == "":
		return "a comma too many stands before"
	case p.word(0, "OFFSET") && t.kind == wordToken:
		return "OFFSET stands before LIMIT: OFFSET n LIMIT m"
	case before.kind == integerToken && p.sign(0, ",") && p.at > 1 && last(2) == "LIMIT":
		return "write OFFSET " + before.text + " LIMIT n"
	case before.kind == wordToken && before.text == "TOP" && t.kind == integerToken:
		return "write LIMIT " + t.text + " at the end"
	case before.kind == wordToken && (before.text == "FORM" || before.text == "FRMO"):
		return "FROM?"
	case before.kind == wordToken && before.text == "SELECT" && p.word(0, "FROM"):
		return "the columns stand between SELECT and FROM; all of them are *"
	case before.kind == wordToken && before.text == "LATERAL" && p.word(0, "VIEW"):
		return "write CROSS JOIN UNNEST(x) AS t (y)"
	case before.kind == wordToken && before.text == "NOT" && p.word(0, "NULL"):
		return "write x IS NOT NULL"
	case p.word(0, "AND", "OR") && p.expects("WHERE"):
		return "the first condition stands behind WHERE"
	case p.word(0, "USING") && p.word(1, "SAMPLE"):
		return wordHints["SAMPLE"]
	case p.at > 2 && before.text == "(" && last(2) == "EXCEPT" && last(3) == "*":
		return "name the columns one by one"
	case p.expects("ON") && p.expects("USING") && (t.kind == endToken || t.kind == wordToken && reserved[t.text] || p.sign(0, ")") || p.sign(0, ",")):
		return "a join has ON or USING; one of all rows with all is CROSS JOIN"
	case p.expects("END") && p.expects("ELSE") && (t.kind == endToken || t.kind == wordToken && reserved[t.text] || p.sign(0, ",") || p.sign(0, ")")):
		return "the CASE has no END"
	case t.kind == wordToken && p.expects("<EOF>") && p.depth == 0 && p.word(0, "SELECT", "WITH", "CREATE", "ALTER", "DROP", "SHOW", "MSCK", "INSERT", "DESCRIBE"):
		return "another statement begins here: run the statements one after the other"
	}
	return ""
}

// signHint is about signs.
func (p *parser) signHint(t, before *token) string {
	if t.kind != signToken {
		return ""
	}
	next := p.look(1)
	touches := before.kind == signToken && before.End == t.Start
	switch {
	case t.text == ">" && next.text == ">" && next.Start == t.End, touches && t.text == ">" && before.text == ">":
		return "write bitwise_right_shift(a, n)"
	case touches && before.text == "=" && (t.text == "<" || t.text == ">"):
		return "write " + t.text + "="
	case t.text == "<" && next.kind == wordToken && p.sign(2, ">") && !p.expects("<predicate>"),
		t.text == "%" && next.Start == t.End && next.kind == wordToken && p.expects("<expression>", "<identifier>"):
		return "a placeholder stands here: put the value in its place"
	case t.text == "$" && next.text == "{":
		return signHints["{"]
	case comparisons[t.text] != "" && p.expects("<EOF>", "AND"):
		return "comparisons do not follow each other: put one in parentheses, or write AND"
	case t.text == "-" && before.End == t.Start && next.Start == t.End && (before.kind == wordToken || before.kind == digitToken):
		return "a name with a hyphen stands in double quotes"
	case t.text == "(" && p.expects("TABLESAMPLE"):
		return "a function that makes rows is TABLE(name(...)) or UNNEST(...); files are read through CREATE EXTERNAL TABLE"
	}
	return signHints[t.text]
}

// clauseWords are reserved words that nobody takes for a name.
var clauseWords = wordSet("AND OR FROM WHERE AS BY ON IN IS LIKE HAVING BETWEEN THEN WHEN SELECT WITH UNION USING JOIN INNER LEFT RIGHT FULL CROSS")

// wordHint is about words and texts.
func (p *parser) wordHint(t, before *token) string {
	switch value := p.expects("<expression>"); {
	case t.kind == wordToken && wordHints[t.text] != "" && !value:
		return wordHints[t.text]
	case t.kind == wordToken && reserved[t.text] && !clauseWords[t.text] && (value || p.expects("<identifier>")) && p.wantsOperand(before):
		return t.text + ` is a reserved word: as a name it stands in double quotes, "` + strings.ToLower(t.text) + `"`
	case t.kind == stringToken && before.kind == wordToken && before.text == "FROM":
		return "a table is a name, in double quotes where it has other signs; files are read through CREATE EXTERNAL TABLE"
	case t.kind == stringToken && before.kind == stringToken && before.End < t.Start:
		return "a comma or an operator is missing between two texts"
	case t.kind == stringToken && before.kind == stringToken:
		return "a quote in a text is written twice: 'it''s'"
	case t.kind == stringToken && p.expects("<identifier>"):
		return "a name stands in double quotes, or in none"
	}
	return ""
}

// parenthesisHint is about parentheses that do not match.
func (p *parser) parenthesisHint(t, _ *token) string {
	switch {
	case p.sign(0, ")") && p.expects("<EOF>"):
		return "a parenthesis closes here that none opens"
	case p.expects(")") && (t.kind == endToken || t.kind == wordToken && clauseWords[t.text] || p.sign(0, ";")):
		return "a parenthesis is open"
	}
	return ""
}

// beginsValue reports whether the next token begins an expression.
func (p *parser) beginsValue() bool {
	t := p.tok()
	return t.kind == wordToken && (forms[t.text] != nil || t.text == "NOT") || t.kind == signToken && (t.text == "(" || t.text == "?" || t.text == "-" || t.text == "+")
}

// wantsOperand reports whether the token before lets a reserved word look like a name: SELECT end, x = end, t.end.
func (p *parser) wantsOperand(before *token) bool {
	switch before.kind {
	case signToken:
		return before.text != ")" && before.text != "]"
	case wordToken:
		return reserved[before.text] || before.text == "DATE"
	}
	return false
}
