package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	_ "modernc.org/sqlite" // the catalog's and the ledger's database

	"weir/flowlog"
)

// sortedBy are the columns that a file's records are sorted by. With it the lake
// is smallest and questions are fastest, but for those of one interface over all
// time (docs/decisions).
var sortedBy = []flowlog.FieldID{flowlog.SrcAddr, flowlog.DstAddr, flowlog.Start}

// openSQLite opens a database. Writers wait for each other; readers never wait.
func openSQLite(path string, readOnly bool) (*sql.DB, error) {
	dsn := fileURI(path) + "?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=cache_size(-16384)"
	if readOnly {
		dsn = fileURI(path) + "?mode=ro&_pragma=busy_timeout(20000)"
	}
	return sql.Open("sqlite", dsn)
}

// openCatalog opens the Iceberg catalog. A reader's makes and changes nothing.
func openCatalog(p paths, db *sql.DB, readOnly bool) (*sqlcat.Catalog, error) {
	useSyncIO()
	props := iceberg.Properties{"warehouse": fileURI(p.lake)}
	if readOnly {
		props["init_catalog_tables"] = "false"
	}
	return sqlcat.NewCatalog("weir", db, sqlcat.SQLite, props)
}

// icebergType returns the column type of a field.
func icebergType(f *flowlog.Field) iceberg.Type {
	switch f.Type {
	case flowlog.Int32:
		return iceberg.PrimitiveTypes.Int32
	case flowlog.Int64:
		return iceberg.PrimitiveTypes.Int64
	case flowlog.Timestamp:
		return iceberg.PrimitiveTypes.Timestamp
	case flowlog.Map:
		return &iceberg.MapType{
			KeyID: 1001, KeyType: iceberg.PrimitiveTypes.String,
			ValueID: 1002, ValueType: iceberg.PrimitiveTypes.String, ValueRequired: true,
		}
	}
	return iceberg.PrimitiveTypes.String
}

// icebergSchema returns the schema of a kind's table. Iceberg gives the columns
// their lasting ids when the table is made; these here are not kept.
func icebergSchema(k flowlog.Kind) *iceberg.Schema {
	var columns []iceberg.NestedField
	for i, f := range flowlog.Fields(k) {
		columns = append(columns, iceberg.NestedField{
			ID: i + 1, Name: f.Column, Type: icebergType(f), Required: f.ID == flowlog.WeirHour, Doc: f.Meaning,
		})
	}
	return iceberg.NewSchema(0, columns...)
}

// createTable makes a kind's table.
func createTable(ctx context.Context, cat *sqlcat.Catalog, p paths, k flowlog.Kind) error {
	schema := icebergSchema(k)
	spec, err := iceberg.NewPartitionSpecOpts(iceberg.AddPartitionFieldByName(
		hourColumn, hourColumn+"_hour", iceberg.HourTransform{}, schema, nil))
	if err != nil {
		return err
	}
	var sortFields []table.SortField
	for _, id := range sortedBy {
		f, ok := schema.FindFieldByName(flowlog.FieldByID(id).Column)
		if !ok {
			return fmt.Errorf("no column %s", flowlog.FieldByID(id).Column)
		}
		sortFields = append(sortFields, table.SortField{
			SourceIDs: []int{f.ID}, Transform: iceberg.IdentityTransform{},
			Direction: table.SortASC, NullOrder: table.NullsFirst,
		})
	}
	order, err := table.NewSortOrder(1, sortFields)
	if err != nil {
		return err
	}
	_, err = cat.CreateTable(ctx, table.Identifier{namespace, tableName(k)}, schema,
		catalog.WithLocation(fileURI(p.tableDir(k))),
		catalog.WithPartitionSpec(&spec),
		catalog.WithSortOrder(order),
		catalog.WithProperties(iceberg.Properties{
			table.PropertyFormatVersion:               "2",
			table.MetadataDeleteAfterCommitEnabledKey: "true",
			table.MetadataPreviousVersionsMaxKey:      "20",
			table.ManifestMergeEnabledKey:             "true",
			"write.parquet.compression-codec":         "zstd",
		}))
	return err
}

var hourColumn = flowlog.FieldByID(flowlog.WeirHour).Column

// ensureTables makes the tables that are not there, and adds the columns of
// fields that weir has learnt since they were made.
func ensureTables(ctx context.Context, cat *sqlcat.Catalog, p paths) error {
	ns := table.Identifier{namespace}
	if ok, err := cat.CheckNamespaceExists(ctx, ns); err != nil {
		return err
	} else if !ok {
		if err := cat.CreateNamespace(ctx, ns, nil); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		t, err := loadTable(ctx, cat, p, k)
		switch {
		case errors.Is(err, catalog.ErrNoSuchTable):
			if err := createTable(ctx, cat, p, k); err != nil {
				return fmt.Errorf("cannot create table %s.%s: %w", namespace, tableName(k), err)
			}
		case err != nil:
			return err
		default:
			if err := addColumns(ctx, t, k); err != nil {
				return fmt.Errorf("cannot add columns to table %s.%s: %w", namespace, tableName(k), err)
			}
		}
	}
	return nil
}

// addColumns adds the columns of fields that the table does not have yet.
func addColumns(ctx context.Context, t *table.Table, k flowlog.Kind) error {
	tx := t.NewTransaction()
	update := tx.UpdateSchema(true, false)
	added := false
	for _, f := range flowlog.Fields(k) {
		if _, ok := t.Schema().FindFieldByName(f.Column); !ok {
			update.AddColumn([]string{f.Column}, icebergType(f), f.Meaning, false, nil)
			added = true
		}
	}
	if !added {
		return nil
	}
	if err := update.Commit(); err != nil {
		return err
	}
	_, err := tx.Commit(ctx)
	return err
}

// loadTable loads a kind's table as it is now.
func loadTable(ctx context.Context, cat *sqlcat.Catalog, p paths, k flowlog.Kind) (*table.Table, error) {
	t, err := cat.LoadTable(ctx, table.Identifier{namespace, tableName(k)})
	if err != nil {
		return nil, err
	}
	// Iceberg metadata holds absolute paths, so a lake can't be read from
	// another place than the one it was made at.
	if was, err := uriPath(t.Location()); err != nil || was != p.tableDir(k) {
		made := strings.TrimSuffix(was, "/lake/"+namespace+"/"+tableName(k))
		return nil, fmt.Errorf("%w: it was made at %s and is now at %s; move it back, or make a new one from the sources", ErrMoved, made, p.data)
	}
	return t, nil
}
