package tablefile

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// text returns the text that a string column of an OpenX table has of a value: a string is itself, true and false too, numbers are written anew, and objects and arrays are JSON
// without blanks (Trino, openxjson.JsonWriter). fold says that names which differ by case alone are one name.
func (v jsonValue) openXText(fold bool) ([]byte, error) {
	switch v.kind {
	case jsonNumber:
		return javaNumber(v.text), nil
	case jsonObject, jsonArray:
		return (&jsonLine{text: v.text}).rewrite(make([]byte, 0, len(v.text)), fold)
	}
	return v.text, nil
}

// rewrite appends the next value, without blanks.
func (j *jsonLine) rewrite(out []byte, fold bool) ([]byte, error) {
	first := true
	comma := func() {
		if !first {
			out = append(out, ',')
		}
		first = false
	}
	var err error
	switch j.peek() {
	case '{':
		seen := map[string]bool{}
		out = append(out, '{')
		err = j.object(func(name []byte) error {
			key := string(name)
			if fold {
				key = strings.ToLower(key)
			}
			if seen[key] {
				return duplicateKey(name)
			}
			seen[key] = true
			comma()
			out = append(appendJSONString(out, name), ':')
			out, err = j.rewrite(out, fold)
			return err
		})
		return append(out, '}'), err
	case '[':
		out = append(out, '[')
		err = j.array(func() error {
			comma()
			out, err = j.rewrite(out, fold)
			return err
		})
		return append(out, ']'), err
	}
	v, err := j.value()
	switch v.kind {
	case jsonString:
		return appendJSONString(out, v.text), err
	case jsonNumber:
		return append(out, javaNumber(v.text)...), err
	}
	return append(out, v.text...), err
}

// duplicateKey is Athena's refusal of a name that an object has twice.
func duplicateKey(name []byte) error { return fmt.Errorf("JSONException: Duplicate key %q", name) }

// appendJSONString appends a string in quotes. "</" becomes "<\/".
func appendJSONString(out, text []byte) []byte {
	out = append(out, '"')
	before := byte(0)
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '/' && before == '<':
			out = append(out, '\\', c)
		case c == '\t':
			out = append(out, `\t`...)
		case c == '\b':
			out = append(out, `\b`...)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\f':
			out = append(out, `\f`...)
		case c < ' ':
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, c)
		}
		before = c
	}
	return append(out, '"')
}

// javaNumber writes a number of JSON as Java does: one of 64 bits as such, another as BigDecimal's toString does, with the digits that it has.
func javaNumber(text []byte) []byte {
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return strconv.AppendInt(nil, n, 10)
	}
	mantissa, exponent, _ := cutAny(string(text), "eE")
	sign := ""
	if strings.HasPrefix(mantissa, "-") {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		sign, digits = "", "0"
	}
	e := 0
	if exponent != "" {
		var err error
		if e, err = strconv.Atoi(exponent); err != nil || e > 1<<30 || e < -1<<30 {
			return text // Java has no such number, and what is none stays as it is written
		}
	}
	scale := len(fraction) - e
	adjusted := len(digits) - 1 - scale
	switch {
	case scale == 0:
		return []byte(sign + digits)
	case scale > 0 && adjusted >= -6:
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale-len(digits)+1) + digits
		}
		return []byte(sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:])
	}
	out := sign + digits[:1]
	if len(digits) > 1 {
		out += "." + digits[1:]
	}
	if adjusted != 0 {
		out += fmt.Sprintf("E%+d", adjusted)
	}
	return []byte(out)
}

// truncated reads a number of JSON or a text of one as a whole number, without its fraction (Java, BigDecimal). ok is false where it is none, or too large for 64 bits.
func truncated(text []byte) (int64, bool) {
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return n, true
	}
	mantissa, exponent, scientific := cutAny(string(text), "eE")
	body := strings.TrimLeft(mantissa, "+-")
	_, err := strconv.Atoi(exponent)
	// 64 bits need 19 digits: what is bounded here is the work on numbers that end as an error or as 0.
	if scientific && err != nil || len(exponent) > 4 || len(mantissa)-len(body) > 1 || len(body) > 1000 ||
		strings.Trim(body, ".0123456789") != "" || strings.Count(body, ".") > 1 || strings.Trim(body, ".") == "" {
		return 0, false
	}
	v, ok := new(big.Rat).SetString(string(text))
	if !ok {
		return 0, false
	}
	n := new(big.Int).Quo(v.Num(), v.Denom())
	return n.Int64(), n.IsInt64()
}
