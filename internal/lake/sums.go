package lake

import (
	"math"
	"math/bits"
	"slices"
	"sync"

	"weir/flowlog"
	"weir/internal/radix"
	"weir/internal/rollup"
)

// rolled are the rows of a rollup in the order of their keys.
type rolled struct {
	keys    []uint64 // packed codes of the rollup's keys and the time
	records []int64
	sums    [2][]int64 // packets, bytes
	has     [2][]bool  // some record has it
}

// sums are the rows of all rollups while records are added to them. Records may come
// in any order. In that of the data file, which is by source address, those of a row
// lie together, or share the columns' values, so that memory is read at few places.
type sums struct {
	of      *columns
	rollups []rollupSums // of rollup.All
	none    bool         // rollups do not fit the records

	// A block of records is looked at for all rollups before the next: it stays in
	// the nearest memory.
	values [2][]int64 // packets, bytes, or flowlog.Absent
	keys   []uint64
	flags  []uint8
	all    []uint32 // 0, 1, 2, ...
	some   []uint32
	found  []uint32
}

// blockRecords is how many records a block has.
const blockRecords = 1024

// rollupSums are the rows of one rollup.
type rollupSums struct {
	packing
	times
	rows   keyRows
	sums   []rowSums
	chosen []flagged // nil: all records
	beyond int64     // negative: a sum was beyond 64 bits
}

// rowSums is what is summed up for a row. It takes half of what memory reads at once.
type rowSums struct {
	sums    [2]int64
	records uint32
	lacks   [2]uint32 // records without it
}

// flagged tells which codes of a column make a rollup hold a record.
type flagged struct {
	codes *codes
	flags []uint8 // by code, 1 or 0
}

// newSums returns the sums of no records of the columns.
func (c *columns) newSums() *sums {
	s := &sums{
		of:      c,
		rollups: make([]rollupSums, len(rollup.All)),
		keys:    make([]uint64, blockRecords),
		flags:   make([]uint8, blockRecords),
		all:     make([]uint32, blockRecords),
		some:    make([]uint32, blockRecords),
		found:   make([]uint32, blockRecords),
	}
	for i := range s.all {
		s.all[i] = uint32(i)
	}
	for i := range s.values {
		s.values[i] = slices.Repeat([]int64{flowlog.Absent}, blockRecords)
	}
	for i := range rollup.All {
		r, into := &rollup.All[i], &s.rollups[i]
		var timed, fits bool
		into.times, timed = c.times(r.Unit)
		into.packing, fits = c.pack(r, &into.times)
		if s.none = !timed || !fits; s.none {
			return s
		}
		into.rows = newKeyRows(into.used, c.n)
		into.chosen = c.chooses(r)
	}
	return s
}

// add adds n records of the columns, whose codes lie in words; to nil it adds nothing.
func (s *sums) add(words [][]uint64, n int) {
	if s == nil {
		return
	}
	for from := 0; from < n && !s.none; from += blockRecords {
		s.addBlock(words, from, min(from+blockRecords, n))
	}
}

// summed are the fields that are summed up.
var summed = [2]flowlog.FieldID{flowlog.Packets, flowlog.Bytes}

// addBlock adds the records from one place up to another.
func (s *sums) addBlock(words [][]uint64, from, to int) {
	for i, f := range summed {
		if nums := s.of.nums[f]; nums != nil {
			nums.read(s.values[i], words, from, to)
		}
	}
	for i := range s.rollups {
		r := &s.rollups[i]
		keys := s.keys[:to-from]
		if !r.times.read(keys, words, from, to) {
			s.none = true
			return
		}
		r.packing.read(keys, words, from, to)
		places := s.all[:to-from]
		if r.chosen != nil {
			places = s.choose(r.chosen, words, from, to)
		}
		found := s.found[:len(places)]
		r.rows.find(found, keys, places)
		r.grow()
		r.add(found, places, &s.values)
		if r.beyond < 0 {
			s.none = true
			return
		}
	}
}

// grow makes room for the rows of all keys.
func (r *rollupSums) grow() {
	n, had := len(r.rows.keys), len(r.sums)
	if n > cap(r.sums) {
		more := sumRooms.get(2 * n) // append would copy each five times
		copy(more, r.sums)
		sumRooms.put(r.sums)
		r.sums = more
	}
	r.sums = r.sums[:n]
	clear(r.sums[had:])
}

// add adds the values at places of a block to the rows that were found for them.
func (r *rollupSums) add(found, places []uint32, values *[2][]int64) {
	packets, bytes := values[0], values[1]
	beyond := int64(0)
	for k, row := range found {
		to := &r.sums[row]
		to.records++
		place := places[k]
		if v := packets[place]; v != flowlog.Absent {
			before := to.sums[0]
			to.sums[0] = before + v
			beyond |= (before ^ to.sums[0]) & (v ^ to.sums[0])
		} else {
			to.lacks[0]++
		}
		if v := bytes[place]; v != flowlog.Absent {
			before := to.sums[1]
			to.sums[1] = before + v
			beyond |= (before ^ to.sums[1]) & (v ^ to.sums[1])
		} else {
			to.lacks[1]++
		}
	}
	r.beyond |= beyond
}

// rolled returns the rows, to which no records can be added any more.
func (r *rollupSums) rolled() *rolled {
	n := len(r.sums)
	out := &rolled{keys: radix.Sort(slices.Clone(r.rows.keys), make([]uint64, n), 0, r.used), records: make([]int64, n)}
	for k := range summed {
		out.sums[k], out.has[k] = make([]int64, n), make([]bool, n)
	}
	for i, key := range out.keys {
		from := &r.sums[r.rows.row(key)]
		out.records[i] = int64(from.records)
		for k, sum := range from.sums {
			out.sums[k][i], out.has[k][i] = sum, from.lacks[k] < from.records
		}
	}
	r.rows.free()
	sumRooms.put(r.sums)
	r.sums = nil
	return out
}

// read reads the numbers of records from one place up to another.
func (c *numbers) read(to []int64, words [][]uint64, from, end int) {
	if c.constant() {
		for i := range to[:end-from] {
			to[i] = c.value(1)
		}
		return
	}
	shift, mask := c.shift&63, c.mask
	for i, word := range words[c.word][from:end] {
		to[i] = flowlog.Absent
		if code := uint32(word >> shift & mask); code != 0 {
			to[i] = c.value(code)
		}
	}
}

// choose returns the places of those records of a block that have a flagged code.
func (s *sums) choose(by []flagged, words [][]uint64, from, to int) []uint32 {
	flags := s.flags[:to-from]
	clear(flags)
	for _, f := range by {
		if f.codes.constant() {
			for i := range flags {
				flags[i] |= f.flags[1]
			}
			continue
		}
		shift, mask := f.codes.shift&63, f.codes.mask
		for i, word := range words[f.codes.word][from:to] {
			flags[i] |= f.flags[word>>shift&mask]
		}
	}
	n := 0
	for i, flag := range flags { // no branch: half of the records are chosen
		s.some[n] = uint32(i)
		n += int(flag)
	}
	return s.some[:n]
}

// chooses returns which records a rollup holds; nil: all.
func (c *columns) chooses(r *rollup.Rollup) []flagged {
	if !r.Some {
		return nil
	}
	out := []flagged{}
	if action := c.texts[flowlog.Action]; action != nil {
		flags := make([]uint8, len(action.dict)+1)
		if at := slices.Index(action.dict, rollup.Refused); at >= 0 {
			flags[at+1] = 1
		}
		out = append(out, flagged{&action.codes, flags})
	}
	if port := c.nums[flowlog.DstPort]; port != nil {
		flags := make([]uint8, port.top+1)
		for code := uint32(1); code <= port.top; code++ {
			if rollup.WellKnown(port.value(code)) {
				flags[code] = 1
			}
		}
		out = append(out, flagged{&port.codes, flags})
	}
	return out
}

// times are when records count, in units from the first on: at start, or at weir-hour
// where they have none.
type times struct {
	first       int64    // in units since the epoch
	width       uint     // bits of the last
	start, hour *numbers // nil: no record has it
	starts      []uint64 // by code
	hours       []uint64 // nil: all records have start
}

// noTime is the time of code 0.
const noTime = math.MaxUint64

// times returns the times in a unit. It reports false where there are none.
func (c *columns) times(unit int64) (times, bool) {
	t := times{start: c.nums[flowlog.Start], hour: c.nums[flowlog.WeirHour]}
	starts := t.start.units(unit)
	var hours []int64
	if t.start == nil || t.start.gaps() {
		hours = t.hour.units(unit)
	}
	all := slices.Concat(starts, hours)
	if len(all) == 0 {
		return t, false
	}
	t.first = slices.Min(all)
	t.width = uint(bits.Len64(uint64(slices.Max(all) - t.first)))
	t.starts, t.hours = t.since(starts), t.since(hours)
	return t, true
}

// units returns the numbers from code 1 on, rounded down to units.
func (c *numbers) units(unit int64) []int64 {
	if c == nil {
		return nil
	}
	out := make([]int64, c.top)
	for i := range out {
		out[i] = floorDiv(c.value(uint32(i+1)), unit)
	}
	return out
}

// since returns times by code, as units from the first on.
func (t *times) since(times []int64) []uint64 {
	if times == nil {
		return nil
	}
	out := []uint64{noTime}
	for _, at := range times {
		out = append(out, uint64(at-t.first))
	}
	return out
}

// gaps reports whether a record has code 0.
func (c *codes) gaps() bool {
	return slices.ContainsFunc(c.words, func(word uint64) bool { return word>>c.shift&c.mask == 0 })
}

// read sets keys to the times of records from one place up to another. It reports
// false where one has none.
func (t *times) read(keys []uint64, words [][]uint64, from, to int) bool {
	switch {
	case t.start == nil:
		for i := range keys {
			keys[i] = noTime
		}
	case t.start.constant():
		for i := range keys {
			keys[i] = t.starts[1]
		}
	default:
		shift, mask := t.start.shift&63, t.start.mask
		for i, word := range words[t.start.word][from:to] {
			keys[i] = t.starts[word>>shift&mask]
		}
	}
	if t.start != nil && t.hours == nil {
		return true
	}
	whole := true
	for i, key := range keys {
		if key == noTime && t.hours != nil {
			key = t.hours[t.hour.in(words, from+i)]
			keys[i] = key
		}
		whole = whole && key != noTime
	}
	return whole
}

// packing is how codes of columns lie in a key: the first field in the highest bits,
// the time in the lowest.
type packing struct {
	fields []packed
	used   uint // bits of a key
}

type packed struct {
	field flowlog.FieldID
	codes *codes // nil: no record has the field
	shift uint
	mask  uint64
}

// pack returns the packing of a rollup's keys. It reports false where they do not fit
// into 64 bits: such records are summed up by the query.
func (c *columns) pack(r *rollup.Rollup, t *times) (packing, bool) {
	p := packing{used: t.width}
	for _, f := range slices.Backward(r.Keys) {
		k, top := packed{field: f}, uint32(0)
		if text := c.texts[f]; text != nil {
			k.codes, top = &text.codes, uint32(len(text.dict))
		} else if nums := c.nums[f]; nums != nil {
			k.codes, top = &nums.codes, nums.top
		}
		if k.codes != nil && k.codes.constant() {
			top = 0 // code 1 for all
		}
		width := uint(bits.Len32(top))
		k.shift, k.mask = p.used, 1<<width-1
		p.used += width
		p.fields = append(p.fields, k)
	}
	return p, p.used <= 64
}

// in returns the code of a record whose codes lie in words.
func (c *codes) in(words [][]uint64, at int) uint64 {
	if c.constant() {
		return 1
	}
	return words[c.word][at] >> c.shift & c.mask
}

// read adds the codes of records from one place up to another to keys.
func (p *packing) read(keys []uint64, words [][]uint64, from, to int) {
	for _, k := range p.fields {
		if k.mask == 0 {
			continue
		}
		right, left, mask := k.codes.shift&63, k.shift&63, k.codes.mask
		for i, word := range words[k.codes.word][from:to] {
			keys[i] |= (word >> right & mask) << left
		}
	}
}

// keyRows tells the rows of keys.
type keyRows struct {
	keys   []uint64 // by row
	direct []uint32 // by key, the row and 1; nil: there are too many keys
	slots  []slot   // a hash table: the place is the upper bits of a hash
	shift  uint
}

// slot holds a key and its row and 1; 0 = free.
type slot struct {
	key uint64
	row uint32
}

// directTables are tables that are free, all 0, by the bits of a key: making one takes as
// long as looking a record up for each 50 bytes of it.
var directTables [32]sync.Pool

// free gives the table back. The rows can't be asked any more.
func (x *keyRows) free() {
	if x.direct == nil {
		return
	}
	for _, key := range x.keys {
		x.direct[key] = 0
	}
	directTables[bits.Len(uint(len(x.direct)-1))].Put(&x.direct)
}

// directKeys is how many keys there may be for each record where rows are found without
// a hash table, which is twice as fast.
const directKeys = 8

// newKeyRows returns the rows of no keys yet, which will have so many bits, for a number
// of records.
func newKeyRows(width uint, records int) keyRows {
	if width < 32 && 1<<width <= directKeys*records {
		direct, _ := directTables[width].Get().(*[]uint32)
		if direct == nil {
			direct = new(make([]uint32, 1<<width))
		}
		return keyRows{direct: *direct}
	}
	const first = 12
	return keyRows{slots: make([]slot, 1<<first), shift: 64 - first}
}

// find finds the rows of the keys at places, which may be new.
func (x *keyRows) find(found []uint32, keys []uint64, places []uint32) {
	if x.direct == nil {
		for k, place := range places {
			found[k] = x.row(keys[place])
		}
		return
	}
	for k, place := range places {
		row := &x.direct[keys[place]]
		if *row == 0 {
			x.keys = append(x.keys, keys[place])
			*row = uint32(len(x.keys))
		}
		found[k] = *row - 1
	}
}

// row returns the row of a key, which may be new where there is a hash table.
func (x *keyRows) row(key uint64) uint32 {
	if x.direct != nil {
		return x.direct[key] - 1
	}
	mask := uint64(len(x.slots) - 1)
	at := spread(key) >> x.shift
	for ; ; at = (at + 1) & mask {
		s := &x.slots[at&mask]
		if s.row == 0 {
			break
		}
		if s.key == key {
			return s.row - 1
		}
	}
	x.keys = append(x.keys, key)
	x.slots[at] = slot{key, uint32(len(x.keys))}
	if 2*len(x.keys) > len(x.slots) {
		x.grow()
	}
	return uint32(len(x.keys) - 1)
}

// spread spreads the bits of a key, which is dense, into the upper ones.
func spread(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 }

func (x *keyRows) grow() {
	x.slots, x.shift = make([]slot, 4*len(x.slots)), x.shift-2
	mask := uint64(len(x.slots) - 1)
	for row, key := range x.keys {
		at := spread(key) >> x.shift
		for x.slots[at].row != 0 {
			at = (at + 1) & mask
		}
		x.slots[at] = slot{key, uint32(row + 1)}
	}
}
