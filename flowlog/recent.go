package flowlog

import (
	"math/bits"
	"slices"
	"sync"
)

// recent holds words of a text column with their codes, where they are found by a look
// at one place: finding a text again in the dictionary costs several times as much, and
// most words of an object were there before. Words that share a place push one another
// out. It is used again by other columns; what they left is of another run.
type recent struct {
	run    uint64
	places [recentPlaces]recentWord
	dict   []string // empty: where a dictionary grows, so that what is kept of it is as large as need be
}

const (
	recentBits   = 11
	recentPlaces = 1 << recentBits
	// recentLong is the longest word that it holds, in bytes.
	recentLong = 24
)

// recentWord is a word, zeros behind it, and its code below the run that put it there.
type recentWord struct{ a, b, c, code uint64 }

// recents are used again: clearing one would cost as much as reading a small object.
var recents = sync.Pool{New: func() any { return new(recent) }}

// newRecent returns one that holds nothing.
func newRecent() *recent {
	r := recents.Get().(*recent)
	if r.run++; r.run == 1<<32 {
		*r = recent{run: 1, dict: r.dict}
	}
	return r
}

// place is where a word belongs. Words that somebody made to meet there only cost time.
func (r *recent) place(a, b, c uint64) *recentWord {
	h := a*0x9e3779b97f4a7c15 + b*0xc2b2ae3d27d4eb4f + c*0x165667b19e3779f9
	return &r.places[h>>(64-recentBits)]
}

// firstWord returns those of 8 characters that stand before the first below '!', zeros
// behind them, and their number.
func firstWord(chars uint64) (word uint64, n int) {
	low := (chars - 0x2121212121212121) &^ chars & 0x8080808080808080
	n = bits.TrailingZeros64(low) / 8
	if n == 8 {
		return chars, 8
	}
	return chars & (1<<(8*uint(n)) - 1), n
}

// settle returns the dictionary that grew in r to be kept, and gives r back.
func (r *recent) settle(dict []string) []string {
	kept := slices.Clone(dict)
	clear(dict)
	r.dict = dict[:0]
	recents.Put(r)
	return kept
}
