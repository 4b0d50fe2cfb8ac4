package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"

	duck "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
)

// registerAthena adds the functions in Go that the SQL of Athena's queries calls. Only their SQL may: the gate refuses
// them in others.
//
// It also keeps DuckDB from computing an expression that stands twice once for all rows: where both stand in a coalesce, it would be computed
// for rows that need neither, and what fails there ends the query.
func registerAthena(conn *sql.Conn) error {
	if _, err := conn.ExecContext(context.Background(), "SET GLOBAL disabled_optimizers = 'common_subexpressions'"); err != nil {
		return err
	}
	for _, n := range function.Natives() {
		if err := duck.RegisterScalarUDF(conn, n.Name, athenaFunc{n}); err != nil {
			return fmt.Errorf("function %s: %w", n.Name, err)
		}
	}
	return registerTwins(conn)
}

// athenaFunc is a native as DuckDB calls it.
type athenaFunc struct{ native function.Native }

var athenaTypes = map[string]duck.Type{
	"VARCHAR": duck.TYPE_VARCHAR, "BIGINT": duck.TYPE_BIGINT, "DOUBLE": duck.TYPE_DOUBLE, "BOOLEAN": duck.TYPE_BOOLEAN,
	"TIMESTAMP": duck.TYPE_TIMESTAMP, "TIMESTAMPTZ": duck.TYPE_TIMESTAMP_TZ, "BLOB": duck.TYPE_BLOB,
}

func athenaType(name string) duck.TypeInfo {
	elem, list := strings.CutSuffix(name, "[]")
	info, err := duck.NewTypeInfo(athenaTypes[elem])
	if err == nil && list {
		info, err = duck.NewListInfo(info)
	}
	if err != nil {
		panic(err) // a simple type
	}
	return info
}

// Config says the types of the function.
func (f athenaFunc) Config() duck.ScalarFuncConfig {
	c := duck.ScalarFuncConfig{ResultTypeInfo: athenaType(f.native.Result)}
	for _, a := range f.native.Args {
		c.InputTypeInfos = append(c.InputTypeInfos, athenaType(a))
	}
	return c
}

// Executor calls the native for the rows of a chunk: what has texts and numbers alone without the driver's boxes.
func (f athenaFunc) Executor() duck.ScalarFuncExecutor {
	plain := []string{"VARCHAR", "BIGINT", "DOUBLE"}
	slow := !slices.Contains(append(plain, "BOOLEAN", "TIMESTAMP", "TIMESTAMPTZ"), f.native.Result)
	for _, a := range f.native.Args {
		slow = slow || !slices.Contains(append(plain, "TIMESTAMP", "TIMESTAMPTZ"), a)
	}
	if slow {
		return duck.ScalarFuncExecutor{RowExecutor: f.row}
	}
	return duck.ScalarFuncExecutor{ChunkContextExecutor: func(_ context.Context, chunk *duck.ChunkIteratorState) error {
		vector, err := rawVector(chunk.GetResultVector())
		if err != nil {
			return err
		}
		return f.chunk(chunk.GetInputChunk(), result{vector})
	}}
}

// do calls the native. The driver calls from C: a panic would end the process, with all other queries in it.
func (f athenaFunc) do(args []any) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("function %s broke: %v", f.native.Name, p)
		}
	}()
	v, err = f.native.Do(args)
	if e, ok := errors.AsType[*athenasql.Error](err); ok {
		err = errors.New(function.FailText(e.Code, e.Message))
	}
	return v, err
}

func (f athenaFunc) row(values []driver.Value) (any, error) {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return f.do(args)
}

// chunk sets the rows of a result. A row whose arguments are those of the row before has its value.
func (f athenaFunc) chunk(in *duck.DataChunk, out result) error {
	columns := make([]athenaColumn, len(f.native.Args))
	for i, t := range f.native.Args {
		var err error
		if columns[i], err = newAthenaColumn(in, i, t); err != nil {
			return err
		}
	}
	rows := newAthenaRows(out, f.native.Result)
	args, last := make([]any, len(columns)), make([]any, len(columns))
	var value any
	for row := range in.GetSize() {
		null, same := false, true
		for i, c := range columns {
			v, equal, err := c.get(row, last[i])
			if err != nil {
				return err
			}
			null, same = null || v == nil, same && equal
			args[i] = v
		}
		if null {
			rows.texts.nulls = append(rows.texts.nulls, row) // twins handle NULL themselves, see athenaTwin
			continue
		}
		if !same || row == 0 || value == nil {
			var err error
			if value, err = f.do(args); err != nil {
				return err
			}
			copy(last, args)
		}
		if err := rows.set(row, value); err != nil {
			return err
		}
	}
	out.setNull(rows.texts.nulls)
	return nil
}

// athenaColumn is an argument of the rows of a chunk: texts, or numbers of 8 bytes.
type athenaColumn struct {
	kind    string
	texts   duck.VectorView[string]
	numbers []int64
	valid   []uint64 // a bit for each row, nil: all are
}

func newAthenaColumn(in *duck.DataChunk, i int, kind string) (athenaColumn, error) {
	c := athenaColumn{kind: kind}
	var err error
	if kind == "VARCHAR" {
		c.texts, err = textArg(in, i)
		return c, err
	}
	if c.numbers, err = numberArg(in, i); err != nil {
		return c, err
	}
	v, err := in.GetVector(i)
	if err != nil {
		return c, err
	}
	raw, err := rawVector(v)
	if mask := mapping.VectorGetValidity(raw); mask != nil {
		c.valid = unsafe.Slice((*uint64)(mask), (in.GetSize()+63)/64)
	}
	return c, err
}

// get returns the value of a row, nil for NULL, and whether it is the one of before.
func (c athenaColumn) get(row int, last any) (v any, same bool, err error) {
	if c.kind == "VARCHAR" {
		s, valid, err := c.texts.GetValueBorrowed(row)
		if err != nil || !valid {
			return nil, false, err
		}
		if before, ok := last.(string); ok && before == s {
			return last, true, nil
		}
		return strings.Clone(s), false, nil
	}
	if c.valid != nil && c.valid[row/64]>>(row%64)&1 == 0 {
		return nil, false, nil
	}
	switch n := c.numbers[row]; c.kind {
	case "BIGINT":
		v = n
	case "DOUBLE":
		v = *(*float64)(unsafe.Pointer(&n))
	default:
		v = time.UnixMicro(n).UTC()
	}
	return v, v == last, nil
}

// athenaRows sets the rows of a result.
type athenaRows struct {
	texts   *textRows // whose nulls are those of all kinds
	kind    string
	bools   []bool
	numbers []int64
	doubles []float64
}

func newAthenaRows(out result, kind string) athenaRows {
	r := athenaRows{texts: newTextRows(out), kind: kind}
	switch kind {
	case "BOOLEAN":
		r.bools = out.bools()
	case "DOUBLE":
		r.doubles = out.doubles()
	default:
		r.numbers = unsafe.Slice((*int64)(mapping.VectorGetData(out.vector)), mapping.VectorSize())
	}
	return r
}

func (r athenaRows) set(row int, value any) error {
	switch v := value.(type) {
	case nil:
		r.texts.nulls = append(r.texts.nulls, row)
	case string:
		r.texts.set(row, v, true)
		return r.texts.tooLong()
	case bool:
		r.bools[row] = v
	case int64:
		r.numbers[row] = v
	case float64:
		r.doubles[row] = v
	case time.Time:
		r.numbers[row] = v.UnixMicro()
	default:
		return fmt.Errorf("a function gives %T for %s", value, r.kind)
	}
	return nil
}
