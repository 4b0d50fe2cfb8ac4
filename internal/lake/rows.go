package lake

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"

	"weir/flowlog"
	"weir/internal/radix"
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

// columns is records of one kind as whole columns in one order, coded, since what is
// written is dictionaries.
type columns struct {
	kind    flowlog.Kind
	n       int
	nums    map[flowlog.FieldID]*numbers
	texts   map[flowlog.FieldID]*ranked
	unknown map[string]*ranked

	words [][]uint64 // the codes of all columns
	used  uint       // bits of the last words
}

// codes are a column's code of each record: some bits of a word of each, which it
// shares with other columns. A record's words are few, so that putting records in
// order reads memory at few places for each: that was most of the time of writing.
// The zero value has code 1 for all records. Shifts are by shift&63, which is shift: else
// it would be looked for each record whether it is 64 or more.
type codes struct {
	word  int      // which of columns.words
	words []uint64 // nil: see above
	shift uint
	mask  uint64
}

// newCodes returns codes, all 0, of which none will be larger than top.
func (c *columns) newCodes(top uint32) codes {
	width := uint(bits.Len32(top))
	if len(c.words) == 0 || c.used+width > 64 {
		c.words, c.used = append(c.words, wordRooms.get(c.n)), 0
		clear(c.words[len(c.words)-1])
	}
	at := len(c.words) - 1
	out := codes{at, c.words[at], c.used, 1<<width - 1}
	c.used += width
	return out
}

// free gives the memory of the codes back. The columns can't be used any more.
func (c *columns) free() {
	for _, words := range c.words {
		wordRooms.put(words)
	}
	c.words = nil
}

// constant reports whether all records have code 1.
func (c *codes) constant() bool { return c.words == nil }

// at returns the code of a record.
func (c *codes) at(i int) uint32 {
	if c.words == nil {
		return 1
	}
	return uint32(c.words[i] >> (c.shift & 63) & c.mask)
}

// set sets the code of a record, which is 0.
func (c *codes) set(i int, code uint32) { c.words[i] |= uint64(code) << (c.shift & 63) }

// all returns the codes of n records.
func (c *codes) all(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = c.at(i)
	}
	return out
}

// numbers is a numeric column in codes: code 0 is absent, code c is low+c-1, or
// where there is a dict, dict[c-1]. The dict ascends, so that codes compare as their
// numbers do.
type numbers struct {
	codes
	top  uint32 // no code is larger
	low  int64
	dict []int64
}

// value returns the number of a code that is not 0.
func (c *numbers) value(code uint32) int64 {
	if c.dict != nil {
		return c.dict[code-1]
	}
	return c.low + int64(code) - 1
}

// ranked is a text column coded by rank: code 0 is absent, code c is dict[c-1], and
// dict ascends, so that codes compare as their texts do.
type ranked struct {
	codes
	dict []string
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
			if nums := c.mergeNums(pieces, f.ID); nums != nil {
				c.nums[f.ID] = nums
			}
		default:
			r := c.mergeTexts(pieces, func(b *flowlog.Batch) *flowlog.TextColumn { return b.Texts(f.ID) })
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
			r := c.mergeTexts(pieces, func(b *flowlog.Batch) *flowlog.TextColumn {
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
func (c *columns) mergeNums(pieces []piece, id flowlog.FieldID) *numbers {
	var room []int64
	gaps := false
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, p := range pieces {
		if v, filled := p.batch.FilledNum(id); filled {
			low, high = min(low, v), max(high, v)
			continue
		}
		nums := p.numbers(id, &room)
		gaps = gaps || len(nums) < p.len()
		for _, v := range nums {
			if v == flowlog.Absent {
				gaps = true
				continue
			}
			low, high = min(low, v), max(high, v)
		}
	}
	switch {
	case low > high:
		return nil
	case low == high && !gaps:
		return &numbers{top: 1, low: low}
	case uint64(high)-uint64(low) >= directSpan:
		return c.mergeWide(pieces, id)
	}
	out := &numbers{top: uint32(high - low + 1), low: low}
	out.codes = c.newCodes(out.top)
	at := 0
	for _, p := range pieces {
		words, shift := out.words[at:at+p.len()], out.shift&63
		for i, v := range p.numbers(id, &room) {
			if v != flowlog.Absent {
				words[i] |= uint64(v-low+1) << shift
			}
		}
		at += p.len()
	}
	return out
}

// mergeWide is mergeNums for numbers that differ much.
func (c *columns) mergeWide(pieces []piece, id flowlog.FieldID) *numbers {
	var room []int64
	coder := newNumberCoder()
	defer coder.free()
	all := make([]uint32, c.n)
	at := all
	for _, p := range pieces {
		for i, v := range p.numbers(id, &room) {
			if v != flowlog.Absent {
				at[i] = coder.code(v)
			}
		}
		at = at[p.len():]
	}
	return c.coded(coder, all)
}

// coded returns the numbers of which the coder gave all the codes, 0 where a record has
// none.
func (c *columns) coded(coder *numberCoder, all []uint32) *numbers {
	dict, rank := coder.ascending()
	out := &numbers{top: uint32(len(dict)), dict: dict}
	out.codes = c.newCodes(out.top)
	for i, code := range all {
		out.set(i, rank[code])
	}
	return out
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

// numberCoder codes numbers, from 1 on in the order in which it meets them.
type numberCoder struct {
	met   []int64
	table []uint32 // open addressing: a code; 0 = free
	shift uint     // of a hash: its upper bits tell the place
}

var numberCoders = sync.Pool{New: func() any {
	return &numberCoder{met: []int64{}, table: make([]uint32, 1<<12), shift: 64 - 12}
}}

func newNumberCoder() *numberCoder { return numberCoders.Get().(*numberCoder) }

// free gives the coder back. It can't be used any more.
func (n *numberCoder) free() {
	n.met = n.met[:0]
	clear(n.table)
	numberCoders.Put(n)
}

// code returns the code of a number.
func (n *numberCoder) code(v int64) uint32 {
	mask := uint64(len(n.table) - 1)
	at := n.place(v)
	for ; n.table[at] != 0; at = (at + 1) & mask {
		if code := n.table[at]; n.met[code-1] == v {
			return code
		}
	}
	n.met = append(n.met, v)
	code := uint32(len(n.met))
	n.table[at] = code
	if 2*len(n.met) > len(n.table) {
		n.grow()
	}
	return code
}

func (n *numberCoder) place(v int64) uint64 { return mix(uint64(v)) >> n.shift }

// grow makes the table four times as large.
func (n *numberCoder) grow() {
	n.table, n.shift = make([]uint32, 4*len(n.table)), n.shift-2
	mask := uint64(len(n.table) - 1)
	for i, v := range n.met {
		at := n.place(v)
		for n.table[at] != 0 {
			at = (at + 1) & mask
		}
		n.table[at] = uint32(i + 1)
	}
}

// ascending returns the numbers in order, and the place of each in it, from 1 on, by
// code.
func (n *numberCoder) ascending() (dict []int64, rank []uint32) {
	rank = make([]uint32, len(n.met)+1)
	if len(n.met) == 0 {
		return []int64{}, rank
	}
	low, high := slices.Min(n.met), slices.Max(n.met)
	words := make([]uint64, len(n.met))
	for i, v := range n.met {
		words[i] = uint64(v) - uint64(low)
	}
	dict = make([]int64, len(n.met))
	for i, word := range radix.Sort(words, make([]uint64, len(words)), 0, uint(bits.Len64(uint64(high)-uint64(low)))) {
		dict[i] = int64(word + uint64(low))
		rank[n.code(dict[i])] = uint32(i + 1)
	}
	return dict, rank
}

// mergeTexts joins a text column of all pieces into one dictionary, or returns
// nil where no record has the field.
func (c *columns) mergeTexts(pieces []piece, column func(*flowlog.Batch) *flowlog.TextColumn) *ranked {
	var all flowlog.TextColumn // only its dictionary: the texts in the order in which they are met
	gaps := false
	codesOf := make([][]uint32, len(pieces)) // in all, by code of the piece
	for i, p := range pieces {
		t := column(p.batch)
		if t == nil {
			gaps = true
			continue
		}
		codesOf[i] = make([]uint32, max(1, len(t.Dict)))
		for _, code := range usedCodes(t, p.rows) {
			codesOf[i][code] = all.Code(t.Dict[code])
		}
		gaps = gaps || hasGaps(t, p)
	}
	all.Settle()
	switch {
	case len(all.Dict) == 0:
		return nil
	case len(all.Dict) == 2 && !gaps:
		return &ranked{dict: all.Dict[1:]}
	}
	dict, rank := rankTexts(all.Dict)
	r := &ranked{c.newCodes(uint32(len(dict))), dict}
	at := 0
	for i, p := range pieces {
		words, shift := r.words[at:at+p.len()], r.shift
		at += p.len()
		t := column(p.batch)
		if t == nil {
			continue
		}
		ranks := make([]uint64, len(codesOf[i]))
		for code, in := range codesOf[i] {
			ranks[code] = uint64(rank[in]) << shift
		}
		if p.rows != nil {
			for i, row := range p.rows {
				words[i] |= ranks[t.At(int(row))]
			}
			continue
		}
		for i, code := range t.Codes {
			words[i] |= ranks[code]
		}
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

// ordering is memory for putting records in order.
type ordering struct {
	words, spare []uint64
	places       []uint32
}

// sortKey is codes that records are put in order by, and the bits that each takes at
// most.
type sortKey struct {
	codes *codes
	width uint
}

// order returns the records' places in the order of srcaddr, dstaddr and start,
// absent first. Records that are equal in these keep their order. The places are valid
// until the room is used again.
func (c *columns) order(room *ordering) []uint32 {
	var keys []sortKey // the first counts most
	for _, id := range sortedBy {
		if r := c.texts[id]; r != nil && !r.constant() {
			keys = append(keys, sortKey{&r.codes, uint(bits.Len(uint(len(r.dict))))})
		} else if nums := c.nums[id]; nums != nil && !nums.constant() {
			keys = append(keys, sortKey{&nums.codes, uint(bits.Len32(nums.top))})
		}
	}
	return room.orderBy(c.n, keys)
}

// orderBy returns the places of n records in the order of keys.
func (o *ordering) orderBy(n int, keys []sortKey) []uint32 {
	low := uint(bits.Len(uint(n))) // of the place
	top := low
	for _, key := range keys {
		top += key.width
	}
	o.places = sized(&o.places, n)
	places := o.places
	if top > 64 { // an hour with very many addresses, or with times of years
		for i := range places {
			places[i] = uint32(i)
		}
		slices.SortStableFunc(places, func(a, b uint32) int {
			for _, key := range keys {
				if x, y := key.codes.at(int(a)), key.codes.at(int(b)); x != y {
					return cmp.Compare(x, y)
				}
			}
			return 0
		})
		return places
	}
	o.words, o.spare = sized(&o.words, n), sized(&o.spare, n)
	words := o.words
	for i := range words {
		words[i] = uint64(i)
	}
	shift := low
	for _, key := range slices.Backward(keys) {
		key.codes.spread(words, shift)
		shift += key.width
	}
	for i, word := range radix.Sort(words, o.spare, low, top) {
		places[i] = uint32(word & (1<<low - 1))
	}
	return places
}

// spread puts the code of each record into its word of to, from a bit on.
func (c *codes) spread(to []uint64, low uint) {
	from, mask, low := c.shift&63, c.mask, low&63
	for i, word := range c.words[:len(to)] {
		to[i] |= word >> from & mask << low
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
