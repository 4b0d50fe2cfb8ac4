package flowlog

import (
	"errors"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// cursor reads one column of a row group in order.
type cursor struct {
	col   *parquetColumn
	exact bool
	words bool // words of pandas stand for "not there"
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
	if v.Kind() == parquet.ByteArray && !c.col.isBytes() {
		b := v.ByteArray()
		if len(b) == 0 || c.words && isNothing(b) {
			return 0, "", nil
		}
		code, err := text.intern(c.col.field, b)
		if err != nil {
			return 0, string(b), err
		}
		return code, "", nil
	}
	s := c.col.text(v)
	if f := c.col.field; f != nil && s != "" {
		if f.Unit == fields[AccountID].Unit {
			id, err := accountID(s)
			if err != nil {
				return 0, s, err
			}
			s = id
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
