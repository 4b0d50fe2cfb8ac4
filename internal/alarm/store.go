package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"weir/internal/sqlitedb"
)

// Options says what the store needs of others.
type Options struct {
	// Account and Region are of the ARNs of alarms.
	Account, Region string
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Log gets what fails while alarms are evaluated; nil is none.
	Log *slog.Logger
}

// Store is the alarms of one data directory. It is safe for concurrent use.
type Store struct {
	db      *sql.DB
	options Options
	// id tells this store from another.
	id string
	// change is held by what reads, judges and writes; stepping and steppingLogs by the one step of each that is under way.
	change, stepping, steppingLogs sync.Mutex
	// mu guards alarms, which is what the database has: neither the map nor an entry is ever changed, only replaced. It also guards seenGaps.
	mu       sync.RWMutex
	alarms   map[string]*alarm
	seenGaps gaps
	// ready gets a value when there are new actions, poke and pokeLogs when the time of the next step may have changed.
	ready, poke, pokeLogs chan struct{}
	changes               changes
	// watch is stepMetrics's.
	watch watch
}

// An alarm is a row of the database, in memory.
type alarm struct {
	id int64
	row
	// evaluated is the last time that was judged, in seconds since the epoch; 0 is none.
	evaluated int64
	// What follows is made of the row.
	rule     *Rule
	schedule *Schedule
	// results are those of a log alarm, the newest first.
	results []slot
}

// A row is what is written of an alarm as JSON.
type row struct {
	Described
	// Transitions counts the changes of its state.
	Transitions int64
	// Held says that the actions of the last transition wait, until Until (milliseconds since the epoch) where that is not 0.
	Held  bool  `json:",omitempty"`
	Until int64 `json:",omitempty"`
	// Last is the last transition, which the actions that wait are of.
	Last *Transition `json:",omitempty"`
}

// Open opens alarms.db in a data directory, and makes it where it is not there.
func Open(ctx context.Context, data string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db, err := sqlitedb.Open(ctx, filepath.Join(data, "alarms.db"), "alarms", migrations)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, options: o, alarms: map[string]*alarm{}, ready: make(chan struct{}, 1), poke: make(chan struct{}, 1), pokeLogs: make(chan struct{}, 1)}
	if err := s.load(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("cannot read alarms: %w", err)
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) load(ctx context.Context) error {
	if err := s.db.QueryRowContext(ctx, "SELECT id, seen FROM store").Scan(&s.id, &s.watch.seen); err != nil {
		return err
	}
	s.watch.expected = s.watch.seen
	if err := sqlitedb.EachRow(ctx, s.db, "SELECT since, until FROM gaps ORDER BY since", func(r *sql.Rows) error {
		var g gap
		err := r.Scan(&g.since, &g.until)
		s.watch.gaps = append(s.watch.gaps, g)
		return err
	}); err != nil {
		return err
	}
	s.seenGaps = s.watch.gaps
	if err := sqlitedb.EachRow(ctx, s.db, "SELECT id, body, evaluated FROM alarms", func(r *sql.Rows) error {
		a := &alarm{}
		var body string
		if err := r.Scan(&a.id, &body, &a.evaluated); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &a.row); err != nil {
			return err
		}
		if err := a.compile(); err != nil {
			return fmt.Errorf("alarm %q: %w", a.Name, err)
		}
		s.alarms[a.Name] = a
		return nil
	}); err != nil {
		return err
	}
	for _, a := range s.alarms {
		if err := s.loadResults(ctx, a); err != nil {
			return err
		}
	}
	var waiting int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM actions").Scan(&waiting); err != nil {
		return err
	}
	if waiting > 0 {
		signal(s.ready)
	}
	return nil
}

// compile makes what is made of the row.
func (a *alarm) compile() (err error) {
	switch {
	case a.Composite != nil:
		a.rule, err = ParseRule(a.Composite.Rule)
	case a.Log != nil:
		a.schedule, err = ParseSchedule(a.Log.Schedule)
	}
	return err
}

// signal puts a value into a channel that has room for one, unless one is there.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// current returns the alarms as they are; neither the map nor what is in it is changed.
func (s *Store) current() map[string]*alarm {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.alarms
}

// nowMS is the time in milliseconds since the epoch.
func (s *Store) nowMS() int64 { return s.options.Now().UnixMilli() }

// Alarms returns all alarms by name. What they point to is the store's and is not to be changed.
func (s *Store) Alarms(context.Context) ([]Described, error) {
	all := s.current()
	out := make([]Described, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name].Described)
	}
	return out, nil
}

// Alarm returns an alarm; ResourceNotFound where there is none. What it points to is the store's and is not to be changed.
func (s *Store) Alarm(_ context.Context, name string) (Described, error) {
	if a := s.current()[name]; a != nil {
		return a.Described, nil
	}
	return Described{}, notFound()
}

// notFound is AWS's answer to the name of no alarm: it has no text.
func notFound() error { return &Error{Code: "ResourceNotFound"} }

// arn is the ARN of an alarm.
func (s *Store) arn(name string) string { return ARN(s.options.Account, s.options.Region, name) }
