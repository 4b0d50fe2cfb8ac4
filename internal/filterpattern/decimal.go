package filterpattern

import "strings"

// A decimal is a number as it is written, of any size, so that comparing is exact: 0.digits times ten to
// the point. Digits neither begin nor end with 0; zero has none.
type decimal struct {
	neg    bool
	digits string
	point  int
}

// parseDecimal reads a number: sign, digits, fraction, exponent. Text around it is none.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.neg = s[0] == '-'
		s = s[1:]
	}
	n := countDigits(s)
	if n == 0 {
		return d, false
	}
	whole, frac := s[:n], ""
	s = s[n:]
	if strings.HasPrefix(s, ".") {
		n = countDigits(s[1:])
		if n == 0 {
			return d, false
		}
		frac, s = s[1:n+1], s[n+1:]
	}
	exponent, ok := parseExponent(s)
	if !ok {
		return d, false
	}
	d.digits = whole
	if frac = strings.TrimRight(frac, "0"); frac != "" {
		d.digits += frac
	}
	d.point = len(whole) + exponent
	trimmed := strings.TrimLeft(d.digits, "0")
	d.point -= len(d.digits) - len(trimmed)
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		d = decimal{} // zero has no sign
	}
	return d, true
}

// parseExponent reads an exponent or nothing. One of more than nine digits is none that anybody means.
func parseExponent(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if n := countDigits(s); n == 0 || n != len(s) || n > 9 {
		return 0, false
	}
	v := 0
	for i := range len(s) {
		v = v*10 + int(s[i]-'0')
	}
	return sign * v, true
}

func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// compare returns -1, 0 or 1.
func (d decimal) compare(e decimal) int {
	if d.sign() != e.sign() {
		return cmpInt(d.sign(), e.sign())
	}
	c := cmpInt(d.point, e.point)
	if c == 0 {
		c = strings.Compare(d.digits, e.digits)
	}
	return c * d.sign()
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.neg:
		return -1
	}
	return 1
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// digitsOnly returns the number that a text of 1 to 18 digits is.
func digitsOnly(s string) (int64, bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	v := int64(0)
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	return v, true
}
