package function

import (
	"strconv"
	"strings"

	"weir/internal/athenasql/types"
)

// FloatText returns the SQL of a double's or a real's text as CAST AS varchar gives it: "1.0E0", "NaN", "-Infinity".
func FloatText(sql string, t types.Type) string {
	bits := "64"
	if t.Kind == types.Real {
		bits = "32"
	}
	return "trino_float_text(CAST(" + sql + " AS DOUBLE), " + bits + ")"
}

// castNatives are for what casts need.
var castNatives = []Native{
	{Name: "trino_float_text", Args: []string{"DOUBLE", "BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		f, bits := a[0].(float64), int(a[1].(int64))
		s := types.Float(f, bits)
		if strings.ContainsAny(s, "NI") || f == 0 {
			return strings.Replace(s, "0.0", "0.0E0", 1), nil
		}
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, err := strconv.Atoi(exponent)
		return mantissa + "E" + strconv.Itoa(n), err
	}},
}
