package flowlog

import (
	"encoding/binary"
	"math/bits"
)

// The parser looks at 8 bytes at a time: numbers and words of flow logs end after
// so many bytes that nobody can tell before, and a loop over bytes costs more for
// being wrong about its end than for all that it does. What lies in the array
// behind a line may be anything; nothing is made of it.

// wideLoad is how many bytes must lie in the array, of the line or behind it, for
// leadingNumber and word to work.
const wideLoad = recentLong + 8

// leadingNumber returns the number whose digits begin at pos, and where they end:
// pos where there is none, where it has 16 digits or more, or where it stands at
// the end of the array: then the caller has to look at the bytes.
func leadingNumber(line []byte, pos int) (v int64, end int) {
	wide := line[:cap(line)]
	if pos+wideLoad > len(wide) {
		return 0, pos
	}
	digits, n := leadingDigits(binary.LittleEndian.Uint64(wide[pos:]))
	if n == 0 {
		return 0, pos
	}
	v, end = decimal(digits, n), pos+n
	if n == 8 {
		switch digits, n = leadingDigits(binary.LittleEndian.Uint64(wide[pos+8:])); n {
		case 0:
		case 8:
			return 0, pos
		default:
			v, end = v*powers[n]+decimal(digits, n), end+n
		}
	}
	if end > len(line) {
		return 0, pos
	}
	return v, end
}

// tenDigits reports whether a number whose first 8 digits stand at pos has 10.
func tenDigits(wide []byte, pos int) bool {
	return wide[pos+8]-'0' <= 9 && wide[pos+9]-'0' <= 9 && wide[pos+10]-'0' > 9
}

// powers are those of ten.
var powers = [8]int64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000}

// leadingDigits returns how many of 8 characters, from the first on, are digits,
// and the digits' values, a byte each; those behind them are anything.
func leadingDigits(chars uint64) (values uint64, n int) {
	values = chars ^ 0x3030303030303030
	// A byte above 9 gets its highest bit; a carry out of it spoils only bytes
	// behind the first of them.
	other := (values + 0x7676767676767676 | values) & 0x8080808080808080
	return values, bits.TrailingZeros64(other) / 8
}

// decimal returns the number that the first n of 8 digits make, 1 to 8.
func decimal(values uint64, n int) int64 {
	values <<= 64 - 8*uint(n) // zeros before them
	values = values*10 + values>>8
	const every = 0x000000ff000000ff // fourth byte
	return int64((values&every*(1_000_000<<32+100) + values>>16&every*(10_000<<32+1)) >> 32)
}

// wordEnd returns where the word ends that begins at pos: at the next byte that is
// no printing character, or the end of the line. It may be too early where the
// array ends soon, or where that byte is no space.
func wordEnd(line []byte, pos int) int {
	wide := line[:cap(line)]
	for pos+8 <= len(wide) && pos < len(line) {
		chars := binary.LittleEndian.Uint64(wide[pos:])
		// A byte below '!' gets its highest bit; a borrow spoils only bytes behind
		// the first of them.
		if low := (chars - 0x2121212121212121) &^ chars & 0x8080808080808080; low != 0 {
			pos += bits.TrailingZeros64(low) / 8
			break
		}
		pos += 8
	}
	return min(pos, len(line))
}
