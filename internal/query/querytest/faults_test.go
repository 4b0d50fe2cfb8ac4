package querytest

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/query/memory"
)

// wrong is the reference engine with one fault: in the plans that it gets, in the
// limits, or in the rows that it gives.
type wrong struct {
	query.Engine
	plan   func(query.Plan) query.Plan
	limits func(context.Context, query.Limits) (context.Context, query.Limits)
	rows   func(query.Rows) query.Rows
	cost   func(query.Cost) query.Cost
}

func (w wrong) Run(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error) {
	if _, err := p.Check(); err == nil && w.plan != nil {
		p = w.plan(p)
	}
	if w.limits != nil {
		ctx, l = w.limits(ctx, l)
	}
	rows, err := w.Engine.Run(ctx, p, l)
	if err == nil && w.rows != nil {
		rows = w.rows(rows)
	}
	return rows, err
}

func (w wrong) Explain(ctx context.Context, p query.Plan) (query.Cost, error) {
	c, err := w.Engine.Explain(ctx, p)
	if w.cost != nil {
		c = w.cost(c)
	}
	return c, err
}

// wrongRows are rows with a fault.
type wrongRows struct {
	query.Rows
	columns func([]query.Column) []query.Column
	row     func([]any) []any
	err     func(error) error
}

func (w wrongRows) Columns() []query.Column {
	if w.columns != nil {
		return w.columns(w.Rows.Columns())
	}
	return w.Rows.Columns()
}

func (w wrongRows) Next() ([]any, error) {
	row, err := w.Rows.Next()
	if w.row != nil && err == nil {
		row = w.row(slices.Clone(row))
	}
	if w.err != nil && err != nil {
		err = w.err(err)
	}
	return row, err
}

// inExprs returns a fault that changes the calls of a function wherever a filter
// or a projection has one.
func inExprs(f query.Func, change func(*query.Call) query.Expr) func(query.Plan) query.Plan {
	var walk func(e query.Expr) query.Expr
	walk = func(e query.Expr) query.Expr {
		c, ok := e.(*query.Call)
		if !ok {
			return e
		}
		out := &query.Call{Func: c.Func}
		for _, a := range c.Args {
			out.Args = append(out.Args, walk(a))
		}
		if c.Func == f {
			return change(out)
		}
		return out
	}
	return inStages(func(s query.Stage) query.Stage {
		switch s := s.(type) {
		case *query.Filter:
			return &query.Filter{Where: walk(s.Where)}
		case *query.Project:
			out := &query.Project{}
			for _, n := range s.Columns {
				out.Columns = append(out.Columns, query.Named{Name: n.Name, Expr: walk(n.Expr)})
			}
			return out
		}
		return s
	})
}

// inStages returns a fault that changes stages.
func inStages(change func(query.Stage) query.Stage) func(query.Plan) query.Plan {
	return func(p query.Plan) query.Plan {
		stages := slices.Clone(p.Stages)
		for i, s := range stages {
			stages[i] = change(s)
		}
		p.Stages = stages
		return p
	}
}

// faults are engines that are almost right.
var faults = []struct {
	name string
	wrong
}{
	{"not of absent is true", wrong{plan: inExprs(query.Not, func(c *query.Call) query.Expr {
		return call(query.Coalesce, c, &query.Literal{Value: true})
	})}},
	{"!= with absent is true", wrong{plan: inExprs(query.Ne, func(c *query.Call) query.Expr {
		return call(query.Coalesce, c, &query.Literal{Value: true})
	})}},
	{"and of absent is false", wrong{plan: inExprs(query.And, func(c *query.Call) query.Expr {
		return call(query.Coalesce, c, &query.Literal{Value: false})
	})}},
	{"division is near", wrong{plan: inExprs(query.Div, func(c *query.Call) query.Expr {
		return call(query.Mul, call(query.Div, c.Args...), &query.Literal{Value: 1.001})
	})}},
	{"contains ignores case", wrong{plan: inExprs(query.Contains, func(c *query.Call) query.Expr {
		return call(query.Contains, call(query.Lower, c.Args[0]), call(query.Lower, c.Args[1]))
	})}},
	{"starts_with is contains", wrong{plan: inExprs(query.StartsWith, func(c *query.Call) query.Expr {
		return call(query.Contains, c.Args...)
	})}},
	{"networks are prefixes of text", wrong{plan: inExprs(query.IPIn, func(c *query.Call) query.Expr {
		return call(query.StartsWith, c.Args[0], &query.Literal{Value: strings.Split(c.Args[1].(*query.Literal).Value.(string), ".")[0]})
	})}},
	{"bin rounds up", wrong{plan: inExprs(query.Bin, func(c *query.Call) query.Expr {
		return call(query.Add, c, c.Args[1])
	})}},
	{"from is exclusive", wrong{plan: func(p query.Plan) query.Plan {
		if !p.Scope.From.IsZero() {
			p.Scope.From = p.Scope.From.Add(time.Microsecond)
		}
		return p
	}}},
	{"to is inclusive", wrong{plan: func(p query.Plan) query.Plan {
		if !p.Scope.To.IsZero() {
			p.Scope.To = p.Scope.To.Add(time.Microsecond)
		}
		return p
	}}},
	{"no scope", wrong{plan: func(p query.Plan) query.Plan { p.Scope = query.Scope{}; return p }}},
	{"one account only", wrong{plan: func(p query.Plan) query.Plan {
		p.Scope.Accounts = p.Scope.Accounts[:min(1, len(p.Scope.Accounts))]
		return p
	}}},
	{"sorts the other way", wrong{plan: inStages(func(s query.Stage) query.Stage {
		if sort, ok := s.(*query.Sort); ok {
			out := &query.Sort{}
			for _, k := range sort.Keys {
				out.Keys = append(out.Keys, query.SortKey{Expr: k.Expr, Desc: !k.Desc})
			}
			return out
		}
		return s
	})}},
	{"absent first", wrong{plan: inStages(func(s query.Stage) query.Stage {
		if sort, ok := s.(*query.Sort); ok {
			out := &query.Sort{}
			for _, k := range sort.Keys {
				out.Keys = append(out.Keys, query.SortKey{Expr: call(query.IsAbsent, k.Expr), Desc: true}, k)
			}
			return out
		}
		return s
	})}},
	{"limit of one more", wrong{plan: inStages(func(s query.Stage) query.Stage {
		if l, ok := s.(*query.Limit); ok && l.N >= 0 && l.N < 100 {
			return &query.Limit{N: l.N + 1}
		}
		return s
	})}},
	{"absent groups are dropped", wrong{plan: func(p query.Plan) query.Plan {
		var stages []query.Stage
		for _, s := range p.Stages {
			if a, ok := s.(*query.Aggregate); ok {
				for _, b := range a.By {
					stages = append(stages, &query.Filter{Where: call(query.Not, call(query.IsAbsent, b.Expr))})
				}
			}
			stages = append(stages, s)
		}
		p.Stages = stages
		return p
	}}},
	{"count counts rows", wrong{plan: inStages(func(s query.Stage) query.Stage {
		a, ok := s.(*query.Aggregate)
		if !ok {
			return s
		}
		out := &query.Aggregate{By: a.By, Aggs: slices.Clone(a.Aggs)}
		for i, agg := range out.Aggs {
			if agg.Func == query.Count && agg.Arg != nil {
				out.Aggs[i] = query.Agg{Name: agg.Name, Func: query.CountRows}
			}
		}
		return out
	})}},
	{"conditions of aggregates are passed over", wrong{plan: inStages(func(s query.Stage) query.Stage {
		a, ok := s.(*query.Aggregate)
		if !ok {
			return s
		}
		out := &query.Aggregate{By: a.By, Aggs: slices.Clone(a.Aggs)}
		for i := range out.Aggs {
			out.Aggs[i].Where = nil
		}
		return out
	})}},
	{"columns have other names", wrong{rows: func(r query.Rows) query.Rows {
		return wrongRows{Rows: r, columns: func(c []query.Column) []query.Column {
			c = slices.Clone(c)
			c[0].Name = strings.ToUpper(c[0].Name)
			return c
		}}
	}}},
	{"integers are int", wrong{rows: func(r query.Rows) query.Rows {
		return wrongRows{Rows: r, row: func(row []any) []any {
			for i, v := range row {
				if n, ok := v.(int64); ok {
					row[i] = int(n)
				}
			}
			return row
		}}
	}}},
	{"large sums are numbers", wrong{rows: func(r query.Rows) query.Rows {
		return wrongRows{Rows: r, row: func(row []any) []any {
			for i, v := range row {
				if n, ok := v.(*big.Int); ok {
					row[i], _ = new(big.Float).SetInt(n).Float64()
				}
			}
			return row
		}}
	}}},
	{"times are local", wrong{rows: func(r query.Rows) query.Rows {
		return wrongRows{Rows: r, row: func(row []any) []any {
			for i, v := range row {
				if t, ok := v.(time.Time); ok {
					row[i] = t.In(time.FixedZone("", 3600))
				}
			}
			return row
		}}
	}}},
	{"absent text is empty", wrong{rows: func(r query.Rows) query.Rows {
		return wrongRows{Rows: r, row: func(row []any) []any {
			for i, v := range row {
				if v == nil && r.Columns()[i].Type == query.Text {
					row[i] = ""
				}
			}
			return row
		}}
	}}},
	{"rows end with another error", wrong{rows: func(r query.Rows) query.Rows {
		return wrongRows{Rows: r, err: func(error) error { return fmt.Errorf("over") }}
	}}},
	{"no limit of rows", wrong{limits: func(ctx context.Context, l query.Limits) (context.Context, query.Limits) {
		l.MaxRows = 0
		return ctx, l
	}}},
	{"no timeout", wrong{limits: func(ctx context.Context, l query.Limits) (context.Context, query.Limits) {
		l.Timeout = 0
		return ctx, l
	}}},
	{"no cancelling", wrong{limits: func(ctx context.Context, l query.Limits) (context.Context, query.Limits) {
		return context.WithoutCancel(ctx), l
	}}},
	{"explains nothing", wrong{cost: func(query.Cost) query.Cost { return query.Cost{} }}},
}

// parts are what the suite asks with, in small.
type parts struct {
	scripts       [][]step
	random, fixed []*flowlog.Batch
}

func newParts(t *testing.T) parts {
	t.Helper()
	var p parts
	var err error
	if p.random, err = randomBatches(0); err != nil {
		t.Fatal(err)
	}
	if p.fixed, err = load(contractLog); err != nil {
		t.Fatal(err)
	}
	for name, script := range readScripts(t) {
		steps, err := parseScript(script)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.scripts = append(p.scripts, steps)
	}
	return p
}

// finds reports whether a part of the suite fails on an engine: the contract, the
// scripts, or a few random plans.
func (p parts) finds(t *testing.T, open Open) bool {
	t.Helper()
	for _, c := range contracts {
		if c.check(open(t, p.fixed)) != nil {
			return true
		}
	}
	for _, steps := range p.scripts {
		if len(runSteps(t, steps, open)) > 0 {
			return true
		}
	}
	engine, reference := open(t, p.random), memory.New(p.random...)
	r := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		if p, ordered := randomPlan(r); comparePlan(engine, reference, p, ordered) != nil {
			return true
		}
	}
	return false
}

// TestFaultsAreFound runs the suite on engines that are almost right: it must find
// each fault, and none in the reference.
func TestFaultsAreFound(t *testing.T) {
	suite := newParts(t)
	if suite.finds(t, openMemory) {
		t.Error("the suite finds a fault in the reference")
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			open := func(_ *testing.T, batches []*flowlog.Batch) query.Engine {
				w := f.wrong
				w.Engine = memory.New(batches...)
				return w
			}
			if !suite.finds(t, open) {
				t.Error("the suite does not find it")
			}
		})
	}
}
