package value

import (
	"regexp"
	"strings"
)

// Compare operators: "=" (also "=="), "!=", "<", "<=", ">", ">=".

// Compare tells whether x op y is true. The result is a Bool, or Absent where one of both is absent.
//
// Two that are numbers are compared by number. Else "=" and "!=" compare texts, a boolean as true or
// false in any case; the others compare texts code point by code point, and are false beside a number:
// only a time has a text there too. A list or a map is never equal, unequal, less or more.
//
// Source: AWS, "Structure types"; the rest is docs/decisions/0030.
func Compare(op string, x, y Value) Value {
	if x.IsAbsent() || y.IsAbsent() {
		return Absent
	}
	if x.IsStructured() || y.IsStructured() {
		return Bool(false)
	}
	a, aok := x.Number()
	b, bok := y.Number()
	if aok && bok {
		return Bool(holds(op, threeWay(a, b)))
	}
	if op == "=" || op == "==" || op == "!=" {
		return Bool(sameText(x, y) == (op != "!="))
	}
	if aok && x.kind != TimeKind || bok && y.kind != TimeKind {
		return Bool(false)
	}
	s, _ := x.Text()
	t, _ := y.Text()
	return Bool(holds(op, strings.Compare(s, t)))
}

// sameText says whether two values that are not both numbers have equal texts.
func sameText(x, y Value) bool {
	if y.kind == BoolKind {
		x, y = y, x
	}
	s, _ := x.Text()
	t, _ := y.Text()
	if x.kind == BoolKind {
		if x.number != 0 {
			return equalFold(t, "true")
		}
		return equalFold(t, "false")
	}
	return s == t
}

func equalFold(s, t string) bool { return len(s) == len(t) && strings.EqualFold(s, t) }

func threeWay(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func holds(op string, order int) bool {
	switch op {
	case "=", "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	panic("value: no comparison is called " + op)
}

// In tells whether x is equal to one of the values: true where it is, else Absent where x or one of them is
// absent, else false. Of no values it is false.
func In(x Value, list []Value) Value {
	result := Bool(false)
	for _, y := range list {
		result = Or(result, Compare("=", x, y))
		if result.number != 0 {
			break
		}
	}
	return result
}

// Like tells whether a value's text contains another. A list or a map has none, which is false.
//
// Source: AWS, "filter": like with a text is a case-sensitive search for a substring.
func Like(x Value, substring string) Value {
	return like(x, func(s string) bool { return strings.Contains(s, substring) })
}

// LikeRegex tells whether a regular expression is found in a value's text.
func LikeRegex(x Value, re *regexp.Regexp) Value { return like(x, re.MatchString) }

func like(x Value, found func(string) bool) Value {
	if x.IsAbsent() {
		return Absent
	}
	s, ok := x.Text()
	return Bool(ok && found(s))
}

// Condition is a value as an operand of and, or and not: Absent, or the Bool that [Value.True] tells.
func Condition(v Value) Value {
	if v.IsAbsent() {
		return Absent
	}
	return Bool(v.True())
}

// And is x and y, three-valued as in SQL.
func And(x, y Value) Value {
	x, y = Condition(x), Condition(y)
	switch {
	case x.kind == BoolKind && x.number == 0, y.kind == BoolKind && y.number == 0:
		return Bool(false)
	case x.IsAbsent() || y.IsAbsent():
		return Absent
	}
	return Bool(true)
}

// Or is x or y, three-valued as in SQL.
func Or(x, y Value) Value { return Not(And(Not(x), Not(y))) }

// Not is not x: of what is absent absent.
func Not(x Value) Value {
	x = Condition(x)
	if x.IsAbsent() {
		return Absent
	}
	return Bool(x.number == 0)
}
