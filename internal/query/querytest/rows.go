package querytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/query"
)

// tolerance is how far two numbers may differ, as part of their size.
const tolerance = 1e-9

// answer runs a plan to its end and returns its rows. It checks that the engine
// gives the columns that the plan says, and values of the columns' types.
func answer(ctx context.Context, e query.Engine, p query.Plan, l query.Limits) (_ [][]any, err error) {
	want, checkErr := p.Check()
	rows, err := e.Run(ctx, p, l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if checkErr != nil {
		return nil, fmt.Errorf("the engine took a plan that is refused: %v", checkErr)
	}
	if diff := cmp.Diff(want, plain(rows.Columns())); diff != "" {
		return nil, fmt.Errorf("columns of %s (-want +got):\n%s", formatPlan(p), diff)
	}
	var out [][]any
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if err := checkRow(want, row); err != nil {
			return nil, err
		}
		out = append(out, slices.Clone(row))
	}
}

// plain returns the columns without the engine's own type names.
func plain(columns []query.Column) []query.Column {
	out := slices.Clone(columns)
	for i := range out {
		out[i].SQLType = ""
	}
	return out
}

// checkRow checks that a row's values are of the types of its columns.
func checkRow(columns []query.Column, row []any) error {
	if len(row) != len(columns) {
		return fmt.Errorf("a row has %d values for %d columns", len(row), len(columns))
	}
	for i, v := range row {
		if v != nil && !hasType(v, columns[i].Type) {
			return fmt.Errorf("column %s is %s, but a row holds %T %v", columns[i].Name, columns[i].Type, v, v)
		}
	}
	return nil
}

// hasType reports whether a present value is one of a type, in the one form that
// [query.Type] says.
func hasType(v any, t query.Type) bool {
	switch x := v.(type) {
	case bool:
		return t == query.Bool
	case int64:
		return t == query.Int
	case *big.Int:
		return t == query.Int && !x.IsInt64()
	case float64:
		return t == query.Float && !math.IsNaN(x) && !math.IsInf(x, 0)
	case string:
		return t == query.Text
	case time.Time:
		return t == query.Time && x.Location() == time.UTC
	case map[string]string:
		return t == query.TextMap && len(x) > 0
	}
	return false
}

// diffRows says how the rows differ, or "". The order counts where ordered is set.
func diffRows(want, got [][]any, ordered bool) string {
	if ordered {
		for i := range min(len(want), len(got)) {
			if !equalRows(want[i], got[i]) {
				return fmt.Sprintf("row %d:\n\twant %s\n\tgot  %s", i+1, formatRow(want[i]), formatRow(got[i]))
			}
		}
	}
	missing, extra := unmatched(want, got)
	if len(missing)+len(extra) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows, want %d", len(got), len(want))
	for _, side := range []struct {
		sign string
		rows [][]any
	}{{"missing", missing}, {"too much", extra}} {
		for _, row := range side.rows[:min(len(side.rows), 8)] {
			fmt.Fprintf(&b, "\n\t%s: %s", side.sign, formatRow(row))
		}
	}
	return b.String()
}

// unmatched returns the rows that have no equal row on the other side. Rows that
// are the same to the last digit find each other first, lest a row takes a near
// one that another row needs.
func unmatched(want, got [][]any) (missing, extra [][]any) {
	missing, extra = pair(want, got, formatRow, func(_, _ []any) bool { return true })
	return pair(missing, extra, exactPart, equalRows)
}

// pair pairs rows of both sides that have the same key and are equal, and returns
// those that are left.
func pair(want, got [][]any, key func([]any) string, equal func(a, b []any) bool) (missing, extra [][]any) {
	left := map[string][][]any{}
	for _, row := range got {
		left[key(row)] = append(left[key(row)], row)
	}
	for _, row := range want {
		k := key(row)
		i := slices.IndexFunc(left[k], func(other []any) bool { return equal(row, other) })
		if i < 0 {
			missing = append(missing, row)
			continue
		}
		left[k] = slices.Delete(left[k], i, i+1)
	}
	for _, k := range slices.Sorted(maps.Keys(left)) {
		extra = append(extra, left[k]...)
	}
	return missing, extra
}

// exactPart returns the row as text, without the digits of its numbers.
func exactPart(row []any) string {
	masked := slices.Clone(row)
	for i, v := range masked {
		if _, ok := v.(float64); ok {
			masked[i] = 0.0
		}
	}
	return formatRow(masked)
}

func equalRows(a, b []any) bool { return slices.EqualFunc(a, b, equalValues) }

func equalValues(a, b any) bool {
	x, xok := a.(float64)
	y, yok := b.(float64)
	if xok && yok {
		return x == y || math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))
	}
	return formatValue(a) == formatValue(b)
}

// formatRow returns a row as scripts write it.
func formatRow(row []any) string {
	out := make([]string, len(row))
	for i, v := range row {
		out[i] = formatValue(v)
	}
	return strings.Join(out, ", ")
}

func formatValue(v any) string {
	m, ok := v.(map[string]string)
	if !ok {
		return (&query.Literal{Value: v}).String()
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, formatValue(name)+": "+formatValue(m[name]))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}
