package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/alarm"
	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/logstore"
)

// mostResults is how many rows a query gives where it does not say it.
const mostResults = 10_000

// maxLogLine bounds a log line in a message, in bytes: fifty have room in one.
const maxLogLine = 500

// checkAlarmQuery checks the query of a log alarm: log groups are named beside it, or its SOURCE chooses them.
func checkAlarmQuery(text string, groups []string) error {
	q, err := CheckLogsQuery(text)
	switch {
	case err != nil:
		return err
	case q.Source == nil && len(groups) == 0:
		return errors.New("the query reads no log group: give LogGroupIdentifiers, or let it begin with SOURCE")
	case q.Source != nil && len(groups) > 0:
		return sourceAndGroups(q)
	}
	return nil
}

// LogResult runs the query of a log alarm. Where stats can stand behind the query it makes the number, of however many rows there are; else the
// number is made of the rows.
func (a *alarmSource) LogResult(ctx context.Context, l *alarm.Log, at int64) (alarm.LogResult, error) {
	aggregation, err := alarm.ParseAggregation(l.Aggregation)
	if err != nil {
		return alarm.LogResult{}, err
	}
	out, err := a.s.logResult(ctx, runOf(l, at), aggregation, l.ActionLogLineCount)
	if wrong, ok := errors.AsType[*insights.Error](err); ok {
		return out, brokenAlarm("The query can't run: %s.", wrong.Message)
	}
	if errors.Is(err, logstore.ErrNoGroup) {
		return out, brokenAlarm("The query can't run: %v.", err)
	}
	return out, err
}

// runOf returns the query of a log alarm as of a time in seconds since the epoch.
func runOf(l *alarm.Log, at int64) LogsQuery {
	groups := make([]string, len(l.LogGroups))
	for i, id := range l.LogGroups {
		groups[i] = groupOfARN(id)
	}
	// The end of what is asked for is in milliseconds and is part of it.
	return LogsQuery{Text: l.Query, Groups: groups, Start: (at - l.StartOffset) * 1000, End: (at-l.EndOffset)*1000 - 1, Now: at * 1000, Live: true}
}

func (s *Local) logResult(ctx context.Context, q LogsQuery, aggregation *alarm.Aggregation, lines int) (alarm.LogResult, error) {
	counted := q
	counted.Text += "\n| stats count(*) as found, " + aggregation.String() + " as aggregated"
	if _, err := CheckLogsQuery(counted.Text); err == nil {
		out, err := s.countedResult(ctx, counted, aggregation)
		if err != nil || lines == 0 {
			return out, err
		}
		q.Limit = int64(lines)
		result, err := s.LogsQuery(ctx, q)
		if err != nil {
			return alarm.LogResult{}, err
		}
		out.Lines = resultLines(result, lines)
		return out, nil
	}
	result, err := s.LogsQuery(ctx, q)
	if err != nil {
		return alarm.LogResult{}, err
	}
	if err := complete(q.Text, result); err != nil {
		return alarm.LogResult{}, err
	}
	column := slices.Index(result.Columns, aggregation.Field)
	if aggregation.Field != "" && column < 0 && len(result.Rows) > 0 {
		return alarm.LogResult{}, brokenAlarm("The query gives no field %s, which AggregationExpression asks for: it gives %s.", aggregation.Field, strings.Join(result.Columns, ", "))
	}
	total := aggregation.Start()
	for _, row := range result.Rows {
		if column < 0 {
			total.Add("", true)
			continue
		}
		total.Add(row[column].String(), !row[column].IsAbsent())
	}
	out := total.Result()
	out.Rows = int64(len(result.Rows))
	out.Lines = resultLines(result, lines)
	return out, nil
}

// countedResult runs a query that gives the number. A count of a field that no row has is missing.
func (s *Local) countedResult(ctx context.Context, q LogsQuery, aggregation *alarm.Aggregation) (alarm.LogResult, error) {
	result, err := s.LogsQuery(ctx, q)
	if err != nil {
		return alarm.LogResult{}, err
	}
	if len(result.Rows) == 0 {
		return aggregation.Start().Result(), nil
	}
	found, aggregated := result.Rows[0][0], result.Rows[0][1]
	rows, err := strconv.ParseInt(found.String(), 10, 64)
	if err != nil {
		return alarm.LogResult{}, fmt.Errorf("count(*) is %s: %w", found, err)
	}
	v, err := strconv.ParseFloat(aggregated.String(), 64)
	if aggregated.IsAbsent() || err != nil || v == 0 && aggregation.Function == "count" && aggregation.Field != "" {
		return alarm.LogResult{Missing: true, Rows: rows}, nil //nolint:nilerr // what is no number is missing
	}
	return alarm.LogResult{Value: v, Rows: rows}, nil
}

// complete refuses rows that are not all, where the query does not say so itself.
func complete(text string, result *insights.Result) error {
	if len(result.Rows) < mostResults {
		return nil
	}
	q, err := CheckLogsQuery(text)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(q.Commands, func(c insights.Command) bool { _, is := c.(*insights.Limit); return is }) {
		return nil
	}
	return brokenAlarm("The query gives %d rows or more: let it count them by stats, or give it a limit.", mostResults)
}

// resultLines returns the first rows as log lines.
func resultLines(result *insights.Result, most int) []string {
	var out []string
	for _, row := range result.Rows[:min(len(result.Rows), most)] {
		line := resultLine(result.Columns, row)
		if len(line) > maxLogLine {
			line = strings.ToValidUTF8(line[:maxLogLine], "") + "..."
		}
		out = append(out, line)
	}
	return out
}

// resultLine writes a row of a query as a log line: its message, or all its fields.
func resultLine(columns []string, row []value.Value) string {
	if i := slices.Index(columns, "@message"); i >= 0 {
		return row[i].String()
	}
	var parts []string
	for i, c := range columns {
		if !row[i].IsAbsent() {
			parts = append(parts, c+"="+row[i].String())
		}
	}
	return strings.Join(parts, " ")
}
