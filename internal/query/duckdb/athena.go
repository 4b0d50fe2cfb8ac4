package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/query"
)

// LakeTable is the source of a [compile.Table] that shows one of the lake's own tables.
type LakeTable struct {
	Kind flowlog.Kind
	// Uses says which of the lake's columns the SQL of a column of the table reads, for those that are not a column of the lake by the same name.
	// The partition keys read weir_hour alone, but for those of Outside, which are partition keys to who asks and columns like others to queries.
	Uses    map[string][]string
	Outside []string
	// Partitions says that it is "name$partitions": a row for each hour that has files. Keys are the columns as the table itself has them.
	Partitions bool
	Keys       []compile.Column
}

// AthenaInput is a compiled query, and what is behind its tables.
type AthenaInput struct {
	Query *compile.Query
	// Objects returns the files of a scan of a table whose source is no [LakeTable]. keep evaluates the conditions of the scan. nil: there are
	// no such tables.
	Objects func(ctx context.Context, scan *compile.Scan, keep Keep) (*AthenaObjects, error)
}

// NullPartition is the text of a partition key that is NULL, as Hive writes it.
const NullPartition = "__HIVE_DEFAULT_PARTITION__"

// Keep evaluates the conditions of a scan on what is to be listed and what was listed.
type Keep struct {
	Partitions KeepPartitions
	Objects    KeepObjects
}

// KeepObjects returns the places of those objects that meet the condition of a scan on columns of objects, in order. Of an AthenaFile URL, Bytes and Partition are read, the
// latter is a place in partitions.
type KeepObjects func(ctx context.Context, objects []AthenaFile, partitions [][]string) ([]int, error)

// KeepPartitions returns the places of those partitions that meet the condition of a scan, in order. values has a list of texts for each partition key of
// the scan's table, in the table's order. The i-th partition has the i-th text of each; where product is set the partitions are all combinations,
// the last key counting fastest.
type KeepPartitions func(ctx context.Context, values [][]string, product bool) ([]int, error)

// AthenaObjects is what a scan of a table over objects reads.
type AthenaObjects struct {
	// Partitions are the texts of the partition keys of each partition. A table without keys has one partition without values.
	Partitions [][]string
	// Files hold the other columns, typed as the table says, and lie in a folder that the engine may read.
	Files []AthenaFile
	// Rows says that the rows are Partitions themselves, as of "name$partitions".
	Rows bool
	// Release is called when nothing reads the files any more; it may be nil.
	Release func()
}

// Hidden columns of tables over objects, as Trino's Hive connector has them.
const (
	ObjectPath = "$path"
	ObjectSize = "$file_size"
)

// AthenaFile is a Parquet file. Bytes is what counts as scanned: the size of the object that it was made of, whose address is URL.
type AthenaFile struct {
	Path, URL string
	Bytes     int64
	Partition int
	// Object is the place among the objects that share a file, which follow each other: the column "$object" of the file tells their rows apart.
	Object int
}

// AthenaRows is the result of a query of Athena. It is not safe for concurrent use.
type AthenaRows struct {
	Columns []compile.Result
	// Cost is what is read; of tables over objects, the bytes of the objects.
	Cost query.Cost
	// Planning and Execution are how long it took to find what to read, and to run until the first row.
	Planning, Execution time.Duration

	from    *spool
	run     *athenaRun
	limit   *limit
	most    int64
	n       int64
	values  []any
	targets []any
	err     error
}

// Athena runs a compiled query over a snapshot of the lake and the files of other tables. Of each table those files are read whose partitions, and in
// the lake whose statistics, may match. Errors of the statement and its data are *[athenasql.Error]; those of limits are [query.ErrLimit] too.
func (e *Engine) Athena(ctx context.Context, in AthenaInput, l query.Limits) (*AthenaRows, error) {
	begun := time.Now()
	limit := newLimit(ctx, l)
	run, err := e.beginAthena(limit.ctx, in)
	if err != nil {
		return nil, athenaError(limit.close(err))
	}
	fail := func(err error) (*AthenaRows, error) {
		run.close()
		return nil, athenaError(limit.close(err))
	}
	cost, err := run.prepare(limit.ctx)
	if err != nil {
		return fail(err)
	}
	if err := overBytes(cost, l); err != nil {
		return fail(err)
	}
	planned := time.Now()
	from, err := run.spool(limit.ctx)
	if err != nil {
		return fail(err)
	}
	r := &AthenaRows{
		Columns: in.Query.Columns, Cost: cost, Planning: planned.Sub(begun), Execution: time.Since(planned), from: from, run: run, limit: limit, most: l.MaxRows,
		values: make([]any, len(in.Query.Columns)), targets: make([]any, len(in.Query.Columns)),
	}
	for i := range r.values {
		r.targets[i] = &r.values[i]
	}
	return r, nil
}

// spool runs the query: its fast form first, where it has one, whose failed casts count for nothing.
func (r *athenaRun) spool(ctx context.Context) (*spool, error) {
	columns := len(r.in.Query.Columns)
	if r.in.Query.Fast != "" {
		from, err := r.session.spool(ctx, rowwise(r.in.Query.Fast), columns)
		if e, ok := errors.AsType[*athenasql.Error](athenaError(err)); err == nil || !ok || e.Code != athenasql.CodeInvalidCast {
			return from, err
		}
	}
	return r.session.spool(ctx, r.sql, columns)
}

// AthenaCost says what Athena would read, without running the query.
func (e *Engine) AthenaCost(ctx context.Context, in AthenaInput) (query.Cost, error) {
	limit := newLimit(ctx, query.Limits{Timeout: explainTimeout})
	run, err := e.beginAthena(limit.ctx, in)
	if err != nil {
		return query.Cost{}, athenaError(limit.close(err))
	}
	defer run.close()
	cost, err := run.prepare(limit.ctx)
	return cost, athenaError(limit.close(err))
}

// Next returns the next row: one value for each column, as DuckDB's driver gives it for the SQL type of the column's type. The row is valid until the
// next call. It returns [io.EOF] behind the last one.
func (r *AthenaRows) Next() ([]any, error) {
	if r.err != nil {
		return nil, r.err
	}
	if !r.from.Next(r.limit.ctx) {
		r.err = io.EOF
		if err := r.from.Err(); err != nil {
			r.err = athenaError(r.limit.name(err))
		}
		return nil, r.err
	}
	if r.n++; r.most > 0 && r.n > r.most {
		r.err = &limitError{athenasql.Errorf(athenasql.CodeExceededLimit, athenasql.Span{}, "the result has more than %d rows", r.most).WithHint("add a LIMIT")}
		return nil, r.err
	}
	if err := r.from.Scan(r.targets...); err != nil {
		r.err = athenaError(err)
		return nil, r.err
	}
	return r.values, nil
}

// Rows returns how many rows were given.
func (r *AthenaRows) Rows() int64 { return r.n }

// Close ends the query and frees what it holds. It may be called twice.
func (r *AthenaRows) Close() error {
	if r.run == nil {
		return nil
	}
	r.limit.cancel() // so that closing does not wait for a long query
	_ = r.from.Close()
	r.run.close()
	r.run = nil
	if r.err == nil {
		r.err = io.EOF
	}
	return nil
}

// AthenaCopyOptions says how AthenaCopy writes.
type AthenaCopyOptions struct {
	// Path is a file; with PartitionBy a folder, whose folders are named as Hive does ("date=2026-11-20").
	Path string
	// Compression is one of DuckDB's for Parquet: gzip, snappy, zstd, lz4_raw, uncompressed.
	Compression string
	PartitionBy []string
}

// AthenaCopy runs a compiled query and writes its rows as Parquet where the engine may write. It returns how many there are.
func (e *Engine) AthenaCopy(ctx context.Context, in AthenaInput, o AthenaCopyOptions, l query.Limits) (rows int64, cost query.Cost, err error) {
	limit := newLimit(ctx, l)
	run, err := e.beginAthena(limit.ctx, in)
	if err != nil {
		return 0, cost, athenaError(limit.close(err))
	}
	defer run.close()
	if cost, err = run.prepare(limit.ctx); err != nil {
		return 0, cost, athenaError(limit.close(err))
	}
	if err := overBytes(cost, l); err != nil {
		return 0, cost, limit.close(err)
	}
	text := "COPY (" + run.sql + ") TO " + quote(o.Path) + " (FORMAT parquet, COMPRESSION " + o.Compression
	if len(o.PartitionBy) > 0 {
		keys := make([]string, len(o.PartitionBy))
		for i, k := range o.PartitionBy {
			keys[i] = ident(k)
		}
		text += ", PARTITION_BY (" + strings.Join(keys, ", ") + "), OVERWRITE_OR_IGNORE"
	}
	err = run.session.conn.QueryRowContext(limit.ctx, text+")").Scan(&rows)
	return rows, cost, athenaError(limit.close(err))
}

// overBytes refuses a query that would read more than it may.
func overBytes(cost query.Cost, l query.Limits) error {
	if l.MaxBytes <= 0 || cost.Bytes <= l.MaxBytes {
		return nil
	}
	return &limitError{athenasql.Errorf(athenasql.CodeExceededLimit, athenasql.Span{}, "Bytes scanned limit was exceeded").
		WithHint(fmt.Sprintf("the query would read %d bytes of %d files, and may read %d: ask for fewer partitions or columns", cost.Bytes, len(cost.Files), l.MaxBytes))}
}

// athenaRun is one run of a query.
type athenaRun struct {
	engine  *Engine
	in      AthenaInput
	sql     string
	session *session
	objects []*AthenaObjects // of each scan, nil of the lake's
	scans   []AthenaScan     // what each reads, once prepare is done
	views   []string
}

func (e *Engine) beginAthena(ctx context.Context, in AthenaInput) (*athenaRun, error) {
	s, err := e.begin(ctx, &request{})
	if err != nil {
		return nil, err
	}
	return &athenaRun{engine: e, in: in, sql: rowwise(in.Query.SQL), session: s, objects: make([]*AthenaObjects, len(in.Query.Scans))}, nil
}

// close drops the views, since the connection is used again, and lets go of files.
func (r *athenaRun) close() {
	for _, name := range r.views {
		_, _ = r.session.conn.ExecContext(context.Background(), "DROP VIEW IF EXISTS temp.main."+ident(name))
	}
	r.views = nil
	_ = r.session.close()
	for _, o := range r.objects {
		if o != nil && o.Release != nil {
			o.Release()
		}
	}
	r.objects = nil
}

// view makes the relation of a scan.
func (r *athenaRun) view(ctx context.Context, scan *compile.Scan, text string) error {
	if _, err := r.session.conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+ident(scan.Relation)+" AS "+text); err != nil {
		return err
	}
	if !slices.Contains(r.views, scan.Relation) {
		r.views = append(r.views, scan.Relation)
	}
	return nil
}

// prepare makes the relations of the scans over the files that may matter, and says what will be read.
func (r *athenaRun) prepare(ctx context.Context) (query.Cost, error) {
	cost := query.Cost{}
	scans := r.in.Query.Scans
	lakes := make([]lakeScan, 0, len(scans))
	r.scans = make([]AthenaScan, len(scans))
	for i := range scans {
		scan := &scans[i]
		r.scans[i] = AthenaScan{Database: scan.Table.Database, Table: scan.Table.Name, Columns: scan.Columns, Condition: scan.Partitions != ""}
		source, ofLake := scan.Table.Source.(LakeTable)
		var err error
		switch {
		case ofLake && source.Partitions:
			err = r.lakePartitions(ctx, scan, &source)
		case ofLake:
			var l lakeScan
			if l, err = r.lakeScan(ctx, scan, &source); err == nil {
				l.at = i
				lakes = append(lakes, l)
			}
		default:
			err = r.objectScan(ctx, i, &cost)
		}
		if err != nil {
			return cost, err
		}
	}
	return cost, r.lakeScans(ctx, lakes, &cost)
}

// objectScan makes the relation of a scan of a table over objects.
func (r *athenaRun) objectScan(ctx context.Context, i int, cost *query.Cost) error {
	scan := &r.in.Query.Scans[i]
	if r.in.Objects == nil {
		return fmt.Errorf("%w: there are no tables over objects here", query.ErrRefused)
	}
	keys := partitionKeys(scan.Table)
	keep := Keep{
		Partitions: func(ctx context.Context, values [][]string, product bool) ([]int, error) {
			r.scans[i].PartitionsTotal = partitionCount(values, product)
			return r.session.keepPartitions(ctx, keys, values, product, scan.Partitions)
		},
		Objects: func(ctx context.Context, objects []AthenaFile, partitions [][]string) ([]int, error) {
			return r.session.keepObjects(ctx, scan, objects, partitions)
		},
	}
	objects, err := r.in.Objects(ctx, scan, keep)
	if err != nil {
		return err
	}
	r.objects[i] = objects
	if r.scans[i].PartitionsTotal > 0 {
		r.scans[i].Partitions = len(objects.Partitions)
	}
	defer r.scanned(i, *cost, cost)
	for _, f := range objects.Files {
		cost.FilesTotal++
		cost.BytesTotal += f.Bytes
		cost.Bytes += f.Bytes
		cost.Files = append(cost.Files, query.FileCost{Path: r.shortPath(f.Path), Size: f.Bytes, Bytes: f.Bytes})
	}
	return r.view(ctx, scan, objectsSQL(scan, keys, objects))
}

// scanned notes what a scan reads: what was added to a cost.
func (r *athenaRun) scanned(i int, before query.Cost, cost *query.Cost) {
	s := &r.scans[i]
	s.Files, s.FilesTotal = len(cost.Files)-len(before.Files), cost.FilesTotal-before.FilesTotal
	s.Bytes, s.BytesTotal = cost.Bytes-before.Bytes, cost.BytesTotal-before.BytesTotal
}

// shortPath returns a path relative to the data directory, where it is in it.
func (r *athenaRun) shortPath(path string) string {
	if rel, err := filepath.Rel(filepath.Dir(r.session.dir), path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// partitionKeys returns the columns that are partition keys.
func partitionKeys(t *compile.Table) []compile.Column {
	var out []compile.Column
	for _, c := range t.Columns {
		if c.Partition {
			out = append(out, c)
		}
	}
	return out
}

// keepPartitions evaluates a condition over partition keys.
func (s *session) keepPartitions(ctx context.Context, keys []compile.Column, values [][]string, product bool, condition string) ([]int, error) {
	if condition == "" || len(keys) == 0 {
		out := make([]int, partitionCount(values, product))
		for i := range out {
			out[i] = i
		}
		return out, nil
	}
	var out []int
	text := "SELECT weir_i FROM (" + partitionsSQL(keys, values, product) + ") WHERE (" + condition + ")"
	if err := s.each(ctx, text, func(i int) { out = append(out, i) }); err != nil {
		return nil, err
	}
	slices.Sort(out)
	return out, nil
}

// keepObjects evaluates a condition over columns of objects.
func (s *session) keepObjects(ctx context.Context, scan *compile.Scan, objects []AthenaFile, partitions [][]string) ([]int, error) {
	columns := partitionKeys(scan.Table)
	keys := len(columns)
	for _, c := range scan.Table.Columns {
		if c.Object {
			columns = append(columns, c)
		}
	}
	values := make([][]string, len(columns))
	for _, o := range objects {
		for k := range columns {
			v := o.URL
			switch {
			case k < keys:
				v = partitions[o.Partition][k]
			case columns[k].Name == ObjectSize:
				v = strconv.FormatInt(o.Bytes, 10)
			}
			values[k] = append(values[k], v)
		}
	}
	if len(objects) == 0 {
		return nil, nil
	}
	return s.keepPartitions(ctx, columns, values, false, scan.Objects)
}

// partitionCount returns how many partitions keys with these values make. Without keys it is one.
func partitionCount(values [][]string, product bool) int {
	if len(values) > 0 && !product {
		return len(values[0])
	}
	n := 1
	for _, v := range values {
		n *= len(v)
	}
	return n
}

// each calls do with each number that a SELECT gives.
func (s *session) each(ctx context.Context, text string, do func(int)) error {
	rows, err := s.conn.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			return err
		}
		do(i)
	}
	return rows.Err()
}

// partitionsSQL returns a SELECT of the partition keys of partitions, typed, and of weir_i, their places.
func partitionsSQL(keys []compile.Column, values [][]string, product bool) string {
	var selects, from []string
	place := "weir_i0"
	lists := make([]string, len(keys))
	for i, k := range keys {
		selects = append(selects, fmt.Sprintf("CAST(nullif(weir_k%d, %s) AS %s) AS %s", i, quote(NullPartition), k.Type.SQL(), ident(k.Name)))
		lists[i] = fmt.Sprintf("unnest(CAST([%s] AS VARCHAR[])) AS weir_k%d", quoted(values[i]), i)
		if product {
			from = append(from, fmt.Sprintf("(SELECT %s, unnest(range(%d)) AS weir_i%d)", lists[i], len(values[i]), i))
			if i > 0 {
				place = fmt.Sprintf("(%s) * %d + weir_i%d", place, len(values[i]), i)
			}
		}
	}
	if !product {
		from = []string{fmt.Sprintf("(SELECT %s, unnest(range(%d)) AS weir_i0)", strings.Join(lists, ", "), partitionCount(values, false))}
	}
	return "SELECT " + strings.Join(selects, ", ") + ", " + place + " AS weir_i FROM " + strings.Join(from, ", ")
}

// quoted returns texts as SQL literals, with commas between.
func quoted(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = quote(t)
	}
	return strings.Join(out, ", ")
}

// objectsSQL returns the SELECT of a scan's columns from the files of objects. A file's partition keys are found by its place among the files: a join
// would cost each row a look-up, and a SELECT for each partition much planning.
func objectsSQL(scan *compile.Scan, keys []compile.Column, objects *AthenaObjects) string {
	if objects.Rows {
		values := make([][]string, len(scan.Table.Columns))
		for _, p := range objects.Partitions {
			for k, v := range p {
				values[k] = append(values[k], v)
			}
		}
		return "SELECT * EXCLUDE (weir_i) FROM (" + partitionsSQL(scan.Table.Columns, values, false) + ")"
	}
	var list []string
	for _, c := range scan.Table.Columns {
		if !slices.Contains(scan.Columns, c.Name) {
			continue
		}
		at := slices.IndexFunc(keys, func(k compile.Column) bool { return k.Name == c.Name })
		switch {
		case len(objects.Files) == 0:
			list = append(list, fmt.Sprintf("CAST(NULL AS %s) AS %s", c.Type.SQL(), ident(c.Name)))
		case c.Hidden && c.Name == ObjectPath:
			list = append(list, fileSQL(&c, objects, func(f *AthenaFile) string { return f.URL })+" AS "+ident(c.Name))
		case c.Hidden && c.Name == ObjectSize:
			list = append(list, fileSQL(&c, objects, func(f *AthenaFile) string { return strconv.FormatInt(f.Bytes, 10) })+" AS "+ident(c.Name))
		case at < 0:
			list = append(list, ident(c.Name))
		default:
			list = append(list, fileSQL(&c, objects, func(f *AthenaFile) string { return objects.Partitions[f.Partition][at] })+" AS "+ident(c.Name))
		}
	}
	if len(list) == 0 {
		list = []string{"true AS weir_row"}
	}
	if len(objects.Files) == 0 {
		return "SELECT " + strings.Join(list, ", ") + " WHERE false"
	}
	var paths []string
	for i := range objects.Files {
		if objects.Files[i].Object == 0 {
			paths = append(paths, quote(objects.Files[i].Path))
		}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM read_parquet([" + strings.Join(paths, ", ") + "], hive_partitioning = false)"
}

// fileSQL returns a value that all rows of an object have, by the object's place among the objects. NullPartition is NULL. Of partition keys all objects that share a
// file have the same.
func fileSQL(c *compile.Column, objects *AthenaObjects, value func(*AthenaFile) string) string {
	same := true
	values := make([]string, 0, len(objects.Files))
	firsts := []string{}
	for i := range objects.Files {
		f := &objects.Files[i]
		if f.Object == 0 {
			firsts = append(firsts, strconv.Itoa(i))
		} else if c.Partition {
			continue
		}
		v := quote(value(f))
		if v == quote(NullPartition) && c.Partition {
			v = "NULL"
		}
		values = append(values, v)
		same = same && v == values[0]
	}
	if same {
		return fmt.Sprintf("CAST(%s AS %s)", values[0], c.Type.SQL())
	}
	place := "CAST(file_index AS BIGINT) + 1"
	if len(values) > len(firsts) {
		place = fmt.Sprintf(`(CAST([%s] AS BIGINT[]))[%s] + "$object" + 1`, strings.Join(firsts, ", "), place)
	}
	return fmt.Sprintf("(CAST(CAST([%s] AS VARCHAR[]) AS %s[]))[%s]", strings.Join(values, ", "), c.Type.SQL(), place)
}

// AthenaScan is what one scan of a query reads.
type AthenaScan struct {
	Database, Table string
	// Columns are those of the table that the query names.
	Columns []string
	// Condition says that the partition keys choose files.
	Condition bool
	// Partitions of PartitionsTotal are read; both are 0 of a table without partition keys and of the lake's.
	Partitions, PartitionsTotal int
	// Files of FilesTotal are read, and Bytes of BytesTotal. Of tables over objects the totals are those of the partitions that are read.
	Files, FilesTotal int
	Bytes, BytesTotal int64
}

// AthenaScans says what each scan of a query would read.
func (e *Engine) AthenaScans(ctx context.Context, in AthenaInput) ([]AthenaScan, error) {
	limit := newLimit(ctx, query.Limits{Timeout: explainTimeout})
	run, err := e.beginAthena(limit.ctx, in)
	if err != nil {
		return nil, athenaError(limit.close(err))
	}
	defer run.close()
	if _, err := run.prepare(limit.ctx); err != nil {
		return nil, athenaError(limit.close(err))
	}
	return run.scans, athenaError(limit.close(nil))
}
