package duckdb

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// scan is one reading of files in DuckDB's plan of a query.
type scan struct {
	gives   []string // columns that the scan gives
	filters []string // words of its filters that may be columns
	conds   []cond   // that every row of the scan meets
	marks   []string // of planView
}

// cond is a comparison of a column with a constant: int64, string or time.Time.
type cond struct {
	column, op string
	value      any
}

// planNode is a node of DuckDB's plan, as EXPLAIN (FORMAT json) prints it.
type planNode struct {
	Name     string                     `json:"name"`
	Children []planNode                 `json:"children"`
	Extra    map[string]json.RawMessage `json:"extra_info"`
}

// planned lets DuckDB plan a query and returns its readings of files.
func (s *session) planned(ctx context.Context, text string) ([]scan, error) {
	const explain = "EXPLAIN (FORMAT json) "
	rows, err := s.conn.QueryContext(ctx, explain+text)
	if err != nil {
		return nil, parseError(err, len(explain))
	}
	defer rows.Close()
	var out []scan
	for rows.Next() {
		var key, plan string
		if err := rows.Scan(&key, &plan); err != nil {
			return nil, err
		}
		var nodes []planNode
		if err := json.Unmarshal([]byte(plan), &nodes); err != nil {
			return nil, fmt.Errorf("cannot read DuckDB's plan: %w", err)
		}
		for _, n := range nodes {
			out = n.scans(out, text)
		}
	}
	return out, rows.Err()
}

// scans adds the readings of files at and below the node, of the query sql.
func (n *planNode) scans(out []scan, sql string) []scan {
	if n.Name == "READ_PARQUET" || strings.TrimSpace(n.Name) == "PARQUET_SCAN" {
		s := scan{gives: strings.Split(text(n.Extra["Projections"]), "\n")}
		for _, f := range splitFilters(text(n.Extra["Filters"])) {
			conds, words := parseFilter(f)
			s.conds = append(s.conds, conds...)
			s.filters = append(s.filters, words...)
			s.marks = append(s.marks, marksOf(f)...)
		}
		out = append(out, s)
	}
	from := len(out)
	for i := range n.Children {
		out = n.Children[i].scans(out, sql)
	}
	if n.sameRows(sql) && len(out) == from+2 {
		out[from].conds, out[from].marks = out[from+1].conds, out[from+1].marks
	}
	return out
}

// sameRows reports whether the node reads more columns of the rows that its second child
// found, as DuckDB does for the first few of many. It joins by the place of a row in its
// file then, which has no name in a query unless the query gives it to something else.
func (n *planNode) sameRows(sql string) bool {
	return n.Name == "HASH_JOIN" && !strings.Contains(strings.ToLower(sql), "file_index") && text(n.Extra["Join Type"]) == "SEMI" && len(n.Children) == 2 &&
		text(n.Extra["Conditions"]) == "file_index = file_index\nfile_row_number = file_row_number"
}

// text returns a text of a plan. DuckDB cuts texts into lists at line feeds, and
// passes over empty pieces; the pieces are put together again.
func text(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	_ = json.Unmarshal(raw, &many) // what is neither has no text
	return strings.Join(many, "\n")
}

// splitFilters splits the filters of a scan, one a line. A line feed within quotes
// is part of a constant: what stands below it is what somebody looks for.
func splitFilters(s string) []string {
	var out []string
	var open byte // the quote that is open, or 0
	start := 0
	for i := range len(s) {
		switch c := s[i]; {
		case open != 0:
			if c == open {
				open = 0 // a doubled quote opens it again
			}
		case c == '\'' || c == '"':
			open = c
		case c == '\n':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

var (
	// comparison is a comparison with a constant at the head of a filter, up to
	// the AND that joins it to the next or to the end.
	comparison = regexp.MustCompile(`^([a-z0-9_]+)(>=|<=|!=|=|>|<)(-?[0-9]+|'(?:[^']|'')*'(?:::TIMESTAMP)?)(?: AND |$)`)
	present    = regexp.MustCompile(`^[a-z0-9_]+ IS NOT NULL(?: AND |$)`)
	// dynamic is a filter of which more is known while the query runs: of the first rows
	// in an order, or of a join.
	dynamic = regexp.MustCompile(`^optional: Dynamic Filter \([a-z0-9_]+\)(?: AND |$)`)
	word    = regexp.MustCompile(`[a-z0-9_]+`)
)

// parseFilter reads a filter of a scan as DuckDB prints it: comparisons joined
// by AND. A filter that holds anything else gives no conditions, which only means
// that files are read that could be passed over: texts that users write stand in
// filters, and one that is read half may be read wrong. It also returns the words
// that may be columns.
func parseFilter(f string) (conds []cond, columns []string) {
	columns = word.FindAllString(withoutTexts(f), -1)
	for f != "" {
		if m := present.FindString(f) + dynamic.FindString(f); m != "" {
			f = f[len(m):]
			continue
		}
		m := comparison.FindStringSubmatch(f)
		if m == nil {
			return nil, columns
		}
		f = f[len(m[0]):]
		if v, ok := constant(m[3]); ok && m[2] != "!=" {
			conds = append(conds, cond{m[1], m[2], v})
		}
	}
	return conds, columns
}

// withoutTexts returns the filter with its quoted texts emptied.
func withoutTexts(f string) string {
	var out strings.Builder
	in := false
	for i := range len(f) {
		if f[i] == '\'' {
			in = !in
		}
		if !in || f[i] == '\'' {
			out.WriteByte(f[i])
		}
	}
	return out.String()
}

// constant reads a constant as DuckDB prints it. A text with a line feed is left
// out: the plan has lost those that follow one another.
func constant(s string) (any, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	if inner, ok := strings.CutSuffix(s, "::TIMESTAMP"); ok {
		t, err := time.Parse("'2006-01-02 15:04:05.999999'", inner)
		return t.UTC(), err == nil
	}
	if s[0] != '\'' || strings.Contains(s, "\n") {
		return nil, false
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), true
}

// scansOf returns the scans that may be of a kind's table: those that give no
// column that it lacks.
func scansOf(scans []scan, k flowlog.Kind, snap *lake.Snapshot) []scan {
	ids := snap.FieldIDs(k)
	var out []scan
	for _, s := range scans {
		if !slices.ContainsFunc(s.gives, func(c string) bool { return ids[c] == 0 && isColumn(c) }) {
			out = append(out, s)
		}
	}
	return out
}

// isColumn reports whether a name is that of a column of either table.
func isColumn(name string) bool {
	f, ok := flowlog.Lookup(name)
	return ok && f.Column == name
}

// matchingFiles returns the files that a scan may find something in, and the
// columns that are read.
func matchingFiles(files []lake.DataFile, scans []scan) ([]lake.DataFile, map[string]bool) {
	columns := map[string]bool{}
	for _, s := range scans {
		for _, c := range slices.Concat(s.gives, s.filters) {
			if isColumn(c) {
				columns[c] = true
			}
		}
	}
	var out []lake.DataFile
	for _, f := range files {
		for _, s := range scans {
			if s.mayMatch(f) {
				out = append(out, f)
				break
			}
		}
	}
	return out, columns
}

// mayMatch reports whether a record of the file may meet all conditions.
func (s *scan) mayMatch(f lake.DataFile) bool {
	for _, c := range s.conds {
		if !isColumn(c.column) {
			continue
		}
		stats, ok := f.Columns[c.column]
		if !ok {
			return false // absent in every record, and a comparison with absent is not true
		}
		if stats.Min != nil && !c.mayHold(stats.Min, stats.Max) {
			return false
		}
	}
	return true
}

// mayHold reports whether a value between low and high may meet the condition.
func (c *cond) mayHold(low, high any) bool {
	if reflect.TypeOf(low) != reflect.TypeOf(c.value) {
		return true
	}
	toLow, toHigh := query.Compare(low, c.value), query.Compare(high, c.value)
	switch c.op {
	case "=":
		return toLow <= 0 && toHigh >= 0
	case ">":
		return toHigh > 0
	case ">=":
		return toHigh >= 0
	case "<":
		return toLow < 0
	}
	return toLow <= 0
}
