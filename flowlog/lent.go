package flowlog

import (
	"math/bits"
	"slices"
	"sync"
)

// lent is memory of columns that goes back to be used again. Most of what is made of an
// object is columns, and memory that nobody used before costs as much as reading the
// numbers that go there.
type lent struct {
	nums  []*[]int64
	codes []*[]uint32
}

// Columns of a size are kept together, eight sizes up to twice as many records.
var (
	usedNums  [8 * 64]sync.Pool
	usedCodes [8 * 64]sync.Pool
)

// leastLent is the smallest number of records whose columns are used again.
const leastLent = 1024

// sizeOf returns which size a column for n records has, and for how many records it is.
func sizeOf(n int) (size, records int) {
	low := bits.Len(uint(n-1)) - 4
	steps := (n-1)>>low + 1 // 9 to 16
	return 8*low + steps - 9, steps << low
}

// newNums returns a column for at least n numbers, which are anything.
func (l *lent) newNums(n int) []int64 {
	if n < leastLent {
		return make([]int64, n)
	}
	size, records := sizeOf(n)
	room, ok := usedNums[size].Get().(*[]int64)
	if !ok {
		made := make([]int64, records)
		room = &made
	}
	l.nums = append(l.nums, room)
	return *room
}

// newCodes returns a column for at least n codes, which are anything.
func (l *lent) newCodes(n int) []uint32 {
	if n < leastLent {
		return make([]uint32, n)
	}
	size, records := sizeOf(n)
	room, ok := usedCodes[size].Get().(*[]uint32)
	if !ok {
		made := make([]uint32, records)
		room = &made
	}
	l.codes = append(l.codes, room)
	return *room
}

// freeNums gives a column back before the others.
func (l *lent) freeNums(nums []int64) {
	for i, room := range l.nums {
		if &(*room)[0] == &nums[0] {
			size, _ := sizeOf(len(*room))
			usedNums[size].Put(room)
			l.nums = slices.Delete(l.nums, i, i+1)
			return
		}
	}
}

// freeCodes is freeNums for codes.
func (l *lent) freeCodes(codes []uint32) {
	for i, room := range l.codes {
		if &(*room)[0] == &codes[0] {
			size, _ := sizeOf(len(*room))
			usedCodes[size].Put(room)
			l.codes = slices.Delete(l.codes, i, i+1)
			return
		}
	}
}

// release gives all of it back.
func (l *lent) release() {
	for _, room := range l.nums {
		size, _ := sizeOf(len(*room))
		usedNums[size].Put(room)
	}
	for _, room := range l.codes {
		size, _ := sizeOf(len(*room))
		usedCodes[size].Put(room)
	}
	*l = lent{}
}
