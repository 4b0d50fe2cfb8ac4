package flowlog

import "encoding/binary"

// steady is a run of columns that mostly have the values that they had in the line before,
// as the version and the account have, or the action and the log status: their text is
// compared at once, and not read.
type steady struct {
	from int // the first column
	to   int // the column behind the last
	n    int // bytes of the text; 0: none is known
	a, b uint64
	mask [2]uint64 // of the text's bytes in a and b
}

// steadyMost is the longest text of a run, in bytes.
const steadyMost = 16

// at reports whether the text that was learned stands at pos, at which there are wideLoad
// bytes. What stands behind it may be of the same word.
func (s *steady) at(wide []byte, pos int) bool {
	a, b := binary.LittleEndian.Uint64(wide[pos:]), binary.LittleEndian.Uint64(wide[pos+8:])
	return s.n > 0 && (a^s.a)&s.mask[0]|(b^s.b)&s.mask[1] == 0
}

// learn learns the run's text, unless it is too long.
func (s *steady) learn(text []byte) {
	if s.n = len(text); s.n > steadyMost {
		s.n = 0
		return
	}
	var chars, mask [steadyMost]byte
	for i := range chars[:copy(chars[:], text)] {
		mask[i] = 0xff
	}
	s.a, s.b = binary.LittleEndian.Uint64(chars[:]), binary.LittleEndian.Uint64(chars[8:])
	s.mask = [2]uint64{binary.LittleEndian.Uint64(mask[:]), binary.LittleEndian.Uint64(mask[8:])}
}

// findSteady finds the runs of the format. Nothing is learned yet.
func (p *lineParser) findSteady() {
	for i := 0; i < len(p.cols); i++ {
		to := i
		for to < len(p.cols) && p.cols[to].isSteady() {
			to++
		}
		if to > i {
			p.cols[i].steady = &steady{from: i, to: to}
			i = to
		}
	}
}

// isSteady reports whether a column's values rarely change within an object.
func (c *lineColumn) isSteady() bool {
	return c.field != nil && (c.field.ID == Version || c.field.ID == AccountID || c.field.Values != nil)
}

// note notes the value of record n, for which the run's text stands.
func (c *lineColumn) note(n int) {
	if c.num {
		c.last = c.nums[n]
	} else {
		c.last = int64(c.text.Codes[n])
	}
}

// repeat gives record n the value that was noted.
func (c *lineColumn) repeat(n int) {
	if c.num {
		c.nums[n] = c.last
	} else {
		c.text.Codes[n] = uint32(c.last)
	}
}
