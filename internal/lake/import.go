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
	// OnlyNew leaves objects alone that could not be read before, or were no flow
	// log: somebody who looks every second need not try them every time.
	OnlyNew bool
	// Live says that the objects are new at a source that is followed: see [Arrival].
	Live bool
	// Followed is the name of that source, as whoever follows it spells it; "" where what comes is not looked for.
	Followed string
	// AsGiven keeps the fields that the lake derives as the batches have them, for
	// tests of what reads the lake; the next Compact derives them.
	AsGiven bool
	// Memory bounds, in bytes, the records that are held: half of it may wait
	// while the other half is written; 0 means 400 MiB. Writing needs some more.
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
	id   int64 // of its row in the ledger; 0 before it has any object

	mu       sync.Mutex
	room     *sync.Cond      // signals that held fell
	held     int64           // bytes of records in waiting and in writing
	waiting  waiting         // finished objects that are not written yet
	writing  []*ObjectWriter // finished objects that are
	since    time.Time       // when waiting got its first object
	flushing sync.WaitGroup
	failed   error // the first flush that failed

	started   time.Time
	orphans   []string // see Orphans
	committed int64
}

const (
	defaultImportMemory = 400 << 20
	defaultCommitEvery  = 20 * time.Second
)

// Begin begins an import. There may be several at a time. The ledger has it once it
// has brought anything.
func (l *Lake) Begin(o ImportOptions) (*Import, error) {
	if err := l.writable(); err != nil {
		return nil, err
	}
	if o.Memory <= 0 {
		o.Memory = defaultImportMemory
	}
	if o.CommitEvery <= 0 {
		o.CommitEvery = defaultCommitEvery
	}
	im := &Import{lake: l, opts: o, started: l.now()}
	im.room = sync.NewCond(&im.mu)
	return im, nil
}

// A Look is what the ledger said of an object before it was fetched.
type Look struct {
	// Fetch says that the object must be fetched.
	Fetch bool
	// State is what became of the object before, where it need not.
	State ObjectState

	absent bool  // the ledger had no row of the place
	as     int64 // of the lake's ledgerState, then
}

// Looks is how many objects [Import.Look] looks up at once.
const Looks = 64

// Look looks up at most [Looks] objects in the ledger.
func (im *Import) Look(ctx context.Context, refs []ObjectRef) ([]Look, error) {
	as := im.lake.ledgerState.Load()
	urls := make([]string, len(refs))
	for i := range refs {
		urls[i] = refs[i].URL
	}
	rows, err := im.lake.findObjects(ctx, urls)
	if err != nil {
		return nil, fmt.Errorf("cannot read the ledger: %w", err)
	}
	out := make([]Look, len(refs))
	for i := range refs {
		row := rows[refs[i].URL]
		out[i] = im.look(row, &refs[i])
		out[i].absent, out[i].as = row == nil, as
	}
	return out, nil
}

// look tells what the row of an object's place, which may be nil, means for it.
func (im *Import) look(row *objectRow, ref *ObjectRef) Look {
	switch {
	case row == nil || im.again(row.state):
	case row.size == ref.Size && row.version == ref.Version:
		return Look{State: row.state}
	case row.otherVersion.Valid && row.otherSize.Int64 == ref.Size && row.otherVersion.String == ref.Version && !im.opts.Replace:
		return Look{State: Changed}
	}
	return Look{Fetch: true}
}

// Start begins to take an object, whose bytes have the given SHA-256. look is what
// Look said of it; the zero value will do. It returns
// no writer where nothing is to be taken, and what became of the object instead:
// its bytes are known already (Taken under this place, Duplicate under another),
// or it changed and may not be replaced (Changed). The ledger knows then, or with
// the next commit. Where another import has the object or its bytes in hand, Start
// returns an [InHandError].
func (im *Import) Start(ctx context.Context, ref ObjectRef, look Look, sum [sha256.Size]byte) (*ObjectWriter, ObjectState, error) {
	flights := im.lake.flights
	fl, ok := flights.take(im, ref.URL, sum)
	switch {
	case ok:
	case fl.im != im:
		return nil, "", &InHandError{fl.landed}
	case fl.sum != sum:
		return nil, Changed, nil // listed twice, and changed meanwhile: the next import looks again
	default:
		return nil, Taken, nil // listed twice
	}
	w := &ObjectWriter{im: im, ref: ref, sum: sum, flight: fl, hours: map[hourKey]hourSum{}, newest: map[flowlog.Kind]int64{}, unknown: map[unknownField]bool{}}
	state, err := im.decide(ctx, w, look)
	switch {
	case err != nil:
	case state == "":
		return w, "", nil
	case state == Duplicate && w.copies:
		// Which object has the bytes is settled when this one is committed: the
		// one that has them now may be gone by then.
		return nil, state, w.finish(ctx, Result{State: Duplicate})
	}
	flights.land(fl)
	return nil, state, err
}

// decide asks what is known of an object that is in hand. Where state is "", it is
// to be taken. It sets what the writer must know of the ledger.
func (im *Import) decide(ctx context.Context, w *ObjectWriter, look Look) (state ObjectState, err error) {
	var row *objectRow
	// Only who has the place in hand adds a row of it.
	if !look.absent || look.as != im.lake.ledgerState.Load() {
		if row, err = im.lake.findObject(ctx, w.ref.URL); err != nil {
			return "", fmt.Errorf("cannot read the ledger: %w", err)
		}
	}
	w.prior = row != nil
	if row != nil && !im.again(row.state) {
		if bytes.Equal(row.sha256, w.sum[:]) {
			return row.state, im.lake.setVersion(ctx, row.id, w.ref)
		}
		if row.holds() && !im.opts.Replace {
			return Changed, im.lake.noteOther(ctx, row.id, w.ref)
		}
	}
	if other, ok := im.lake.flights.takeSum(w.flight); !ok {
		if other.im != im {
			return "", &InHandError{other.landed}
		}
		w.copies = true
		return Duplicate, nil
	}
	same, err := im.lake.findContent(ctx, w.sum[:])
	if err != nil {
		return "", fmt.Errorf("cannot read the ledger: %w", err)
	}
	if same != 0 {
		im.lake.flights.dropSum(w.flight)
		w.copies = true
		return Duplicate, nil
	}
	return "", nil
}

// InHandError says that another import of this process is taking an object, or one
// with the same bytes. What comes of that can be seen once Landed is closed; wait
// for it with nothing in hand that was not flushed, since the other import may
// wait too.
type InHandError struct{ Landed <-chan struct{} }

// Error says so.
func (*InHandError) Error() string { return "another import is taking the object" }

// again reports whether an object in a state is read anew.
func (im *Import) again(s ObjectState) bool {
	return !im.opts.OnlyNew && (s == Failed || s == Foreign && im.opts.Foreign)
}

// Fail notes that an object could not be read. The next import tries again. An
// object that is in hand is left to whoever has it.
func (im *Import) Fail(ctx context.Context, ref ObjectRef, problem, hint string) error {
	fl, ok := im.lake.flights.take(im, ref.URL, [sha256.Size]byte{})
	if !ok {
		return nil
	}
	w := &ObjectWriter{im: im, ref: ref, flight: fl, prior: true}
	return w.finish(ctx, Result{State: Failed, Problem: problem, Hint: hint})
}

// note notes the import in the ledger, once. The caller holds the lake's write.
func (im *Import) note(ctx context.Context) error {
	if im.id != 0 {
		return nil
	}
	res, err := im.lake.state.ExecContext(ctx, "INSERT INTO imports (source, started, followed) VALUES (?, ?, ?)", im.opts.Source, im.started.Unix(), im.opts.Followed)
	if err == nil {
		im.id, err = res.LastInsertId()
	}
	if err != nil {
		return fmt.Errorf("cannot note the import in the ledger: %w", err)
	}
	return nil
}

// Flush commits what was finished so far.
func (im *Import) Flush(ctx context.Context) error {
	// A copy may be committed before the object whose bytes it has, which another
	// flush is writing: it waits for the next one.
	for range 3 {
		im.mu.Lock()
		im.flush(ctx, im.waiting.objects)
		im.mu.Unlock()
		im.flushing.Wait()
		im.mu.Lock()
		left, err := len(im.waiting.objects), im.failed
		im.mu.Unlock()
		if left == 0 || err != nil {
			return err
		}
	}
	return nil
}

// Orphans returns the URLs of objects that were said to be Duplicate and are not:
// the object with the same bytes came to nothing, or was taken out of the lake
// before they were committed. They are not in the ledger and should be taken
// again. Each is returned once.
func (im *Import) Orphans() []string {
	im.mu.Lock()
	defer im.mu.Unlock()
	out := im.orphans
	im.orphans = nil
	return out
}

// Committed returns how many objects' records were committed so far.
func (im *Import) Committed() int64 {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.committed
}

// Close commits what was finished and ends the import. Objects that were started
// and not finished are not taken.
func (im *Import) Close(ctx context.Context) error {
	defer im.lake.flights.landAll(im)
	if err := im.Flush(ctx); err != nil || im.id == 0 {
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
