package value

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones where the machine has none
)

// loadZone finds a time zone by its IANA name, or by its distance from UTC: +01:00, -0530, +02.
func loadZone(name string) (*time.Location, error) {
	switch name {
	case "UTC", "GMT", "Z":
		return time.UTC, nil
	case "", "Local":
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	if name[0] == '+' || name[0] == '-' {
		seconds, rest, ok := parseOffset(name, true)
		if !ok || rest != "" {
			return nil, fmt.Errorf("%q is no distance from UTC", name)
		}
		return time.FixedZone(name, seconds), nil
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	return l, nil
}

// parseOffset reads a distance from UTC from the beginning of a text: a sign, two digits, and two more that may have a
// colon in front and, with short, may be left out.
func parseOffset(s string, short bool) (seconds int, rest string, ok bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, s, false
	}
	sign := 1
	if s[0] == '-' {
		sign = -1
	}
	two := func(s string) (int, bool) {
		if len(s) < 2 || !isDigit(s[0]) || !isDigit(s[1]) {
			return 0, false
		}
		return int(s[0]-'0')*10 + int(s[1]-'0'), true
	}
	hours, ok := two(s[1:])
	if !ok || hours > 18 {
		return 0, s, false
	}
	rest = s[3:]
	after := rest
	if after != "" && after[0] == ':' {
		after = after[1:]
	}
	minutes, ok := two(after)
	switch {
	case ok && minutes < 60:
		return sign * (hours*3600 + minutes*60), after[2:], true
	case short && rest == after:
		return sign * hours * 3600, rest, true
	}
	return 0, s, false
}
