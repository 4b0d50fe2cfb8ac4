package query

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// maxDepth bounds how deep an expression may nest, so that neither weir nor an
// engine below runs out of stack.
const maxDepth = 250

// Eval computes an expression over one row, of which get returns the value of the
// i-th column, as [Type] says. The value is nil where it is absent. An error
// says that a number has left its range. Where the value of an argument does
// not matter (and, or, coalesce), whether its error is given is not settled. An
// Eval is safe for concurrent use.
type Eval func(get func(i int) any) (any, error)

// Compile checks an expression over the columns and returns what computes it, and
// its type, which is 0 for an expression that is absent and nothing else. Errors
// wrap [ErrRefused].
func Compile(e Expr, columns []Column) (Eval, Type, error) {
	c, err := newCompiler(columns).expr(e, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return c.eval, c.typ, nil
}

// TypeOf returns the type of an expression over the columns, as [Compile] does.
func TypeOf(e Expr, columns []Column) (Type, error) {
	_, t, err := Compile(e, columns)
	return t, err
}

// compiler compiles expressions over the columns of one stage.
type compiler struct {
	columns []Column
	index   map[string]int
}

// compiled is an expression with its type; the type is 0 for a bare absent value,
// which takes any.
type compiled struct {
	typ  Type
	eval Eval
}

func newCompiler(columns []Column) *compiler {
	c := &compiler{columns, make(map[string]int, len(columns))}
	for i, col := range columns {
		c.index[col.Name] = i
	}
	return c
}

// typed compiles an expression whose value is kept, and so needs a type.
func (c *compiler) typed(e Expr) (compiled, error) {
	x, err := c.expr(e, 0)
	if err == nil && x.typ == 0 {
		err = fault(e, errors.New("absent has no type here"))
	}
	return x, err
}

// of compiles an expression of one of the types.
func (c *compiler) of(e Expr, types typeSet) (compiled, error) {
	x, err := c.expr(e, 0)
	if err == nil && !types.has(x.typ) {
		err = fault(e, fmt.Errorf("is %s, not %s", x.typ, types))
	}
	return x, err
}

// expr compiles an expression that stands depth calls deep.
func (c *compiler) expr(e Expr, depth int) (compiled, error) {
	if depth > maxDepth {
		return compiled{}, fmt.Errorf("the expression nests deeper than %d", maxDepth)
	}
	switch x := e.(type) {
	case *Ref:
		i, ok := c.index[x.Name]
		if !ok {
			return compiled{}, fault(x, errors.New("no such column"))
		}
		return compiled{c.columns[i].Type, func(get func(int) any) (any, error) { return get(i), nil }}, nil
	case *Literal:
		t, v, err := literal(x.Value)
		if err != nil {
			return compiled{}, fault(x, err)
		}
		return compiled{t, func(func(int) any) (any, error) { return v, nil }}, nil
	case *Call:
		return c.call(x, depth)
	case nil:
		return compiled{}, errors.New("no expression")
	}
	return compiled{}, fmt.Errorf("%T is no expression", e)
}

// fault says what is wrong with an expression. Long ones are cut.
func fault(e Expr, err error) error {
	const most = 120
	s := e.String()
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return fmt.Errorf("%s: %w", s, err)
}

// literal returns the type of a constant, and the constant as it stands in rows.
func literal(v any) (Type, any, error) {
	switch x := v.(type) {
	case nil:
		return 0, nil, nil
	case bool:
		return Bool, x, nil
	case int64:
		return Int, x, nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return 0, nil, errNotFinite
		}
		return Float, x, nil
	case string:
		return Text, x, checkText(x)
	case time.Time:
		// The lake holds microseconds; a finer constant would be compared
		// differently by different engines.
		if s := x.Unix(); s < firstSecond || s > lastSecond || x.Nanosecond()%1000 != 0 {
			return 0, nil, errors.New("times are whole microseconds of the years 1 to 9999")
		}
		return Time, x.UTC().Round(0), nil
	}
	return 0, nil, fmt.Errorf("%T is no constant", v)
}

// call compiles a call: its function's row in the table says everything.
func (c *compiler) call(x *Call, depth int) (compiled, error) {
	f, ok := functionsByName[x.Func]
	if !ok {
		return compiled{}, fault(x, fmt.Errorf("no function %q", string(x.Func)))
	}
	if err := f.checkCount(len(x.Args)); err != nil {
		return compiled{}, fault(x, err)
	}
	args := make([]compiled, len(x.Args))
	for i, a := range x.Args {
		var err error
		if args[i], err = c.expr(a, depth+1); err != nil {
			return compiled{}, err
		}
		p := f.param(i)
		if _, ok := a.(*Literal); p.literal && !ok {
			return compiled{}, fault(x, fmt.Errorf("argument %d must be a constant", i+1))
		}
		if !p.types.has(args[i].typ) {
			return compiled{}, fault(x, fmt.Errorf("argument %d is %s, not %s", i+1, args[i].typ, p.types))
		}
	}
	common, err := f.agree(args)
	if err != nil {
		return compiled{}, fault(x, err)
	}
	eval, err := f.eval(args)
	if err != nil {
		return compiled{}, fault(x, err)
	}
	if f.result != 0 {
		common = f.result
	}
	return compiled{common, eval}, nil
}

// agree finds the type in which the arguments agree that may be of several types,
// and makes integers numbers where numbers stand beside them.
func (f *function) agree(args []compiled) (Type, error) {
	var common Type
	for i, a := range args {
		if !f.param(i).types.several() {
			continue
		}
		t, ok := agree(common, a.typ)
		if !ok {
			return 0, fmt.Errorf("argument %d is %s, but those before are %s", i+1, a.typ, common)
		}
		common = t
	}
	for i, a := range args {
		if common == Float && a.typ == Int && f.param(i).types.several() {
			args[i] = compiled{Float, asFloat(a.eval)}
		}
	}
	return common, nil
}

// asFloat makes a number of an integer.
func asFloat(eval Eval) Eval {
	return func(get func(int) any) (any, error) {
		v, err := eval(get)
		if v == nil || err != nil {
			return nil, err
		}
		return toFloat(v), nil
	}
}

// eval binds the function to its arguments.
func (f *function) eval(args []compiled) (Eval, error) {
	evals := make([]Eval, len(args))
	for i, a := range args {
		evals[i] = a.eval
	}
	switch {
	case f.fold != nil:
		return f.fold(evals), nil
	case f.bind != nil:
		constant, err := evals[1](nil)
		if err != nil {
			return nil, err
		}
		if constant == nil {
			return nil, errors.New("the constant must not be absent")
		}
		one, err := f.bind(constant)
		if err != nil {
			return nil, err
		}
		return strictOne(evals[0], one), nil
	case f.one != nil:
		return strictOne(evals[0], f.one), nil
	}
	return strictTwo(evals[0], evals[1], f.two), nil
}

// strictOne computes a function of one argument that is absent where it is.
func strictOne(arg Eval, one func(any) (any, error)) Eval {
	return func(get func(int) any) (any, error) {
		a, err := arg(get)
		if a == nil || err != nil {
			return nil, err
		}
		return one(a)
	}
}

// strictTwo is strictOne for two arguments.
func strictTwo(first, second Eval, two func(a, b any) (any, error)) Eval {
	return func(get func(int) any) (any, error) {
		a, err := first(get)
		if err != nil {
			return nil, err
		}
		b, err := second(get)
		if a == nil || b == nil || err != nil {
			return nil, err
		}
		return two(a, b)
	}
}
