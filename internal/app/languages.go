package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"time"

	"weir/internal/console"
	"weir/internal/dashboard"
	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/query"
	"weir/internal/savedquery"
)

// languages are those in which people ask on the page.
func (v *server) languages() []console.Language {
	return []console.Language{
		{
			Name: "sql", Title: "SQL",
			Range: "The query sees only the records that begin within the range, as with weir query --from and --to.",
			Example: "SELECT srcaddr, sum(bytes) AS bytes\nFROM vpc_flow_logs\nWHERE srcaddr IS NOT NULL\n" +
				"GROUP BY srcaddr\nORDER BY bytes DESC\nLIMIT 10",
			Ask: v.s.askSQL,
		},
		{
			Name: "athena", Title: "Athena SQL",
			Range: "The range does not bound the query: Athena has none beside the text. Write a condition over start or over the partitions.",
			Example: "SELECT srcaddr, sum(bytes) AS bytes\nFROM vpc_flow_logs\nWHERE srcaddr IS NOT NULL\n" +
				"GROUP BY srcaddr\nORDER BY bytes DESC\nLIMIT 10",
			Ask: v.s.askAthena,
		},
		{
			Name: "insights", Title: "Logs Insights",
			Range:   "The range is the start and the end of the query; without SOURCE it asks the log group " + FlowLogsGroup + ".",
			Example: "stats sum(bytes) as bytes by srcAddr\n| sort bytes desc\n| limit 10",
			Ask:     v.s.askInsights,
		},
	}
}

// askSQL runs SQL for the page.
func (s *Local) askSQL(ctx context.Context, q console.Question) (*console.Answer, error) {
	scope := query.Scope{From: q.From, To: q.To}
	limits := q.Limits
	limits.Counted = true
	rows, err := s.engine.RunSQL(ctx, q.Text, scope, limits)
	if err != nil {
		return nil, err
	}
	out := &console.Answer{Rows: rows}
	if cost, ok := query.CostOf(rows); ok {
		out.Read = func() console.Read {
			return console.Read{Bytes: cost.Bytes, Records: cost.Records, Files: len(cost.Files)}
		}
	}
	return out, nil
}

// askInsights runs a query of Logs Insights for the page.
func (s *Local) askInsights(ctx context.Context, q console.Question) (*console.Answer, error) {
	parsed, err := CheckLogsQuery(q.Text)
	if err != nil {
		return nil, textError(err)
	}
	r := LogsQuery{Text: q.Text, Timeout: q.Limits.Timeout, End: s.now().UnixMilli()}
	if parsed.Source == nil {
		r.Groups = []string{FlowLogsGroup}
	}
	if !q.From.IsZero() {
		r.Start = q.From.UnixMilli()
	}
	if !q.To.IsZero() {
		r.End = q.To.UnixMilli() - 1 // the end of the language counts, that of the range does not
	}
	result, err := s.LogsQuery(ctx, r)
	if err != nil {
		return nil, textError(err)
	}
	read := console.Read{Bytes: int64(result.BytesScanned), Records: int64(result.RecordsScanned)}
	return &console.Answer{
		Rows: newLogsRows(result, q.Limits.MaxRows), Notes: result.Notes, Read: func() console.Read { return read },
	}, nil
}

// textError returns an error of the language as that of any text.
func textError(err error) error {
	if wrong, ok := errors.AsType[*insights.Error](err); ok {
		return &query.TextError{Offset: wrong.Start, Length: wrong.End - wrong.Start, Message: wrong.Message, Hint: wrong.Hint}
	}
	return err
}

// logsRows are the rows of a Logs Insights query as those of any other.
type logsRows struct {
	result  *insights.Result
	columns []query.Column
	most    int64 // 0: any number
	at      int
}

// newLogsRows returns the rows of a result. A column whose values are all numbers, truths or times is one of
// these; all others are text.
func newLogsRows(r *insights.Result, most int64) *logsRows {
	out := &logsRows{result: r, most: most}
	for i, name := range r.Columns {
		out.columns = append(out.columns, query.Column{Name: name, Type: logsType(r.Rows, i)})
	}
	return out
}

// logsType returns the type of a column.
func logsType(rows [][]value.Value, column int) query.Type {
	found := query.Type(0)
	for _, row := range rows {
		var t query.Type
		switch row[column].Kind() {
		case value.AbsentKind:
			continue
		case value.NumberKind:
			n, _ := row[column].Number()
			switch {
			case math.Abs(n) > 1<<53: // its text may say more than the number does
				return query.Text
			case n == math.Trunc(n) && found != query.Float:
				t = query.Int
			default:
				t = query.Float
				if found == query.Int {
					found = t
				}
			}
		case value.TimeKind:
			t = query.Time
		case value.BoolKind:
			t = query.Bool
		default:
			return query.Text
		}
		if found != 0 && found != t {
			return query.Text
		}
		found = t
	}
	if found == 0 {
		return query.Text
	}
	return found
}

func (r *logsRows) Columns() []query.Column { return r.columns }
func (r *logsRows) Close() error            { return nil }

func (r *logsRows) Next() ([]any, error) {
	if r.at == len(r.result.Rows) {
		return nil, io.EOF
	}
	if r.most > 0 && int64(r.at) == r.most {
		return nil, fmt.Errorf("%w: there are more than %d rows", query.ErrLimit, r.most)
	}
	row := make([]any, len(r.columns))
	for i, v := range r.result.Rows[r.at] {
		row[i] = logsCell(v, r.columns[i].Type)
	}
	r.at++
	return row, nil
}

// logsCell returns a value as a column of a type has it.
func logsCell(v value.Value, t query.Type) any {
	if v.IsAbsent() {
		return nil
	}
	switch t {
	case query.Int:
		n, _ := v.Number()
		return int64(n)
	case query.Float:
		n, _ := v.Number()
		return n
	case query.Bool:
		return v.True()
	case query.Time:
		millis, _ := v.Millis()
		return time.UnixMilli(millis).UTC()
	}
	if text, ok := v.Text(); ok {
		return text
	}
	return json.RawMessage(v.String())
}

// dashboards returns the store of dashboards of the data directory.
func (s *Local) dashboards() *dashboard.Store[dashboard.Dashboard, *dashboard.Dashboard] {
	return dashboard.NewStore[dashboard.Dashboard](filepath.Join(s.lake.Data(), "dashboards"), s.now, dashboard.Ready()...)
}

// savedQueries returns the store of saved queries of the data directory. Those that come with weir are there
// in each of the languages that they have a text in.
func (s *Local) savedQueries(languages []console.Language) *dashboard.Store[dashboard.SavedQuery, *dashboard.SavedQuery] {
	return dashboard.NewStore(filepath.Join(s.lake.Data(), "queries"), s.now, readyQueries(languages)...)
}

// readyQueries returns the analyses of AWS's integration as saved queries.
func readyQueries(languages []console.Language) (out []dashboard.SavedQuery) {
	texts := map[string]func(*savedquery.Query, savedquery.Fill) (string, error){
		"athena": (*savedquery.Query).Athena, "insights": (*savedquery.Query).Insights,
	}
	for _, l := range languages {
		textOf, ok := texts[l.Name]
		if !ok {
			continue
		}
		for _, q := range savedquery.All() {
			text, err := textOf(q, savedquery.Fill{})
			if err != nil {
				panic(q.Name + ": " + err.Error()) // only what is filled in can be wrong
			}
			doc := dashboard.SavedQuery{
				Head: dashboard.Head{
					Name: q.Name + " (" + l.Title + ")", Description: q.Description, Version: 1,
					ID: "ready-" + l.Name + "-" + q.Name,
				},
				Query: dashboard.Query{Language: l.Name, Text: text, Chart: dashboard.Chart{Kind: "table"}},
			}
			if q.Parameter != "" {
				doc.Description += " Fill in the " + string(q.Parameter) + "."
			}
			out = append(out, doc)
		}
	}
	return out
}
