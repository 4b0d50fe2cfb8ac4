package function

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

var integers = []string{"tinyint", "smallint", "integer", "bigint"}

// ofEach returns a form for each type, in which T stands for it.
func ofEach(signature, sql string, kinds ...string) []Form {
	var out []Form
	for _, k := range kinds {
		out = append(out, Form{Signature: strings.ReplaceAll(signature, "T", k), SQL: sql})
	}
	return out
}

func double(name, sql string) Func {
	return Func{Name: name, Page: "math", Forms: []Form{{Signature: "(double) -> double", SQL: sql}}}
}

// Logarithms and angles of what they are not defined for are NaN or infinite in Java, and errors in DuckDB.
func logarithm(name, arg string) string {
	return "CASE WHEN " + arg + " > 0 THEN " + name + "(" + arg + ") WHEN " + arg + " = 0 THEN '-Infinity'::DOUBLE WHEN " + arg + " IS NOT NULL THEN 'NaN'::DOUBLE END"
}

func angle(name string) Func {
	return double(name, "CASE WHEN isfinite($1) THEN "+name+"($1) WHEN $1 IS NOT NULL THEN 'NaN'::DOUBLE END")
}

func arc(name string) Func {
	return double(name, "CASE WHEN $1 BETWEEN -1 AND 1 THEN "+name+"($1) WHEN $1 IS NOT NULL THEN 'NaN'::DOUBLE END")
}

var mathFuncs = []Func{
	{Name: "abs", Page: "math", Forms: append(ofEach("(T) -> T", "abs($1)", append(integers, "double", "real")...), Form{Signature: "(decimal) -> decimal", SQL: "abs($1)"})},
	{Name: "ceil", Page: "math", Forms: rounds("ceil")},
	{Name: "ceiling", Page: "math", Forms: rounds("ceil")},
	{Name: "floor", Page: "math", Forms: rounds("floor")},
	{Name: "round", Page: "math", Forms: roundForms},
	{Name: "truncate", Page: "math", Forms: truncateForms},
	{Name: "sign", Page: "math", Forms: append(ofEach("(T) -> T", "sign($1)", integers...),
		Form{Signature: "(double) -> double", SQL: "CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS DOUBLE) END"},
		Form{Signature: "(real) -> real", SQL: "CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS FLOAT) END"},
		Form{Signature: "(decimal) -> decimal", Make: func(c *Call) (string, error) {
			c.Result = types.Type{Kind: types.Decimal, Precision: 1}
			return "CAST(sign(" + c.Args[0].SQL + ") AS DECIMAL(1,0))", nil
		}})},
	{Name: "mod", Page: "math", Forms: append(ofEach("(T, T) -> T", "CASE WHEN $2 = 0 THEN "+Fail(athenasql.CodeDivisionByZero, "Division by zero")+" ELSE $1 % $2 END", integers...),
		Form{Signature: "(double, double) -> double", SQL: "fmod($1, $2)"},
		Form{Signature: "(real, real) -> real", SQL: "CAST(fmod($1, $2) AS FLOAT)"},
		Form{Signature: "(decimal, decimal) -> decimal", Make: modDecimal})},
	{Name: "power", Page: "math", Forms: []Form{{Signature: "(double, double) -> double", SQL: "pow($1, $2)"}}},
	{Name: "pow", Page: "math", Forms: []Form{{Signature: "(double, double) -> double", SQL: "pow($1, $2)"}}},
	double("exp", "exp($1)"), double("ln", logarithm("ln", "$1")), double("log2", logarithm("log2", "$1")), double("log10", logarithm("log10", "$1")),
	{Name: "log", Page: "math", Forms: []Form{{Signature: "(double, double) -> double", SQL: "(" + logarithm("ln", "$2") + " / " + logarithm("ln", "$1") + ")"}}},
	double("sqrt", "CASE WHEN $1 < 0 THEN 'NaN'::DOUBLE ELSE sqrt($1) END"), double("cbrt", "trino_cbrt($1)"),
	double("radians", "radians($1)"), double("degrees", "degrees($1)"),
	angle("sin"), angle("cos"), angle("tan"), arc("asin"), arc("acos"), double("atan", "atan($1)"), double("sinh", "sinh($1)"), double("cosh", "cosh($1)"), double("tanh", "tanh($1)"),
	{Name: "atan2", Page: "math", Forms: []Form{{Signature: "(double, double) -> double", SQL: "atan2($1, $2)"}}},
	constant("pi", "pi()"), constant("e", fmt.Sprintf("%v::DOUBLE", math.E)), constant("infinity", "'Infinity'::DOUBLE"), constant("nan", "'NaN'::DOUBLE"),
	{Name: "is_nan", Page: "math", Forms: ofEach("(T) -> boolean", "isnan($1)", "double", "real")},
	{Name: "is_finite", Page: "math", Forms: ofEach("(T) -> boolean", "isfinite($1)", "double")},
	{Name: "is_infinite", Page: "math", Forms: ofEach("(T) -> boolean", "isinf($1)", "double")},
	{Name: "width_bucket", Page: "math", Forms: []Form{
		{Signature: "(double, double, double, bigint) -> bigint", SQL: "trino_width_bucket($1, $2, $3, $4)"},
		{Signature: "(double, array(double)) -> bigint", SQL: when("len($2) = 0", "Bins cannot be an empty array", when("list_sort($2) <> $2", "Bin values are not sorted in ascending order",
			"CASE WHEN $1 IS NOT NULL THEN len(list_filter($2, lambda weir_b: weir_b <= $1)) END"))},
	}},
	{Name: "to_base", Page: "math", Forms: []Form{{Signature: "(bigint, bigint) -> varchar", SQL: "trino_to_base($1, $2)"}}},
	{Name: "from_base", Page: "math", Forms: []Form{{Signature: "(varchar, bigint) -> bigint", SQL: "trino_from_base($1, $2)"}}},
	{Name: "greatest", Page: "comparison", Forms: []Form{{Signature: "(O, O...) -> O", Make: most("greatest")}}},
	{Name: "least", Page: "comparison", Forms: []Form{{Signature: "(O, O...) -> O", Make: most("least")}}},
	{Name: "rand", Page: "math", Forms: randoms},
	{Name: "random", Page: "math", Forms: randoms},
	{Name: "bitwise_and", Page: "bitwise", Forms: []Form{{Signature: "(bigint, bigint) -> bigint", SQL: "($1 & $2)"}}},
	{Name: "bitwise_or", Page: "bitwise", Forms: []Form{{Signature: "(bigint, bigint) -> bigint", SQL: "($1 | $2)"}}},
	{Name: "bitwise_xor", Page: "bitwise", Forms: []Form{{Signature: "(bigint, bigint) -> bigint", SQL: "xor($1, $2)"}}},
	{Name: "bitwise_not", Page: "bitwise", Forms: []Form{{Signature: "(bigint) -> bigint", SQL: "(-1 - $1)"}}},
	{Name: "bitwise_left_shift", Page: "bitwise", Forms: shifts("left")},
	{Name: "bitwise_right_shift", Page: "bitwise", Forms: shifts("right")},
	{Name: "bitwise_right_shift_arithmetic", Page: "bitwise", Forms: shifts("arithmetic")},
	{Name: "bit_count", Page: "bitwise", Forms: []Form{{Signature: "(bigint, bigint) -> bigint", SQL: "trino_bit_count($1, $2)"}}},
}

func constant(name, sql string) Func {
	return Func{Name: name, Page: "math", Forms: []Form{{Signature: "() -> double", SQL: sql}}}
}

// whole is the type of a decimal rounded to a whole number, in which one digit more may be needed.
func wholeOf(t types.Type, more int) types.Type {
	return types.Type{Kind: types.Decimal, Precision: min(38, max(1, t.Precision-t.Scale+more))}
}

func rounds(name string) []Form {
	return append(ofEach("(T) -> T", "$1", integers...),
		Form{Signature: "(double) -> double", SQL: name + "($1)"}, Form{Signature: "(real) -> real", SQL: name + "($1)"},
		Form{Signature: "(decimal) -> decimal", Make: func(c *Call) (string, error) {
			c.Result = wholeOf(c.Args[0].Type, min(c.Args[0].Type.Scale, 1))
			return "CAST(" + name + "(" + c.Args[0].SQL + ") AS " + c.Result.SQL() + ")", nil
		}})
}

var roundForms = append(append(append(ofEach("(T) -> T", "$1", integers...), ofEach("(T) -> T", "round($1)", "double", "real")...),
	Form{Signature: "(decimal) -> decimal", Make: func(c *Call) (string, error) {
		c.Result = wholeOf(c.Args[0].Type, min(c.Args[0].Type.Scale, 1))
		return "CAST(round(" + c.Args[0].SQL + ") AS " + c.Result.SQL() + ")", nil
	}}),
	roundTo("tinyint"), roundTo("smallint"), roundTo("integer"), roundTo("bigint"), roundTo("double"), roundTo("real"),
	Form{Signature: "(decimal, integer) -> decimal", Make: func(c *Call) (string, error) {
		t, n := c.Args[0].Type, c.Args[1].Int
		if n == nil {
			return "", refuse(c, "round of a decimal to a number of digits that is not constant is not supported")
		}
		c.Result = types.Type{Kind: types.Decimal, Precision: min(38, t.Precision+1), Scale: t.Scale}
		sql := c.Args[0].SQL
		if *n < int64(t.Scale) {
			sql = fmt.Sprintf("round(%s, %d)", sql, *n)
		}
		return "CAST(" + sql + " AS " + c.Result.SQL() + ")", nil
	}})

func roundTo(kind string) Form {
	return Form{Signature: "(" + kind + ", integer) -> " + kind, Make: func(c *Call) (string, error) {
		if n := c.Args[1].Int; n != nil && *n >= 0 && c.Args[0].Type.IsInteger() {
			return c.Args[0].SQL, nil
		}
		if c.Args[0].Type.IsInteger() && c.Args[1].Int == nil {
			return fill("CASE WHEN $2 >= 0 THEN $1 ELSE CAST(round($1, $2) AS "+c.Result.SQL()+") END", c)
		}
		return fill("CAST(round($1, $2) AS "+c.Result.SQL()+")", c)
	}}
}

var truncateForms = []Form{
	{Signature: "(double) -> double", SQL: "trunc($1)"},
	{Signature: "(real) -> real", SQL: "trunc($1)"},
	{Signature: "(decimal) -> decimal", Make: func(c *Call) (string, error) {
		c.Result = wholeOf(c.Args[0].Type, 0)
		return "CAST(trunc(" + c.Args[0].SQL + ") AS " + c.Result.SQL() + ")", nil
	}},
	{Signature: "(decimal, bigint) -> decimal", Make: func(c *Call) (string, error) {
		t, n := c.Args[0].Type, c.Args[1].Int
		switch {
		case n == nil || *n < 0:
			return "", refuse(c, "truncate to a number of digits that is negative or not constant is not supported")
		case *n >= int64(t.Scale):
			return c.Args[0].SQL, nil
		}
		unit := fmt.Sprintf("CAST(1e-%d AS DECIMAL(%d,%d))", *n, max(t.Precision, t.Scale+1), t.Scale)
		return fill("CAST($1 - $1 % "+unit+" AS "+t.SQL()+")", c)
	}},
}

func modDecimal(c *Call) (string, error) {
	a, b := c.Args[0].Type, c.Args[1].Type
	scale := max(a.Scale, b.Scale)
	c.Result = types.Type{Kind: types.Decimal, Precision: min(38, min(b.Precision-b.Scale, a.Precision-a.Scale)+scale), Scale: scale}
	common, _ := types.Common(a, b)
	arg := func(i int) string { return "CAST(" + c.Args[i].SQL + " AS " + common.SQL() + ")" }
	return "CASE WHEN " + c.Args[1].SQL + " = 0 THEN " + Fail(athenasql.CodeDivisionByZero, "Division by zero") + " ELSE CAST(" + arg(0) + " % " + arg(1) + " AS " + c.Result.SQL() + ") END", nil
}

// most is NULL where any argument is, which DuckDB passes over.
func most(name string) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		var nulls, all []string
		for i, a := range c.Args {
			if err := repeatable(c, i); err != nil {
				return "", err
			}
			nulls, all = append(nulls, a.SQL+" IS NULL"), append(all, a.SQL)
		}
		return "CASE WHEN " + strings.Join(nulls, " OR ") + " THEN NULL ELSE " + name + "(" + strings.Join(all, ", ") + ") END", nil
	}
}

// randoms are not repeatable: each run of a query gives other values.
var randoms = append([]Form{{Signature: "() -> double", SQL: "random()"}}, append(
	ofEach("(T) -> T", "CAST(floor(random() * "+when("$1 <= 0", "bound must be positive", "$1")+") AS BIGINT)", "bigint"),
	ofEach("(T, T) -> T", "CAST($1 + floor(random() * "+when("$2 <= $1", "start value must be less than stop value", "($2 - $1)")+") AS BIGINT)", "bigint")...)...)

func shifts(direction string) []Form {
	var out []Form
	for i, k := range integers {
		sql := fmt.Sprintf("CAST(trino_shift(CAST($1 AS BIGINT), $2, %d, %s) AS %s)", 8<<i, quote(direction), strings.ToUpper(k))
		out = append(out, Form{Signature: "(" + k + ", bigint) -> " + k, SQL: sql})
	}
	return out
}

var mathNatives = []Native{
	{Name: "trino_cbrt", Args: []string{"DOUBLE"}, Result: "DOUBLE", Do: func(a []any) (any, error) { return math.Cbrt(a[0].(float64)), nil }},
	{Name: "trino_width_bucket", Args: []string{"DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		return widthBucket(a[0].(float64), a[1].(float64), a[2].(float64), a[3].(int64))
	}},
	{Name: "trino_to_base", Args: []string{"BIGINT", "BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		radix := a[1].(int64)
		if radix < 2 || radix > 36 {
			return nil, failed("Radix must be between 2 and 36")
		}
		return strconv.FormatInt(a[0].(int64), int(radix)), nil
	}},
	{Name: "trino_from_base", Args: []string{"VARCHAR", "BIGINT"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		radix := a[1].(int64)
		if radix < 2 || radix > 36 {
			return nil, failed("Radix must be between 2 and 36")
		}
		n, err := strconv.ParseInt(a[0].(string), int(radix), 64)
		if err != nil || strings.Contains(a[0].(string), "_") {
			return nil, failed("Not a valid base-%d number: %s", radix, a[0])
		}
		return n, nil
	}},
	{Name: "trino_shift", Args: []string{"BIGINT", "BIGINT", "BIGINT", "VARCHAR"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		v, by, bits, direction := a[0].(int64), a[1].(int64), a[2].(int64), a[3].(string)
		if by < 0 {
			return nil, failed("Shift must be positive")
		}
		var out uint64
		keep := uint(64 - bits)
		switch {
		case direction == "arithmetic":
			return v >> min(by, 63), nil
		case by >= bits:
		case direction == "left":
			out = uint64(v) << by
		default:
			out = uint64(v) << keep >> keep >> by
		}
		return int64(out<<keep) >> keep, nil
	}},
	{Name: "trino_bit_count", Args: []string{"BIGINT", "BIGINT"}, Result: "BIGINT", Do: func(a []any) (any, error) {
		v, bits := a[0].(int64), a[1].(int64)
		if bits <= 1 || bits > 64 {
			return nil, failed("Bits specified in bit_count must be between 2 and 64, got %d", bits)
		}
		keep := uint(64 - bits)
		if int64(uint64(v)<<keep)>>keep != v {
			return nil, failed("Number must be representable with the bits specified. %d cannot be represented with %d bits", v, bits)
		}
		var n int64
		for u := uint64(v) << keep; u != 0; u &= u - 1 {
			n++
		}
		return n, nil
	}},
}

func widthBucket(x, low, high float64, buckets int64) (any, error) {
	switch {
	case buckets <= 0:
		return nil, failed("bucketCount must be greater than 0")
	case math.IsNaN(x):
		return nil, failed("operand must not be NaN")
	case math.IsNaN(low) || math.IsInf(low, 0):
		return nil, failed("first bound must be finite")
	case math.IsNaN(high) || math.IsInf(high, 0):
		return nil, failed("second bound must be finite")
	case low == high:
		return nil, failed("bounds cannot equal each other")
	}
	var n int64
	switch lower, upper := min(low, high), max(low, high); {
	case x < lower:
		n = 0
	case x >= upper:
		if buckets == math.MaxInt64 {
			return nil, athenasql.Errorf(athenasql.CodeOutOfRange, athenasql.Span{}, "Bucket for value is out of range")
		}
		n = buckets + 1
	default:
		n = int64(float64(buckets)*(x-lower)/(upper-lower) + 1)
	}
	if low > high {
		n = buckets - n + 1
	}
	return n, nil
}
