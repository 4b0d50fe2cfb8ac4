package lake

import "sync"

// rooms are slices to be used again. Memory that nobody used before costs more than most
// of what is done with it: the system maps it page by page, and where it is read first,
// as codes that are put beside others are, it maps each page twice, and has all processors
// forget the first time.
type rooms[T any] struct{ pool sync.Pool }

// get returns n elements, which hold anything.
func (r *rooms[T]) get(n int) []T {
	s, _ := r.pool.Get().(*[]T)
	if s == nil {
		s = new([]T)
	}
	return sized(s, n)
}

// mostRoom is the largest number of elements that are kept, of hours of ten times the usual
// size.
const mostRoom = 1 << 22

// put gives a slice back.
func (r *rooms[T]) put(s []T) {
	if cap(s) <= mostRoom {
		r.pool.Put(&s)
	}
}

var (
	wordRooms rooms[uint64] // codes of an hour's records
	hashRooms rooms[uint64] // of an object's records
	sumRooms  rooms[rowSums]
)

// sized returns s with n elements, which hold anything.
func sized[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n, n+n/8) // the next one may have a few more
	}
	return (*s)[:n]
}
