package contributor

import (
	"context"
	"log/slog"
	"time"
)

// Options says how to open a store.
type Options struct {
	// Account and Region are the server's: LogGroupARNs of others are refused.
	Account, Region string
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// MaxPending bounds how many contributors, of rules and minutes, lie in memory; 0 means 500,000, some 60 MB.
	MaxPending int
	// MaxRules bounds the number of rules; 0 means AWS's quota, 100.
	MaxRules int
	// Retention is how long counts are kept behind their hour, and behind the time they were counted at; 0 means 15 days.
	Retention time.Duration
	// Log gets what goes wrong in the background; nil: nobody does.
	Log *slog.Logger
}

// Store is the rules of a data directory and what they counted. It is safe for concurrent use.
type Store struct{}

// Open opens the store of the data directory data, and makes what is missing.
func Open(ctx context.Context, data string, o Options) (*Store, error) { return &Store{}, nil }

// Close closes the store. What was not committed is lost: its events will be given again.
func (s *Store) Close() error { return nil }

// Put makes or changes a rule. Errors: *Error, *InvalidError, *LimitError.
func (s *Store) Put(ctx context.Context, r PutRequest) error { return nil }

// Rules returns the rules by name.
func (s *Store) Rules(ctx context.Context) ([]Described, error) { return nil, nil }

// Delete removes rules and what they counted.
func (s *Store) Delete(ctx context.Context, names []string) ([]Failure, error) { return nil, nil }

// Enable enables rules.
func (s *Store) Enable(ctx context.Context, names []string) ([]Failure, error) { return nil, nil }

// Disable disables rules.
func (s *Store) Disable(ctx context.Context, names []string) ([]Failure, error) { return nil, nil }

// Tags returns the tags of a rule. Errors: ErrNoRule.
func (s *Store) Tags(ctx context.Context, name string) (map[string]string, error) { return nil, nil }

// Tag adds tags to a rule, or changes them. Errors: ErrNoRule, *InvalidError, *LimitError.
func (s *Store) Tag(ctx context.Context, name string, tags map[string]string) error { return nil }

// Untag removes tags of a rule; keys that it has not are no error. Errors: ErrNoRule.
func (s *Store) Untag(ctx context.Context, name string, keys []string) error { return nil }

// Add counts events and notes the position up to which the reader has read with them. They are durable, together, after the next
// Commit.
func (s *Store) Add(ctx context.Context, reader string, position []byte, batches []Batch) error {
	return nil
}

// Commit makes durable what was added, with the readers' positions, in one transaction.
func (s *Store) Commit(ctx context.Context) error { return nil }

// Position returns the position that a reader had at the last Commit, nil where it had none.
func (s *Store) Position(ctx context.Context, reader string) ([]byte, error) { return nil, nil }

// Tidy merges what is in pieces, and removes what is older than the retention.
func (s *Store) Tidy(ctx context.Context) error { return nil }

// Report returns a report, of what was added too. Errors: ErrNoRule, *InvalidError.
func (s *Store) Report(ctx context.Context, r ReportRequest) (*Report, error) { return nil, nil }

// Metric returns a metric of a rule for INSIGHT_RULE_METRIC: a value at the beginning of each period, in seconds since the epoch.
func (s *Store) Metric(ctx context.Context, name, metric string, period, from, to int64, live bool) (times []int64, values []float64, err error) {
	return nil, nil, nil
}
