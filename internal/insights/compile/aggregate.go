package compile

import (
	"math/big"
	"strconv"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// aggregates are those that have a form in SQL, by their names in lower case without underscores.
var aggregates = map[string]func(c *compiler, args []Expression) (Expression, bool){
	"count": aggCount, "sum": aggSum, "avg": aggAvg, "min": aggMin, "max": aggMax,
	"stddev": aggStddev, "variance": aggVariance, "pct": aggPct, "percentile": aggPct, "median": aggMedian,
	"countdistinct": aggDistinct,
	"earliest":      aggEarliest, "latest": aggLatest, "sortsfirst": aggSortsFirst, "sortslast": aggSortsLast,
}

// otherAggregates are left to the reference.
var otherAggregates = map[string]bool{
	"values": true, "topk": true, "rate": true, "countovertime": true, "sumovertime": true, "histogram": true,
}

// aggregate compiles a call that is an aggregate; is says that it is one.
func (c *compiler) aggregate(x *insights.Call) (e Expression, ok, is bool) {
	name := strings.ToLower(strings.ReplaceAll(x.Func, "_", ""))
	if otherAggregates[name] {
		return absent, false, true
	}
	f := aggregates[name]
	if f == nil {
		return absent, false, false
	}
	inner := *c
	inner.grouped = false
	inner.names = c.outer
	var args []Expression
	for _, a := range x.Args {
		arg, ok := inner.expression(a)
		if !ok {
			return absent, false, true
		}
		args = append(args, arg)
	}
	e, ok = f(&inner, args)
	return e, ok, true
}

func aggCount(_ *compiler, args []Expression) (Expression, bool) {
	switch {
	case len(args) == 0 || args[0].present():
		return Expression{SQL: "count(*)", Kind: Int}, true
	case args[0].Kind == Absent:
		return constant(value.Number(0)), true
	}
	return Expression{SQL: "count(" + args[0].SQL + ")", Kind: Int}, true
}

func aggSum(_ *compiler, args []Expression) (Expression, bool) {
	if args[0].Kind == Absent {
		return absent, true
	}
	n := args[0].number()
	if integer(&args[0]) {
		// The sum of integers is exact, and rounded once.
		return Expression{SQL: "CAST(sum(" + n + ") AS DOUBLE)", Kind: Float}, true
	}
	return Expression{SQL: FnFinite + "(sum(" + n + "))", Kind: Float}, true
}

// integer says that the value's number is of an integer type.
func integer(e *Expression) bool {
	if e.IsConstant {
		f, ok := e.Constant.Number()
		return ok && f == float64(int64(f))
	}
	return e.Kind == Int || e.Kind == Digits || e.Kind == Bool || e.Kind == Time
}

func aggAvg(_ *compiler, args []Expression) (Expression, bool) {
	if integer(&args[0]) { // as in aggSum
		n := args[0].number()
		return Expression{SQL: "(CAST(sum(" + n + ") AS DOUBLE) / count(" + n + "))", Kind: Float}, true
	}
	return ofNumbers("avg", args)
}

func aggStddev(_ *compiler, args []Expression) (Expression, bool) {
	return ofNumbers("stddev_pop", args)
}

func aggVariance(_ *compiler, args []Expression) (Expression, bool) {
	return ofNumbers("var_pop", args)
}

// ofNumbers compiles an aggregate of DuckDB over the numbers.
func ofNumbers(name string, args []Expression) (Expression, bool) {
	if args[0].Kind == Absent {
		return absent, true
	}
	return Expression{SQL: FnFinite + "(" + name + "(" + args[0].double() + "))", Kind: Float}, true
}

func aggMin(_ *compiler, args []Expression) (Expression, bool) { return extreme("min", &args[0]) }

func aggMax(_ *compiler, args []Expression) (Expression, bool) { return extreme("max", &args[0]) }

// extreme compiles min and max: of the numbers where there are any, else of the texts.
func extreme(f string, e *Expression) (Expression, bool) {
	n := e.number()
	switch {
	case e.Kind == Absent:
		return absent, true
	case e.IsConstant || e.Kind == Tagged:
		return absent, false
	case e.Kind == Time, e.Kind == Float, e.Kind == Int:
		return Expression{SQL: f + "(" + e.SQL + ")", Kind: e.Kind}, true
	case e.Kind == Digits && e.Dash:
		return Expression{
			SQL:  "CASE WHEN count(" + n + ") > 0 THEN 'n' || CAST(" + f + "(" + n + ") AS VARCHAR) WHEN count(*) > 0 THEN 't-' END",
			Kind: Tagged,
		}, true
	case e.Kind == Digits, e.Kind == Bool:
		return Expression{SQL: f + "(" + n + ")", Kind: Int}, true
	case e.Address:
		return Expression{SQL: f + "(" + e.text() + ")", Kind: Text}, true
	}
	return Expression{
		SQL:  "CASE WHEN count(" + n + ") > 0 THEN 'n' || " + FnText + "(" + f + "(" + n + ")) ELSE 't' || " + f + "(" + e.text() + ") END",
		Kind: Tagged,
	}, true
}

func aggMedian(c *compiler, args []Expression) (Expression, bool) {
	return aggPct(c, append(args, constant(value.Number(50))))
}

// aggPct compiles the nearest rank. DuckDB's quantile_disc of k values takes the one at place
// k - floor(k - q*k), which is ceil(q*k), and is exact where q is a decimal.
func aggPct(_ *compiler, args []Expression) (Expression, bool) {
	if len(args) != 2 || !args[1].IsConstant {
		return absent, false
	}
	f, ok := args[1].Constant.Number()
	if !ok || f < 0 || f > 100 {
		return absent, false
	}
	if args[0].Kind == Absent {
		return absent, true
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	r, ok := new(big.Rat).SetString(text)
	_, fraction, _ := strings.Cut(text, ".")
	if !ok || len(fraction) > 12 {
		return absent, false
	}
	q := new(big.Rat).Quo(r, big.NewRat(100, 1)).FloatString(len(fraction) + 2)
	kind := Float
	if integer(&args[0]) {
		kind = Int
	}
	if args[0].Kind == Time {
		kind = Time
	}
	return Expression{SQL: "quantile_disc(" + args[0].number() + ", " + q + ")", Kind: kind}, true
}

func aggDistinct(_ *compiler, args []Expression) (Expression, bool) {
	e := &args[0]
	switch {
	case e.Kind == Absent:
		return constant(value.Number(0)), true
	case e.IsConstant:
		return Expression{SQL: "CAST(count(*) > 0 AS BIGINT)", Kind: Int}, true
	case e.Dash:
		return Expression{SQL: "(count(DISTINCT " + e.SQL + ") + CAST(count(*) > count(" + e.SQL + ") AS BIGINT))", Kind: Int}, true
	case e.Kind == Tagged:
		return Expression{SQL: "count(DISTINCT " + e.text() + ")", Kind: Int}, true
	}
	return Expression{SQL: "count(DISTINCT " + e.SQL + ")", Kind: Int}, true
}

func aggEarliest(c *compiler, args []Expression) (Expression, bool) {
	return c.byTime("arg_min", &args[0])
}

func aggLatest(c *compiler, args []Expression) (Expression, bool) {
	return c.byTime("arg_max", &args[0])
}

// byTime compiles the value at the least or greatest time, among equal times the first or last in the
// order of events.
func (c *compiler) byTime(f string, e *Expression) (Expression, bool) {
	if !c.events {
		return absent, false
	}
	if e.Kind == Absent {
		return absent, true
	}
	var keys []string
	for _, name := range []string{"@timestamp", "@ingestionTime", "@logStream", "@message"} {
		if _, hidden := c.names[name]; hidden {
			return absent, false
		}
		k, ok := c.in.field([]insights.FieldPart{{Name: name}})
		if !ok {
			return absent, false
		}
		keys = append(keys, k.SQL)
	}
	out := Expression{Kind: e.Kind}
	x := e.SQL
	if e.Dash {
		x, out.Kind = e.text(), Text
	}
	out.SQL = f + "(" + x + ", row(" + strings.Join(keys, ", ") + ")) FILTER (WHERE " + x + " IS NOT NULL)"
	return out, true
}

func aggSortsFirst(_ *compiler, args []Expression) (Expression, bool) {
	return sorted("min", &args[0])
}

func aggSortsLast(_ *compiler, args []Expression) (Expression, bool) { return sorted("max", &args[0]) }

// sorted compiles the first or last in the natural order, of values of which none but equal ones are
// at the same place there.
func sorted(f string, e *Expression) (Expression, bool) {
	switch {
	case e.Kind == Absent:
		return absent, true
	case e.IsConstant:
		return absent, false
	case e.Kind == Int || e.Kind == Float || e.Kind == Time || e.Kind == Digits && !e.Dash:
		return Expression{SQL: f + "(" + e.SQL + ")", Kind: e.Kind}, true
	case e.Address:
		return Expression{SQL: "arg_" + f + "(" + e.text() + ", " + FnKey + "(" + e.text() + "))", Kind: Text}, true
	}
	return absent, false
}
