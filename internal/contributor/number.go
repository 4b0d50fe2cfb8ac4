package contributor

import (
	"math"
	"strconv"
)

// parseNumber reads a number: sign, digits, fraction, exponent, and nothing around it. It is the double that AWS's API has.
func parseNumber(s string) (float64, bool) {
	if n := len(s); n > 0 && n <= 15 { // a double holds integers of 15 digits
		v := int64(0)
		i := 0
		for ; i < n && s[i] >= '0' && s[i] <= '9'; i++ {
			v = v*10 + int64(s[i]-'0')
		}
		if i == n {
			return float64(v), true
		}
	}
	if !isNumber(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// isNumber keeps out what only Go takes for a number: 0x1p3, 1_000, Inf, .5.
func isNumber(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	s, ok := cutDigits(s)
	if !ok {
		return false
	}
	if s != "" && s[0] == '.' {
		if s, ok = cutDigits(s[1:]); !ok {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		if s, ok = cutDigits(s); !ok {
			return false
		}
	}
	return s == ""
}

// cutDigits takes one or more digits from the beginning.
func cutDigits(s string) (string, bool) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[n:], n > 0
}
