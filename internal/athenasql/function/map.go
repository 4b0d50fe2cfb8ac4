package function

import (
	"strings"

	"weir/internal/athenasql/types"
)

// entries applies a lambda of a key and a value to each entry of a map.
func entries(c *Call, made func(applied string) string) string {
	return "list_transform(map_entries(" + c.Args[0].SQL + "), lambda weir_m: " + made(apply(c.Args[1].SQL, "weir_m.key", "weir_m.value")) + ")"
}

var mapFuncs = []Func{
	{Name: "map", Page: "map", Forms: []Form{
		{Signature: "(array(K), array(V)) -> map(K, V)", SQL: "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN " + when("len($1) <> len($2)", "Key and value arrays must be the same length", "map($1, $2)") + " END"},
	}},
	{Name: "map_keys", Page: "map", Forms: []Form{{Signature: "(map(K, V)) -> array(K)", SQL: "map_keys($1)"}}},
	{Name: "map_values", Page: "map", Forms: []Form{{Signature: "(map(K, V)) -> array(V)", SQL: "map_values($1)"}}},
	{Name: "map_entries", Page: "map", Forms: []Form{{Signature: "(map(K, V)) -> array(row(K, V))", SQL: "list_transform(map_entries($1), lambda weir_m: {'field0': weir_m.key, 'field1': weir_m.value})"}}},
	{Name: "map_from_entries", Page: "map", Forms: []Form{{Signature: "(array(row(K, V))) -> map(K, V)", SQL: "map_from_entries($1)"}}},
	{Name: "multimap_from_entries", Page: "map", Forms: []Form{{Signature: "(array(row(K, V))) -> map(K, array(V))", SQL: multimap("list_transform($1, lambda weir_m: weir_m.field0)", "list_transform($1, lambda weir_m: weir_m.field1)")}}},
	{Name: "map_concat", Page: "map", Forms: []Form{{Signature: "(map(K, V), map(K, V), map(K, V)...) -> map(K, V)", Make: func(c *Call) (string, error) {
		var there, all []string
		for i, a := range c.Args {
			if err := repeatable(c, i); err != nil {
				return "", err
			}
			there, all = append(there, a.SQL+" IS NOT NULL"), append(all, a.SQL)
		}
		return "CASE WHEN " + strings.Join(there, " AND ") + " THEN map_concat(" + strings.Join(all, ", ") + ") END", nil
	}}}},
	{Name: "map_filter", Page: "map", Forms: []Form{{Signature: "(map(K, V), function(K, V, boolean)) -> map(K, V)", Make: func(c *Call) (string, error) {
		return "map_from_entries(list_filter(map_entries(" + c.Args[0].SQL + "), lambda weir_m: " + apply(c.Args[1].SQL, "weir_m.key", "weir_m.value") + "))", nil
	}}}},
	{Name: "transform_keys", Page: "map", Forms: []Form{{Signature: "(map(K, V), function(K, V, R)) -> map(R, V)", Make: func(c *Call) (string, error) {
		return "map_from_entries(" + entries(c, func(s string) string { return "{'k': " + s + ", 'v': weir_m.value}" }) + ")", nil
	}}}},
	{Name: "transform_values", Page: "map", Forms: []Form{{Signature: "(map(K, V), function(K, V, R)) -> map(K, R)", Make: func(c *Call) (string, error) {
		return "map_from_entries(" + entries(c, func(s string) string { return "{'k': weir_m.key, 'v': " + s + "}" }) + ")", nil
	}}}},
	{Name: "map_zip_with", Page: "map", Forms: []Form{{Signature: "(map(K, V), map(K, U), function(K, V, U, R)) -> map(K, R)", Make: func(c *Call) (string, error) {
		a, b := c.Args[0].SQL, c.Args[1].SQL
		keys := in("list_concat(map_keys("+a+"), map_keys("+b+"))", "weir_u", distinct("weir_u"))
		return "CASE WHEN " + a + " IS NOT NULL AND " + b + " IS NOT NULL THEN map_from_entries(list_transform(" + keys + ", lambda weir_k: {'k': weir_k, 'v': " +
			apply(c.Args[2].SQL, "weir_k", "map_extract_value("+a+", weir_k)", "map_extract_value("+b+", weir_k)") + "})) END", nil
	}}}},
	{Name: "map_agg", Kind: Aggregate, Page: "aggregate", Forms: []Form{{Signature: "(K, V) -> map(K, V)", Make: func(c *Call) (string, error) {
		return firstOfKeys(c.Aggregated("list", "{'k': "+c.Args[0].SQL+", 'v': "+c.Args[1].SQL+"}")), nil
	}}}},
	{Name: "multimap_agg", Kind: Aggregate, Page: "aggregate", Forms: []Form{{Signature: "(K, V) -> map(K, array(V))", Make: func(c *Call) (string, error) {
		list := "list_filter(" + c.Aggregated("list", "{'k': "+c.Args[0].SQL+", 'v': "+c.Args[1].SQL+"}") + ", lambda weir_e: weir_e.k IS NOT NULL)"
		return "map_from_entries(list_transform(" + in("list_transform("+list+", lambda weir_e: weir_e.k)", "weir_u", "list_distinct(weir_u)") +
			", lambda weir_k: {'k': weir_k, 'v': list_transform(list_filter(" + list + ", lambda weir_e: weir_e.k = weir_k), lambda weir_e: weir_e.v)}))", nil
	}}}},
	{Name: "map_union", Kind: Aggregate, Page: "aggregate", Forms: []Form{{Signature: "(map(K, V)) -> map(K, V)", Make: func(c *Call) (string, error) {
		list := "flatten(list_transform(list_filter(" + c.Aggregated("list", c.Args[0].SQL) + ", lambda weir_e: weir_e IS NOT NULL), lambda weir_m: list_transform(map_entries(weir_m), lambda weir_e: {'k': weir_e.key, 'v': weir_e.value})))"
		return firstOfKeys(list), nil
	}}}},
	{Name: "histogram", Kind: Aggregate, Page: "aggregate", Forms: []Form{{Signature: "(K) -> map(K, bigint)", Make: func(c *Call) (string, error) {
		return "CAST(" + c.Aggregated("histogram", c.Args[0].SQL) + " AS " + types.MapOf(c.Args[0].Type, types.Type{Kind: types.BigInt}).SQL() + ")", nil
	}}}},
}

// firstOfKeys makes a map of a list of {k, v}, of which keys may repeat: Trino does not say which value counts. Here it is the
// least, so that the answer is always the same. NULL is no key, and of no key there is no map.
func firstOfKeys(list string) string {
	return in("list_sort(list_filter("+list+", lambda weir_e: weir_e.k IS NOT NULL))", "weir_l",
		"CASE WHEN len(weir_l) > 0 THEN map_from_entries(list_filter(weir_l, lambda weir_e, weir_i: weir_i = 1 OR weir_l[weir_i - 1].k <> weir_e.k)) END")
}
