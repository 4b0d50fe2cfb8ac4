package insights

import (
	"strings"
)

// Join joins the rows with those of another query by equal keys.
type Join struct {
	Span
	Left       bool   // type=left; else inner
	LeftAlias  string // "" where none is given
	RightAlias string
	On         []JoinKey
	Right      *Query
}

// A JoinKey is a pair of fields, without their aliases, that must be equal.
type JoinKey struct{ Left, Right *Field }

var joinForm = CommandForm{
	Name:   "join",
	Syntax: "join [type=inner|left] left=a right=b where a.field = b.field [and ...] (SOURCE group | ...)",
	Doc:    "Joins the rows with those of another query by equal keys; at most one in a query.",
	Page:   "CWL_QuerySyntax-Join",
	parse: func(p *parser, start int) Command {
		c := &Join{}
		p.options([]string{"type", "left", "right"}, map[string]func(){
			"type": func() {
				if c.Left = p.word("left"); !c.Left {
					p.needWord("inner")
				}
			},
			"left":  func() { c.LeftAlias = p.newName() },
			"right": func() { c.RightAlias = p.newName() },
		})
		if c.LeftAlias == "" || c.RightAlias == "" {
			p.unexpected("join needs left= and right=, which name the two sides")
		}
		if strings.EqualFold(c.LeftAlias, c.RightAlias) {
			failf(p.from(start), "", "both sides of the join are called %s", c.LeftAlias)
		}
		p.needWord("where")
		for more := true; more; more = p.word("and") {
			c.On = append(c.On, p.joinKey(c))
		}
		p.needSign("(")
		c.Right = p.query(true)
		p.needSign(")")
		c.Span = p.from(start)
		return c
	},
}

// joinKey reads a pair of fields that must be equal, the sides in any order.
func (p *parser) joinKey(c *Join) JoinKey {
	x := p.field()
	if !p.sign("=") && !p.sign("==") {
		p.unexpected("a join asks for equal fields only")
	}
	y := p.field()
	left, right := cutAlias(x, c.LeftAlias), cutAlias(y, c.RightAlias)
	if left == nil || right == nil {
		left, right = cutAlias(y, c.LeftAlias), cutAlias(x, c.RightAlias)
	}
	if left == nil || right == nil {
		failf(Span{x.Start, y.End}, "write "+c.LeftAlias+".field = "+c.RightAlias+".field", "a key of a join is a field of each side")
	}
	return JoinKey{Left: left, Right: right}
}

// cutAlias returns a field without the name of its side, or nil where it is of another.
func cutAlias(f *Field, alias string) *Field {
	if len(f.Parts) < 2 || f.Parts[0].Name != alias {
		return nil
	}
	return &Field{Span: f.Span, Parts: f.Parts[1:]}
}

// Name returns the command's name.
func (c *Join) Name() string { return "join" }

func (c *Join) print(p *printer) {
	kind := "inner"
	if c.Left {
		kind = "left"
	}
	p.write("join type=", kind, " left=", quoteName(c.LeftAlias), " right=", quoteName(c.RightAlias), " where ")
	for i, k := range c.On {
		if i > 0 {
			p.write(" and ")
		}
		p.write(quoteName(c.LeftAlias), ".", k.Left.String(), " = ", quoteName(c.RightAlias), ".", k.Right.String())
	}
	p.write(" ")
	p.nested(c.Right)
}

func (c *Join) walk(each func(Expr)) {
	for _, k := range c.On {
		each(k.Left)
		each(k.Right)
	}
	c.Right.Walk(each)
}

func (c *Join) check(k *checker) Command {
	k.outermost(c)
	once(k, c)
	if c.Right.Source == nil {
		fail(c.Right.Span, "the query of a join begins with SOURCE", "(SOURCE 'group' | ...)")
	}
	out := *c
	out.Right = k.inner(c.Right)
	k.scope.open()
	return &out
}
