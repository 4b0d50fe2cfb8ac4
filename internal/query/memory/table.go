package memory

import (
	"context"
	"fmt"
	"slices"

	"weir/internal/query"
)

// table is what goes from stage to stage. Its rows are never written to: those of
// the first stage are the engine's.
type table struct {
	ctx     context.Context
	columns []query.Column
	rows    [][]any

	ticks int
}

// ticksPerCheck is how many rows are handled between two looks at the context.
const ticksPerCheck = 256

// tick counts a row and gives the context's error now and then.
func (t *table) tick() error {
	t.ticks++
	if t.ticks%ticksPerCheck == 0 {
		return context.Cause(t.ctx)
	}
	return nil
}

// apply puts the rows through a stage.
func (t *table) apply(s query.Stage) error {
	columns, err := query.StageColumns(s, t.columns)
	if err != nil {
		return err
	}
	switch s := s.(type) {
	case *query.Filter:
		err = t.filter(s.Where)
	case *query.Extend:
		err = t.extend(s.Columns)
	case *query.Project:
		err = t.project(s.Columns)
	case *query.Aggregate:
		err = t.aggregate(s)
	case *query.Sort:
		err = t.sort(s.Keys)
	case *query.Limit:
		t.rows = t.rows[:min(int64(len(t.rows)), s.N)]
	default:
		err = fmt.Errorf("memory: no stage %T", s)
	}
	t.columns = columns
	return err
}

// compute returns the values of the expressions, one list for each row.
func (t *table) compute(exprs []query.Expr) ([][]any, error) {
	evals := make([]query.Eval, len(exprs))
	for i, e := range exprs {
		eval, _, err := query.Compile(e, t.columns)
		if err != nil {
			return nil, err
		}
		evals[i] = eval
	}
	out := make([][]any, len(t.rows))
	for i, row := range t.rows {
		if err := t.tick(); err != nil {
			return nil, err
		}
		out[i] = make([]any, len(evals))
		for j, eval := range evals {
			v, err := eval(func(c int) any { return row[c] })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", exprs[j], err)
			}
			out[i][j] = v
		}
	}
	return out, nil
}

func (t *table) filter(where query.Expr) error {
	values, err := t.compute([]query.Expr{where})
	if err != nil {
		return err
	}
	var kept [][]any
	for i, row := range t.rows {
		if values[i][0] == true {
			kept = append(kept, row)
		}
	}
	t.rows = kept
	return nil
}

func (t *table) extend(columns []query.Named) error {
	values, err := t.compute(exprsOf(columns))
	if err != nil {
		return err
	}
	for i, row := range t.rows {
		t.rows[i] = slices.Concat(row, values[i])
	}
	return nil
}

func (t *table) project(columns []query.Named) error {
	values, err := t.compute(exprsOf(columns))
	t.rows = values
	return err
}

func exprsOf(columns []query.Named) []query.Expr {
	out := make([]query.Expr, len(columns))
	for i, c := range columns {
		out[i] = c.Expr
	}
	return out
}

// sort orders the rows by the keys' values.
func (t *table) sort(keys []query.SortKey) error {
	exprs := make([]query.Expr, len(keys))
	for i, k := range keys {
		exprs[i] = k.Expr
	}
	values, err := t.compute(exprs)
	if err != nil {
		return err
	}
	type keyed struct{ row, keys []any }
	list := make([]keyed, len(t.rows))
	for i, row := range t.rows {
		list[i] = keyed{row, values[i]}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		for i, k := range keys {
			if c := compareKey(a.keys[i], b.keys[i], k.Desc); c != 0 {
				return c
			}
		}
		return 0
	})
	for i := range list {
		t.rows[i] = list[i].row
	}
	return nil
}

// compareKey orders two values of a sort key: absent ones last in either
// direction.
func compareKey(a, b any, desc bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	case desc:
		return query.Compare(b, a)
	}
	return query.Compare(a, b)
}
