package compile

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// unary compiles -x, +x and NOT x.
func (e *env) unary(x *athenasql.Unary) value {
	if n, ok := x.Of.(*athenasql.Integer); ok && x.Operator == "-" {
		// -9223372036854775808 is one number.
		return e.c.integer("-"+n.Text, x.Span)
	}
	v := e.expr(x.Of)
	if x.Operator == "NOT" {
		if v.typ.Kind != types.Boolean && v.typ.Kind != types.Unknown {
			e.c.fail(athenasql.CodeTypeMismatch, v.at, "Value of logical NOT expression must evaluate to a boolean (actual: %s)", v.typ)
		}
		return value{sql: "(NOT " + e.c.coerce(v, boolean).sql + ")", typ: boolean, constant: v.constant}
	}
	interval := v.typ.Kind == types.IntervalDay || v.typ.Kind == types.IntervalYear
	if !v.typ.IsNumeric() && !interval && v.typ.Kind != types.Unknown || x.Operator == "+" && interval {
		e.c.fail(athenasql.CodeTypeMismatch, x.Span, "Cannot negate or apply unary %s to %s", x.Operator, v.typ)
	}
	if x.Operator == "+" || v.null {
		return v
	}
	out := value{sql: "(-" + v.sql + ")", typ: v.typ, constant: v.constant, finite: v.finite}
	switch {
	case v.num != nil && *v.num != -1<<63:
		return integerOf(-*v.num, v.typ)
	case v.digits != "" && strings.HasPrefix(v.digits, "-"):
		return decimalOf(v.digits[1:], v.typ)
	case v.digits != "":
		return decimalOf("-"+v.digits, v.typ)
	case v.typ.IsInteger() || interval:
		// DuckDB's minus of a whole number keeps its type; 0 - x of the least number is an error in both.
		out.sql = "(CAST(0 AS " + v.typ.SQL() + ") - " + v.sql + ")"
	}
	return out
}

// binary compiles the operators between two values.
func (e *env) binary(x *athenasql.BinaryOp) value {
	switch x.Operator {
	case "AND", "OR":
		return e.logical(x)
	}
	l, r := e.expr(x.Left), e.expr(x.Right)
	switch x.Operator {
	case "=", "<>", "<", "<=", ">", ">=":
		return e.c.compare(x.Operator, l, r, x.OperatorAt)
	case "||":
		return e.concat(x, l, r)
	}
	return e.c.arithmetic(x.Operator, l, r, x.OperatorAt)
}

// logical compiles AND and OR. Long chains are flat in SQL.
func (e *env) logical(x *athenasql.BinaryOp) value {
	var sides []athenasql.Expr
	var add func(athenasql.Expr)
	add = func(side athenasql.Expr) {
		if b, ok := side.(*athenasql.BinaryOp); ok && b.Operator == x.Operator {
			add(b.Left)
			add(b.Right)
			return
		}
		sides = append(sides, side)
	}
	add(x)
	var plain []string
	var terms []athenasql.Expr
	constant := true
	together := e.networks(x.Operator, sides)
	for i, side := range sides {
		v := e.expr(side)
		if v.typ.Kind != types.Boolean && v.typ.Kind != types.Unknown {
			e.c.fail(athenasql.CodeTypeMismatch, v.at, "Logical expression term must evaluate to a boolean (actual: %s)", v.typ)
		}
		constant = constant && v.constant
		sql, in := together[i]
		switch {
		case in && sql == "":
			continue // said by one before
		case !in:
			sql = e.c.coerce(v, boolean).sql
		}
		plain, terms = append(plain, sql), append(terms, side)
	}
	var parts []string
	for i, term := range terms {
		parts = append(parts, e.guarded(x.Operator, plain[:i], term, plain[i]))
	}
	return value{sql: "(" + strings.Join(parts, " "+x.Operator+" ") + ")", typ: boolean, constant: constant}
}

// mismatch ends with the error of an operator between types that have none.
func (c *compiler) mismatch(operator string, l, r value, at athenasql.Span) {
	hint := mixed(l.typ, r.typ)
	if hint == fromSeconds && (operator == "+" || operator == "-") {
		hint = "a span of time is written INTERVAL '7' DAY"
	}
	panic(bail{athenasql.Errorf(athenasql.CodeTypeMismatch, at, "Cannot apply operator: %s %s %s", l.typ, operator, r.typ).WithHint(hint)})
}

// fromSeconds is what to do about a number beside a time: the times of flow logs are numbers.
const fromSeconds = "from_unixtime(x) is the time of seconds since 1970, to_unixtime(t) the seconds of a time"

// mixed is what to do about two types that have no common one, "" where there is nothing to say.
func mixed(l, r types.Type) string {
	if r.IsText() {
		l, r = r, l
	}
	isTime := func(t types.Type) bool { return isMoment(t) || t.Kind == types.Date }
	if l.IsNumeric() && isTime(r) || isTime(l) && r.IsNumeric() {
		return fromSeconds
	}
	if !l.IsText() {
		return ""
	}
	switch {
	case r.IsNumeric():
		return "a number is written without quotes, a text with them: CAST(x AS bigint), CAST(x AS varchar)"
	case r.Kind == types.Date:
		return "a date is written DATE '2026-01-31'"
	case isMoment(r):
		return "a timestamp is written TIMESTAMP '2026-01-31 12:00:00'"
	case r.Kind == types.IPAddress:
		return "an address is written IPADDRESS '10.0.0.1', or CAST(x AS ipaddress)"
	}
	return ""
}

func isMoment(t types.Type) bool { return t.Kind == types.Timestamp || t.Kind == types.TimestampTZ }

// compare compiles a comparison. A column beside a constant stays as it is where that is exact, so that DuckDB can use its statistics.
func (c *compiler) compare(operator string, l, r value, at athenasql.Span) value {
	t, ok := types.Common(l.typ, r.typ)
	if !ok {
		c.mismatch(operator, l, r, at)
	}
	if sql, ok := bounded(operator, l, r); ok {
		return value{sql: sql, typ: boolean, constant: l.constant && r.constant}
	}
	equality := operator == "=" || operator == "<>"
	if !t.Comparable() || !equality && !t.Orderable() {
		c.mismatch(operator, l, r, at)
	}
	out := value{typ: boolean, constant: l.constant && r.constant}
	if l.items != nil && r.items != nil && equality {
		return c.compareRows(operator, l, r, at)
	}
	if len(t.Elems) > 0 {
		c.hinted("compare their elements", athenasql.CodeNotSupported, at, "comparing values of type %s is not supported", t)
	}
	lsql, rsql := c.comparable(l, r, t)
	out.sql = "(" + lsql + " " + operator + " " + rsql + ")"
	if nan := nanOf(l, lsql, r, rsql); nan != "" && (t.Kind == types.Double || t.Kind == types.Real) {
		// In DuckDB NaN equals itself and is the greatest; in Trino it is neither equal to anything nor less nor greater.
		result := "FALSE"
		if operator == "<>" {
			result = "TRUE"
		}
		out.sql = "(CASE WHEN " + nan + " THEN CASE WHEN " + lsql + " IS NOT NULL AND " + rsql + " IS NOT NULL THEN " + result + " END ELSE " + out.sql + " END)"
	}
	return out
}

// turned are the operators from right to left.
var turned = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}

// bounded compares a whole number with a constant that is none, or from_unixtime of a whole number with a constant time, as whole numbers: x > 1.5 is x > 1.
// Beyond 2^53 a double is not every whole number, and nothing is said.
func bounded(operator string, l, r value) (string, bool) {
	if turned[operator] == "" {
		return "", false
	}
	if r.seconds != "" || r.typ.IsInteger() && r.num == nil && l.float != nil {
		l, r, operator = r, l, turned[operator]
	}
	var x string
	var bound float64
	switch {
	case l.seconds != "" && r.moment != nil && r.typ.Kind != types.Date:
		// Microseconds of a day in reach are exact in a double.
		x, bound = l.seconds, float64(r.moment.UnixMicro())/1e6
	case l.typ.IsInteger() && l.num == nil && r.float != nil:
		x, bound = l.sql, *r.float
	default:
		return "", false
	}
	if !(math.Abs(bound) < 1<<53) {
		return "", false
	}
	whole := math.Floor(bound)
	switch {
	case whole == bound:
	case operator == "=":
		return "", false
	case operator == ">=" || operator == "<":
		whole++ // x >= 1.5 is x >= 2, and x < 1.5 is x < 2
	}
	return fmt.Sprintf("(%s %s %.0f)", x, operator, whole), true
}

// compareRows compares rows that are written in place, field by field.
func (c *compiler) compareRows(operator string, l, r value, at athenasql.Span) value {
	parts := make([]string, len(l.items))
	for i := range l.items {
		parts[i] = c.compare("=", l.items[i], r.items[i], at).sql
	}
	sql := "(" + strings.Join(parts, " AND ") + ")"
	if operator == "<>" {
		sql = "(NOT " + sql + ")"
	}
	return value{sql: sql, typ: boolean, constant: l.constant && r.constant}
}

// nanOf is the condition that one of two values is NaN, "" where neither can be.
func nanOf(l value, lsql string, r value, rsql string) string {
	var nan []string
	if !l.finite && l.typ.Kind != types.Decimal && !l.typ.IsInteger() {
		nan = append(nan, "isnan("+lsql+")")
	}
	if !r.finite && r.typ.Kind != types.Decimal && !r.typ.IsInteger() {
		nan = append(nan, "isnan("+rsql+")")
	}
	return strings.Join(nan, " OR ")
}

// comparable returns the SQL of two values as they are compared in their common type.
func (c *compiler) comparable(l, r value, t types.Type) (string, string) {
	if l.typ.IsInteger() && r.typ.IsInteger() {
		// DuckDB widens whole numbers as Trino does.
		return bare(l), bare(r)
	}
	// A decimal without a fraction beside a whole number is one too.
	if n, ok := whole(r); ok && l.typ.IsInteger() {
		return l.sql, n
	}
	if n, ok := whole(l); ok && r.typ.IsInteger() {
		return n, r.sql
	}
	if t.Kind == types.Char {
		// Blanks at the end are no part of a char; where order counts, they are lower than what else could follow.
		pad := func(v value) string {
			return "rpad(rtrim(" + c.coerce(v, t).sql + ", ' '), " + fmt.Sprint(t.Length) + ", ' ')"
		}
		if t.Length > 1<<10 {
			pad = func(v value) string { return "rtrim(" + c.coerce(v, t).sql + ", ' ')" }
		}
		return pad(l), pad(r)
	}
	return c.coerce(l, t).sql, c.coerce(r, t).sql
}

// bare is a whole number without a cast, as it stands beside a column.
func bare(v value) string {
	if v.num != nil {
		return fmt.Sprint(*v.num)
	}
	return v.sql
}

// whole returns a literal decimal without a fraction as a whole number that a bigint can hold.
func whole(v value) (string, bool) {
	if v.digits == "" {
		return "", false
	}
	n, fraction, _ := strings.Cut(v.digits, ".")
	i, ok := new(big.Int).SetString(n, 10)
	if !ok || !i.IsInt64() || strings.Trim(fraction, "0") != "" {
		return "", false
	}
	return i.String(), true
}

// isDistinct compiles IS [NOT] DISTINCT FROM.
func (e *env) isDistinct(x *athenasql.IsDistinct) value {
	l, r := e.expr(x.Left), e.expr(x.Right)
	t, ok := types.Common(l.typ, r.typ)
	if !ok || !t.Comparable() {
		e.c.mismatch("IS DISTINCT FROM", l, r, x.Span)
	}
	ls, rs := e.c.comparable(l, r, t)
	return value{sql: "(" + ls + " IS" + not(x.Not) + " DISTINCT FROM " + rs + ")", typ: boolean, constant: l.constant && r.constant}
}

// between compiles x [NOT] BETWEEN low AND high, which is x >= low AND x <= high.
func (e *env) between(x *athenasql.Between) value {
	of, low, high := e.expr(x.Of), e.expr(x.Low), e.expr(x.High)
	for _, bound := range []value{low, high} {
		if t, ok := types.Common(of.typ, bound.typ); !ok || !t.Orderable() {
			err := attempt(func() { e.c.mismatch("BETWEEN", of, bound, x.Span) })
			if placed, ok := err.(*athenasql.Error); ok { //nolint:errorlint // what attempt returns is not wrapped
				placed.Message = fmt.Sprintf("Cannot check if %s is BETWEEN %s and %s", of.typ, low.typ, high.typ)
			}
			check(err)
		}
	}
	a, b := e.c.compare(">=", of, low, x.Span), e.c.compare("<=", of, high, x.Span)
	sql := "(" + a.sql + " AND " + b.sql + ")"
	if x.Not {
		sql = "(NOT " + sql + ")"
	}
	return value{sql: sql, typ: boolean, constant: of.constant && low.constant && high.constant}
}

// in compiles x [NOT] IN (list) or (query).
func (e *env) in(x *athenasql.In) value {
	if x.Query != nil {
		return e.inQuery(x)
	}
	of := e.expr(x.Of)
	values := []value{of}
	constant := of.constant
	simple := true
	for _, item := range x.List {
		v := e.expr(item)
		values = append(values, v)
		constant = constant && v.constant
		simple = simple && (v.num != nil && of.typ.IsInteger() || v.text != nil && of.typ.Kind == types.Varchar)
	}
	var sql string
	t := e.c.common(values, "IN value and list items")
	if simple || t.Kind != types.Double && t.Kind != types.Real && t.Kind != types.Char && len(t.Elems) == 0 {
		list := make([]string, len(values))
		for i, v := range values {
			list[i] = bare(v)
			if !simple {
				list[i] = e.c.coerce(v, t).sql
			}
		}
		sql = "(" + list[0] + not(x.Not) + " IN (" + strings.Join(list[1:], ", ") + "))"
	} else {
		parts := make([]string, len(values)-1)
		for i, v := range values[1:] {
			parts[i] = e.c.compare("=", of, v, v.at).sql
		}
		sql = "(" + strings.Join(parts, " OR ") + ")"
		if x.Not {
			sql = "(NOT " + sql + ")"
		}
	}
	return value{sql: sql, typ: boolean, constant: constant}
}

// like compiles LIKE.
func (e *env) like(x *athenasql.Like) value {
	of, pattern := e.expr(x.Of), e.expr(x.Pattern)
	varchar := types.Type{Kind: types.Varchar}
	for _, v := range []value{of, pattern} {
		if !v.typ.IsText() && v.typ.Kind != types.Unknown {
			e.c.hinted("cast it: CAST(x AS varchar)", athenasql.CodeTypeMismatch, v.at, "Left side of LIKE expression must evaluate to a varchar (actual: %s)", v.typ)
		}
	}
	sql := "(" + e.c.asText(of).sql + not(x.Not) + " LIKE " + e.c.asText(pattern).sql
	constant := of.constant && pattern.constant
	if x.Escape != nil {
		escape := e.expr(x.Escape)
		if escape.text == nil || pattern.text == nil {
			e.c.fail(athenasql.CodeNotSupported, escape.at, "ESCAPE is supported where the pattern and the escape character are constants")
		}
		checkPattern(e.c, *pattern.text, *escape.text, x)
		sql += " ESCAPE " + e.c.coerce(escape, varchar).sql
	}
	return value{sql: sql + ")", typ: boolean, constant: constant}
}

// checkPattern refuses an escape that is no single character or escapes what needs none.
func checkPattern(c *compiler, pattern, escape string, x *athenasql.Like) {
	runes := []rune(escape)
	if len(runes) != 1 {
		c.fail(athenasql.CodeInvalidArgument, x.Escape.Position(), "Escape string must be a single character")
	}
	if len(escape) > 1 {
		c.fail(athenasql.CodeNotSupported, x.Escape.Position(), "an escape character outside of ASCII is not supported")
	}
	p := []rune(pattern)
	for i := 0; i < len(p); i++ {
		if p[i] != runes[0] {
			continue
		}
		if i++; i == len(p) || p[i] != '%' && p[i] != '_' && p[i] != runes[0] {
			c.fail(athenasql.CodeInvalidArgument, x.Pattern.Position(), "Escape character must be followed by '%%', '_' or the escape character itself")
		}
	}
}

// concat compiles ||.
func (e *env) concat(x *athenasql.BinaryOp, l, r value) value {
	constant := l.constant && r.constant
	binary := types.Type{Kind: types.Varbinary}
	switch {
	case l.typ.Kind == types.Array || r.typ.Kind == types.Array:
		return e.function("concat", x.Span, l, r)
	case l.typ.Kind == types.Varbinary && types.Coerces(r.typ, binary), r.typ.Kind == types.Varbinary && types.Coerces(l.typ, binary):
		return value{sql: "(" + e.c.coerce(l, binary).sql + " || " + e.c.coerce(r, binary).sql + ")", typ: binary, constant: constant}
	}
	for _, v := range []value{l, r} {
		if !v.typ.IsText() && v.typ.Kind != types.Unknown {
			e.c.hinted("cast it: CAST(x AS varchar)", athenasql.CodeTypeMismatch, x.OperatorAt, "Cannot apply operator: %s || %s", l.typ, r.typ)
		}
	}
	t := types.Type{Kind: types.Varchar}
	if l.typ.Length > 0 && r.typ.Length > 0 {
		t.Length = l.typ.Length + r.typ.Length
	}
	return value{sql: "(" + e.c.asText(l).sql + " || " + e.c.asText(r).sql + ")", typ: t, constant: constant}
}

// arithmetic compiles + - * / and %.
func (c *compiler) arithmetic(operator string, l, r value, at athenasql.Span) value {
	if !l.typ.IsNumeric() && l.typ.Kind != types.Unknown || !r.typ.IsNumeric() && r.typ.Kind != types.Unknown {
		return c.dateArithmetic(operator, l, r, at)
	}
	t, _ := types.Common(l.typ, r.typ)
	constant := l.constant && r.constant
	switch t.Kind {
	case types.Unknown:
		return value{sql: "NULL", null: true, constant: true}
	case types.Double, types.Real:
		return c.floats(operator, c.coerce(l, t), c.coerce(r, t), t, constant)
	case types.Decimal:
		return c.decimals(operator, l, r, at)
	}
	a, b := c.coerce(l, t), c.coerce(r, t)
	out := value{typ: t, constant: constant}
	switch operator {
	case "/":
		out.sql = c.guarded(a, b, "("+a.sql+" // "+b.sql+")")
	case "%":
		out.sql = c.guarded(a, b, "("+a.sql+" % "+b.sql+")")
	default:
		out.sql = "(" + a.sql + " " + operator + " " + b.sql + ")"
	}
	return out
}

// guarded makes the division by zero an error; DuckDB's is NULL.
func (c *compiler) guarded(a, b value, sql string) string {
	if b.num != nil && *b.num != 0 || b.digits != "" && strings.Trim(b.digits, "-0.") != "" {
		return sql
	}
	return "(CASE WHEN " + b.sql + " = 0 AND " + a.sql + " IS NOT NULL THEN " + failing(athenasql.CodeDivisionByZero, "Division by zero") + " ELSE " + sql + " END)"
}

// floats compiles the arithmetic of doubles and reals: that of IEEE 754 in both.
func (c *compiler) floats(operator string, a, b value, t types.Type, constant bool) value {
	return value{sql: "(" + a.sql + " " + operator + " " + b.sql + ")", typ: t, constant: constant}
}

// decimals compiles the arithmetic of decimals with the precision and scale of Trino.
//
// Source: Trino documentation, "Decimal functions and operators".
func (c *compiler) decimals(operator string, l, r value, at athenasql.Span) value {
	a, b := c.toDecimal(l), c.toDecimal(r)
	p1, s1, p2, s2 := a.typ.Precision, a.typ.Scale, b.typ.Precision, b.typ.Scale
	scale := max(s1, s2)
	if operator == "/" && scale == 38 {
		c.fail(athenasql.CodeNotSupported, at, "dividing decimals of 38 places is not supported")
	}
	t := types.Type{Kind: types.Decimal, Scale: scale}
	out := value{constant: l.constant && r.constant}
	switch operator {
	case "+", "-":
		t.Precision = min(38, scale+max(p1-s1, p2-s2)+1)
		out.sql = fmt.Sprintf("CAST((%s %s %s) AS %s)", c.coerce(a, t).sql, operator, c.coerce(b, t).sql, t.SQL())
	case "*":
		t.Precision, t.Scale = min(38, p1+p2), s1+s2
		if t.Scale > 38 {
			c.fail(athenasql.CodeInvalidArguments, at, "DECIMAL scale must be in range [0, precision (38)]: %d", t.Scale)
		}
		out.sql = fmt.Sprintf("CAST((%s * %s) AS %s)", a.sql, b.sql, t.SQL())
	case "%":
		t.Precision = min(38, min(p2-s2, p1-s1)+scale)
		t.Precision = max(1, t.Precision)
		both := types.Type{Kind: types.Decimal, Precision: min(38, max(p1-s1, p2-s2)+scale), Scale: scale}
		x, y := c.coerce(a, both), c.coerce(b, both)
		out.sql = c.guarded(x, y, fmt.Sprintf("CAST((%s %% %s) AS %s)", x.sql, y.sql, t.SQL()))
	case "/":
		t.Precision = min(38, p1+s2+max(s2-s1, 0))
		if sql, ok := c.divided(l, b, scale); ok {
			out.sql, out.typ = "CAST("+sql+" AS "+t.SQL()+")", t
			return out
		}
		// One digit more than the result has is computed and then rounded, half away from zero, by the cast.
		shift := scale + s2 - s1 + 1
		quotient := fmt.Sprintf("((%s * %s) // %s)", unscaled(a), power(shift), unscaled(b))
		out.sql = c.guarded(a, b, "CAST("+scaled("CAST("+quotient+" AS DECIMAL(38,0))", scale+1)+" AS "+t.SQL()+")")
	}
	out.typ = t
	return out
}

// divided divides a whole number by a constant, such as bytes / 1073741824.0, in whole numbers of 64 bits where all that comes about fits into them: DuckDB
// takes some microseconds for a division of 128 bits and its rounding.
func (c *compiler) divided(l, by value, scale int) (string, bool) {
	if !l.typ.IsInteger() || l.num != nil || by.digits == "" || strings.HasPrefix(by.digits, "-") {
		return "", false
	}
	d, ok := new(big.Int).SetString(strings.Replace(by.digits, ".", "", 1), 10)
	if !ok || by.typ.Scale != scale || !d.IsInt64() || scale > 8 {
		return "", false
	}
	// The quotient's digits are x * ten / n: no more than x has, as n is not less than ten.
	ten, n := int64(math.Pow10(2*scale)), d.Int64()
	if n < ten || n > math.MaxInt64/4/ten {
		return "", false
	}
	x := c.coerce(l, types.Type{Kind: types.BigInt}).sql
	long := func(n int64) string { return fmt.Sprintf("CAST(%d AS BIGINT)", n) }
	half := fmt.Sprintf("(CASE WHEN %s < 0 THEN %s ELSE %s END)", x, long(-n), long(n))
	quotient := fmt.Sprintf("((%s // %s) * %s + ((%s %% %s) * %s + %s) // %s)", x, long(n), long(ten), x, long(n), long(2*ten), half, long(2*n))
	return scaled("CAST("+quotient+" AS DECIMAL(38,0))", scale), true
}

// toDecimal returns a number as a decimal.
func (c *compiler) toDecimal(v value) value {
	if v.typ.Kind == types.Unknown {
		t := types.Type{Kind: types.Decimal, Precision: 1}
		return value{sql: "CAST(NULL AS " + t.SQL() + ")", typ: t, constant: true, null: true}
	}
	if v.num != nil {
		return decimalOf(fmt.Sprint(*v.num), v.typ.AsDecimal())
	}
	return c.coerce(v, v.typ.AsDecimal())
}

// unscaled is a decimal's digits as a whole number.
func unscaled(v value) string {
	p, s := v.typ.Precision, v.typ.Scale
	switch {
	case s == 0:
		return "CAST(" + v.sql + " AS HUGEINT)"
	case p+s+1 <= 38:
		return "CAST((" + v.sql + " * CAST(" + power(s) + " AS DECIMAL(" + fmt.Sprint(s+1) + ",0))) AS HUGEINT)"
	}
	return "CAST(replace(CAST(" + v.sql + " AS VARCHAR), '.', '') AS HUGEINT)"
}

// power is 10 to a power as a HUGEINT.
func power(n int) string { return "CAST(1" + strings.Repeat("0", n) + " AS HUGEINT)" }

// scaled divides a DECIMAL(38,0) by a power of ten, exactly.
func scaled(sql string, n int) string {
	if n == 0 {
		return sql
	}
	return fmt.Sprintf("(%s * CAST('0.%s1' AS DECIMAL(%d,%d)))", sql, strings.Repeat("0", n-1), n, n)
}

// finiteFunctions give doubles that are never NaN for arguments that are none.
var finiteFunctions = []string{"to_unixtime", "random", "rand", "pi", "e"}

func isFinite(name string) bool { return slices.Contains(finiteFunctions, name) }
