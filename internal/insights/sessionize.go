package insights

// Sessionize numbers sessions by gaps.
type Sessionize struct {
	Span
	Fields  []*Field
	MaxSpan *Period // nil: 30m
	As      string  // session_id where none is given
}

var sessionizeForm = CommandForm{
	Name:   "sessionize",
	Syntax: "sessionize field, ... [maxspan 30m] [as session_id]",
	Doc:    "Numbers sessions: rows of the same fields without a longer gap between.",
	Page:   "CWL_QuerySyntax-Sessionize",
	Own:    "sessions are numbered; AWS does not show what identifies them",
	parse: func(p *parser, start int) Command {
		c := &Sessionize{Fields: p.fields(), As: "session_id"}
		if p.word("maxspan") {
			c.MaxSpan = p.period()
			if _, ok := c.MaxSpan.Millis(); !ok {
				fail(c.MaxSpan.Span, "months, quarters and years have no fixed length", "write it in days")
			}
		}
		if as := p.alias(); as != "" {
			c.As = as
		}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Sessionize) Name() string { return "sessionize" }

func (c *Sessionize) print(p *printer) {
	p.write("sessionize ")
	p.fields(c.Fields)
	if c.MaxSpan != nil {
		p.write(" maxspan ", c.MaxSpan.String())
	}
	if c.As != "session_id" {
		p.write(" as ", quoteName(c.As))
	}
}

func (c *Sessionize) walk(each func(Expr)) { walkFields(c.Fields, each) }

func (c *Sessionize) check(k *checker) Command {
	if k.scope.closed && !k.scope.names["@timestamp"] {
		fail(c.Span, "sessionize needs @timestamp, which does not exist any more", "it stands before stats")
	}
	out := *c
	out.Fields = k.fields(c.Fields)
	k.scope.add(c.As)
	return &out
}
