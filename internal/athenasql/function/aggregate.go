package function

import (
	"fmt"
	"math/big"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// aggregated is a call of DuckDB's aggregate or window function with the arguments as they are, within a template's $$.
func aggregated(name, around string) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		var args []string
		for _, a := range c.Args {
			args = append(args, a.SQL)
		}
		sql := c.Aggregated(name, args...)
		if around != "" {
			sql = strings.ReplaceAll(around, "$$", sql)
		}
		return sql, nil
	}
}

func aggregate(name string, forms ...Form) Func {
	return Func{Name: name, Kind: Aggregate, Page: "aggregate", Forms: forms}
}

func agg(signature, name, around string) Form {
	return Form{Signature: signature, Make: aggregated(name, around)}
}

// finite is NULL for what is no finite number, as Trino has it of correlations and regressions.
const finite = "CASE WHEN isfinite($$) THEN $$ END"

var aggregateFuncs = []Func{
	aggregate("count", agg("(T) -> bigint", "count", ""), Form{Signature: "() -> bigint", Make: func(c *Call) (string, error) { return c.Aggregated("count", "*"), nil }}),
	aggregate("count_if", Form{Signature: "(boolean) -> bigint", Make: func(c *Call) (string, error) {
		return c.Aggregated("count", "CASE WHEN "+c.Args[0].SQL+" THEN 1 END"), nil
	}}),
	aggregate("sum", agg("(bigint) -> bigint", "sum", "CAST($$ AS BIGINT)"), agg("(double) -> double", "sum", ""), agg("(real) -> real", "sum", "CAST($$ AS FLOAT)"),
		Form{Signature: "(decimal) -> decimal", Make: func(c *Call) (string, error) {
			c.Result = types.Type{Kind: types.Decimal, Precision: 38, Scale: c.Args[0].Type.Scale}
			return "CAST(" + c.Aggregated("sum", c.Args[0].SQL) + " AS " + c.Result.SQL() + ")", nil
		}},
		agg("(interval day to second) -> interval day to second", "sum", "CAST($$ AS BIGINT)"), agg("(interval year to month) -> interval year to month", "sum", "CAST($$ AS INTEGER)")),
	aggregate("avg", agg("(bigint) -> double", "avg", ""), agg("(double) -> double", "avg", ""), agg("(real) -> real", "avg", "CAST($$ AS FLOAT)"),
		Form{Signature: "(decimal) -> decimal", Make: func(c *Call) (string, error) {
			sum := c.Aggregated("sum", c.Args[0].SQL)
			return fmt.Sprintf("CAST(trino_decimal_mean(CAST(%s AS VARCHAR), %s, %d) AS %s)", sum, c.Aggregated("count", c.Args[0].SQL), c.Args[0].Type.Scale, c.Args[0].Type.SQL()), nil
		}},
		agg("(interval day to second) -> interval day to second", "avg", "CAST(round($$) AS BIGINT)")),
	aggregate("min", agg("(O) -> O", "min", ""), agg("(O, bigint) -> array(O)", "min", "")),
	aggregate("max", agg("(O) -> O", "max", ""), agg("(O, bigint) -> array(O)", "max", "")),
	aggregate("min_by", by("arg_min")...), aggregate("max_by", by("arg_max")...),
	aggregate("arbitrary", agg("(T) -> T", "any_value", "")), aggregate("any_value", agg("(T) -> T", "any_value", "")),
	aggregate("array_agg", agg("(T) -> array(T)", "list", "")),
	aggregate("listagg", agg("(varchar, varchar) -> varchar", "string_agg", ""), Form{Signature: "(varchar) -> varchar", Make: func(c *Call) (string, error) { return c.Aggregated("string_agg", c.Args[0].SQL, "''"), nil }}),
	aggregate("bool_and", agg("(boolean) -> boolean", "bool_and", "")), aggregate("every", agg("(boolean) -> boolean", "bool_and", "")),
	aggregate("bool_or", agg("(boolean) -> boolean", "bool_or", "")),
	aggregate("set_agg", Form{Signature: "(T) -> array(T)", Make: func(c *Call) (string, error) {
		return c.Aggregated("list", distinctOf(c)), nil
	}}),
	aggregate("set_union", Form{Signature: "(array(T)) -> array(T)", Make: func(c *Call) (string, error) {
		return in("flatten("+c.Aggregated("list", c.Args[0].SQL)+")", "weir_u", distinct("weir_u")), nil
	}}),
	aggregate("approx_distinct", distinctForm("(T) -> bigint"), distinctForm("(T, double) -> bigint")),
	aggregate("approx_percentile", percentileForms...),
	aggregate("approx_most_frequent", frequent("varchar"), frequent("bigint")),
	aggregate("stddev", agg("(double) -> double", "stddev_samp", "")), aggregate("stddev_samp", agg("(double) -> double", "stddev_samp", "")), aggregate("stddev_pop", agg("(double) -> double", "stddev_pop", "")),
	aggregate("variance", agg("(double) -> double", "var_samp", "")), aggregate("var_samp", agg("(double) -> double", "var_samp", "")), aggregate("var_pop", agg("(double) -> double", "var_pop", "")),
	aggregate("corr", agg("(double, double) -> double", "corr", finite)), aggregate("covar_pop", agg("(double, double) -> double", "covar_pop", "")), aggregate("covar_samp", agg("(double, double) -> double", "covar_samp", "")),
	aggregate("regr_slope", agg("(double, double) -> double", "regr_slope", finite)), aggregate("regr_intercept", agg("(double, double) -> double", "regr_intercept", finite)),
	aggregate("geometric_mean", Form{Signature: "(double) -> double", Make: func(c *Call) (string, error) {
		return "exp(" + c.Aggregated("avg", logarithm("ln", c.Args[0].SQL)) + ")", nil
	}}),
	aggregate("kurtosis", agg("(double) -> double", "kurtosis", "")),
	aggregate("skewness", Form{Signature: "(double) -> double", Make: func(c *Call) (string, error) {
		// DuckDB's is that of a sample, Trino's of the population.
		n := c.Aggregated("count", c.Args[0].SQL)
		return "CASE WHEN " + n + " >= 3 THEN " + c.Aggregated("skewness", c.Args[0].SQL) + " * (" + n + " - 2) / sqrt(CAST(" + n + " AS DOUBLE) * (" + n + " - 1)) END", nil
	}}),
	aggregate("bitwise_and_agg", agg("(bigint) -> bigint", "bit_and", "")), aggregate("bitwise_or_agg", agg("(bigint) -> bigint", "bit_or", "")), aggregate("bitwise_xor_agg", agg("(bigint) -> bigint", "bit_xor", "")),
	{Name: "checksum", Kind: Aggregate, Page: "aggregate", Refused: "its hash is Trino's own"},
	{Name: "numeric_histogram", Kind: Aggregate, Page: "aggregate", Refused: "its buckets depend on the order in which rows come; width_bucket with count(*) is exact"},
	{Name: "reduce_agg", Kind: Aggregate, Page: "aggregate", Refused: "DuckDB has no form for it; reduce(array_agg(x), ...) is one"},
	{Name: "entropy", Kind: Aggregate, Page: "aggregate", Refused: "DuckDB's has another meaning"},
	{Name: "approx_set", Kind: Aggregate, Page: "hyperloglog", Refused: "there are no sketches; approx_distinct counts"},
	{Name: "merge", Kind: Aggregate, Page: "hyperloglog", Refused: "there are no sketches"},
	{Name: "tdigest_agg", Kind: Aggregate, Page: "tdigest", Refused: "there are no sketches; approx_percentile is exact"},
	{Name: "qdigest_agg", Kind: Aggregate, Page: "qdigest", Refused: "there are no sketches; approx_percentile is exact"},
}

// by are the forms of min_by and max_by. The value may be NULL, which DuckDB's functions pass over: it is within a STRUCT.
func by(name string) []Form {
	return []Form{
		{Signature: "(V, O) -> V", Make: func(c *Call) (string, error) {
			return "(" + c.Aggregated(name, "{'v': "+c.Args[0].SQL+"}", c.Args[1].SQL) + ").v", nil
		}},
		{Signature: "(V, O, bigint) -> array(V)", Make: func(c *Call) (string, error) {
			return "list_transform(" + c.Aggregated(name, "{'v': "+c.Args[0].SQL+"}", c.Args[1].SQL, c.Args[2].SQL) + ", lambda weir_e: weir_e.v)", nil
		}},
	}
}

// distinctOf is the first argument with DISTINCT, where the call has none.
func distinctOf(c *Call) string {
	if c.Distinct {
		return c.Args[0].SQL
	}
	return "DISTINCT " + c.Args[0].SQL
}

// distinctForm counts exactly: that is within any error that the caller allows, and DuckDB's sketch is not within Trino's 2.3 %.
func distinctForm(signature string) Form {
	return Form{Signature: signature, Make: func(c *Call) (string, error) { return c.Aggregated("count", distinctOf(c)), nil }}
}

// percentileForms give an exact percentile: the least value that at least the fraction of all values is not above.
var percentileForms = []Form{
	{Signature: "(bigint, double) -> bigint", Make: percentile},
	{Signature: "(double, double) -> double", Make: percentile},
	{Signature: "(real, double) -> real", Make: percentile},
	{Signature: "(bigint, array(double)) -> array(bigint)", Make: percentile},
	{Signature: "(double, array(double)) -> array(double)", Make: percentile},
	{Signature: "(real, array(double)) -> array(real)", Make: percentile},
	{Signature: "(double, double, double) -> double", Make: weighted},
	{Signature: "(double, double, array(double)) -> array(double)", Make: weighted},
}

func percentile(c *Call) (string, error) {
	return c.Aggregated("quantile_disc", c.Args[0].SQL, c.Args[1].SQL), nil
}

func weighted(c *Call) (string, error) {
	return "", refuse(c, "approx_percentile with weights is not supported")
}

func frequent(kind string) Form {
	return Form{Signature: "(bigint, " + kind + ", bigint) -> map(" + kind + ", bigint)", Make: func(c *Call) (string, error) {
		n := c.Args[0].Int
		if n == nil || *n < 2 {
			return "", athenasql.Errorf(athenasql.CodeInvalidArgument, c.Args[0].At, "approx_most_frequent bucket count must be greater than one, and a constant")
		}
		counts := "list_transform(map_entries(" + c.Aggregated("histogram", c.Args[1].SQL) + "), lambda weir_e: {'c': -CAST(weir_e.value AS BIGINT), 'v': weir_e.key})"
		return fmt.Sprintf("map_from_entries(list_transform(list_slice(list_sort(%s), 1, %d), lambda weir_e: {'k': weir_e.v, 'v': -weir_e.c}))", counts, *n), nil
	}}
}

func window(name string, forms ...Form) Func {
	return Func{Name: name, Kind: Window, Page: "window", Forms: forms}
}

var windowFuncs = []Func{
	window("row_number", agg("() -> bigint", "row_number", "")), window("rank", agg("() -> bigint", "rank", "")), window("dense_rank", agg("() -> bigint", "dense_rank", "")),
	window("percent_rank", agg("() -> double", "percent_rank", "")), window("cume_dist", agg("() -> double", "cume_dist", "")),
	window("ntile", Form{Signature: "(bigint) -> bigint", Make: func(c *Call) (string, error) {
		if n := c.Args[0].Int; n == nil || *n <= 0 {
			return "", invalid(c.Args[0].At, "Buckets must be greater than 0, and a constant")
		}
		return c.Aggregated("ntile", c.Args[0].SQL), nil
	}}),
	window("lag", shifted("lag")...), window("lead", shifted("lead")...),
	window("first_value", agg("(T) -> T", "first_value", "")), window("last_value", agg("(T) -> T", "last_value", "")),
	window("nth_value", Form{Signature: "(T, bigint) -> T", Make: func(c *Call) (string, error) {
		if n := c.Args[1].Int; n != nil && *n < 1 {
			return "", invalid(c.Args[1].At, "Offset must be at least 1")
		}
		return c.Aggregated("nth_value", c.Args[0].SQL, c.Args[1].SQL), nil
	}}),
}

func shifted(name string) []Form {
	make := func(c *Call) (string, error) {
		if len(c.Args) > 1 {
			n := c.Args[1].Int
			switch {
			case n == nil:
				return "", athenasql.Errorf(athenasql.CodeNotSupported, c.Args[1].At, "an offset of %s that is not constant is not supported", name)
			case *n < 0:
				return "", invalid(c.Args[1].At, "Offset must be at least 0")
			}
		}
		return aggregated(name, "")(c)
	}
	return []Form{{Signature: "(T) -> T", Make: make}, {Signature: "(T, bigint) -> T", Make: make}, {Signature: "(T, bigint, T) -> T", Make: make}}
}

var aggregateNatives = []Native{
	{Name: "trino_decimal_mean", Args: []string{"VARCHAR", "BIGINT", "BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		count, scale := a[1].(int64), int(a[2].(int64))
		if count == 0 {
			return nil, nil
		}
		sum, ok := new(big.Int).SetString(strings.Replace(a[0].(string), ".", "", 1), 10)
		if !ok {
			return nil, failed("no decimal: %s", a[0])
		}
		return decimalText(divideHalfUp(sum, big.NewInt(count)), scale), nil
	}},
}

// divideHalfUp rounds halves away from zero.
func divideHalfUp(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(b) >= 0 {
		q.Add(q, big.NewInt(int64(a.Sign()*b.Sign())))
	}
	return q
}

func decimalText(n *big.Int, scale int) string {
	s := new(big.Int).Abs(n).String()
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	if scale > 0 {
		s = s[:len(s)-scale] + "." + s[len(s)-scale:]
	}
	if n.Sign() < 0 {
		return "-" + s
	}
	return s
}
