package types

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Text returns a value as the results of Athena show it, false for NULL. v is what DuckDB's driver gives for a column of [Type.SQL]: bool, int8 to int64,
// *big.Int, float32, float64, string, []byte, time.Time, Decimal, []any, map[string]any, OrderedMap, UUID. A NULL within an array, a map or a row is "null".
//
// Sources: Athena User Guide, "Working with query results"; for double Java's Double.toString, which Trino writes; a varbinary is
// its bytes in hexadecimal, with spaces between.
func Text(v any, t Type) (string, bool) {
	if v == nil {
		return "", false
	}
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v), true
	case float32:
		return Float(float64(v), 32), true
	case float64:
		return Float(v, 64), true
	case *big.Int:
		return v.String(), true
	case string:
		return textOf(v, t), true
	case []byte:
		return bytesOf(v, t), true
	case [16]byte:
		return bytesOf(v[:], t), true
	case time.Time:
		return timeOf(v, t), true
	case []any:
		return listOf(v, t), true
	case map[string]any:
		return rowOf(v, t), true
	}
	return otherOf(v, t), true
}

func textOf(s string, t Type) string {
	switch t.Kind {
	case Char:
		if n := t.Length - len([]rune(s)); n > 0 {
			return s + strings.Repeat(" ", n)
		}
	case IPAddress:
		return Address(s)
	case IPPrefix:
		return Prefix(s)
	}
	return s
}

// Address returns an ipaddress, which is 32 hexadecimal digits, as Trino shows it: an IPv4 address in its own form.
func Address(digits string) string {
	b, err := hex.DecodeString(digits)
	if a, ok := netip.AddrFromSlice(b); err == nil && ok && len(b) == 16 {
		return a.Unmap().String()
	}
	return digits
}

// Prefix returns an ipprefix, which is the 32 digits of its first address and two of its length, as Trino shows it: "10.0.0.0/8".
func Prefix(digits string) string {
	n, err := hex.DecodeString(digits[max(0, len(digits)-2):])
	if err != nil || len(digits) != 34 {
		return digits
	}
	return fmt.Sprintf("%s/%d", Address(digits[:32]), n[0])
}

func bytesOf(b []byte, t Type) string {
	if t.Kind == UUID && len(b) == 16 {
		h := hex.EncodeToString(b)
		return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
	}
	return strings.TrimSuffix(fmt.Sprintf("% x", b), " ")
}

func timeOf(at time.Time, t Type) string {
	form := "2006-01-02 15:04:05"
	at = at.UTC()
	switch t.Kind {
	case Date:
		return at.Format(time.DateOnly)
	case Time:
		form = time.TimeOnly
	case TimestampTZ:
		at = at.In(Location(t.Zone))
	}
	if t.Precision > 0 {
		form += "." + strings.Repeat("0", t.Precision)
	}
	if t.Kind == TimestampTZ {
		return at.Format(form) + " " + t.Zone
	}
	return at.Format(form)
}

// Location returns the zone of a TimestampTZ: a name of IANA or an offset such as "+09:00". Of what is neither it is UTC; [KnownZone] tells.
func Location(zone string) *time.Location {
	if l, ok := KnownZone(zone); ok {
		return l
	}
	return time.UTC
}

// KnownZone returns a zone by its name or its offset.
func KnownZone(zone string) (*time.Location, bool) {
	if len(zone) == 6 && (zone[0] == '+' || zone[0] == '-') {
		at, err := time.Parse("-07:00", zone)
		_, offset := at.Zone()
		return time.FixedZone(zone, offset), err == nil
	}
	if zone == "" || zone == "Local" {
		return nil, false
	}
	l, err := time.LoadLocation(zone)
	return l, err == nil
}

func inner(v any, t Type) string {
	if s, ok := Text(v, t); ok {
		return s
	}
	return "null"
}

func elem(t Type, i int) Type {
	if i < len(t.Elems) {
		return t.Elems[i]
	}
	return Type{}
}

func listOf(v []any, t Type) string {
	parts := make([]string, len(v))
	for i, e := range v {
		parts[i] = inner(e, elem(t, 0))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func rowOf(v map[string]any, t Type) string {
	parts := make([]string, len(t.Elems))
	for i, e := range t.Elems {
		parts[i] = t.FieldName(i) + "=" + inner(v[t.StructKey(i)], e)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// otherOf returns numbers, and the driver's types, which this room does not import: OrderedMap by its methods, Decimal by its members.
func otherOf(v any, t Type) string {
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return integerOf(r.Int(), t)
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10)
	case r.Kind() == reflect.Struct:
		p := reflect.New(r.Type())
		p.Elem().Set(r)
		r = p
	}
	if m, ok := reflect.TypeAssert[interface {
		Keys() []any
		Values() []any
	}](r); ok {
		keys, values := m.Keys(), m.Values()
		parts := make([]string, len(keys))
		for i := range keys {
			parts[i] = inner(keys[i], elem(t, 0)) + "=" + inner(values[i], elem(t, 1))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	if e := reflect.Indirect(r); e.Kind() == reflect.Struct {
		value, scale := e.FieldByName("Value"), e.FieldByName("Scale")
		if value.IsValid() && scale.IsValid() && scale.CanUint() {
			if n, ok := reflect.TypeAssert[*big.Int](value); ok && n != nil {
				return decimalOf(n, int(scale.Uint()))
			}
		}
	}
	return fmt.Sprint(v)
}

func decimalOf(n *big.Int, scale int) string {
	s := new(big.Int).Abs(n).String()
	if scale > 0 {
		if len(s) <= scale {
			s = strings.Repeat("0", scale-len(s)+1) + s
		}
		s = s[:len(s)-scale] + "." + s[len(s)-scale:]
	}
	if n.Sign() < 0 {
		return "-" + s
	}
	return s
}

func integerOf(n int64, t Type) string {
	sign := ""
	if n < 0 && (t.Kind == IntervalDay || t.Kind == IntervalYear) {
		sign = "-"
	}
	// The absolute value fits: -n of the least int64 does as a uint64.
	u := uint64(n)
	if sign != "" {
		u = -u
	}
	switch t.Kind {
	case IntervalDay:
		return fmt.Sprintf("%s%d %02d:%02d:%02d.%03d", sign, u/86400000, u/3600000%24, u/60000%60, u/1000%60, u%1000)
	case IntervalYear:
		return fmt.Sprintf("%s%d-%d", sign, u/12, u%12)
	}
	return strconv.FormatInt(n, 10)
}

// Float returns a double (bits 64) or a real (32) as Java's toString does: "1.0", "1.0E7", "NaN", "-Infinity".
func Float(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	if a := math.Abs(f); a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, bits)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent) // of what FormatFloat writes
	return mantissa + "E" + strconv.Itoa(n)
}
