package flowlog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"
)

// cursor reads one column of a row group in order.
type cursor struct {
	col   *parquetColumn
	exact bool
	pages parquet.Pages
	page  parquet.Page
	defs  []byte // definition levels of page, nil where all values are there
	next  int    // next row of the page
	value int    // next value of the page

	dict     parquet.Dictionary
	codes    []uint32 // code in codesOf of each dictionary value; noCode: not yet known
	codesOf  *TextColumn
	numbers  []int64 // the number of each dictionary value
	numFault []bool  // the value is no number of the field
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
	if v.Kind() == parquet.ByteArray {
		b := v.ByteArray()
		if len(b) == 0 {
			return 0, "", nil
		}
		code, err := text.intern(c.col.field, b)
		if err != nil {
			return 0, string(b), err
		}
		return code, "", nil
	}
	s := valueText(v)
	if f := c.col.field; f != nil && s != "" {
		if f.Unit == fields[AccountID].Unit && len(s) < 12 {
			// A writer that took account ids for numbers lost their zeros.
			s = "000000000000"[len(s):] + s
		}
		canonical, err := f.checkText(s)
		if err != nil {
			return 0, s, err
		}
		s = canonical
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
			c.numbers, c.numFault = make([]int64, c.dict.Len()), make([]bool, c.dict.Len())
			for i := range c.numbers {
				n, _, err := c.number(c.dict.Index(int32(i)))
				c.numbers[i], c.numFault[i] = n, err != nil
			}
		}
		indexes := data.Int32()
		return func(at int) (int64, string, error) {
			i := indexes[at]
			if c.numFault[i] {
				return c.number(c.dict.Index(i)) // once more, for its text
			}
			return c.numbers[i], "", nil
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
	if !c.exact && (n == -1 || n == 0 && f.ZeroAbsent) {
		return Absent, "", nil
	}
	if p := c.col.perSecond; p != 0 && n >= 0 {
		return n / p, "", f.checkRange(n / p)
	}
	n, err := f.checkNum(n)
	if err != nil {
		return 0, v.String(), err
	}
	return n, "", nil
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
	case parquet.Int96:
		v := data.Int96()
		return func(i int) parquet.Value { return parquet.Int96Value(v[i]) }
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

// valueText returns a value of a column that holds no text as text. NaN is what
// pandas writes for "not there".
func valueText(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	case parquet.Int96:
		return int96Time(v.Int96()).Format(time.RFC3339Nano)
	case parquet.Float, parquet.Double:
		x := v.Double()
		if v.Kind() == parquet.Float {
			x = float64(v.Float())
		}
		if math.IsNaN(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'f', -1, 64)
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	default: // digests, UUIDs: bytes of a fixed length
		return hex.EncodeToString(v.ByteArray())
	}
}

// int96Time returns the time that an INT96 stands for: nanoseconds of the day,
// then the Julian day (apache/parquet-format, deprecated INT96 timestamps).
func int96Time(v deprecated.Int96) time.Time {
	const epoch = 2440588 // the Julian day of 1970-01-01
	days := int64(v[2]) - epoch
	return time.Unix(days*24*60*60, v.Int64()).UTC()
}
