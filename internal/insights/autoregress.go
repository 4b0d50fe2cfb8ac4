package insights

import (
	"strconv"
)

// AutoRegress adds the values of rows before.
type AutoRegress struct {
	Span
	Field    *Field
	As       string // the field's name where none is given
	From, To int    // p=From-To, at least 1
}

// maxLag is the furthest row that autoregress looks back to. AWS names no limit.
const maxLag = 1000

var autoregressForm = CommandForm{
	Name:   "autoregress",
	Syntax: "autoregress field [as name] [p=first[-last]]",
	Doc:    "Adds a field's values of the rows before, as name_p1 and so on.",
	Page:   "CWL_QuerySyntax-Autoregress",
	parse: func(p *parser, start int) Command {
		c := &AutoRegress{Field: p.field(), From: 1, To: 1}
		c.As = c.Field.Name()
		for named, lagged := false, false; ; {
			switch {
			case !named && p.seesWord("as"):
				named, c.As = true, p.alias()
			case !lagged && p.word("p"):
				lagged = true
				p.needSign("=")
				c.From = int(p.integer(1, maxLag))
				c.To = c.From
				if p.sign("-") {
					c.To = int(p.integer(int64(c.From), maxLag))
				}
			default:
				c.Span = p.from(start)
				return c
			}
		}
	},
}

// Name returns the command's name.
func (c *AutoRegress) Name() string { return "autoregress" }

func (c *AutoRegress) print(p *printer) {
	p.write("autoregress ", c.Field.String())
	if c.As != c.Field.Name() {
		p.write(" as ", quoteName(c.As))
	}
	if c.To != 1 {
		p.write(" p=", strconv.Itoa(c.From))
		if c.To != c.From {
			p.write("-", strconv.Itoa(c.To))
		}
	}
}

func (c *AutoRegress) walk(each func(Expr)) { each(c.Field) }

func (c *AutoRegress) check(k *checker) Command {
	out := *c
	out.Field = k.plainField(c.Field)
	for lag := c.From; lag <= c.To; lag++ {
		k.scope.add(c.As + "_p" + strconv.Itoa(lag))
	}
	return &out
}
