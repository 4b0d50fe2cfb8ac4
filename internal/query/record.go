package query

import (
	"fmt"
	"time"

	"weir/flowlog"
)

// RecordValue returns a record's value of a table column (see [TableColumns]), as
// rows hold it: nil where it is absent. An empty map of unknown fields is
// absent. A column that the record's table does not have is absent too.
func RecordValue(r flowlog.Record, column string) any {
	f, ok := flowlog.Lookup(column)
	if !ok || f.Column != column || !f.In(r.Kind()) {
		return nil
	}
	return fieldValue(r, f)
}

// fieldValue returns a record's value of a field.
func fieldValue(r flowlog.Record, f *flowlog.Field) any {
	switch {
	case f.Type == flowlog.Map:
		return unknownFields(r)
	case f.Numeric():
		n, ok := r.Int(f.ID)
		if !ok {
			return nil
		}
		if f.Type == flowlog.Timestamp {
			return time.Unix(n, 0).UTC()
		}
		return n
	}
	if s, ok := r.Text(f.ID); ok {
		return s
	}
	return nil
}

// unknownFields returns the fields that the table does not know, by name, or nil
// where there is none.
func unknownFields(r flowlog.Record) any {
	var m map[string]string
	for name, value := range r.Unknown() {
		if m == nil {
			m = map[string]string{}
		}
		m[name] = value
	}
	if m == nil {
		return nil
	}
	return m
}

// CompileRecord is [Compile] for an expression over the table of a kind. What it
// returns computes the expression over single records of that kind, without a
// lake, and is safe for concurrent use.
func CompileRecord(e Expr, k flowlog.Kind) (func(flowlog.Record) (any, error), Type, error) {
	if err := checkKind(k); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	eval, t, err := Compile(e, TableColumns(k))
	if err != nil {
		return nil, 0, err
	}
	return onRecords(eval, k), t, nil
}

// CompileWhere returns what says whether a record of kind k passes a condition:
// whether it is true, as in [Filter]. It is safe for concurrent use. Errors wrap
// [ErrRefused].
func CompileWhere(where Expr, k flowlog.Kind) (func(flowlog.Record) (bool, error), error) {
	if err := checkKind(k); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	c, err := newCompiler(TableColumns(k)).of(where, boolean.types)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	eval := onRecords(c.eval, k)
	return func(r flowlog.Record) (bool, error) {
		v, err := eval(r)
		return v == true, err
	}, nil
}

// onRecords computes an expression over the columns of a kind's table on records.
func onRecords(eval Eval, k flowlog.Kind) func(flowlog.Record) (any, error) {
	fields := flowlog.Fields(k)
	return func(r flowlog.Record) (any, error) {
		return eval(func(i int) any { return fieldValue(r, fields[i]) })
	}
}
