package pair

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Scratch is where an hour puts records that it does not hold in memory: a file that
// nothing else writes.
type Scratch interface {
	io.Writer
	io.ReaderAt
}

// spilled are the entries of an hour that are not in memory. The zero value has none,
// and takes none.
type spilled struct {
	to      Scratch
	most    int   // how many entries are held in memory
	size    int64 // of what was written, in bytes
	extents [1 << partBits][]extent
	read    []entry // entries of the part that was asked for last
	err     error   // the first one
}

// extent is where some entries of a part lie.
type extent struct {
	at int64 // in bytes
	n  int
}

// NewLargeHour is [NewHour] for an hour of more records than memory should hold: it
// holds about as many as most in memory, with 11 bytes for each other one, which it
// writes to a scratch. Err says afterwards whether that went well.
func NewLargeHour(hour int64, expect, most int, to Scratch) *Hour {
	h := newHour(hour, expect, min(expect, most))
	h.spilled.to, h.spilled.most = to, most
	return h
}

// Err returns what went wrong with the scratch, after Find: the answers are worth
// nothing then.
func (h *Hour) Err() error { return h.spilled.err }

// entryBytes is the size of an entry in the scratch.
const entryBytes = 32

// spill writes the entries that are in memory, where they are many.
func (h *Hour) spill() {
	s := &h.spilled
	if s.to == nil || s.err != nil {
		return
	}
	held := 0
	for i := range h.parts {
		held += len(h.parts[i])
	}
	if held < s.most {
		return
	}
	var b []byte
	for i := range h.parts {
		entries := h.parts[i]
		if len(entries) == 0 {
			continue
		}
		b = b[:0]
		for j := range entries {
			e := &entries[j]
			b = binary.LittleEndian.AppendUint64(b, e.flow.x)
			b = binary.LittleEndian.AppendUint64(b, e.flow.y)
			b = binary.LittleEndian.AppendUint32(b, e.start)
			b = binary.LittleEndian.AppendUint32(b, e.end)
			b = binary.LittleEndian.AppendUint32(b, e.place)
			b = binary.LittleEndian.AppendUint32(b, e.origin)
		}
		if _, err := s.to.Write(b); err != nil {
			s.err = fmt.Errorf("cannot put records aside: %w", err)
			return
		}
		s.extents[i] = append(s.extents[i], extent{s.size, len(entries)})
		s.size += int64(len(b))
		h.parts[i] = entries[:0]
	}
}

// entries returns the entries of a part, in any order. They are valid until it is
// called again.
func (h *Hour) entries(part int) []entry {
	s := &h.spilled
	if len(s.extents[part]) == 0 {
		return h.parts[part]
	}
	s.read = append(s.read[:0], h.parts[part]...)
	var b []byte
	for _, x := range s.extents[part] {
		if cap(b) < x.n*entryBytes {
			b = make([]byte, x.n*entryBytes)
		}
		b = b[:x.n*entryBytes]
		if _, err := s.to.ReadAt(b, x.at); err != nil {
			if s.err == nil {
				s.err = fmt.Errorf("cannot read records that were put aside: %w", err)
			}
			return nil
		}
		for ; len(b) > 0; b = b[entryBytes:] {
			s.read = append(s.read, entry{
				digest{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])},
				binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:]),
				binary.LittleEndian.Uint32(b[24:]), binary.LittleEndian.Uint32(b[28:]),
			})
		}
	}
	return s.read
}
