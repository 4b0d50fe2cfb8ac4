package value

import "math"

// Arithmetic is x op y of two numbers, for + - * / % and ^; of anything else, and where the result is no finite
// number, absent. Division is never whole; the remainder has the sign of x.
//
// Source: AWS, "Arithmetic operators".
func Arithmetic(op string, x, y Value) Value {
	a, aok := x.Number()
	b, bok := y.Number()
	if !aok || !bok {
		return Absent
	}
	switch op {
	case "+":
		return Number(a + b)
	case "-":
		return Number(a - b)
	case "*":
		return Number(a * b)
	case "/":
		return Number(a / b)
	case "%":
		return Number(math.Mod(a, b))
	case "^":
		return Number(math.Pow(a, b))
	}
	panic("value: no operator is called " + op)
}

// Negate is -x.
func Negate(x Value) Value {
	a, ok := x.Number()
	if !ok {
		return Absent
	}
	return Number(-a)
}
