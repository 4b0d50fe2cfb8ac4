package lake

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sort"
	"strings"

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

// columns is records of one kind as whole columns in one order, coded: what is
// written is dictionaries, and codes take half the memory of numbers or less.
type columns struct {
	kind    flowlog.Kind
	n       int
	nums    map[flowlog.FieldID]*numbers
	texts   map[flowlog.FieldID]*ranked
	unknown map[string]*ranked
}

// numbers is a numeric column in codes: code 0 is absent, code c is low+c-1, or
// where there is a dict, dict[c-1].
type numbers struct {
	codes []uint32 // nil where all records have code 1
	top   uint32   // no code is larger
	low   int64
	dict  []int64 // distinct, in the order in which they were met
	gaps  bool    // some record has none: code 0
}

// at returns the number of a code that is not 0.
func (c *numbers) at(code uint32) int64 {
	if c.dict != nil {
		return c.dict[code-1]
	}
	return c.low + int64(code) - 1
}

// ranked is a text column coded by rank: code 0 is absent, code c is dict[c-1], and
// dict ascends, so that codes compare as their texts do.
type ranked struct {
	codes []uint32 // nil where all records have code 1
	dict  []string
	gaps  bool // some record has none: code 0
}

// code returns the code of a record.
func (c *numbers) code(i int) uint32 { return codeAt(c.codes, i) }

func (r *ranked) code(i int) uint32 { return codeAt(r.codes, i) }

func codeAt(codes []uint32, i int) uint32 {
	if codes == nil {
		return 1
	}
	return codes[i]
}

// merge puts pieces together.
func merge(kind flowlog.Kind, pieces []piece) *columns {
	c := &columns{
		kind:    kind,
		nums:    map[flowlog.FieldID]*numbers{},
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
func mergeNums(pieces []piece, n int, id flowlog.FieldID) *numbers {
	c := &numbers{}
	var room []int64
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, p := range pieces {
		nums := p.numbers(id, &room)
		c.gaps = c.gaps || len(nums) < p.len()
		for _, v := range nums {
			if v == flowlog.Absent {
				c.gaps = true
				continue
			}
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		return nil
	}
	if c.low = low; low == high && !c.gaps {
		c.top = 1
		return c
	}
	c.codes = make([]uint32, n)
	var coder *numberCoder
	if uint64(high)-uint64(low) < directSpan {
		c.top = uint32(high - low + 1)
	} else {
		coder = newNumberCoder(c)
	}
	at := c.codes
	for _, p := range pieces {
		nums := p.numbers(id, &room)
		for i, v := range nums {
			switch {
			case v == flowlog.Absent:
			case coder == nil:
				at[i] = uint32(v - low + 1)
			default:
				at[i] = coder.code(v)
			}
		}
		at = at[p.len():]
	}
	return c
}

// numbers returns the numbers of the piece's records; it is shorter where the last
// ones have none. room is memory for it.
func (p piece) numbers(id flowlog.FieldID, room *[]int64) []int64 {
	nums := p.batch.Nums(id)
	if p.rows == nil || nums == nil {
		return nums
	}
	*room = sized(room, len(p.rows))
	for i, row := range p.rows {
		(*room)[i] = flowlog.Absent
		if int(row) < len(nums) {
			(*room)[i] = nums[row]
		}
	}
	return *room
}

// directSpan is how many different numbers are coded by their distance from the
// smallest; larger ones are looked up in a hash table.
const directSpan = 1 << 17

// numberCoder codes numbers in the order in which it meets them.
type numberCoder struct {
	c     *numbers
	table []uint32 // open addressing: a code; 0 = free
	shift uint     // of a hash: its upper bits tell the place
}

func newNumberCoder(c *numbers) *numberCoder {
	c.dict = []int64{}
	return &numberCoder{c: c, table: make([]uint32, 1<<12), shift: 64 - 12}
}

// code returns the code of a number.
func (n *numberCoder) code(v int64) uint32 {
	mask := uint64(len(n.table) - 1)
	at := n.place(v)
	for ; n.table[at] != 0; at = (at + 1) & mask {
		if code := n.table[at]; n.c.dict[code-1] == v {
			return code
		}
	}
	n.c.dict = append(n.c.dict, v)
	n.c.top++
	n.table[at] = n.c.top
	if 2*len(n.c.dict) > len(n.table) {
		n.grow()
	}
	return n.c.top
}

func (n *numberCoder) place(v int64) uint64 { return mix(uint64(v)) >> n.shift }

// grow makes the table four times as large.
func (n *numberCoder) grow() {
	n.table, n.shift = make([]uint32, 4*len(n.table)), n.shift-2
	mask := uint64(len(n.table) - 1)
	for i, v := range n.c.dict {
		at := n.place(v)
		for n.table[at] != 0 {
			at = (at + 1) & mask
		}
		n.table[at] = uint32(i + 1)
	}
}

// mergeTexts joins a text column of all pieces into one dictionary, or returns
// nil where no record has the field.
func mergeTexts(pieces []piece, n int, column func(*flowlog.Batch) *flowlog.TextColumn) *ranked {
	var all flowlog.TextColumn // only its dictionary: the texts in the order in which they are met
	gaps := false
	codesOf := make([][]uint32, len(pieces)) // in all, by code of the piece
	for i, p := range pieces {
		c := column(p.batch)
		if c == nil {
			gaps = true
			continue
		}
		codesOf[i] = make([]uint32, max(1, len(c.Dict)))
		for _, code := range usedCodes(c, p.rows) {
			codesOf[i][code] = all.Code(c.Dict[code])
		}
		gaps = gaps || hasGaps(c, p)
	}
	if len(all.Dict) == 0 {
		return nil
	}
	if len(all.Dict) == 2 && !gaps {
		return &ranked{dict: all.Dict[1:]}
	}
	r := &ranked{codes: make([]uint32, n), gaps: gaps}
	var rank []uint32
	r.dict, rank = rankTexts(all.Dict)
	var room []uint32
	at := r.codes
	for i, p := range pieces {
		c := column(p.batch)
		if c == nil {
			at = at[p.len():]
			continue
		}
		ranks := codesOf[i]
		for code, in := range ranks {
			ranks[code] = rank[in]
		}
		codes := c.Codes
		if p.rows != nil {
			room = sized(&room, len(p.rows))
			for i, row := range p.rows {
				room[i] = c.At(int(row))
			}
			codes = room
		}
		for i, code := range codes {
			at[i] = ranks[code]
		}
		at = at[p.len():]
	}
	return r
}

// hasGaps reports whether some record of a piece has no text in the column.
func hasGaps(c *flowlog.TextColumn, p piece) bool {
	switch {
	case c.Filled() && len(c.Codes) == p.batch.Len():
		return false
	case p.rows != nil:
		return slices.ContainsFunc(p.rows, func(row uint32) bool { return c.At(int(row)) == 0 })
	}
	return len(c.Codes) < p.batch.Len() || slices.Contains(c.Codes, 0)
}

// rankTexts returns the texts of a dictionary but the first, which is "", in order,
// and the place of each in that order, from 1 on, by code.
func rankTexts(dict []string) (sorted []string, rank []uint32) {
	// Comparing the first 16 bytes as numbers tells most texts apart, without
	// looking at where they lie.
	type key struct {
		high, low uint64
		code      uint32
	}
	keys := make([]key, 0, len(dict)-1)
	for code := 1; code < len(dict); code++ {
		var head [16]byte
		copy(head[:], dict[code])
		keys = append(keys, key{binary.BigEndian.Uint64(head[:]), binary.BigEndian.Uint64(head[8:]), uint32(code)})
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.high != b.high:
			return cmp.Compare(a.high, b.high)
		case a.low != b.low:
			return cmp.Compare(a.low, b.low)
		}
		return strings.Compare(dict[a.code], dict[b.code])
	})
	sorted, rank = make([]string, len(keys)), make([]uint32, len(dict))
	for i, k := range keys {
		sorted[i], rank[k.code] = dict[k.code], uint32(i+1)
	}
	return sorted, rank
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
		if r := c.texts[id]; r != nil && r.codes != nil {
			s.by(r.codes, uint32(len(r.dict)))
		} else if nums := c.nums[id]; nums != nil && nums.codes != nil {
			s.byNumbers(nums)
		}
	}
	return s.perm
}

// radixSorter orders places by counting.
type radixSorter struct{ perm, spare []uint32 }

// byNumbers orders by numbers, absent first.
func (s *radixSorter) byNumbers(c *numbers) {
	codes := c.codes
	if c.dict != nil { // whose codes are in no order
		byValue := make([]uint32, len(c.dict))
		for i := range byValue {
			byValue[i] = uint32(i)
		}
		slices.SortFunc(byValue, func(a, b uint32) int { return cmp.Compare(c.dict[a], c.dict[b]) })
		rank := make([]uint32, len(c.dict)+1)
		for i, at := range byValue {
			rank[at+1] = uint32(i + 1)
		}
		codes = make([]uint32, len(c.codes))
		for i, code := range c.codes {
			codes[i] = rank[code]
		}
	}
	s.by(codes, c.top)
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
