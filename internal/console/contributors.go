package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

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
	Rule string `json:"rule"`
	// Ready says that the rule is a ready one, which was counted over the records of the lake.
	Ready     bool    `json:"ready"`
	Statistic string  `json:"statistic"`
	Aggregate cell    `json:"aggregate"`
	Unique    integer `json:"unique"`
}

// contributed is who contributed to a rule.
type contributed struct {
	rows      *result
	ready     bool
	statistic string
	// aggregate is what all contributed together: float64, or of a ready rule int64 or *big.Int.
	aggregate any
	unique    int64
	notes     []string
}

// contributorsRequest asks for contributors.
type contributorsRequest struct {
	// rule is the name of a rule that is kept, else of a ready one.
	rule string
	// interfaces are the network interfaces of a ready rule that is about some.
	interfaces []string
	from, to   time.Time
}

// contributors answers who contributed to a rule, the greatest first: with the numbers of GetInsightRuleReport, or, of a ready rule that is not kept, counted
// over the records of the lake. Minutes that the range cuts count as a whole. The rows are kept for a while, for export.
func (c *console) contributors(ctx context.Context, r *request) (any, error) {
	began := c.Now()
	asked := contributorsRequest{rule: r.values.Get("rule"), interfaces: interfacesOf(r.values.Get("interfaces")), from: r.scope.From, to: r.scope.To}
	found, err := c.contributed(ctx, &asked)
	if err != nil {
		return nil, err
	}
	from, to := minutes(asked.from, asked.to)
	out := contributorsAnswer{
		Rule: asked.rule, Ready: found.ready, Statistic: found.statistic, Aggregate: cell{found.aggregate}, Unique: integer(found.unique),
		queryAnswer: queryAnswer{Result: c.results.keep(found.rows), More: found.rows.more, From: &from, To: &to, Notes: found.notes},
	}
	if out.Newest, err = c.newest(ctx); err != nil {
		return nil, err
	}
	out.showRows(found.rows)
	out.Elapsed = c.Now().Sub(began).Milliseconds()
	return out, nil
}

// interfacesOf reads a list of network interfaces.
func interfacesOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// minutes returns the whole minutes of a range, in seconds since the epoch.
func minutes(from, to time.Time) (first, last int64) {
	return from.Unix() / 60 * 60, (to.Unix() + 59) / 60 * 60
}

// contributed finds who contributed.
func (c *console) contributed(ctx context.Context, r *contributorsRequest) (*contributed, error) {
	if r.rule == "" {
		return nil, badParam("rule", "/api/v1/rules lists them", "there is no rule")
	}
	if r.from.IsZero() || r.to.IsZero() {
		return nil, badParam("from", momentHint(c.Now()), "a report needs a range")
	}
	first, last := minutes(r.from, r.to)
	report, err := c.Watching.Rules.Report(ctx, contributor.ReportRequest{Name: r.rule, From: first, To: last, Period: 60, MaxContributors: mostContributors})
	if errors.Is(err, contributor.ErrNoRule) {
		return c.ready(ctx, r)
	}
	if wrong, ok := errors.AsType[*contributor.InvalidError](err); ok {
		return nil, badParam("from", "contributors are kept for 15 days", "%s", wrong.Message)
	}
	if err != nil {
		return nil, err
	}
	if len(r.interfaces) > 0 {
		return nil, notOfInterfaces(r.rule)
	}
	return &contributed{
		rows: rowsOf(report), statistic: report.AggregationStatistic, aggregate: report.AggregateValue, unique: report.UniqueContributors, notes: reportNotes(report),
	}, nil
}

// notOfInterfaces refuses network interfaces for a rule that is not about some.
func notOfInterfaces(rule string) error {
	return badParam("interfaces", "leave them out", "%.80q is not about network interfaces that are named", rule)
}

// rowsOf returns the contributors of a report as rows: its keys and the value.
func rowsOf(report *contributor.Report) *result {
	out := &result{more: report.UniqueContributors > int64(len(report.Contributors))}
	for _, label := range report.KeyLabels {
		out.columns = append(out.columns, query.Column{Name: label, Type: query.Text})
	}
	out.columns = append(out.columns, query.Column{Name: report.AggregationStatistic, Type: query.Float})
	for _, one := range report.Contributors {
		var row []any
		for _, k := range one.Keys {
			row = append(row, k)
		}
		out.add(append(row, one.Value))
	}
	return out
}

// firstNotes says that there are more contributors than are named, where there are.
func firstNotes(named int, unique int64) []string {
	if unique > int64(named) {
		return []string{fmt.Sprintf("These are the first %d of %d contributors; a report names no more.", named, unique)}
	}
	return []string{}
}

// reportNotes says what is to be known of a report.
func reportNotes(report *contributor.Report) []string {
	out := firstNotes(len(report.Contributors), report.UniqueContributors)
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
	found, err := c.contributed(ctx, &contributorsRequest{rule: body.Rule, interfaces: interfacesOf(body.Interfaces), from: from, to: to})
	if err != nil {
		return nil, err
	}
	return found.rows.read(), nil
}
