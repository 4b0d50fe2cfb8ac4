package insights

import "strings"

// periodUnits are the units of periods, by their names, which may end with s where they have more than
// one letter.
//
// Source: AWS, "stats".
var periodUnits = map[string]string{
	"ms": "ms", "msec": "ms", "millisecond": "ms",
	"s": "s", "sec": "s", "second": "s",
	"m": "m", "min": "m", "minute": "m",
	"h": "h", "hr": "h", "hour": "h",
	"d": "d", "day": "d",
	"w": "w", "week": "w",
	"mo": "mo", "mon": "mo", "month": "mo",
	"q": "q", "qtr": "q", "quarter": "q",
	"y": "y", "yr": "y", "year": "y",
}

// periodUnit returns the short form of a unit, or "".
func periodUnit(word string) string {
	word = strings.ToLower(word)
	if unit, ok := periodUnits[word]; ok {
		return unit
	}
	if one, ok := strings.CutSuffix(word, "s"); ok && len(one) > 1 {
		return periodUnits[one]
	}
	return ""
}

// fixedUnits are the lengths, in milliseconds, of the units that always have the same.
var fixedUnits = map[string]int64{"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}

// Millis returns the length of a period in milliseconds, and whether its unit has a fixed one: months,
// quarters and years have none.
func (p *Period) Millis() (int64, bool) {
	unit, ok := fixedUnits[p.Unit]
	return p.N * unit, ok
}
