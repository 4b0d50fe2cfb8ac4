package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/app"
	"weir/internal/query"
)

func (c *cli) alarmShowCommand() *cobra.Command {
	var f scopeFlags
	n := 5
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show an alarm: its state and why, its values, what it does, what happened",
		Long: `Shows the definition of an alarm, its state and why it is in it, the values of the last
periods with the threshold (of a log alarm those of the last runs of its query), where it is
in ALARM the log events behind that, its actions, and the newest items of its history. JSON
has the alarm as DescribeAlarms shows it.`,
		Example: `  weir alarm show ssh
  weir alarm show ssh --json`,
		Args:              needArgs(1, 1, "the alarm"),
		ValidArgsFunction: c.completeAlarm(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			zone, err := f.zone()
			if err != nil {
				return err
			}
			return c.alarmShow(cmd.Context(), args[0], n, zone)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", n, "show `N` items of the history")
	completeNothing(cmd, "number")
	f.addZone(cmd)
	return cmd
}

// alarmJSON is an alarm in JSON.
type alarmJSON struct {
	Alarm     json.RawMessage `json:"alarm"`
	Silence   *time.Time      `json:"silenced_until,omitempty"`
	Lateness  float64         `json:"lateness_seconds"`
	Period    int64           `json:"period_seconds,omitempty"`
	Threshold *float64        `json:"threshold,omitempty"`
	Values    []valueJSON     `json:"values"`
	Runs      []runJSON       `json:"runs,omitempty"`
	Why       *whyJSON        `json:"why,omitempty"`
	Lacking   string          `json:"lacking,omitempty"`
	History   []shownItem     `json:"history"`
}

type valueJSON struct {
	Time  time.Time `json:"time"`
	Value float64   `json:"value"`
}

// runJSON is a run of a log alarm's query; it may have no value, and how many rows it gave may not be known.
type runJSON struct {
	Time  time.Time `json:"time"`
	Value *float64  `json:"value"`
	Rows  *int64    `json:"rows,omitempty"`
}

type whyJSON struct {
	From       time.Time        `json:"from"`
	To         time.Time        `json:"to"`
	LogGroups  []string         `json:"log_groups"`
	Events     int64            `json:"events"`
	Cut        bool             `json:"cut,omitempty"`
	Sources    []app.AlarmCount `json:"sources"`
	Targets    []app.AlarmCount `json:"targets"`
	Interfaces []app.AlarmCount `json:"interfaces"`
	Says       []string         `json:"says,omitempty"`
	Next       []string         `json:"next"`
}

// alarmShow shows an alarm.
func (c *cli) alarmShow(ctx context.Context, name string, n int, zone *time.Location) error {
	if n < 0 {
		return usage(fmt.Errorf("-n must not be below 0"))
	}
	s, err := c.watched(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	a, err := describeAlarm(ctx, s, name)
	if err != nil {
		return err
	}
	d, err := s.AlarmDetails(ctx, name)
	if err != nil {
		return err
	}
	var items []historyItem
	if n > 0 {
		if items, err = alarmItems(ctx, s, members{"AlarmName": name}, n); err != nil {
			return err
		}
	}
	if c.json {
		return c.printJSON(alarmDocument(a, d, items))
	}
	out := people{c.out}
	row := func(label, text string) { fmt.Fprintf(out, "%-9s  %s\n", label, text) }
	row("alarm", a.Name)
	if a.Description != "" {
		row("about", a.Description)
	}
	state := a.State + " since " + showTime(a.Transitioned.time(), zone)
	if !d.SilencedUntil.IsZero() {
		state += ", silent until " + showTime(d.SilencedUntil, zone)
	}
	row("state", state)
	row("because", a.Reason)
	if a.EvaluationState != "" {
		row("trouble", a.EvaluationState)
	}
	row("watches", a.watches())
	if d.Lateness > 0 {
		row("judged", span(d.Lateness)+" after a period ends, as its data come late")
	}
	for _, act := range []struct {
		of   string
		list []string
	}{{"ALARM", a.AlarmActions}, {"OK", a.OKActions}, {"INSUFFICIENT_DATA", a.InsufficientDataActions}} {
		for _, target := range act.list {
			row("on "+act.of, target)
		}
	}
	if !a.ActionsEnabled {
		row("actions", "are off (EnableAlarmActions)")
	}
	if err := c.alarmValues(d, zone); err != nil {
		return err
	}
	if d.Why != nil {
		printAlarmWhy(out, d.Why, zone)
	}
	if d.Lacking != "" {
		c.note("%s", d.Lacking)
	}
	if len(items) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	for _, i := range items {
		fmt.Fprintf(out, "%s  %s\n", showTime(i.Time.time(), zone), i.Summary)
	}
	return nil
}

// alarmDocument returns an alarm for JSON.
func alarmDocument(a *alarmShown, d *app.AlarmDetails, items []historyItem) alarmJSON {
	out := alarmJSON{Alarm: a.raw, Lateness: d.Lateness.Seconds(), Period: d.Period, Values: []valueJSON{}, Lacking: d.Lacking, History: shownItems(items)}
	if !d.SilencedUntil.IsZero() {
		out.Silence = new(d.SilencedUntil.UTC())
	}
	if !math.IsNaN(d.Threshold) {
		out.Threshold = &d.Threshold
	}
	for _, p := range d.Points {
		out.Values = append(out.Values, valueJSON{time.Unix(p.Time, 0).UTC(), p.Value})
	}
	for _, r := range d.Runs {
		run := runJSON{Time: time.Unix(r.Time, 0).UTC()}
		if !r.Missing {
			run.Value = new(r.Value)
		}
		if r.Rows >= 0 {
			run.Rows = new(r.Rows)
		}
		out.Runs = append(out.Runs, run)
	}
	if w := d.Why; w != nil {
		out.Why = &whyJSON{w.From, w.To, orEmpty(w.LogGroups), w.Events, w.Cut, orEmpty(w.Sources), orEmpty(w.Targets), orEmpty(w.Interfaces), w.Says, orEmpty(w.Next)}
	}
	return out
}

// comparisons are the signs of ComparisonOperator.
var comparisons = map[string]string{
	"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">", "LessThanThreshold": "<", "LessThanOrEqualToThreshold": "<=",
}

// watches says what an alarm watches.
func (a *alarmShown) watches() string {
	switch a.kind {
	case "CompositeAlarm":
		out := a.AlarmRule
		if a.ActionsSuppressor != "" {
			out += ", but for actions while " + a.ActionsSuppressor + " is in ALARM"
		}
		return out
	case "LogAlarm":
		q := a.ScheduledQueryConfiguration
		out := fmt.Sprintf("%s %s %s in %d of %d runs", q.AggregationExpression, comparisons[a.ComparisonOperator], plainFloat(a.Threshold), a.QueryResultsToAlarm, a.QueryResultsToEvaluate)
		return out + fmt.Sprintf(" of %q over %s, %s", q.QueryString, strings.Join(q.LogGroupIdentifiers, ", "), q.ScheduleConfiguration.ScheduleExpression)
	}
	what, period := a.metric()
	m := a.DatapointsToAlarm
	if m == 0 {
		m = a.EvaluationPeriods
	}
	periods := "periods"
	if period > 0 {
		periods += fmt.Sprintf(" of %s", span(time.Duration(period)*time.Second))
	}
	out := fmt.Sprintf("%s %s %s in %d of %d %s", what, comparisons[a.ComparisonOperator], plainFloat(a.Threshold), m, a.EvaluationPeriods, periods)
	if a.TreatMissingData != "" {
		out += ", missing data are " + a.TreatMissingData
	}
	return out
}

// metric says what metric or expression an alarm watches, and its period in seconds, 0 where it does not say.
func (a *alarmShown) metric() (what string, period int) {
	if len(a.Metrics) == 0 {
		what = a.Statistic + a.ExtendedStatistic + " of " + a.Namespace + "/" + a.MetricName
		for i, d := range a.Dimensions {
			what += []string{" of ", ", "}[min(i, 1)] + d.Name + "=" + d.Value
		}
		return what, a.Period
	}
	var of []string
	for i := range a.Metrics {
		q := &a.Metrics[i]
		text := q.Expression
		if q.MetricStat != nil {
			text = q.MetricStat.Stat + " of " + q.MetricStat.Metric.Namespace + "/" + q.MetricStat.Metric.MetricName
			period = max(period, q.MetricStat.Period)
		}
		if q.ReturnData == nil || *q.ReturnData {
			what = text
			continue
		}
		of = append(of, q.ID+" is "+text)
	}
	if len(of) > 0 {
		what += " (" + strings.Join(of, ", ") + ")"
	}
	return what, period
}

// span writes a length of time as flags take it: 1m, 12m, 90s is 1m30s.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// plainFloat writes a number as short as it is exact.
func plainFloat(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// listed are rows of a query that are listed.
type listed struct {
	columns []query.Column
	rows    [][]any
}

// Columns returns the columns.
func (l *listed) Columns() []query.Column { return l.columns }

// Close does nothing.
func (l *listed) Close() error { return nil }

// Next returns the next row.
func (l *listed) Next() ([]any, error) {
	if len(l.rows) == 0 {
		return nil, io.EOF
	}
	row := l.rows[0]
	l.rows = l.rows[1:]
	return row, nil
}

// alarmValues draws the values of an alarm with its threshold.
func (c *cli) alarmValues(d *app.AlarmDetails, zone *time.Location) error {
	of := "periods of " + span(time.Duration(d.Period)*time.Second)
	switch {
	case len(d.Runs) > 0:
		of = "runs"
		c.lastRun(&d.Runs[len(d.Runs)-1], zone)
	case d.Period == 0:
		return nil
	}
	switch len(d.Points) {
	case 0:
		_, err := fmt.Fprintf(c.out, "\nno values in the last %s\n", of)
		return err
	case 1:
		_, err := fmt.Fprintf(c.out, "\n%s  %s, the only value of the last %s\n", showTime(time.Unix(d.Points[0].Time, 0), zone), plainFloat(d.Points[0].Value), of)
		return err
	}
	rows := &listed{columns: []query.Column{{Name: "time", Type: query.Time}, {Name: "value", Type: query.Float}, {Name: "threshold", Type: query.Float}}}
	for _, p := range d.Points {
		rows.rows = append(rows.rows, []any{time.Unix(p.Time, 0), p.Value, d.Threshold})
	}
	fmt.Fprintln(c.out)
	_, err := printChart(c.out, rows, "line", zone)
	return err
}

// lastRun says what the last run of a log alarm's query gave.
func (c *cli) lastRun(r *app.AlarmRun, zone *time.Location) {
	gave := "no value"
	if !r.Missing {
		gave = plainFloat(r.Value)
	}
	if r.Rows >= 0 {
		gave += ", of " + plural(r.Rows, "row")
	}
	fmt.Fprintf(c.out, "%-9s  %s, which gave %s\n", "last run", showTime(time.Unix(r.Time, 0), zone), gave)
}

// printAlarmWhy prints what log events say.
func printAlarmWhy(out people, w *app.AlarmWhy, zone *time.Location) {
	fmt.Fprintln(out)
	for _, line := range w.Says {
		fmt.Fprintln(out, line)
	}
	if len(w.LogGroups) > 0 {
		are := "are"
		if w.Events == 1 {
			are = "is"
		}
		fmt.Fprintf(out, "%s of %s from %s to %s %s behind it:\n", plural(w.Events, "event"), strings.Join(w.LogGroups, ", "), showTime(w.From, zone), showTime(w.To, zone), are)
	}
	for _, part := range []struct {
		title string
		list  []app.AlarmCount
	}{{"where", w.Interfaces}, {"targets", w.Targets}, {"sources", w.Sources}} {
		for i, x := range part.list {
			title := ""
			if i == 0 {
				title = part.title
			}
			line := fmt.Sprintf("  %-8s %8s  %s", title, plainFloat(x.Count), x.Value)
			if x.Name != "" && x.Name != x.Value {
				line += " (" + x.Name + ")"
			}
			fmt.Fprintln(out, line)
		}
	}
	if w.Cut {
		fmt.Fprintln(out, "  there are more events: counts are of the first of them")
	}
	for i, command := range w.Next {
		fmt.Fprintf(out, "%-9s  %s\n", []string{"next", ""}[min(i, 1)], command)
	}
}
