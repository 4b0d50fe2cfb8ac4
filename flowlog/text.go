package flowlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// lineParser parses text records of one format into a batch.
type lineParser struct {
	format Format
	batch  *Batch // nil before its first line
	cols   []lineColumn
	ends   []end
	expect int // records that a batch will probably have
	room   int // records that the columns have room for

	shared  bool // both kinds of records can have the format
	version int  // place of the version, or -1
}

// end is the places of an address and of its port in the line.
type end struct{ addr, port int }

// lineColumn is where the values of one place in the line go: to nums, or to
// text. They have room for the records that are expected; those behind the batch's
// last are anything.
type lineColumn struct {
	field    *Field // nil for an unknown field
	num      bool
	min, max int64 // numbers that are taken as they are
	nums     []int64
	text     *TextColumn
	recent   *recent // words of text; nil where few records come
	optional bool    // a number that may be absent in any record
	needed   bool    // a text that usual records have
	steady   *steady // a run of columns begins here that mostly have the values of the line before
	last     int64   // in such a run: the number or the code that its text stands for
}

// newLineParser returns a parser of records in a format.
func newLineParser(f Format) *lineParser {
	p := &lineParser{format: f, shared: f.Shared(), version: f.index(Version)}
	for _, ids := range [][2]FieldID{{SrcAddr, SrcPort}, {DstAddr, DstPort}} {
		if a, b := f.index(ids[0]), f.index(ids[1]); a >= 0 && b >= 0 {
			p.ends = append(p.ends, end{a, b})
		}
	}
	return p
}

// begin begins a batch, with room for the records that are expected.
func (p *lineParser) begin() {
	p.batch, p.room = NewBatch(p.format.kind), max(p.expect, 1)
	if p.cols == nil {
		p.cols = make([]lineColumn, p.format.Len())
	}
	for i := range p.cols {
		c := &p.cols[i]
		f, ok := p.format.Field(i)
		switch {
		case !ok:
			*c = lineColumn{text: p.batch.unknownColumn(p.format.names[i])}
		case f.Numeric():
			*c = lineColumn{field: f, num: true, min: f.Min, max: f.Max, nums: p.batch.lent.newNums(p.room)}
			if f.Epoch {
				c.max = min(f.Max, millisecondsFrom-1)
			}
			c.optional = !f.Epoch && f.ID != Version // these always stand there in what AWS delivers
			continue
		default:
			*c = lineColumn{field: f, text: &TextColumn{}}
			p.batch.texts[f.ID] = c.text
		}
		c.text.Codes = p.batch.lent.newCodes(p.room)
		if p.expect > laterRoom {
			c.recent = newRecent()
			c.text.Dict = c.recent.dict
		}
	}
	for _, e := range p.ends {
		p.cols[e.addr].needed = true
	}
	p.findSteady()
}

// take returns the batch so far, or nil where it is empty. The next line begins a
// new one.
func (p *lineParser) take() *Batch {
	b := p.batch
	if b == nil || b.n == 0 {
		return nil
	}
	for i := range p.cols {
		c := &p.cols[i]
		if c.num {
			if nums := c.nums[:b.n]; same(nums) && nums[0] != Absent {
				b.FillNum(c.field.ID, nums[0])
				b.lent.freeNums(c.nums)
			} else {
				b.nums[c.field.ID] = nums
			}
			continue
		}
		if codes := c.text.Codes[:b.n]; same(codes) && codes[0] == 1 {
			b.lent.freeCodes(c.text.Codes)
			c.text.Codes, c.text.filled = onesOf(b.n), true
		} else {
			c.text.Codes = codes
		}
		c.text.Settle()
		if c.recent != nil {
			c.text.Dict = c.recent.settle(c.text.Dict)
			c.recent = nil
		}
	}
	p.batch = nil
	return b
}

// same reports whether all of a column is the same. It is not empty.
func same[T comparable](column []T) bool {
	for _, v := range column {
		if v != column[0] {
			return false
		}
	}
	return true
}

// grow makes room for twice as many records.
func (p *lineParser) grow() {
	for i := range p.cols {
		if c := &p.cols[i]; c.num {
			c.nums = append(c.nums, make([]int64, p.room)...)
		} else {
			c.text.Codes = append(c.text.Codes, make([]uint32, p.room)...)
		}
	}
	p.room *= 2
}

// parse appends the record of one line, without its line end, to the batch.
// Where the line is bad, the batch stays as it was.
func (p *lineParser) parse(line []byte) *LineError {
	if p.batch == nil {
		p.begin()
	}
	if p.batch.n == p.room {
		p.grow()
	}
	if p.usual(line[:cap(line)], 0, len(line)) == len(line) {
		p.batch.n++
		return nil
	}
	return p.any(line)
}

// lines reads the lines that text begins with, up to most, as long as each is as nearly
// all are, ends with a line feed, and begins with no letter, as headers do. It returns how
// many bytes and lines it took.
func (p *lineParser) lines(text []byte, most int) (taken, n int) {
	if p.batch == nil {
		p.begin()
	}
	wide := text[:cap(text)]
	for n < most && taken < len(text) {
		if c := wide[taken]; c|0x20 >= 'a' || !p.cols[0].num && taken+4 < len(text) && wide[taken+4] == '-' {
			break // a header, or a time before the record
		}
		if p.batch.n == p.room {
			p.grow()
		}
		end := p.usual(wide, taken, len(text))
		if end < 0 || end == len(text) || wide[end] != '\n' || wide[end-1] >= utf8.RuneSelf {
			break
		}
		p.batch.n++
		taken, n = end+1, n+1
	}
	return taken, n
}

// usual reads the record that begins at pos, before limit, as nearly all are: each value is
// right and followed by one space. It returns where it ends, or -1 where it is not sure of
// that.
func (p *lineParser) usual(wide []byte, pos, limit int) int {
	n, last := p.batch.n, len(wide)-wideLoad
	run, begin := (*steady)(nil), 0
	for i := 0; i < len(p.cols); i++ {
		if i > 0 {
			if pos >= len(wide) || wide[pos] != ' ' {
				return -1
			}
			pos++
		}
		if pos > last {
			return -1 // near the end of the object
		}
		c := &p.cols[i]
		if c.steady != nil {
			run, begin = c.steady, pos
			if run.at(wide, pos) {
				for j := range p.cols[i:run.to] {
					p.cols[i+j].repeat(n)
				}
				pos, i = pos+run.n, run.to-1
				continue
			}
		}
		var end int
		if c.num {
			var v int64
			digits, k := leadingDigits(binary.LittleEndian.Uint64(wide[pos:]))
			switch {
			case k > 0 && k < 8:
				v, end = decimal(digits, k), pos+k
			case k == 8 && tenDigits(wide, pos):
				// A time: so long are all of them.
				v, end = decimal(digits, 8)*100+int64(wide[pos+8]-'0')*10+int64(wide[pos+9]-'0'), pos+10
			default:
				if v, end = leadingNumber(wide, pos); end > pos {
					break
				}
				if !c.optional || wide[pos] != '-' {
					return -1
				}
				v, end = Absent, pos+1
			}
			if (v < c.min || v > c.max) && v != Absent {
				return -1
			}
			c.nums[n] = v
		} else {
			var code uint32
			if code, end = c.word(wide, pos, limit); end < 0 {
				return -1
			}
			c.text.Codes[n] = code
		}
		pos = end
		if run != nil && i == run.to-1 {
			run.learn(wide[begin:pos])
			for j := range p.cols[run.from:run.to] {
				p.cols[run.from+j].note(n)
			}
		}
	}
	if pos > limit {
		return -1
	}
	return pos
}

// word returns the code of the word at pos, at which there are wideLoad bytes, and where it
// ends, or -1 where it is not sure of it.
func (c *lineColumn) word(wide []byte, pos, limit int) (uint32, int) {
	// The word in three parts: an array would go through memory.
	var second, third uint64
	first, n := firstWord(binary.LittleEndian.Uint64(wide[pos:]))
	if n == 8 {
		var more int
		if second, more = firstWord(binary.LittleEndian.Uint64(wide[pos+8:])); more == 8 {
			third, more = firstWord(binary.LittleEndian.Uint64(wide[pos+16:]))
			n += 8
		}
		n += more
	}
	end := pos + n
	if n == recentLong && wide[end] > ' ' || n == 0 || c.recent == nil {
		return c.long(wide, pos, limit)
	}
	place := c.recent.place(first, second, third)
	if place.a == first && place.b == second && place.c == third && place.code>>32 == c.recent.run {
		return uint32(place.code), end
	}
	if end > limit || first == '-' && c.needed {
		return 0, -1
	}
	code, err := c.intern(wide[pos:end])
	if err != nil {
		return 0, -1
	}
	*place = recentWord{first, second, third, c.recent.run<<32 | uint64(code)}
	return code, end
}

// long is word for one that is longer than recentLong, or where there is no recent.
func (c *lineColumn) long(wide []byte, pos, limit int) (uint32, int) {
	if pos >= limit {
		return 0, -1
	}
	end := wordEnd(wide[:limit], pos)
	if end == pos {
		return 0, -1
	}
	code, err := c.intern(wide[pos:end])
	if err != nil || code == 0 && c.needed {
		return 0, -1
	}
	return code, end
}

// any reads any line.
func (p *lineParser) any(line []byte) *LineError {
	pos := 0
	for i := range p.cols {
		for pos < len(line) && isSpace(line[pos]) {
			pos++
		}
		start := pos
		for pos = wordEnd(line, pos); pos < len(line) && !isSpace(line[pos]); {
			pos++
		}
		if start == pos {
			return &LineError{Reason: p.countReason(line)}
		}
		if err := p.cols[i].set(p.batch.n, line[start:pos]); err != nil {
			if len(bytes.Fields(line)) != len(p.cols) {
				// A wrong count explains a wrong value better than the value.
				return &LineError{Reason: p.countReason(line)}
			}
			return &LineError{Column: start + 1, Field: p.format.names[i], Reason: err.Error()}
		}
	}
	for pos < len(line) && isSpace(line[pos]) {
		pos++
	}
	if pos < len(line) {
		return &LineError{Column: pos + 1, Reason: p.countReason(line)}
	}
	for _, e := range p.ends {
		if p.cols[e.addr].text.Codes[p.batch.n] == 0 && p.cols[e.port].nums[p.batch.n] != Absent {
			return &LineError{
				Field:  p.format.names[e.addr],
				Reason: "absent, but " + p.format.names[e.port] + " is there",
			}
		}
	}
	p.batch.n++
	return nil
}

// intern returns the code of a word of text.
func (c *lineColumn) intern(word []byte) (uint32, error) {
	if c.field != nil && c.field.escaped() && bytes.IndexByte(word, '%') >= 0 {
		if text, err := url.PathUnescape(string(word)); err == nil {
			word = []byte(text)
		}
	}
	return c.text.intern(c.field, word)
}

// set sets the value of record n to that of one token.
func (c *lineColumn) set(n int, tok []byte) error {
	if !c.num {
		code, err := c.intern(tok)
		if err != nil {
			return err
		}
		c.text.Codes[n] = code
		return nil
	}
	if len(tok) == 1 && tok[0] == '-' {
		if c.field.ID == Version || c.field.Epoch {
			// Always there in what AWS delivers, NODATA and SKIPDATA included.
			return errors.New("absent, but every record has it")
		}
		c.nums[n] = Absent
		return nil
	}
	v, err := c.field.parseNum(tok)
	if err != nil {
		return err
	}
	c.nums[n] = v
	return nil
}

// undo takes back the last record.
func (p *lineParser) undo() { p.batch.n-- }

// countReason says how many fields a line has and how many it should have.
func (p *lineParser) countReason(line []byte) string {
	return fmt.Sprintf("%d fields where the format has %d", len(bytes.Fields(line)), p.format.Len())
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// isDefault reports whether a line without header is a record in p's format, which
// is AWS's default one of its kind: by the values in their places, not by their
// number.
func (p *lineParser) isDefault(line []byte) bool {
	if p.parse(line) != nil {
		return false
	}
	defer p.undo()
	r := p.batch.At(p.batch.n - 1)
	status, ok := r.Text(LogStatus)
	if !ok {
		return false
	}
	if p.format.kind == KindTGW {
		resource, _ := r.Text(ResourceType)
		return strings.HasPrefix(resource, "TransitGateway")
	}
	eni, ok := r.Text(InterfaceID)
	if ok && !strings.HasPrefix(eni, "eni-") {
		return false
	}
	// A record with traffic has both addresses, one without has neither.
	return r.Has(SrcAddr) == (status == "OK") && r.Has(DstAddr) == (status == "OK")
}

// cutTime takes the ISO time off that CloudWatch Logs puts in front of each line
// when it exports a log group to S3. It returns the rest of the line and the
// time in seconds since the epoch; ok is false where the line does not begin
// with a time, or has nothing else.
func cutTime(line []byte) (rest []byte, t int64, ok bool) {
	if len(line) < 20 || line[4] != '-' || line[7] != '-' || line[10] != 'T' {
		return line, 0, false
	}
	stamp, rest, more := bytes.Cut(line, []byte(" "))
	when, err := time.Parse(time.RFC3339, string(stamp))
	if err != nil || !more {
		return line, 0, false
	}
	return rest, when.Unix(), true
}
