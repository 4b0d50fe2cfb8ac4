package function

import "strings"

// refusedFuncs are functions of Trino that weir knows and has not.
var refusedFuncs = func() []Func {
	var out []Func
	for _, r := range []struct{ page, why, names string }{
		{"math", "its last digits depend on how it is computed", "beta_cdf inverse_beta_cdf normal_cdf inverse_normal_cdf t_cdf t_pdf wilson_interval_lower wilson_interval_upper cosine_similarity cosine_distance dot_product euclidean_distance"},
		{"color", "there are no colors in results", "bar color render rgb"},
		{"hyperloglog", "there are no sketches; approx_distinct counts", "empty_approx_set"},
		{"setdigest", "there are no sketches", "make_set_digest merge_set_digest hash_counts intersection_cardinality jaccard_index"},
		{"qdigest", "there are no sketches; approx_percentile is exact", "value_at_quantile values_at_quantiles quantile_at_value"},
		{"ml", "there is no learning", "classify features learn_classifier learn_regressor regress"},
		{"geospatial", "there are no shapes", "great_circle_distance st_point st_contains st_distance st_area st_astext st_geometryfromtext st_intersects st_within geometry_union to_geometry to_spherical_geography bing_tile bing_tile_at"},
		{"teradata", "to_hex(to_utf8(s)) has the bytes of UTF-8", "char2hexint"},
		{"array", "it is newer than Athena's engine version 3 says", "array_first array_last array_histogram"},
	} {
		for name := range strings.FieldsSeq(r.names) {
			out = append(out, Func{Name: name, Page: r.page, Refused: r.why})
		}
	}
	return out
}()
