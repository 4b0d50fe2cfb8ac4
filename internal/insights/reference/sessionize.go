package reference

import (
	"cmp"
	"slices"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// defaultSpan is the gap of sessionize where none is given, 30 minutes.
//
// Source: AWS, "sessionize".
const defaultSpan = 30 * 60_000

// sessionize numbers sessions, from 1 on in the order in which they begin: rows of the same fields of which each is not later
// behind the one before than the gap. The order of rows stays. A row without one of the fields or without @timestamp is in none.
//
// Source: AWS, "sessionize".
func (r *run) sessionize(c *insights.Sessionize) error {
	gap := int64(defaultSpan)
	if c.MaxSpan != nil {
		var ok bool
		if gap, ok = c.MaxSpan.Millis(); !ok {
			return &insights.Error{Span: c.MaxSpan.Span, Message: "months, quarters and years have no fixed length", Hint: "write it in days"}
		}
	}
	type visit struct {
		row *Row
		key string
		at  int64
	}
	var visits []visit
	if err := r.each(func(row *Row) {
		r.set(row, c.As, value.Absent)
		values := make([]value.Value, len(c.Fields))
		for i, f := range c.Fields {
			values[i] = row.get(f.Parts)
			if _, ok := values[i].Text(); !ok {
				return
			}
		}
		if at, ok := row.get(timestampPath).Millis(); ok {
			visits = append(visits, visit{row, keyOf(values), at})
		}
	}); err != nil {
		return err
	}
	slices.SortStableFunc(visits, func(a, b visit) int { return cmp.Compare(a.at, b.at) })
	type session struct {
		number float64
		last   int64
	}
	open := map[string]*session{}
	count := 0.0
	for _, v := range visits {
		s := open[v.key]
		if s == nil || v.at-s.last > gap {
			count++
			s = &session{number: count}
			open[v.key] = s
		}
		s.last = v.at
		r.set(v.row, c.As, value.Number(s.number))
	}
	return nil
}
