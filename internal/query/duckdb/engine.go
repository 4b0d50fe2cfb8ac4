package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/rollup"
)

// Options says what the engine may use.
type Options struct {
	// MemoryBytes bounds the memory of all queries together; 0 means 1 GiB.
	// Beyond it queries spill to disk, or end with ErrLimit.
	MemoryBytes int64
	// Threads is how many threads a query may use; 0 means all processors.
	Threads int
	// TempDir is where queries spill to; "" means they may not.
	TempDir string
	// SpillBytes bounds what lies in TempDir; 0 means 10 GiB.
	SpillBytes int64
	// Folders are more folders than the lake's that hold Parquet files of tables; the engine may read and write there.
	Folders []string
	// NoRollups answers from records only.
	NoRollups bool
	// Names returns the names of now that come from some sources, joined with "or"; those of
	// others may be there too. nil: there are none.
	Names func(context.Context, query.NameSource) (*query.Names, error)
}

// Engine runs queries over a lake. It implements [query.SQLEngine].
type Engine struct {
	lake *lake.Lake
	db   *sql.DB
	// reserved are the names of DuckDB's own tables, in lower case.
	reserved  map[string]bool
	noRollups bool
	names     func(context.Context, query.NameSource) (*query.Names, error)
	// sessions holds the names of sessions by the number that their queries know them by.
	sessions  sync.Map
	lastNames atomic.Int64
	// eventBytes bounds the events, and the texts of rows of stats, that commands of Logs Insights without a
	// form in SQL are given.
	eventBytes int64
}

// Open starts an engine over a lake, which the caller closes after the engine.
func Open(ctx context.Context, l *lake.Lake, o Options) (*Engine, error) {
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = 1 << 30
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if o.SpillBytes <= 0 {
		o.SpillBytes = 10 << 30
	}
	if o.TempDir != "" {
		if err := os.MkdirAll(o.TempDir, 0o700); err != nil {
			return nil, fmt.Errorf("cannot make the engine's folder for temporary files: %w", err)
		}
	}
	connector, err := duck.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("cannot start DuckDB: %w", err)
	}
	e := &Engine{lake: l, db: sql.OpenDB(connector), noRollups: o.NoRollups, names: o.Names, eventBytes: maxEventBytes}
	if err := e.setUp(ctx, o); err != nil {
		_ = e.db.Close()
		return nil, fmt.Errorf("cannot set up DuckDB: %w", err)
	}
	return e, nil
}

// setUp adds the functions and closes the sandbox. Settings are global: each query
// has a connection of its own, and a setting of this one would not reach it.
func (e *Engine) setUp(ctx context.Context, o Options) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := Register(conn); err != nil {
		return err
	}
	if err := e.registerNames(conn); err != nil {
		return err
	}
	if err := registerInsights(conn); err != nil {
		return err
	}
	if err := registerAthena(conn); err != nil {
		return err
	}
	temp := ""
	if o.TempDir != "" {
		temp = filepath.Join(o.TempDir, "duckdb")
	}
	folders := []string{quote(e.lake.Dir() + string(filepath.Separator))}
	for _, f := range o.Folders {
		folders = append(folders, quote(f+string(filepath.Separator)))
	}
	for _, set := range []string{
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL errors_as_json = true",
		fmt.Sprintf("SET GLOBAL threads = %d", o.Threads),
		fmt.Sprintf("SET GLOBAL memory_limit = '%dB'", o.MemoryBytes),
		fmt.Sprintf("SET GLOBAL max_temp_directory_size = '%dB'", o.SpillBytes),
		"SET GLOBAL temp_directory = " + quote(temp),
		"SET GLOBAL parquet_metadata_cache = true",
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		"SET GLOBAL allow_community_extensions = false",
		"SET GLOBAL allowed_directories = [" + strings.Join(folders, ", ") + "]",
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL lock_configuration = true",
	} {
		if _, err := conn.ExecContext(ctx, set); err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
	}
	e.reserved, err = ownTables(ctx, conn)
	return err
}

// ownTables returns the names of the tables and views that DuckDB brings along and
// that a query can name without their schema, in lower case.
func ownTables(ctx context.Context, conn *sql.Conn) (map[string]bool, error) {
	const text = `SELECT lower(view_name) FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'
		UNION SELECT lower(table_name) FROM duckdb_tables() WHERE internal`
	rows, err := conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out[name] = true
	}
	return out, rows.Err()
}

// Close ends the engine. Queries that still run fail.
func (e *Engine) Close() error { return e.db.Close() }

// quote returns a text as an SQL literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ident returns a name as an SQL identifier.
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// session is a connection with a pinned snapshot, for one query.
type session struct {
	conn  *sql.Conn
	snap  *lake.Snapshot
	scope query.Scope
	dir   string   // the lake's folder
	only  []string // the columns that views have; nil: all
	scans []scan   // the readings of files of its query, once they are learnt

	names   *query.Names // that its query asks for; nil: none
	namesAs int64        // their number
	listed  bool         // the interfaces are in a table
	// temporary are other tables that go with the query.
	temporary []string
	release   func()
}

// begin pins a snapshot and takes a connection.
func (e *Engine) begin(ctx context.Context, q *request) (*session, error) {
	snap, err := e.lake.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, snap: snap, scope: q.scope, dir: e.lake.Dir()}
	if !q.named && !q.interfaces && !q.countries {
		return s, nil
	}
	if err := s.takeNames(ctx, e, q); err != nil {
		_ = s.close()
		return nil, q.noNames(err)
	}
	return s, nil
}

// close ends the session. It may be called twice.
func (s *session) close() error {
	if s.listed { // the connection is used again
		s.listed = false
		_, _ = s.conn.ExecContext(context.Background(), "DROP TABLE temp.main."+interfacesTable)
	}
	for _, name := range s.temporary {
		_, _ = s.conn.ExecContext(context.Background(), "DROP TABLE IF EXISTS temp.main."+name)
	}
	s.temporary = nil
	if s.release != nil {
		s.release()
	}
	return s.conn.Close()
}

// Run checks the plan and runs it.
func (e *Engine) Run(ctx context.Context, p query.Plan, l query.Limits) (query.Rows, error) {
	q, err := e.planned(p)
	if err != nil {
		return nil, err
	}
	return e.run(ctx, q, l)
}

// RunSQL runs the text of a SELECT.
func (e *Engine) RunSQL(ctx context.Context, text string, s query.Scope, l query.Limits) (query.Rows, error) {
	q, err := e.admit(ctx, text, s)
	if err != nil {
		return nil, err
	}
	return e.run(ctx, q, l)
}

// admit checks the text of a query and its scope, which must fit all tables that
// it reads, and returns the request.
func (e *Engine) admit(ctx context.Context, text string, s query.Scope) (request, error) {
	a, err := e.gate(ctx, text)
	if err != nil {
		return request{}, err
	}
	for _, k := range a.tables {
		if _, err := (query.Plan{Kind: k, Scope: s}).Check(); err != nil {
			return request{}, err
		}
	}
	q := request{
		text: text, written: true, tables: a.tables, scope: s, only: a.columns,
		named: a.named, nameColumns: a.names, anyName: a.columns == nil, askedNames: a.asked, interfaces: a.interfaces, namesAt: a.namesAt,
		countries: a.countries, countriesAt: a.countriesAt,
	}
	if q.whole = !a.filters && s.All() && a.columns != nil; q.whole {
		q.reads = a.columns
	}
	return q, nil
}

// noNames says why there are no names for the request.
func (q *request) noNames(err error) error {
	if query.NamesHint(err) == "" {
		return err
	}
	if at := q.namesAt; q.written {
		if q.countries && (!q.named || errors.Is(err, query.ErrNoCountries)) {
			at = q.countriesAt
		}
		return &query.TextError{Offset: at, Message: err.Error(), Hint: query.NamesHint(err)}
	}
	return fmt.Errorf("%w: %w", query.ErrRefused, err)
}

// request is a query in SQL that is fit to run.
type request struct {
	text    string
	written bool           // by a user, and not compiled from a plan
	tables  []flowlog.Kind // that it reads
	scope   query.Scope
	// columns are the result's, reads those that are read; nil where DuckDB
	// says them.
	columns []query.Column
	reads   []string
	// only are the columns that it can name; nil: any.
	only []string
	// whole says that it reads all files of the tables, whatever is in them.
	whole bool
	// named says that it asks for the named table, with nameColumns, and interfaces
	// that it asks for interfacesTable; namesAt is where in its text.
	named       bool
	nameColumns []query.NameColumn
	// anyName says that nameColumns are all that there are, and askedNames which it asks for
	// by name.
	anyName    bool
	askedNames []query.NameColumn
	interfaces bool
	namesAt    int
	// countries says that it calls countryFunction, and countriesAt where in its text.
	countries   bool
	countriesAt int
	// rollup is what it reads in place of the table, nil: the table; unrolled is the text that
	// reads the table then too.
	rollup   *rollup.Rollup
	unrolled string
}

// planned checks a plan and returns its request.
func (e *Engine) planned(p query.Plan) (request, error) {
	columns, err := p.Check()
	if err != nil {
		return request{}, err
	}
	filtered := slices.ContainsFunc(p.Stages, func(s query.Stage) bool { _, ok := s.(*query.Filter); return ok })
	q := request{
		tables: []flowlog.Kind{p.Kind}, scope: p.Scope, columns: columns, reads: p.Reads(), only: planNames(p), named: p.Named, askedNames: p.AskedNames(),
		whole: !filtered && p.Scope.All(),
	}
	q.anyName = q.only == nil
	q.nameColumns, q.only = nameColumnsOf(q.only, p.Named)
	if !e.noRollups {
		q.rollup = p.Rollup()
	}
	if q.text, err = compilePlan(p, q.rollup); err != nil || q.rollup == nil || !q.named {
		return q, err
	}
	q.unrolled, err = compilePlan(p, nil)
	return q, err
}

// run runs a query.
func (e *Engine) run(ctx context.Context, q request, l query.Limits) (query.Rows, error) {
	limit := newLimit(ctx, l)
	s, err := e.begin(limit.ctx, &q)
	if err != nil {
		return nil, limit.close(err)
	}
	cost, err := s.prepare(limit.ctx, &q)
	if err == nil && l.MaxBytes > 0 && cost.Bytes > l.MaxBytes {
		err = fmt.Errorf("%w: it would read %d bytes of %d files, and may read %d", query.ErrLimit, cost.Bytes, len(cost.Files), l.MaxBytes)
	}
	if err != nil {
		_ = s.close()
		return nil, limit.close(named(err, q.written))
	}
	if q.written && l.Counted {
		from, columns, ok, err := s.spoolSQL(limit.ctx, q.text)
		if err != nil {
			_ = s.close()
			return nil, limit.close(named(err, q.written))
		}
		if ok {
			r := rowsFrom(from, s, limit, l.MaxRows, columns)
			r.stale, r.cost = s.stale(limit.ctx, &q, e.lake), cost
			return r, nil
		}
	}
	rows, err := s.conn.QueryContext(limit.ctx, q.text)
	if err != nil {
		_ = s.close()
		return nil, limit.close(named(err, q.written))
	}
	r, err := newRows(rows, s, limit, l.MaxRows, q.columns)
	if err != nil {
		return nil, limit.close(errors.Join(err, rows.Close(), s.close())) //nolint:sqlclosecheck // else r closes them
	}
	r.stale, r.cost = s.stale(limit.ctx, &q, e.lake), cost
	return r, nil
}

// explainTimeout bounds the planning of a query: what is constant in it is computed
// then.
const explainTimeout = time.Minute

// Explain says what Run would read.
func (e *Engine) Explain(ctx context.Context, p query.Plan) (query.Cost, error) {
	q, err := e.planned(p)
	if err != nil {
		return query.Cost{}, err
	}
	return e.explain(ctx, q)
}

// ExplainSQL says what RunSQL would read.
func (e *Engine) ExplainSQL(ctx context.Context, text string, s query.Scope) (query.Cost, error) {
	q, err := e.admit(ctx, text, s)
	if err != nil {
		return query.Cost{}, err
	}
	return e.explain(ctx, q)
}

func (e *Engine) explain(ctx context.Context, q request) (query.Cost, error) {
	limit := newLimit(ctx, query.Limits{Timeout: explainTimeout})
	s, err := e.begin(limit.ctx, &q)
	if err != nil {
		return query.Cost{}, limit.close(err)
	}
	defer func() { _ = s.close() }()
	cost, err := s.prepare(limit.ctx, &q)
	return cost, limit.close(named(err, q.written))
}

var _ query.SQLEngine = (*Engine)(nil)
