package query

import (
	"fmt"
	"time"

	"weir/flowlog"
)

// Counting is which records of the same traffic a sum counts.
type Counting uint8

// The ways of counting.
const (
	// EveryRecord counts all, as AWS does.
	EveryRecord Counting = iota
	// PerInterface counts what each interface recorded, once where several flow
	// logs recorded it.
	PerInterface
	// Once counts traffic once, wherever it was recorded. Legs, whose addresses and
	// ports are not those of the record that counts, are counted apart.
	Once
)

// String returns the way's name in lower case.
func (c Counting) String() string {
	switch c {
	case EveryRecord:
		return "every record"
	case PerInterface:
		return "per interface"
	case Once:
		return "once"
	}
	return fmt.Sprintf("Counting(%d)", uint8(c))
}

// MarshalText returns the name.
func (c Counting) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name.
func (c *Counting) UnmarshalText(text []byte) error {
	for _, way := range []Counting{EveryRecord, PerInterface, Once} {
		if way.String() == string(text) {
			*c = way
			return nil
		}
	}
	return fmt.Errorf("no counting %q", text)
}

// CountingOf returns how the records of a scope are counted that expressions choose
// or group: once, while all that they name is of the traffic; per interface where
// they name what is of an interface, since a record that is left out may be the only
// one that meets them; and every record where they name the flow log or what it
// delivered. Transit gateway flow logs do not tell repeats.
func CountingOf(k flowlog.Kind, s Scope, exprs ...Expr) Counting {
	if k != flowlog.KindVPC {
		return EveryRecord
	}
	c := Once
	names := nameSet{}
	for _, e := range exprs {
		names.add(e)
	}
	scope := s
	scope.From, scope.To = time.Time{}, time.Time{} // of the traffic
	scope.reads(names)
	for name := range names {
		f, ok := flowlog.Lookup(name)
		column, isName := LookupName(name)
		switch {
		case isName && column.From() != FromDefinition: // of the traffic
		case isName: // another interface may know other names
			c = PerInterface
		case !ok || f.Of == flowlog.OfLog:
			return EveryRecord
		case f.Of == flowlog.OfInterface:
			c = PerInterface
		}
	}
	return c
}

// Keeps returns the condition of the records that are counted, legs among them; nil
// where all are.
func (c Counting) Keeps() Expr {
	switch c {
	case PerInterface:
		return &Call{Or, []Expr{isFirst(), &Call{Ne, []Expr{repeat(), &Literal{"flow-log"}}}}}
	case Once:
		return &Call{Or, []Expr{isFirst(), isLeg()}}
	}
	return nil
}

// Counts returns the condition of those kept records that count, and Legs of those
// that are counted apart; both are nil where there are none.
func (c Counting) Counts() Expr {
	if c == Once {
		return isFirst()
	}
	return nil
}

// Legs returns the condition of legs that are counted apart.
func (c Counting) Legs() Expr {
	if c == Once {
		return isLeg()
	}
	return nil
}

// repeat is the value of weir_repeat.
func repeat() Expr { return &Ref{flowlog.FieldByID(flowlog.WeirRepeat).Column} }

func isFirst() Expr { return &Call{IsAbsent, []Expr{repeat()}} }
func isLeg() Expr   { return &Call{Eq, []Expr{repeat(), &Literal{"leg"}}} }
