package alarm

import (
	"strconv"
	"strings"
)

// A number is written as Java writes a double, which is how AWS writes values in reasons and in JSON: 1.0, 0.33, 1.5E7.
//
// Source: reasons that AWS gave ("[0.33574153327928674 (06/03/23 17:03:00)]", "[1223375.0 (...)]"), and the Java Platform, Double.toString.
type number float64

func (n number) String() string {
	v := float64(n)
	abs := max(v, -v)
	if v == 0 || abs >= 1e-3 && abs < 1e7 {
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(text, ".") && abs < 1e7 {
			text += ".0"
		}
		return text
	}
	text := strconv.FormatFloat(v, 'e', -1, 64)
	mantissa, exponent, found := strings.Cut(text, "e")
	if !found { // not a number, or infinite
		return text
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	return mantissa + "E" + sign + strings.TrimLeft(exponent[1:], "0")
}

// MarshalJSON writes the number as AWS does.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }
