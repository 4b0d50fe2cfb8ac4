package lake

import (
	"crypto/sha256"
	"sync"
)

// flights are the objects that imports are taking, all imports of the lake
// together: neither the same place nor the same bytes are taken twice at a time.
// An object stays in from its start until the ledger knows what became of it, so
// what is neither here nor, when asked after this, in the ledger, is new.
type flights struct {
	mu      sync.Mutex
	decided *sync.Cond // some flight is no longer undecided
	bySum   map[[sha256.Size]byte]*flight
	byPlace map[place][sha256.Size]byte
}

// flight is the taking of some bytes.
type flight struct {
	im        *Import
	undecided bool    // the ledger is being asked for the bytes
	places    []place // where they lie
}

func newFlights() *flights {
	f := &flights{bySum: map[[sha256.Size]byte]*flight{}, byPlace: map[place][sha256.Size]byte{}}
	f.decided = sync.NewCond(&f.mu)
	return f
}

// board lets an object in, undecided, or says why not: its place is being taken
// already, with these bytes (Taken) or others (Changed), or its bytes are, from
// another place (Duplicate), by which import.
func (f *flights) board(w *ObjectWriter) (in bool, state ObjectState, by *Import) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := w.ref.place()
	for {
		if other, ok := f.byPlace[p]; ok {
			if other != w.sum {
				return false, Changed, nil
			}
			return false, Taken, nil
		}
		same := f.bySum[w.sum]
		switch {
		case same == nil:
			w.flight = &flight{im: w.im, undecided: true, places: []place{p}}
			f.bySum[w.sum], f.byPlace[p] = w.flight, w.sum
			return true, "", nil
		case same.undecided:
			f.decided.Wait()
		default:
			same.places = append(same.places, p)
			f.byPlace[p] = w.sum
			return false, Duplicate, same.im
		}
	}
}

// decide says that an object's bytes are taken, or noted, with the next commit.
func (f *flights) decide(w *ObjectWriter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.flight.undecided = false
	f.decided.Broadcast()
}

// land forgets an object that was let in, and those with the same bytes. It does
// nothing for an object that is not in.
func (f *flights) land(w *ObjectWriter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.flight != nil && f.bySum[w.sum] == w.flight {
		f.forget(w.sum)
	}
}

// landAll forgets what an import that ended left in: where a commit fails, objects
// stay on their way for good.
func (f *flights) landAll(im *Import) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for sum, fl := range f.bySum {
		if fl.im == im {
			f.forget(sum)
		}
	}
}

// forget forgets bytes. The caller holds f.mu.
func (f *flights) forget(sum [sha256.Size]byte) {
	for _, p := range f.bySum[sum].places {
		delete(f.byPlace, p)
	}
	delete(f.bySum, sum)
	f.decided.Broadcast()
}
