package logstore

import (
	"encoding/binary"
	"errors"
	"math"
	"sync/atomic"
)

// A block is the events of one Put, in the order of their times. It is not changed, but for forms, which are
// found when they are asked for.
type block struct {
	group, stream int64 // ids
	seq           int64 // of the Put: greater than that of each that was durable before
	ingestion     int64 // milliseconds since the epoch
	n             int
	first, last   int64 // times of events
	bytes         int64 // of messages
	data          []byte

	forms atomic.Pointer[blockForms] // nil: not known yet
}

// blockForms are the forms of a block's events, where the number of their group's LogFormat is this one.
type blockForms struct {
	format int64
	forms  []int32
}

// formsFor returns the forms of the events as far as they are known for a LogFormat.
func (b *block) formsFor(format int64) []int32 {
	if f := b.forms.Load(); f != nil && f.format == format {
		return f.forms
	}
	return nil
}

// Each event of a block's data is three numbers, as uvarint, and its message: the time since the event
// before, how many events of the block before it are equal to it, and the length of the message.

// duplicateBits is how many bits of an ordinal count equal events of one Put: AWS takes 10,000 events
// at a time. The others are the Put's.
const duplicateBits = 14

// ordinal returns the ordinal of an event of the block that has so many equals before it.
func (b *block) ordinal(duplicate int) int64 { return b.seq<<duplicateBits | int64(duplicate) }

// size returns how many bytes of memory the block counts.
func (b *block) size() int64 { return int64(len(b.data)) + 128 }

// stored returns the bytes that AWS bills for: those of the messages, and 26 for each event.
func (b *block) stored() int64 { return b.bytes + eventOverhead*int64(b.n) }

// headerNumbers is how many numbers are before the events.
const headerNumbers = 5

// header appends what is before the events.
func (b *block) header(to []byte) []byte {
	for _, v := range [headerNumbers]int64{b.group, b.stream, b.seq, b.ingestion, int64(b.n)} {
		to = binary.AppendUvarint(to, uint64(v))
	}
	return to
}

// appendEvent appends an event to the data of a block.
func appendEvent(to []byte, sinceLast int64, duplicate int, message []byte) []byte {
	to = binary.AppendUvarint(to, uint64(sinceLast))
	to = binary.AppendUvarint(to, uint64(duplicate))
	to = binary.AppendUvarint(to, uint64(len(message)))
	return append(to, message...)
}

var errBlock = errors.New("not a block of events")

// readBlock reads a block that header and appendEvent made. The block keeps payload.
func readBlock(payload []byte) (*block, error) {
	var b block
	var n int64
	for _, v := range []*int64{&b.group, &b.stream, &b.seq, &b.ingestion, &n} {
		got, k := binary.Uvarint(payload)
		if k <= 0 || got > math.MaxInt64 {
			return nil, errBlock
		}
		*v, payload = int64(got), payload[k:]
	}
	if b.seq > math.MaxInt64>>duplicateBits || n <= 0 || n > int64(len(payload)) {
		return nil, errBlock
	}
	b.n, b.data = int(n), payload
	i := 0
	for c := b.cursor(); ; i++ {
		more, err := c.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if i == 0 {
			b.first = c.at
		}
		b.last = c.at
		b.bytes += int64(len(c.message))
	}
	if i != b.n {
		return nil, errBlock
	}
	return &b, nil
}

// blockCursor goes through the events of a block.
type blockCursor struct {
	rest      []byte
	at        int64
	duplicate int
	message   []byte // within the block
}

func (b *block) cursor() blockCursor { return blockCursor{rest: b.data} }

// next goes to the next event; false: there is none.
func (c *blockCursor) next() (bool, error) {
	if len(c.rest) == 0 {
		return false, nil
	}
	since, k1 := binary.Uvarint(c.rest)
	if k1 <= 0 || since > math.MaxInt64 || c.at > math.MaxInt64-int64(since) {
		return false, errBlock
	}
	duplicate, k2 := binary.Uvarint(c.rest[k1:])
	if k2 <= 0 || duplicate >= 1<<duplicateBits {
		return false, errBlock
	}
	n, k3 := binary.Uvarint(c.rest[k1+k2:])
	from := k1 + k2 + k3
	if k3 <= 0 || n > uint64(len(c.rest)-from) {
		return false, errBlock
	}
	to := from + int(n)
	c.at += int64(since)
	c.duplicate = int(duplicate)
	c.message = c.rest[from:to:to]
	c.rest = c.rest[to:]
	return true, nil
}
