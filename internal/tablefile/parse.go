package tablefile

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// parseInt reads a whole number as Trino reads text tables: a sign, digits, and a fraction that must be digits and counts for nothing. ok is
// false where it is none, or too large for 64 bits (Trino, LongEncoding).
func parseInt(b []byte) (n int64, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	if dot := bytes.IndexByte(b, '.'); dot >= 0 {
		for _, c := range b[dot+1:] {
			if c < '0' || c > '9' {
				return 0, false
			}
		}
		b = b[:dot]
	}
	var v uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || v > (math.MaxUint64-9)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	switch {
	case negative && v <= 1<<63:
		return -int64(v), true
	case !negative && v <= math.MaxInt64:
		return int64(v), true
	}
	return 0, false
}

// parseFloat reads a number as Java's Double.parseDouble and Float.parseFloat do, for so many bits.
func parseFloat(b []byte, bits int) (float64, bool) {
	text := strings.TrimFunc(string(b), func(r rune) bool { return r <= ' ' })
	body := strings.TrimLeft(text, "+-")
	if len(text)-len(body) > 1 || body == "" {
		return 0, false
	}
	switch body {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1 - 2*strings.Count(text, "-")), true
	}
	hex := strings.HasPrefix(body, "0x") || strings.HasPrefix(body, "0X")
	if c := body[0]; c != '.' && (c < '0' || c > '9') || strings.Contains(body, "_") || hex && !strings.ContainsAny(body, "pP") {
		return 0, false
	}
	if last := text[len(text)-1]; strings.IndexByte("fFdD", last) >= 0 {
		text = text[:len(text)-1]
	}
	f, err := strconv.ParseFloat(text, bits)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, true // what is too large is infinite, as in Java
}

// parseBool reads true or false in any case.
func parseBool(b []byte) (value, ok bool) {
	switch {
	case len(b) == 4 && strings.EqualFold(string(b), "true"):
		return true, true
	case len(b) == 5 && strings.EqualFold(string(b), "false"):
		return false, true
	}
	return false, false
}

// parseDate reads y-m-d as days since the epoch. What follows a space is left out, and days that a month has not run on into the next one, as
// in Hive and Trino (HiveFormatUtils.parseHiveDate).
func parseDate(b []byte) (days int32, ok bool) {
	text, _, _ := strings.Cut(strings.TrimFunc(string(b), func(r rune) bool { return r <= ' ' }), " ")
	t, rest, ok := dateOf(text)
	if !ok || rest != "" {
		return 0, false
	}
	return int32(t.Unix() / 86400), true
}

// dateOf reads a date at the beginning of a text.
func dateOf(text string) (t time.Time, rest string, ok bool) {
	sign := 1
	if after, minus := strings.CutPrefix(text, "-"); minus {
		sign, text = -1, after
	}
	// Years of more digits are outside of what a date of DuckDB or of results holds.
	year, rest, ok1 := digits(text, 1, 4)
	rest, ok2 := strings.CutPrefix(rest, "-")
	month, rest, ok3 := digits(rest, 1, 2)
	rest, ok4 := strings.CutPrefix(rest, "-")
	day, rest, ok5 := digits(rest, 1, 2)
	return time.Date(sign*year, time.Month(month), day, 0, 0, 0, 0, time.UTC), rest, ok1 && ok2 && ok3 && ok4 && ok5
}

// digits reads a number of least to most digits at the beginning of a text.
func digits(text string, least, most int) (n int, rest string, ok bool) {
	i := 0
	for i < len(text) && i < most && text[i] >= '0' && text[i] <= '9' {
		n = n*10 + int(text[i]-'0')
		i++
	}
	return n, text[i:], i >= least
}

// parseTimestamp reads y-m-d[ h:m:s[.fraction]], or with a T between, as microseconds since the epoch, rounded to Athena's milliseconds (Trino,
// TimestampEncoding: less than 8 bytes are none).
func parseTimestamp(b []byte) (micros int64, ok bool) {
	if len(b) < 8 {
		return 0, false
	}
	text := strings.TrimFunc(string(b), func(r rune) bool { return r <= ' ' })
	t, rest, ok := dateOf(text)
	if !ok {
		return 0, false
	}
	if rest == "" {
		return t.UnixMicro(), true
	}
	least := 1
	iso := rest[0] == 'T' || rest[0] == 't'
	if iso {
		least = 2
	} else if rest[0] != ' ' {
		return 0, false
	}
	hour, rest, ok1 := digits(rest[1:], least, 2)
	rest, ok2 := strings.CutPrefix(rest, ":")
	minute, rest, ok3 := digits(rest, least, 2)
	if !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	second, nanos := 0, 0
	if after, more := strings.CutPrefix(rest, ":"); more {
		if second, rest, ok = digits(after, least, 2); !ok {
			return 0, false
		}
		if after, more := strings.CutPrefix(rest, "."); more {
			var left string
			if nanos, left, ok = digits(after, 1, 9); !ok {
				return 0, false
			}
			for range 9 - (len(after) - len(left)) {
				nanos *= 10
			}
			rest = left
		}
	} else if !iso {
		return 0, false
	}
	if rest != "" {
		return 0, false
	}
	t = t.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
	return t.UnixMicro() + int64(nanos+500_000)/1_000_000*1000, true
}

// parseDecimal reads a decimal as Java's BigDecimal does and returns it times 10 to the scale, rounded half up. ok is false where it has more
// digits than the precision.
func parseDecimal(b []byte, precision, scale int) (*big.Int, bool) {
	mantissa, exponent, hasExponent := cutAny(string(b), "eE")
	shift := 0
	if hasExponent {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 1000 || n < -1000 {
			return nil, false
		}
		shift = n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	sign := ""
	if whole != "" && (whole[0] == '-' || whole[0] == '+') {
		sign, whole = whole[:1], whole[1:]
	}
	all := whole + fraction
	if all == "" || strings.Trim(all, "0123456789") != "" || len(all) > 1000 {
		return nil, false
	}
	v, ok := new(big.Int).SetString(all, 10)
	if !ok {
		return nil, false
	}
	v = rescale(v, len(fraction)-shift, scale)
	if sign == "-" {
		v.Neg(v)
	}
	return v, v.CmpAbs(power(precision)) < 0
}

func cutAny(text, of string) (before, after string, found bool) {
	if i := strings.IndexAny(text, of); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, "", false
}

// power is 10 to n.
func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// rescale changes the scale of a number, rounding half away from zero.
func rescale(v *big.Int, from, to int) *big.Int {
	if to >= from {
		return v.Mul(v, power(to-from))
	}
	by := power(from - to)
	half := new(big.Int).Rsh(by, 1)
	if v.Sign() < 0 {
		half.Neg(half)
	}
	return v.Quo(v.Add(v, half), by)
}

// cutText returns the first so many characters, all where most is 0. What is no UTF-8 becomes U+FFFD, as results show it.
func cutText(b []byte, most int) []byte {
	if most > 0 && len(b) > most {
		n := 0
		for i := range string(b) {
			if n == most {
				b = b[:i]
				break
			}
			n++
		}
	}
	if !utf8.Valid(b) {
		return bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b
}

// unescape leaves out escapes.
func unescape(b []byte, escape byte) []byte {
	if bytes.IndexByte(b, escape) < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == escape && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}
