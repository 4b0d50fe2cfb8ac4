package query

import (
	"fmt"
	"strings"
)

// function describes one function of plans. Checking and evaluation derive from
// this table; engines translate it.
type function struct {
	name Func
	// params are the parameters in order. The last one may stand again any
	// number of times where repeat is set.
	params []param
	repeat bool
	// result is the type of the call; 0 is the type in which the arguments agree.
	result Type

	// How a call is computed. Exactly one member is set. one and two take the
	// arguments of a function that is absent wherever an argument is; bind
	// checks the constant second argument once and gives the function of the
	// first; fold sees absent arguments itself.
	one  func(a any) (any, error)
	two  func(a, b any) (any, error)
	bind func(constant any) (func(a any) (any, error), error)
	fold func(args []Eval) Eval
}

// param is a parameter. Where it takes several types, all such arguments of one
// call agree in one: integers beside numbers become numbers.
type param struct {
	types   typeSet
	literal bool // takes constants only
}

// typeSet is a set of types, one bit for each.
type typeSet uint16

func setOf(types ...Type) typeSet {
	var s typeSet
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

// has reports whether the set holds t. A type that is not known (0, of a bare
// absent value) is in every set.
func (s typeSet) has(t Type) bool { return t == 0 || s&(1<<t) != 0 }

// several reports whether the set holds more than one type.
func (s typeSet) several() bool { return s&(s-1) != 0 }

// String names the types as messages list them.
func (s typeSet) String() string {
	var names []string
	for t := Bool; t <= Other; t++ {
		if s.has(t) {
			names = append(names, t.String())
		}
	}
	return strings.Join(names, " or ")
}

// The parameters that occur. A scalar can be compared, ordered and grouped by.
var (
	anything = param{types: setOf(Bool, Int, Float, Text, Time, TextMap)}
	scalar   = param{types: setOf(Bool, Int, Float, Text, Time)}
	number   = param{types: setOf(Int, Float)}
	integer  = param{types: setOf(Int)}
	boolean  = param{types: setOf(Bool)}
	text     = param{types: setOf(Text)}
	moment   = param{types: setOf(Time)}
	textMap  = param{types: setOf(TextMap)}
)

// constant returns the parameter p for constants only.
func constant(p param) param {
	p.literal = true
	return p
}

// functionTable lists the functions, as plan.go describes them.
var functionTable = []function{
	comparison(Eq, func(order int) bool { return order == 0 }),
	comparison(Ne, func(order int) bool { return order != 0 }),
	comparison(Lt, func(order int) bool { return order < 0 }),
	comparison(Le, func(order int) bool { return order <= 0 }),
	comparison(Gt, func(order int) bool { return order > 0 }),
	comparison(Ge, func(order int) bool { return order >= 0 }),

	{name: And, params: []param{boolean, boolean}, repeat: true, result: Bool, fold: foldAnd},
	{name: Or, params: []param{boolean, boolean}, repeat: true, result: Bool, fold: foldOr},
	{name: Not, params: []param{boolean}, result: Bool, one: func(a any) (any, error) { return !a.(bool), nil }},

	{name: IsAbsent, params: []param{anything}, result: Bool, fold: foldIsAbsent},
	{name: In, params: []param{scalar, constant(scalar)}, repeat: true, result: Bool, fold: foldIn},
	{name: Coalesce, params: []param{anything}, repeat: true, fold: foldCoalesce},

	texts(Contains, strings.Contains),
	texts(StartsWith, strings.HasPrefix),
	{name: Matches, params: []param{text, constant(text)}, result: Bool, bind: bindMatches},
	{name: Lower, params: []param{text}, result: Text, one: func(a any) (any, error) { return strings.ToLower(a.(string)), nil }},

	{name: IPIn, params: []param{text, constant(text)}, result: Bool, bind: bindIPIn},
	{name: IPClass, params: []param{text}, result: Text, one: ipClass},
	{name: IPPrefix, params: []param{text, integer}, result: Text, two: ipPrefix},

	{name: PortName, params: []param{integer, integer}, result: Text, two: portName},

	{name: Add, params: []param{number, number}, two: add},
	{name: Sub, params: []param{number, number}, two: sub},
	{name: Mul, params: []param{number, number}, two: mul},
	{name: Div, params: []param{number, number}, result: Float, two: div},
	{name: Mod, params: []param{integer, integer}, result: Int, two: mod},
	{name: Bin, params: []param{integer, constant(integer)}, result: Int, bind: bindBin},
	{name: Epoch, params: []param{moment}, result: Int, one: epoch},
	{name: ToTime, params: []param{integer}, result: Time, one: toTime},

	{name: MapGet, params: []param{textMap, text}, result: Text, two: mapGet},
}

// functionsByName finds an entry of the table.
var functionsByName = func() map[Func]*function {
	m := make(map[Func]*function, len(functionTable))
	for i := range functionTable {
		m[functionTable[i].name] = &functionTable[i]
	}
	return m
}()

// Functions returns the names of all functions that plans can call, in the order
// of their description. The caller may keep the slice.
func Functions() []Func {
	out := make([]Func, len(functionTable))
	for i := range functionTable {
		out[i] = functionTable[i].name
	}
	return out
}

// aggregateTable says of each aggregate which types it takes and what it gives; a
// result of 0 is the type of the argument.
var aggregateTable = []struct {
	name   AggFunc
	takes  typeSet // empty: no argument
	result Type
}{
	{CountRows, 0, Int},
	{Count, anything.types, Int},
	{CountDistinct, scalar.types, Int},
	{Sum, number.types, 0},
	{Min, scalar.types, 0},
	{Max, scalar.types, 0},
	{Avg, number.types, Float},
}

// AggFuncs returns the names of all aggregates, in the order of their
// description. The caller may keep the slice.
func AggFuncs() []AggFunc {
	out := make([]AggFunc, len(aggregateTable))
	for i := range aggregateTable {
		out[i] = aggregateTable[i].name
	}
	return out
}

// comparison returns the entry of a function that compares two values.
func comparison(name Func, holds func(order int) bool) function {
	return function{
		name: name, params: []param{scalar, scalar}, result: Bool,
		two: func(a, b any) (any, error) { return holds(Compare(a, b)), nil },
	}
}

// texts returns the entry of a function that asks something of two texts.
func texts(name Func, holds func(s, part string) bool) function {
	return function{
		name: name, params: []param{text, text}, result: Bool,
		two: func(a, b any) (any, error) { return holds(a.(string), b.(string)), nil },
	}
}

// param returns the i-th parameter.
func (f *function) param(i int) param { return f.params[min(i, len(f.params)-1)] }

// checkCount says whether n arguments are a possible number.
func (f *function) checkCount(n int) error {
	want := len(f.params)
	switch {
	case f.repeat && n < want:
		return fmt.Errorf("takes %d or more arguments, not %d", want, n)
	case !f.repeat && n != want:
		return fmt.Errorf("takes %s, not %d", plural(want, "argument"), n)
	}
	return nil
}

// plural returns "1 argument" or "2 arguments".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// agree returns the one type of two types, where 0 is not known yet.
func agree(a, b Type) (Type, bool) {
	switch {
	case a == 0 || a == b:
		return b, true
	case b == 0:
		return a, true
	case number.types.has(a) && number.types.has(b):
		return Float, true
	}
	return 0, false
}
