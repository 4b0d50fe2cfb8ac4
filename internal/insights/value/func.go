package value

import (
	"fmt"
	"slices"
	"strings"
)

// A Context is what functions know of the query. Times are milliseconds since the epoch.
type Context struct {
	// Start and End are the query's time range, both inclusive.
	Start, End int64
	// Now is when the query started.
	Now int64
}

// A Param is what an argument of a function must be in the query's text.
type Param uint8

// The kinds of parameters: any expression, a period such as 5m, or a regular expression as a text or
// between slashes. Of the last two a function gets the text: a period's short form (5m), a
// regular expression as it stands.
const (
	AnyParam Param = iota
	PeriodParam
	RegexParam
)

// A Func is a scalar function.
type Func struct {
	Name    string   // canonical spelling
	Aliases []string // other names that AWS or clients use
	// Signature shows the arguments: substr(text, from[, length]).
	Signature string
	// Min and Max are how many arguments it takes; Max is -1 where there is no limit.
	Min, Max int
	// Params are what arguments must be; those that it does not name are AnyParam.
	Params []Param
	// Field is a field whose value stands before the arguments, "" where there is none: @timestamp of bin.
	Field string
	// Result is the kind of its results, AbsentKind where that depends on the arguments.
	Result Kind
	// Doc says what it does in a sentence, Source where that is from.
	Doc, Source string
	// Check says what is wrong with arguments that are constants, before a query runs; nil where there is nothing to
	// check. Arguments that are no constants are nil. Errors are of type *ArgError.
	Check func(args []*Value) error
	// Call computes the result. It must be given as many arguments as Min and Max (and Field) say. It never fails: what
	// can't be computed is absent.
	Call func(c *Context, args []Value) Value
}

// An ArgError says what is wrong with an argument that is a constant.
type ArgError struct {
	Arg           int // from 0, Field not counted
	Message, Hint string
}

// Error returns the message.
func (e *ArgError) Error() string { return e.Message }

func argError(arg int, hint, format string, args ...any) error {
	return &ArgError{Arg: arg, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// AWS's pages that functions are from.
const (
	sourceNumeric = `AWS, "Numeric operators"`
	sourceTime    = `AWS, "Datetime functions"`
	sourceGeneral = `AWS, "General functions"`
	sourceJSON    = `AWS, "JSON functions"`
	sourceIP      = `AWS, "IP address string functions"`
	sourceString  = `AWS, "String functions"`
)

var (
	table  []*Func
	byName map[string]*Func
)

func init() {
	table = slices.Concat(numericFuncs, timeFuncs, generalFuncs, jsonFuncs, ipFuncs, stringFuncs, encodingFuncs)
	slices.SortFunc(table, func(a, b *Func) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	byName = map[string]*Func{}
	for _, f := range table {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			byName[strings.ToLower(n)] = f
		}
	}
}

// Lookup finds a function by its name or an alias, in any case.
func Lookup(name string) (*Func, bool) {
	f, ok := byName[strings.ToLower(name)]
	return f, ok
}

// Funcs returns all functions by name. The caller must not change them.
func Funcs() []*Func { return table }

// Param returns what the argument at a place must be, from 0.
func (f *Func) Param(i int) Param {
	if i < len(f.Params) {
		return f.Params[i]
	}
	return AnyParam
}

// constant returns the text of an argument that is a constant and has one.
func constant(args []*Value, i int) (string, bool) {
	if i >= len(args) || args[i] == nil {
		return "", false
	}
	return args[i].Text()
}

// texts returns the texts of all arguments; false where one has none.
func texts(args []Value) ([]string, bool) {
	out := make([]string, len(args))
	for i, a := range args {
		s, ok := a.Text()
		if !ok {
			return nil, false
		}
		out[i] = s
	}
	return out, true
}

// numbers returns the numbers of all arguments; false where one has none.
func numbers(args []Value) ([]float64, bool) {
	out := make([]float64, len(args))
	for i, a := range args {
		f, ok := a.Number()
		if !ok {
			return nil, false
		}
		out[i] = f
	}
	return out, true
}

// ofText makes a function of one text.
func ofText(f func(s string) Value) func(*Context, []Value) Value {
	return func(_ *Context, args []Value) Value {
		s, ok := args[0].Text()
		if !ok {
			return Absent
		}
		return f(s)
	}
}

// ofTexts makes a function of texts.
func ofTexts(f func(s []string) Value) func(*Context, []Value) Value {
	return func(_ *Context, args []Value) Value {
		s, ok := texts(args)
		if !ok {
			return Absent
		}
		return f(s)
	}
}

// ofNumbers makes a function of numbers.
func ofNumbers(f func(n []float64) Value) func(*Context, []Value) Value {
	return func(_ *Context, args []Value) Value {
		n, ok := numbers(args)
		if !ok {
			return Absent
		}
		return f(n)
	}
}
