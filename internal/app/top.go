package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/filter"
	"weir/internal/query"
)

// measures are what top can count by.
var measures = []string{"bytes", "packets", "records"}

// Top returns the values of fields that have most.
func (s *Local) Top(ctx context.Context, r TopRequest) (*TopReport, error) {
	by, plan, counting, err := s.topPlan(ctx, r)
	if err != nil {
		return nil, err
	}
	report := &TopReport{By: r.By, Counting: counting}
	for _, n := range by {
		report.Fields = append(report.Fields, n.Name)
	}
	if report.Stale, err = eachRowOf(ctx, s.engine, plan, r.Limits, func(row []any) {
		t := topRow(row[len(by):])
		t.Values = slices.Clone(row[:len(by)])
		report.Rows = append(report.Rows, t)
	}); err != nil {
		return nil, err
	}
	// The totals are over all groups, so that they come from the groups.
	last := len(plan.Stages) - 2
	totals := &query.Aggregate{}
	for _, a := range topAggs(r.Kind, counting) {
		totals.Aggs = append(totals.Aggs, query.Agg{Name: a.Name, Func: query.Sum, Arg: &query.Ref{Name: a.Name}})
	}
	totals.Aggs = append(totals.Aggs, query.Agg{Name: "groups", Func: query.CountRows})
	groups := plan
	groups.Stages = append(slices.Clone(plan.Stages[:last]), totals)
	if err := eachRow(ctx, s.engine, groups, r.Limits, func(row []any) {
		report.Totals = topRow(row[:len(row)-1])
		report.Groups = integer(row[len(row)-1])
	}); err != nil || counting == query.EveryRecord {
		return report, err
	}
	where := 0
	if strings.TrimSpace(r.Where) != "" {
		where = 1
	}
	plan.Stages = plan.Stages[:where:where]
	report.Repeats, err = s.repeats(ctx, plan, r.Limits)
	return report, err
}

// repeats counts the records of a plan of VPC flow logs whose traffic others show.
func (s *Local) repeats(ctx context.Context, plan query.Plan, limits query.Limits) ([]Repeat, error) {
	why := column(flowlog.WeirRepeat)
	repeated := &query.Call{Func: query.Not, Args: []query.Expr{&query.Call{Func: query.IsAbsent, Args: []query.Expr{why}}}}
	plan.Stages = append(plan.Stages, &query.Filter{Where: repeated},
		&query.Aggregate{By: []query.Named{{Name: "why", Expr: why}}, Aggs: []query.Agg{
			{Name: "n", Func: query.CountRows}, {Name: "sum", Func: query.Sum, Arg: column(flowlog.Bytes)},
		}},
		&query.Sort{Keys: []query.SortKey{{Expr: &query.Ref{Name: "why"}}}})
	var out []Repeat
	err := eachRow(ctx, s.engine, plan, limits, func(row []any) {
		out = append(out, Repeat{valueText(row[0]), integer(row[1]), integer(row[2])})
	})
	return out, err
}

// ExplainTop says what Top would read.
func (s *Local) ExplainTop(ctx context.Context, r TopRequest) (query.Cost, error) {
	_, plan, _, err := s.topPlan(ctx, r)
	if err != nil {
		return query.Cost{}, err
	}
	return s.engine.Explain(ctx, plan)
}

// topPlan returns the plan of the rows: the filter, what counts, groups, sorted,
// limited.
func (s *Local) topPlan(ctx context.Context, r TopRequest) ([]query.Named, query.Plan, query.Counting, error) {
	plan := query.Plan{Kind: r.Kind, Scope: r.Scope}
	unknown, err := s.lake.UnknownFields(ctx, r.Kind)
	if err != nil {
		return nil, plan, 0, err
	}
	by, err := groupBy(r.Fields, r.Kind, unknown)
	if err != nil {
		return nil, plan, 0, err
	}
	if !slices.Contains(measures, r.By) {
		return nil, plan, 0, &UsageError{Message: fmt.Sprintf("cannot count by %q: it is one of %s", r.By, strings.Join(measures, ", "))}
	}
	var names []query.Expr
	for _, n := range by {
		names = append(names, n.Expr)
	}
	if strings.TrimSpace(r.Where) != "" {
		where, err := filter.Parse(r.Where, filter.Options{
			Kind: r.Kind, Names: true, Unknown: func(name string) bool { return slices.Contains(unknown, name) },
		})
		if err != nil {
			return nil, plan, 0, err
		}
		plan.Stages = append(plan.Stages, &query.Filter{Where: where})
		names = append(names, where)
	}
	if plan.Named, err = s.names.tell(ctx, query.AskedNames(names...)); err != nil {
		return nil, plan, 0, err
	}
	counting := query.EveryRecord
	if !r.EveryRecord {
		counting = query.CountingOf(r.Kind, r.Scope, names...)
	}
	if keeps := counting.Keeps(); keeps != nil {
		plan.Stages = append(plan.Stages, &query.Filter{Where: keeps})
	}
	plan.Stages = append(plan.Stages, &query.Aggregate{By: by, Aggs: topAggs(r.Kind, counting)})
	keys := []query.SortKey{{Expr: &query.Ref{Name: sumOf(r.By)}, Desc: true}}
	if counting.Legs() != nil {
		keys = append(keys, query.SortKey{Expr: &query.Ref{Name: legsOf(r.By)}, Desc: true})
	}
	for _, n := range by {
		keys = append(keys, query.SortKey{Expr: &query.Ref{Name: n.Name}})
	}
	plan.Stages = append(plan.Stages, &query.Sort{Keys: keys}, &query.Limit{N: r.N})
	return by, plan, counting, nil
}

// sumOf returns the name of a measure's column, which no field can have: one can
// group by bytes too.
func sumOf(measure string) string { return "sum of " + measure }

// legsOf returns the name of the column of a measure of legs.
func legsOf(measure string) string { return "legs of " + measure }

// groupBy returns the fields by which to group.
func groupBy(fields []string, k flowlog.Kind, unknown []string) ([]query.Named, error) {
	var by []query.Named
	for _, name := range fields {
		n, err := fieldExpr(strings.TrimSpace(name), k, unknown)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(by, func(b query.Named) bool { return b.Name == n.Name }) {
			return nil, &UsageError{Message: fmt.Sprintf("the field %s stands there twice", n.Name)}
		}
		by = append(by, n)
	}
	return by, nil
}

// topAggs are the columns behind a group's values, as topRow reads them.
func topAggs(k flowlog.Kind, counting query.Counting) []query.Agg {
	var refused query.Expr = &query.Literal{Value: false}
	if flowlog.FieldByID(flowlog.Action).In(k) {
		refused = &query.Call{Func: query.Eq, Args: []query.Expr{column(flowlog.Action), &query.Literal{Value: "REJECT"}}}
	}
	// Counting passes absent values over, so that "x or absent" counts those
	// where x is true.
	counted := &query.Call{Func: query.Or, Args: []query.Expr{refused, &query.Literal{}}}
	sums := func(name func(string) string, where query.Expr) []query.Agg {
		return []query.Agg{
			{Name: name("bytes"), Func: query.Sum, Arg: column(flowlog.Bytes), Where: where},
			{Name: name("packets"), Func: query.Sum, Arg: column(flowlog.Packets), Where: where},
			{Name: name("records"), Func: query.CountRows, Where: where},
		}
	}
	out := append(sums(sumOf, counting.Counts()), query.Agg{Name: sumOf("rejects"), Func: query.Count, Arg: counted, Where: counting.Counts()})
	if legs := counting.Legs(); legs != nil {
		out = append(out, sums(legsOf, legs)...)
	}
	return out
}

// topRow reads the columns of topAggs.
func topRow(row []any) TopRow {
	out := TopRow{Bytes: integer(row[0]), Packets: integer(row[1]), Records: integer(row[2]), Rejects: integer(row[3])}
	if len(row) > 4 {
		out.LegBytes, out.LegPackets, out.LegRecords = integer(row[4]), integer(row[5]), integer(row[6])
	}
	return out
}

// fieldExpr returns a field under its column name: one of the table, or an
// unknown one that the lake holds.
func fieldExpr(name string, k flowlog.Kind, unknown []string) (query.Named, error) {
	if f, ok := flowlog.Lookup(name); ok && f.In(k) && f.Type != flowlog.Map {
		return query.Named{Name: f.Column, Expr: column(f.ID)}, nil
	}
	c, isName := query.LookupName(flowlog.ColumnName(name))
	if isName && c.Expr() != nil {
		return query.Named{Name: c.String(), Expr: c.Expr()}, nil
	}
	if isName && k == flowlog.KindVPC {
		return query.Named{Name: c.String(), Expr: &query.Ref{Name: c.String()}}, nil
	}
	canonical := flowlog.CanonicalName(name)
	if slices.Contains(unknown, canonical) {
		return query.Named{Name: flowlog.ColumnName(name), Expr: unknownField(canonical)}, nil
	}
	return query.Named{}, noField(name, k, unknown)
}

// unknownField returns the value of a field that the table does not know, by its
// name in AWS's spelling.
func unknownField(name string) query.Expr {
	return &query.Call{Func: query.MapGet, Args: []query.Expr{column(flowlog.WeirUnknown), &query.Literal{Value: name}}}
}

// noField says that there is no such field to group by.
func noField(name string, k flowlog.Kind, unknown []string) error {
	f, known := flowlog.Lookup(name)
	_, isName := query.LookupName(flowlog.ColumnName(name))
	switch {
	case isName: // a name of VPC flow logs
		return &UsageError{Message: "transit gateway flow logs have no " + flowlog.CanonicalName(name), Hint: "VPC flow logs have it: leave --tgw out"}
	case name == "":
		return &UsageError{Message: "a field's name is missing"}
	case known && f.Type == flowlog.Map && len(unknown) > 0:
		return &UsageError{
			Message: f.Name + " holds many fields: name one of them",
			Hint:    "the lake has " + strings.Join(unknown[:min(len(unknown), 8)], ", "),
		}
	case known && f.Type == flowlog.Map:
		return &UsageError{Message: f.Name + " holds many fields, and this lake has none of them"}
	case known && k == flowlog.KindTGW:
		return &UsageError{Message: "transit gateway flow logs have no " + f.Name, Hint: "VPC flow logs have it: leave --tgw out"}
	case known:
		return &UsageError{Message: "VPC flow logs have no " + f.Name, Hint: "transit gateway flow logs have it: --tgw"}
	}
	hint := "'weir fields' lists them"
	if near := filter.NearestField(name, filter.Options{Kind: k, Names: true}); near != "" {
		hint = "did you mean " + near + "?"
	}
	return &UsageError{Message: fmt.Sprintf("no field %q", name), Hint: hint}
}

// eachRow runs a plan and calls do with each row, which is valid in the call.
func eachRow(ctx context.Context, e query.Engine, p query.Plan, l query.Limits, do func(row []any)) error {
	_, err := eachRowOf(ctx, e, p, l, do)
	return err
}

// eachRowOf is eachRow, and returns what the rows rest on.
func eachRowOf(ctx context.Context, e query.Engine, p query.Plan, l query.Limits, do func(row []any)) (query.Stale, error) {
	rows, err := e.Run(ctx, p, l)
	if err != nil {
		return query.Stale{}, err
	}
	defer rows.Close()
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return query.StaleOf(rows), nil
		}
		if err != nil {
			return query.Stale{}, err
		}
		do(row)
	}
}
