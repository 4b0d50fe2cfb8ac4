package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/metastore"
	"weir/internal/query/duckdb"
	"weir/internal/tablefile"
)

// made is what the properties of CREATE TABLE AS ask for.
type made struct {
	compression string
	keys        []string
	// location is where the objects are to lie, which at is the place of; "": below DATA/tables.
	location string
	at       athenasql.Span
}

// parquetCompressions are what CREATE TABLE AS and UNLOAD take, and DuckDB's names.
var parquetCompressions = map[string]string{"GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "LZ4": "lz4_raw", "NONE": "uncompressed"}

// createTableAs makes a table of the rows of a query: Parquet below DATA/tables, or where the statement says and the server may write. It stays when the table is dropped, as objects do.
func (a *athenaRun) createTableAs(ctx context.Context, c *athenasql.CreateTableAs, parameters []string) error {
	if a.s.readOnly {
		return athenasql.Errorf(athenasql.CodePermission, c.Span, "another process holds the data directory, and this one may only read")
	}
	m, err := madeProperties(c)
	if err != nil {
		return err
	}
	in, err := a.compile(ctx, c.Query, parameters)
	if err != nil {
		return err
	}
	columns, keys, err := madeColumns(c, in.Query.Columns, m.keys)
	if err != nil {
		return err
	}
	session := metastore.Session{Database: a.r.Database} // not Remote: the folder is weir's own
	folder, err := newFolder(madeTables(a.s.lake.Data()))
	if err != nil {
		return err
	}
	table := &athenasql.CreateTable{
		Span: c.Span, Name: c.Name, IfNotExists: c.IfNotExists, Columns: columns, PartitionBy: keys, StoredAs: "parquet",
		Location: "file://" + folder + "/", LocationAt: c.Span,
	}
	if m.location != "" {
		defer os.RemoveAll(folder) // its files go elsewhere
		session.Remote = a.r.Remote
		table.LocationAt = m.at
		if table.Location, err = metastore.Location(m.location, m.at, session); err != nil {
			return err
		}
	}
	// The table is there before its rows are: its name is refused before a long query.
	if done, err := a.madeBefore(ctx, c, session); done || err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if m.location != "" {
		if err := a.writable(ctx, "external_location", m.location, m.at); err != nil {
			return err
		}
	}
	if !c.NoData {
		if err := a.makeRows(ctx, in, folder, m, c); err != nil {
			return errors.Join(err, os.RemoveAll(folder))
		}
	}
	return a.madeTable(ctx, c, table, folder, session)
}

// makeRows writes the rows of a table.
func (a *athenaRun) makeRows(ctx context.Context, in duckdb.AthenaInput, folder string, m made, c *athenasql.CreateTableAs) error {
	if err := a.copy(ctx, in, folder, m); err != nil || m.location == "" {
		return err
	}
	if err := a.send(ctx, folder, m.location, c.Query.Span); err != nil {
		return err
	}
	// Tables are read by the AWS settings of the environment, and places to write to may be reached by others.
	seen := 0
	err := newAthenaStorage(a.r.S3, a.s.temp()).List(ctx, strings.TrimRight(m.location, "/")+"/", func(tablefile.Object) error { seen++; return nil })
	if err == nil && seen != len(a.result.Statistics.Written) {
		err = athenasql.Errorf(athenasql.CodePermission, m.at, "external_location: the table would not find the %d objects that were written: tables are read of another service than is written to", len(a.result.Statistics.Written)).
			WithHint("set AWS_ENDPOINT_URL_S3 for the server to what --athena-endpoint-url says")
	}
	return err
}

// madeTable keeps a table whose rows are there, with its partitions.
func (a *athenaRun) madeTable(ctx context.Context, c *athenasql.CreateTableAs, table *athenasql.CreateTable, folder string, session metastore.Session) error {
	if _, err := a.store.Execute(ctx, table, session); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if len(table.PartitionBy) == 0 || c.NoData {
		return nil
	}
	if err := a.addPartitions(ctx, c, folder, session); err != nil {
		_, dropping := a.store.Execute(ctx, &athenasql.Drop{Span: c.Span, What: "TABLE", Name: c.Name}, session)
		return errors.Join(err, dropping, os.RemoveAll(folder))
	}
	return nil
}

// addPartitions adds the partitions of a table that was made, and fails where rows would be in none.
func (a *athenaRun) addPartitions(ctx context.Context, c *athenasql.CreateTableAs, folder string, session metastore.Session) error {
	out, err := a.store.Execute(ctx, &athenasql.RepairTable{Span: c.Span, Table: c.Name}, session)
	if err != nil {
		return err
	}
	added := 0
	for _, line := range out.Lines {
		if strings.HasPrefix(line, "Repair: Added partition") {
			added++
		}
	}
	_, partitions, err := folderSize(folder)
	if err == nil && added != partitions {
		err = emptyKey(c.Query.Span)
	}
	return err
}

// madeBefore reports whether IF NOT EXISTS has nothing to do, and refuses the name of a table that is there.
func (a *athenaRun) madeBefore(ctx context.Context, c *athenasql.CreateTableAs, session metastore.Session) (bool, error) {
	parts := c.Name.Parts
	database := session.Database
	if len(parts) > 1 {
		database = parts[len(parts)-2].Text
	}
	t, err := a.store.Find(ctx, database, parts[len(parts)-1].Text)
	if err != nil || t == nil || c.IfNotExists {
		return t != nil, err
	}
	return false, athenasql.Errorf(athenasql.CodeTableExists, c.Name.Span, "Destination table '%s.%s' already exists", database, t.Name)
}

// copy writes the rows of a query into a folder.
func (a *athenaRun) copy(ctx context.Context, in duckdb.AthenaInput, folder string, m made) error {
	o := duckdb.AthenaCopyOptions{Path: filepath.Join(folder, "part-0.parquet"), Compression: m.compression}
	if len(m.keys) > 0 {
		o.Path, o.PartitionBy = folder, m.keys
	}
	most, err := a.s.madeRoom()
	if err != nil {
		return err
	}
	ctx, ended := boundFolder(ctx, folder, most, maxMadePartitions)
	rows, cost, err := a.s.engine.AthenaCopy(ctx, in, o, a.limits())
	if err = ended(err); err != nil {
		return err
	}
	a.result.cost(cost)
	a.result.Statistics.Updated = rows
	return nil
}

// newFolder makes a folder with a new name.
func newFolder(in string) (string, error) {
	var b [12]byte
	_, _ = rand.Read(b[:]) // it does not fail
	folder := filepath.Join(in, hex.EncodeToString(b[:]))
	return folder, os.MkdirAll(folder, 0o700)
}

// madeProperties reads WITH (...) of CREATE TABLE AS.
func madeProperties(c *athenasql.CreateTableAs) (made, error) {
	m := made{compression: "gzip"}
	for _, p := range c.Properties {
		text, isText := p.Value.(*athenasql.String)
		refuse := func(message, hint string) (made, error) {
			return m, athenasql.Errorf(athenasql.CodeNotSupported, p.Span, "%s", message).WithHint(hint)
		}
		switch p.Name.Text {
		case "format":
			if !isText || !strings.EqualFold(text.Value, "parquet") {
				return refuse("tables are made as Parquet alone", "format = 'PARQUET', or leave it out")
			}
		case "write_compression", "parquet_compression":
			if !isText || parquetCompressions[strings.ToUpper(text.Value)] == "" {
				return refuse("this compression is not supported", "GZIP, SNAPPY, ZSTD, LZ4 and NONE are")
			}
			m.compression = parquetCompressions[strings.ToUpper(text.Value)]
		case "partitioned_by":
			var ok bool
			if m.keys, ok = partitionKeys(p.Value); !ok {
				return refuse("partitioned_by is an array of names of columns", "partitioned_by = ARRAY['date']")
			}
		case "table_type":
			if !isText || !strings.EqualFold(text.Value, "hive") {
				return refuse("tables of this type are not supported", "table_type = 'HIVE', or leave it out")
			}
		case "external_location":
			if !isText {
				return refuse("external_location is a text", "external_location = 's3://BUCKET/FOLDER/'")
			}
			m.location, m.at = text.Value, p.Span
		default:
			return refuse("the property "+p.Name.Text+" is not supported", "format, write_compression, partitioned_by and external_location are")
		}
	}
	return m, nil
}

// partitionKeys reads the value of partitioned_by.
func partitionKeys(of athenasql.Expr) (keys []string, ok bool) {
	list, ok := of.(*athenasql.ArrayOf)
	if !ok {
		return nil, false
	}
	for _, item := range list.Items {
		name, ok := item.(*athenasql.String)
		if !ok {
			return nil, false
		}
		keys = append(keys, strings.ToLower(name.Value))
	}
	return keys, true
}

// checkKeys refuses partition keys that are not the last columns of a result.
func checkKeys(at athenasql.Span, result []compile.Result, keys []string) error {
	last := result[max(0, len(result)-len(keys)):]
	if len(keys) > 0 && (!slices.EqualFunc(last, keys, func(r compile.Result, k string) bool { return r.Name == k }) || len(keys) >= len(result)) {
		return athenasql.Errorf(athenasql.CodeInvalidTable, at, "Partition keys must be the last columns in the table and in the same order as the table properties: %v", keys)
	}
	return nil
}

// emptyKey refuses an empty text as a partition key, which no partition can have.
func emptyKey(at athenasql.Span) error {
	return athenasql.Errorf(athenasql.CodeNotSupported, at, "a partition key has a value that no partition can have, such as an empty text").
		WithHint("nullif(key, '') makes NULL of an empty text")
}

// madeColumns returns the columns and the partition keys of a table that is made of a result.
func madeColumns(c *athenasql.CreateTableAs, result []compile.Result, keys []string) (columns, partition []athenasql.ColumnDef, err error) {
	if err := checkKeys(c.Span, result, keys); err != nil {
		return nil, nil, err
	}
	names := map[string]bool{}
	for i, r := range result {
		if names[r.Name] {
			return nil, nil, athenasql.Errorf(athenasql.CodeDuplicateColumn, c.Query.Span, "Column name '%s' specified more than once", r.Name)
		}
		names[r.Name] = true
		if !storable(r.Type) || len(r.Type.Elems) > 0 || r.Type.Kind == types.Varbinary { // what tables over objects have, too
			return nil, nil, athenasql.Errorf(athenasql.CodeNotSupported, c.Query.Span, "Unsupported Hive type: %s", r.Type).
				WithHint("column " + r.Name + " can be cast to varchar, or said by json_format, array_join or to_hex")
		}
		def := athenasql.ColumnDef{Span: c.Span, Name: athenasql.Name{Text: r.Name, Written: r.Name, Quoted: true}, Type: typeName(r.Type)}
		if i >= len(result)-len(keys) {
			partition = append(partition, def)
		} else {
			columns = append(columns, def)
		}
	}
	return columns, partition, nil
}

// storable reports whether tables have a type.
func storable(t types.Type) bool {
	switch t.Kind {
	case types.Unknown, types.Time, types.TimestampTZ, types.IntervalDay, types.IntervalYear, types.IPAddress, types.UUID, types.JSON, types.Function:
		return false
	}
	return !slices.ContainsFunc(t.Elems, func(e types.Type) bool { return !storable(e) })
}

// typeName returns a type as DDL has it.
func typeName(t types.Type) athenasql.TypeName {
	out := athenasql.TypeName{Name: t.Name()}
	switch t.Kind {
	case types.Varchar:
		out.Name = "string"
		if t.Length > 0 {
			out.Name, out.Params = "varchar", []int{t.Length}
		}
	case types.Char:
		out.Params = []int{t.Length}
	case types.Integer:
		out.Name = "int"
	case types.Real:
		out.Name = "float"
	case types.Decimal:
		out.Params = []int{t.Precision, t.Scale}
	}
	return out
}

// unusable says why there is nowhere to write.
func unusable(at athenasql.Span, format string, args ...any) error {
	return athenasql.Errorf(athenasql.CodePermission, at, "%s", fmt.Sprintf(format, args...)).
		WithHint("weir serve --athena-output FOLDER, or s3://BUCKET/PREFIX, says where statements may write")
}
