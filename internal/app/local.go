package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"weir/flowlog"
	"weir/internal/awsapi/athena"
	"weir/internal/lake"
	"weir/internal/query"
	"weir/internal/query/duckdb"
)

// LocalOptions says how to open a data directory in this process.
type LocalOptions struct {
	// Data is the data directory.
	Data string
	// ReadOnly opens it beside a writer.
	ReadOnly bool
	// MemoryBytes bounds the engine's memory; 0 is its default.
	MemoryBytes int64
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Account and Region are those of log groups; "" means DefaultAccount and DefaultRegion.
	Account, Region string
}

// Local answers in this process.
type Local struct {
	lake       *lake.Lake
	engine     *duckdb.Engine
	engineTemp string // its folder on disk
	now        func() time.Time
	tails      *tails
	names      *names
	readOnly   bool
	logs       openedStore
	naming     sync.Mutex // held while the names of log groups are changed
	tables     openedTables
	api        openedAPI
	// athenaPrepared returns the prepared statements of a workgroup; nil: there are none here.
	athenaPrepared func(workGroup string) athena.PreparedStatements
	// athenaOutput is where statements may write; nil: nowhere.
	athenaOutput *athenaOutput
	// watching counts what comes, in a server; nil: nobody does.
	watching *watching
	// account and region are those of log groups.
	account, region string
}

var _ Service = (*Local)(nil)

// OpenLocal opens a data directory in this process.
func OpenLocal(ctx context.Context, o LocalOptions) (*Local, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := lake.Open(ctx, o.Data, lake.Options{ReadOnly: o.ReadOnly, Now: o.Now, Owners: newOwners(o.Data).get, Attribution: newAttribution(o.Data).get})
	if err != nil {
		return nil, err
	}
	temp, err := newEngineTemp(l.Data(), !o.ReadOnly)
	if err != nil && !o.ReadOnly {
		_ = l.Close()
		return nil, fmt.Errorf("cannot make the engine's folder: %w", err)
	}
	n := &names{data: l.Data()}
	e, err := duckdb.Open(ctx, l, duckdb.Options{MemoryBytes: o.MemoryBytes, TempDir: temp, Names: n.get, Folders: athenaFolders(l.Data())})
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	s := &Local{
		lake: l, engine: e, engineTemp: temp, now: o.Now, names: n, readOnly: o.ReadOnly,
		account: cmp.Or(o.Account, DefaultAccount), region: cmp.Or(o.Region, DefaultRegion),
	}
	s.tails = s.newTails()
	return s, nil
}

// newEngineTemp makes a folder for what an engine's queries put on disk. It is its
// own: readers run beside the writer and beside each other. Where a reader can't
// have one, as on a disk that it may not write, its queries must do without.
func newEngineTemp(data string, clear bool) (string, error) {
	dir := filepath.Join(data, "cache", "engine")
	if clear {
		clearTemp(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, fmt.Sprintf("%d-", os.Getpid()))
}

// clearTemp removes the folders of processes that are gone: they were killed. It
// is no matter where that fails.
func clearTemp(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "-")
		pid, err := strconv.Atoi(number)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// Close closes engine and lake.
func (s *Local) Close() error {
	s.api.close()
	err := errors.Join(s.logs.close(), s.tables.close(), s.engine.Close(), s.lake.Close())
	if s.engineTemp != "" {
		os.RemoveAll(s.engineTemp)
	}
	return err
}

// Query runs SQL.
func (s *Local) Query(ctx context.Context, r SQLRequest) (query.Rows, error) {
	return s.engine.RunSQL(ctx, r.SQL, r.Scope, r.Limits)
}

// ExplainSQL says what SQL would read.
func (s *Local) ExplainSQL(ctx context.Context, r SQLRequest) (query.Cost, error) {
	return s.engine.ExplainSQL(ctx, r.SQL, r.Scope)
}

// UnknownFields returns the lake's unknown fields.
func (s *Local) UnknownFields(ctx context.Context, k flowlog.Kind) ([]string, error) {
	return s.lake.UnknownFields(ctx, k)
}

// Compact compacts the lake.
func (s *Local) Compact(ctx context.Context, progress func(Progress)) (lake.Compacted, error) {
	c, err := s.lake.Compact(ctx, hours(progress))
	return c, explain(err)
}

// Attribute brings hours up to date with the definitions of the network.
func (s *Local) Attribute(ctx context.Context, progress func(Progress)) (lake.Attributed, error) {
	a, err := s.lake.Attribute(ctx, hours(progress))
	return a, explain(err)
}

// Expire removes what is beyond the retention, from DATA/tail too, and files that
// nothing names.
func (s *Local) Expire(ctx context.Context, o lake.ExpireOptions) (Expired, error) {
	x, err := s.lake.Expire(ctx, o)
	out := Expired{Expired: x}
	if err != nil || o.OlderThan == 0 || o.DryRun {
		return out, explain(err)
	}
	if out.TailObjects, out.TailBytes, err = s.tails.drop(ctx, s.now().Add(-o.OlderThan)); err != nil {
		return out, fmt.Errorf("the records are removed, but what DATA/tail has of them could not be: %w", explain(err))
	}
	return out, nil
}

// Check compares lake and ledger.
func (s *Local) Check(ctx context.Context, progress func(Progress)) (lake.Checked, error) {
	return s.lake.Check(ctx, hours(progress))
}

// Forget takes back what came from a source.
func (s *Local) Forget(ctx context.Context, source string) (lake.Forgotten, error) {
	before, err := s.tails.origins(ctx)
	if err != nil {
		return lake.Forgotten{}, err
	}
	f, err := s.lake.Forget(ctx, source)
	if err != nil {
		return f, explain(err)
	}
	if err := s.tails.lift(ctx, before); err != nil {
		return f, fmt.Errorf("all is forgotten, but old events of the log group can't be read again: %w", err)
	}
	return f, nil
}

// Duplicates finds equal records of different objects.
func (s *Local) Duplicates(ctx context.Context, progress func(Progress)) ([]lake.Overlap, error) {
	return s.lake.Duplicates(ctx, hours(progress))
}

// hours returns a lake's progress function that reports to progress, which may
// be nil.
func hours(progress func(Progress)) func(done, total int) {
	if progress == nil {
		return nil
	}
	return func(done, total int) { progress(Progress{Done: done, Total: total}) }
}

// temp returns the folder for objects that are too large for memory.
func (s *Local) temp() string { return filepath.Join(s.lake.Data(), "cache") }
