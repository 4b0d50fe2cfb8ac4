package countries

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// magic begins a kept table; a digit is its form.
const magic = "weir countries 1"

// ErrDamaged says that a kept table is not as it was written.
var ErrDamaged = errors.New("the list of countries is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Pack returns the table in a form that is read in few milliseconds: the magic, the family,
// numbers of ranges and spans, the starts and codes of the spans, and a checksum, all numbers
// with their lowest byte first.
func (t *Table) Pack() []byte {
	out := append([]byte(magic), byte(t.family))
	out = binary.LittleEndian.AppendUint32(out, uint32(t.ranges))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(t.codes)))
	for _, n := range t.starts4 {
		out = binary.LittleEndian.AppendUint32(out, n)
	}
	for _, n := range t.starts6 {
		out = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(out, n[0]), n[1])
	}
	for _, c := range t.codes {
		out = binary.LittleEndian.AppendUint16(out, c)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

// Unpack undoes Pack. It fails with ErrDamaged.
func Unpack(packed []byte) (*Table, error) {
	const head = len(magic) + 1 + 4 + 4
	if len(packed) < head+4 || string(packed[:len(magic)]) != magic {
		return nil, ErrDamaged
	}
	body := packed[:len(packed)-4]
	if binary.LittleEndian.Uint32(packed[len(body):]) != crc32.Checksum(body, castagnoli) {
		return nil, ErrDamaged
	}
	t := &Table{family: Family(body[len(magic)]), ranges: int(binary.LittleEndian.Uint32(body[len(magic)+1:]))}
	n, width := int(binary.LittleEndian.Uint32(body[len(magic)+5:])), 4
	if t.family == IPv6 {
		width = 16
	}
	body = body[head:]
	if t.family != IPv4 && t.family != IPv6 || len(body) != n*(width+2) {
		return nil, ErrDamaged
	}
	if t.family == IPv4 {
		t.starts4 = make([]uint32, n)
		for i := range t.starts4 {
			t.starts4[i] = binary.LittleEndian.Uint32(body[4*i:])
		}
	} else {
		t.starts6 = make([][2]uint64, n)
		for i := range t.starts6 {
			t.starts6[i] = [2]uint64{binary.LittleEndian.Uint64(body[16*i:]), binary.LittleEndian.Uint64(body[16*i+8:])}
		}
	}
	t.codes = make([]uint16, n)
	for i := range t.codes {
		if t.codes[i] = binary.LittleEndian.Uint16(body[width*n+2*i:]); int(t.codes[i]) >= len(texts) {
			return nil, ErrDamaged
		}
	}
	t.index()
	return t, nil
}
