package lake

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/rle"
)

// TestAppendCodes reads what appendCodes wrote by another's decoder, and looks at where
// its runs begin.
func TestAppendCodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for width := uint(1); width <= 31; width++ {
		for range 50 {
			codes := randomCodes(rng, width)
			coded := appendCodes(nil, codes, width)
			if err := wholeBlocks(coded, width, len(codes)); err != nil {
				t.Fatalf("width %d, %d codes: %v", width, len(codes), err)
			}
			got, err := (&rle.Encoding{BitWidth: int(width)}).DecodeInt32(nil, coded)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) < len(codes) {
				t.Fatalf("width %d: %d codes of %d", width, len(got), len(codes))
			}
			for i, code := range codes {
				if uint32(got[i]) != code {
					t.Fatalf("width %d: code %d of %d is %d, want %d", width, i, len(codes), got[i], code)
				}
			}
			if width > 8 {
				continue
			}
			levels := make([]uint8, len(codes))
			for i, code := range codes {
				levels[i] = uint8(code)
			}
			if !slices.Equal(appendCodes(nil, levels, width), coded) {
				t.Fatalf("width %d: levels differ from codes", width)
			}
		}
	}
	if got := appendCodes(nil, []uint32(nil), 5); len(got) != 0 {
		t.Errorf("no codes are %x", got)
	}
}

// randomCodes returns codes in runs of the same one, of neighbours, and of any.
func randomCodes(rng *rand.Rand, width uint) []uint32 {
	var codes []uint32
	for range 1 + rng.IntN(12) {
		code, n := uint32(rng.Uint64N(1<<width)), 1+rng.IntN(1+rng.IntN(1200))
		same := rng.IntN(2) == 0
		for range n {
			if !same {
				code = uint32(rng.Uint64N(1 << width))
			}
			codes = append(codes, code)
		}
	}
	return codes
}

// wholeBlocks reports an error where a run of n codes does not begin with a block.
func wholeBlocks(coded []byte, width uint, n int) error {
	at := 0
	for len(coded) > 0 {
		if at%codesBlock != 0 {
			return fmt.Errorf("a run begins at %d", at)
		}
		header, size := binary.Uvarint(coded)
		if size <= 0 {
			return fmt.Errorf("no header at %d", at)
		}
		coded = coded[size:]
		if header&1 == 0 {
			at, coded = at+int(header>>1), coded[(width+7)/8:]
			continue
		}
		at, coded = at+8*int(header>>1), coded[int(header>>1)*int(width):]
	}
	if at < n || at >= n+8 {
		return fmt.Errorf("%d codes, want %d", at, n)
	}
	return nil
}
