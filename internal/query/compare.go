package query

import (
	"cmp"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Compare orders two present values of one type, as [Type] lists them: it returns
// a negative number, 0 or a positive number. False comes before true, text is
// ordered by its bytes. Integers may be int64 or *big.Int. It panics on values
// of different types and on maps, which have no order: [Plan.Check] refuses
// plans that would ask for it.
func Compare(a, b any) int {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
		return big.NewInt(x).Cmp(b.(*big.Int))
	case *big.Int:
		return x.Cmp(bigOf(b))
	case float64:
		return cmp.Compare(x, b.(float64))
	case string:
		return strings.Compare(x, b.(string))
	case bool:
		return compareBools(x, b.(bool))
	case time.Time:
		return x.Compare(b.(time.Time))
	}
	panic(fmt.Sprintf("query: %T has no order", a))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// bigOf returns an integer, int64 or *big.Int, as *big.Int.
func bigOf(v any) *big.Int {
	if n, ok := v.(int64); ok {
		return big.NewInt(n)
	}
	return v.(*big.Int)
}
