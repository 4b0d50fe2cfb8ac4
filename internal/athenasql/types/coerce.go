package types

import "slices"

// Equal says whether two types are the same, zones and the names of fields included.
func (t Type) Equal(o Type) bool {
	return t.Kind == o.Kind && t.Length == o.Length && t.Precision == o.Precision && t.Scale == o.Scale && t.Zone == o.Zone &&
		slices.EqualFunc(t.Elems, o.Elems, Type.Equal) && slices.Equal(t.Names, o.Names)
}

// IsInteger says whether the type is one of the whole numbers.
func (t Type) IsInteger() bool { return t.Kind >= TinyInt && t.Kind <= BigInt }

// IsNumeric says whether the type is a number.
func (t Type) IsNumeric() bool { return t.Kind >= TinyInt && t.Kind <= Decimal }

// IsText says whether the type is varchar or char.
func (t Type) IsText() bool { return t.Kind == Varchar || t.Kind == Char }

// Comparable and Orderable say what = and < take: maps have no order, json and functions neither.
func (t Type) Comparable() bool {
	if t.Kind == Function {
		return false
	}
	return !slices.ContainsFunc(t.Elems, func(e Type) bool { return !e.Comparable() })
}

// Orderable says whether values of the type have an order.
func (t Type) Orderable() bool {
	if t.Kind == Function || t.Kind == JSON || t.Kind == Map {
		return false
	}
	return !slices.ContainsFunc(t.Elems, func(e Type) bool { return !e.Orderable() })
}

// digits are the digits of the whole numbers as decimals.
var digits = map[Kind]int{TinyInt: 3, SmallInt: 5, Integer: 10, BigInt: 19}

// AsDecimal returns a whole number's or a decimal's type as a decimal.
func (t Type) AsDecimal() Type {
	if n, ok := digits[t.Kind]; ok {
		return Type{Kind: Decimal, Precision: n}
	}
	return t
}

// Common returns the type that values of both have, as for CASE, UNION and comparisons; false where there is none. Of two timestamps with time zones
// of different zones the Zone is "": they can be compared, and not be shown in one column.
//
// Source: Trino's TypeCoercion (getCommonSuperType).
func Common(a, b Type) (Type, bool) {
	switch {
	case a.Kind == Unknown:
		return b, true
	case b.Kind == Unknown:
		return a, true
	case a.Kind == b.Kind:
		return commonOfKind(a, b)
	case a.Kind > b.Kind:
		a, b = b, a
	}
	// a.Kind < b.Kind from here.
	switch {
	case a.IsInteger() && b.IsInteger(), a.IsNumeric() && b.Kind == Double:
		return b, true
	case a.IsInteger() && b.Kind == Real:
		return b, true
	case a.IsInteger() && b.Kind == Decimal:
		return commonOfKind(a.AsDecimal(), b)
	case a.Kind == Real && b.Kind == Decimal:
		return a, true
	case a.Kind == Double && b.Kind == Decimal:
		return a, true
	case a.Kind == Varchar && b.Kind == Char:
		n := a.Length
		if n == 0 {
			n = 65536
		}
		return Type{Kind: Char, Length: max(n, b.Length)}, true
	case a.Kind == Date && (b.Kind == Timestamp || b.Kind == TimestampTZ):
		return b, true
	case a.Kind == Timestamp && b.Kind == TimestampTZ:
		b.Precision = max(a.Precision, b.Precision)
		return b, true
	}
	return Type{}, false
}

func commonOfKind(a, b Type) (Type, bool) {
	switch a.Kind {
	case Decimal:
		scale := max(a.Scale, b.Scale)
		whole := max(a.Precision-a.Scale, b.Precision-b.Scale)
		return Type{Kind: Decimal, Precision: min(maxDecimal, whole+scale), Scale: scale}, true
	case Varchar:
		if a.Length == 0 || b.Length == 0 {
			return Type{Kind: Varchar}, true
		}
		return Type{Kind: Varchar, Length: max(a.Length, b.Length)}, true
	case Char:
		return Type{Kind: Char, Length: max(a.Length, b.Length)}, true
	case Time, Timestamp, TimestampTZ:
		t := Type{Kind: a.Kind, Precision: max(a.Precision, b.Precision), Zone: a.Zone}
		if a.Zone != b.Zone {
			t.Zone = ""
		}
		return t, true
	case Array, Map, Row:
		if len(a.Elems) != len(b.Elems) {
			return Type{}, false
		}
		t := Type{Kind: a.Kind, Elems: make([]Type, len(a.Elems))}
		for i := range a.Elems {
			var ok bool
			if t.Elems[i], ok = Common(a.Elems[i], b.Elems[i]); !ok {
				return Type{}, false
			}
		}
		if a.Kind == Row {
			t.Names = make([]string, len(a.Names))
			for i, n := range a.Names {
				if n == b.Names[i] {
					t.Names[i] = n
				}
			}
		}
		return t, true
	case Function:
		return Type{}, false
	}
	return a, true
}

// Coerces says whether a value of one type can stand where one of another is expected, without a CAST. Zones are not looked at.
func Coerces(from, to Type) bool {
	t, ok := Common(from, to)
	return ok && t.withoutNames().Equal(to.withoutNames())
}

// withoutNames returns the type without zones and names of fields.
func (t Type) withoutNames() Type {
	t.Zone = ""
	if t.Names != nil {
		t.Names = make([]string, len(t.Names))
	}
	if t.Elems != nil {
		t.Elems = slices.Clone(t.Elems)
		for i, e := range t.Elems {
			t.Elems[i] = e.withoutNames()
		}
	}
	return t
}

// Zoneless says whether a timestamp with time zone is within the type whose zone is not known: see [Common].
func (t Type) Zoneless() bool {
	return t.Kind == TimestampTZ && t.Zone == "" || slices.ContainsFunc(t.Elems, Type.Zoneless)
}
