package athenasql

import "strings"

// The statements of Hive that Athena takes. Source: Athena User Guide, "DDL statements"; Hive Language Manual, "DDL".

// ddlName reads a name of Hive's statements: it may begin with a digit, and stands in backticks where it has other signs.
func (p *parser) ddlName() Name {
	t := p.tok()
	switch {
	case t.kind == backquoteToken || t.kind == digitToken || t.kind == quotedToken:
		return p.nameOf(p.next())
	case t.kind == integerToken && p.text[t.Start:t.End] == t.text:
		return p.nameOf(p.next())
	case t.kind == wordToken && reservedInDDL[t.text]:
		fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <identifier>",
			t.text+" is a reserved word: as a name it stands in backticks, `"+strings.ToLower(t.text)+"`")
	case t.kind == wordToken && p.hive && t.text[0] == '_':
		fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <identifier>",
			"a name that begins with an underscore stands in backticks, `"+strings.ToLower(t.text)+"`")
	case t.kind == wordToken:
		return p.nameOf(p.next())
	case t.kind == stringToken && t.double:
		fail(t.Span, `mismatched input '"`+t.text+`"'. Expecting: <identifier>`, "in this statement a name stands in backticks: `"+strings.ToLower(t.text)+"`")
	}
	p.mismatch("<identifier>")
	return Name{}
}

// ddlQualifiedName reads [catalog.][database.]table.
func (p *parser) ddlQualifiedName() QualifiedName {
	start := p.tok().Start
	out := QualifiedName{Parts: []Name{p.ddlName()}}
	for p.takeSign(".") {
		out.Parts = append(out.Parts, p.ddlName())
	}
	out.Span = p.span(start)
	p.refuseHyphen()
	return out
}

// refuseHyphen says what is wrong with db-name without quotes.
func (p *parser) refuseHyphen() {
	if t := p.tok(); p.sign(0, "-") && t.Start == p.tokens[p.at-1].End {
		fail(t.Span, "mismatched input '-'. Expecting: <EOF>", "a name with a hyphen stands in backticks")
	}
}

// ifExists reads IF EXISTS, or IF NOT EXISTS.
func (p *parser) ifExists(words ...string) bool {
	if !p.is("IF") || !p.word(1, words[0]) {
		return false // a name may be "if"
	}
	p.next()
	p.want(words...)
	return true
}

// hiveType reads a type of Hive's: array<int>, map<string,int>, struct<a:int>, decimal(10,2).
// Source: Hive Language Manual, "Types"; Athena User Guide, "Data types in Amazon Athena".
func (p *parser) hiveType() TypeName {
	p.enter()
	defer p.leave()
	t := p.tok()
	if t.kind != wordToken {
		p.mismatch("<type>")
	}
	out := TypeName{Name: strings.ToLower(p.next().text)}
	switch out.Name {
	case "array", "map", "struct", "uniontype":
		if p.sign(0, "(") {
			fail(p.tok().Span, "mismatched input '('. Expecting: '<'", "in this statement it is written "+out.Name+"<...>")
		}
		p.wantSign("<")
		list(p, func() int { p.hiveElement(&out); return 0 })
		p.wantSign(">")
		if n := map[string]int{"array": 1, "map": 2}[out.Name]; n > 0 && n != len(out.Elems) {
			fail(p.span(t.Start), "the type "+out.Name+" has another number of types in it", "it is array<type> or map<key type, value type>")
		}
	case "double":
		p.take("PRECISION")
	default:
		if p.takeSign("(") {
			out.Params = list(p, func() int { return p.number("<integer>") })
			p.wantSign(")")
		}
		if p.word(0, "WITH") && p.word(1, "LOCAL") {
			refuse(p.tok().Span, "a timestamp WITH LOCAL TIME ZONE", "")
		}
	}
	out.Span = p.span(t.Start)
	return out
}

// hiveElement reads what stands between < and >.
func (p *parser) hiveElement(out *TypeName) {
	if out.Name == "struct" {
		out.Fields = append(out.Fields, p.ddlName())
		p.wantSign(":")
	}
	out.Elems = append(out.Elems, p.hiveType())
	if out.Name == "struct" && p.take("COMMENT") {
		p.textValue() // the comment of a field is kept nowhere: SHOW CREATE TABLE of Athena has none
	}
}

// columnDefs reads (name type [COMMENT 'text'], ...).
func (p *parser) columnDefs() []ColumnDef {
	p.wantSign("(")
	out := list(p, func() ColumnDef {
		begin := p.tok().Start
		if p.sign(0, ")") {
			fail(p.tok().Span, "mismatched input ')'. Expecting: <identifier>", "a comma too many stands before")
		}
		c := ColumnDef{Name: p.ddlName(), Type: p.hiveType()}
		if p.word(0, "NOT") || p.word(0, "PRIMARY", "UNIQUE", "DEFAULT", "CHECK") {
			refuse(p.tok().Span, "a constraint of a column", "tables over files have none")
		}
		if p.take("COMMENT") {
			c.Comment = p.textValue()
		}
		c.Span = p.span(begin)
		return c
	})
	p.wantSign(")")
	return out
}

// properties reads ('key' = 'value', ...).
func (p *parser) properties() []Property {
	p.wantSign("(")
	out := list(p, func() Property {
		begin := p.tok().Start
		if p.sign(0, ")") {
			fail(p.tok().Span, "mismatched input ')'. Expecting: <string>", "a comma too many stands before")
		}
		q := Property{Key: p.propertyText()}
		p.wantSign("=")
		q.Value = p.propertyText()
		q.Span = p.span(begin)
		return q
	})
	p.wantSign(")")
	return out
}

// propertyText reads a text; a name in double quotes is one here.
func (p *parser) propertyText() string {
	t := p.tok()
	switch t.kind {
	case stringToken, quotedToken:
		return p.next().text
	case integerToken, wordToken, decimalToken:
		fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <string>", "keys and values stand in quotes: '"+p.text[t.Start:t.End]+"'")
	}
	p.mismatch("<string>")
	return ""
}

// partitionDef reads PARTITION (key = value, ...) [LOCATION 'text'].
func (p *parser) partitionDef(location, anyOperator bool) PartitionDef {
	start := p.tok().Start
	p.want("PARTITION")
	p.wantSign("(")
	d := PartitionDef{Keys: list(p, func() PartitionValue { return p.partitionValue(anyOperator) })}
	p.wantSign(")")
	if location && p.take("LOCATION") {
		d.Location = p.textValue()
	}
	d.Span = p.span(start)
	return d
}

func (p *parser) partitionValue(anyOperator bool) PartitionValue {
	start := p.tok().Start
	v := PartitionValue{Key: p.ddlName(), Operator: "="}
	if op := comparisons[p.tok().text]; anyOperator && p.tok().kind == signToken && op != "" {
		p.next()
		v.Operator = op
	} else {
		p.wantSign("=")
	}
	v.Value = p.constant()
	if t := p.tok(); t.kind == signToken && (t.text == "-" || t.text == "/" || t.text == ":") {
		fail(t.Span, "mismatched input '"+t.text+"'. Expecting: ')', ','", "a value that is no number stands in single quotes")
	}
	v.Span = p.span(start)
	return v
}

// constant reads a text, a number, or DATE 'text'.
func (p *parser) constant() Expr {
	start := p.tok().Start
	t := p.tok()
	switch t.kind {
	case stringToken:
		return &String{Span: p.next().Span, Value: t.text}
	case integerToken:
		return &Integer{Span: p.next().Span, Text: t.text}
	case decimalToken:
		return &DecimalNumber{Span: p.next().Span, Text: t.text}
	case signToken:
		if t.text == "-" && (p.look(1).kind == integerToken || p.look(1).kind == decimalToken) {
			p.next()
			of := p.constant()
			return &Unary{Span: p.span(start), Operator: "-", Of: of}
		}
	case wordToken:
		if p.word(0, "DATE", "TIMESTAMP") && p.look(1).kind == stringToken {
			of := TypeName{Span: t.Span, Name: strings.ToLower(p.next().text)}
			value := p.next().text
			return &TypedLiteral{Span: p.span(start), Type: of, Value: value}
		}
	}
	if t.kind == wordToken || t.kind == digitToken || t.kind == quotedToken || t.kind == backquoteToken {
		fail(t.Span, "mismatched input '"+p.text[t.Start:t.End]+"'. Expecting: <string>, <integer>", "a value stands in single quotes")
	}
	p.mismatch("<string>", "<integer>")
	return nil
}
