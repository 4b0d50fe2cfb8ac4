package querytest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/rollup"
)

// RunRolled demands that the engine answers random plans as the reference does of which
// nearly all can be answered from rollups. rolled says whether the engine would.
func RunRolled(t *testing.T, open Open, rolled func(e query.Engine, p query.Plan) bool) {
	eachSet(t, open, 3, rollablePlan, func(t *testing.T, engine query.Engine, plans []query.Plan) {
		times := map[string]int{}
		for _, p := range plans {
			if by := p.Rollup(); by != nil && rolled(engine, p) {
				times[by.Name]++
			}
		}
		for _, by := range rollup.All {
			if times[by.Name] < len(plans)/10 {
				t.Errorf("%d of %d plans were answered from %s", times[by.Name], len(plans), by.Name)
			}
		}
	})
}

// rollablePlan returns a plan that some rollup probably answers: an aggregation of
// what is over keys and times, and what a plan may have behind it.
func rollablePlan(r *rand.Rand) (query.Plan, bool) {
	by := choose(r, rollup.All)
	p := &planner{Rand: r}
	for _, f := range by.Keys {
		field := flowlog.FieldByID(f)
		for _, c := range query.TableColumns(flowlog.KindVPC) {
			if c.Name == field.Column {
				p.columns = append(p.columns, column{Column: c, bound: columnBound(c.Name)})
			}
		}
	}
	plan := query.Plan{Kind: flowlog.KindVPC, Scope: p.rolledScope(by)}
	if by.Some || p.IntN(3) == 0 {
		plan.Stages = append(plan.Stages, &query.Filter{Where: p.held()})
	}
	for range p.IntN(2) {
		plan.Stages = append(plan.Stages, &query.Filter{Where: p.expr(query.Bool, 2)})
	}
	plan.Stages = append(plan.Stages, p.rolledAggregate(by.Unit))
	for range p.IntN(3) {
		plan.Stages = append(plan.Stages, p.stages()...)
	}
	return plan, p.ordered
}

// rolledScope bounds times by whole units, or now and then by others.
func (p *planner) rolledScope(by rollup.Rollup) (s query.Scope) {
	at := func() time.Time {
		t := (slot+p.Int64N(7200)-3600)/by.Unit*by.Unit + int64(p.IntN(20)/19)
		return time.Unix(t, 0).UTC()
	}
	if p.IntN(3) == 0 {
		s.From = at()
	}
	if p.IntN(3) == 0 {
		s.To = at()
	}
	if p.IntN(5) == 0 && by.Has(flowlog.InterfaceID) {
		s.Interfaces = []string{"interface-id-2", "none"}
		s.Accounts = []string{"account-id-0", "account-id-1"}
	}
	return s
}

// held returns a condition that only records meet that every rollup holds, joined with
// others.
func (p *planner) held() query.Expr {
	is := func(f flowlog.FieldID, values ...any) query.Expr {
		args := []query.Expr{&query.Ref{Name: flowlog.FieldByID(f).Column}}
		for _, v := range values {
			args = append(args, &query.Literal{Value: v})
		}
		return call(query.In, args...)
	}
	conds := []query.Expr{is(flowlog.Action, "REJECT")}
	if slices.ContainsFunc(p.columns, func(c column) bool { return c.Name == "dstport" }) {
		conds = append(conds, is(flowlog.DstPort, int64(22), int64(3389)), call(query.Or, conds[0], is(flowlog.DstPort, int64(443))))
	}
	e := choose(p.Rand, conds)
	if p.IntN(2) == 0 {
		e = call(query.And, p.expr(query.Bool, 1), e)
	}
	return e
}

func (p *planner) rolledAggregate(unit int64) *query.Aggregate {
	before := len(p.columns)
	out := &query.Aggregate{By: p.named(p.IntN(3))}
	groups := slices.Clone(p.columns[before:])
	p.columns = p.columns[:before]
	if p.IntN(2) == 0 {
		width := unit * (1 + p.Int64N(3))
		name := p.name()
		out.By = append(out.By, query.Named{Name: name, Expr: call(query.Bin, query.RecordTime(), &query.Literal{Value: width})})
		groups = append(groups, column{Column: query.Column{Name: name, Type: query.Int}, bound: slot + 7200})
	}
	var aggs []column
	for range 1 + p.IntN(3) {
		a := query.Agg{Name: p.name(), Func: choose(p.Rand, []query.AggFunc{query.CountRows, query.Sum, query.Sum, query.Count, query.CountDistinct, query.Max})}
		c := column{Column: query.Column{Name: a.Name, Type: query.Int}, bound: randomVPC}
		switch a.Func {
		case query.Sum:
			a.Arg = &query.Ref{Name: choose(p.Rand, []string{"bytes", "packets"})}
			c.bound = randomVPC * maxBytes
		case query.Count, query.CountDistinct:
			a.Arg = p.typed(choose(p.Rand, []query.Type{query.Bool, query.Int, query.Text}), 2)
		case query.Max:
			c.Type = query.Text
			a.Arg = p.typed(query.Text, 2)
		}
		if p.IntN(3) == 0 {
			a.Where = p.typed(query.Bool, 2)
		}
		out.Aggs, aggs = append(out.Aggs, a), append(aggs, c)
	}
	p.columns = slices.Concat(groups, aggs)
	p.ordered = false
	return out
}
