package value

import (
	"math"
	"strconv"
	"time"
)

// NumberPattern is the regular expression that a text must match as a whole to be a number. One whose
// value is beyond 64-bit floating point is none all the same.
const NumberPattern = `[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`

// ParseNumber reads a text that is a number as a whole: an optional sign, digits, an optional fraction
// and an optional exponent. What is not finite is no number.
func ParseNumber(s string) (float64, bool) {
	if !isNumber(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	return f, true
}

// isNumber says whether all of a text matches NumberPattern.
func isNumber(s string) bool {
	i := 0
	digits := func() bool {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > from
	}
	sign := func() {
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
	}
	sign()
	if !digits() {
		return false
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		sign()
		if !digits() {
			return false
		}
	}
	return i == len(s)
}

// FormatNumber writes a number plainly, with as few digits as tell it from others and never with an
// exponent: 1048576, 0.5.
func FormatNumber(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10) // also of negative zero
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// timeLayout is the form of times in results.
//
// Source: Grafana's CloudWatch data source, which reads exactly this form.
const timeLayout = "2006-01-02 15:04:05.000"

// FormatTime writes a time of milliseconds since the epoch as results show it, in UTC.
func FormatTime(millis int64) string { return time.UnixMilli(millis).UTC().Format(timeLayout) }
