package insights

import (
	"strconv"
)

// Outlier removes or transforms what lies far away.
type Outlier struct {
	Span
	Transform bool    // true unless action=remove
	Param     float64 // 2.5 where none is given
	UseLower  bool
	Mark      bool
	Fields    []*Field
}

var outlierForm = CommandForm{
	Name:   "outlier",
	Syntax: "outlier [action=transform|remove] [param=2.5] [uselower=false] [mark=false] field ...",
	Doc:    "Clamps or removes what lies further from the quartiles than param times their distance.",
	Page:   "CWL_QuerySyntax-Outlier",
	Own:    "quartiles are nearest ranks, and mark adds _outlier; AWS says neither",
	parse: func(p *parser, start int) Command {
		c := &Outlier{Transform: true, Param: 2.5}
		p.options([]string{"action", "param", "uselower", "mark"}, map[string]func(){
			"action": func() {
				if c.Transform = p.word("transform"); !c.Transform {
					p.needWord("remove")
				}
			},
			"param": func() {
				p.try(wantNumber, "")
				x, ok := p.primary().(*Number)
				if !ok {
					fail(p.tokens[len(p.tokens)-1].Span, "param is a number", "")
				}
				c.Param = x.Value
			},
			"uselower": func() { c.UseLower = p.boolean() },
			"mark":     func() { c.Mark = p.boolean() },
		})
		c.Fields = []*Field{p.field()}
		for p.sign(",") || p.tok.kind == nameToken {
			c.Fields = append(c.Fields, p.field())
		}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Outlier) Name() string { return "outlier" }

func (c *Outlier) print(p *printer) {
	p.write("outlier")
	if !c.Transform {
		p.write(" action=remove")
	}
	if c.Param != 2.5 {
		p.write(" param=", strconv.FormatFloat(c.Param, 'g', -1, 64))
	}
	if c.UseLower {
		p.write(" uselower=true")
	}
	if c.Mark {
		p.write(" mark=true")
	}
	for _, f := range c.Fields {
		p.write(" ", f.String())
	}
}

func (c *Outlier) walk(each func(Expr)) { walkFields(c.Fields, each) }

func (c *Outlier) check(k *checker) Command {
	out := *c
	out.Fields = k.fields(c.Fields)
	return &out
}
