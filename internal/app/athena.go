package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/awsapi/athena"
	"weir/internal/metastore"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// AthenaService is what can be asked in the SQL of Athena.
type AthenaService interface {
	// Athena runs one statement. The caller closes the result. Errors of the statement are [*athenasql.Error], with their places; those of limits
	// are [query.ErrLimit] too.
	Athena(ctx context.Context, r AthenaRequest) (*AthenaResult, error)
	// AthenaDatabases returns the databases and what is in them.
	AthenaDatabases(ctx context.Context) ([]AthenaDatabaseInfo, error)
}

// AthenaRequest is a statement of Athena.
type AthenaRequest struct {
	Text string
	// Database is that of names without any; "" is AthenaDatabase.
	Database string
	// Parameters are the values of ?, each a literal of SQL.
	Parameters []string
	// MaxBytes bounds what may be scanned, MaxRows what is given; 0 does not. A statement that would scan more does not begin.
	MaxBytes, MaxRows int64
	// Timeout ends the statement; 0: never.
	Timeout time.Duration
	// Remote says that who asks came over the network: such a statement names no folder of this machine as the place of a table.
	Remote bool
	// WorkGroup is that of prepared statements; "" is primary. User is what current_user says.
	WorkGroup, User string
	// S3 says how the buckets of tables are reached.
	S3 S3Options
}

// athenaRun is one statement on its way.
type athenaRun struct {
	s        *Local
	r        AthenaRequest
	store    *metastore.Store
	prepared athena.PreparedStatements // nil: there are none here
	now      time.Time
	result   *AthenaResult
	// text is what places in errors are in.
	text string
}

// Athena runs a statement.
func (s *Local) Athena(ctx context.Context, r AthenaRequest) (*AthenaResult, error) {
	var prepared athena.PreparedStatements
	if s.athenaPrepared != nil {
		prepared = s.athenaPrepared(r.WorkGroup)
	}
	return s.runAthena(ctx, r, prepared)
}

// runAthena runs a statement, with the prepared statements of its workgroup.
func (s *Local) runAthena(ctx context.Context, r AthenaRequest, prepared athena.PreparedStatements) (*AthenaResult, error) {
	if r.Database == "" {
		r.Database = AthenaDatabase
	}
	begun := time.Now()
	stmt, err := athenasql.Parse(r.Text)
	if err != nil {
		return nil, placed(err, r.Text)
	}
	store, err := s.metastore(ctx)
	if err != nil {
		return nil, err
	}
	kind, sub := athenasql.KindOf(stmt)
	run := &athenaRun{
		s: s, r: r, store: store, prepared: prepared, now: s.now(), text: r.Text,
		result: &AthenaResult{Kind: kind, SubStatement: sub, begun: begun, rows: &textRows{}},
	}
	if err := run.statement(ctx, stmt, r.Parameters); err != nil {
		return nil, placed(err, run.text)
	}
	return run.result, nil
}

// statement runs a statement of the kinds there are.
func (a *athenaRun) statement(ctx context.Context, stmt athenasql.Statement, parameters []string) error {
	switch stmt := stmt.(type) {
	case *athenasql.Query:
		return a.query(ctx, stmt, parameters)
	case *athenasql.Explain:
		return a.explain(ctx, stmt, parameters)
	case *athenasql.CreateTableAs:
		return a.createTableAs(ctx, stmt, parameters)
	case *athenasql.Unload:
		return a.unload(ctx, stmt, parameters)
	case *athenasql.Prepare, *athenasql.Execute, *athenasql.Deallocate:
		return a.preparing(ctx, stmt)
	case *athenasql.Other:
		return notSupported(stmt)
	}
	if !metastore.Takes(stmt) {
		return athenasql.Errorf(athenasql.CodeNotSupported, stmt.Position(), "this statement is not supported")
	}
	return a.metadata(ctx, stmt)
}

// notSupported refuses a statement that is known and not taken.
func notSupported(stmt *athenasql.Other) error {
	return athenasql.Errorf(athenasql.CodeNotSupported, stmt.Span, "%s is not supported: tables are read here", stmt.What).
		WithHint("CREATE TABLE ... AS SELECT makes a table of a query's result")
}

// metadata carries out a statement about databases, tables and partitions.
func (a *athenaRun) metadata(ctx context.Context, stmt athenasql.Statement) error {
	if a.s.readOnly && !reads(stmt) {
		return athenasql.Errorf(athenasql.CodePermission, stmt.Position(), "another process holds the data directory, and this one may only read")
	}
	out, err := a.store.Execute(ctx, stmt, metastore.Session{Database: a.r.Database, Remote: a.r.Remote})
	if err != nil {
		return err
	}
	if out == nil || !reads(stmt) && len(out.Lines) == 0 {
		return nil
	}
	a.result.Columns = []compile.Result{{Name: lineColumn(stmt), Type: varcharType}}
	a.result.rows = lineRows(out.Lines)
	return nil
}

// reads reports whether a statement changes nothing.
func reads(stmt athenasql.Statement) bool {
	switch stmt.(type) {
	case *athenasql.Show, *athenasql.Describe:
		return true
	}
	return false
}

// lineColumn is the name of the one column of what a statement prints, as Athena has it.
func lineColumn(stmt athenasql.Statement) string {
	show, ok := stmt.(*athenasql.Show)
	if !ok {
		return "result"
	}
	switch show.What {
	case "DATABASES":
		return "database_name"
	case "TABLES":
		return "tab_name"
	case "VIEWS":
		return "views"
	case "COLUMNS":
		return "field"
	case "PARTITIONS":
		return "partition"
	case "CREATE TABLE":
		return "createtab_stmt"
	case "CREATE VIEW":
		return "create_view_stmt"
	case "TBLPROPERTIES":
		return "prpt_name"
	}
	return "result"
}

// query runs a query.
func (a *athenaRun) query(ctx context.Context, q *athenasql.Query, parameters []string) error {
	in, err := a.compile(ctx, q, parameters)
	if err != nil {
		return err
	}
	rows, err := a.s.engine.Athena(ctx, in, a.limits())
	if err != nil {
		return err
	}
	a.result.queried(rows)
	return nil
}

func (a *athenaRun) limits() query.Limits {
	return query.Limits{Timeout: a.r.Timeout, MaxRows: a.r.MaxRows, MaxBytes: a.r.MaxBytes}
}

// compile gives a query its meaning.
func (a *athenaRun) compile(ctx context.Context, q *athenasql.Query, parameters []string) (duckdb.AthenaInput, error) {
	begun := time.Now()
	compiled, err := compile.Compile(ctx, q, compile.Options{
		Catalog: athenaCatalog{a.store}, Database: a.r.Database, Now: a.now, Parameters: parameters, User: a.r.User,
	})
	a.result.Statistics.Planning += time.Since(begun)
	return duckdb.AthenaInput{Query: compiled, Objects: a.objects()}, err
}

// athenaCatalog is the metastore as queries see it.
type athenaCatalog struct{ store *metastore.Store }

// Table returns a table or view.
func (c athenaCatalog) Table(ctx context.Context, database, name string) (*compile.Table, error) {
	if database == informationSchema {
		return c.schemaTable(ctx, name)
	}
	t, err := c.store.Table(ctx, database, name)
	if err != nil || t == nil {
		return nil, err
	}
	switch source := t.Source.(type) {
	case *metastore.Table:
		t.Columns = append(t.Columns,
			compile.Column{Name: duckdb.ObjectPath, Type: varcharType, Hidden: true, Object: true},
			compile.Column{Name: duckdb.ObjectSize, Type: types.Type{Kind: types.BigInt}, Hidden: true, Object: true})
	case *metastore.PartitionList:
		if source.Ready() != nil {
			return lakePartitionTable(t, source.Ready()), nil
		}
	}
	return queriedLakeTable(t), nil
}

// Tables returns the names of a database's tables.
func (c athenaCatalog) Tables(ctx context.Context, database string) ([]string, error) {
	if database == informationSchema {
		return slices.Sorted(maps.Keys(schemaTables)), nil
	}
	return c.store.Tables(ctx, database)
}

// lakePartitionTable returns "name$partitions" of one of the lake's tables.
func lakePartitionTable(t, of *compile.Table) *compile.Table {
	source, _ := of.Source.(duckdb.LakeTable)
	source.Partitions = true
	out := &compile.Table{Database: t.Database, Name: t.Name}
	for _, c := range of.Columns {
		if c.Partition && !c.Hidden {
			source.Keys = append(source.Keys, c)
			out.Columns = append(out.Columns, compile.Column{Name: c.Name, Type: c.Type})
		}
	}
	out.Source = source
	return out
}

// preparing carries out PREPARE, EXECUTE and DEALLOCATE PREPARE.
func (a *athenaRun) preparing(ctx context.Context, stmt athenasql.Statement) error {
	if e, ok := stmt.(*athenasql.Execute); ok && e.Immediate {
		return a.execute(ctx, e, e.Text)
	}
	if a.prepared == nil {
		return athenasql.Errorf(athenasql.CodeNotSupported, stmt.Position(), "prepared statements are kept by a server, for its workgroups").
			WithHint("EXECUTE IMMEDIATE 'SELECT ...' USING ... needs none")
	}
	switch stmt := stmt.(type) {
	case *athenasql.Prepare:
		return a.prepared.Prepare(stmt.Name.Text, stmt.Text)
	case *athenasql.Deallocate:
		found, err := a.prepared.Deallocate(stmt.Name.Text)
		if err == nil && !found {
			err = noPrepared(&stmt.Name)
		}
		return err
	case *athenasql.Execute:
		text, ok := a.prepared.PreparedStatement(stmt.Name.Text)
		if !ok {
			return noPrepared(&stmt.Name)
		}
		return a.execute(ctx, stmt, text)
	}
	return nil
}

func noPrepared(name *athenasql.Name) error {
	return athenasql.Errorf("NOT_FOUND", name.Span, "Prepared statement not found: %s", name.Text)
}

// execute runs the text of a prepared statement. Errors in it have no place in the statement that runs it.
func (a *athenaRun) execute(ctx context.Context, e *athenasql.Execute, text string) error {
	stmt, err := athenasql.Parse(text)
	if err != nil {
		return a.within(text, err)
	}
	switch stmt.(type) {
	case *athenasql.Prepare, *athenasql.Execute, *athenasql.Deallocate:
		return athenasql.Errorf(athenasql.CodeNotSupported, e.Span, "a prepared statement can't be about prepared statements")
	}
	parameters := make([]string, len(e.Using))
	for i, x := range e.Using {
		parameters[i] = athenasql.PrintExpr(x)
	}
	if len(parameters) == 0 {
		parameters = a.r.Parameters
	}
	a.result.Kind, a.result.SubStatement = athenasql.KindOf(stmt)
	return a.within(text, a.statement(ctx, stmt, parameters))
}

// within says that an error's place is in another text than the statement's.
func (a *athenaRun) within(text string, err error) error {
	if e, ok := errors.AsType[*athenasql.Error](err); ok {
		_ = e.Place(text)
		if e.Line > 0 {
			e.Message = "in the prepared statement: " + e.Message
		}
	}
	return err
}

// AthenaDatabaseInfo is a database and its tables.
type AthenaDatabaseInfo struct {
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	Tables      []AthenaTable `json:"tables"`
}

// AthenaTable describes a table or a view. Types are Hive's names.
type AthenaTable struct {
	Name          string            `json:"name"`
	Type          string            `json:"type"` // EXTERNAL_TABLE or VIRTUAL_VIEW
	Created       time.Time         `json:"created,omitzero"`
	Columns       []AthenaColumn    `json:"columns"`
	PartitionKeys []AthenaColumn    `json:"partition_keys,omitempty"`
	Parameters    map[string]string `json:"parameters,omitempty"`
}

// AthenaColumn describes a column.
type AthenaColumn struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Comment string `json:"comment,omitempty"`
}

// AthenaDatabases returns the databases and what is in them.
func (s *Local) AthenaDatabases(ctx context.Context) ([]AthenaDatabaseInfo, error) {
	store, err := s.metastore(ctx)
	if err != nil {
		return nil, err
	}
	databases, err := store.Databases(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]AthenaDatabaseInfo, 0, len(databases))
	for _, d := range databases {
		info := AthenaDatabaseInfo{Name: d.Name, Description: d.Comment}
		if info.Tables, err = athenaTables(ctx, store, d.Name); err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

func athenaTables(ctx context.Context, store *metastore.Store, database string) ([]AthenaTable, error) {
	names, err := store.TableNames(ctx, database)
	if err != nil {
		return nil, err
	}
	out := make([]AthenaTable, 0, len(names))
	for _, name := range names {
		t, err := store.Find(ctx, database, name)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue // it was dropped meanwhile
		}
		table := AthenaTable{Name: t.Name, Type: t.Type(), Created: t.Created, Columns: athenaColumns(t.Columns), PartitionKeys: athenaColumns(t.Keys)}
		table.Parameters = parameters(t.Properties)
		out = append(out, table)
	}
	return out, nil
}

func athenaColumns(of []metastore.Column) []AthenaColumn {
	out := make([]AthenaColumn, len(of))
	for i, c := range of {
		out[i] = AthenaColumn(c)
	}
	return out
}
