package cwlogs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/internal/durable"
)

// floorName is the file of a tail that says from when on events are read: the time
// of the first, in the layout of the names of objects.
const floorName = "read-from"

// floorTime returns the time before which no event of the group is read any more,
// since the objects that told which of them were taken are dropped; zero where none
// is. The caller holds the tail.
func (t *Tail) floorTime() time.Time {
	if t.floor == 0 {
		return time.Time{}
	}
	return time.UnixMilli(t.floor).UTC()
}

// Drop removes the objects all of whose events are before a time and of which spent
// says that nobody needs them any more, and returns how many and of how many bytes.
// From then on no event is read that is not later than the last of theirs: an event
// whose id is gone can't be taken a second time. spent is called with the objects'
// names; its error ends it and is returned.
func (t *Tail) Drop(ctx context.Context, before time.Time, spent func(name string) (bool, error)) (objects int, bytes int64, err error) {
	release, err := t.hold(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer release()
	gone := map[string]bool{}
	floor := t.floor
	for _, f := range t.files {
		if f.last >= before.UnixMilli() {
			continue
		}
		yes, err := spent(f.name)
		if err != nil {
			return 0, 0, err
		}
		if yes {
			gone[f.name] = true
			floor = max(floor, f.last+1)
		}
	}
	if len(gone) == 0 {
		return 0, 0, nil
	}
	// Before the first is gone it must be sure that none of its events is read again.
	if err := t.raiseFloor(floor); err != nil {
		return 0, 0, t.fault(filepath.Join(t.dir, floorName), err)
	}
	for name := range gone {
		if removeErr := os.Remove(filepath.Join(t.dir, name)); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, t.fault(filepath.Join(t.dir, name), removeErr)) // the next Drop tries again
			delete(gone, name)
		}
	}
	t.files = slices.DeleteFunc(t.files, func(f tailFile) bool {
		if gone[f.name] {
			objects++
			bytes += f.size
		}
		return gone[f.name]
	})
	// What is known is by the place in files.
	clear(t.known)
	for i := range t.files {
		t.files[i].loaded = false
	}
	return objects, bytes, err
}

// Lift lets events of any time be read again, for when the lake knows no object of
// the group any more.
func (t *Tail) Lift(ctx context.Context) error {
	release, err := t.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if t.floor == 0 {
		return nil
	}
	if err := errors.Join(os.Remove(filepath.Join(t.dir, floorName)), durable.SyncDir(t.dir)); err != nil {
		return t.fault(filepath.Join(t.dir, floorName), err)
	}
	t.floor = 0
	return nil
}

// raiseFloor notes durably that events before a time are not read any more.
func (t *Tail) raiseFloor(floor int64) error {
	if floor == t.floor {
		return nil
	}
	there, err := t.write(floorName, []byte(time.UnixMilli(floor).UTC().Format(nameTime)+"\n"))
	if there {
		t.floor = floor
	}
	return err
}

// readFloor reads what raiseFloor noted.
func (t *Tail) readFloor() error {
	text, err := os.ReadFile(filepath.Join(t.dir, floorName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return t.fault(filepath.Join(t.dir, floorName), err)
	}
	at, err := time.Parse(nameTime, strings.TrimSpace(string(text)))
	if err != nil {
		return t.broken(floorName, fmt.Errorf("it holds no time: %w", err))
	}
	t.floor = at.UnixMilli()
	return nil
}
