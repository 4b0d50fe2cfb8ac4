package function

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// in binds a list once under a name, for SQL that has it more than once.
func in(list, name, sql string) string {
	return "list_transform([" + list + "], lambda " + name + ": " + sql + ")[1]"
}

// apply is a lambda of DuckDB applied to values. It is one lambda for each parameter, since DuckDB's take an element and its place alone.
func apply(lambda string, values ...string) string {
	names, body, _ := strings.Cut(strings.TrimPrefix(lambda, "lambda "), ": ")
	params := strings.Split(names, ", ")
	for i, param := range slices.Backward(params) {
		body = "list_transform([" + values[i] + "], lambda " + param + ": " + body + ")[1]"
	}
	return body
}

// holds is a condition on whether a list has a value, NULL among them.
func holds(list, value string) string {
	return "list_position(" + list + ", " + value + ") IS NOT NULL"
}

const maxEntries = 10000 // of an array that sequence or repeat makes

var arrayFuncs = []Func{
	{Name: "cardinality", Page: "array", Forms: []Form{
		{Signature: "(array(E)) -> bigint", SQL: "len($1)"},
		{Signature: "(map(K, V)) -> bigint", SQL: "CAST(cardinality($1) AS BIGINT)"},
	}},
	{Name: "element_at", Page: "array", Forms: []Form{
		{Signature: "(array(E), bigint) -> E", Make: func(c *Call) (string, error) {
			if n := c.Args[1].Int; n != nil && *n != 0 {
				return fill("list_extract($1, $2)", c)
			}
			return fill(when("$2 = 0", "SQL array indices start at 1", "list_extract($1, $2)"), c)
		}},
		{Signature: "(map(K, V), K) -> V", SQL: "map_extract_value($1, $2)"},
	}},
	{Name: "contains", Page: "array", Forms: []Form{{Signature: "(array(E), E) -> boolean", SQL: "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL WHEN list_contains($1, $2) THEN true WHEN list_count($1) = len($1) THEN false END"}}},
	{Name: "contains_sequence", Page: "array", Forms: []Form{{
		Signature: "(array(E), array(E)) -> boolean",
		SQL:       "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL WHEN len($2) = 0 THEN true ELSE coalesce(list_bool_or(list_transform(range(1, len($1) - len($2) + 2), lambda weir_i: list_slice($1, weir_i, weir_i + len($2) - 1) = $2)), false) END",
	}}},
	{Name: "array_distinct", Page: "array", Forms: []Form{{Signature: "(array(E)) -> array(E)", SQL: distinct("$1")}}},
	{Name: "array_sort", Page: "array", Forms: []Form{
		{Signature: "(array(O)) -> array(O)", SQL: "list_sort($1, 'ASC', 'NULLS LAST')"},
		{Signature: "(array(T), function(T, T, integer)) -> array(T)", Make: func(c *Call) (string, error) {
			return "", refuse(c, "array_sort with a comparator is not supported")
		}},
	}},
	{Name: "array_join", Page: "array", Forms: []Form{
		{Signature: "(array(T), varchar) -> varchar", Make: func(c *Call) (string, error) { return arrayJoin(c, "") }},
		{Signature: "(array(T), varchar, varchar) -> varchar", Make: func(c *Call) (string, error) { return arrayJoin(c, c.Args[2].SQL) }},
	}},
	{Name: "array_max", Page: "array", Forms: []Form{{Signature: "(array(O)) -> O", SQL: "CASE WHEN list_count($1) = len($1) THEN list_max($1) END"}}},
	{Name: "array_min", Page: "array", Forms: []Form{{Signature: "(array(O)) -> O", SQL: "CASE WHEN list_count($1) = len($1) THEN list_min($1) END"}}},
	{Name: "array_position", Page: "array", Forms: []Form{{Signature: "(array(E), E) -> bigint", SQL: "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN coalesce(CAST(list_position($1, $2) AS BIGINT), 0) END"}}},
	{Name: "array_remove", Page: "array", Forms: []Form{{Signature: "(array(E), E) -> array(E)", SQL: "CASE WHEN $2 IS NOT NULL THEN list_filter($1, lambda weir_e: weir_e IS DISTINCT FROM $2) END"}}},
	{Name: "array_union", Page: "array", Forms: []Form{{Signature: "(array(E), array(E)) -> array(E)", SQL: "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN " + in("list_concat($1, $2)", "weir_u", distinct("weir_u")) + " END"}}},
	{Name: "array_intersect", Page: "array", Forms: []Form{{Signature: "(array(E), array(E)) -> array(E)", SQL: "CASE WHEN $2 IS NOT NULL THEN list_filter(" + distinct("$1") + ", lambda weir_e: " + holds("$2", "weir_e") + ") END"}}},
	{Name: "array_except", Page: "array", Forms: []Form{{Signature: "(array(E), array(E)) -> array(E)", SQL: "CASE WHEN $2 IS NOT NULL THEN list_filter(" + distinct("$1") + ", lambda weir_e: list_position($2, weir_e) IS NULL) END"}}},
	{Name: "arrays_overlap", Page: "array", Forms: []Form{{
		Signature: "(array(E), array(E)) -> boolean",
		SQL:       "CASE WHEN $1 IS NULL OR $2 IS NULL THEN NULL WHEN list_has_any($1, $2) THEN true WHEN len($1) = 0 OR len($2) = 0 OR list_count($1) = len($1) AND list_count($2) = len($2) THEN false END",
	}}},
	{Name: "slice", Page: "array", Forms: []Form{{Signature: "(array(E), bigint, bigint) -> array(E)", SQL: when("$2 = 0", "SQL array indices start at 1", when("$3 < 0", "length must be greater than or equal to 0",
		"CASE WHEN $3 = 0 OR $2 < -len($1) THEN list_slice($1, 1, 0) WHEN $2 > 0 THEN list_slice($1, $2, $2 + $3 - 1) ELSE list_slice($1, len($1) + $2 + 1, len($1) + $2 + $3) END"))}}},
	{Name: "sequence", Page: "array", Forms: []Form{
		{Signature: "(bigint, bigint) -> array(bigint)", SQL: when(fmt.Sprintf("abs($2 - $1) >= %d", maxEntries), tooMany, "CASE WHEN $1 <= $2 THEN generate_series($1, $2) ELSE generate_series($1, $2, -1) END")},
		{Signature: "(bigint, bigint, bigint) -> array(bigint)", SQL: stepped("CAST($2 AS HUGEINT) - $1", "generate_series($1, $2, $3)")},
		{Signature: "(date, date) -> array(date)", SQL: when(fmt.Sprintf("abs($2 - $1) >= %d", maxEntries), tooMany,
			"CAST(CASE WHEN $1 <= $2 THEN generate_series($1, $2, INTERVAL 1 DAY) ELSE generate_series($1, $2, INTERVAL '-1 days') END AS DATE[])")},
		{Signature: "(date, date, interval day to second) -> array(date)", SQL: when("$3 % 86400000 <> 0", "sequence step must be a day interval if start and end values are dates",
			stepped("($2 - $1) * 86400000", "CAST(generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), to_milliseconds($3)) AS DATE[])"))},
		{Signature: "(date, date, interval year to month) -> array(date)", SQL: stepped("date_sub('month', $1, $2)", "CAST(list_transform(range(0, abs(date_sub('month', $1, $2)) // abs($3) + 1), lambda weir_i: $1 + to_months(CAST(weir_i * $3 AS INTEGER))) AS DATE[])")},
		{Signature: "(timestamp, timestamp, interval day to second) -> array(timestamp)", Make: func(c *Call) (string, error) {
			c.Result = types.ArrayOf(c.Args[0].Type)
			return fill(stepped("(epoch_us($2) - epoch_us($1)) // 1000", "generate_series($1, $2, to_milliseconds($3))"), c)
		}},
		{Signature: "(timestamp, timestamp, interval year to month) -> array(timestamp)", Make: func(c *Call) (string, error) {
			c.Result = types.ArrayOf(c.Args[0].Type)
			return fill(stepped("date_sub('month', $1, $2)", "list_transform(range(0, abs(date_sub('month', $1, $2)) // abs($3) + 1), lambda weir_i: $1 + to_months(CAST(weir_i * $3 AS INTEGER)))"), c)
		}},
	}},
	{Name: "flatten", Page: "array", Forms: []Form{{Signature: "(array(array(E))) -> array(E)", SQL: "flatten($1)"}}},
	{Name: "filter", Page: "array", Forms: []Form{{Signature: "(array(T), function(T, boolean)) -> array(T)", SQL: "list_filter($1, $2)"}}},
	{Name: "transform", Page: "array", Forms: []Form{{Signature: "(array(T), function(T, U)) -> array(U)", SQL: "list_transform($1, $2)"}}},
	{Name: "reduce", Page: "array", Forms: []Form{{Signature: "(array(T), S, function(S, T, S), function(S, R)) -> R", Make: reduce}}},
	{Name: "any_match", Page: "array", Forms: []Form{{Signature: "(array(T), function(T, boolean)) -> boolean", SQL: matches("true", "true", "false")}}},
	{Name: "all_match", Page: "array", Forms: []Form{{Signature: "(array(T), function(T, boolean)) -> boolean", SQL: matches("false", "false", "true")}}},
	{Name: "none_match", Page: "array", Forms: []Form{{Signature: "(array(T), function(T, boolean)) -> boolean", SQL: matches("true", "false", "true")}}},
	{Name: "zip", Page: "array", Forms: []Form{
		{Signature: "(array(T), array(U)) -> array(row(T, U))", Make: zip},
		{Signature: "(array(T), array(U), array(R)) -> array(row(T, U, R))", Make: zip},
		{Signature: "(array(T), array(U), array(R), array(S)) -> array(row(T, U, R, S))", Make: zip},
	}},
	{Name: "zip_with", Page: "array", Forms: []Form{{Signature: "(array(T), array(U), function(T, U, R)) -> array(R)", Make: func(c *Call) (string, error) {
		return "CASE WHEN " + c.Args[0].SQL + " IS NOT NULL AND " + c.Args[1].SQL + " IS NOT NULL THEN list_transform(list_zip(" + c.Args[0].SQL + ", " + c.Args[1].SQL + "), lambda weir_z: " +
			apply(c.Args[2].SQL, "weir_z[1]", "weir_z[2]") + ") END", nil
	}}}},
	{Name: "repeat", Page: "array", Forms: []Form{{Signature: "(T, bigint) -> array(T)", SQL: when("$2 > "+strconv.Itoa(maxEntries), "count argument of repeat function must be less than or equal to 10000", "list_transform(range($2), lambda weir_i: $1)")}}},
	{Name: "ngrams", Page: "array", Forms: []Form{{Signature: "(array(T), bigint) -> array(array(T))", SQL: when("$2 <= 0", "N must be positive",
		"CASE WHEN len($1) <= $2 THEN [$1] ELSE list_transform(range(1, len($1) - $2 + 2), lambda weir_i: list_slice($1, weir_i, weir_i + $2 - 1)) END")}}},
	{Name: "trim_array", Page: "array", Forms: []Form{{Signature: "(array(E), bigint) -> array(E)", SQL: when("$2 < 0", "size must not be negative", when("$2 > len($1)", "size must not exceed array cardinality", "list_slice($1, 1, len($1) - $2)"))}}},
	{Name: "combinations", Page: "array", Refused: "DuckDB has no form for it"},
	{Name: "shuffle", Page: "array", Refused: "DuckDB has no form for it"},
}

const tooMany = "result of sequence function must not have more than 10000 entries"

// stepped checks the step of a sequence, which is the third argument and spans a length in its unit.
func stepped(span, sql string) string {
	const step = "$3"
	return when(step+" = 0", "step must not be zero", when("("+span+") * sign("+step+") < 0",
		"sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start",
		when(fmt.Sprintf("abs((%s) // %s) >= %d", span, step, maxEntries), tooMany, sql)))
}

// matches is a match of three values: decides is the value of the lambda that decides, then what it decides, and what is where none does.
func matches(decides, then, otherwise string) string {
	return in("list_transform($1, $2)", "weir_m", "CASE WHEN weir_m IS NULL THEN NULL WHEN list_contains(weir_m, "+decides+") THEN "+then+
		" WHEN list_count(weir_m) < len(weir_m) THEN NULL ELSE "+otherwise+" END")
}

// arrayJoin writes elements as texts; NULL is left out, or as instead says.
func arrayJoin(c *Call, instead string) (string, error) {
	text, err := TextOf(c.Args[0].Type.Elems[0], "weir_e", c.Args[0].At)
	if err != nil {
		return "", err
	}
	list := "list_transform(" + c.Args[0].SQL + ", lambda weir_e: " + text + ")"
	if instead != "" {
		list = "list_transform(" + c.Args[0].SQL + ", lambda weir_e: coalesce(" + text + ", " + instead + "))"
	}
	return in("list_filter("+list+", lambda weir_e: weir_e IS NOT NULL)", "weir_j", "CASE WHEN weir_j IS NOT NULL AND len(weir_j) = 0 AND "+c.Args[1].SQL+" IS NOT NULL THEN '' ELSE array_to_string(weir_j, "+c.Args[1].SQL+") END"), nil
}

// TextOf returns the SQL of a value's text as CAST(x AS varchar) has it in Trino, for types that have one here.
func TextOf(t types.Type, sql string, at athenasql.Span) (string, error) {
	switch t.Kind {
	case types.Varchar, types.Char, types.Unknown, types.JSON:
		return sql, nil
	case types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.Decimal, types.Date, types.UUID:
		return "CAST(" + sql + " AS VARCHAR)", nil
	case types.Double, types.Real:
		return FloatText(sql, t), nil
	case types.IPAddress:
		return IPToText(sql), nil
	case types.Timestamp, types.TimestampTZ:
		text := strings.ReplaceAll(isoText(Arg{Type: t, SQL: sql}), "%dT%H", "%d %H")
		if t.Kind == types.TimestampTZ {
			text = "(" + text + " || " + quote(" "+t.Zone) + ")"
		}
		return text, nil
	}
	return "", athenasql.Errorf(athenasql.CodeNotSupported, at, "texts of values of the type %s are not supported here", t)
}

// reduce is list_reduce where state and elements have the same type, which that asks for; else both are in one STRUCT.
func reduce(c *Call) (string, error) {
	list, first, step, last := c.Args[0], c.Args[1], c.Args[2], c.Args[3]
	state, elem := first.Type.SQL(), list.Type.Elems[0].SQL()
	if state == elem {
		return apply(last.SQL, "list_reduce("+list.SQL+", "+step.SQL+", "+first.SQL+")"), nil
	}
	all := "list_prepend({'s': " + first.SQL + ", 'x': NULL::" + elem + "}, list_transform(" + list.SQL + ", lambda weir_e: {'s': NULL::" + state + ", 'x': weir_e}))"
	return "CASE WHEN " + list.SQL + " IS NOT NULL THEN " + apply(last.SQL, "list_reduce("+all+", lambda weir_a, weir_b: {'s': "+apply(step.SQL, "weir_a.s", "weir_b.x")+", 'x': NULL::"+elem+"}).s") + " END", nil
}

func zip(c *Call) (string, error) {
	var there, all, fields []string
	for i, a := range c.Args {
		if err := repeatable(c, i); err != nil {
			return "", err
		}
		there, all = append(there, a.SQL+" IS NOT NULL"), append(all, a.SQL)
		fields = append(fields, fmt.Sprintf("'field%d': weir_z[%d]", i, i+1))
	}
	return "CASE WHEN " + strings.Join(there, " AND ") + " THEN list_transform(list_zip(" + strings.Join(all, ", ") + "), lambda weir_z: {" + strings.Join(fields, ", ") + "}) END", nil
}
