package main

import (
	"context"
	"errors"
	"fmt"

	"weir/flowlog"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// rolledPlan is a question that rollups answer. sql is the same in SQL, "" where none
// of Q1 to Q5 is.
type rolledPlan struct {
	name, sql string
	stages    []query.Stage
}

// rolledPlans are Q1, Q2 and Q4, and two more of those that the page asks.
func rolledPlans() []rolledPlan {
	ref := func(f flowlog.FieldID) query.Expr { return &query.Ref{Name: flowlog.FieldByID(f).Column} }
	call := func(f query.Func, args ...query.Expr) query.Expr { return &query.Call{Func: f, Args: args} }
	lit := func(v any) query.Expr { return &query.Literal{Value: v} }
	slot := func(seconds int64) query.Expr { return call(query.Bin, query.RecordTime(), lit(seconds)) }
	sum := query.Agg{Name: "b", Func: query.Sum, Arg: ref(flowlog.Bytes)}
	count := query.Agg{Name: "n", Func: query.CountRows}
	by := func(a query.Agg, keys ...query.Expr) query.Stage {
		out := &query.Aggregate{Aggs: []query.Agg{a}}
		for i, k := range keys {
			out.By = append(out.By, query.Named{Name: fmt.Sprintf("k%d", i+1), Expr: k})
		}
		return out
	}
	column := func(name string, desc bool) query.SortKey {
		return query.SortKey{Expr: &query.Ref{Name: name}, Desc: desc}
	}
	sorted := func(keys ...query.SortKey) query.Stage { return &query.Sort{Keys: keys} }
	refused := call(query.Eq, ref(flowlog.Action), lit("REJECT"))
	remote := call(query.And, call(query.In, ref(flowlog.DstPort), lit(int64(22)), lit(int64(3389))), call(query.Eq, ref(flowlog.Protocol), lit(int64(6))))
	return []rolledPlan{
		{"Q1", theQuestions[0].of(table), []query.Stage{
			by(sum, ref(flowlog.SrcAddr)), sorted(column("b", true), column("k1", false)), &query.Limit{N: 10},
		}},
		{"Q2", theQuestions[1].of(table), []query.Stage{
			&query.Filter{Where: refused}, by(count, ref(flowlog.DstPort)), sorted(column("n", true), column("k1", false)),
		}},
		{"Q4", "", []query.Stage{
			by(sum, slot(300), ref(flowlog.InterfaceID)), sorted(column("k1", false), column("k2", false)),
		}},
		{"Q3 without the source", "", []query.Stage{
			&query.Filter{Where: remote}, by(count, slot(60)), sorted(column("k1", false)),
		}},
		{"bytes for each minute and action", "", []query.Stage{
			by(sum, slot(60), ref(flowlog.Action)), sorted(column("k1", false), column("k2", false)),
		}},
	}
}

// rollups asks plans of an engine that answers from rollups where it can, and in turn
// of one that may not.
func (b *bench) rollups(ctx context.Context) error {
	l, with, err := b.openLake(ctx, duckdb.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	defer with.Close()
	without, err := duckdb.Open(ctx, l, duckdb.Options{NoRollups: true})
	if err != nil {
		return err
	}
	defer without.Close()
	var ratios []float64
	for _, q := range rolledPlans() {
		plan := query.Plan{Kind: flowlog.KindVPC, Stages: q.stages}
		if plan.Rollup() == nil {
			return errors.New(q.name + ": no rollup answers it")
		}
		mine := planAsker(with, plan)
		if q.sql != "" {
			asked, _, err := mine(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			written, _, err := sqlAsker(with, q.sql)(ctx)
			if err == nil {
				err = equal(asked, written)
			}
			if err != nil {
				return fmt.Errorf("%s as SQL: %w", q.name, err)
			}
		}
		runs, err := inTurn(ctx, b.runs, mine, planAsker(without, plan), equal)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		ratios = append(ratios, b.compared(q.name+", by rollups against the lake's records", "", 0, runs))
	}
	b.guarded[guardRollups] = geometricMean(ratios)
	return nil
}
