package source

import (
	"fmt"
	"slices"
	"time"
)

// lateness is how far past the end of a selection keys are read: one aggregation
// interval of at most 10 minutes, and 30 minutes for delivery that is late.
const lateness = 10*time.Minute + 30*time.Minute

// Selection says which objects are wanted. The zero Selection takes all. It
// judges by keys, which are coarser than records: what it leaves out holds no
// record that is asked for, what it takes can hold others too.
type Selection struct {
	// From and To bound the records' start, from inclusive, to exclusive; zero
	// is open. See [Selection.Slots].
	From, To time.Time
	// Regions and LogOwners are region codes and 12-digit account IDs, as they
	// stand in keys; empty takes all.
	Regions, LogOwners []string
	// Newest takes only the objects of the newest so many hours, counted back
	// from the newest slot among those that the rest of the selection takes; 0
	// takes all. Objects whose keys tell no time are counted back from the
	// newest modification time among themselves.
	Newest time.Duration
	// Settle leaves files that were written less than so long ago for the next
	// listing: they may not be whole yet. Objects in buckets always are.
	Settle time.Duration
}

// Slots returns the oldest and the newest slot, both inclusive, in which records
// of the selection can lie; zero is open.
//
// AWS puts a record into the slot in which its end lies (spec: c.1), and its end
// is not before its start: so no record that starts at From lies in a slot that
// closed before, which is one slot length back. Its end is at most one
// aggregation interval after its start, 10 minutes where nothing else was asked
// for (spec: b.2). AWS promises no more than best effort for how soon a record
// is processed, and other writers name objects by the time of writing: hence 30
// minutes more.
func (s Selection) Slots() (oldest, newest time.Time) {
	if !s.From.IsZero() {
		oldest = s.From.UTC().Add(-SlotLength)
	}
	if !s.To.IsZero() {
		newest = s.To.UTC().Add(lateness)
	}
	return oldest, newest
}

// Check returns an error where nothing can match the selection.
func (s Selection) Check() error {
	if !s.From.IsZero() && !s.To.IsZero() && !s.From.Before(s.To) {
		return fmt.Errorf("the selection's end %s is not after its beginning %s",
			s.To.Format(time.RFC3339), s.From.Format(time.RFC3339))
	}
	if s.Newest < 0 {
		return fmt.Errorf("the newest %s cannot be selected", s.Newest)
	}
	for _, r := range s.Regions {
		if !regionCode.MatchString(r) {
			return fmt.Errorf("%q is no region code such as eu-west-1", r)
		}
	}
	for _, o := range s.LogOwners {
		if !accountID.MatchString(o) {
			return fmt.Errorf("%q is no account ID of 12 digits", o)
		}
	}
	return nil
}

// Takes reports whether the selection, Newest aside, takes an object with this
// key. Where the key does not tell what the selection asks for, the object is
// taken and known is false: leaving it out could lose records.
func (s Selection) Takes(k Key) (take, known bool) {
	known = true
	for _, c := range []struct {
		wanted []string
		value  string
	}{{s.Regions, k.Region}, {s.LogOwners, k.LogOwner}} {
		switch {
		case len(c.wanted) == 0:
		case c.value == "":
			known = false
		case !slices.Contains(c.wanted, c.value):
			return false, true
		}
	}
	oldest, newest := s.Slots()
	switch {
	case oldest.IsZero() && newest.IsZero():
	case !k.Slot.IsZero():
		if k.Slot.Before(oldest) || !newest.IsZero() && k.Slot.After(newest) {
			return false, true
		}
	case !k.FolderFrom.IsZero():
		if !overlaps(k.FolderFrom, k.FolderTo, oldest, newest) {
			return false, true
		}
	default:
		known = false
	}
	return true, known
}

// Excludes reports whether no object that the selection takes can lie in the
// folder. It believes the folder, as AWS files its objects; an object that
// somebody filed under another day than its name says is not seen.
func (s Selection) Excludes(f Folder) bool {
	if f.Region != "" && len(s.Regions) > 0 && !slices.Contains(s.Regions, f.Region) {
		return true
	}
	if f.LogOwner != "" && len(s.LogOwners) > 0 && !slices.Contains(s.LogOwners, f.LogOwner) {
		return true
	}
	oldest, newest := s.Slots()
	return !f.From.IsZero() && !overlaps(f.From, f.To, oldest, newest)
}

// Covers reports whether the selection's times take everything in a folder that
// has time bounds.
func (s Selection) Covers(f Folder) bool {
	oldest, newest := s.Slots()
	return !f.From.IsZero() && !f.From.Before(oldest) && (newest.IsZero() || !f.To.After(newest))
}

// overlaps reports whether a slot in [from, to) is in [oldest, newest].
func overlaps(from, to, oldest, newest time.Time) bool {
	return to.After(oldest) && (newest.IsZero() || !from.After(newest))
}
