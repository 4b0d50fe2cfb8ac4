package metastore

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// columnType returns the type of a column of a definition. Errors are of its place.
func columnType(t athenasql.TypeName) (types.Type, error) {
	if (t.Name == "decimal" || t.Name == "dec" || t.Name == "numeric") && len(t.Params) == 0 {
		// Hive's decimal has 10 digits where nothing is said, Trino's 38.
		t.Params = []int{10, 0}
	}
	out, err := types.FromName(t)
	if err != nil {
		return out, err
	}
	switch out.Kind {
	case types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.Real, types.Double, types.Decimal, types.Varchar, types.Date:
		return out, nil
	case types.Timestamp:
		if len(t.Params) > 0 {
			return out, athenasql.Errorf(athenasql.CodeNotSupported, t.Span, "a timestamp of a table has no precision")
		}
		return out, nil
	}
	return out, athenasql.Errorf(athenasql.CodeNotSupported, t.Span, "columns of type %s are not supported in tables over objects", out.Hive()).
		WithHint("columns have the types boolean, tinyint, smallint, int, bigint, float, double, decimal, string, varchar, date and timestamp; a column of string in a table of " +
			openXSerDe + " has the JSON of a value with parts, which json_extract_scalar reads")
}

// parseHive reads a type that [types.Type.Hive] wrote of a type without parts, or Trino's name of another.
func parseHive(text string) (types.Type, error) {
	name := athenasql.TypeName{Name: text}
	if base, params, ok := strings.Cut(text, "("); ok {
		name.Name = base
		for p := range strings.SplitSeq(strings.TrimSuffix(params, ")"), ",") {
			n, err := strconv.Atoi(strings.TrimSpace(p))
			if err != nil {
				return types.Type{}, fmt.Errorf("%q is no type", text)
			}
			name.Params = append(name.Params, n)
		}
	}
	return types.FromName(name)
}

// hiveName returns the name that a type has in Hive, as the data catalog shows it.
func hiveName(t types.Type) string { return t.Hive() }

// separator returns the byte that a text stands for, as Hive reads it: a number from -128 to 127 is the byte of that number, else it is
// the text's one byte (Hive, LazyUtils.getByte, which takes the first of several). ok is false where it stands for no single byte.
func separator(text string) (b byte, ok bool) {
	if n, err := strconv.ParseInt(text, 10, 8); err == nil {
		return byte(n), true
	}
	if len(text) != 1 {
		return 0, false
	}
	return text[0], true
}

// literal writes a text as Hive's DDL has it.
func literal(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < ' ':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
