package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/awsapi/athena"
	"weir/internal/metastore"
	"weir/internal/query"
	"weir/internal/savedquery"
)

// athenaRunner runs the statements of Athena's API.
type athenaRunner struct{ s *Local }

// Check reads a statement. Of EXECUTE it tells what is executed, as far as that can be read: what is wrong with it shows when it runs.
func (r athenaRunner) Check(_ context.Context, q athena.Request) (athena.Statement, error) {
	stmt, err := athenasql.Parse(q.Text)
	if err != nil {
		return athena.Statement{}, placed(err, q.Text)
	}
	if other, ok := stmt.(*athenasql.Other); ok {
		return athena.Statement{}, placed(notSupported(other), q.Text)
	}
	if e, ok := stmt.(*athenasql.Execute); ok {
		text := e.Text
		if !e.Immediate && q.Prepared != nil {
			text, _ = q.Prepared.PreparedStatement(e.Name.Text)
		}
		if executed, err := athenasql.Parse(text); err == nil {
			stmt = executed
		}
	}
	kind, sub := athenasql.KindOf(stmt)
	return athena.Statement{Kind: kind, SubStatement: sub}, nil
}

// Run begins a statement.
func (r athenaRunner) Run(ctx context.Context, q athena.Request) (athena.Rows, error) {
	result, err := r.s.runAthena(ctx, AthenaRequest{
		Text: q.Text, Database: q.Database, Parameters: q.Parameters, MaxBytes: q.MaxBytes, WorkGroup: q.WorkGroup, User: q.User, Remote: true,
	}, q.Prepared)
	if err != nil {
		return nil, cutoff(err)
	}
	return athenaAPIRows{result}, nil
}

// cutoff names the limit of bytes as the API knows it.
func cutoff(err error) error {
	if e, ok := errors.AsType[*athenasql.Error](err); ok && errors.Is(err, query.ErrLimit) && e.Message == bytesLimit {
		return fmt.Errorf("%w: %s", athena.ErrCutoff, e.Hint)
	}
	return err
}

// bytesLimit is Athena's text for a query that would scan too much.
const bytesLimit = "Bytes scanned limit was exceeded"

// athenaAPIRows is a result as the API reads it.
type athenaAPIRows struct{ *AthenaResult }

// Columns returns the columns.
func (r athenaAPIRows) Columns() []athena.Column {
	out := make([]athena.Column, len(r.AthenaResult.Columns))
	for i, c := range r.AthenaResult.Columns {
		out[i] = athena.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

// Statistics returns what it cost.
func (r athenaAPIRows) Statistics() athena.Statistics {
	s := &r.AthenaResult.Statistics
	return athena.Statistics{BytesScanned: s.BytesScanned, RowsScanned: s.RowsScanned, Planning: s.Planning, Execution: s.Execution, Updated: s.Updated, Written: s.Written}
}

// athenaAPICatalog lists databases and tables for the API.
type athenaAPICatalog struct{ s *Local }

// Databases returns all databases.
func (c athenaAPICatalog) Databases(ctx context.Context) ([]athena.Database, error) {
	store, err := c.s.metastore(ctx)
	if err != nil {
		return nil, err
	}
	databases, err := store.Databases(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]athena.Database, len(databases))
	for i, d := range databases {
		out[i] = athena.Database{Name: d.Name, Description: d.Comment, Parameters: parameters(d.Properties)}
	}
	return out, nil
}

// Tables returns all tables and views of a database.
func (c athenaAPICatalog) Tables(ctx context.Context, database string) ([]athena.Table, error) {
	store, err := c.s.metastore(ctx)
	if err != nil {
		return nil, err
	}
	names, err := store.TableNames(ctx, database)
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, athena.ErrNotFound
	}
	tables, err := athenaTables(ctx, store, database)
	if err != nil {
		return nil, err
	}
	out := make([]athena.Table, len(tables))
	for i, t := range tables {
		out[i] = athena.Table{Name: t.Name, Type: t.Type, Created: t.Created, Columns: apiColumns(t.Columns), PartitionKeys: apiColumns(t.PartitionKeys), Parameters: t.Parameters}
	}
	return out, nil
}

func apiColumns(of []AthenaColumn) []athena.TableColumn {
	out := make([]athena.TableColumn, len(of))
	for i, c := range of {
		out[i] = athena.TableColumn(c)
	}
	return out
}

// parameters returns properties as a map; nil of none.
func parameters(of []metastore.Property) map[string]string {
	if len(of) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, p := range of {
		out[p.Key] = p.Value
	}
	return out
}

var (
	_ athena.Runner   = athenaRunner{}
	_ athena.Catalog  = athenaAPICatalog{}
	_ compile.Catalog = athenaCatalog{}
)

// predefinedQueries are the analyses of AWS's integration as named queries. The place of an address is an execution parameter.
//
// Source: VPC User Guide, "Query flow logs using Amazon Athena": the integration saves its queries as named queries.
func predefinedQueries() ([]athena.NamedQuery, error) {
	var out []athena.NamedQuery
	for _, q := range savedquery.All() {
		text, err := q.Athena(savedquery.Fill{})
		if err != nil {
			return nil, err
		}
		out = append(out, athena.NamedQuery{Name: q.Name, Description: q.Description, Database: AthenaDatabase, Text: text})
	}
	return out, nil
}

// newAthenaAPI makes the API of Athena, and gives the statements of other clients its prepared statements and places to write to.
func newAthenaAPI(s *Local, o ServeOptions) (*athena.API, error) {
	output, err := newAthenaOutput(o.AthenaOutput, s.temp())
	if err != nil {
		return nil, err
	}
	data := s.lake.Data()
	store, err := athena.OpenStore(filepath.Join(data, "athena"), s.now)
	if err != nil {
		return nil, err
	}
	named, err := predefinedQueries()
	if err != nil {
		return nil, err
	}
	api, err := athena.New(athena.Options{
		Account: s.account, Region: s.region, Store: store, Runner: athenaRunner{s}, Catalog: athenaAPICatalog{s},
		Output:  output, // a nil one says how there would be one
		Results: filepath.Join(data, "cache", "athena-results"), Now: s.now, Log: o.Log,
		NamedQueries: named,
	})
	if err != nil {
		return nil, err
	}
	s.athenaOutput = output
	s.athenaPrepared = func(group string) athena.PreparedStatements {
		return store.PreparedStatements(cmp.Or(group, "primary"))
	}
	return api, nil
}
