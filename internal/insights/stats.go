package insights

// An AggItem is an item of stats.
type AggItem = Item

// Stats makes one row of each group: stats agg, ... by g, ... [offset d].
type Stats struct {
	Span
	Aggs   []AggItem
	By     []Item
	Offset *Period // nil: none
}

var statsForm = CommandForm{
	Name:   "stats",
	Syntax: "stats aggregate [as name], ... [by e [as name], ...] [offset period]",
	Doc:    "Makes one row of each group; at most 10 in a query.",
	Page:   "CWL_QuerySyntax-Stats",
	parse: func(p *parser, start int) Command {
		c := &Stats{Aggs: p.items()}
		if p.word("by") {
			c.By = p.items()
		}
		if p.word("offset") {
			c.Offset = p.period()
		}
		c.Span = p.from(start)
		return c
	},
}

// Name returns the command's name.
func (c *Stats) Name() string { return "stats" }

func (c *Stats) print(p *printer) {
	p.write("stats ")
	p.items(c.Aggs)
	if c.By != nil {
		p.write(" by ")
		p.items(c.By)
	}
	if c.Offset != nil {
		p.write(" offset ")
		p.expr(c.Offset, levelPrimary)
	}
}
