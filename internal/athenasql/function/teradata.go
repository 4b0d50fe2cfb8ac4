package function

import (
	"strings"
	"unicode/utf8"

	"weir/internal/athenasql"
)

// teradataFuncs are the functions of dates that Trino has for Teradata's queries. That Athena has them is told by a sample of AWS alone (aws-samples/vpc-cidr-analysis, which asks for
// to_date(day, 'yyyy/mm/dd') of flow logs).
//
// Source: Trino documentation, "Teradata functions"; Trino, plugin/trino-teradata-functions.
var teradataFuncs = []Func{
	// Trino cuts the milliseconds since the epoch off at whole days, towards 1970.
	{Name: "to_date", Page: "teradata", Forms: []Form{{Signature: "(varchar, varchar) -> date", Make: ofTeradata(func(c *Call) (string, error) {
		return fill("(DATE '1970-01-01' + CAST(epoch_ms(trino_date_parse($1, $2)) // 86400000 AS INTEGER))", c)
	})}}},
	{Name: "to_timestamp", Page: "teradata", Forms: []Form{{Signature: "(varchar, varchar) -> timestamp(3)", Make: ofTeradata(func(c *Call) (string, error) {
		return fill("trino_date_parse($1, $2)", c)
	})}}},
	{Name: "to_char", Page: "teradata", Forms: []Form{
		{Signature: "(timestamp, varchar) -> varchar", Make: ofTeradata(dateFormat)},
		{Signature: "(timestamp with time zone, varchar) -> varchar", Make: ofTeradata(dateFormat)},
	}},
}

// teradataCodes are the parts of a format, the longer before those that they begin with, and the codes of date_parse that read and write the same. yy and hh have none: the one
// is of other hundred years there, the other an hour from 0 to 11 without a half of the day.
var teradataCodes = []struct{ part, code string }{
	{"yyyy", "%Y"}, {"yy", ""}, {"hh24", "%H"}, {"hh", ""}, {"dd", "%d"}, {"mi", "%i"}, {"mm", "%m"}, {"ss", "%s"},
}

// ofTeradata makes the second argument, a format of Teradata's, one of date_parse.
func ofTeradata(sql func(c *Call) (string, error)) func(c *Call) (string, error) {
	return func(c *Call) (string, error) {
		at := c.Args[1].At
		if c.Args[1].Text == nil {
			return "", athenasql.Errorf(athenasql.CodeNotSupported, at, "a format of %s that is not constant is not supported", c.Name)
		}
		format, err := fromTeradata(*c.Args[1].Text, at)
		if err != nil {
			return "", err
		}
		c.Args[1].Text, c.Args[1].SQL = &format, quote(format)
		return sql(c)
	}
}

// fromTeradata translates a format.
func fromTeradata(format string, at athenasql.Span) (string, error) {
	var b strings.Builder
next:
	for i := 0; i < len(format); {
		if strings.IndexByte("-/,.;: ", format[i]) >= 0 {
			b.WriteByte(format[i])
			i++
			continue
		}
		for _, t := range teradataCodes {
			if !strings.HasPrefix(format[i:], t.part) {
				continue
			}
			if t.code == "" {
				return "", athenasql.Errorf(athenasql.CodeNotSupported, at, "%s in a format is not supported: %s", t.part, format).WithHint("yyyy and hh24 are")
			}
			b.WriteString(t.code)
			i += len(t.part)
			continue next
		}
		r, _ := utf8.DecodeRuneInString(format[i:])
		return "", invalid(at, "Failed to tokenize string [%c] at offset [%d]: a format has dd, mm, yyyy, hh24, mi and ss, in small letters, and - / , . ; : between them", r, i)
	}
	return b.String(), nil
}
