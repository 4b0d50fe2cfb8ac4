package agent

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"weir/internal/aggregate"
)

// A change is what a read, or a part of one, does to a recorder's windows. Its fields are done in their order. The windows are what all changes since a snapshot have
// made of them, so that they are there again after a crash.
type change struct {
	// At is when, in nanoseconds since the epoch.
	At int64
	// Anew: it is a snapshot's first, and there is nothing before it.
	Anew bool
	// Basis is what records are made by from now on, as [basisOf] returns it; nil: what they were made by before.
	Basis []byte
	// State is a part of the open windows of an interval, of a snapshot.
	Interval time.Duration
	State    *aggregate.State
	// Stepped: what is open is told, and time goes on from At.
	Stepped bool
	// Missed: nobody knows what passed since the last change, so there is no NODATA of it. Time goes on from At.
	Missed bool
	Rows   []aggregate.Row
	// Skipped are interfaces that flows were lost of, at SkippedAt.
	Skipped   []string
	SkippedAt int64
	// Forgotten are interfaces that are gone.
	Forgotten []string
	// Close: the windows that are over at At are told. Spill: what is open is told. Told are interfaces of which what is open is told, by the intervals of windows.
	Close, Spill bool
	Told         map[time.Duration][]string
}

// mostRows is how many rows a change has at most: some 10 MB.
const mostRows = 1 << 16

// split returns a change in parts of so many rows at most, which do the same one after the other.
func (c *change) split(most int) []*change {
	parts := slices.Collect(slices.Chunk(c.Rows, most))
	if len(parts) < 2 {
		return []*change{c}
	}
	out := []*change{{At: c.At, Stepped: c.Stepped, Missed: c.Missed, Rows: parts[0]}}
	for _, rows := range parts[1:] {
		out = append(out, &change{At: c.At, Rows: rows})
	}
	last := out[len(out)-1]
	last.Skipped, last.SkippedAt, last.Forgotten, last.Close, last.Spill, last.Told = c.Skipped, c.SkippedAt, c.Forgotten, c.Close, c.Spill, c.Told
	return out
}

// These are for entries. One coder each is enough: they are for concurrent use, and one goroutine's here.
var (
	compressor, _   = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)) // no option is wrong
	decompressor, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
)

// entry returns the change as the spool keeps it.
func (c *change) entry() ([]byte, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(c); err != nil {
		return nil, err
	}
	return compressor.EncodeAll(b.Bytes(), nil), nil
}

// readChange reads what [change.entry] made.
func readChange(entry []byte) (*change, error) {
	data, err := decompressor.DecodeAll(entry, nil)
	c := &change{}
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(data)).Decode(c)
	}
	if err != nil {
		return nil, fmt.Errorf("an entry of the spool is none: %w", err)
	}
	return c, nil
}
