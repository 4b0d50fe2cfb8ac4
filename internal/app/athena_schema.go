package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/metastore"
)

// informationSchema is the database of tables about tables. It is of every catalog and listed by none.
//
// Source: Athena User Guide, "Query the AWS Glue Data Catalog"; Trino documentation, "System information".
const informationSchema = "information_schema"

// schemaTables are its tables by name, with their columns.
var schemaTables = map[string][]compile.Column{
	"schemata": texts("catalog_name", "schema_name"),
	"tables":   texts("table_catalog", "table_schema", "table_name", "table_type"),
	"views":    texts("table_catalog", "table_schema", "table_name", "view_definition"),
	"columns": slices.Concat(texts("table_catalog", "table_schema", "table_name", "column_name"),
		[]compile.Column{{Name: "ordinal_position", Type: types.Type{Kind: types.BigInt}}},
		texts("column_default", "is_nullable", "data_type", "comment", "extra_info")),
}

func texts(names ...string) []compile.Column {
	out := make([]compile.Column, len(names))
	for i, n := range names {
		out[i] = compile.Column{Name: n, Type: varcharType}
	}
	return out
}

// schemaTable is the source of a table of information_schema.
type schemaTable struct{ rows [][]string }

// schemaTable returns a table of information_schema with its rows; nil where there is none.
func (c athenaCatalog) schemaTable(ctx context.Context, name string) (*compile.Table, error) {
	columns, ok := schemaTables[name]
	if !ok {
		return nil, nil
	}
	rows := &schemaTable{}
	databases, err := c.store.Databases(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range databases {
		if name == "schemata" {
			rows.rows = append(rows.rows, []string{metastore.Catalog, d.Name})
			continue
		}
		names, err := c.store.TableNames(ctx, d.Name)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			t, err := c.store.Find(ctx, d.Name, n)
			if err != nil {
				return nil, err
			}
			if t == nil { // it was dropped meanwhile
				continue
			}
			made, err := c.schemaRows(ctx, name, t)
			if err != nil {
				return nil, err
			}
			rows.rows = append(rows.rows, made...)
		}
	}
	return &compile.Table{Database: informationSchema, Name: name, Columns: columns, Source: rows}, nil
}

// schemaRows returns what a table of information_schema says of a table.
func (c athenaCatalog) schemaRows(ctx context.Context, name string, t *metastore.Table) ([][]string, error) {
	head := []string{metastore.Catalog, t.Database, t.Name}
	switch name {
	case "tables":
		kind := "BASE TABLE"
		if t.View != "" {
			kind = "VIEW"
		}
		return [][]string{append(head, kind)}, nil
	case "views":
		if t.View == "" {
			return nil, nil
		}
		return [][]string{append(head, t.View)}, nil
	}
	table, err := c.store.Table(ctx, t.Database, t.Name)
	if err != nil || table == nil {
		return nil, err
	}
	comments := map[string]string{}
	for _, column := range slices.Concat(t.Columns, t.Keys) {
		comments[column.Name] = column.Comment
	}
	var out [][]string
	for _, column := range table.Columns {
		if column.Hidden {
			continue
		}
		extra := ""
		if column.Partition {
			extra = "partition key"
		}
		out = append(out, append(slices.Clone(head), column.Name, strconv.Itoa(len(out)+1), metastore.NullPartition, "YES", column.Type.String(),
			cmp.Or(comments[column.Name], metastore.NullPartition), cmp.Or(extra, metastore.NullPartition)))
	}
	return out, nil
}
