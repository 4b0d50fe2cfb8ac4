package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"unsafe"

	duck "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"weir/flowlog"
	"weir/internal/athenasql/function"
	"weir/internal/query"
)

// ipFunc is a scalar function of an address, as DuckDB calls it: for up to 2,048 rows
// at once, or for the texts of a dictionary, where it is small. Neighbouring rows often
// have the same address, since the lake's files are in the order of srcaddr.
type ipFunc struct {
	args   []duck.Type
	result duck.Type
	call   func(in *duck.DataChunk, out result) error
}

func (f ipFunc) Config() duck.ScalarFuncConfig {
	var c duck.ScalarFuncConfig
	for _, t := range f.args {
		info, err := duck.NewTypeInfo(t)
		if err != nil {
			panic(err) // a simple type
		}
		c.InputTypeInfos = append(c.InputTypeInfos, info)
	}
	info, err := duck.NewTypeInfo(f.result)
	if err != nil {
		panic(err)
	}
	c.ResultTypeInfo = info
	return c
}

func (f ipFunc) Executor() duck.ScalarFuncExecutor {
	return duck.ScalarFuncExecutor{ChunkContextExecutor: func(_ context.Context, chunk *duck.ChunkIteratorState) error {
		vector, err := rawVector(chunk.GetResultVector())
		if err != nil {
			return err
		}
		return f.call(chunk.GetInputChunk(), result{vector})
	}}
}

// rawVector returns DuckDB's vector behind the driver's, which shows texts only, and
// other values one by one, each boxed: those took 10 times as long as the functions.
func rawVector(v duck.Vector) (mapping.Vector, error) {
	inner := reflect.ValueOf(v).FieldByName("v")
	if inner.Kind() == reflect.Pointer && !inner.IsNil() {
		if vec := inner.Elem().FieldByName("vec"); vec.IsValid() && vec.Type() == reflect.TypeFor[mapping.Vector]() {
			return mapping.Vector{Ptr: vec.FieldByName("Ptr").UnsafePointer()}, nil
		}
	}
	return mapping.Vector{}, fmt.Errorf("the driver's vectors are not as they were: %T", v)
}

// result is what a function returns, a row for each of the chunk. Rows with an argument
// that is NULL are NULL whatever is set.
type result struct{ vector mapping.Vector }

func (r result) bools() []bool {
	return unsafe.Slice((*bool)(mapping.VectorGetData(r.vector)), mapping.VectorSize())
}

func (r result) texts() []mapping.StringT {
	return unsafe.Slice((*mapping.StringT)(mapping.VectorGetData(r.vector)), mapping.VectorSize())
}

// setNull makes rows NULL. The mask has a bit for each row, 64 in a number, as DuckDB's C API
// says of duckdb_vector_get_validity; to have each row's set by DuckDB took longer than the rest.
func (r result) setNull(rows []int) {
	if len(rows) == 0 {
		return
	}
	mapping.VectorEnsureValidityWritable(r.vector)
	mask := unsafe.Slice((*uint64)(mapping.VectorGetValidity(r.vector)), (mapping.VectorSize()+63)/64)
	for _, row := range rows {
		mask[row/64] &^= 1 << (row % 64)
	}
}

// textArg returns an argument of the rows of a chunk.
func textArg(in *duck.DataChunk, i int) (duck.VectorView[string], error) {
	v, err := in.GetVector(i)
	if err != nil {
		return duck.VectorView[string]{}, err
	}
	return duck.GetVectorView[string](v)
}

// numberArg returns an argument of the rows of a chunk; where it is NULL, any number.
func numberArg(in *duck.DataChunk, i int) ([]int64, error) {
	v, err := in.GetVector(i)
	if err != nil {
		return nil, err
	}
	raw, err := rawVector(v)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*int64)(mapping.VectorGetData(raw)), in.GetSize()), nil
}

// eachAddress calls do with the rows whose first argument is not NULL. same says that
// the address is the one of the call before.
func eachAddress(in *duck.DataChunk, do func(row int, addr string, same bool) error) error {
	addrs, err := textArg(in, 0)
	if err != nil {
		return err
	}
	last, any := "", false
	for row := range addrs.Len() {
		addr, valid, err := addrs.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if !valid {
			continue
		}
		if err := do(row, addr, any && addr == last); err != nil {
			return err
		}
		last, any = addr, true
	}
	return nil
}

// ipIn is ip_in(address, CIDR).
func ipIn(in *duck.DataChunk, out result) error {
	cidrs, err := textArg(in, 1)
	if err != nil {
		return err
	}
	var text string
	var cidr netip.Prefix
	var is, ok bool
	var nulls []int
	to := out.bools()
	err = eachAddress(in, func(row int, addr string, same bool) error {
		switch t, valid, err := cidrs.GetValueBorrowed(row); {
		case err != nil:
			return err
		case !valid:
			cidr = netip.Prefix{} // of this address nothing is known for the next row
			return nil
		case t != text || !cidr.IsValid(): // it is nearly always a constant
			if cidr, err = query.ParseCIDR(t); err != nil {
				return err
			}
			text, same = t, false
		}
		if !same {
			is, ok = query.IPInCIDR(addr, cidr)
		}
		if to[row] = is; !ok {
			nulls = append(nulls, row)
		}
		return nil
	})
	out.setNull(nulls)
	return err
}

// ipInAny is [function.AnyNetwork]: like ip_in, of a list of networks with commas between them.
func ipInAny(in *duck.DataChunk, out result) error {
	lists, err := textArg(in, 1)
	if err != nil {
		return err
	}
	var text string
	var networks *query.Networks
	var is, ok bool
	var nulls []int
	to := out.bools()
	err = eachAddress(in, func(row int, addr string, same bool) error {
		switch t, valid, err := lists.GetValueBorrowed(row); {
		case err != nil:
			return err
		case !valid:
			networks = nil // of this address nothing is known for the next row
			return nil
		case t != text || networks == nil: // it is a constant
			if networks, err = query.ParseNetworks(t); err != nil {
				return err
			}
			text, same = strings.Clone(t), false
		}
		if !same {
			is, ok = networks.Has(addr)
		}
		if to[row] = is; !ok {
			nulls = append(nulls, row)
		}
		return nil
	})
	out.setNull(nulls)
	return err
}

// ipClass is ip_class(address).
func ipClass(in *duck.DataChunk, out result) error {
	return setTextsOf(in, out, query.IPClassOf)
}

// ipPrefix is ip_prefix(address, bits).
func ipPrefix(in *duck.DataChunk, out result) error {
	bits, err := numberArg(in, 1)
	if err != nil {
		return err
	}
	return setTexts(in, out, func(row int, addr string) (string, bool) {
		n := bits[row]
		if n < 0 || n > math.MaxUint8 { // more than any family has
			return "", false
		}
		return query.IPPrefixOf(addr, int(n))
	})
}

// setTexts sets what f returns for each row; false is NULL. A text that was set in a row
// stands in the vector's memory, and is not written again for others.
func setTexts(in *duck.DataChunk, out result, f func(row int, addr string) (string, bool)) error {
	t := newTextRows(out)
	err := eachAddress(in, func(row int, addr string, _ bool) error {
		text, ok := f(row, addr)
		t.set(row, text, ok)
		return nil
	})
	out.setNull(t.nulls)
	return err
}

// setTextsOf sets what f returns for each address alone; false is NULL.
func setTextsOf(in *duck.DataChunk, out result, f func(addr string) (string, bool)) error {
	t := newTextRows(out)
	text, ok := "", false
	err := eachAddress(in, func(row int, addr string, same bool) error {
		if !same {
			text, ok = f(addr)
		}
		t.set(row, text, ok)
		return t.tooLong()
	})
	out.setNull(t.nulls)
	return err
}

// maxChunkBytes bounds the texts that a function gives for one chunk of rows, which DuckDB does not count as
// its memory.
const maxChunkBytes = 512 << 20

// tooLong is the error where texts are longer than that.
func (t *textRows) tooLong() error {
	if t.bytes > maxChunkBytes {
		return fmt.Errorf("a function makes more than %d MiB of texts of %d rows: filter before it, or make shorter ones", maxChunkBytes>>20, mapping.VectorSize())
	}
	return nil
}

// textRows sets the rows of a result.
type textRows struct {
	out      result
	to       []mapping.StringT
	known    map[string]mapping.StringT // by text
	lastText string
	last     mapping.StringT
	nulls    []int
	bytes    int // of different texts
}

func newTextRows(out result) *textRows {
	return &textRows{out: out, to: out.texts(), known: map[string]mapping.StringT{}}
}

// set sets a row to a text; ok says that there is one.
func (t *textRows) set(row int, text string, ok bool) {
	if !ok {
		t.nulls = append(t.nulls, row)
		return
	}
	if text != t.lastText {
		t.lastText = text
		if t.last, ok = t.known[text]; !ok {
			mapping.VectorAssignStringElement(t.out.vector, mapping.IdxT(row), text)
			t.last = t.to[row]
			t.known[text] = t.last
			t.bytes += len(text)
		}
	}
	t.to[row] = t.last
}

// portName is port_name(port, protocol).
func portName(in *duck.DataChunk, out result) error {
	ports, err := numberArg(in, 0)
	if err != nil {
		return err
	}
	protocols, err := numberArg(in, 1)
	if err != nil {
		return err
	}
	t := newTextRows(out)
	for row := range in.GetSize() {
		name, ok := flowlog.PortName(ports[row], protocols[row])
		t.set(row, name, ok)
	}
	out.setNull(t.nulls)
	return nil
}

// Register adds the functions of addresses and ports to a DuckDB connection, under the names that
// plans have for them, so that other databases can be asked the same questions.
func Register(conn *sql.Conn) error {
	functions := map[query.Func]ipFunc{
		query.IPIn:          {[]duck.Type{duck.TYPE_VARCHAR, duck.TYPE_VARCHAR}, duck.TYPE_BOOLEAN, ipIn},
		function.AnyNetwork: {[]duck.Type{duck.TYPE_VARCHAR, duck.TYPE_VARCHAR}, duck.TYPE_BOOLEAN, ipInAny},
		query.IPClass:       {[]duck.Type{duck.TYPE_VARCHAR}, duck.TYPE_VARCHAR, ipClass},
		query.IPPrefix:      {[]duck.Type{duck.TYPE_VARCHAR, duck.TYPE_BIGINT}, duck.TYPE_VARCHAR, ipPrefix},
		query.PortName:      {[]duck.Type{duck.TYPE_BIGINT, duck.TYPE_BIGINT}, duck.TYPE_VARCHAR, portName},
	}
	for name, f := range functions {
		if err := duck.RegisterScalarUDF(conn, string(name), f); err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
	}
	return nil
}
