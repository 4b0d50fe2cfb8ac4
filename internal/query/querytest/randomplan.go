package querytest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// planner makes a random plan that has one right answer: no number leaves its
// range, no limit cuts where the order is open, and numbers that engines may
// round differently decide nothing.
type planner struct {
	*rand.Rand
	columns []column
	added   int  // names given so far
	ordered bool // whether the rows have one order
}

// column is a column at a stage, with what is known of it.
type column struct {
	query.Column
	bound float64 // of the absolute value of integers
	loose bool    // a number that engines may round differently
}

// maxBound is how large integers may become: a sum over all records must still
// fit in 64 bits.
const maxBound = 1e15

// randomPlan returns a plan and whether its rows have one order.
func randomPlan(r *rand.Rand) (query.Plan, bool) {
	p := &planner{Rand: r}
	plan := query.Plan{Kind: flowlog.KindVPC}
	if p.IntN(5) == 0 {
		plan.Kind = flowlog.KindTGW
	}
	plan.Scope = p.scope(plan.Kind)
	for _, c := range query.TableColumns(plan.Kind) {
		p.columns = append(p.columns, column{Column: c, bound: columnBound(c.Name)})
	}
	for range p.IntN(6) {
		plan.Stages = append(plan.Stages, p.stages()...)
	}
	return plan, p.ordered
}

// columnBound returns how large a random record's integers of a column are.
func columnBound(name string) float64 {
	f, ok := flowlog.Lookup(name)
	switch {
	case ok && f.ID == flowlog.Bytes:
		return maxBytes
	case ok && f.Epoch:
		return slot + 7200
	}
	return 65535
}

func (p *planner) scope(k flowlog.Kind) (s query.Scope) {
	if p.IntN(4) == 0 {
		s.From = time.Unix(slot+p.Int64N(3600)-1800, 0).UTC()
	}
	if p.IntN(4) == 0 {
		s.To = time.Unix(slot+p.Int64N(3600), 500_000_000).UTC()
	}
	if p.IntN(8) == 0 {
		s.Accounts = []string{"account-id-0", "account-id-2"}
	}
	if p.IntN(8) == 0 {
		s.Regions = []string{"weir-region-1"}
	}
	if p.IntN(8) == 0 {
		s.FlowLogs = []string{"weir-flow-log-id-1", "none", "weir-flow-log-id-0"}
	}
	if k == flowlog.KindVPC && p.IntN(8) == 0 {
		s.Interfaces = []string{"interface-id-2"}
	}
	return s
}

// stages returns one stage, or a sort with what belongs to it.
func (p *planner) stages() []query.Stage {
	switch p.IntN(8) {
	case 0, 1:
		return []query.Stage{&query.Filter{Where: p.expr(query.Bool, 3)}}
	case 2:
		list := p.named(1 + p.IntN(2))
		return []query.Stage{&query.Extend{Columns: list}}
	case 3:
		return []query.Stage{p.project()}
	case 4, 5:
		return []query.Stage{p.aggregate()}
	}
	return p.sort()
}

func (p *planner) project() query.Stage {
	before := len(p.columns)
	list := p.named(1 + p.IntN(4))
	p.columns = p.columns[before:]
	return &query.Project{Columns: list}
}

// name returns a name that no column has; some need quotes in SQL.
func (p *planner) name() string {
	p.added++
	return fmt.Sprintf("%s%d", choose(p.Rand, []string{"c", "Order ", "select", `quo"te`, "über", "a-b."}), p.added)
}

// named returns expressions under names, which become columns.
func (p *planner) named(n int) []query.Named {
	var list []query.Named
	var added []column
	for range n {
		t := choose(p.Rand, []query.Type{query.Bool, query.Int, query.Int, query.Float, query.Text, query.Text, query.Time})
		c := column{Column: query.Column{Name: p.name(), Type: t}}
		var e query.Expr
		if t == query.Int {
			e, c.bound = p.integer(3)
		} else {
			e = p.typed(t, 3)
		}
		list, added = append(list, query.Named{Name: c.Name, Expr: e}), append(added, c)
	}
	p.columns = append(p.columns, added...)
	return list
}

func (p *planner) aggregate() *query.Aggregate {
	before := len(p.columns)
	out := &query.Aggregate{By: p.named(p.IntN(3))}
	groups := p.columns[before:]
	p.columns = p.columns[:before]
	var aggs []column
	for range 1 + p.IntN(3) {
		a, c := p.agg()
		out.Aggs, aggs = append(out.Aggs, a), append(aggs, c)
	}
	p.columns = slices.Concat(groups, aggs)
	p.ordered = false
	return out
}

// agg returns an aggregate and its column. Sums of numbers depend on the order of
// addition, so only integers are added.
func (p *planner) agg() (query.Agg, column) {
	a := query.Agg{Name: p.name(), Func: choose(p.Rand, query.AggFuncs())}
	c := column{Column: query.Column{Name: a.Name, Type: query.Int}, bound: randomVPC}
	switch a.Func {
	case query.CountRows:
	case query.Sum, query.Avg:
		a.Arg, c.bound = p.integer(2)
		c.bound *= randomVPC
		if a.Func == query.Avg {
			c.Type, c.loose = query.Float, true
		}
	case query.Count, query.CountDistinct:
		a.Arg = p.typed(choose(p.Rand, []query.Type{query.Bool, query.Int, query.Text, query.Time}), 2)
	default:
		c.Type = choose(p.Rand, []query.Type{query.Bool, query.Int, query.Float, query.Text, query.Time})
		if c.Type == query.Int {
			a.Arg, c.bound = p.integer(2)
		} else {
			a.Arg = p.typed(c.Type, 2)
		}
	}
	if p.IntN(3) == 0 {
		a.Where = p.typed(query.Bool, 2)
	}
	return a, c
}

// sort orders by some expressions and then by all columns, so that there is one
// order, and may cut. Columns without an order, and too many, are first projected
// away.
func (p *planner) sort() []query.Stage {
	var out []query.Stage
	if len(p.columns) > 12 || slices.ContainsFunc(p.columns, func(c column) bool { return c.Type == query.TextMap || c.loose }) {
		out = append(out, p.project())
	}
	s := &query.Sort{}
	for range p.IntN(2) {
		t := choose(p.Rand, []query.Type{query.Bool, query.Int, query.Text, query.Time})
		s.Keys = append(s.Keys, query.SortKey{Expr: p.expr(t, 2), Desc: p.IntN(2) == 0})
	}
	for _, c := range p.columns {
		s.Keys = append(s.Keys, query.SortKey{Expr: &query.Ref{Name: c.Name}, Desc: p.IntN(2) == 0})
	}
	p.ordered = true
	out = append(out, s)
	if p.IntN(2) == 0 {
		out = append(out, &query.Limit{N: p.Int64N(20)})
	}
	return out
}
