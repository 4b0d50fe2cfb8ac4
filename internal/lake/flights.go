package lake

import (
	"crypto/sha256"
	"sync"
)

// flights are the places and the bytes that imports have in hand, of all imports
// of the lake together, so that nothing is taken twice at a time. A place is held
// from an object's start until the ledger knows what became of it, its bytes by
// the one object that is to answer for them.
type flights struct {
	mu     sync.Mutex
	places map[string]*flight // by URL
	sums   map[[sha256.Size]byte]*flight
}

// flight is an object in hand.
type flight struct {
	im       *Import
	url      string
	sum      [sha256.Size]byte
	holdsSum bool
	landed   chan struct{} // closed once it is no longer in hand
}

func newFlights() *flights {
	return &flights{places: map[string]*flight{}, sums: map[[sha256.Size]byte]*flight{}}
}

// take takes a place in hand. Where another object has it, that one is returned
// and ok is false.
func (f *flights) take(im *Import, url string, sum [sha256.Size]byte) (fl *flight, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.places[url]; other != nil {
		return other, false
	}
	fl = &flight{im: im, url: url, sum: sum, landed: make(chan struct{})}
	f.places[url] = fl
	return fl, true
}

// takeSum takes the bytes of an object in hand too, or returns the one that has
// them.
func (f *flights) takeSum(fl *flight) (other *flight, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.sums[fl.sum]; other != nil {
		return other, false
	}
	f.sums[fl.sum] = fl
	fl.holdsSum = true
	return nil, true
}

// dropSum gives up the bytes of an object, and keeps its place.
func (f *flights) dropSum(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(fl)
}

// drop is dropSum for a caller that holds f.mu.
func (f *flights) drop(fl *flight) {
	if fl.holdsSum {
		delete(f.sums, fl.sum)
		fl.holdsSum = false
	}
}

// land lets go of an object; nil, and one that landed, are no matter.
func (f *flights) land(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl != nil && f.places[fl.url] == fl {
		f.drop(fl)
		delete(f.places, fl.url)
		close(fl.landed)
	}
}

// landAll lets go of all that an import still has: where a commit fails, its
// objects would stay in hand for good.
func (f *flights) landAll(im *Import) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for url, fl := range f.places {
		if fl.im == im {
			f.drop(fl)
			delete(f.places, url)
			close(fl.landed)
		}
	}
}

// holder returns the import that has some bytes in hand, or nil.
func (f *flights) holder(sum [sha256.Size]byte) *Import {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.sums[sum]; fl != nil {
		return fl.im
	}
	return nil
}
