package metastore

import (
	"context"
	"strings"

	"weir/internal/athenasql"
)

// Catalog is the only catalog.
const Catalog = "awsdatacatalog"

// Session is what a statement is carried out in.
type Session struct {
	// Database is that of names without any.
	Database string
	// Remote says that the statement came over the network: it may not name folders of this machine then.
	Remote bool
}

// Output is what a statement prints: lines of text, columns within them with tabs between.
type Output struct {
	Lines []string
}

// Takes reports whether a statement is one that Execute carries out.
func Takes(stmt athenasql.Statement) bool {
	switch stmt.(type) {
	case *athenasql.CreateTable, *athenasql.CreateView, *athenasql.CreateDatabase, *athenasql.Drop, *athenasql.AddPartitions, *athenasql.DropPartitions,
		*athenasql.SetTableProperties, *athenasql.SetLocation, *athenasql.AddColumns, *athenasql.RenamePartition, *athenasql.RepairTable,
		*athenasql.Show, *athenasql.Describe:
		return true
	}
	return false
}

// Execute carries out a statement of those that [Takes] names. Errors of the user are *[athenasql.Error], with Athena's texts; what such a statement
// would have changed is unchanged then.
func (s *Store) Execute(ctx context.Context, stmt athenasql.Statement, session Session) (*Output, error) {
	if session.Database == "" {
		session.Database = "default"
	}
	switch stmt := stmt.(type) {
	case *athenasql.Show:
		return s.show(ctx, stmt, session)
	case *athenasql.Describe:
		return s.describe(ctx, stmt, session)
	case *athenasql.RepairTable:
		return s.repair(ctx, stmt, session)
	}
	s.change.Lock()
	defer s.change.Unlock()
	var err error
	switch stmt := stmt.(type) {
	case *athenasql.CreateTable:
		err = s.createTable(ctx, stmt, session)
	case *athenasql.CreateView:
		err = s.createView(ctx, stmt, session)
	case *athenasql.CreateDatabase:
		err = s.createDatabase(ctx, stmt)
	case *athenasql.Drop:
		err = s.drop(ctx, stmt, session)
	case *athenasql.AddPartitions:
		err = s.addPartitions(ctx, stmt, session)
	case *athenasql.DropPartitions:
		err = s.dropPartitions(ctx, stmt, session)
	case *athenasql.RenamePartition:
		err = s.renamePartition(ctx, stmt, session)
	case *athenasql.SetLocation:
		err = s.setLocation(ctx, stmt, session)
	case *athenasql.SetTableProperties:
		err = s.setProperties(ctx, stmt, session)
	case *athenasql.AddColumns:
		err = s.addColumns(ctx, stmt, session)
	default:
		return nil, athenasql.Errorf(athenasql.CodeNotSupported, stmt.Position(), "the metastore has no such statement")
	}
	if err != nil {
		return nil, err
	}
	return &Output{}, nil
}

// name reads [catalog.][database.]table.
func name(q athenasql.QualifiedName, session Session) (database, table string, err error) {
	parts := q.Parts
	if len(parts) == 3 {
		if parts[0].Text != Catalog && parts[0].Text != "hive" {
			return "", "", athenasql.Errorf(athenasql.CodeCatalogNotFound, parts[0].Span, "Catalog '%s' does not exist", parts[0].Text).
				WithHint("AwsDataCatalog is the only catalog")
		}
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		return session.Database, parts[0].Text, nil
	case 2:
		return parts[0].Text, parts[1].Text, nil
	}
	return "", "", athenasql.Errorf(athenasql.CodeSyntax, q.Span, "a name has at most three parts: catalog, database and table")
}

// newName reads the name of what will be made: its database is there, and the name is one that a table can have.
func (s *Store) newName(ctx context.Context, q athenasql.QualifiedName, session Session) (database, table string, err error) {
	if database, table, err = name(q, session); err != nil {
		return "", "", err
	}
	ok, err := s.hasDatabase(ctx, database)
	switch {
	case err != nil:
		return "", "", err
	case !ok:
		return "", "", databaseNotFound(database)
	case table == "" || strings.Trim(table, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" || len(table) > 255:
		return "", "", athenasql.Errorf(codeFailed, q.Span, "SemanticException %q is no name of a table", table).
			WithHint("names have letters, digits and underscores")
	case s.ready(database, table) != nil:
		return "", "", execution("AlreadyExistsException", "Table %s already exists", table).
			WithHint("it is a table of the lake's own; choose another name or database")
	}
	return database, table, nil
}

// mustFind returns a table by its name, which must be there.
func (s *Store) mustFind(ctx context.Context, q athenasql.QualifiedName, session Session) (*Table, error) {
	database, table, err := name(q, session)
	if err != nil {
		return nil, err
	}
	ok, err := s.hasDatabase(ctx, database)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, databaseNotFound(database)
	}
	t, err := s.Find(ctx, database, table)
	if err != nil || t != nil {
		return t, err
	}
	names, err := s.TableNames(ctx, database)
	if err != nil {
		return nil, err
	}
	return nil, tableNotFound(table, names)
}

// mustChange returns a table over objects, which statements may change.
func (s *Store) mustChange(ctx context.Context, q athenasql.QualifiedName, session Session) (*Table, error) {
	t, err := s.mustFind(ctx, q, session)
	switch {
	case err != nil:
		return nil, err
	case t.ready != nil:
		return nil, athenasql.Errorf(athenasql.CodeNotSupported, q.Span, "%s.%s is a table of the lake's own, which statements don't change", t.Database, t.Name)
	case t.View != "":
		return nil, semantic(10131, "%s is a view: ALTER TABLE and MSCK REPAIR TABLE take tables", t.Name)
	}
	return t, nil
}
