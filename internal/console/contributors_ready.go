package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/contributor"
	"weir/internal/query"
)

// ready counts who contributed to a ready rule that is not kept, over the records of the lake that begin in the range. Every record counts, as with the rule.
func (c *console) ready(ctx context.Context, r *contributorsRequest) (*contributed, error) {
	all := contributor.ReadyRules()
	i := slices.IndexFunc(all, func(rule contributor.ReadyRule) bool { return rule.Name == r.rule })
	if i < 0 {
		return nil, &problem{status: http.StatusNotFound, Param: "rule", Message: fmt.Sprintf("there is no rule %.80q", r.rule), Hint: "/api/v1/rules lists them"}
	}
	rule := &all[i]
	if rule.OfInterfaces && len(r.interfaces) == 0 {
		return nil, badParam("interfaces", "ids as eni-0123, with commas between", "%s needs the network interfaces it is about", rule.Name)
	}
	if !rule.OfInterfaces && len(r.interfaces) > 0 {
		return nil, notOfInterfaces(rule.Name)
	}
	plan, names := readyPlan(rule, r)
	rows, err := c.rowsOf(ctx, plan(&query.Sort{Keys: readyOrder(names)}, &query.Limit{N: mostContributors}))
	if err != nil {
		return nil, err
	}
	sums, err := c.rowsOf(ctx, plan(&query.Aggregate{Aggs: []query.Agg{{Name: "unique", Func: query.CountRows}, {Name: "all", Func: query.Sum, Arg: &query.Ref{Name: valueColumn}}}}))
	if err != nil {
		return nil, err
	}
	out := &contributed{ready: true, statistic: contributor.SampleCount, rows: &result{}, aggregate: sums[0][1]}
	if out.unique, _ = sums[0][0].(int64); out.unique == 0 {
		out.aggregate = int64(0)
	}
	if _, isSum := rule.Sums(); isSum {
		out.statistic = contributor.Sum
	}
	for _, name := range names {
		out.rows.columns = append(out.rows.columns, query.Column{Name: name, Type: query.Text})
	}
	out.rows.columns = append(out.rows.columns, query.Column{Name: out.statistic, Type: query.Int})
	for _, row := range rows {
		for k := range names {
			row[k] = keyText(row[k])
		}
		out.rows.add(row)
	}
	out.rows.more = out.unique > int64(len(rows))
	out.notes = append(firstNotes(len(rows), out.unique), "The rule is not kept: this is counted over the records of the lake, each of them.")
	return out, nil
}

// valueColumn is the column of what is counted; no field has this name.
const valueColumn = "value"

// readyPlan returns the plan of a ready rule, to which stages are added, and the names of its keys.
func readyPlan(rule *contributor.ReadyRule, r *contributorsRequest) (plan func(stages ...query.Stage) query.Plan, names []string) {
	var by []query.Named
	for _, k := range rule.Keys() {
		names = append(names, flowlog.FieldByID(k).Column)
		by = append(by, query.Named{Name: names[len(names)-1], Expr: column(k)})
	}
	// Records without traffic have no keys.
	counts := []query.Expr{call(query.Not, call(query.IsAbsent, column(rule.Keys()[0])))}
	agg := query.Agg{Name: valueColumn, Func: query.CountRows}
	if f, sums := rule.Sums(); sums {
		agg = query.Agg{Name: valueColumn, Func: query.Sum, Arg: column(f)}
		counts = append(counts, call(query.Not, call(query.IsAbsent, column(f))))
	}
	if rule.OfRefused() {
		counts = append(counts, call(query.Eq, column(flowlog.Action), literal("REJECT")))
	}
	first, last := minutes(r.from, r.to)
	scope := query.Scope{From: time.Unix(first, 0).UTC(), To: time.Unix(last, 0).UTC()}
	if rule.OfInterfaces {
		scope.Interfaces = r.interfaces
	}
	return func(stages ...query.Stage) query.Plan {
		p := query.Plan{Kind: flowlog.KindVPC, Scope: scope}
		for _, where := range counts {
			p.Stages = append(p.Stages, &query.Filter{Where: where})
		}
		p.Stages = append(p.Stages, &query.Aggregate{By: by, Aggs: []query.Agg{agg}})
		p.Stages = append(p.Stages, stages...)
		return p
	}, names
}

// readyOrder ranks by the value, and equal ones by their keys.
func readyOrder(names []string) []query.SortKey {
	out := []query.SortKey{{Expr: &query.Ref{Name: valueColumn}, Desc: true}}
	for _, name := range names {
		out = append(out, query.SortKey{Expr: &query.Ref{Name: name}})
	}
	return out
}

// rowsOf runs a plan of few rows.
func (c *console) rowsOf(ctx context.Context, p query.Plan) ([][]any, error) {
	return c.run(ctx, &request{}, p, mostContributors)
}

// keyText returns a key as records have it.
func keyText(v any) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(v)
}
