package insights

// Fields shows and computes: fields e [as a], ...
type Fields struct {
	Span
	Items []Item
}

// Display says what is shown: display e [as a], ...
type Display struct {
	Span
	Items []Item
}

var fieldsForm = CommandForm{
	Name:   "fields",
	Syntax: "fields e [as name], ...",
	Doc:    "Shows fields, and computes new ones, which later commands know.",
	Page:   "CWL_QuerySyntax-Fields",
	parse: func(p *parser, start int) Command {
		c := &Fields{Items: p.items()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Fields) Name() string { return "fields" }

func (c *Fields) print(p *printer) {
	p.write("fields ")
	p.items(c.Items)
}

var displayForm = CommandForm{
	Name:   "display",
	Syntax: "display e [as name], ...",
	Doc:    "Says what is shown; the last display wins.",
	Page:   "CWL_QuerySyntax-Display",
	parse: func(p *parser, start int) Command {
		c := &Display{Items: p.items()}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Display) Name() string { return "display" }

func (c *Display) print(p *printer) {
	p.write("display ")
	p.items(c.Items)
}

func (c *Fields) walk(each func(Expr)) { walkItems(c.Items, each) }

func (c *Fields) check(k *checker) Command { return &Fields{Span: c.Span, Items: k.items(c.Items)} }

func (c *Display) walk(each func(Expr)) { walkItems(c.Items, each) }

func (c *Display) check(k *checker) Command { return &Display{Span: c.Span, Items: k.items(c.Items)} }
