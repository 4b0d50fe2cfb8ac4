package flowlog

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"iter"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Absent marks a number that a record does not have.
const Absent int64 = math.MinInt64

// A Batch holds records of one kind as columns. The zero value is not usable;
// make one with [NewBatch]. A Batch is not safe for use while it is written.
type Batch struct {
	// EventTime holds, one for each record, the time of the log event that
	// carried the record (CloudWatch Logs), in seconds since the epoch, or
	// Absent. It is nil where no record has one.
	EventTime []int64

	kind    Kind
	n       int
	nums    [NumFields][]int64
	texts   [NumFields]*TextColumn
	unknown []UnknownColumn
	lent    lent
	filled  [NumFields]bool // numbers that are shared
}

// TextColumn is a dictionary-coded column of text. Code 0 is "absent"; code c
// stands for Dict[c]. Dict[0] is always "". Values of Dict are distinct.
type TextColumn struct {
	Codes []uint32
	Dict  []string

	table []uint64 // open addressing over Dict: a hash's upper half and a code; 0 = free; nil for few texts
	shift uint     // of a hash: its upper bits tell the place in table
	last  uint32   // the code that the last line had
	room  []byte   // where the next text of Dict is kept

	filled bool // Codes are shared
}

// UnknownColumn is a column of a field that the table does not know.
type UnknownColumn struct {
	// Name is the field's name in AWS's spelling: lower case, hyphens.
	Name string
	Text *TextColumn
}

// NewBatch returns an empty batch for records of kind k.
func NewBatch(k Kind) *Batch {
	if k != KindVPC && k != KindTGW {
		panic(fmt.Sprintf("flowlog: no kind %d", k))
	}
	return &Batch{kind: k}
}

// Release gives the memory of the columns that a decoder made back for later batches.
// Nothing of the batch may be used after that; texts of its dictionaries may. A batch need
// not be released; one that no decoder made stays as it is.
func (b *Batch) Release() {
	if lent := b.lent; len(lent.nums)+len(lent.codes) > 0 {
		*b = Batch{kind: b.kind}
		lent.release()
	}
}

// Kind returns the kind of the batch's records.
func (b *Batch) Kind() Kind { return b.kind }

// Len returns the number of records.
func (b *Batch) Len() int { return b.n }

// Nums returns the column of a numeric field: one number for each record, or
// Absent. It returns nil where no record has the field, and may be shorter than
// the batch, where the records after its end lack the field. The slice belongs
// to the batch.
func (b *Batch) Nums(f FieldID) []int64 { return b.nums[f] }

// Texts returns the column of a text field, or nil where no record has the
// field. Its Codes may be shorter than the batch, as with [Batch.Nums]. The
// column belongs to the batch.
func (b *Batch) Texts(f FieldID) *TextColumn { return b.texts[f] }

// Unknown returns the columns of fields that the table does not know, in the
// order in which they were first seen. They belong to the batch.
func (b *Batch) Unknown() []UnknownColumn { return b.unknown }

// Records yields the records in order.
func (b *Batch) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for i := range b.n {
			if !yield(Record{b, i}) {
				return
			}
		}
	}
}

// At returns record i. It panics where there is none.
func (b *Batch) At(i int) Record {
	if i < 0 || i >= b.n {
		panic(fmt.Sprintf("flowlog: record %d of %d", i, b.n))
	}
	return Record{b, i}
}

// Append adds a record in which every field is absent, and returns it for
// setting.
func (b *Batch) Append() Record {
	b.n++
	return Record{b, b.n - 1}
}

// FillText sets a text field of all records to one value, or to absent where
// the value is "". Only [Record] may change the column after that.
func (b *Batch) FillText(f FieldID, value string) {
	if value == "" {
		b.texts[f] = nil
		return
	}
	b.texts[f] = &TextColumn{Dict: []string{"", value}, Codes: onesOf(b.n), filled: true}
}

// ones are codes that all filled columns share.
var ones atomic.Pointer[[]uint32]

// onesOf returns n times code 1, which must not be written to.
func onesOf(n int) []uint32 {
	shared := ones.Load()
	if shared == nil || len(*shared) < n {
		more := slices.Repeat([]uint32{1}, max(n, defaultBatchRecords))
		shared = &more
		ones.Store(shared)
	}
	return (*shared)[:n:n]
}

// Filled reports whether the column was filled with one text by [Batch.FillText]
// and is so still, so that its codes are those of others too, and all are 1.
func (c *TextColumn) Filled() bool { return c.filled }

// FillNum sets a numeric field of all records to one number, or to absent where it is
// [Absent]. Only [Record] may change the column after that.
func (b *Batch) FillNum(f FieldID, v int64) {
	b.SetNums(f, nil)
	if v != Absent {
		b.SetNums(f, fillsOf(f, v, b.n))
		b.filled[f] = true
	}
}

// FilledNum returns the number that the field was filled with by [Batch.FillNum]. It
// reports false where it was not, or is no longer so.
func (b *Batch) FilledNum(f FieldID) (int64, bool) {
	if !b.filled[f] || len(b.nums[f]) == 0 || len(b.nums[f]) < b.n {
		return 0, false
	}
	return b.nums[f][0], true
}

// fills are the numbers that columns of a field were last filled with, which they share.
var fills [NumFields]atomic.Pointer[[]int64]

// fillsOf returns n times a number, which must not be written to.
func fillsOf(f FieldID, v int64, n int) []int64 {
	shared := fills[f].Load()
	if shared == nil || len(*shared) < n || n > 0 && (*shared)[0] != v {
		more := slices.Repeat([]int64{v}, n+n/2) // the next object may be larger
		shared = &more
		fills[f].Store(shared)
	}
	return (*shared)[:n:n]
}

// SetNums replaces the column of a numeric field; nil removes it. The batch keeps
// the slice, which holds one number for each record.
func (b *Batch) SetNums(f FieldID, nums []int64) {
	if nums != nil && len(nums) != b.n {
		panic(fmt.Sprintf("flowlog: %d numbers for %d records", len(nums), b.n))
	}
	b.nums[f], b.filled[f] = nums, false
}

// SetTexts replaces the column of a text field, as [Batch.SetNums]; nil removes
// the column.
func (b *Batch) SetTexts(f FieldID, c *TextColumn) {
	if c != nil && len(c.Codes) != b.n {
		panic(fmt.Sprintf("flowlog: %d values for %d records", len(c.Codes), b.n))
	}
	b.texts[f] = c
}

// AppendFrom adds a copy of record r, which must be of the same kind.
func (b *Batch) AppendFrom(r Record) {
	if r.b.kind != b.kind {
		panic("flowlog: record of another kind")
	}
	to := b.Append()
	for _, id := range order[b.kind] {
		switch f := &fields[id]; {
		case f.Type == Map:
		case f.Numeric():
			if v, ok := r.Int(id); ok {
				to.setNum(id, v)
			}
		default:
			if v, ok := r.text(id); ok {
				to.setText(id, v)
			}
		}
	}
	for name, v := range r.Unknown() {
		c := b.unknownColumn(name)
		c.set(to.i, c.Code(v))
	}
	if et := r.EventTime(); et != Absent {
		to.setEventTime(et)
	}
}

// unknownColumn returns the column of an unknown field, which is made if need
// be.
func (b *Batch) unknownColumn(name string) *TextColumn {
	for _, u := range b.unknown {
		if u.Name == name {
			return u.Text
		}
	}
	c := &TextColumn{}
	b.unknown = append(b.unknown, UnknownColumn{name, c})
	return c
}

// At returns the code of record i, 0 where the column ends before it.
func (c *TextColumn) At(i int) uint32 {
	if c == nil || i >= len(c.Codes) {
		return 0
	}
	return c.Codes[i]
}

// intern returns the code of the text b, which is "-" where the record does not
// have the field. A text that is not in the dictionary yet is checked first.
func (c *TextColumn) intern(f *Field, b []byte) (uint32, error) {
	if len(b) == 1 && b[0] == '-' {
		return 0, nil
	}
	// Most columns repeat themselves.
	if c.last != 0 && string(b) == c.Dict[c.last] {
		return c.last, nil
	}
	code, err := c.internNew(f, b)
	c.last = code
	return code, err
}

// internNew returns the code of a text that is not the one before it.
func (c *TextColumn) internNew(f *Field, b []byte) (uint32, error) {
	// find keeps nothing of the text, so that it may see b in place.
	view := unsafe.String(&b[0], len(b))
	code, h := c.find(view)
	if code != 0 {
		return code, nil
	}
	s := view
	var err error
	if f == nil {
		err = checkUnknown(s)
	} else {
		s, err = f.checkText(s)
	}
	if err != nil {
		return 0, err
	}
	if s != view {
		return c.Code(s), nil
	}
	return c.add(h, c.keep(b)), nil
}

// keep copies a text. Texts lie side by side: an object has thousands of addresses,
// and finding them again costs more than anything else of a record.
func (c *TextColumn) keep(b []byte) string {
	if cap(c.room)-len(c.room) < len(b) {
		c.room = make([]byte, 0, max(len(b), min(64<<10, max(64, 2*cap(c.room)))))
	}
	at := len(c.room)
	c.room = append(c.room, b...)
	return unsafe.String(&c.room[at], len(b))
}

// Code returns the code of a value, which is added to the dictionary if need
// be. The empty text has code 0.
func (c *TextColumn) Code(value string) uint32 {
	if value == "" {
		return 0
	}
	code, h := c.find(value)
	if code == 0 {
		code = c.add(h, value)
	}
	return code
}

// fewTexts is how many texts a dictionary may have without a hash table: looking
// at each is as fast then, and most columns of most objects have no more.
const fewTexts = 8

// find returns the code of value, or 0, and its hash, where there is a table.
func (c *TextColumn) find(value string) (code uint32, h uint64) {
	if c.table == nil {
		if len(c.Dict) <= fewTexts+1 {
			return uint32(max(0, slices.Index(c.Dict, value))), 0
		}
		c.grow() // the dictionary came with the column
	}
	h = hashText(value)
	mask := uint64(len(c.table) - 1)
	for i := h >> c.shift; ; i = (i + 1) & mask {
		entry := c.table[i]
		if entry == 0 || entry>>32 == h>>32 && c.Dict[uint32(entry)] == value {
			return uint32(entry), h
		}
	}
}

// add puts a value that is not there yet into the dictionary. h is what find gave.
func (c *TextColumn) add(h uint64, value string) uint32 {
	if len(c.Dict) == 0 {
		c.Dict = append(slices.Grow(c.Dict, 4), "")
	}
	code := uint32(len(c.Dict))
	c.Dict = append(c.Dict, value)
	switch {
	case c.table == nil && len(c.Dict) <= fewTexts+1:
	case c.table == nil:
		c.grow()
	default:
		c.place(h>>32<<32 | uint64(code))
		if 2*len(c.Dict) >= len(c.table) {
			c.grow()
		}
	}
	return code
}

// place puts an entry into the hash table, which has room.
func (c *TextColumn) place(entry uint64) {
	mask := uint64(len(c.table) - 1)
	i := entry >> c.shift
	for c.table[i] != 0 {
		i = (i + 1) & mask
	}
	c.table[i] = entry
}

// grow makes the hash table four times as large, at least 64 places, or makes one of
// the dictionary.
func (c *TextColumn) grow() {
	size := max(64, 4*len(c.table))
	for size <= 2*len(c.Dict) {
		size *= 4
	}
	old := c.table
	c.table, c.shift = newTable(size), uint(64-bits.TrailingZeros(uint(size)))
	if old == nil {
		for code := 1; code < len(c.Dict); code++ {
			c.place(hashText(c.Dict[code])>>32<<32 | uint64(code))
		}
		return
	}
	for _, entry := range old {
		if entry != 0 {
			c.place(entry)
		}
	}
	freeTable(old)
}

// Settle lets go of what is only needed while many texts come. It is made anew where
// another one does.
func (c *TextColumn) Settle() {
	if c.table != nil {
		freeTable(c.table)
		c.table = nil
	}
}

// tables are hash tables to be used again, by the bits of their size: those of one
// object's addresses are as large as their codes.
var tables [64]sync.Pool

// newTable returns a table of a size, which is a power of two.
func newTable(size int) []uint64 {
	if t, _ := tables[bits.Len(uint(size))].Get().(*[]uint64); t != nil {
		clear(*t)
		return *t
	}
	return make([]uint64, size)
}

func freeTable(t []uint64) { tables[bits.Len(uint(len(t)))].Put(&t) }

// A Record is one record of a batch: a view, cheap to copy, valid as long as
// the batch is.
type Record struct {
	b *Batch
	i int
}

// Kind returns the kind of the record.
func (r Record) Kind() Kind { return r.b.kind }

// Has reports whether the record has the field.
func (r Record) Has(f FieldID) bool {
	if fields[f].Numeric() {
		_, ok := r.Int(f)
		return ok
	}
	if fields[f].Type == Map {
		for range r.Unknown() {
			return true
		}
		return false
	}
	return r.b.texts[f].At(r.i) != 0
}

// Int returns the number of a numeric field, and whether it is there. For a
// field of text it reports false.
func (r Record) Int(f FieldID) (int64, bool) {
	nums := r.b.nums[f]
	if r.i >= len(nums) || nums[r.i] == Absent {
		return 0, false
	}
	return nums[r.i], true
}

// Text returns a field as AWS writes it in text, and whether it is there. It
// serves numeric fields too.
func (r Record) Text(f FieldID) (string, bool) {
	if fields[f].Numeric() {
		n, ok := r.Int(f)
		if !ok {
			return "", false
		}
		return strconv.FormatInt(n, 10), true
	}
	return r.text(f)
}

// text returns a field of text.
func (r Record) text(f FieldID) (string, bool) {
	c := r.b.texts[f]
	code := c.At(r.i)
	if code == 0 {
		return "", false
	}
	return c.Dict[code], true
}

// Addr returns a field that holds an address, and whether it is there.
func (r Record) Addr(f FieldID) (netip.Addr, bool) {
	s, ok := r.text(f)
	if !ok {
		return netip.Addr{}, false
	}
	return ParseAddr(s)
}

// EventTime returns the time of the log event that carried the record, in
// seconds since the epoch, or Absent.
func (r Record) EventTime() int64 {
	if r.i >= len(r.b.EventTime) {
		return Absent
	}
	return r.b.EventTime[r.i]
}

// Unknown yields the record's fields that the table does not know, by name.
func (r Record) Unknown() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, u := range r.b.unknown {
			if code := u.Text.At(r.i); code != 0 {
				if !yield(u.Name, u.Text.Dict[code]) {
					return
				}
			}
		}
	}
}

// SetInt sets a numeric field. It fails where the number is out of the field's
// range or the field holds no numbers.
func (r Record) SetInt(f FieldID, v int64) error {
	fd := &fields[f]
	if !fd.Numeric() {
		return fmt.Errorf("flowlog: field %s holds no numbers", fd.Name)
	}
	if v != Absent && (v < fd.Min || v > fd.Max) {
		return fmt.Errorf("flowlog: %d is out of the range of %s (%d to %d)", v, fd.Name, fd.Min, fd.Max)
	}
	r.setNum(f, v)
	return nil
}

// SetText sets a field from its text form, numeric fields included; "" and "-"
// make it absent. It fails where the text is no value of the field.
func (r Record) SetText(f FieldID, s string) error {
	fd := &fields[f]
	if fd.Type == Map {
		return fmt.Errorf("flowlog: field %s holds no text", fd.Name)
	}
	if err := r.parseText(fd, s); err != nil {
		return fmt.Errorf("flowlog: %s: %w", fd.Name, err)
	}
	return nil
}

// parseText sets a field from its text form. The error does not name the field.
func (r Record) parseText(f *Field, s string) error {
	if s == "-" {
		s = ""
	}
	if !f.Numeric() {
		canonical, err := f.checkText(s)
		if err != nil {
			return err
		}
		r.setText(f.ID, canonical)
		return nil
	}
	v := Absent
	if s != "" {
		var err error
		if v, err = f.parseNum([]byte(s)); err != nil {
			return err
		}
	}
	r.setNum(f.ID, v)
	return nil
}

// SetAddr sets a field that holds an address.
func (r Record) SetAddr(f FieldID, a netip.Addr) error { return r.SetText(f, a.String()) }

// SetUnknown sets a field that the table does not know; "" and "-" make it
// absent. The name is taken in any spelling and kept in AWS's. It fails where the
// table knows the name, or where the value is not UTF-8.
func (r Record) SetUnknown(name, value string) error {
	name = CanonicalName(name)
	if _, ok := byName[name]; ok {
		return fmt.Errorf("flowlog: %s is no unknown field", name)
	}
	if err := r.setUnknown(name, value); err != nil {
		return fmt.Errorf("flowlog: %s: %w", name, err)
	}
	return nil
}

// setUnknown sets an unknown field whose name is in AWS's spelling. The error
// does not name the field.
func (r Record) setUnknown(name, value string) error {
	if value == "-" {
		value = ""
	}
	if err := checkUnknown(value); err != nil {
		return err
	}
	c := r.b.unknownColumn(name)
	c.set(r.i, c.Code(value))
	return nil
}

func (r Record) setNum(f FieldID, v int64) {
	nums := r.b.nums[f]
	if r.b.filled[f] {
		nums, r.b.filled[f] = slices.Clone(nums), false
	}
	for len(nums) <= r.i {
		nums = append(nums, Absent)
	}
	nums[r.i] = v
	r.b.nums[f] = nums
}

func (r Record) setText(f FieldID, s string) {
	c := r.b.texts[f]
	if c == nil {
		if s == "" {
			return
		}
		c = &TextColumn{}
		r.b.texts[f] = c
	}
	c.set(r.i, c.Code(s))
}

// set puts a code at record i; records between the column's end and i have
// none.
func (c *TextColumn) set(i int, code uint32) {
	if c.filled {
		c.Codes, c.filled = slices.Clone(c.Codes), false
	}
	for len(c.Codes) <= i {
		c.Codes = append(c.Codes, 0)
	}
	c.Codes[i] = code
}

func (r Record) setEventTime(t int64) {
	for len(r.b.EventTime) <= r.i {
		r.b.EventTime = append(r.b.EventTime, Absent)
	}
	r.b.EventTime[r.i] = t
}

// hashSeed and hashKeys seed the dictionaries' hash: anew in each process, so that no
// log can be made to collide.
var (
	hashSeed = maphash.MakeSeed()
	hashKeys = [3]uint64{maphash.String(hashSeed, "0"), maphash.String(hashSeed, "1"), maphash.String(hashSeed, "2")}
)

// hashText is a hash in the way of wyhash for texts as short as addresses and names
// of interfaces, which maphash takes three times as long for.
func hashText(s string) uint64 {
	n := len(s)
	b := unsafe.Slice(unsafe.StringData(s), n)
	var x, y uint64
	switch {
	case n > 48:
		return maphash.String(hashSeed, s)
	case n > 16:
		x = fold(binary.LittleEndian.Uint64(b)^hashKeys[0], binary.LittleEndian.Uint64(b[8:])^hashKeys[1])
		if n > 32 { // IPv6, not shortened
			x = fold(x^binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])^hashKeys[1])
		}
		x, y = x^binary.LittleEndian.Uint64(b[n-16:]), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		x, y = uint64(b[0])<<8|uint64(b[n-1]), uint64(b[n/2])
	}
	return fold(fold(x^hashKeys[0], y^hashKeys[1])^uint64(n), hashKeys[2])
}

// fold multiplies and mixes both halves of the product.
func fold(x, y uint64) uint64 {
	high, low := bits.Mul64(x, y)
	return high ^ low
}
