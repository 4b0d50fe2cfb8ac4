package insights

import "weir/internal/insights/value"

// periodUnit returns the short form of a unit, or "".
func periodUnit(word string) string {
	u, _ := value.LookupUnit(word)
	return u.Short
}

// Millis returns the length of a period in milliseconds, and whether it has a fixed one: months, quarters
// and years have none.
func (p *Period) Millis() (int64, bool) {
	return value.Period{N: p.N, Unit: p.Unit}.Millis()
}

// short returns the period in its short form, as functions get it.
func (p *Period) short() string { return value.Period{N: p.N, Unit: p.Unit}.String() }
