package function

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// formatSpec is one place of a format of Java's Formatter.
var formatSpec = regexp.MustCompile(`%(\d+\$)?([-#+ 0,(]*)(\d+)?(\.\d+)?(t?[a-zA-Z%])`)

// formatted is format(pattern, ...): each place is written by a native, and NULL as Java writes null.
//
// Source: Trino documentation, "Conversion functions"; java.util.Formatter.
func formatted(c *Call) (string, error) {
	if c.Args[0].Text == nil {
		return "", refuse(c, "format with a pattern that is not constant is not supported")
	}
	pattern, next := *c.Args[0].Text, 1
	parts := []string{"''"}
	for pattern != "" {
		at := strings.IndexByte(pattern, '%')
		if at < 0 {
			at = len(pattern)
		}
		if at > 0 {
			parts, pattern = append(parts, quote(pattern[:at])), pattern[at:]
			continue
		}
		m := formatSpec.FindStringSubmatch(pattern)
		if m == nil || !strings.HasPrefix(pattern, m[0]) {
			return "", invalid(c.Args[0].At, "Invalid format string: %s", *c.Args[0].Text)
		}
		pattern = pattern[len(m[0]):]
		conversion := m[5]
		if conversion == "%" || conversion == "n" {
			parts = append(parts, quote(map[string]string{"%": "%", "n": "\n"}[conversion]))
			continue
		}
		index := next
		if m[1] != "" {
			index, _ = strconv.Atoi(strings.TrimSuffix(m[1], "$"))
		} else {
			next++
		}
		if index < 1 || index >= len(c.Args) {
			return "", invalid(c.Args[0].At, "Invalid format string: %s: Format specifier '%s' has no argument", *c.Args[0].Text, m[0])
		}
		part, err := formatPart(c, c.Args[index], m)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	return "(" + strings.Join(parts, " || ") + ")", nil
}

// formatPart writes an argument as a place of the pattern says.
func formatPart(c *Call, a Arg, m []string) (string, error) {
	flags, width, precision, conversion := m[2], m[3], strings.TrimPrefix(m[4], "."), m[5]
	no := func() (string, error) {
		return "", athenasql.Errorf(athenasql.CodeNotSupported, c.Args[0].At, "%s of a value of the type %s is not supported in format", m[0], a.Type)
	}
	if strings.ContainsAny(flags, "#( ") || strings.Contains(flags, "-") && strings.Contains(flags, "0") {
		return no()
	}
	text := ""
	switch conversion {
	case "s", "S", "b", "B":
		if strings.Trim(flags, "-") != "" || (conversion == "b" || conversion == "B") && a.Type.Kind != types.Boolean {
			return no()
		}
		switch a.Type.Kind {
		case types.Double, types.Real:
			text = "trino_format_double(CAST(" + a.SQL + " AS DOUBLE), " + strconv.Itoa(map[bool]int{true: 32, false: 64}[a.Type.Kind == types.Real]) + ")"
		case types.Timestamp, types.TimestampTZ, types.Unknown:
			return no()
		default:
			t, err := TextOf(a.Type, a.SQL, a.At)
			if err != nil {
				return "", err
			}
			text = t
		}
		if precision != "" {
			text = "left(" + text + ", " + precision + ")"
		}
	case "d", "x", "X":
		if !a.Type.IsInteger() || precision != "" || conversion != "d" && strings.ContainsAny(flags, "+,") {
			return no()
		}
		text = "CAST(" + a.SQL + " AS VARCHAR)"
		if conversion != "d" {
			text = "trino_format_hex(CAST(" + a.SQL + " AS BIGINT))" // whole numbers of all types are of 64 bits there
		}
	case "f":
		switch a.Type.Kind {
		case types.Decimal:
			text = "CAST(" + a.SQL + " AS VARCHAR)"
		case types.Double:
			text = "trino_format_plain(" + a.SQL + ")"
		default:
			return no()
		}
		if precision == "" {
			precision = "6"
		}
	default:
		return no()
	}
	number := slices.Contains([]string{"d", "x", "X", "f"}, conversion)
	if conversion != "f" {
		precision = ""
	}
	spec := flags + "|" + width + "|" + precision
	if number {
		text = "trino_format_number(" + text + ", " + quote(spec) + ")"
	}
	text = "trino_format_pad(coalesce(" + text + ", 'null'), " + quote(spec) + ")"
	if conversion != strings.ToLower(conversion) {
		text = "upper(" + text + ")"
	}
	return text, nil
}

var formatNatives = []Native{
	{Name: "trino_format_double", Args: []string{"DOUBLE", "BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		return types.Float(a[0].(float64), int(a[1].(int64))), nil
	}},
	{Name: "trino_format_hex", Args: []string{"BIGINT"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		return strconv.FormatUint(uint64(a[0].(int64)), 16), nil
	}},
	{Name: "trino_format_plain", Args: []string{"DOUBLE"}, Result: "VARCHAR", Do: func(a []any) (any, error) {
		s := strconv.FormatFloat(a[0].(float64), 'f', -1, 64)
		return strings.NewReplacer("+Inf", "Infinity", "-Inf", "-Infinity").Replace(s), nil
	}},
	textNative("trino_data_size", "VARCHAR", 1, func(s []string) (any, error) { return dataSize(s[0]) }),
	textNative("trino_format_number", "VARCHAR", 2, func(s []string) (any, error) { return formatNumber(s[0], s[1]), nil }),
	textNative("trino_format_pad", "VARCHAR", 2, func(s []string) (any, error) {
		parts := strings.SplitN(s[1]+"||", "|", 4)
		width, _ := strconv.Atoi(parts[1])
		if width > maxWidth {
			return nil, failed("the width %s of a format is too large", parts[1])
		}
		blanks := strings.Repeat(" ", max(0, width-len([]rune(s[0]))))
		if strings.Contains(parts[0], "-") {
			return s[0] + blanks, nil
		}
		return blanks + s[0], nil
	}),
}

const maxWidth = 1000 // of a place of a format

// formatNumber writes a number in plain digits with the flags, width and digits behind the point that a spec has. Halves of the digits that are
// shown are rounded away from zero, as Java does.
func formatNumber(s, spec string) string {
	parts := strings.SplitN(spec+"||", "|", 4)
	flags := parts[0]
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	if strings.ContainsAny(s, "INn") { // not finite
		if negative {
			s = "-" + s
		} else if strings.Contains(flags, "+") && s != "NaN" {
			s = "+" + s
		}
		return s
	}
	if scale, err := strconv.Atoi(parts[2]); err == nil {
		whole, fraction, _ := strings.Cut(s, ".")
		scale = min(scale, maxWidth)
		n, _ := new(big.Int).SetString(whole+fraction, 10)
		if n == nil {
			return s
		}
		unit := func(digits int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil) }
		if len(fraction) > scale {
			n = divideHalfUp(n, unit(len(fraction)-scale))
		} else {
			n.Mul(n, unit(scale-len(fraction)))
		}
		s = decimalText(n, scale)
	}
	if strings.Contains(flags, ",") {
		whole, fraction, point := strings.Cut(s, ".")
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
		if s = whole; point {
			s += "." + fraction
		}
	}
	sign := ""
	switch {
	case negative:
		sign = "-"
	case strings.Contains(flags, "+"):
		sign = "+"
	}
	if width, _ := strconv.Atoi(parts[1]); strings.Contains(flags, "0") {
		s = strings.Repeat("0", max(0, min(width, maxWidth)-len(sign)-len(s))) + s
	}
	return sign + s
}

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*(B|kB|MB|GB|TB|PB|EB|ZB|YB)$`)

// dataSize returns the bytes of a text such as "2.3MB", in units of 1,024.
func dataSize(s string) (any, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return nil, failed("Invalid data size: '%s'", s)
	}
	n, ok := new(big.Rat).SetString(m[1])
	if !ok {
		return nil, failed("Invalid data size: '%s'", s)
	}
	power := strings.Index("BkMGTPEZY", m[2][:1])
	n.Mul(n, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(10*power))))
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	if len(whole.String()) > 38 {
		return nil, athenasql.Errorf(athenasql.CodeOutOfRange, athenasql.Span{}, "Value out of range: '%s' ('%sB')", s, whole)
	}
	return whole.String(), nil
}
