package notify

import (
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"weir/internal/sqlitedb"
)

// Options is what a store is made of. Account and Region are required.
type Options struct {
	// Account and Region are the server's, for ARNs.
	Account, Region string
	// URL is where receivers reach this server, such as "https://weir.example:8443", for links and the certificate. "" refuses protocols that need a confirmation.
	URL string
	// Allow are CIDRs, addresses and names of hosts that endpoints may have although they are private, of this machine or link-local.
	Allow []string
	// CAFile has certificates (PEM) that are trusted beside the system's, "" for none.
	CAFile string
	// SMTP sends e-mail; nil refuses it.
	SMTP *SMTP
	// Commands are the programs that the protocol command may run, by the names that endpoints have: absolute paths.
	Commands map[string]string
	// SNS publishes to topics of AWS; nil refuses them.
	SNS Publisher
	// Now is the clock, nil for [time.Now]; After waits as [time.After] does, which nil is.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// Log gets what nobody is told; nil is [slog.Default].
	Log *slog.Logger
}

// A Publisher publishes a message to a topic of AWS that an ARN names. An error that says true to Permanent() is not tried again.
type Publisher interface {
	Publish(ctx context.Context, topicARN, subject, message string, attributes map[string]Attribute) error
}

// Store is the topics, subscriptions and messages of one data directory. It is safe for concurrent use. One process has it open at a time.
type Store struct {
	o      Options
	db     *sql.DB
	change sync.Mutex // is held by what reads, judges and writes
	made   []laneItem // of the present change
	sign   *signer
	secret []byte // makes tokens and signs for webhooks
	client *http.Client
	trust  *tls.Config
	guard  *guard
	queue  queue
}

// Open opens or makes the store of a data directory. Errors are of files, or of an option.
func Open(ctx context.Context, data string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Store{o: o}
	var err error
	if s.guard, err = newGuard(o.Allow); err != nil {
		return nil, err
	}
	if s.trust, err = trusted(o.CAFile); err != nil {
		return nil, err
	}
	if err := checkOptions(o); err != nil {
		return nil, err
	}
	if s.sign, s.secret, err = openSecrets(filepath.Join(data, "secrets"), o.Now()); err != nil {
		return nil, err
	}
	s.client = s.newClient()
	if s.db, err = sqlitedb.Open(ctx, filepath.Join(data, "topics.db"), "the topics", migrations); err != nil {
		return nil, err
	}
	s.queue.init()
	if err := s.loadQueue(ctx); err != nil {
		_ = s.db.Close()
		return nil, fmt.Errorf("cannot read the queue of deliveries: %w", err)
	}
	return s, nil
}

// Close closes the store. [Store.Run] has ended before.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	return s.db.Close()
}

// update calls fn in a transaction that no other change is beside. What fn adds to s.made is delivered when it is committed.
func (s *Store) update(ctx context.Context, fn func(tx *sql.Tx) error) error {
	s.change.Lock()
	defer s.change.Unlock()
	s.made = nil
	if err := sqlitedb.InTx(ctx, s.db, fn); err != nil {
		return err
	}
	if len(s.made) > 0 {
		s.queue.add(s.made)
	}
	return nil
}

// now returns the time in ms since the epoch.
func (s *Store) now() int64 { return s.o.Now().UnixMilli() }
