package metastore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"weir/internal/athenasql"
)

// createDatabase carries out CREATE DATABASE (Athena User Guide, "CREATE DATABASE").
func (s *Store) createDatabase(ctx context.Context, c *athenasql.CreateDatabase) error {
	name := c.Name.Text
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || len(name) > 255 {
		return athenasql.Errorf(codeFailed, c.Name.Span, "SemanticException %q is no name of a database", name).WithHint("names have letters, digits and underscores")
	}
	ok, err := s.hasDatabase(ctx, name)
	ok = ok || name == "information_schema" // each catalog has it
	switch {
	case err != nil:
		return err
	case ok && c.IfNotExists:
		return nil
	case ok:
		return execution("AlreadyExistsException", "Database %s already exists", name)
	}
	body, err := json.Marshal(Database{Name: name, Comment: c.Comment, Location: c.Location, Properties: properties(c.Properties)})
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, "INSERT INTO databases (name, body) VALUES (?, ?)", name, string(body))
	return err
}

// drop carries out DROP TABLE, DROP VIEW and DROP DATABASE.
func (s *Store) drop(ctx context.Context, d *athenasql.Drop, session Session) error {
	if strings.EqualFold(d.What, "DATABASE") {
		return s.dropDatabase(ctx, d)
	}
	t, err := s.mustFind(ctx, d.Name, session)
	var missing *athenasql.Error
	if errors.As(err, &missing) && d.IfExists && missing.Code == codeFailed {
		return nil
	}
	view := strings.EqualFold(d.What, "VIEW")
	switch {
	case err != nil:
		return err
	case t.ready != nil:
		return athenasql.Errorf(athenasql.CodePermission, d.Name.Span, "Cannot drop %s.%s: it is a table of the lake's own", t.Database, t.Name)
	case view && t.View == "":
		return semantic(0, "[Error 10132]: Cannot drop a base table with DROP VIEW: %s", t.Name).WithHint("DROP TABLE " + t.Name)
	case !view && t.View != "":
		return semantic(0, "[Error 10131]: Cannot drop a view with DROP TABLE: %s", t.Name).WithHint("DROP VIEW " + t.Name)
	}
	return s.remove(ctx, t)
}

// dropDatabase removes a database, with its tables where CASCADE says so.
func (s *Store) dropDatabase(ctx context.Context, d *athenasql.Drop) error {
	at := d.Name.Parts[len(d.Name.Parts)-1]
	ok, err := s.hasDatabase(ctx, at.Text)
	if err != nil {
		return err
	}
	if !ok {
		if d.IfExists {
			return nil
		}
		return databaseNotFound(at.Text)
	}
	if at.Text == "default" || at.Text == Own {
		return athenasql.Errorf(athenasql.CodePermission, at.Span, "Cannot drop the database %s", at.Text)
	}
	names, err := s.TableNames(ctx, at.Text)
	if err != nil {
		return err
	}
	if len(names) > 0 && !d.Cascade {
		return execution("InvalidOperationException", "Database %s is not empty. One or more tables exist.", at.Text).
			WithHint("DROP DATABASE " + at.Text + " CASCADE drops them too")
	}
	_, err = s.db.ExecContext(ctx, "DELETE FROM databases WHERE name = ?", at.Text)
	return err
}

// createView carries out CREATE VIEW (Athena User Guide, "CREATE VIEW").
func (s *Store) createView(ctx context.Context, c *athenasql.CreateView, session Session) error {
	database, name, err := s.newName(ctx, c.Name, session)
	if err != nil {
		return err
	}
	old, err := s.Find(ctx, database, name)
	switch {
	case err != nil:
		return err
	case old != nil && (!c.Replace || old.View == ""):
		return &athenasql.Error{Code: athenasql.CodeTableExists, Message: "Table '" + Catalog + "." + database + "." + name + "' already exists"}
	}
	columns, err := s.options.View(ctx, c.Query, c.Text, session.Database)
	if err != nil {
		return err
	}
	t := &Table{Database: database, Name: name, View: c.Text, ViewDatabase: session.Database, Created: s.options.Now().UTC()}
	seen := map[string]bool{}
	for _, col := range columns {
		key := strings.ToLower(col.Name)
		if key == "" || seen[key] {
			return athenasql.Errorf(athenasql.CodeDuplicateColumn, c.Name.Span, "the columns of a view have names, each its own: %q", col.Name).WithHint("give it a name with AS")
		}
		seen[key] = true
		t.ViewTypes = append(t.ViewTypes, col.Type)
		t.Columns = append(t.Columns, Column{Name: key, Type: hiveName(col.Type)})
	}
	return put(ctx, s.db, t)
}

// setProperties carries out ALTER TABLE SET TBLPROPERTIES.
func (s *Store) setProperties(ctx context.Context, a *athenasql.SetTableProperties, session Session) error {
	t, err := s.mustChange(ctx, a.Table, session)
	if err != nil {
		return err
	}
	if err := checkProperties(a.Properties); err != nil {
		return err
	}
	if err := checkTemplate(a.Properties, session); err != nil {
		return err
	}
	all := make([]athenasql.Property, 0, len(t.Properties)+len(a.Properties))
	for _, p := range t.Properties {
		all = append(all, athenasql.Property{Key: p.Key, Value: p.Value})
	}
	t.Properties = properties(append(all, a.Properties...))
	if _, err := t.projection(nil); err != nil {
		return placedProperty(err, a.Properties)
	}
	if err := t.readable(a.Span); err != nil {
		return err
	}
	return put(ctx, s.db, t)
}

// readable refuses a change after which the table's objects could not be read.
func (t *Table) readable(at athenasql.Span) error {
	if _, err := t.Layout(); err != nil {
		return athenasql.Errorf(athenasql.CodeInvalidTable, at, "%v", err)
	}
	return nil
}

// addColumns carries out ALTER TABLE ADD COLUMNS: they come after the columns that are there, before the keys.
func (s *Store) addColumns(ctx context.Context, a *athenasql.AddColumns, session Session) error {
	t, err := s.mustChange(ctx, a.Table, session)
	if err != nil {
		return err
	}
	added, err := definedColumns(a.Columns, nil)
	if err != nil {
		return err
	}
	for i, c := range added {
		for _, old := range t.all() {
			if old.Name == c.Name {
				return athenasql.Errorf(codeFailed, a.Columns[i].Name.Span, "SemanticException [Error 10036]: Duplicate column name: %s", c.Name)
			}
		}
	}
	t.Columns = append(t.Columns, added...)
	if err := t.readable(a.Span); err != nil {
		return err
	}
	return put(ctx, s.db, t)
}

// setLocation carries out ALTER TABLE [PARTITION (...)] SET LOCATION.
func (s *Store) setLocation(ctx context.Context, a *athenasql.SetLocation, session Session) error {
	t, err := s.mustChange(ctx, a.Table, session)
	if err != nil {
		return err
	}
	at, err := Location(a.Location, a.Span, session)
	if err != nil {
		return err
	}
	if a.Partition == nil {
		t.Location = at
		return put(ctx, s.db, t)
	}
	values, err := t.partitionValues(a.Partition)
	if err != nil {
		return err
	}
	return s.inPartition(ctx, t, values, func(tx *sql.Tx, key string) (sql.Result, error) {
		return tx.ExecContext(ctx, "UPDATE partitions SET location = ? WHERE db = ? AND tbl = ? AND vals = ?", at, t.Database, t.Name, key)
	})
}
