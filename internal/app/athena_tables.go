package app

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/function"
	"weir/internal/metastore"
	"weir/internal/query/duckdb"
	"weir/internal/tablefile"
)

// athenaFolders returns the folders below a data directory, besides the lake's, that hold Parquet files of tables.
func athenaFolders(data string) []string {
	return []string{tableCache(data), madeTables(data)}
}

// tableCache is where Parquet files made of tables' objects lie, and madeTables what CREATE TABLE AS made.
func tableCache(data string) string { return filepath.Join(data, "cache", "tables") }
func madeTables(data string) string { return filepath.Join(data, "tables") }

// openedTables is the metastore, and what its tables' objects became, once somebody asked for them.
type openedTables struct {
	mu    sync.Mutex
	store *metastore.Store
	cache *tablefile.Cache
}

// metastore returns the databases and tables of the data directory, opened once.
func (s *Local) metastore(ctx context.Context) (*metastore.Store, error) {
	o := &s.tables
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.store != nil {
		return o.store, nil
	}
	store, err := metastore.Open(ctx, filepath.Join(s.lake.Data(), "metastore.db"), metastore.Options{
		Ready: lakeTables(), ReadyPartitions: s.lakePartitions, View: s.viewColumns, Folders: s.listed, Functions: function.Names(), Now: s.now,
	})
	if err != nil {
		return nil, err
	}
	o.store = store
	return store, nil
}

func (o *openedTables) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.store == nil {
		return nil
	}
	return o.store.Close()
}

// files returns what makes Parquet files of objects, opened once. Only the process that holds the data directory may write them.
func (s *Local) files() (*tablefile.Cache, error) {
	o := &s.tables
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cache != nil {
		return o.cache, nil
	}
	if s.readOnly {
		return nil, &athenasql.Error{
			Code: athenasql.CodeNotSupported, Message: "tables over objects are read by the process that holds the data directory alone",
			Hint: "end it, or ask it: weir serve answers commands of its own version",
		}
	}
	var err error
	o.cache, err = tablefile.Open(tableCache(s.lake.Data()), 0)
	return o.cache, err
}

// listed calls fn with the address of each object below a location.
func (s *Local) listed(ctx context.Context, location string, fn func(url string) error) error {
	return newAthenaStorage(S3Options{}, s.temp()).Folders(ctx, location, fn)
}

// lakePartitions returns the values of the keys of each partition of one of the lake's tables, from its "name$partitions".
func (s *Local) lakePartitions(ctx context.Context, t *compile.Table) ([][]string, error) {
	result, err := s.Athena(ctx, AthenaRequest{Text: `SELECT * FROM "` + t.Database + `"."` + t.Name + `$partitions"`})
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var out [][]string
	for {
		row, err := result.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		values := make([]string, len(row))
		for i, text := range result.Texts(row) {
			values[i] = metastore.NullPartition
			if text != nil {
				values[i] = *text
			}
		}
		out = append(out, values)
	}
}

// viewColumns compiles the query of a view and returns its columns.
func (s *Local) viewColumns(ctx context.Context, q *athenasql.Query, _, database string) ([]compile.Column, error) {
	compiled, err := compile.Compile(ctx, q, compile.Options{Catalog: athenaCatalog{s.tables.store}, Database: database, Now: s.now()})
	if err != nil {
		return nil, err
	}
	out := make([]compile.Column, len(compiled.Columns))
	for i, c := range compiled.Columns {
		out[i] = compile.Column{Name: c.Name, Type: c.Type}
	}
	return out, nil
}

// athenaObjects returns what finds the files of tables over objects.
func (a *athenaRun) objects() func(context.Context, *compile.Scan, duckdb.Keep) (*duckdb.AthenaObjects, error) {
	return func(ctx context.Context, scan *compile.Scan, keep duckdb.Keep) (*duckdb.AthenaObjects, error) {
		switch source := scan.Table.Source.(type) {
		case *metastore.PartitionList:
			space, err := a.store.PartitionValues(ctx, source.Of)
			if err != nil {
				return nil, err
			}
			out := &duckdb.AthenaObjects{Rows: true}
			for i := range space.Len() {
				out.Partitions = append(out.Partitions, space.At(i))
			}
			return out, nil
		case *schemaTable:
			return &duckdb.AthenaObjects{Rows: true, Partitions: source.rows}, nil
		case *metastore.Table:
			return a.tableObjects(ctx, source, scan, keep)
		}
		return nil, errors.New("a table of no known kind: " + scan.Table.Name)
	}
}

// tableObjects returns the files of those partitions of a table that meet the condition of a scan.
func (a *athenaRun) tableObjects(ctx context.Context, t *metastore.Table, scan *compile.Scan, keep duckdb.Keep) (*duckdb.AthenaObjects, error) {
	cache, err := a.s.files()
	if err != nil {
		return nil, err
	}
	layout, err := t.Layout()
	if err != nil {
		return nil, err
	}
	layout.Read = append([]string{}, scan.Columns...)
	prune := func(ctx context.Context, space metastore.Space) ([]int, error) {
		return keep.Partitions(ctx, space.Values, space.Product)
	}
	partitions, err := a.store.Partitions(ctx, t, scan.Pinned, prune)
	if err != nil {
		return nil, err
	}
	out := &duckdb.AthenaObjects{Partitions: make([][]string, len(partitions))}
	locations := make([]string, len(partitions))
	for i, p := range partitions {
		out.Partitions[i], locations[i] = p.Values, p.Location
	}
	storage := newAthenaStorage(a.r.S3, a.s.temp())
	located, err := tablefile.ListAll(ctx, storage, locations)
	if err != nil {
		return nil, err
	}
	if scan.Objects != "" {
		if located, err = keptObjects(ctx, keep, located, out.Partitions); err != nil {
			return nil, err
		}
	}
	objects := make([]tablefile.Object, len(located))
	for i, l := range located {
		objects[i] = l.Object
	}
	set, err := cache.Files(ctx, storage, layout, objects)
	if err != nil {
		return nil, err
	}
	a.result.note(set.Notes)
	out.Release = set.Release
	for i, f := range set.Files {
		out.Files = append(out.Files, duckdb.AthenaFile{Path: f.Path, URL: located[i].URL, Bytes: f.Bytes, Partition: located[i].Location, Object: f.Object})
	}
	return out, nil
}

// keptObjects returns those objects that meet the condition of a scan on "$path" and "$file_size".
func keptObjects(ctx context.Context, keep duckdb.Keep, located []tablefile.Located, partitions [][]string) ([]tablefile.Located, error) {
	files := make([]duckdb.AthenaFile, len(located))
	for i, l := range located {
		files[i] = duckdb.AthenaFile{URL: l.URL, Bytes: l.Size, Partition: l.Location}
	}
	kept, err := keep.Objects(ctx, files, partitions)
	out := make([]tablefile.Located, len(kept))
	for i, k := range kept {
		out[i] = located[k]
	}
	return out, err
}
