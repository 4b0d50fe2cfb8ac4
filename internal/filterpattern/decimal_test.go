package filterpattern

import (
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestDecimal(t *testing.T) {
	for _, bad := range []string{"", "+", "-", ".5", "5.", "1e", "1e+", "0x10", "1_0", "inf", "NaN", " 1", "1 ", "1e1234567890", "--1", "1.2.3"} {
		if d, ok := parseDecimal(bad); ok {
			t.Errorf("%q is %+v", bad, d)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	digits := func() string {
		return strings.Repeat("0", rnd.IntN(3)) + strconv.Itoa(rnd.IntN(30)) + strings.Repeat("0", rnd.IntN(3))
	}
	number := func() string {
		s := []string{"", "-", "+"}[rnd.IntN(3)] + digits()
		if rnd.IntN(2) == 0 {
			s += "." + digits()
		}
		if rnd.IntN(2) == 0 {
			s += []string{"e", "E-", "e+"}[rnd.IntN(3)] + strconv.Itoa(rnd.IntN(4))
		}
		return s
	}
	equal := 0
	for range 20_000 {
		a, b := number(), number()
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if !okX || !okY {
			t.Fatalf("%s, %s: the oracle reads no number", a, b)
		}
		d, okD := parseDecimal(a)
		e, okE := parseDecimal(b)
		if !okD || !okE || d.compare(e) != x.Cmp(y) {
			t.Fatalf("%s with %s: %d, want %d", a, b, d.compare(e), x.Cmp(y))
		}
		if x.Cmp(y) == 0 {
			equal++
		}
	}
	if equal < 20 {
		t.Errorf("only %d pairs were equal", equal)
	}
}
