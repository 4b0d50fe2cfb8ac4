package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// prepare makes the views that a query sees, over the files that may matter to
// it, and says what the query will read. It lets DuckDB plan the query first: the
// filters that DuckDB brings down to the scan then tell which files can be left out.
func (s *session) prepare(ctx context.Context, q *request) (query.Cost, error) {
	var cost query.Cost
	bounds := lake.Bounds{From: s.scope.From, To: s.scope.To}
	if q.rollup != nil {
		files := s.snap.Files(flowlog.KindVPC, bounds)
		if s.rolls(q, files) {
			s.addRollupCost(&cost, q, files)
			return cost, s.rollupView(ctx, q, files)
		}
		q.rollup, q.text = nil, q.unrolled
	}
	s.only = q.only
	if q.interfaces {
		if err := s.interfaceTable(ctx); err != nil {
			return cost, err
		}
	}
	if len(q.tables) == 0 {
		return cost, nil
	}
	var scans []scan
	if !q.whole { // else there is nothing to learn
		var err error
		if scans, err = s.plan(ctx, q, bounds); err != nil {
			return cost, err
		}
		s.scans = scans
	}
	for _, k := range q.tables {
		files, columns := s.snap.Files(k, bounds), map[string]bool{}
		if !q.whole {
			files, columns = matchingFiles(files, scansOf(scans, k, s.snap))
		}
		if err := s.views(ctx, q, k, files); err != nil {
			return cost, err
		}
		if q.reads != nil {
			columns = map[string]bool{}
			for _, name := range q.reads {
				columns[name] = true
			}
		}
		s.addCost(&cost, k, files, columns)
	}
	return cost, nil
}

// planFiles is how many files of a table a query is planned over to learn its filters:
// they do not depend on the files, and to look at each takes time. DuckDB holds filters
// against the statistics of a file that is alone.
const planFiles = 2

// plan lets DuckDB plan the query and returns its readings of files.
func (s *session) plan(ctx context.Context, q *request, b lake.Bounds) ([]scan, error) {
	for _, k := range q.tables {
		if err := s.views(ctx, q, k, s.someFiles(k, s.snap.Files(k, b))); err != nil {
			return nil, err
		}
	}
	return s.planned(ctx, q.text)
}

// someFiles returns files over which a query is planned: one with a record without start among
// them where there is one, since a scope is another condition then (selectFiles), and one for
// each column that the query may name, since one that no file has is NULL to the plan, which
// then reads nothing to find a value of it.
func (s *session) someFiles(k flowlog.Kind, files []lake.DataFile) []lake.DataFile {
	if len(files) <= planFiles {
		return files
	}
	some := slices.Clone(files[:planFiles])
	if i := slices.IndexFunc(files, func(f lake.DataFile) bool { return f.LacksStart() }); i >= planFiles {
		some[0] = files[i]
	}
	var missing []string
	for _, c := range query.TableColumns(k) {
		if s.named(c.Name) && !slices.ContainsFunc(some, func(f lake.DataFile) bool { return hasColumn(&f, c.Name) }) {
			missing = append(missing, c.Name)
		}
	}
	for i := planFiles; i < len(files) && len(missing) > 0; i++ {
		left := len(missing)
		missing = slices.DeleteFunc(missing, func(c string) bool { return hasColumn(&files[i], c) })
		if len(missing) < left {
			some = append(some, files[i])
		}
	}
	return some
}

// hasColumn reports whether some record of a file has a column.
func hasColumn(f *lake.DataFile, name string) bool {
	_, ok := f.Columns[name]
	return ok
}

var kinds = []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW}

// addCost adds what reading columns of files costs.
func (s *session) addCost(cost *query.Cost, k flowlog.Kind, files []lake.DataFile, columns map[string]bool) {
	for _, f := range s.snap.Files(k, lake.Bounds{}) {
		cost.FilesTotal++
		cost.BytesTotal += f.Size
	}
	for _, c := range query.TableColumns(k) {
		if columns[c.Name] && !slices.Contains(cost.Columns, c.Name) {
			cost.Columns = append(cost.Columns, c.Name)
		}
	}
	for _, f := range files {
		fc := query.FileCost{Path: f.Path, Records: f.Records, Size: f.Size}
		if rel, err := filepath.Rel(s.dir, f.Path); err == nil {
			fc.Path = rel
		}
		for name, stats := range f.Columns {
			if columns[name] {
				fc.Bytes += stats.Bytes
			}
		}
		cost.Files = append(cost.Files, fc)
		cost.Bytes += fc.Bytes
		cost.Records += f.Records
	}
}

// views makes the views of a kind's tables over files, the named one where it is asked for.
func (s *session) views(ctx context.Context, q *request, k flowlog.Kind, files []lake.DataFile) error {
	if err := s.view(ctx, k, files); err != nil || !q.named || k != flowlog.KindVPC {
		return err
	}
	return s.namedView(ctx, files, q.nameColumns)
}

// view makes the view of a kind's table over files.
func (s *session) view(ctx context.Context, k flowlog.Kind, files []lake.DataFile) error {
	text := "CREATE OR REPLACE TEMP VIEW " + ident(query.TableName(k)) + " AS " + s.selectFiles(k, files)
	if _, err := s.conn.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("cannot open the lake's files: %w", parseError(err, 0))
	}
	return nil
}

// selectFiles returns the SELECT of a kind's columns from files, within the
// scope. Where files have different columns, as those of before a column was added,
// they are found by their field ids and are NULL where a file has none: that costs a
// small query a quarter of its time.
func (s *session) selectFiles(k flowlog.Kind, files []lake.DataFile) string {
	var list, schema []string
	ids, alike := s.snap.FieldIDs(k), sameColumns(files)
	for i, c := range query.TableColumns(k) {
		if i > 0 && !s.named(c.Name) { // a table has one column at least
			continue
		}
		// The table of an older weir's lake lacks newer columns until one writes it.
		has := len(files) > 0 && ids[c.Name] != 0
		if has && alike {
			_, has = files[0].Columns[c.Name]
		}
		if !has {
			list = append(list, "CAST(NULL AS "+c.SQLType+") AS "+ident(c.Name))
			continue
		}
		list = append(list, ident(c.Name))
		schema = append(schema, fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", ids[c.Name], quote(c.Name), quote(c.SQLType)))
	}
	if len(files) == 0 {
		return "SELECT " + strings.Join(list, ", ") + " WHERE false"
	}
	paths := make([]string, len(files))
	lacksStart := false
	for i := range files {
		paths[i] = quote(files[i].Path)
		lacksStart = lacksStart || files[i].LacksStart()
	}
	text := "SELECT " + strings.Join(list, ", ") + " FROM read_parquet([" + strings.Join(paths, ", ") + "], hive_partitioning = false"
	if !alike {
		text += ", schema = MAP {" + strings.Join(schema, ", ") + "}"
	}
	text += ")"
	if where := scopeCondition(s.scope, lacksStart); where != "" {
		text += " WHERE " + where
	}
	return text
}

// sameColumns reports whether all files have the same columns.
func sameColumns(files []lake.DataFile) bool {
	for i := range files {
		if len(files[i].Columns) != len(files[0].Columns) {
			return false
		}
		for name := range files[i].Columns {
			if _, ok := files[0].Columns[name]; !ok {
				return false
			}
		}
	}
	return true
}

// named reports whether the view has a column: one that the query, or the scope, may
// ask for.
func (s *session) named(column string) bool {
	return s.only == nil || slices.Contains(s.only, column) || !s.scope.All() && slices.Contains(scopeColumns, column)
}

// scopeColumns are the columns that scopeCondition asks for.
var scopeColumns = []string{"start", "weir_hour", "account_id", "weir_region", "interface_id", "weir_flow_log_id"}

// scopeCondition returns the scope as a condition, or "". lacksStart says that
// there may be records without start, which count at weir_hour; the condition is
// simpler, and can be held against statistics, where there are none.
func scopeCondition(s query.Scope, lacksStart bool) string {
	var and []string
	if start := timeCondition(`"start"`, s, func(t time.Time) string { return strconv.FormatInt(ceilUnix(t), 10) }); start != "" {
		if lacksStart {
			hour := timeCondition("weir_hour", s, func(t time.Time) string {
				return "make_timestamp(" + strconv.FormatInt(ceilMicro(t), 10) + ")"
			})
			start = "((" + start + `) OR ("start" IS NULL AND ` + hour + "))"
		}
		and = append(and, start)
	}
	for _, in := range []struct {
		column string
		values []string
	}{
		{"account_id", s.Accounts}, {"weir_region", s.Regions}, {"interface_id", s.Interfaces}, {"weir_flow_log_id", s.FlowLogs},
	} {
		if len(in.values) == 0 {
			continue
		}
		quoted := make([]string, len(in.values))
		for i, v := range in.values {
			quoted[i] = quote(v)
		}
		and = append(and, in.column+" IN ("+strings.Join(quoted, ", ")+")")
	}
	return strings.Join(and, " AND ")
}

// timeCondition bounds a column by From and To. Times are rounded up to the
// column's unit: t >= From is t >= ceil(From), and t < To is t < ceil(To).
func timeCondition(column string, s query.Scope, value func(time.Time) string) string {
	var and []string
	if !s.From.IsZero() {
		and = append(and, column+" >= "+value(s.From))
	}
	if !s.To.IsZero() {
		and = append(and, column+" < "+value(s.To))
	}
	return strings.Join(and, " AND ")
}

func ceilUnix(t time.Time) int64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}

func ceilMicro(t time.Time) int64 {
	us := t.UnixMicro()
	if t.Nanosecond()%1000 > 0 {
		us++
	}
	return us
}
