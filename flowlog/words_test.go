package flowlog

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestWords compares what looks at 8 bytes at a time with loops over bytes, on
// words of all lengths at all places before the end of the line and of the array.
func TestWords(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const chars = "0123456789 \t\r\n\x00\x1f!-:.azAZ\x7f\x80\xb0\xff/0123456789"
	for range 300_000 {
		array := make([]byte, rng.IntN(48))
		for i := range array {
			if array[i] = chars[rng.IntN(len(chars))]; rng.IntN(4) > 0 {
				array[i] = '0' + byte(rng.IntN(10))
			}
		}
		line := array[:rng.IntN(len(array)+1)]
		pos := rng.IntN(len(line) + 1)
		end := pos
		for end < len(line) && line[end] >= '0' && line[end] <= '9' {
			end++
		}
		wide := pos+wideLoad <= len(array)
		v, at := leadingNumber(line, pos)
		// Digits behind the line may make it too long to say.
		sure := wide && end < len(line) && end-pos < 16
		if at != pos || sure && end > pos {
			want, err := strconv.ParseInt(string(line[pos:end]), 10, 64)
			if err != nil || v != want || at != end {
				t.Fatalf("%q of %q at %d: %d to %d, want %d to %d, %v", line, array, pos, v, at, want, end, err)
			}
		}
		end = pos
		for end < len(line) && line[end] > ' ' {
			end++
		}
		at = wordEnd(line, pos)
		if at > end || at < end && (at+8 <= len(array) && end-at >= 8) {
			t.Fatalf("%q of %q: the word at %d ends at %d, want %d", line, array, pos, at, end)
		}
	}
}
