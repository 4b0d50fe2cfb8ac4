package alarm

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

var errUnbuilt = errors.New("not built yet")

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
type Store struct{}

// Open opens alarms.db in a data directory.
func Open(ctx context.Context, data string, o Options) (*Store, error) { return nil, errUnbuilt }

// Close closes the file.
func (s *Store) Close() error { return errUnbuilt }

// Put makes an alarm, or replaces the definition of one and leaves its state. Tags are those of a new one alone. Errors
// are [*Error] where the definition is at fault.
func (s *Store) Put(ctx context.Context, d Definition, tags map[string]string) error {
	return errUnbuilt
}

// Alarms returns all alarms by name.
func (s *Store) Alarms(ctx context.Context) ([]Described, error) { return nil, errUnbuilt }

// Alarm returns an alarm; ResourceNotFound where there is none.
func (s *Store) Alarm(ctx context.Context, name string) (Described, error) {
	return Described{}, errUnbuilt
}

// Delete deletes alarms, all or none. It is an [*Error] where one is not there, or where a composite alarm that stays needs it.
func (s *Store) Delete(ctx context.Context, names []string) error { return errUnbuilt }

// SetState sets a state for a while: the next evaluation sets it as it is. Actions are carried out as with any transition.
func (s *Store) SetState(ctx context.Context, name string, state State, reason, reasonData string) error {
	return errUnbuilt
}

// EnableActions turns the actions of alarms on or off. Names that are not there are left out.
func (s *Store) EnableActions(ctx context.Context, names []string, on bool) error { return errUnbuilt }

// Silence holds the actions of an alarm back until a time in milliseconds since the epoch; one that is past ends it.
func (s *Store) Silence(ctx context.Context, name string, until int64) error { return errUnbuilt }

// Tags returns the tags of an alarm; ResourceNotFound where there is none.
func (s *Store) Tags(ctx context.Context, name string) (map[string]string, error) {
	return nil, errUnbuilt
}

// Tag adds tags to an alarm, or replaces those of the same keys.
func (s *Store) Tag(ctx context.Context, name string, tags map[string]string) error {
	return errUnbuilt
}

// Untag takes tags off an alarm.
func (s *Store) Untag(ctx context.Context, name string, keys []string) error { return errUnbuilt }

// Run evaluates alarms on time until ctx ends.
func (s *Store) Run(ctx context.Context, src Source) error { return errUnbuilt }

// Step evaluates what is due, and returns when it is next to be called.
func (s *Store) Step(ctx context.Context, src Source) (next time.Time, err error) {
	return time.Time{}, errUnbuilt
}
