package flowlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// parquetSource reads Parquet as AWS writes it, as weir's lake holds it, and as
// other writers do: numbers as text or floats, "-" or nothing for what is not
// there.
type parquetSource struct {
	d       *Decoder
	kind    Kind
	groups  []parquet.RowGroup
	columns []parquetColumn // flat columns
	unknown []int           // leaf indexes of weir_unknown's keys and values, or nil
	group   *openGroup
	row     int // rows before the current row group's current place
}

// parquetColumn is a leaf column of the file that holds a field.
type parquetColumn struct {
	index int
	field *Field // nil for an unknown field
	name  string // AWS's spelling
	// perSecond is the unit of a timestamp column; 0 where the column is none.
	perSecond int64
}

// openParquet opens Parquet in place where r allows it, else from memory. in
// holds r's data from its beginning.
func (d *Decoder) openParquet(r io.Reader, in io.Reader) error {
	at, size, err := randomAccess(r)
	if err != nil {
		return err
	}
	if at == nil {
		data, err := io.ReadAll(io.LimitReader(in, d.opts.MaxMemory+1))
		if err != nil {
			return d.broken(err)
		}
		if int64(len(data)) > d.opts.MaxMemory {
			return fmt.Errorf("%w: Parquet of over %d MiB from a stream; give it as a file", ErrTooLarge, d.opts.MaxMemory>>20)
		}
		at, size = bytes.NewReader(data), int64(len(data))
	}
	f, err := openParquetFile(at, size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	d.stats.Container = ContainerParquet
	s := &parquetSource{d: d, groups: f.RowGroups()}
	if err := s.schema(f); err != nil {
		return err
	}
	d.src = s
	return nil
}

// openParquetFile opens a file; the library panics on some damaged ones.
func openParquetFile(at io.ReaderAt, size int64) (f *parquet.File, err error) {
	defer recoverParquet(&err)
	return parquet.OpenFile(at, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
}

// recoverParquet turns a panic of the Parquet library into an error.
func recoverParquet(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("parquet: %v", r)
	}
}

// randomAccess returns r's content for reading at any place, or nil.
func randomAccess(r io.Reader) (io.ReaderAt, int64, error) {
	switch r := r.(type) {
	case *os.File:
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return nil, 0, err
		}
		return r, info.Size(), nil
	case interface {
		io.ReaderAt
		Size() int64
	}:
		return r, r.Size(), nil
	}
	return nil, 0, nil
}

// schema finds the fields among the file's columns.
func (s *parquetSource) schema(f *parquet.File) error {
	var names []string
	for _, c := range f.Root().Columns() {
		fd, known := Lookup(c.Name())
		if known && fd.Type == Map {
			leaves, err := mapLeaves(c)
			if err != nil {
				return err
			}
			s.unknown = leaves
			continue
		}
		if !c.Leaf() || c.Repeated() {
			return fmt.Errorf("%w: Parquet column %s is nested, where a flow log has flat columns", ErrNotFlowLog, c.Name())
		}
		pc := parquetColumn{index: c.Index(), field: fd, name: CanonicalName(c.Name())}
		if known {
			if err := pc.check(c); err != nil {
				return err
			}
		} else {
			s.d.unknown(pc.name)
		}
		s.columns = append(s.columns, pc)
		names = append(names, c.Name())
	}
	header := ""
	for _, n := range names {
		if isName(n) { // other writers' columns need not look like field names
			header += " " + n
		}
	}
	form, ok := ParseHeader(header)
	if !ok {
		return fmt.Errorf("%w: Parquet without columns of a flow log", ErrNotFlowLog)
	}
	s.kind = form.Kind()
	return nil
}

// mapLeaves returns the leaf indexes of a map's keys and values.
func mapLeaves(c *parquet.Column) ([]int, error) {
	var leaves []int
	var walk func(*parquet.Column)
	walk = func(c *parquet.Column) {
		if c.Leaf() {
			leaves = append(leaves, c.Index())
		}
		for _, child := range c.Columns() {
			walk(child)
		}
	}
	walk(c)
	if len(leaves) != 2 || c.Leaf() {
		return nil, fmt.Errorf("%w: Parquet column %s is no map of text", ErrNotFlowLog, c.Name())
	}
	return leaves, nil
}

// check refuses a column whose type can't hold the field, and finds the unit of
// a timestamp.
func (p *parquetColumn) check(c *parquet.Column) error {
	t := c.Type()
	refuse := func() error {
		return fmt.Errorf("%w: Parquet column %s has type %s, which can't hold %s", ErrNotFlowLog, c.Name(), t, p.field.Type)
	}
	if logical := t.LogicalType(); logical != nil {
		switch l := logical.Value.(type) {
		case *format.TimestampType:
			if !p.field.Epoch && p.field.Type != Timestamp || l.Unit.Value == nil {
				return refuse()
			}
			p.perSecond = int64(time.Second / l.Unit.Value.Duration())
			return nil
		case *format.DecimalType, *format.DateType, *format.TimeType, *format.UUIDType:
			return refuse()
		}
	}
	switch t.Kind() {
	case parquet.Boolean, parquet.Int96, parquet.FixedLenByteArray:
		return refuse()
	}
	if p.field.Type == Timestamp {
		return refuse()
	}
	return nil
}

// openGroup is a row group that is being read.
type openGroup struct {
	cursors []*cursor
	unknown *mapCursor
	left    int64
}

func (s *parquetSource) next() (b *Batch, err error) {
	defer recoverParquet(&err)
	for {
		if s.group == nil {
			if len(s.groups) == 0 {
				return nil, io.EOF
			}
			s.group = s.open(s.groups[0])
			s.groups = s.groups[1:]
		}
		if s.group.left == 0 {
			s.group.close()
			s.group = nil
			continue
		}
		b, err := s.read(int(min(s.group.left, int64(s.d.opts.BatchRecords))))
		if err != nil || b.n > 0 {
			return b, err
		}
	}
}

func (s *parquetSource) open(g parquet.RowGroup) *openGroup {
	o := &openGroup{left: g.NumRows()}
	chunks := g.ColumnChunks()
	for i := range s.columns {
		o.cursors = append(o.cursors, &cursor{col: &s.columns[i], pages: chunks[s.columns[i].index].Pages()})
	}
	if s.unknown != nil {
		o.unknown = newMapCursor(chunks[s.unknown[0]].Pages(), chunks[s.unknown[1]].Pages())
	}
	return o
}

func (o *openGroup) close() {
	for _, c := range o.cursors {
		c.pages.Close()
	}
	if o.unknown != nil {
		o.unknown.close()
	}
}

// read makes a batch of the next n rows; bad rows are counted and left out.
func (s *parquetSource) read(n int) (*Batch, error) {
	b := NewBatch(s.kind)
	b.n = n
	bad := map[int]*LineError{}
	for _, c := range s.group.cursors {
		if err := c.fill(b, n, bad); err != nil {
			return nil, fmt.Errorf("%w: Parquet column %s: %w", ErrCorrupt, c.col.name, err)
		}
	}
	if s.group.unknown != nil {
		if err := s.group.unknown.fill(b, n, s.d); err != nil {
			return nil, fmt.Errorf("%w: Parquet column %s: %w", ErrCorrupt, fields[WeirUnknown].Column, err)
		}
	}
	s.group.left -= int64(n)
	b.clearPlaceholders()
	if len(bad) > 0 {
		kept := NewBatch(s.kind)
		for i := range n {
			if e := bad[i]; e != nil {
				e.Line = s.row + i + 1
				s.d.bad(e, []byte(e.Text))
				continue
			}
			kept.AppendFrom(b.At(i))
		}
		b = kept
	}
	s.row += n
	return b, nil
}

// clearPlaceholders makes absent what stands in traffic fields of NODATA and
// SKIPDATA records: AWS's Parquet was seen with NULL, 0 and -1 there.
func (b *Batch) clearPlaceholders() {
	status := b.texts[LogStatus]
	if status == nil {
		return
	}
	for i := range b.n {
		if code := status.At(i); code == 0 || status.Dict[code] == "OK" {
			continue
		}
		for id := range fields {
			if nums := b.nums[id]; fields[id].Traffic && i < len(nums) && nums[i] == 0 {
				nums[i] = Absent
			}
		}
	}
}

// cursor reads one column of a row group in order.
type cursor struct {
	col   *parquetColumn
	pages parquet.Pages
	page  parquet.Page
	defs  []byte // definition levels of page, nil where all values are there
	next  int    // next row of the page
	value int    // next value of the page

	dict     parquet.Dictionary
	codes    []uint32 // code in codesOf of each dictionary value; noCode: not yet known
	codesOf  *TextColumn
	numbers  []int64 // the number of each dictionary value
	numFault []error
}

const noCode = math.MaxUint32

// fill appends n rows to the field's column of the batch. Rows that can't hold
// the field's values are put into bad.
func (c *cursor) fill(b *Batch, n int, bad map[int]*LineError) error {
	var nums []int64
	var text *TextColumn
	switch {
	case c.col.field == nil:
		text = b.unknownColumn(c.col.name)
	case c.col.field.Numeric():
		nums = make([]int64, 0, n)
	default:
		text = &TextColumn{}
	}
	if text != nil {
		text.Codes = make([]uint32, 0, n)
	}
	for done := 0; done < n; {
		if c.page == nil || c.next >= int(c.page.NumRows()) {
			if err := c.advance(); err != nil {
				return err
			}
		}
		k := min(n-done, int(c.page.NumRows())-c.next)
		fault := func(i int, v string, err error) {
			if bad[done+i] == nil {
				bad[done+i] = &LineError{Field: c.col.name, Text: v, Reason: err.Error()}
			}
		}
		if text != nil {
			c.readText(text, k, fault)
		} else {
			nums = c.readNums(nums, k, fault)
		}
		done += k
	}
	switch {
	case c.col.field == nil:
	case text != nil:
		if len(text.Dict) > 0 {
			b.texts[c.col.field.ID] = text
		}
	default:
		b.nums[c.col.field.ID] = nums
	}
	return nil
}

// advance reads the next page with rows.
func (c *cursor) advance() error {
	for {
		page, err := c.pages.ReadPage()
		if err == io.EOF {
			return errors.New("the column has fewer values than the row group has rows")
		}
		if err != nil {
			return err
		}
		if page.NumRows() == 0 {
			continue
		}
		c.page, c.next, c.value = page, 0, 0
		c.defs = page.DefinitionLevels()
		if d := page.Dictionary(); d != c.dict {
			c.dict, c.codesOf, c.numbers, c.numFault = d, nil, nil, nil
		}
		return nil
	}
}

// present tells for the page's next row whether it has a value, and at which
// place among the page's values.
func (c *cursor) present() (int, bool) {
	i := c.next
	c.next++
	if len(c.defs) > 0 && c.defs[i] == 0 {
		return 0, false
	}
	c.value++
	return c.value - 1, true
}

// readText appends k rows of the page as text.
func (c *cursor) readText(text *TextColumn, k int, fault func(int, string, error)) {
	code := c.textReader(text)
	for i := range k {
		at, ok := c.present()
		if !ok {
			text.Codes = append(text.Codes, 0)
			continue
		}
		v, s, err := code(at)
		if err != nil {
			fault(i, s, err)
		}
		text.Codes = append(text.Codes, v)
	}
}

// textReader returns what gives the code of the page's value at a place, in
// text's dictionary.
func (c *cursor) textReader(text *TextColumn) func(int) (uint32, string, error) {
	data := c.page.Data()
	if c.dict != nil {
		if c.codesOf != text {
			c.codes, c.codesOf = make([]uint32, c.dict.Len()), text
			for i := range c.codes {
				c.codes[i] = noCode
			}
		}
		indexes := data.Int32()
		return func(at int) (uint32, string, error) {
			i := indexes[at]
			if c.codes[i] != noCode {
				return c.codes[i], "", nil
			}
			code, s, err := c.intern(text, c.dict.Index(i))
			if err == nil {
				c.codes[i] = code
			}
			return code, s, err
		}
	}
	value := pageValues(c.page.Type().Kind(), data)
	return func(at int) (uint32, string, error) { return c.intern(text, value(at)) }
}

// intern returns the code of a value that stands in a text field.
func (c *cursor) intern(text *TextColumn, v parquet.Value) (uint32, string, error) {
	if b := v.ByteArray(); v.Kind() == parquet.ByteArray && len(b) > 0 {
		code, err := text.intern(c.col.field, b)
		if err != nil {
			return 0, string(b), err
		}
		return code, "", nil
	}
	s, err := valueText(v)
	if err != nil {
		return 0, s, err
	}
	if f := c.col.field; f != nil && s != "" {
		if f.Unit == fields[AccountID].Unit && len(s) < 12 {
			// A writer that took account ids for numbers lost their zeros.
			s = "000000000000"[len(s):] + s
		}
		if s, err = f.checkText(s); err != nil {
			return 0, s, err
		}
	}
	return text.Code(s), s, nil
}

// readNums appends k rows of the page as numbers.
func (c *cursor) readNums(nums []int64, k int, fault func(int, string, error)) []int64 {
	number := c.numReader()
	for i := range k {
		at, ok := c.present()
		if !ok {
			nums = append(nums, Absent)
			continue
		}
		v, s, err := number(at)
		if err != nil {
			fault(i, s, err)
			v = Absent
		}
		nums = append(nums, v)
	}
	return nums
}

// numReader returns what gives the number of the page's value at a place.
func (c *cursor) numReader() func(int) (int64, string, error) {
	data := c.page.Data()
	if c.dict != nil {
		if c.numbers == nil {
			c.numbers, c.numFault = make([]int64, c.dict.Len()), make([]error, c.dict.Len())
			for i := range c.numbers {
				c.numbers[i], _, c.numFault[i] = c.number(c.dict.Index(int32(i)))
			}
		}
		indexes := data.Int32()
		return func(at int) (int64, string, error) {
			i := indexes[at]
			return c.numbers[i], "", c.numFault[i]
		}
	}
	value := pageValues(c.page.Type().Kind(), data)
	return func(at int) (int64, string, error) { return c.number(value(at)) }
}

// number turns a value into a number of the field.
func (c *cursor) number(v parquet.Value) (int64, string, error) {
	f := c.col.field
	var n int64
	switch v.Kind() {
	case parquet.Int32:
		n = int64(v.Int32())
	case parquet.Int64:
		n = v.Int64()
	case parquet.Float, parquet.Double:
		x := v.Double()
		if v.Kind() == parquet.Float {
			x = float64(v.Float())
		}
		if math.IsNaN(x) {
			return Absent, "", nil
		}
		if x != math.Trunc(x) || math.Abs(x) > 1<<53 {
			return 0, v.String(), fmt.Errorf("%v is no whole number", x)
		}
		n = int64(x)
	default:
		s := v.ByteArray()
		switch string(s) {
		case "", "-", "None", "nan", "NaN", "null", "NULL":
			return Absent, "", nil // pandas and others write these for "not there"
		}
		if string(s) != "-1" {
			var err error
			if n, err = f.parseNum(s); err != nil {
				return 0, string(s), err
			}
			break
		}
		n = -1
	}
	if n == -1 || n == 0 && f.ZeroAbsent {
		return Absent, "", nil
	}
	if p := c.col.perSecond; p != 0 {
		return n / p, "", nil
	}
	n, err := f.checkNum(n)
	return n, v.String(), err
}

// pageValues returns what gives the value at a place of a page's data.
func pageValues(kind parquet.Kind, data encoding.Values) func(int) parquet.Value {
	switch kind {
	case parquet.Boolean:
		v := data.Boolean()
		return func(i int) parquet.Value { return parquet.BooleanValue(v[i/8]>>(i%8)&1 != 0) }
	case parquet.Int32:
		v := data.Int32()
		return func(i int) parquet.Value { return parquet.Int32Value(v[i]) }
	case parquet.Int64:
		v := data.Int64()
		return func(i int) parquet.Value { return parquet.Int64Value(v[i]) }
	case parquet.Float:
		v := data.Float()
		return func(i int) parquet.Value { return parquet.FloatValue(v[i]) }
	case parquet.Double:
		v := data.Double()
		return func(i int) parquet.Value { return parquet.DoubleValue(v[i]) }
	case parquet.ByteArray:
		v, offsets := data.ByteArray()
		return func(i int) parquet.Value { return parquet.ByteArrayValue(v[offsets[i]:offsets[i+1]]) }
	case parquet.FixedLenByteArray:
		v, size := data.FixedLenByteArray()
		return func(i int) parquet.Value { return parquet.FixedLenByteArrayValue(v[i*size : (i+1)*size]) }
	}
	panic(fmt.Sprintf("no values of type %s", kind))
}

// valueText returns a value as text.
func valueText(v parquet.Value) (string, error) {
	switch v.Kind() {
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10), nil
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10), nil
	case parquet.Float, parquet.Double:
		x := v.Double()
		if v.Kind() == parquet.Float {
			x = float64(v.Float())
		}
		if math.IsNaN(x) {
			return "", nil
		}
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean()), nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return string(v.ByteArray()), nil
	}
	return v.String(), fmt.Errorf("a value of type %s can't stand as text", v.Kind())
}
