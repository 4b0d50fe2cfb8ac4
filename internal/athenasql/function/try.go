package function

import (
	"regexp"
	"strings"
)

var columnRef = regexp.MustCompile(`'(?:[^']|'')*'|(?:^|[^A-Za-z0-9_."])([a-z][a-z0-9]*\."(?:[^"]|"")+")`)

// Try returns the SQL of an expression that is NULL in the rows where it fails.
//
// DuckDB's TRY is not enough. Where a row fails, it gives the expression a vector of one row, and CASE and coalesce write at the place that the row
// has among all: they overwrite memory that is not theirs. So they stand within a list, whose elements have a vector of their own. And what
// stands in a TRY twice is computed once before it, where its error ends the query; of what is in a CASE that does not happen.
func Try(sql string) string {
	for _, m := range columnRef.FindAllStringSubmatch(sql, -1) {
		if ref := m[1]; ref != "" {
			sql = "CASE WHEN " + ref + " IS NULL OR " + ref + " IS NOT NULL THEN " + sql + " END"
			break
		}
	}
	return "TRY([" + sql + "][1])"
}

// quotedSQL is a text or a name within SQL.
var quotedSQL = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"`)

// hasQuery reports whether SQL has a query in it.
func hasQuery(sql string) bool {
	return strings.Contains(quotedSQL.ReplaceAllString(sql, ""), "SELECT ")
}
