package duckdb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/internal/query"
)

// ipFunc is a scalar function of text, as DuckDB calls it. On dictionary-coded
// columns DuckDB calls it once for each text of the dictionary, so that it costs
// little whatever it does.
type ipFunc struct {
	args   []duck.Type
	result duck.Type
	call   func(args []driver.Value) (any, error)
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
	return duck.ScalarFuncExecutor{RowExecutor: f.call}
}

// Register adds the address functions to a DuckDB connection, under the names that
// plans have for them, so that other databases can be asked the same questions.
func Register(conn *sql.Conn) error {
	cidrs := cidrCache{}
	functions := map[query.Func]ipFunc{
		query.IPIn: {
			args: []duck.Type{duck.TYPE_VARCHAR, duck.TYPE_VARCHAR}, result: duck.TYPE_BOOLEAN,
			call: func(args []driver.Value) (any, error) {
				cidr, err := cidrs.parse(args[1].(string))
				if err != nil {
					return nil, err
				}
				if in, ok := query.IPInCIDR(args[0].(string), cidr); ok {
					return in, nil
				}
				return nil, nil
			},
		},
		query.IPClass: {
			args: []duck.Type{duck.TYPE_VARCHAR}, result: duck.TYPE_VARCHAR,
			call: func(args []driver.Value) (any, error) {
				if class, ok := query.IPClassOf(args[0].(string)); ok {
					return class, nil
				}
				return nil, nil
			},
		},
		query.IPPrefix: {
			args: []duck.Type{duck.TYPE_VARCHAR, duck.TYPE_BIGINT}, result: duck.TYPE_VARCHAR,
			call: func(args []driver.Value) (any, error) {
				bits := args[1].(int64)
				if bits < 0 || bits > 128 {
					return nil, nil
				}
				if p, ok := query.IPPrefixOf(args[0].(string), int(bits)); ok {
					return p, nil
				}
				return nil, nil
			},
		},
	}
	for name, f := range functions {
		if err := duck.RegisterScalarUDF(conn, string(name), f); err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
	}
	return nil
}
