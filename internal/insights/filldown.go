package insights

import (
	"strings"
)

// FillDown carries the last value that is not absent on.
type FillDown struct {
	Span
	// Fields are names or patterns with *; nil: all.
	Fields []string
}

var filldownForm = CommandForm{
	Name:   "filldown",
	Syntax: "filldown [field|pattern* ...]",
	Doc:    "Carries the last value that is not absent on into rows without; without fields for all.",
	Page:   "CWL_QuerySyntax-Filldown",
	parse: func(p *parser, start int) Command {
		c := &FillDown{}
		p.try(wantField, "")
		for p.tok.kind == nameToken || p.tok.isSign("*") {
			c.Fields = append(c.Fields, p.wildcard())
			if p.sign(",") && p.tok.kind != nameToken && !p.tok.isSign("*") {
				p.try(wantField, "")
				p.unexpected("")
			}
		}
		c.Span = p.from(start)
		return c
	},
}

// wildcard reads a name in which stars may stand. In backticks a star is one as well: AWS has no way to
// write a star that is part of a name.
func (p *parser) wildcard() string {
	var b strings.Builder
	for first := true; first || p.tok.Start == p.end(); first = false {
		switch {
		case p.tok.isSign("*"):
			b.WriteString(p.advance().text)
		case p.tok.kind == nameToken && !isReserved(&p.tok):
			b.WriteString(joinParts(p.advance().parts))
		case p.tok.kind == numberToken && !first:
			b.WriteString(p.advance().text)
		case first:
			p.unexpected("")
		default:
			return b.String()
		}
	}
	return b.String()
}

// Name returns the command's name.
func (c *FillDown) Name() string { return "filldown" }

func (c *FillDown) print(p *printer) {
	p.write("filldown")
	for _, f := range c.Fields {
		p.write(" ", quoteWildcard(f))
	}
}

// quoteWildcard returns a name with stars as it is written.
func quoteWildcard(name string) string {
	for piece := range strings.SplitSeq(name, "*") {
		if piece != "" && (!isPlain(piece) || reserved(piece)) {
			return "`" + name + "`"
		}
	}
	return name
}

func (c *FillDown) walk(func(Expr)) {}

func (c *FillDown) check(*checker) Command { return c }
