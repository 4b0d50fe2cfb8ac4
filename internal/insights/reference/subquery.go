package reference

import (
	"fmt"
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// A set is the values of a query in a query.
type set struct {
	values map[string]bool
}

// equalKey is the same for values that are equal: of numbers by number, else of texts. A boolean is its number.
func equalKey(v value.Value) (string, bool) {
	if f, ok := v.Number(); ok {
		return "n" + value.FormatNumber(f), true
	}
	s, ok := v.Text()
	return "t" + s, ok
}

// has tells whether a value is in the set: Absent where it is absent.
func (s *set) has(v value.Value) value.Value {
	if v.IsAbsent() {
		return value.Absent
	}
	k, ok := equalKey(v)
	return value.Bool(ok && s.values[k])
}

// prepareQuery runs the query of "in (query)" once. It must show one column, or one that is called as the field; what is absent in it is in no set.
func (r *run) prepareQuery(x *insights.In) error {
	if r.sets[x] != nil {
		return nil
	}
	result, err := r.innerQuery(x.Query)
	if err != nil {
		return err
	}
	at := 0
	if len(result.Columns) != 1 {
		if at = slices.Index(result.Columns, nameOf(x.X)); at < 0 {
			return &insights.Error{Span: x.Query.Span, Message: fmt.Sprintf("the query behind in shows %d columns", len(result.Columns)), Hint: "end it with fields or display and one field"}
		}
	}
	s := &set{values: map[string]bool{}}
	for _, row := range result.Rows {
		if k, ok := equalKey(row[at]); ok {
			s.values[k] = true
			*r.env.made += cellBytes + int64(len(k))
		}
		if err := r.tooMuch(); err != nil {
			return err
		}
	}
	r.sets[x] = s
	return nil
}

// innerQuery runs a query in the query. It knows nothing of the rows outside.
func (r *run) innerQuery(q *insights.Query) (*insights.Result, error) {
	inner, err := start(r.ctx, q, r.env, true)
	if err != nil {
		return nil, err
	}
	result, err := inner.finish(q.Commands)
	if err == nil {
		r.also(inner)
	}
	return result, err
}

// also counts what a query in the query read, and keeps its notes.
func (r *run) also(inner *run) {
	r.stats.RecordsScanned += inner.stats.RecordsScanned
	r.stats.BytesScanned += inner.stats.BytesScanned
	r.notes = append(r.notes, inner.notes...)
}
