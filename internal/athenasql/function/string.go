package function

import (
	"fmt"
	"strings"

	"weir/internal/athenasql"
)

// spaces are the characters that trim removes: Java's whitespace.
const spaces = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000"

// ofASCII is a template for texts of one byte a character, and another for the rest.
func ofASCII(ascii, other string) string {
	return "CASE WHEN strlen($1) = length($1) THEN " + ascii + " ELSE " + other + " END"
}

// when is a template that fails on a condition.
func when(condition, message, otherwise string) string {
	return "CASE WHEN " + condition + " THEN " + Fail(athenasql.CodeInvalidArgument, message) + " ELSE " + otherwise + " END"
}

var stringFuncs = []Func{
	{Name: "length", Page: "string", Forms: []Form{
		{Signature: "(varchar) -> bigint", SQL: "length($1)"},
		{Signature: "(varbinary) -> bigint", SQL: "octet_length($1)"},
	}},
	{Name: "lower", Page: "string", Forms: []Form{{Signature: "(varchar) -> varchar", SQL: ofASCII("lower($1)", "trino_lower($1)")}}},
	{Name: "upper", Page: "string", Forms: []Form{{Signature: "(varchar) -> varchar", SQL: ofASCII("upper($1)", "trino_upper($1)")}}},
	{Name: "trim", Page: "string", Forms: trims("trim")},
	{Name: "ltrim", Page: "string", Forms: trims("ltrim")},
	{Name: "rtrim", Page: "string", Forms: trims("rtrim")},
	{Name: "substr", Page: "string", Forms: substrings},
	{Name: "substring", Page: "string", Forms: substrings},
	{Name: "strpos", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar) -> bigint", SQL: "strpos($1, $2)"},
		{Signature: "(varchar, varchar, bigint) -> bigint", SQL: "trino_strpos($1, $2, $3)"},
	}},
	{Name: "split", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar) -> array(varchar)", Make: func(c *Call) (string, error) {
			if t := c.Args[1].Text; t != nil && *t != "" {
				return fill("string_split($1, $2)", c)
			}
			return fill("CASE WHEN $2 IS NOT NULL THEN "+when("$2 = ''", "The delimiter may not be the empty string", "string_split($1, $2)")+" END", c)
		}},
		{Signature: "(varchar, varchar, bigint) -> array(varchar)", SQL: "trino_split($1, $2, $3)"},
	}},
	{Name: "split_part", Page: "string", Forms: []Form{{Signature: "(varchar, varchar, bigint) -> varchar", Make: splitPart}}},
	{Name: "split_to_map", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar, varchar) -> map(varchar, varchar)", SQL: "map(list_slice(trino_split_to_map($1, $2, $3), 1, -1, 2), list_slice(trino_split_to_map($1, $2, $3), 2, -1, 2))"},
	}},
	{Name: "split_to_multimap", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar, varchar) -> map(varchar, array(varchar))", SQL: multimap("list_slice(trino_split_to_multimap($1, $2, $3), 1, -1, 2)", "list_slice(trino_split_to_multimap($1, $2, $3), 2, -1, 2)")},
	}},
	{Name: "replace", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar) -> varchar", SQL: "replace($1, $2, '')"},
		{Signature: "(varchar, varchar, varchar) -> varchar", Make: func(c *Call) (string, error) {
			if t := c.Args[1].Text; t != nil && *t != "" {
				return fill("replace($1, $2, $3)", c)
			}
			return fill("CASE WHEN $2 = '' THEN trino_between($1, $3) ELSE replace($1, $2, $3) END", c)
		}},
	}},
	{Name: "reverse", Page: "string", Forms: []Form{
		{Signature: "(varchar) -> varchar", SQL: ofASCII("reverse($1)", "trino_reverse($1)")},
		{Signature: "(varbinary) -> varbinary", SQL: "trino_reverse_bytes($1)"},
		{Signature: "(array(E)) -> array(E)", SQL: "list_reverse($1)"},
	}},
	{Name: "lpad", Page: "string", Forms: pads("lpad")},
	{Name: "rpad", Page: "string", Forms: pads("rpad")},
	{Name: "concat", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar, varchar...) -> varchar", Make: joined(" || ", "")},
		{Signature: "(varbinary, varbinary, varbinary...) -> varbinary", Make: joined(" || ", "")},
		{Signature: "(array(E), array(E), array(E)...) -> array(E)", Make: concatArrays},
		{Signature: "(array(E), E) -> array(E)", SQL: "CASE WHEN $1 IS NOT NULL THEN list_append($1, $2) END"},
		{Signature: "(E, array(E)) -> array(E)", SQL: "CASE WHEN $2 IS NOT NULL THEN list_prepend($1, $2) END"},
	}},
	{Name: "concat_ws", Page: "string", Forms: []Form{
		{Signature: "(varchar, varchar, varchar...) -> varchar", SQL: "concat_ws($*)"},
		{Signature: "(varchar, array(varchar)) -> varchar", SQL: "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN coalesce(array_to_string($2, $1), '') END"},
	}},
	{Name: "starts_with", Page: "string", Forms: []Form{{Signature: "(varchar, varchar) -> boolean", SQL: "starts_with($1, $2)"}}},
	{Name: "ends_with", Page: "string", Forms: []Form{{Signature: "(varchar, varchar) -> boolean", SQL: "ends_with($1, $2)"}}},
	{Name: "chr", Page: "string", Forms: []Form{{Signature: "(bigint) -> varchar", SQL: "trino_chr($1)"}}},
	{Name: "codepoint", Page: "string", Forms: []Form{{Signature: "(varchar(1)) -> integer", SQL: when("$1 = ''", "Input string must be a single character string", "unicode($1)")}}},
	{Name: "translate", Page: "string", Forms: []Form{{Signature: "(varchar, varchar, varchar) -> varchar", SQL: "trino_translate($1, $2, $3)"}}},
	{Name: "levenshtein_distance", Page: "string", Forms: []Form{{Signature: "(varchar, varchar) -> bigint", SQL: "trino_levenshtein($1, $2)"}}},
	{Name: "hamming_distance", Page: "string", Forms: []Form{{Signature: "(varchar, varchar) -> bigint", SQL: "trino_hamming($1, $2)"}}},
	{Name: "normalize", Page: "string", Forms: []Form{
		{Signature: "(varchar) -> varchar", SQL: "nfc_normalize($1)"},
		{Signature: "(varchar, varchar) -> varchar", Make: func(c *Call) (string, error) {
			if t := c.Args[1].Text; t == nil || !strings.EqualFold(*t, "NFC") {
				return "", refuse(c, "normalize is supported to NFC alone")
			}
			return fill("nfc_normalize($1)", c)
		}},
	}},
	{Name: "soundex", Page: "string", Forms: []Form{{Signature: "(varchar) -> varchar", SQL: "trino_soundex($1)"}}},
	{Name: "luhn_check", Page: "string", Forms: []Form{{Signature: "(varchar) -> boolean", SQL: "trino_luhn($1)"}}},
	{Name: "to_utf8", Page: "string", Forms: []Form{{Signature: "(varchar) -> varbinary", SQL: "encode($1)"}}},
	{Name: "from_utf8", Page: "string", Forms: []Form{
		{Signature: "(varbinary) -> varchar", SQL: "trino_from_utf8($1, '\ufffd')"},
		{Signature: "(varbinary, varchar) -> varchar", SQL: "trino_from_utf8($1, $2)"},
		{Signature: "(varbinary, bigint) -> varchar", SQL: "trino_from_utf8($1, trino_chr($2))"},
	}},
	{Name: "word_stem", Page: "string", Refused: "stems of words are in no library that weir has"},
}

func trims(name string) []Form {
	return []Form{
		{Signature: "(varchar) -> varchar", SQL: name + "($1, " + quote(spaces) + ")"},
		{Signature: "(varchar, varchar) -> varchar", SQL: name + "($1, $2)"},
	}
}

// substrings have positions from 1, or from the end where they are negative; where there is no such place the result is ”.
var substrings = []Form{
	{Signature: "(varchar, bigint) -> varchar", Make: func(c *Call) (string, error) {
		if n := c.Args[1].Int; n != nil && *n > 0 {
			return fill("substring($1, $2)", c)
		}
		return fill("CASE WHEN $2 = 0 OR $2 < -length($1) THEN '' ELSE substring($1, $2) END", c)
	}},
	{Signature: "(varchar, bigint, bigint) -> varchar", Make: func(c *Call) (string, error) {
		if n, l := c.Args[1].Int, c.Args[2].Int; n != nil && *n > 0 && l != nil && *l >= 0 {
			return fill("substring($1, $2, $3)", c)
		}
		return fill("CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL AND $3 IS NOT NULL THEN CASE WHEN $2 = 0 OR $2 < -length($1) OR $3 <= 0 THEN '' ELSE substring($1, $2, $3) END END", c)
	}},
	{Signature: "(varbinary, bigint) -> varbinary", SQL: "trino_substr_bytes($1, $2, 9223372036854775807)"},
	{Signature: "(varbinary, bigint, bigint) -> varbinary", SQL: "trino_substr_bytes($1, $2, $3)"},
}

func splitPart(c *Call) (string, error) {
	n, delimiter := c.Args[2].Int, c.Args[1].Text
	if n != nil && *n <= 0 {
		return "", invalid(c.Args[2].At, "Index must be greater than zero")
	}
	sql := "CASE WHEN $2 = '' THEN nullif(substring($1, $3, 1), '') ELSE string_split($1, $2)[$3] END"
	if delimiter != nil && *delimiter != "" {
		sql = "string_split($1, $2)[$3]"
	}
	if n == nil {
		sql = when("$3 <= 0", "Index must be greater than zero", sql)
	}
	if delimiter == nil {
		sql = "CASE WHEN $2 IS NOT NULL THEN " + sql + " END"
	}
	return fill(sql, c)
}

func pads(name string) []Form {
	return []Form{{Signature: "(varchar, bigint, varchar) -> varchar", Make: func(c *Call) (string, error) {
		if n, pad := c.Args[1].Int, c.Args[2].Text; n != nil && *n >= 0 && *n <= maxPad && pad != nil && *pad != "" {
			return fill(name+"($1, CAST($2 AS INTEGER), $3)", c)
		}
		return fill(when(fmt.Sprintf("$2 < 0 OR $2 > %d", maxPad), fmt.Sprintf("Target length must be in the range [0..%d]", maxPad),
			when("$3 = ''", "Padding string must not be empty", name+"($1, CAST($2 AS INTEGER), $3)")), c)
	}}}
}

const maxPad = 1<<31 - 1

// joined writes the arguments with an operator between.
func joined(operator, after string) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		var parts []string
		for _, a := range c.Args {
			parts = append(parts, a.SQL)
		}
		return "(" + strings.Join(parts, operator) + ")" + after, nil
	}
}

// concatArrays is NULL where an array is: DuckDB takes such arrays for empty ones.
func concatArrays(c *Call) (string, error) {
	var there, all []string
	for i, a := range c.Args {
		if err := repeatable(c, i); err != nil {
			return "", err
		}
		there, all = append(there, a.SQL+" IS NOT NULL"), append(all, a.SQL)
	}
	return "CASE WHEN " + strings.Join(there, " AND ") + " THEN list_concat(" + strings.Join(all, ", ") + ") END", nil
}

// multimap is the map of each key to the array of its values, in the order in which they come.
func multimap(keys, values string) string {
	return "map_from_entries(list_transform(" + distinct(keys) + ", lambda weir_k: {'k': weir_k, 'v': list_transform(list_filter(list_zip(" +
		keys + ", " + values + "), lambda weir_e: weir_e[1] = weir_k), lambda weir_e: weir_e[2])}))"
}

// distinct is a list without NULL and repeats, in its order, which DuckDB's list_distinct does not keep.
func distinct(list string) string {
	return "list_filter(" + list + ", lambda weir_d, weir_i: list_position(" + list + ", weir_d) = weir_i)"
}
