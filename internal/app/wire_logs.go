package app

import (
	"fmt"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// wireValue is a value of a Logs Insights query as it goes over the socket.
type wireValue struct {
	Kind   value.Kind
	Number float64
	Text   string
	Keys   []string
	List   []wireValue
}

// packValue returns a value as it goes over the socket.
func packValue(v value.Value) wireValue {
	w := wireValue{Kind: v.Kind(), Keys: v.Keys()}
	switch w.Kind {
	case value.TextKind:
		w.Text, _ = v.Text()
	case value.NumberKind:
		w.Text, _ = v.Text() // a number of JSON has it as it was written
		w.Number, _ = v.Number()
	case value.BoolKind, value.TimeKind:
		w.Number, _ = v.Number()
	case value.ListKind, value.MapKind:
		for _, e := range v.Elements() {
			w.List = append(w.List, packValue(e))
		}
	}
	return w
}

// unpack undoes packValue.
func (w *wireValue) unpack() value.Value {
	switch w.Kind {
	case value.BoolKind:
		return value.Bool(w.Number != 0)
	case value.NumberKind:
		if value.FormatNumber(w.Number) != w.Text {
			if v, ok := value.ParseJSON(w.Text); ok {
				return v
			}
		}
		return value.Number(w.Number)
	case value.TextKind:
		return value.Text(w.Text)
	case value.TimeKind:
		return value.Time(int64(w.Number))
	case value.ListKind, value.MapKind:
		list := make([]value.Value, len(w.List))
		for i := range w.List {
			list[i] = w.List[i].unpack()
		}
		if w.Kind == value.MapKind {
			return value.Map(w.Keys, list)
		}
		return value.List(list)
	}
	return value.Absent
}

// wireResult is the result of a Logs Insights query as it goes over the socket; its rows come before it.
type wireResult struct {
	Columns    []string
	Ptrs       []string
	HasPtrs    bool // gob does not tell none from an empty list
	Notes      []string
	Statistics insights.Statistics
}

// packRows returns rows as they go over the socket.
func packRows(rows [][]value.Value) [][]wireValue {
	out := make([][]wireValue, len(rows))
	for i, row := range rows {
		out[i] = make([]wireValue, len(row))
		for k, v := range row {
			out[i][k] = packValue(v)
		}
	}
	return out
}

// unpackRows undoes packRows. It fails where a row has not a value for each column: gob leaves out nothing,
// so that is another program.
func unpackRows(rows [][]wireValue, columns int) ([][]value.Value, error) {
	var out [][]value.Value
	for _, row := range rows {
		if len(row) != columns {
			return nil, fmt.Errorf("%w: a row has %d values, and there are %d columns", ErrStopped, len(row), columns)
		}
		values := make([]value.Value, len(row))
		for k := range row {
			values[k] = row[k].unpack()
		}
		out = append(out, values)
	}
	return out, nil
}
