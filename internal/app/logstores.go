package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/logstore"
)

// LogGroupChange asks for a change of a log group of the store; what is not set stays.
type LogGroupChange struct {
	Name string
	// Create makes it first, and Delete removes it with all its events.
	Create, Delete bool
	// SetRetention sets how long events are kept to RetentionDays; 0: for ever.
	SetRetention  bool
	RetentionDays int
	// SetFormat says in which LogFormat the events are; "": they are no records, also where a flow log delivers there.
	SetFormat bool
	Format    string
	// SetLateness says how late its events come at most; a Lateness below 0 that it is as usual.
	SetLateness bool
	Lateness    time.Duration
}

// HasLogStore reports whether a data directory has log groups of its own, beside those of the lake.
func HasLogStore(data string) bool {
	_, err := os.Stat(filepath.Join(data, "logs.db"))
	return !errors.Is(err, fs.ErrNotExist)
}

// openedStore is the store of log groups of a writer, once it is asked for.
type openedStore struct {
	mu    sync.Mutex
	store *logstore.Store
	// flushAge is after how long events are flushed; 0 means as long as the store says.
	flushAge time.Duration
	log      *slog.Logger // nil: what goes wrong in the background is not said
}

// logStore returns the store of log groups. It is nil where there is none and create is false, and in a
// reader: only the lake's writer may open it.
func (s *Local) logStore(ctx context.Context, create bool) (*logstore.Store, error) {
	if s.readOnly || !create && !HasLogStore(s.lake.Data()) {
		return nil, nil
	}
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	if s.logs.store == nil {
		store, err := logstore.Open(context.WithoutCancel(ctx), s.lake.Data(), logstore.Options{Now: s.now, Log: s.logs.log, FlushAge: s.logs.flushAge})
		if err != nil {
			return nil, err
		}
		s.logs.store = store
	}
	return s.logs.store, nil
}

// close closes the store where it was opened.
func (o *openedStore) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.store == nil {
		return nil
	}
	err := o.store.Close()
	o.store = nil
	return err
}

// groupStore returns the store where it has a log group of a name, else nil: the group is the lake's, or
// none.
func (s *Local) groupStore(ctx context.Context, name string) (*logstore.Store, error) {
	store, err := s.logStore(ctx, false)
	if err != nil || store == nil {
		return nil, err
	}
	if _, err := store.Group(ctx, name); errors.Is(err, logstore.ErrNoGroup) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return store, nil
}

// ChangeLogGroup makes, removes or changes a log group of the store. Of one of the lake it changes the lateness only. Errors: [logstore.ErrNoGroup],
// [logstore.ErrGroupExists], [logstore.ErrReadOnly], [*UsageError].
func (s *Local) ChangeLogGroup(ctx context.Context, c LogGroupChange) error {
	if s.readOnly {
		return lake.ErrReadOnly
	}
	store, err := s.logStore(ctx, c.Create || c.SetLateness)
	if err != nil {
		return err
	}
	_, err = s.LakeGroups().Find(c.Name)
	ofLake := err == nil
	if err != nil && !errors.Is(err, logstore.ErrNoGroup) {
		return err
	}
	switch {
	case ofLake && c.SetLateness:
		return setLateness(ctx, store, c.Name, true, c.Lateness)
	case ofLake && c.Create:
		return fmt.Errorf("%w: %s", logstore.ErrGroupExists, c.Name)
	case ofLake:
		return fmt.Errorf("%w: %s has the records of the lake", logstore.ErrReadOnly, c.Name)
	case store == nil:
		return fmt.Errorf("%w: %s", logstore.ErrNoGroup, c.Name)
	}
	if c.Delete {
		if err := s.settle(ctx); err != nil { // what it has is counted first
			return err
		}
	}
	return changeError(c.Name, changeIn(ctx, store, c))
}

// changeIn changes a log group of the store.
func changeIn(ctx context.Context, store *logstore.Store, c LogGroupChange) error {
	if c.Create {
		if err := checkGroupName(c.Name); err != nil {
			return err
		}
		if err := store.CreateGroup(ctx, c.Name, "", nil); err != nil {
			return err
		}
	}
	if c.SetRetention {
		if err := store.SetRetention(ctx, c.Name, c.RetentionDays); err != nil {
			return err
		}
	}
	if c.SetFormat {
		if err := setFormat(ctx, store, c.Name, c.Format); err != nil {
			return err
		}
	}
	if c.SetLateness {
		if err := setLateness(ctx, store, c.Name, false, c.Lateness); err != nil {
			return err
		}
	}
	if c.Delete {
		return store.DeleteGroup(ctx, c.Name)
	}
	return nil
}

// changeError names the log group in an error of the store, and says what a request should have been.
func changeError(name string, err error) error {
	switch {
	case errors.Is(err, logstore.ErrNoGroup), errors.Is(err, logstore.ErrGroupExists):
		return fmt.Errorf("%w: %s", err, name)
	}
	if invalid, ok := errors.AsType[*logstore.InvalidError](err); ok {
		e := &UsageError{Message: invalid.Message}
		if strings.Contains(invalid.Message, "retention") {
			days := make([]string, len(logstore.RetentionDays))
			for i, n := range logstore.RetentionDays {
				days[i] = fmt.Sprint(n)
			}
			e.Hint = "it is 0 (for ever) or one of " + strings.Join(days, ", ")
		}
		return e
	}
	return err
}

// storeGroups returns the log groups of the store.
func (s *Local) storeGroups(ctx context.Context) ([]LogGroup, error) {
	store, err := s.logStore(ctx, false)
	if err != nil || store == nil {
		return nil, err
	}
	groups, err := store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	var out []LogGroup
	for i := range groups {
		g := &groups[i]
		streams, err := store.Streams(ctx, g.Name)
		if err != nil {
			return nil, err
		}
		one := LogGroup{
			Name: g.Name, Kind: kindStore, Created: millisTime(g.Created), RetentionDays: g.RetentionDays, Bytes: g.StoredBytes, Format: g.Format,
		}
		for _, st := range streams {
			if st.LastEvent != 0 && (one.Newest == nil || st.LastEvent > one.Newest.UnixMilli()) {
				one.Newest = millisTime(st.LastEvent)
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// storedEvents reads the events of a group of the store as those of the lake are read: with the format
// that the group has now.
func storedEventsOf(ctx context.Context, store *logstore.Store, r logstore.ReadRequest, do func(lakeEvent) bool) error {
	format, err := groupFormat(ctx, store, r.Group)
	if err != nil {
		return err
	}
	for e, err := range store.Read(ctx, r) {
		if err != nil {
			return err
		}
		if !do(lakeEvent{Event: e, format: format}) {
			return nil
		}
	}
	return nil
}

// groupFormat returns the format of a group of the store; one of no fields where it is not known.
func groupFormat(ctx context.Context, store *logstore.Store, name string) (flowlog.Format, error) {
	g, err := store.Group(ctx, name)
	if err != nil || g.Format == "" {
		return flowlog.Format{}, err
	}
	return flowlog.ParseLogFormat(g.Format)
}

// storeLogEvents gives the events of a group of the store.
func (s *Local) storeLogEvents(ctx context.Context, store *logstore.Store, r LogEventsRequest, out *eventGiver) error {
	if strings.TrimSpace(r.Where) != "" {
		return &UsageError{Message: fmt.Sprintf("--where is for records of the lake, and %s has events of its own", r.Group), Hint: "--filter takes a filter pattern, of messages"}
	}
	var feed *logstore.Feed
	if r.Follow {
		feed = store.Follow(r.Group) // before what is there is read, so that nothing is lost
		defer feed.Close()
	}
	format, err := groupFormat(ctx, store, r.Group)
	if err != nil {
		return err
	}
	// What of the feed is found too where what is there is read: it comes from then on, so that putTime ago is
	// when the first of it was put.
	seen := map[string]bool{}
	late := s.now().Add(-putTime).UnixMilli()
	err = storedEventsOf(ctx, store, r.read(), func(e lakeEvent) bool {
		if feed != nil && e.Ingestion >= late {
			seen[e.ID()] = true
		}
		return out.give(e)
	})
	if err = errors.Join(err, out.flush()); err != nil || feed == nil {
		return err
	}
	in := r.read()
	for {
		events, leftOut, err := feed.Next(ctx)
		if err != nil {
			return err
		}
		if leftOut > 0 {
			return fmt.Errorf("%d events came faster than they could be shown", leftOut)
		}
		for _, e := range events {
			if seen[e.ID()] || !isAsked(&in, &e) {
				continue
			}
			if !out.give(lakeEvent{Event: e, format: format}) {
				break
			}
		}
		seen = nil // what the feed had while the rest was read is given
		if err := out.flush(); err != nil {
			return err
		}
	}
}

// isAsked reports whether an event is one that a request asks for.
func isAsked(r *logstore.ReadRequest, e *logstore.Event) bool {
	return e.Timestamp >= r.From && (r.To == 0 || e.Timestamp < r.To) && strings.HasPrefix(e.Stream, r.Prefix) &&
		(r.Streams == nil || slices.Contains(r.Streams, e.Stream))
}
