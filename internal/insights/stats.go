package insights

import (
	"slices"
)

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
		p.aggregates = true
		c := &Stats{Aggs: p.items()}
		p.aggregates = false
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

// maxStats is how many stats a query may have.
//
// Source: AWS, "stats".
const maxStats = 10

func (c *Stats) walk(each func(Expr)) {
	walkItems(c.Aggs, each)
	walkItems(c.By, each)
}

func (c *Stats) check(k *checker) Command {
	if k.stats++; k.stats > maxStats {
		failf(c.Span, "", "a query has at most %d stats", maxStats)
	}
	out := &Stats{Span: c.Span, Offset: c.Offset}
	given := map[string]bool{}
	for _, it := range c.Aggs {
		old := it.Expr
		it.Expr = k.resolve(old, exprPlace{stats: true, top: true, given: given})
		if !hasAggregate(it.Expr) && !hasField(it.Expr) {
			fail(it.Span, "an item of stats has an aggregate in it", "such as count(*) or sum(bytes)")
		}
		if given[it.Name] {
			failf(it.Span, "give one of them another name with as", "two columns are called %s", it.Name)
		}
		given[it.Name] = true
		out.Aggs = append(out.Aggs, it)
	}
	for _, it := range c.By {
		checkPlain(it.Expr, "stats")
		it.Expr = k.resolve(it.Expr, exprPlace{stats: true})
		if given[it.Name] {
			failf(it.Span, "give one of them another name with as", "two columns are called %s", it.Name)
		}
		given[it.Name] = true
		out.By = append(out.By, it)
	}
	c.checkTopK()
	c.checkBins()

	k.scope.reset()
	for _, it := range slices.Concat(c.Aggs, c.By) {
		k.scope.add(it.Name)
		if !isField(it.Expr) {
			k.scope.columns = append(k.scope.columns, column{it.Name, it.Expr})
		}
	}
	k.scope.stats = out
	return out
}

// checkTopK fails where topk does not stand alone.
//
// Source: AWS, "stats": not with by, and not with other aggregates.
func (c *Stats) checkTopK() {
	for _, it := range c.Aggs {
		WalkExpr(it.Expr, func(x Expr) {
			call, ok := x.(*Call)
			if ok && call.Func == "topk" && (len(c.Aggs) > 1 || c.By != nil || it.Expr != x) {
				fail(call.Span, "topk stands alone in its stats, without by", "stats topk(3, srcAddr)")
			}
		})
	}
}

// checkBins fails where something needs bins and there are none.
//
// Source: AWS, "Time-series functions".
func (c *Stats) checkBins() {
	if c.hasBin() {
		return
	}
	if c.Offset != nil {
		fail(c.Offset.Span, "offset shifts bins, and there are none", "stats ... by bin(5m) offset 1h")
	}
	for _, it := range c.Aggs {
		WalkExpr(it.Expr, func(x Expr) {
			if call, ok := x.(*Call); ok && (call.Func == "countOverTime" || call.Func == "sumOverTime") {
				failf(call.Span, "stats ... by bin(5m)", "%s needs bins", call.Func)
			}
		})
	}
}

// hasBin reports whether the rows are grouped by bin.
func (c *Stats) hasBin() bool {
	return slices.ContainsFunc(c.By, func(it Item) bool {
		call, ok := it.Expr.(*Call)
		return ok && call.Func == "bin"
	})
}

// hasAggregate reports whether an aggregate is in an expression.
func hasAggregate(x Expr) bool {
	found := false
	WalkExpr(x, func(y Expr) {
		if call, ok := y.(*Call); ok {
			_, is := LookupAggregate(call.Func)
			found = found || is
		}
	})
	return found
}

func hasField(x Expr) bool {
	found := false
	WalkExpr(x, func(y Expr) { found = found || isField(y) })
	return found
}
