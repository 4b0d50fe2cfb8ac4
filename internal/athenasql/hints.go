package athenasql

import (
	"slices"
	"strings"
)

// signHints says what is written in Athena's SQL where another language has a sign.
var signHints = map[string]string{
	"==":     "equal is =",
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
	t := p.tok()
	var before *token
	if p.at > 0 {
		before = &p.tokens[p.at-1]
	} else {
		before = &token{}
	}
	value := slices.Contains(p.expected, "<expression>")
	switch {
	case before.kind == wordToken && before.text == "INTERVAL" && (t.kind == integerToken || t.kind == decimalToken):
		return "the number stands in quotes: INTERVAL '" + t.text + "' DAY"
	case before.kind == stringToken && t.kind == wordToken && len(t.text) > 1 && slices.Contains(units, strings.TrimSuffix(t.text, "S")):
		return "write " + strings.TrimSuffix(t.text, "S") + ", without s"
	case before.kind == stringToken && p.word(0, "WEEK", "WEEKS"):
		return "there are no weeks: INTERVAL '7' DAY"
	case before.kind == signToken && before.text == "," && (t.kind == endToken || t.kind == signToken && t.text != "," || t.kind == wordToken && reserved[t.text]) && (value || slices.Contains(p.expected, "<identifier>")) && !p.beginsValue():
		return "a comma too many stands before"
	case t.kind == wordToken && t.text == "OFFSET":
		return "OFFSET stands before LIMIT: OFFSET n LIMIT m"
	case before.kind == integerToken && t.kind == signToken && t.text == "," && p.at > 1 && p.tokens[p.at-2].text == "LIMIT":
		return "write OFFSET " + before.text + " LIMIT n"
	case before.kind == wordToken && before.text == "TOP" && t.kind == integerToken:
		return "write LIMIT " + t.text + " at the end"
	case t.kind == signToken && t.text == ">" && p.sign(1, ">") && p.look(1).Start == t.End || t.kind == signToken && before.kind == signToken && t.text == ">" && before.text == ">" && before.End == t.Start:
		return "write bitwise_right_shift(a, n)"
	case t.kind == signToken && (t.text == "=" || t.text == "<>" || t.text == "<" || t.text == ">" || t.text == "<=" || t.text == ">="):
		return "comparisons do not follow each other: put one in parentheses, or write AND"
	case t.kind == signToken && t.text == "-" && before.End == t.Start && p.look(1).Start == t.End && (before.kind == wordToken || before.kind == digitToken):
		return "a name with a hyphen stands in double quotes"
	case t.kind == signToken && t.text == "<" && p.look(1).kind == wordToken && p.sign(2, ">"):
		return "a placeholder stands here: put the value in its place"
	case t.kind == signToken && signHints[t.text] != "":
		return signHints[t.text]
	case t.kind == wordToken && wordHints[t.text] != "" && !value:
		return wordHints[t.text]
	case p.at > 2 && before.kind == signToken && before.text == "(" && p.tokens[p.at-2].text == "EXCEPT" && p.tokens[p.at-3].text == "*":
		return "name the columns one by one"
	case before.kind == wordToken && (before.text == "FORM" || before.text == "FRMO"):
		return "FROM?"
	case t.kind == wordToken && reserved[t.text] && (value || slices.Contains(p.expected, "<identifier>")) && p.wantsOperand(before):
		return t.text + ` is a reserved word: as a name it stands in double quotes, "` + strings.ToLower(t.text) + `"`
	case t.kind == stringToken && before.kind == wordToken && before.text == "FROM":
		return "a table is a name, in double quotes where it has other signs; files are read through CREATE EXTERNAL TABLE"
	case t.kind == stringToken && slices.Contains(p.expected, "<identifier>"):
		return "a name stands in double quotes, or in none"
	case t.kind == signToken && t.text == "(" && slices.Contains(p.expected, "TABLESAMPLE"):
		return "a function that makes rows is TABLE(name(...)) or UNNEST(...); files are read through CREATE EXTERNAL TABLE"
	case t.kind == signToken && t.text == ")" && slices.Contains(p.expected, "<EOF>"):
		return "a parenthesis closes here that none opens"
	case t.kind == endToken && slices.Contains(p.expected, ")"):
		return "a parenthesis is open"
	case t.kind == stringToken && before.kind == stringToken:
		return "a quote in a text is written twice: 'it''s'"
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
