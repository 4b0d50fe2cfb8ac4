package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"weir/flowlog"
)

// ImportOptions says how an import treats what it meets.
type ImportOptions struct {
	// Source is what the import was asked to take, for people.
	Source string
	// Replace takes objects whose bytes changed since they were taken; their
	// old records go in the same commit.
	Replace bool
	// Foreign reads objects again that were no flow log, since more formats are
	// known now.
	Foreign bool
	// Memory bounds, in bytes, the records that are held: half of it may wait
	// while the other half is written; 0 means 320 MiB. Writing needs some more.
	Memory int64
	// CommitEvery is the longest time that taken records wait for their commit
	// while more come in; 0 means 20 s.
	CommitEvery time.Duration
}

// An Import takes delivered objects into the lake. It is safe for concurrent
// use: objects can be read side by side.
type Import struct {
	lake *Lake
	opts ImportOptions
	id   int64

	mu       sync.Mutex
	room     *sync.Cond // signals that held fell
	held     int64      // bytes of records in waiting and in writing
	waiting  *waiting   // finished objects that are not written yet
	since    time.Time  // when waiting got its first object
	flushing sync.WaitGroup
	failed   error // the first flush that failed
}

const (
	defaultImportMemory = 320 << 20
	defaultCommitEvery  = 20 * time.Second
)

// Begin begins an import. There may be several at a time.
func (l *Lake) Begin(ctx context.Context, o ImportOptions) (*Import, error) {
	if err := l.writable(); err != nil {
		return nil, err
	}
	if o.Memory <= 0 {
		o.Memory = defaultImportMemory
	}
	if o.CommitEvery <= 0 {
		o.CommitEvery = defaultCommitEvery
	}
	res, err := l.state.ExecContext(ctx, "INSERT INTO imports (source, started) VALUES (?, ?)", o.Source, l.now().Unix())
	if err != nil {
		return nil, fmt.Errorf("cannot note the import in the ledger: %w", err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return nil, err
	}
	im := &Import{lake: l, opts: o, id: id, waiting: newWaiting()}
	im.room = sync.NewCond(&im.mu)
	return im, nil
}

// Look tells whether an object must be fetched. Where it need not, state is what
// became of it before.
func (im *Import) Look(ctx context.Context, ref ObjectRef) (fetch bool, state ObjectState, err error) {
	row, err := im.lake.findObject(ctx, ref.Source, ref.Key)
	if err != nil {
		return false, "", fmt.Errorf("cannot read the ledger: %w", err)
	}
	switch {
	case row == nil || im.again(row.state):
		return true, "", nil
	case row.size == ref.Size && row.version == ref.Version:
		return false, row.state, nil
	case row.otherVersion.Valid && row.otherSize.Int64 == ref.Size && row.otherVersion.String == ref.Version && !im.opts.Replace:
		return false, Changed, nil
	}
	return true, "", nil
}

// Start begins to take an object, whose bytes have the given SHA-256. It returns
// no writer where nothing is to be taken, and what became of the object instead:
// its bytes are known already (Taken under this place, Duplicate under another),
// or it changed and may not be replaced (Changed). The ledger knows then.
func (im *Import) Start(ctx context.Context, ref ObjectRef, sum [sha256.Size]byte) (*ObjectWriter, ObjectState, error) {
	w := &ObjectWriter{im: im, ref: ref, sum: sum, hours: map[hourKey]hourSum{}, unknown: map[unknownField]bool{}}
	in, state, by := im.lake.flights.board(w)
	if !in {
		if state == Duplicate && by == im {
			// The other one is taken in this very import; if it comes to nothing,
			// or is another import's, the next import looks again.
			w.prior = true
			im.mu.Lock()
			defer im.mu.Unlock()
			im.waiting.twins = append(im.waiting.twins, w)
		}
		return nil, state, nil
	}
	take, state, err := im.decide(ctx, w)
	switch {
	case err != nil:
	case take:
		im.lake.flights.decide(w)
		return w, "", nil
	case w.sameAs != 0:
		im.lake.flights.decide(w)
		return nil, state, w.finish(ctx, Result{State: state})
	}
	im.lake.flights.land(w)
	return nil, state, err
}

// decide asks the ledger whether an object is to be taken, and what became of it
// where not. The object sameAs is to be noted where that is set.
func (im *Import) decide(ctx context.Context, w *ObjectWriter) (take bool, state ObjectState, err error) {
	row, err := im.lake.findObject(ctx, w.ref.Source, w.ref.Key)
	if err != nil {
		return false, "", fmt.Errorf("cannot read the ledger: %w", err)
	}
	w.prior = row != nil
	if row != nil && !im.again(row.state) {
		if bytes.Equal(row.sha256, w.sum[:]) {
			return false, row.state, im.lake.setVersion(ctx, row.id, w.ref)
		}
		if row.state == Taken || row.state == Duplicate {
			if !im.opts.Replace {
				return false, Changed, im.lake.noteOther(ctx, row.id, w.ref)
			}
			w.replaces = row.id
		}
	}
	same, err := im.lake.findContent(ctx, w.sum[:])
	if err != nil {
		return false, "", fmt.Errorf("cannot read the ledger: %w", err)
	}
	if same != 0 && same != w.replaces {
		w.sameAs = same
		return false, Duplicate, nil
	}
	return true, "", nil
}

// again reports whether an object in a state is read anew.
func (im *Import) again(s ObjectState) bool { return s == Failed || s == Foreign && im.opts.Foreign }

// place is where an object lies.
type place struct{ source, key string }

func (r *ObjectRef) place() place { return place{r.Source, r.Key} }

// Fail notes that an object could not be read. The next import tries again.
func (im *Import) Fail(ctx context.Context, ref ObjectRef, problem, hint string) error {
	w := &ObjectWriter{im: im, ref: ref, prior: true}
	return w.finish(ctx, Result{State: Failed, Problem: problem, Hint: hint})
}

// Flush commits what was finished so far.
func (im *Import) Flush(ctx context.Context) error {
	im.flush(ctx, nil)
	im.flushing.Wait()
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.failed
}

// Close commits what was finished and ends the import. Objects that were started
// and not finished are not taken.
func (im *Import) Close(ctx context.Context) error {
	defer im.lake.flights.landAll(im)
	err := im.Flush(ctx)
	if err != nil {
		return err
	}
	if _, err := im.lake.state.ExecContext(ctx, "UPDATE imports SET finished = ? WHERE id = ?", im.lake.now().Unix(), im.id); err != nil {
		return fmt.Errorf("cannot note the end of the import in the ledger: %w", err)
	}
	return nil
}

// setVersion notes that an object's place has a new version of the same bytes.
func (l *Lake) setVersion(ctx context.Context, id int64, ref ObjectRef) error {
	_, err := l.state.ExecContext(ctx,
		"UPDATE objects SET size = ?, version = ?, other_size = NULL, other_version = NULL WHERE id = ?", ref.Size, ref.Version, id)
	return err
}

// noteOther notes that other bytes lie at a taken object's place.
func (l *Lake) noteOther(ctx context.Context, id int64, ref ObjectRef) error {
	_, err := l.state.ExecContext(ctx, "UPDATE objects SET other_size = ?, other_version = ? WHERE id = ?", ref.Size, ref.Version, id)
	return err
}

// hourKey is an hour of a table.
type hourKey struct {
	kind flowlog.Kind
	hour int64 // seconds since the epoch
}

// hourSum is what of an object lies in an hour.
type hourSum struct {
	records  int64
	checksum uint64
}

type unknownField struct {
	kind flowlog.Kind
	name string
}
