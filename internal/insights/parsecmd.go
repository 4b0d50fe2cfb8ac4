package insights

import (
	"slices"
	"strings"
)

// ParseKind is a form of the command parse.
type ParseKind uint8

// The forms of parse.
const (
	ParseGlob ParseKind = iota + 1
	ParseRegex
	ParseLogfmt
	ParseCSV
	ParseJSON
)

// Parse takes fields out of a text.
type Parse struct {
	Span
	Kind  ParseKind
	Field Expr   // nil: @message
	Text  string // the glob, the regular expression, or the path of ParseJSON
	// As are names: of a glob's stars, of the columns of CSV, one of logfmt or JSON, of the groups of a
	// regular expression, in order; nil where these have names of their own.
	As    []string
	Multi bool // parse /re/ as a multi: a row for each match
}

var parseForm = CommandForm{
	Name:   "parse",
	Syntax: `parse [field] "glob * text *" as name, ... | [field] /re(?<name>...)/ [as name, ...] [multi] | [field] logfmt as name | [field] csv as name, ...`,
	Doc:    "Takes fields out of a text; where it does not match, they are absent.",
	Page:   "CWL_QuerySyntax-Parse",
	parse: func(p *parser, start int) Command {
		c := &Parse{}
		if p.tok.kind != stringToken && !p.tok.isSign("/") && !p.seesFormat() {
			c.Field = p.postfix()
		}
		p.parseText(c)
		c.Span = p.from(start)
		return c
	},
}

// seesFormat reports whether logfmt or csv comes without a field before.
func (p *parser) seesFormat() bool {
	if !p.seesWord("logfmt") && !p.seesWord("csv") {
		return false
	}
	ahead := *p.lexer
	t := ahead.next()
	return t.is("as")
}

// parseText reads what the text is taken apart by, and the names.
func (p *parser) parseText(c *Parse) {
	p.try(wantText, "")
	p.try(wantRegex, "")
	switch {
	case p.tok.kind == stringToken:
		c.Kind, c.Text = ParseGlob, p.advance().text
		p.needWord("as")
		p.parseNames(c)
	case p.tok.isSign("/"):
		c.Kind, c.Text = ParseRegex, p.regex()
		c.Multi = p.word("multi")
		if p.word("as") {
			p.parseNames(c)
			c.Multi = c.Multi || p.word("multi")
		}
	case p.word("logfmt"):
		c.Kind = ParseLogfmt
		p.needWord("as")
		c.As = []string{p.newName()}
	case p.word("csv"):
		c.Kind = ParseCSV
		p.needWord("as")
		p.parseNames(c)
	default:
		p.unexpected("")
	}
}

func (p *parser) parseNames(c *Parse) {
	p.list(func() { c.As = append(c.As, p.newName()) })
}

var jsonForm = CommandForm{
	Name:   "json",
	Syntax: `json field=f "path" as name`,
	Doc:    "Takes a value out of a JSON document that a field holds.",
	Page:   "CWL_QuerySyntax-Parse",
	parse: func(p *parser, start int) Command {
		c := &Parse{Kind: ParseJSON}
		p.needWord("field")
		p.needSign("=")
		c.Field = p.field()
		c.Text = p.str()
		p.needWord("as")
		c.As = []string{p.newName()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Parse) Name() string {
	if c.Kind == ParseJSON {
		return "json"
	}
	return "parse"
}

// Names returns the fields that the command makes, in order.
func (c *Parse) Names() []string {
	if c.Kind != ParseRegex || c.As != nil {
		return c.As
	}
	var names []string
	for _, name := range groupNames(c.Text) {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (c *Parse) print(p *printer) {
	p.write(c.Name(), " ")
	if c.Kind == ParseJSON {
		p.write("field=")
	}
	if c.Field != nil {
		p.expr(c.Field, levelPrimary)
		p.write(" ")
	}
	switch c.Kind {
	case ParseGlob, ParseJSON:
		p.write(quote(c.Text))
	case ParseRegex:
		p.write(slashes(c.Text))
	case ParseLogfmt:
		p.write("logfmt")
	case ParseCSV:
		p.write("csv")
	}
	if c.As != nil {
		p.write(" as ")
		p.names(c.As)
	}
	if c.Multi {
		p.write(" multi")
	}
}

func (c *Parse) walk(each func(Expr)) {
	if c.Field != nil {
		WalkExpr(c.Field, each)
	}
}

func (c *Parse) check(k *checker) Command {
	out := *c
	if c.Field != nil {
		out.Field = k.expr(c.Field)
	}
	names := c.Names()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			failf(c.Span, "", "two fields are called %s", name)
		}
	}
	switch c.Kind {
	case ParseGlob:
		if stars := strings.Count(c.Text, "*"); stars != len(c.As) {
			failf(c.Span, "each * is a field", "the text has %d stars and there are %d names", stars, len(c.As))
		}
	case ParseRegex:
		groups := groupNames(c.Text)
		switch {
		case c.As != nil && len(c.As) != len(groups):
			failf(c.Span, "each group in parentheses is a field; one that is none begins with (?:", "the regular expression has %d groups and there are %d names", len(groups), len(c.As))
		case len(names) == 0:
			fail(c.Span, "the regular expression has no groups with names", "write (?<name>...), or names behind as")
		}
	}
	k.scope.add(names...)
	return &out
}
