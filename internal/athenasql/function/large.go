package function

import (
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// Functions that make a large value of a small argument get by the memory limit: DuckDB does not count what one call builds, and
// does not end it in between. So one may not be within another, nor in a lambda over another's elements.

// large marks the SQL of such a call.
const large = "/*large*/"

var largeFuncs = map[string]bool{"repeat": true, "sequence": true, "lpad": true, "rpad": true}

const (
	longestPad = 10000 // of lpad and rpad
	smallPad   = 100   // of which there may be many
)

// boundLarge returns a call's SQL with its mark, or refuses it.
func (f *Func) boundLarge(c *Call, sql string) (string, error) {
	lists, lambdas := false, false
	for _, a := range c.Args {
		marked := strings.Contains(a.SQL, large)
		lists = lists || marked && a.Lambda == nil
		lambdas = lambdas || marked && a.Lambda != nil
	}
	makes := largeFuncs[f.Name]
	if makes && strings.HasSuffix(f.Name, "pad") {
		n := c.Args[1].Int
		makes = n == nil || *n > smallPad
	}
	if makes && lists || lists && lambdas {
		return "", athenasql.Errorf(athenasql.CodeExceededLimit, c.At, "function %s is not supported of what repeat, sequence, lpad or rpad make: the values become too large", f.Name)
	}
	if makes {
		return large + sql, nil
	}
	return sql, nil
}

// bounded fails where the state of a reduce is too large: each step may double it.
func bounded(t types.Type, sql string) string {
	size := ""
	switch t.Kind {
	case types.Varchar, types.Char, types.JSON:
		size = "strlen(weir_s)"
	case types.Varbinary:
		size = "octet_length(weir_s)"
	case types.Array, types.Map, types.Row:
		size = "strlen(CAST(weir_s AS VARCHAR))"
		if t.Kind == types.Row && !strings.ContainsAny(t.SQL(), "[M") && !strings.Contains(t.SQL(), "VARCHAR") && !strings.Contains(t.SQL(), "BLOB") {
			return sql
		}
	default:
		return sql
	}
	return in(sql, "weir_s", "CASE WHEN "+size+" > 1048576 THEN "+Fail(athenasql.CodeExceededLimit, "a state of reduce is larger than 1 MiB")+" ELSE weir_s END")
}
