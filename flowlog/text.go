package flowlog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// lineParser parses text records of one format into a batch.
type lineParser struct {
	format Format
	batch  *Batch // nil before its first line
	cols   []lineColumn
	ends   []end
	expect int // records that a batch will probably have

	shared  bool // both kinds of records can have the format
	version int  // place of the version, or -1
}

// end is the places of an address and of its port in the line.
type end struct{ addr, port int }

// lineColumn is where the values of one place in the line go: to nums, or to
// text.
type lineColumn struct {
	field    *Field // nil for an unknown field
	num      bool
	min, max int64 // numbers that are taken as they are
	nums     []int64
	text     *TextColumn
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
	p.batch = NewBatch(p.format.kind)
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
			*c = lineColumn{field: f, num: true, min: f.Min, max: f.Max, nums: make([]int64, 0, p.expect)}
			if f.Epoch {
				c.max = min(f.Max, millisecondsFrom-1)
			}
			continue
		default:
			*c = lineColumn{field: f, text: &TextColumn{}}
			p.batch.texts[f.ID] = c.text
		}
		c.text.Codes = make([]uint32, 0, p.expect)
	}
}

// take returns the batch so far, or nil where it is empty. The next line begins a
// new one.
func (p *lineParser) take() *Batch {
	b := p.batch
	if b == nil || b.n == 0 {
		return nil
	}
	for i := range p.cols {
		if c := &p.cols[i]; c.num {
			b.nums[c.field.ID] = c.nums
		}
	}
	p.batch = nil
	return b
}

// parse appends the record of one line, without its line end, to the batch.
// Where the line is bad, the batch stays as it was.
func (p *lineParser) parse(line []byte) *LineError {
	if p.batch == nil {
		p.begin()
	}
	pos := 0
	for i := range p.cols {
		for pos < len(line) && isSpace(line[pos]) {
			pos++
		}
		if end := p.cols[i].usual(line, pos); end > pos {
			pos = end
			continue
		}
		start := pos
		for pos = wordEnd(line, pos); pos < len(line) && !isSpace(line[pos]); {
			pos++
		}
		if start == pos {
			return p.fail(i, &LineError{Reason: p.countReason(line)})
		}
		if err := p.cols[i].append(line[start:pos]); err != nil {
			if len(bytes.Fields(line)) != len(p.cols) {
				// A wrong count explains a wrong value better than the value.
				return p.fail(i, &LineError{Reason: p.countReason(line)})
			}
			return p.fail(i, &LineError{Column: start + 1, Field: p.format.names[i], Reason: err.Error()})
		}
	}
	for pos < len(line) && isSpace(line[pos]) {
		pos++
	}
	if pos < len(line) {
		return p.fail(len(p.cols), &LineError{Column: pos + 1, Reason: p.countReason(line)})
	}
	for _, e := range p.ends {
		if p.cols[e.addr].text.Codes[p.batch.n] == 0 && p.cols[e.port].nums[p.batch.n] != Absent {
			return p.fail(len(p.cols), &LineError{
				Field:  p.format.names[e.addr],
				Reason: "absent, but " + p.format.names[e.port] + " is there",
			})
		}
	}
	p.batch.n++
	return nil
}

// usual adds the value that begins at pos, if it is one that most are: a number
// in the field's range, or the text that the record before has. It returns where
// the value ends, or pos where append has to look.
func (c *lineColumn) usual(line []byte, pos int) int {
	if !c.num {
		if c.text.last == 0 {
			return pos
		}
		same := c.text.Dict[c.text.last]
		end := pos + len(same)
		if end >= len(line) || line[end] != ' ' || string(line[pos:end]) != same {
			return pos
		}
		c.text.Codes = append(c.text.Codes, c.text.last)
		return end
	}
	v, end := leadingNumber(line, pos)
	if end == pos || end < len(line) && line[end] != ' ' || v < c.min || v > c.max {
		return pos
	}
	c.nums = append(c.nums, v)
	return end
}

// append adds the value of one token.
func (c *lineColumn) append(tok []byte) error {
	if !c.num {
		code, err := c.text.intern(c.field, tok)
		if err != nil {
			return err
		}
		c.text.Codes = append(c.text.Codes, code)
		return nil
	}
	if len(tok) == 1 && tok[0] == '-' {
		if c.field.ID == Version || c.field.Epoch {
			// Always there in what AWS delivers, NODATA and SKIPDATA included.
			return errors.New("absent, but every record has it")
		}
		c.nums = append(c.nums, Absent)
		return nil
	}
	v, err := c.field.parseNum(tok)
	if err != nil {
		return err
	}
	c.nums = append(c.nums, v)
	return nil
}

// fail takes back the first n values of a bad line.
func (p *lineParser) fail(n int, e *LineError) *LineError {
	p.takeBack(n)
	return e
}

// undo takes back the last record.
func (p *lineParser) undo() {
	p.batch.n--
	p.takeBack(len(p.cols))
}

// takeBack takes back the first n values behind the last record.
func (p *lineParser) takeBack(n int) {
	for i := range n {
		if c := &p.cols[i]; c.num {
			c.nums = c.nums[:p.batch.n]
		} else {
			c.text.Codes = c.text.Codes[:p.batch.n]
		}
	}
}

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
