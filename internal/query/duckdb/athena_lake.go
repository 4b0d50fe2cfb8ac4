package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/athenasql/compile"
	"weir/internal/lake"
	"weir/internal/query"
)

// hourColumn is the column that the partition keys of the lake's tables derive from.
var hourColumn = flowlog.FieldByID(flowlog.WeirHour).Column

// lakeScan is a scan of one of the lake's tables.
type lakeScan struct {
	scan    *compile.Scan
	at      int // its place among the query's scans
	kind    flowlog.Kind
	columns []string // of the lake that its relation needs
	files   []lake.DataFile
}

// lakeScan finds the files of a scan whose hours meet its condition.
func (r *athenaRun) lakeScan(ctx context.Context, scan *compile.Scan, source *LakeTable) (lakeScan, error) {
	out := lakeScan{scan: scan, kind: source.Kind, columns: []string{}}
	for _, name := range scan.Columns {
		uses, ok := source.Uses[name]
		if !ok {
			uses = []string{name}
		}
		for _, u := range uses {
			if !slices.Contains(out.columns, u) {
				out.columns = append(out.columns, u)
			}
		}
	}
	files := r.session.snap.Files(source.Kind, lake.Bounds{})
	if scan.Partitions == "" {
		out.files = files
		return out, nil
	}
	hours := hoursOf(files)
	if len(hours) == 0 {
		return out, nil
	}
	kept := map[time.Time]bool{}
	text := "SELECT weir_i FROM (" + hoursSQL(partitionKeys(scan.Table), hours) + ") WHERE (" + scan.Partitions + ")"
	if err := r.session.each(ctx, text, func(i int) { kept[hours[i]] = true }); err != nil {
		return out, err
	}
	for _, f := range files {
		if kept[f.Hour] {
			out.files = append(out.files, f)
		}
	}
	return out, nil
}

// hoursOf returns the distinct hours of files, which are in their order.
func hoursOf(files []lake.DataFile) []time.Time {
	var out []time.Time
	for i := range files {
		if len(out) == 0 || !out[len(out)-1].Equal(files[i].Hour) {
			out = append(out, files[i].Hour)
		}
	}
	return out
}

// hoursSQL returns a SELECT of partition keys for hours, and of weir_i, their places.
func hoursSQL(keys []compile.Column, hours []time.Time) string {
	values := make([]string, len(hours))
	for i, h := range hours {
		values[i] = fmt.Sprintf("(%d, make_timestamp(%d))", i, h.UnixMicro())
	}
	var text strings.Builder
	text.WriteString("SELECT weir_i")
	for _, k := range keys {
		text.WriteString(", " + k.SQL + " AS " + ident(k.Name))
	}
	from := "(VALUES " + strings.Join(values, ", ") + ") AS p(weir_i, " + ident(hourColumn) + ")"
	if len(hours) == 0 {
		from = "(SELECT 0 AS weir_i, CAST(NULL AS TIMESTAMP) AS " + ident(hourColumn) + ") AS p WHERE false"
	}
	return text.String() + " FROM " + from
}

// lakePartitions makes the relation of a scan of "name$partitions": of the hours that have files, or, where a key tells more than the hour, of the records.
func (r *athenaRun) lakePartitions(ctx context.Context, scan *compile.Scan, source *LakeTable) error {
	files := r.session.snap.Files(source.Kind, lake.Bounds{})
	if len(source.Outside) == 0 || len(files) == 0 {
		return r.view(ctx, scan, "SELECT DISTINCT * EXCLUDE (weir_i) FROM ("+hoursSQL(source.Keys, hoursOf(files))+") ORDER BY ALL")
	}
	r.session.only = []string{hourColumn}
	list := make([]string, len(source.Keys))
	for i, k := range source.Keys {
		list[i] = k.SQL + " AS " + ident(k.Name)
		r.session.only = append(r.session.only, source.Uses[k.Name]...)
	}
	return r.view(ctx, scan, "SELECT DISTINCT "+strings.Join(list, ", ")+" FROM ("+r.session.selectFiles(source.Kind, files)+") ORDER BY ALL")
}

// lakeScans makes the relations of scans of the lake. It lets DuckDB plan the query first, over a few files of each: the filters that come down to a
// scan then tell which files can be left out.
func (r *athenaRun) lakeScans(ctx context.Context, scans []lakeScan, cost *query.Cost) error {
	if len(scans) == 0 {
		return nil
	}
	read := make([]map[string]bool, len(scans))
	matched, err := r.match(ctx, scans, read)
	if err != nil {
		return err
	}
	opened := map[string]bool{}
	for i := range scans {
		s := &scans[i]
		r.session.only = s.columns
		if err := r.view(ctx, s.scan, r.session.selectFiles(s.kind, matched[i])); err != nil {
			return err
		}
		before := *cost
		r.addLakeCost(cost, s, matched[i], read[i], opened)
		r.scanned(s.at, before, cost)
		r.scans[s.at].Files = len(matched[i])
	}
	return nil
}

// match returns which files of each scan may hold what matters, and which columns are read of them.
func (r *athenaRun) match(ctx context.Context, scans []lakeScan, read []map[string]bool) ([][]lake.DataFile, error) {
	for i := range scans {
		if err := r.planView(ctx, &scans[i], i); err != nil {
			return nil, err
		}
	}
	found, err := r.session.planned(ctx, r.sql)
	if err != nil {
		return nil, err
	}
	out := make([][]lake.DataFile, len(scans))
	for i := range scans {
		s := &scans[i]
		var own []scan
		for _, f := range found {
			if of, ok := f.marked(); !ok || of == i {
				own = append(own, f)
			}
		}
		own = scansOf(own, s.kind, r.session.snap)
		if len(own) == 0 || len(s.files) == 0 {
			// DuckDB may count rows without a scan; then all files matter.
			out[i], read[i] = s.files, setOf(s.columns)
			continue
		}
		out[i], read[i] = matchingFiles(s.files, own)
		for c := range read[i] {
			if !slices.Contains(s.columns, c) {
				delete(read[i], c)
			}
		}
	}
	return out, nil
}

func setOf(names []string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// planView makes the relation of the i-th scan for planning. A condition on weir_hour, which all records meet, marks the scan in the plan, and keeps
// DuckDB from counting rows without one.
func (r *athenaRun) planView(ctx context.Context, s *lakeScan, i int) error {
	r.session.only = append([]string{hourColumn}, s.columns...)
	text := r.session.selectFiles(s.kind, r.session.someFiles(s.kind, s.files))
	if len(s.files) > 0 {
		text += fmt.Sprintf(" WHERE %s <> TIMESTAMP '%s'", ident(hourColumn), markTime(i))
	}
	return r.view(ctx, s.scan, text)
}

// markTime returns a time that no record has.
func markTime(i int) string {
	return time.Date(1000, 1, 1, 0, 0, i, 0, time.UTC).Format(time.DateTime)
}

var markFilter = regexp.MustCompile(`weir_hour!='(1000-01-01 [0-9:]+)'::TIMESTAMP`)

// marked returns which scan of a query of Athena a reading is of; false where the plan does not tell.
func (s *scan) marked() (int, bool) {
	if len(s.marks) != 1 {
		return 0, false
	}
	t, err := time.Parse(time.DateTime, s.marks[0])
	if err != nil {
		return 0, false
	}
	return int(t.Sub(time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)) / time.Second), true
}

// marksOf returns the marks of planView in a filter.
func marksOf(filter string) []string {
	var out []string
	for _, m := range markFilter.FindAllStringSubmatch(filter, -1) {
		out = append(out, m[1])
	}
	return out
}

// addLakeCost adds what reading columns of files costs. A file that two scans read counts for each, as Athena reads it twice; it is listed once.
func (r *athenaRun) addLakeCost(cost *query.Cost, s *lakeScan, files []lake.DataFile, columns map[string]bool, opened map[string]bool) {
	for _, f := range r.session.snap.Files(s.kind, lake.Bounds{}) {
		cost.FilesTotal++
		cost.BytesTotal += f.Size
	}
	for _, c := range query.TableColumns(s.kind) {
		if columns[c.Name] && !slices.Contains(cost.Columns, c.Name) {
			cost.Columns = append(cost.Columns, c.Name)
		}
	}
	for _, f := range files {
		fc := query.FileCost{Path: f.Path, Records: f.Records, Size: f.Size}
		if rel, err := filepath.Rel(r.session.dir, f.Path); err == nil {
			fc.Path = rel
		}
		for name, stats := range f.Columns {
			if columns[name] {
				fc.Bytes += stats.Bytes
			}
		}
		cost.Bytes += fc.Bytes
		cost.Records += f.Records
		if !opened[fc.Path] {
			opened[fc.Path] = true
			cost.Files = append(cost.Files, fc)
		}
	}
}
