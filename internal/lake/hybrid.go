package lake

import "encoding/binary"

// codesBlock is how many codes appendCodes looks at as one. DuckDB unpacks 32 codes at
// once where a reading of 2,048 rows begins and ends between such blocks, and else one by
// one for the rest of a run: a run that begins anywhere makes it 6 times slower.
const codesBlock = 32

// runBlocks is how many blocks a bit-packed run has at most, so that its header is one
// byte. Where a column has gaps, blocks fall apart for DuckDB until the run ends.
const runBlocks = 15

// code is a code of a dictionary, or a level.
type code interface{ ~uint8 | ~uint32 }

// appendCodes appends codes in Parquet's hybrid of runs and bit-packing, all of whose
// runs but the last have whole blocks. No code has more than width bits, which are 1 to
// 31.
//
// Source: Parquet's format, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)".
func appendCodes[C code](to []byte, codes []C, width uint) []byte {
	for len(codes) >= codesBlock {
		if n := sameBlocks(codes); n > 0 {
			to = appendCode(appendRun(to, n*codesBlock), uint32(codes[0]), width)
			codes = codes[n*codesBlock:]
			continue
		}
		n := 1
		for n < runBlocks && len(codes) >= (n+1)*codesBlock && !sameBlock(codes[n*codesBlock:]) {
			n++
		}
		to = appendPacked(to, codes[:n*codesBlock], width)
		codes = codes[n*codesBlock:]
	}
	if len(codes) == 0 {
		return to
	}
	var last [codesBlock]C
	copy(last[:], codes)
	return appendPacked(to, last[:(len(codes)+7)/8*8], width)
}

// sameBlocks returns how many blocks at the beginning have the first code only.
func sameBlocks[C code](codes []C) int {
	n := 0
	for len(codes) >= (n+1)*codesBlock && codes[n*codesBlock] == codes[0] && sameBlock(codes[n*codesBlock:]) {
		n++
	}
	return n
}

// sameBlock reports whether the first block has one code only.
func sameBlock[C code](codes []C) bool {
	block := (*[codesBlock]C)(codes)
	// Neighbours are seldom equal where a block is not: most blocks end here.
	if block[0] != block[1] || block[0] != block[codesBlock-1] {
		return false
	}
	for _, code := range block[1:] {
		if code != block[0] {
			return false
		}
	}
	return true
}

// appendPacked appends a bit-packed run of codes, which are a multiple of 8 and at most
// runBlocks blocks.
func appendPacked[C code](to []byte, codes []C, width uint) []byte {
	to = append(to, byte(len(codes)/8<<1|1))
	word, used := uint64(0), uint(0)
	for ; len(codes) > 1; codes = codes[2:] {
		two := uint64(codes[0]) | uint64(codes[1])<<width
		word |= two << used
		if used += 2 * width; used >= 64 {
			to = binary.LittleEndian.AppendUint64(to, word)
			used -= 64
			word = two >> (2*width - used)
		}
	}
	for ; used > 0; used -= 8 { // 8 codes are whole bytes
		to = append(to, byte(word))
		word >>= 8
	}
	return to
}

// appendRun appends the header of n times the same value; the value follows.
func appendRun(to []byte, n int) []byte { return binary.AppendUvarint(to, uint64(n)<<1) }

// appendCode appends the code of a run.
func appendCode(to []byte, code uint32, width uint) []byte {
	for ; width > 0; width -= min(8, width) {
		to = append(to, byte(code))
		code >>= 8
	}
	return to
}
