package value

import (
	"math"
	"slices"
)

var numericFuncs = []*Func{
	{
		Name: "abs", Signature: "abs(number)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The absolute value.",
		Call: ofNumbers(func(n []float64) Value { return Number(math.Abs(n[0])) }),
	},
	{
		Name: "ceil", Signature: "ceil(number)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The smallest whole number that is not below.",
		Call: ofNumbers(func(n []float64) Value { return Number(math.Ceil(n[0])) }),
	},
	{
		Name: "floor", Signature: "floor(number)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The greatest whole number that is not above.",
		Call: ofNumbers(func(n []float64) Value { return Number(math.Floor(n[0])) }),
	},
	{
		Name: "greatest", Signature: "greatest(number, ...)", Min: 1, Max: -1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The greatest of the numbers.",
		Call: ofNumbers(func(n []float64) Value { return Number(slices.Max(n)) }),
	},
	{
		Name: "least", Signature: "least(number, ...)", Min: 1, Max: -1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The least of the numbers.",
		Call: ofNumbers(func(n []float64) Value { return Number(slices.Min(n)) }),
	},
	{
		Name: "log", Signature: "log(number)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The natural logarithm, absent of what is not above 0.",
		Call: ofNumbers(func(n []float64) Value { return Number(math.Log(n[0])) }),
	},
	{
		Name: "sqrt", Signature: "sqrt(number)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The square root, absent of a negative number.",
		Call: ofNumbers(func(n []float64) Value { return Number(math.Sqrt(n[0])) }),
	},
	{
		Name: "round", Signature: "round(number[, digits])", Min: 1, Max: 2, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The nearest number with so many decimal digits, whole where none are given, halves away from 0.",
		Call: ofNumbers(round),
	},
	{
		Name: "mod", Signature: "mod(a, b)", Min: 2, Max: 2, Result: NumberKind,
		Source: "Grafana's tokenizer; as the operator %",
		Doc:    "The remainder of a division.",
		Call:   func(_ *Context, a []Value) Value { return Arithmetic("%", a[0], a[1]) },
	},
	{
		Name: "pow", Signature: "pow(a, b)", Min: 2, Max: 2, Result: NumberKind,
		Source: "Grafana's tokenizer; as the operator ^",
		Doc:    "The first number raised to the second.",
		Call:   func(_ *Context, a []Value) Value { return Arithmetic("^", a[0], a[1]) },
	},
	{
		Name: "haversine", Signature: "haversine(lat1, lon1, lat2, lon2)", Min: 4, Max: 4, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The distance in kilometres between two points given in degrees, on a sphere of radius 6371 km.",
		Call: ofNumbers(haversine),
	},
	{
		Name: "toNumber", Signature: "toNumber(value)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The value as a number, absent where it is none.",
		Call: ofNumbers(func(n []float64) Value { return Number(n[0]) }),
	},
	{
		Name: "toDouble", Signature: "toDouble(value)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The value as a number, absent where it is none.",
		Call: ofNumbers(func(n []float64) Value { return Number(n[0]) }),
	},
	{
		Name: "toInt", Signature: "toInt(value)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The value as a whole number, cut towards 0; absent beyond 32 bits.",
		Call: ofNumbers(func(n []float64) Value { return whole(n[0], 1<<31) }),
	},
	{
		Name: "toLong", Signature: "toLong(value)", Min: 1, Max: 1, Result: NumberKind, Source: sourceNumeric,
		Doc:  "The value as a whole number, cut towards 0; absent beyond 64 bits.",
		Call: ofNumbers(func(n []float64) Value { return whole(n[0], 1<<63) }),
	},
}

// whole cuts a number towards 0; it is absent below -bound and from bound on.
func whole(f, bound float64) Value {
	f = math.Trunc(f)
	if f < -bound || f >= bound {
		return Absent
	}
	return Number(f)
}

func round(n []float64) Value {
	if len(n) == 1 {
		return Number(math.Round(n[0]))
	}
	digits := math.Trunc(n[1])
	if digits < 0 {
		unit := math.Pow(10, -digits)
		if math.IsInf(unit, 0) {
			return Number(0)
		}
		return Number(math.Round(n[0]/unit) * unit)
	}
	unit := math.Pow(10, digits)
	if scaled := math.Round(n[0]*unit) / unit; !math.IsNaN(scaled) && !math.IsInf(scaled, 0) {
		return Number(scaled)
	}
	return Number(n[0]) // it has fewer digits than that
}

// earthRadius is the usual mean radius in kilometres; AWS does not say which it takes.
const earthRadius = 6371

func haversine(n []float64) Value {
	const degree = math.Pi / 180
	lat1, lat2 := n[0]*degree, n[2]*degree
	a := math.Sin((lat2 - lat1) / 2)
	b := math.Sin((n[3] - n[1]) * degree / 2)
	h := a*a + math.Cos(lat1)*math.Cos(lat2)*b*b
	return Number(2 * earthRadius * math.Asin(math.Sqrt(min(1, h))))
}
