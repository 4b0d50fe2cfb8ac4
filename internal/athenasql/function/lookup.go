package function

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/athenasql"
)

// families are the functions by family.
var families = [][]Func{stringFuncs, regexpFuncs, urlFuncs, jsonFuncs, datetimeFuncs, teradataFuncs, ipFuncs, mathFuncs, conditionalFuncs, binaryFuncs, arrayFuncs, mapFuncs, aggregateFuncs, windowFuncs, refusedFuncs}

var table, signatures = func() (map[string]*Func, map[string]signature) {
	t, s := map[string]*Func{}, map[string]signature{}
	for _, family := range families {
		for i := range family {
			f := &family[i]
			if have := t[f.Name]; have != nil {
				// contains and concat are of several pages.
				if have.Kind != f.Kind {
					panic("two functions " + f.Name)
				}
				have.Forms = append(have.Forms, f.Forms...)
			} else {
				t[f.Name] = f
			}
			for _, form := range f.Forms {
				s[form.Signature] = parseSignature(form.Signature)
			}
			t[f.Name].Own = own[f.Name]
		}
	}
	return t, s
}()

// own is what weir does of its own: see [Func].
var own = map[string]string{
	"approx_distinct":        "counts exactly, which is within any error",
	"approx_percentile":      "exact: the least value that at least the fraction of all values is not above; no weights",
	"approx_most_frequent":   "counts exactly; of equal counts the least values",
	"map_agg":                "of a key's values the least; Trino does not say which",
	"map_union":              "of a key's values the least; Trino does not say which",
	"rand":                   "other values in each run",
	"random":                 "other values in each run",
	"array_join":             "elements are texts, numbers, booleans, dates, times or addresses",
	"date_parse":             "a day of the week that the date is not is an error",
	"from_iso8601_timestamp": "a text that is not constant must be UTC's",
	"parse_datetime":         "a text that is not constant must be UTC's",
	"parse_duration":         "days to nanoseconds",
	"json_extract":           "paths of keys and indexes, as Trino's own",
	"json_extract_scalar":    "paths of keys and indexes, as Trino's own",
	"json_size":              "paths of keys and indexes, as Trino's own",
	"normalize":              "to NFC alone",
	"regexp_like":            "Java's patterns without looking ahead or behind, references, possessive quantifiers",
	"regexp_extract":         "patterns as of regexp_like",
	"regexp_extract_all":     "patterns as of regexp_like, that match a character at least",
	"regexp_replace":         "patterns as of regexp_like; one that may match no characters is taken with the replacement '' alone; no lambda",
	"regexp_split":           "patterns as of regexp_like, that match a character at least",
	"regexp_count":           "patterns as of regexp_like, that match a character at least",
	"regexp_position":        "patterns as of regexp_like, that match a character at least",
	"format":                 "a constant format of %s, %d, %x, %X, %f, %b, %n and %%; %s of texts, numbers, booleans and dates",
	"lpad":                   "to 10,000 characters at most",
	"rpad":                   "to 10,000 characters at most",
	"reduce":                 "a state of at most 1 MiB",
	"array_sort":             "no comparator",
	"try":                    "NULL for any error of a row",
	"listagg":                "no ON OVERFLOW TRUNCATE",
	"current_timezone":       "it is UTC",
	"lag":                    "the offset is constant",
	"lead":                   "the offset is constant",
	"ntile":                  "the number is constant",
	"date_trunc":             "the unit is constant",
	"date_add":               "the unit is constant",
	"date_diff":              "the unit is constant",
	"at_timezone":            "the zone is constant",
	"with_timezone":          "the zone is constant",
	"to_date":                "the format is constant, without yy and hh",
	"to_timestamp":           "the format is constant, without yy and hh",
	"to_char":                "the format is constant, without yy and hh",
	"from_unixtime":          "the zone is constant",
	"kurtosis":               "computed in another order: the last digits may differ",
	"skewness":               "computed in another order: the last digits may differ",
	"corr":                   "computed in another order: the last digits may differ",
}

func parsed(text string) signature { return signatures[text] }

// Lookup returns a function by its name in lower case.
func Lookup(name string) (*Func, bool) {
	f, ok := table[name]
	return f, ok
}

// Names returns the names of all functions in their order, those that are refused too.
func Names() []string { return slices.Sorted(maps.Keys(table)) }

// NotFound returns the error of a name that no function has, with what may be meant.
func NotFound(name string, at athenasql.Span) *athenasql.Error {
	err := athenasql.Errorf(athenasql.CodeFunctionNotFound, at, "Function '%s' not registered", name)
	if hint := foreign[strings.ToLower(name)]; hint != "" {
		return err.WithHint("in Athena it is " + hint)
	}
	best, least := "", 1+len(name)/3
	for _, n := range Names() {
		if d := distance(strings.ToLower(name), n); d < least {
			best, least = n, d
		}
	}
	if best != "" {
		return err.WithHint(fmt.Sprintf("did you mean %s?", best))
	}
	return err
}

// foreign are functions of other engines, with what Athena has in their place.
var foreign = map[string]string{
	"ifnull": "coalesce(a, b)", "nvl": "coalesce(a, b)", "nvl2": "if(a IS NOT NULL, b, c)", "isnull": "a IS NULL", "decode": "CASE a WHEN ... THEN ... END",
	"iff": "if(condition, a, b)", "len": "length(s)", "char_length": "length(s)", "character_length": "length(s)", "octet_length": "length(to_utf8(s))",
	"instr": "strpos(s, substring)", "locate": "strpos(s, substring)", "charindex": "strpos(s, substring)", "left": "substr(s, 1, n)", "right": "substr(s, -n)",
	"mid": "substr(s, start, length)", "ucase": "upper(s)", "lcase": "lower(s)",
	"substring_index": "split_part(s, delimiter, index)", "string_agg": "listagg(s, separator) WITHIN GROUP (ORDER BY ...)",
	"group_concat": "listagg(s, separator) WITHIN GROUP (ORDER BY ...), or array_join(array_agg(s), separator)", "collect_list": "array_agg(x)",
	"collect_set": "array_agg(DISTINCT x)", "list": "array_agg(x)", "explode": "CROSS JOIN UNNEST(array) AS t(x)", "size": "cardinality(array)", "array_length": "cardinality(array)",
	"array_size": "cardinality(array)", "array_contains": "contains(array, x)", "date_sub": "date_add(unit, -n, t), or t - INTERVAL 'n' unit", "dateadd": "date_add(unit, n, t)",
	"datediff": "date_diff(unit, from, to)", "timestampdiff": "date_diff(unit, from, to)",
	"str_to_date":    "date_parse(s, format)",
	"unix_timestamp": "to_unixtime(t)", "getdate": "now()", "sysdate": "now()", "curdate": "current_date", "todatetime": "from_unixtime(seconds), or date_parse(s, format)",
	"tostartofhour": "date_trunc('hour', t)", "tostartofday": "date_trunc('day', t)", "todate": "date(t)", "add_months": "date_add('month', n, t)",
	"last_day": "last_day_of_month(t)", "dayofweek": "day_of_week(t), where Monday is 1", "weekday": "day_of_week(t), where Monday is 1", "dayofyear": "day_of_year(t)",
	"weekofyear": "week(t)", "percentile": "approx_percentile(x, fraction)", "percentile_cont": "approx_percentile(x, fraction)", "percentile_disc": "approx_percentile(x, fraction)",
	"percentile_approx": "approx_percentile(x, fraction)", "median": "approx_percentile(x, 0.5)", "quantile": "approx_percentile(x, fraction)", "approx_count_distinct": "approx_distinct(x)",
	"uniq": "approx_distinct(x), or count(DISTINCT x)", "countif": "count_if(condition)", "mean": "avg(x)", "get_json_object": "json_extract_scalar(json, path)",
	"json_tuple": "json_extract_scalar(json, path)", "parse_json": "json_parse(s)",
	"to_json": "json_format(CAST(x AS JSON))", "parse_url": "url_extract_host(url) and the like", "rlike": "regexp_like(s, pattern)", "regexp_matches": "regexp_like(s, pattern)",
	"regexp_substr": "regexp_extract(s, pattern)", "hex": "to_hex(binary)", "unhex": "from_hex(s)", "base64": "to_base64(binary)", "unbase64": "from_base64(s)", "sha": "sha1(binary)",
	"sha2": "sha256(binary)", "trunc": "truncate(x), or date_trunc(unit, t)", "to_number": "CAST(s AS double)", "inet_aton": "CAST(s AS ipaddress)",
	"argmax": "max_by(x, y)", "argmin": "min_by(x, y)", "arg_max": "max_by(x, y)", "arg_min": "min_by(x, y)", "row": "ROW(...)", "array_append": "array || x", "named_struct": "CAST(ROW(...) AS ROW(name type))",
	"map_contains_key": "contains(map_keys(m), k)", "space": "lpad('', n, ' ')", "sort_array": "array_sort(a)", "array_average": "reduce(...)", "grouping_id": "grouping(...)",
	"iif": "if(condition, a, b)", "zeroifnull": "coalesce(x, 0)", "try_to_number": "TRY_CAST(s AS double)", "date_part": "extract(unit FROM t)", "datepart": "extract(unit FROM t)",
	"time_bucket": "date_trunc(unit, t)", "bin": "date_trunc(unit, t), or to_base(n, 2)", "stddev_sample": "stddev_samp(x)", "url_parse": "url_extract_host(url) and the like",
}

// distance is the Levenshtein distance of two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			last, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, last+cost)
		}
	}
	return row[len(b)]
}
