package cli

import (
	"encoding/json"
	"io"
	"time"

	"weir/internal/insights"
	"weir/internal/insights/value"
	"weir/internal/query"
)

// insightsRows are the rows of a Logs Insights query as those of any other.
type insightsRows struct {
	result  *insights.Result
	columns []query.Column
	table   bool // for people: times keep their milliseconds
	zone    *time.Location
	at      int
	row     []any
}

// newInsightsRows returns the rows of a result. Columns whose values are all numbers, or texts that are,
// count as numbers.
func newInsightsRows(r *insights.Result, table bool, zone *time.Location) *insightsRows {
	out := &insightsRows{result: r, table: table, zone: zone, row: make([]any, len(r.Columns))}
	for i, name := range r.Columns {
		c := query.Column{Name: name, Type: query.Text}
		for _, row := range r.Rows {
			if row[i].IsAbsent() {
				continue
			}
			if _, ok := row[i].Number(); !ok || row[i].Kind() == value.TimeKind {
				c.Type = query.Text
				break
			}
			c.Type = query.Float
		}
		out.columns = append(out.columns, c)
	}
	return out
}

func (r *insightsRows) Columns() []query.Column { return r.columns }
func (r *insightsRows) Close() error            { return nil }

func (r *insightsRows) Next() ([]any, error) {
	if r.at == len(r.result.Rows) {
		return nil, io.EOF
	}
	for i, v := range r.result.Rows[r.at] {
		r.row[i] = r.cell(v)
	}
	r.at++
	return r.row, nil
}

// cell returns a value as rows have it.
func (r *insightsRows) cell(v value.Value) any {
	switch v.Kind() {
	case value.AbsentKind:
		return nil
	case value.NumberKind, value.BoolKind:
		text, _ := v.Text()
		return query.Decimal(text)
	case value.TimeKind:
		millis, _ := v.Millis()
		t := time.UnixMilli(millis).UTC()
		if r.table && millis%1000 != 0 {
			return t.In(r.zone).Format("2006-01-02 15:04:05.000 MST")
		}
		return t
	case value.TextKind:
		text, _ := v.Text()
		return text
	}
	return json.RawMessage(v.String())
}
