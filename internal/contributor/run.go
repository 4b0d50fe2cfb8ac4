package contributor

import (
	"encoding/binary"
	"errors"
	"math"
)

// A chunkWriter writes a run.
//
// A run is what was committed of a rule and an hour at once, or what was merged of such runs: contributors sorted by their keys, each once,
// with the minutes in which it contributed, ascending. It is written in chunks, so that it is read with little memory:
//
//	key      length that it shares with the key before it in the chunk, length of the rest, the rest
//	minutes  number, then for each: minute of the hour (one byte), value
//	value    twice the value, where that is an integer from 0 and less than 2^52; else 1 and the eight bytes of the double
//
// Lengths, numbers and values are varints, doubles are little-endian.
type chunkWriter struct {
	emit func(chunk []byte) error
	buf  []byte
	last []byte // the key that was written last
}

// chunkBytes is from where on a chunk is full.
const chunkBytes = 32 << 10

// A point is what a contributor added in a minute of an hour.
type point struct {
	minute uint8
	value  float64
}

func (w *chunkWriter) write(key []byte, points []point) error {
	shared := 0
	if len(w.buf) > 0 {
		for shared < len(key) && shared < len(w.last) && key[shared] == w.last[shared] {
			shared++
		}
	}
	w.buf = binary.AppendUvarint(w.buf, uint64(shared))
	w.buf = binary.AppendUvarint(w.buf, uint64(len(key)-shared))
	w.buf = append(w.buf, key[shared:]...)
	w.last = append(w.last[:0], key...)
	w.buf = binary.AppendUvarint(w.buf, uint64(len(points)))
	for _, p := range points {
		w.buf = append(w.buf, p.minute)
		w.buf = appendValue(w.buf, p.value)
	}
	if len(w.buf) < chunkBytes {
		return nil
	}
	return w.flush()
}

// flush emits what is written.
func (w *chunkWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.emit(w.buf)
	w.buf = w.buf[:0]
	return err
}

func appendValue(b []byte, v float64) []byte {
	if v >= 0 && v < 1<<52 && v == math.Trunc(v) && !math.Signbit(v) {
		return binary.AppendUvarint(b, uint64(v)<<1)
	}
	return binary.LittleEndian.AppendUint64(append(b, 1), math.Float64bits(v))
}

var errDamaged = errors.New("a part of the contributors is damaged")

// A chunkReader reads a chunk.
type chunkReader struct {
	buf []byte
	// key and points are those of the contributor that was read last.
	key    []byte
	points []point
}

// next reads a contributor, and reports false at the end.
func (r *chunkReader) next() (bool, error) {
	if len(r.buf) == 0 {
		return false, nil
	}
	shared, ok1 := r.uvarint()
	rest, ok2 := r.uvarint()
	if !ok1 || !ok2 || shared > uint64(len(r.key)) || rest > uint64(len(r.buf)) {
		return false, errDamaged
	}
	r.key = append(r.key[:shared], r.buf[:rest]...)
	r.buf = r.buf[rest:]
	n, ok := r.uvarint()
	if !ok || n > minutesPerHour {
		return false, errDamaged
	}
	r.points = r.points[:0]
	for range n {
		p, ok := r.point()
		if !ok {
			return false, errDamaged
		}
		r.points = append(r.points, p)
	}
	return true, nil
}

func (r *chunkReader) uvarint() (uint64, bool) {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		return 0, false
	}
	r.buf = r.buf[n:]
	return v, true
}

func (r *chunkReader) point() (point, bool) {
	if len(r.buf) == 0 {
		return point{}, false
	}
	p := point{minute: r.buf[0]}
	r.buf = r.buf[1:]
	v, ok := r.uvarint()
	switch {
	case !ok || p.minute >= minutesPerHour:
		return p, false
	case v&1 == 0:
		p.value = float64(v >> 1)
	case v != 1 || len(r.buf) < 8:
		return p, false
	default:
		p.value = math.Float64frombits(binary.LittleEndian.Uint64(r.buf))
		r.buf = r.buf[8:]
	}
	return p, true
}
