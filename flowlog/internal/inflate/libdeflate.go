//go:build libdeflate && cgo

package inflate

/*
#cgo pkg-config: libdeflate
#include <libdeflate.h>
*/
import "C"

import (
	"encoding/binary"
	"unsafe"
)

// Linked says that libdeflate is linked.
const Linked = true

// Gzip decompresses all members of a gzip object into room, which is grown if need
// be, and returns the text. ok is false where the object is damaged, or its text
// longer than [Most] bytes: nothing is said of the text then.
func Gzip(room, object []byte) (text []byte, ok bool) {
	size, ok := firstGuess(object)
	if !ok {
		return room, false
	}
	d := C.libdeflate_alloc_decompressor()
	if d == nil {
		return room, false
	}
	defer C.libdeflate_free_decompressor(d)
	text = sized(room, size)
	n := 0 // bytes of text so far
	for len(object) > 0 {
		var in, out C.size_t
		// A byte more than may be used, so that there is one to point at.
		text = text[:min(cap(text), Most+1)]
		switch C.libdeflate_gzip_decompress_ex(d, unsafe.Pointer(&object[0]), C.size_t(len(object)),
			unsafe.Pointer(&text[n]), C.size_t(len(text)-1-n), &in, &out) {
		case C.LIBDEFLATE_SUCCESS:
			n += int(out)
			object = object[in:]
		case C.LIBDEFLATE_INSUFFICIENT_SPACE:
			if len(text) > Most {
				return text[:0], false
			}
			text = append(sized(nil, 2*len(text)), text[:n]...)
		default:
			return text[:0], false
		}
	}
	return text[:n], true
}

// sized returns room, or a new one, for a text of n bytes and one more.
func sized(room []byte, n int) []byte {
	if cap(room) > n {
		return room[:0]
	}
	return make([]byte, 0, n+n/8+64)
}

// minMember is the length in bytes of the smallest gzip member: its header and
// trailer and an empty block (RFC 1952, RFC 1951).
const minMember = 10 + 2 + 8

// firstGuess is how much room the text of an object probably needs: the length
// modulo 2^32 that its last member ends with (RFC 1952, 2.3.1: ISIZE), which is
// that of the whole where it is the only one. ok is false where it is too large, or
// no deflate stream can be that good: a byte gives 1,032 at most.
func firstGuess(object []byte) (n int, ok bool) {
	if len(object) < minMember {
		return 0, false
	}
	size := int64(binary.LittleEndian.Uint32(object[len(object)-4:]))
	return int(size), size <= Most && size <= 1032*int64(len(object))
}
