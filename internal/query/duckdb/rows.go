package duckdb

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/internal/query"
)

// rows is the result of a query.
type rows struct {
	from    rowSource
	session *session
	limit   *limit
	columns []query.Column
	most    int64 // rows at most, 0: any number
	n       int64
	values  []any
	targets []any
	err     error // what Next returns from now on
	stale   query.Stale
	cost    query.Cost
}

// rowSource is where rows come from: DuckDB's driver, which holds all of them, or a spool.
type rowSource interface {
	Next(ctx context.Context) bool
	Scan(targets ...any) error
	Err() error
	Close() error
}

// driverRows are rows of the driver.
type driverRows struct{ *sql.Rows }

// Next goes to the next row.
func (r driverRows) Next(context.Context) bool { return r.Rows.Next() }

// newRows takes over what DuckDB gives, and what is closed with it. columns are
// the result's, or nil where DuckDB says them.
func newRows(from *sql.Rows, s *session, l *limit, most int64, columns []query.Column) (*rows, error) {
	said, err := columnsOf(from)
	if err != nil {
		return nil, err
	}
	if columns == nil {
		columns = said
	}
	return rowsFrom(driverRows{from}, s, l, most, columns), nil
}

func rowsFrom(from rowSource, s *session, l *limit, most int64, columns []query.Column) *rows {
	r := &rows{from: from, session: s, limit: l, most: most, columns: columns, values: make([]any, len(columns)), targets: make([]any, len(columns))}
	for i := range r.values {
		r.targets[i] = &r.values[i]
	}
	return r
}

// columnsOf returns the columns of rows as DuckDB says them.
func columnsOf(from *sql.Rows) ([]query.Column, error) {
	types, err := from.ColumnTypes()
	out := make([]query.Column, len(types))
	for i, t := range types {
		out[i] = query.Column{Name: t.Name(), Type: columnType(t.DatabaseTypeName()), SQLType: t.DatabaseTypeName()}
	}
	return out, err
}

// columnType returns the type of a column of SQL.
func columnType(sqlType string) query.Type {
	switch sqlType {
	case "BOOLEAN":
		return query.Bool
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT":
		return query.Int
	case "FLOAT", "DOUBLE":
		return query.Float
	case "VARCHAR":
		return query.Text
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ":
		return query.Time
	case "MAP(VARCHAR, VARCHAR)":
		return query.TextMap
	}
	return query.Other
}

func (r *rows) Columns() []query.Column { return r.columns }

// Cost says what is read: see [query.CostOf].
func (r *rows) Cost() query.Cost { return r.cost }

// Stale says what the rows rest on: see [query.StaleOf].
func (r *rows) Stale() query.Stale { return r.stale }

func (r *rows) Next() ([]any, error) {
	if r.err != nil {
		return nil, r.err
	}
	if err := r.limit.ctx.Err(); err != nil {
		r.err = r.limit.name(err)
		return nil, r.err
	}
	if !r.from.Next(r.limit.ctx) {
		r.err = io.EOF
		if err := r.from.Err(); err != nil {
			r.err = r.limit.name(named(err, false))
		}
		return nil, r.err
	}
	if r.n++; r.most > 0 && r.n > r.most {
		r.err = fmt.Errorf("%w: more than %d rows", query.ErrLimit, r.most)
		return nil, r.err
	}
	if err := r.from.Scan(r.targets...); err != nil {
		r.err = err
		return nil, err
	}
	for i, v := range r.values {
		var err error
		if r.values[i], err = rowValue(v, &r.columns[i]); err != nil {
			r.err = fmt.Errorf("column %s: %w", r.columns[i].Name, err)
			return nil, r.err
		}
	}
	return r.values, nil
}

func (r *rows) Close() error {
	if r.session == nil {
		return nil
	}
	// The time ends first, so that closing does not wait for a long query.
	r.limit.cancel()
	_ = r.from.Close()
	err := r.session.close()
	r.session = nil
	if r.err == nil {
		r.err = io.EOF
	}
	return err
}

// rowValue returns a value as package query has it.
func rowValue(v any, c *query.Column) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return fitInt(new(big.Int).SetUint64(v)), nil
	case float32:
		return float64(v), nil
	case *big.Int:
		return fitInt(v), nil
	case time.Time:
		return timeValue(v, c), nil
	case duck.OrderedMap:
		return mapValue(&v, c)
	case *duck.OrderedMap:
		return mapValue(v, c)
	}
	return otherValue(v)
}

// fitInt returns an integer as int64 where it fits.
func fitInt(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// timeValue returns a time, or the text of a date or of a time of day.
func timeValue(t time.Time, c *query.Column) any {
	switch c.SQLType {
	case "DATE":
		return t.Format(time.DateOnly)
	case "TIME", "TIMETZ":
		return t.Format("15:04:05.999999")
	}
	return t.UTC()
}

// mapValue returns a map of text, or of anything.
func mapValue(m *duck.OrderedMap, c *query.Column) (any, error) {
	if c.Type == query.TextMap {
		out := map[string]string{}
		for i, k := range m.Keys() {
			v, _ := m.Values()[i].(string)
			out[fmt.Sprint(k)] = v
		}
		if len(out) == 0 {
			return nil, nil
		}
		return out, nil
	}
	out := map[string]any{}
	for i, k := range m.Keys() {
		v, err := rowValue(m.Values()[i], &query.Column{})
		if err != nil {
			return nil, err
		}
		out[fmt.Sprint(k)] = v
	}
	return out, nil
}

// otherValue returns a value of the types that only SQL gives: lists as []any,
// structs as map[string]any, decimals as query.Decimal, intervals and UUIDs as
// text, bytes as text in hexadecimal digits.
func otherValue(v any) (any, error) {
	switch v := v.(type) {
	case duck.Decimal:
		return decimal(v), nil
	case duck.UUID:
		return v.String(), nil
	case []byte:
		if len(v) == 16 {
			// The driver gives UUIDs as bytes.
			var u duck.UUID
			copy(u[:], v)
			return u.String(), nil
		}
		return hex.EncodeToString(v), nil
	case duck.Interval:
		return interval(v), nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = rowValue(v[i], &query.Column{}); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			var err error
			if out[k], err = rowValue(x, &query.Column{}); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: a result of type %T has no form here; cast it to text", query.ErrRefused, v)
}

// decimal returns a decimal with all digits of its scale.
func decimal(d duck.Decimal) query.Decimal {
	digits := new(big.Int).Abs(d.Value).String()
	sign := ""
	if d.Value.Sign() < 0 {
		sign = "-"
	}
	scale := int(d.Scale)
	if scale == 0 {
		return query.Decimal(sign + digits)
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	at := len(digits) - scale
	return query.Decimal(sign + digits[:at] + "." + digits[at:])
}

// interval returns an interval as SQL writes it.
func interval(v duck.Interval) string {
	var parts []string
	if v.Months != 0 {
		parts = append(parts, fmt.Sprintf("%d months", v.Months))
	}
	if v.Days != 0 {
		parts = append(parts, fmt.Sprintf("%d days", v.Days))
	}
	if v.Micros != 0 || len(parts) == 0 {
		parts = append(parts, (time.Duration(v.Micros) * time.Microsecond).String())
	}
	return strings.Join(parts, " ")
}
