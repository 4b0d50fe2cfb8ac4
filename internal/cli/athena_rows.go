package cli

import (
	"math/big"
	"strconv"
	"time"

	"weir/internal/app"
	"weir/internal/athenasql/types"
	"weir/internal/query"
)

// athenaRows are the rows of a statement of Athena as those of any other query.
type athenaRows struct {
	result  *app.AthenaResult
	columns []query.Column
	// exact keeps dates and times what they are; else they are text, as Athena prints them.
	exact bool
	row   []any
}

// newAthenaRows returns the rows of a result.
func newAthenaRows(r *app.AthenaResult, exact bool) *athenaRows {
	out := &athenaRows{result: r, exact: exact, row: make([]any, len(r.Columns))}
	for _, c := range r.Columns {
		out.columns = append(out.columns, query.Column{Name: c.Name, Type: rowType(c.Type, exact)})
	}
	return out
}

// rowType returns the type that values have in rows.
func rowType(t types.Type, exact bool) query.Type {
	switch t.Kind {
	case types.Boolean:
		return query.Bool
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt:
		return query.Int
	case types.Real, types.Double:
		return query.Float
	case types.Decimal:
		return query.Other
	case types.Date, types.Timestamp, types.TimestampTZ:
		if exact {
			return query.Time
		}
	}
	return query.Text
}

func (r *athenaRows) Columns() []query.Column { return r.columns }
func (r *athenaRows) Close() error            { return r.result.Close() }

func (r *athenaRows) Next() ([]any, error) {
	row, err := r.result.Next()
	if err != nil {
		return nil, err
	}
	for i, v := range row {
		r.row[i] = r.cell(v, r.result.Columns[i].Type)
	}
	return r.row, nil
}

// cell returns a value as rows have it.
func (r *athenaRows) cell(v any, t types.Type) any {
	text, ok := types.Text(v, t)
	if !ok {
		return nil
	}
	switch rowType(t, r.exact) {
	case query.Bool:
		return v == true
	case query.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
		if n, ok := new(big.Int).SetString(text, 10); ok {
			return n
		}
	case query.Float:
		switch v := v.(type) {
		case float64:
			return v
		case float32: // the shortest number that is it, and not its 64 bits
			f, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
			if err == nil {
				return f
			}
		}
	case query.Other:
		return query.Decimal(text)
	case query.Time:
		if at, ok := v.(time.Time); ok {
			return at.UTC()
		}
	}
	return text
}
