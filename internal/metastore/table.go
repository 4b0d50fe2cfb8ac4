package metastore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
)

// Format is how a table's objects hold rows.
type Format string

// Formats of objects.
const (
	Text    Format = "text"
	Parquet Format = "parquet"
)

// Property is a key and its value, of a table, its SerDe or a database.
type Property struct{ Key, Value string }

// Column is a column of a table, or a key of its partitions. Type is as Hive writes it: "bigint", "varchar(10)".
type Column struct {
	Name, Type, Comment string
}

// Table is a table over objects, a view, or a table that is ready.
type Table struct {
	Database, Name string
	Columns        []Column
	// Keys are those of partitions, none where the table has no partitions.
	Keys    []Column `json:",omitempty"`
	Comment string   `json:",omitempty"`
	Format  Format   `json:",omitempty"`
	// SerDe is the class that was named, "" where none was; Delimited is set where ROW FORMAT DELIMITED was written.
	SerDe           string               `json:",omitempty"`
	SerDeProperties []Property           `json:",omitempty"`
	Delimited       *athenasql.Delimited `json:",omitempty"`
	// Location is the folder of the objects, with its "/" at the end.
	Location   string     `json:",omitempty"`
	Properties []Property `json:",omitempty"`
	// View is the query of a view as it was written; its names are in the database of the view.
	View string `json:",omitempty"`
	// ViewDatabase is the database that names in View are in, and ViewTypes the types of its columns, which are more than Hive has names for.
	ViewDatabase string       `json:",omitempty"`
	ViewTypes    []types.Type `json:",omitempty"`
	// Created is when the statement was carried out, in UTC and whole seconds.
	Created time.Time

	ready *compile.Table
}

// readyTable returns what statements show of a table that is ready.
func readyTable(t *compile.Table) *Table {
	out := &Table{Database: t.Database, Name: t.Name, View: t.ViewText, ViewDatabase: t.ViewDatabase, ready: t}
	for _, c := range t.Columns {
		switch {
		case c.Hidden:
		case c.Partition:
			out.Keys = append(out.Keys, Column{Name: c.Name, Type: hiveName(c.Type)})
		default:
			out.Columns = append(out.Columns, Column{Name: c.Name, Type: hiveName(c.Type)})
		}
	}
	return out
}

// Type returns EXTERNAL_TABLE or VIRTUAL_VIEW, as Glue names them.
func (t *Table) Type() string {
	if t.View != "" {
		return "VIRTUAL_VIEW"
	}
	return "EXTERNAL_TABLE"
}

// all returns the columns with the keys behind them, as SELECT * has them.
func (t *Table) all() []Column { return slices.Concat(t.Columns, t.Keys) }

// property returns the value of a property; keys are compared without regard to case.
func property(of []Property, key string) (string, bool) {
	for _, p := range of {
		if strings.EqualFold(p.Key, key) {
			return p.Value, true
		}
	}
	return "", false
}

// Table returns a table for the compiler; it is [compile.Catalog]'s. The Source of a table over objects is a *Table, that of
// "name$partitions" a *PartitionList.
func (s *Store) Table(ctx context.Context, database, name string) (*compile.Table, error) {
	base, list := strings.CutSuffix(name, "$partitions")
	t, err := s.Find(ctx, database, base)
	switch {
	case err != nil || t == nil:
		return nil, err
	case list:
		return partitionTable(t, name)
	case t.ready != nil:
		return t.ready, nil
	case t.View != "":
		return viewTable(t)
	}
	out := &compile.Table{Database: database, Name: name, Source: t}
	if out.Columns, err = compileColumns(t.Columns, false); err != nil {
		return nil, err
	}
	keys, err := compileColumns(t.Keys, true)
	out.Columns = append(out.Columns, keys...)
	return out, err
}

// Tables returns the names of a database's tables; it is [compile.Catalog]'s.
func (s *Store) Tables(ctx context.Context, database string) ([]string, error) {
	return s.TableNames(ctx, database)
}

var _ compile.Catalog = (*Store)(nil)

// PartitionList is the source of "name$partitions": a row for each partition of a table, with the values of its keys.
type PartitionList struct{ Of *Table }

// partitionTable returns the table of a table's partitions, nil where it has none.
func partitionTable(t *Table, name string) (*compile.Table, error) {
	if len(t.Keys) == 0 || t.View != "" {
		return nil, nil
	}
	columns, err := compileColumns(t.Keys, false)
	if t.ready != nil {
		columns = nil
		for _, c := range t.ready.Columns {
			if c.Partition {
				c.Partition, c.SQL = false, ""
				columns = append(columns, c)
			}
		}
	}
	return &compile.Table{Database: t.Database, Name: name, Columns: columns, Source: &PartitionList{t}}, err
}

// Ready returns the table that app gave, where the list is of such a one; nil otherwise.
func (p *PartitionList) Ready() *compile.Table { return p.Of.ready }

// viewTable returns a view for the compiler.
func viewTable(t *Table) (*compile.Table, error) {
	columns := make([]compile.Column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = compile.Column{Name: c.Name, Type: t.ViewTypes[i]}
	}
	stmt, err := athenasql.Parse(t.View)
	if err != nil {
		return nil, fmt.Errorf("the view %s.%s of the metastore: %w", t.Database, t.Name, err)
	}
	query, ok := stmt.(*athenasql.Query)
	if !ok {
		return nil, fmt.Errorf("the view %s.%s of the metastore is no query", t.Database, t.Name)
	}
	return &compile.Table{Database: t.Database, Name: t.Name, Columns: columns, View: query, ViewText: t.View, ViewDatabase: t.ViewDatabase}, nil
}

// compileColumns returns columns with their types.
func compileColumns(of []Column, keys bool) ([]compile.Column, error) {
	out := make([]compile.Column, 0, len(of))
	for _, c := range of {
		t, err := parseHive(c.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s of the metastore: %w", c.Name, err)
		}
		out = append(out, compile.Column{Name: c.Name, Type: t, Partition: keys})
	}
	return out, nil
}

// KeyTypes returns the types of the table's partition keys.
func (t *Table) KeyTypes() ([]types.Type, error) {
	columns, err := compileColumns(t.Keys, true)
	out := make([]types.Type, 0, len(columns))
	for _, c := range columns {
		out = append(out, c.Type)
	}
	return out, err
}
