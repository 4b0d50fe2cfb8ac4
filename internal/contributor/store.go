package contributor

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"weir/internal/sqlitedb"
)

// Options says how to open a store.
type Options struct {
	// Account and Region are the server's: LogGroupARNs of others are refused.
	Account, Region string
	// LogFormats returns the LogFormats of the flow logs whose records log groups have, by the names of the groups: rules that do not fit
	// are refused. nil: none is known.
	LogFormats func(ctx context.Context) (map[string]string, error)
	// Owners returns what tells whose addresses are whose, for rules with a direction. nil: nothing does, and nor does nil that it returns.
	Owners func(ctx context.Context) (Owners, error)
	// Names returns what is published about addresses, for rules that look at it: what is asked for, as it is now. nil: nothing is known.
	Names func(ctx context.Context, countries, services bool) (Names, error)
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// MaxPending bounds how many contributors, of rules and minutes, lie in memory; 0 means 500,000, some 60 MB. What one Add brings
	// may come on top.
	MaxPending int
	// MaxRules bounds the number of rules; 0 means AWS's quota, 100.
	MaxRules int
	// Retention is how long counts are kept behind their hour, and behind the time they were counted at; 0 means 15 days.
	Retention time.Duration
}

// Store is the rules of a data directory and what they counted. It is safe for concurrent use.
type Store struct {
	db         *sql.DB
	account    string
	region     string
	logFormats func(ctx context.Context) (map[string]string, error)
	owners     func(ctx context.Context) (Owners, error)
	names      func(ctx context.Context, countries, services bool) (Names, error)
	now        func() time.Time
	maxPending int
	maxRules   int
	retention  time.Duration

	seen seenHours

	// commitMu is held while contributors.db is changed, and while a reading begins: so that what is in memory and what is in the
	// database are of one moment. It is locked before mu.
	commitMu sync.Mutex
	// frozen is what a commit takes out of memory, until it is committed; a commit that failed leaves it. commitMu guards it.
	frozen *frozen
	// durable are the readers' positions in the database. commitMu guards it.
	durable map[string][]byte
	// swept is when old totals were removed last, in seconds since the epoch. commitMu guards it, and the runs of rules.
	swept int64

	// mu guards what follows, and the shards and spans of rules.
	mu        sync.Mutex
	rules     map[string]*keptRule
	programs  map[groupFormat]*program
	positions map[string][]byte // of readers that added since the last freeze
	pending   int               // the weight of all shards
}

// Open opens the store of the data directory data, and makes what is missing. The caller holds the directory's lock.
func Open(ctx context.Context, data string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxPending <= 0 {
		o.MaxPending = 500_000
	}
	if o.MaxRules <= 0 {
		o.MaxRules = 100
	}
	if o.Retention <= 0 {
		o.Retention = 15 * 24 * time.Hour
	}
	s := &Store{
		account: o.Account, region: o.Region, logFormats: o.LogFormats, owners: o.Owners, names: o.Names, now: o.Now, maxPending: o.MaxPending, maxRules: o.MaxRules, retention: o.Retention,
		durable: map[string][]byte{}, rules: map[string]*keptRule{}, programs: map[groupFormat]*program{}, positions: map[string][]byte{},
	}
	var err error
	if s.db, err = sqlitedb.Open(ctx, filepath.Join(data, "contributors.db"), "the contributors", migrations); err != nil {
		return nil, err
	}
	if err := s.load(ctx); err != nil {
		_ = s.db.Close()
		return nil, fmt.Errorf("cannot read the rules of contributors: %w", err)
	}
	return s, nil
}

// Close closes the store. What was not committed is lost: its events will be given again, since no position is behind them.
func (s *Store) Close() error { return s.db.Close() }

// Position returns the position that a reader had at the last Commit, nil where it had none.
func (s *Store) Position(_ context.Context, reader string) ([]byte, error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	return s.durable[reader], nil
}

// seconds returns the clock's time in seconds since the epoch.
func (s *Store) seconds() int64 { return s.now().Unix() }
