package lake

import (
	"maps"
	"slices"
	"sort"

	"weir/flowlog"
)

// piece is records of a batch: those at rows, or all where rows is nil.
type piece struct {
	batch *flowlog.Batch
	rows  []uint32
}

// len returns the number of records.
func (p piece) len() int {
	if p.rows == nil {
		return p.batch.Len()
	}
	return len(p.rows)
}

// columns is records of one kind as whole columns in one order. Text is coded
// by rank: code 0 is absent, code c is dict[c-1], and dict ascends, so that codes
// compare as their texts do.
type columns struct {
	kind    flowlog.Kind
	n       int
	nums    map[flowlog.FieldID][]int64
	texts   map[flowlog.FieldID]*ranked
	unknown map[string]*ranked
}

// ranked is a text column coded by rank.
type ranked struct {
	codes []uint32
	dict  []string
	gaps  bool // some record has none: code 0
}

// merge puts pieces together.
func merge(kind flowlog.Kind, pieces []piece) *columns {
	c := &columns{
		kind:    kind,
		nums:    map[flowlog.FieldID][]int64{},
		texts:   map[flowlog.FieldID]*ranked{},
		unknown: map[string]*ranked{},
	}
	for _, p := range pieces {
		c.n += p.len()
	}
	for _, f := range flowlog.Fields(kind) {
		switch {
		case f.Type == flowlog.Map:
		case f.Numeric():
			if nums := mergeNums(pieces, c.n, f.ID); nums != nil {
				c.nums[f.ID] = nums
			}
		default:
			r := mergeTexts(pieces, c.n, func(b *flowlog.Batch) *flowlog.TextColumn { return b.Texts(f.ID) })
			if r != nil {
				c.texts[f.ID] = r
			}
		}
	}
	for _, p := range pieces {
		for _, u := range p.batch.Unknown() {
			if c.unknown[u.Name] != nil {
				continue
			}
			r := mergeTexts(pieces, c.n, func(b *flowlog.Batch) *flowlog.TextColumn {
				for _, v := range b.Unknown() {
					if v.Name == u.Name {
						return v.Text
					}
				}
				return nil
			})
			if r != nil {
				c.unknown[u.Name] = r
			}
		}
	}
	return c
}

// mergeNums joins a numeric column of all pieces, or returns nil where no record
// has the field.
func mergeNums(pieces []piece, n int, id flowlog.FieldID) []int64 {
	has := false
	for _, p := range pieces {
		has = has || p.batch.Nums(id) != nil
	}
	if !has {
		return nil
	}
	out := make([]int64, 0, n)
	for _, p := range pieces {
		nums := p.batch.Nums(id)
		if p.rows == nil {
			out = append(out, nums...)
			for range p.batch.Len() - len(nums) {
				out = append(out, flowlog.Absent)
			}
			continue
		}
		for _, i := range p.rows {
			if int(i) < len(nums) {
				out = append(out, nums[i])
			} else {
				out = append(out, flowlog.Absent)
			}
		}
	}
	for _, v := range out {
		if v != flowlog.Absent {
			return out
		}
	}
	return nil
}

// mergeTexts joins a text column of all pieces into one dictionary, or returns
// nil where no record has the field.
func mergeTexts(pieces []piece, n int, column func(*flowlog.Batch) *flowlog.TextColumn) *ranked {
	var dict []string // in the order in which they are met
	number := map[string]uint32{}
	numbers := make([][]uint32, len(pieces)) // of a piece's codes
	for i, p := range pieces {
		c := column(p.batch)
		if c == nil {
			continue
		}
		numbers[i] = make([]uint32, max(1, len(c.Dict)))
		for _, code := range usedCodes(c, p.rows) {
			s := c.Dict[code]
			at, ok := number[s]
			if !ok {
				at = uint32(len(dict))
				number[s] = at
				dict = append(dict, s)
			}
			numbers[i][code] = at
		}
	}
	if len(dict) == 0 {
		return nil
	}
	r := &ranked{codes: make([]uint32, 0, n), dict: slices.Sorted(maps.Keys(number))}
	rank := make([]uint32, len(dict))
	for i, s := range r.dict {
		rank[number[s]] = uint32(i + 1)
	}
	for i, p := range pieces {
		c := column(p.batch)
		p.each(func(at int) {
			code := c.At(at)
			if code != 0 {
				code = rank[numbers[i][code]]
			} else {
				r.gaps = true
			}
			r.codes = append(r.codes, code)
		})
	}
	return r
}

// each calls do with the place of each record in the batch.
func (p piece) each(do func(i int)) {
	if p.rows == nil {
		for i := range p.batch.Len() {
			do(i)
		}
		return
	}
	for _, i := range p.rows {
		do(int(i))
	}
}

// usedCodes returns the codes that records of a column have.
func usedCodes(c *flowlog.TextColumn, rows []uint32) []uint32 {
	if len(c.Dict) == 0 {
		return nil
	}
	var out []uint32
	if rows == nil {
		for code := 1; code < len(c.Dict); code++ {
			out = append(out, uint32(code)) // a dictionary holds what was used
		}
		return out
	}
	seen := make([]bool, len(c.Dict))
	for _, i := range rows {
		if code := c.At(int(i)); code != 0 && !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	return out
}

// order returns the records' places in the order of srcaddr, dstaddr and start,
// absent first. Records that are equal in these keep their order.
func (c *columns) order() []uint32 {
	perm := make([]uint32, c.n)
	for i := range perm {
		perm[i] = uint32(i)
	}
	s := radixSorter{perm: perm, spare: make([]uint32, c.n)}
	// The least significant key first: each pass is stable.
	for _, id := range slices.Backward(sortedBy) {
		if r := c.texts[id]; r != nil {
			s.by(r.codes, uint32(len(r.dict)))
		} else if nums := c.nums[id]; nums != nil {
			s.byNums(nums)
		}
	}
	return s.perm
}

// bounds returns the smallest and the largest number that is there, or zeros.
func bounds(nums []int64) (low, high int64) {
	first := true
	for _, v := range nums {
		switch {
		case v == flowlog.Absent:
		case first:
			low, high, first = v, v, false
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

// radixSorter orders places by counting.
type radixSorter struct{ perm, spare []uint32 }

// byNums orders by numbers, absent first.
func (s *radixSorter) byNums(nums []int64) {
	low, high := bounds(nums)
	span := uint64(high) - uint64(low)
	// Times of an hour span little; what spans more is ordered 32 bits at a
	// time.
	for shift := uint(0); shift == 0 || shift < 64 && (span+1)>>shift > 0; shift += 32 {
		keys := make([]uint32, len(nums))
		for i, v := range nums {
			if v != flowlog.Absent {
				keys[i] = uint32((uint64(v) - uint64(low) + 1) >> shift)
			}
		}
		top := uint64(1<<32 - 1)
		if shift == 0 {
			top = min(top, span+1)
		} else {
			top = (span + 1) >> shift
		}
		s.by(keys, uint32(top))
	}
}

// by orders by keys, which are at most top; equal keys keep their order.
func (s *radixSorter) by(keys []uint32, top uint32) {
	const bits = 11
	for shift := uint(0); shift < 32 && top>>shift > 0; shift += bits {
		var count [1 << bits]uint32
		for _, k := range keys {
			count[k>>shift&(1<<bits-1)]++
		}
		at := uint32(0)
		for d, n := range count {
			count[d] = at
			at += n
		}
		for _, i := range s.perm {
			d := keys[i] >> shift & (1<<bits - 1)
			s.spare[count[d]] = i
			count[d]++
		}
		s.perm, s.spare = s.spare, s.perm
	}
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
