package value

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Order compares in the natural order: negative where x comes first, 0 where neither does. What has no
// text (absent values, lists and maps) comes last, in a descending sort too, which is up to the caller.
//
// What is no number comes before numbers, chunk by chunk: digits by how many there are and then by value,
// other characters by code point. Numbers ascend by value.
//
// Source: AWS, "sort".
func Order(x, y Value) int {
	xs, xok := x.Text()
	ys, yok := y.Text()
	if !xok || !yok {
		switch {
		case xok:
			return -1
		case yok:
			return 1
		}
		return 0
	}
	a, aok := x.Number()
	b, bok := y.Number()
	switch {
	case aok && bok:
		return threeWay(a, b)
	case bok:
		return -1
	case aok:
		return 1
	}
	return natural(xs, ys)
}

// natural compares texts that are no numbers.
func natural(s, t string) int {
	for s != "" && t != "" {
		var a, b string
		a, s = chunk(s)
		b, t = chunk(t)
		if isDigit(a[0]) && isDigit(b[0]) && len(a) != len(b) {
			return len(a) - len(b)
		}
		if c := strings.Compare(a, b); c != 0 {
			return c
		}
	}
	return len(s) - len(t)
}

// chunk cuts the digits, or what is none, from the beginning of a text that is not empty.
func chunk(s string) (head, rest string) {
	i := 1
	for i < len(s) && isDigit(s[i]) == isDigit(s[0]) {
		i++
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// SortKey returns a text for each value so that the texts' bytes are in the natural order of the values: two keys
// are equal where [Order] finds neither first. It is UTF-8 without NUL where the value's text is UTF-8. What comes
// last in both directions has the key "", and nothing else has.
func SortKey(v Value) string {
	s, ok := v.Text()
	if !ok {
		return ""
	}
	if f, ok := v.Number(); ok {
		bits := math.Float64bits(f + 0) // no negative zero
		if f < 0 {
			bits = ^bits
		} else {
			bits = math.Float64bits(math.Abs(f)) | 1<<63
		}
		return fmt.Sprintf("1%016x", bits)
	}
	key := []byte{'0'}
	for s != "" {
		var a string
		a, s = chunk(s)
		if isDigit(a[0]) {
			// A digit in front, as the chunk has among chunks of other characters; then how many digits
			// the length has, the length, and the digits.
			n := strconv.Itoa(len(a))
			key = append(key, '0', '0'+byte(len(n)))
			key = append(key, n...)
			key = append(key, a...)
			continue
		}
		for i := range len(a) {
			if c := a[i]; c <= 2 {
				key = append(key, 2, 2+c)
			} else {
				key = append(key, c)
			}
		}
		key = append(key, 1) // a chunk that is the beginning of another comes first
	}
	return string(key)
}
