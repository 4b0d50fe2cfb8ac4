package function

import (
	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

var conditionalFuncs = []Func{
	{Name: "if", Page: "conditional", Forms: []Form{
		{Signature: "(boolean, T) -> T", SQL: "CASE WHEN $1 THEN $2 END"},
		{Signature: "(boolean, T, T) -> T", SQL: "CASE WHEN $1 THEN $2 ELSE $3 END"},
	}},
	{Name: "coalesce", Page: "conditional", Forms: []Form{{Signature: "(T, T, T...) -> T", SQL: "coalesce($*)"}}},
	{Name: "nullif", Page: "conditional", Forms: []Form{{Signature: "(T, U) -> T", Make: func(c *Call) (string, error) {
		a, b := c.Args[0], c.Args[1]
		common, ok := types.Common(a.Type, b.Type)
		if !ok {
			return "", athenasql.Errorf(athenasql.CodeTypeMismatch, c.At, "Types are not comparable with NULLIF: %s vs %s", a.Type, b.Type)
		}
		for i := range c.Args {
			if err := repeatable(c, i); err != nil {
				return "", err
			}
		}
		as := func(a Arg) string {
			if a.Type.SQL() == common.SQL() {
				return a.SQL
			}
			return "CAST(" + a.SQL + " AS " + common.SQL() + ")"
		}
		return "CASE WHEN " + as(a) + " = " + as(b) + " THEN NULL ELSE " + a.SQL + " END", nil
	}}}},
	{Name: "try", Page: "conditional", Forms: []Form{{Signature: "(T) -> T", Make: func(c *Call) (string, error) {
		switch sql := c.Args[0].SQL; {
		case volatileSQL(sql):
			return "", refuse(c, "try is not supported of a random value")
		case hasQuery(sql):
			return "", athenasql.Errorf(athenasql.CodeNotSupported, c.At, "try of an expression with a subquery is not supported").WithHint("join the subquery, and try the rest")
		}
		return Try(c.Args[0].SQL), nil
	}}}},
	{Name: "typeof", Page: "conversion", Forms: []Form{{Signature: "(T) -> varchar", Make: func(c *Call) (string, error) {
		return quote(c.Args[0].Type.String()), nil
	}}}},
	{Name: "parse_data_size", Page: "conversion", Forms: []Form{{Signature: "(varchar) -> decimal(38)", SQL: "CAST(trino_data_size($1) AS DECIMAL(38,0))"}}},
	{Name: "parse_presto_data_size", Page: "conversion", Forms: []Form{{Signature: "(varchar) -> decimal(38)", SQL: "CAST(trino_data_size($1) AS DECIMAL(38,0))"}}},
	{Name: "uuid", Page: "uuid", Forms: []Form{{Signature: "() -> uuid", SQL: "uuid()"}}},
	{Name: "version", Page: "system", Refused: "there is no version of Trino here"},
}
