package flowlog

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// millisecondsFrom is the smallest number that is read as milliseconds in a
// field of epoch seconds. In seconds it is the year 5138, in milliseconds 1973;
// some deliveries hold milliseconds against the documentation
// (github.com/obsrvbl-oss/flowlogs-reader guards for them).
const millisecondsFrom = 100_000_000_000

// parseNum reads the text of a number: decimal digits only, within the field's
// range. Times in milliseconds become seconds.
func (f *Field) parseNum(b []byte) (int64, error) {
	if len(b) == 0 {
		return 0, errors.New("empty")
	}
	var v int64
	for _, c := range b {
		d := c - '0'
		if d > 9 {
			return 0, fmt.Errorf("%q is not a number", clip(b))
		}
		if v > math.MaxInt64/10 {
			return 0, fmt.Errorf("%s is out of range", clip(b))
		}
		if v = v*10 + int64(d); v < 0 {
			return 0, fmt.Errorf("%s is out of range", clip(b))
		}
	}
	if v >= f.Min && v <= f.Max && (!f.Epoch || v < millisecondsFrom) {
		return v, nil
	}
	return f.checkNum(v)
}

// checkNum returns v where the field accepts it, in seconds if it is a time.
func (f *Field) checkNum(v int64) (int64, error) {
	if f.Epoch && v >= millisecondsFrom {
		v /= 1000
	}
	if err := f.checkRange(v); err != nil {
		return 0, err
	}
	return v, nil
}

// checkRange refuses a number out of the field's range.
func (f *Field) checkRange(v int64) error {
	if v < f.Min || v > f.Max {
		return fmt.Errorf("%d is out of range (%d to %d)", v, f.Min, f.Max)
	}
	return nil
}

// checkText returns the canonical form of a text value, or an error where it is
// no value of the field. Addresses become the text of RFC 5952, so that equal
// addresses are equal texts.
func (f *Field) checkText(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	switch {
	case f.Addr:
		a, ok := ParseAddr(s)
		if !ok {
			return "", fmt.Errorf("%q is not an IP address", clip(s))
		}
		if a.Is4() {
			return s, nil
		}
		var room [48]byte
		if text := a.AppendTo(room[:0]); string(text) != s {
			return string(text), nil
		}
		return s, nil
	case f.Values != nil:
		if !slices.Contains(f.Values, s) {
			return "", fmt.Errorf("%q is none of %s", clip(s), strings.Join(f.Values, ", "))
		}
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%q is not UTF-8 text", clip(s))
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", fmt.Errorf("%q holds a control character", clip(s))
	}
	return s, nil
}

// ParseAddr returns the address that a text is, as netip reads it, but for those with a
// zone, which flow logs do not have. IPv4 takes half of netip's time: an object has
// thousands of them, and queries ask for as many as there are records.
func ParseAddr(s string) (netip.Addr, bool) {
	if a, ok := parseIPv4(s); ok {
		return a, true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a, true
}

// parseIPv4 is ParseAddr for IPv4. No part has a leading zero, so that equal addresses are
// equal texts.
func parseIPv4(s string) (netip.Addr, bool) {
	var addr [4]byte
	part, digits, v := 0, 0, 0
	for i := range len(s) {
		c := s[i]
		switch d := c - '0'; {
		case d <= 9:
			if digits > 0 && v == 0 {
				return netip.Addr{}, false
			}
			if v = 10*v + int(d); v > 255 {
				return netip.Addr{}, false
			}
			digits++
		case c == '.' && digits > 0 && part < 3:
			addr[part] = byte(v)
			part, digits, v = part+1, 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	if part < 3 || digits == 0 {
		return netip.Addr{}, false
	}
	addr[3] = byte(v)
	return netip.AddrFrom4(addr), true
}

// checkUnknown refuses a value of an unknown field that can't be kept as it is:
// Parquet, JSON and SQL hold UTF-8 only, and engines refuse whole files for
// other bytes.
func checkUnknown(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not UTF-8 text", clip(s))
	}
	return nil
}

// clip shortens a value for a message.
func clip[T string | []byte](v T) string {
	const most = 40
	if len(v) <= most {
		return string(v)
	}
	return string(v[:most]) + "..."
}
