package compile

import (
	"fmt"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

var intervalDay = types.Type{Kind: types.IntervalDay}

const dayMillis = 86400000

// dateArithmetic compiles + - * / with dates, times, timestamps and intervals.
//
// Source: Trino documentation, "Date and time functions and operators".
func (c *compiler) dateArithmetic(operator string, l, r value, at athenasql.Span) value {
	out := value{constant: l.constant && r.constant}
	lk, rk := l.typ.Kind, r.typ.Kind
	interval := func(k types.Kind) bool { return k == types.IntervalDay || k == types.IntervalYear }
	switch {
	case operator == "+" && interval(lk) && !interval(rk):
		return c.dateArithmetic(operator, r, l, at)
	case (operator == "+" || operator == "-") && lk == rk && interval(lk):
		out.typ, out.sql = l.typ, "("+l.sql+" "+operator+" "+r.sql+")"
		return out
	case (operator == "+" || operator == "-") && rk == types.IntervalDay:
		if v, ok := shifted(operator, l, r); ok {
			return v
		}
		if sql, ok := c.addMillis(operator, l, r, at); ok {
			out.typ, out.sql = l.typ, sql
			return out
		}
	case (operator == "+" || operator == "-") && rk == types.IntervalYear:
		if sql, ok := addMonths(operator, l, r); ok {
			out.typ, out.sql = l.typ, sql
			return out
		}
	case operator == "-" && (lk == types.Date || isMoment(l.typ)) && (rk == types.Date || isMoment(r.typ)):
		return c.since(l, r, at)
	case operator == "*" && interval(rk) && !interval(lk):
		return c.dateArithmetic(operator, r, l, at)
	case (operator == "*" || operator == "/") && interval(lk):
		if v, ok := c.scaleInterval(operator, l, r); ok {
			return v
		}
	}
	c.mismatch(operator, l, r, at)
	return out
}

// addMillis adds an interval day to second. A date stays a date, and takes whole days alone.
func (c *compiler) addMillis(operator string, l, r value, at athenasql.Span) (string, bool) {
	switch l.typ.Kind {
	case types.Date:
		message := "Cannot add hour, minutes or seconds to a date"
		if operator == "-" {
			message = "Cannot subtract hour, minutes or seconds from a date"
		}
		if r.num == nil {
			return fmt.Sprintf("(CASE WHEN %s %% %d <> 0 THEN %s ELSE %s %s CAST(%s // %d AS INTEGER) END)", r.sql, dayMillis,
				failing(athenasql.CodeInvalidArgument, message), l.sql, operator, r.sql, dayMillis), true
		}
		if *r.num%dayMillis != 0 {
			c.hinted("make it a timestamp: CAST(x AS timestamp)", athenasql.CodeInvalidArgument, at, "%s", message)
		}
		return fmt.Sprintf("(%s %s CAST(%d AS INTEGER))", l.sql, operator, *r.num/dayMillis), true
	case types.Timestamp, types.TimestampTZ, types.Time:
		return fmt.Sprintf("(%s %s to_microseconds(%s * 1000))", l.sql, operator, r.sql), true
	}
	return "", false
}

// shifted adds an interval to a constant at once, so that DuckDB sees a plain constant.
func shifted(operator string, l, r value) (value, bool) {
	if l.moment == nil || r.num == nil || l.typ.Kind == types.Date && *r.num%dayMillis != 0 || *r.num/dayMillis > 1e6 || *r.num/dayMillis < -1e6 {
		return value{}, false
	}
	by := *r.num
	if operator == "-" {
		by = -by
	}
	at := l.moment.Add(time.Duration(by) * time.Millisecond)
	if at.Year() < 1 || at.Year() > 9999 {
		return value{}, false
	}
	if l.typ.Kind == types.Date {
		return dateValue(at), true
	}
	return momentValue(at, l.typ), true
}

// addMonths adds an interval year to month: the day is at most the last one of its month. It is done on the clock of the value's zone.
func addMonths(operator string, l, r value) (string, bool) {
	months := "to_months(" + r.sql + ")"
	switch l.typ.Kind {
	case types.Date:
		return "CAST((" + l.sql + " " + operator + " " + months + ") AS DATE)", true
	case types.Timestamp:
		return "(" + l.sql + " " + operator + " " + months + ")", true
	case types.TimestampTZ:
		return function.FromLocal("("+function.ToLocal(l.sql, l.typ.Zone)+" "+operator+" "+months+")", l.typ.Zone), true
	}
	return "", false
}

// since is the interval from one date or timestamp to another.
func (c *compiler) since(l, r value, at athenasql.Span) value {
	t, _ := types.Common(l.typ, r.typ)
	if l.typ.Kind != r.typ.Kind {
		c.mismatch("-", l, r, at)
	}
	out := value{typ: intervalDay, constant: l.constant && r.constant}
	if t.Kind == types.Date {
		out.sql = fmt.Sprintf("(CAST((%s - %s) AS BIGINT) * %d)", l.sql, r.sql, dayMillis)
		return out
	}
	if t.Precision > 3 {
		c.hinted("cast them to timestamp(3)", athenasql.CodeNotSupported, at, "the difference of timestamps of more than milliseconds is not supported")
	}
	out.sql = fmt.Sprintf("((epoch_us(%s) - epoch_us(%s)) // 1000)", l.sql, r.sql)
	return out
}

// scaleInterval multiplies or divides an interval by a number.
func (c *compiler) scaleInterval(operator string, l, r value) (value, bool) {
	out := value{typ: l.typ, constant: l.constant && r.constant}
	switch {
	case r.typ.IsInteger() && operator == "*":
		out.sql = "CAST((" + l.sql + " * " + c.coerce(r, types.Type{Kind: types.BigInt}).sql + ") AS " + l.typ.SQL() + ")"
	case r.typ.IsInteger() || r.typ.Kind == types.Double || r.typ.Kind == types.Real:
		// Trino computes with doubles here and cuts the fraction off.
		double := types.Type{Kind: types.Double}
		out.sql = "CAST(trunc(CAST(" + l.sql + " AS DOUBLE) " + operator + " " + c.coerce(r, double).sql + ") AS " + l.typ.SQL() + ")"
	default:
		return value{}, false
	}
	return out, true
}

// atTimeZone compiles x AT TIME ZONE 'zone'. A timestamp without a zone is one of UTC, the zone of Athena's sessions.
func (e *env) atTimeZone(x *athenasql.AtTimeZone) value {
	v, zone := e.expr(x.Of), e.expr(x.Zone)
	if zone.text == nil {
		e.c.fail(athenasql.CodeNotSupported, zone.at, "AT TIME ZONE is supported with a constant text")
	}
	if _, ok := types.KnownZone(*zone.text); !ok {
		e.c.fail(athenasql.CodeInvalidArgument, zone.at, "'%s' is not a valid time zone", *zone.text)
	}
	if !isMoment(v.typ) {
		e.c.fail(athenasql.CodeTypeMismatch, v.at, "Type of value must be a time or timestamp with or without time zone (actual %s)", v.typ)
	}
	t := types.Type{Kind: types.TimestampTZ, Precision: v.typ.Precision, Zone: *zone.text}
	if v.moment != nil {
		return momentValue(*v.moment, t)
	}
	sql := v.sql
	if v.typ.Kind == types.Timestamp {
		sql = "(" + v.sql + " AT TIME ZONE 'UTC')"
	}
	return value{sql: sql, typ: t, constant: v.constant}
}

// extracts are the functions of EXTRACT's units that have another name.
var extracts = map[string]string{"dow": "day_of_week", "doy": "day_of_year", "yow": "year_of_week", "day_of_month": "day"}

// extract compiles EXTRACT(unit FROM x), which is a function by the unit's name.
func (e *env) extract(x *athenasql.Extract) value {
	name := x.Unit
	if other := extracts[name]; other != "" {
		name = other
	}
	return e.function(name, x.Span, e.expr(x.Of))
}
