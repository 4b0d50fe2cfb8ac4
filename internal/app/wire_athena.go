package app

import (
	"fmt"
	"io"
	"math/big"
	"reflect"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
)

// wireDecimal and wireMap are a decimal and a map of DuckDB's driver as they go over the socket. They have the members and methods by which
// types.Text knows them.
type (
	wireDecimal struct {
		Value *big.Int
		Scale uint8
	}
	wireMap struct{ Names, Elems []any }
)

// Keys returns the keys.
func (m *wireMap) Keys() []any { return m.Names }

// Values returns the values, in the order of the keys.
func (m *wireMap) Values() []any { return m.Elems }

// packAthena returns a value that gob can send.
func packAthena(v any) any {
	switch v := v.(type) {
	case nil, []any, map[string]any:
		switch v := v.(type) {
		case []any:
			out := make([]any, len(v))
			for i := range v {
				out[i] = packAthena(v[i])
			}
			return out
		case map[string]any:
			out := map[string]any{}
			for k, x := range v {
				out[k] = packAthena(x)
			}
			return out
		}
		return absent(0)
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Struct {
		p := reflect.New(r.Type())
		p.Elem().Set(r)
		r = p
	}
	if m, ok := reflect.TypeAssert[interface {
		Keys() []any
		Values() []any
	}](r); ok {
		out := &wireMap{}
		for _, k := range m.Keys() {
			out.Names = append(out.Names, packAthena(k))
		}
		for _, x := range m.Values() {
			out.Elems = append(out.Elems, packAthena(x))
		}
		return out
	}
	switch e := reflect.Indirect(r); {
	case e.Kind() == reflect.Struct:
		value, scale := e.FieldByName("Value"), e.FieldByName("Scale")
		if value.IsValid() && scale.IsValid() && scale.CanUint() {
			if n, ok := reflect.TypeAssert[*big.Int](value); ok && n != nil {
				return wireDecimal{n, uint8(scale.Uint())}
			}
		}
	case e.Kind() == reflect.Array && e.Type().Elem().Kind() == reflect.Uint8: // a UUID
		out := make([]byte, e.Len())
		reflect.Copy(reflect.ValueOf(out), e)
		return out
	}
	return v
}

// unpackAthena undoes packAthena.
func unpackAthena(v any) any {
	switch v := v.(type) {
	case absent:
		return nil
	case []any:
		for i := range v {
			v[i] = unpackAthena(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = unpackAthena(v[k])
		}
	case *wireMap:
		unpackAthena(v.Names)
		unpackAthena(v.Elems)
	}
	return v
}

// athenaHead is what goes over the socket before the rows of a statement, and with them behind.
type athenaHead struct {
	Kind         athenasql.Kind
	SubStatement string
	Columns      []compile.Result
	Statistics   AthenaStatistics
	Notes        []string
}

func (r *AthenaResult) head() athenaHead {
	return athenaHead{r.Kind, r.SubStatement, r.Columns, r.Statistics, r.Notes}
}

// athenaRowsAtOnce is how many rows go in one frame.
const athenaRowsAtOnce = 256

// sendAthena sends the rows of a statement, and its head behind them.
func sendAthena(result *AthenaResult, out *answerer) (athenaHead, error) {
	head := result.head()
	if err := out.send(frame{Athena: &head}); err != nil {
		return head, err
	}
	var some []rowFrame
	flush := func() error {
		rows := some
		some = nil
		if len(rows) == 0 {
			return nil
		}
		return out.send(frame{Rows: rows})
	}
	for {
		row, err := result.Next()
		if err == io.EOF {
			return result.head(), flush()
		}
		if err != nil {
			return head, err
		}
		values := make([]any, len(row))
		for i, v := range row {
			values[i] = packAthena(v)
		}
		if some = append(some, rowFrame{Values: values}); len(some) == athenaRowsAtOnce {
			if err := flush(); err != nil {
				return head, err
			}
		}
	}
}

// unpackRow returns a row as it was before packAthena.
func (f rowFrame) unpackRow(columns int) ([]any, error) {
	if len(f.Values) != columns {
		return nil, fmt.Errorf("%w: a row has %d values, and there are %d columns", ErrStopped, len(f.Values), columns)
	}
	for i := range f.Values {
		f.Values[i] = unpackAthena(f.Values[i])
	}
	return f.Values, nil
}
