package destination

import (
	"crypto/sha256"
	"sync"
)

// mostRemembered is how many items that failed a destination remembers, some 100 bytes each.
const mostRemembered = 4096

// progress remembers how far items came that were not delivered whole. It is for concurrent use.
type progress struct {
	mu sync.Mutex
	of map[[sha256.Size]byte]step
}

// step is how far an item came.
type step struct {
	// next is the request that is to be sent next, and left are the records of it that are still to be sent; nil: all of them.
	next int
	left []int
	// unknown says that what is to be sent may be there.
	unknown bool
}

// from returns how far an item came; one that nothing is known of is at its beginning.
func (p *progress) from(data []byte) step {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of[sha256.Sum256(data)]
}

// keep remembers how far an item came.
func (p *progress) keep(data []byte, s step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[[sha256.Size]byte]step{}
	}
	for key := range p.of {
		if len(p.of) < mostRemembered {
			break
		}
		delete(p.of, key) // items that were given up stay otherwise
	}
	p.of[sha256.Sum256(data)] = s
}

// done forgets an item.
func (p *progress) done(data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, sha256.Sum256(data))
}
