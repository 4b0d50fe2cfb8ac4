package query

import "fmt"

// Stale says how many of the hours that an answer rests on are attributed by older definitions
// of the network than there are now, or by none: what it tells of the rules that decided may be
// another once they are brought up to date. It is zero where the answer asks for nothing of that.
type Stale struct {
	Hours int `json:"hours"`
	// Of counts all hours in which the query may have found records.
	Of int `json:"of"`
	// Problem says why that is not known, "" where it is.
	Problem string `json:"problem,omitempty"`
}

// Any reports whether there is something to say.
func (s Stale) Any() bool { return s.Hours > 0 || s.Problem != "" }

// String says it to people, with what mends it; "" where there is nothing to say.
func (s Stale) String() string {
	switch {
	case s.Problem != "":
		return "which hours in the answer are attributed by older definitions is not known: " + s.Problem
	case s.Hours == 0:
		return ""
	case s.Of == 1:
		return "1 of 1 hour in the answer is attributed by older definitions, or by none: 'weir lake attribute' brings it up to date"
	}
	are := "are"
	if s.Hours == 1 {
		are = "is"
	}
	return fmt.Sprintf("%d of %d hours in the answer %s attributed by older definitions, or by none: 'weir lake attribute' brings them up to date", s.Hours, s.Of, are)
}

// CostOf returns what rows that an engine gives read, as Explain says it; false where they do not tell.
func CostOf(r Rows) (Cost, bool) {
	c, ok := r.(interface{ Cost() Cost })
	if !ok {
		return Cost{}, false
	}
	return c.Cost(), true
}

// StaleOf returns what rows say of the hours that they rest on. An engine whose rows have a method
// Stale says it.
func StaleOf(r Rows) Stale {
	if s, ok := r.(interface{ Stale() Stale }); ok {
		return s.Stale()
	}
	return Stale{}
}
