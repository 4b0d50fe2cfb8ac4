package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"weir/internal/contributor"
	"weir/internal/query"
)

// mostContributors is how many contributors a report names at most.
//
// Source: AWS, CloudWatch API Reference, GetInsightRuleReport.
const mostContributors = 100

// contributorsAnswer is the answer of contributors: that of a query, and what the report says beside its rows.
type contributorsAnswer struct {
	queryAnswer
	Rule      string  `json:"rule"`
	Statistic string  `json:"statistic"`
	Aggregate float64 `json:"aggregate"`
	Unique    integer `json:"unique"`
}

// contributors answers who contributed to a rule, the greatest first, with the numbers of GetInsightRuleReport. Minutes that the range cuts count as a whole. The
// rows are kept for a while, for export.
func (c *console) contributors(ctx context.Context, r *request) (any, error) {
	began := c.Now()
	name := r.values.Get("rule")
	report, kept, err := c.report(ctx, name, r.scope.From, r.scope.To)
	if err != nil {
		return nil, err
	}
	from, to := minutes(r.scope.From, r.scope.To)
	out := contributorsAnswer{
		Rule: name, Statistic: report.AggregationStatistic, Aggregate: report.AggregateValue, Unique: integer(report.UniqueContributors),
		queryAnswer: queryAnswer{Result: c.results.keep(kept), More: kept.more, From: &from, To: &to, Rows: [][]cell{}, Notes: reportNotes(report)},
	}
	if out.Newest, err = c.newest(ctx); err != nil {
		return nil, err
	}
	out.showRows(kept)
	out.Elapsed = c.Now().Sub(began).Milliseconds()
	return out, nil
}

// minutes returns the whole minutes of a range, in seconds since the epoch.
func minutes(from, to time.Time) (first, last int64) {
	return from.Unix() / 60 * 60, (to.Unix() + 59) / 60 * 60
}

// report makes a report over a range, and its rows.
func (c *console) report(ctx context.Context, rule string, from, to time.Time) (*contributor.Report, *result, error) {
	if rule == "" {
		return nil, nil, badParam("rule", "/api/v1/rules lists them", "there is no rule")
	}
	if from.IsZero() || to.IsZero() {
		return nil, nil, badParam("from", momentHint(c.Now()), "a report needs a range")
	}
	first, last := minutes(from, to)
	report, err := c.Watching.Rules.Report(ctx, contributor.ReportRequest{Name: rule, From: first, To: last, Period: 60, MaxContributors: mostContributors})
	if errors.Is(err, contributor.ErrNoRule) {
		return nil, nil, &problem{status: http.StatusNotFound, Param: "rule", Message: fmt.Sprintf("there is no rule %.80q", rule), Hint: "/api/v1/rules lists them"}
	}
	if wrong, ok := errors.AsType[*contributor.InvalidError](err); ok {
		return nil, nil, badParam("from", "contributors are kept for 15 days", "%s", wrong.Message)
	}
	if err != nil {
		return nil, nil, err
	}
	return report, rowsOf(report), nil
}

// rowsOf returns the contributors of a report as rows: its keys and the value.
func rowsOf(report *contributor.Report) *result {
	out := &result{more: report.UniqueContributors > int64(len(report.Contributors))}
	for _, label := range report.KeyLabels {
		out.columns = append(out.columns, query.Column{Name: label, Type: query.Text})
	}
	out.columns = append(out.columns, query.Column{Name: report.AggregationStatistic, Type: query.Float})
	for _, contributed := range report.Contributors {
		var row []any
		for _, k := range contributed.Keys {
			row = append(row, k)
		}
		out.add(append(row, contributed.Value))
	}
	return out
}

// reportNotes says what is to be known of a report.
func reportNotes(report *contributor.Report) []string {
	out := []string{}
	if n := len(report.Contributors); report.UniqueContributors > int64(n) {
		out = append(out, fmt.Sprintf("These are the first %d of %d contributors; a report names no more.", n, report.UniqueContributors))
	}
	if n := report.Skipped.Large; n > 0 {
		out = append(out, fmt.Sprintf("%d log events did not count: their values are beyond 1,000,000,000, and together %s.", n, number(report.Skipped.LargeSum)))
	}
	if n := report.Skipped.NoNumber; n > 0 {
		out = append(out, fmt.Sprintf("%d log events did not count: their values are no numbers.", n))
	}
	for _, u := range report.Unfit {
		out = append(out, fmt.Sprintf("Nothing of the log group %s counts: %s", u.Group, u.Reason))
	}
	return out
}

// contributorRows returns the contributors to export: those that were shown, where they are kept, else those of the range now.
func (c *console) contributorRows(ctx context.Context, body *queryRequest) (query.Rows, error) {
	if kept := c.results.get(body.Result); kept != nil {
		return kept.read(), nil
	}
	from, to, err := c.bounds(body)
	if err != nil {
		return nil, err
	}
	_, kept, err := c.report(ctx, body.Rule, from, to)
	if err != nil {
		return nil, err
	}
	return kept.read(), nil
}
