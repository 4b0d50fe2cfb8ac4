package function

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// candidate is a form that a call's arguments fit.
type candidate struct {
	form    *Form
	sign    signature
	params  []pattern // one for each argument
	letters letters
}

// Bind chooses the form of a call by the types of its arguments, as Trino does: one whose parameters have just these types, else the most
// specific of those that they can be coerced to; NULL fits anything. It casts the arguments, types lambdas, and returns the call in
// DuckDB's SQL and the type of its result. The arguments of the call are changed.
//
// Errors are *[athenasql.Error]: TYPE_MISMATCH where no form fits, NOT_SUPPORTED where the function is refused, and what a form says of
// its constant arguments.
//
// Source: Trino's FunctionResolver.
func (f *Func) Bind(c *Call) (sql string, result types.Type, err error) {
	if f.Refused != "" {
		return "", types.Type{}, refuse(c, "function %s is not supported: %s", f.Name, f.Refused)
	}
	chosen := f.choose(c.Args)
	if chosen == nil {
		return "", types.Type{}, f.mismatch(c)
	}
	if err := chosen.lambdas(f, c); err != nil {
		return "", types.Type{}, err
	}
	for i := range c.Args {
		a, p := &c.Args[i], chosen.params[i]
		if p.lambda {
			continue
		}
		given := *a
		a.given = &given
		to := p.with(chosen.letters, a.Type)
		if a.Type.Kind == types.Unknown || a.Type.SQL() != to.SQL() {
			a.SQL = "CAST(" + a.SQL + " AS " + to.SQL() + ")"
		}
		if p.open && to.Kind == types.TimestampTZ && a.Type.Kind == types.TimestampTZ {
			to.Zone = a.Type.Zone
		}
		a.Type = to
	}
	c.Result = chosen.result(c)
	if chosen.form.Make != nil {
		sql, err = chosen.form.Make(c)
	} else {
		sql, err = fill(chosen.form.SQL, c)
	}
	if err == nil {
		sql, err = f.boundLarge(c, sql)
	}
	return sql, c.Result, err
}

// choose returns the form for some arguments, nil where none fits.
func (f *Func) choose(args []Arg) *candidate {
	for _, generic := range []bool{false, true} {
		for i := range f.Forms {
			if c := f.Forms[i].candidate(args, false); c != nil && (len(c.letters) > 0) == generic {
				return c
			}
		}
	}
	var fits []*candidate
	for i := range f.Forms {
		if c := f.Forms[i].candidate(args, true); c != nil {
			fits = append(fits, c)
		}
	}
	for _, c := range fits {
		if !slices.ContainsFunc(fits, func(o *candidate) bool { return !c.within(o, args) }) {
			return c
		}
	}
	if len(fits) > 0 {
		return fits[0]
	}
	return nil
}

// within reports whether what one form takes can be given to another.
func (c *candidate) within(o *candidate, args []Arg) bool {
	for i := range c.params {
		if c.params[i].lambda || o.params[i].lambda {
			continue
		}
		if !types.Coerces(c.params[i].with(c.letters, args[i].Type), o.params[i].with(o.letters, args[i].Type)) {
			return false
		}
	}
	return true
}

func (f *Form) candidate(args []Arg, coerce bool) *candidate {
	c := &candidate{form: f, sign: parsed(f.Signature), letters: letters{}}
	c.params = c.sign.params
	if c.sign.variadic {
		fixed := len(c.params) - 1
		if len(args) < fixed {
			return nil
		}
		c.params = append(slices.Clone(c.params[:fixed]), slices.Repeat(c.params[fixed:], len(args)-fixed)...)
	}
	if len(args) != len(c.params) {
		return nil
	}
	for i, a := range args {
		p := c.params[i]
		if p.lambda != (a.Lambda != nil) {
			return nil
		}
		if p.lambda {
			if a.Params != len(p.elems)-1 {
				return nil
			}
			continue
		}
		if !p.match(a.Type, c.letters, coerce) {
			return nil
		}
	}
	return c
}

// lambdas types the lambdas of a call. What one gives may be what the next takes, and may widen what a letter stands for: then all are typed again, as
// often as Trino does.
func (c *candidate) lambdas(f *Func, call *Call) error {
	for range 4 {
		changed := false
		for i := range call.Args {
			if !c.params[i].lambda {
				continue
			}
			wider, err := c.lambda(f, c.params[i], &call.Args[i])
			if err != nil {
				return err
			}
			changed = changed || wider
		}
		if !changed {
			return nil
		}
	}
	return athenasql.Errorf(athenasql.CodeTypeMismatch, call.At, "What the lambda of function %s gives is wider than what it takes, each time", f.Name).
		WithHint("CAST what it gives")
}

// lambda types a lambda, and reports whether a letter stands for a wider type than before.
func (c *candidate) lambda(f *Func, p pattern, a *Arg) (wider bool, err error) {
	n := len(p.elems) - 1
	var params []types.Type
	for _, e := range p.elems[:n] {
		params = append(params, e.with(c.letters, types.Type{}))
	}
	body, sql, err := a.Lambda(params)
	if err != nil {
		return false, err
	}
	to, want := p.elems[n], body
	if bound, ok := c.letters[to.letter]; ok {
		if want, ok = types.Common(bound, body); !ok {
			return false, mistyped(f, a, bound, body)
		}
		wider = !want.Equal(bound)
	} else if to.letter == "" {
		if want = to.with(c.letters, types.Type{}); !types.Coerces(body, want) {
			return false, mistyped(f, a, want, body)
		}
	}
	if to.letter != "" {
		c.letters[to.letter] = want
	}
	if body.SQL() != want.SQL() {
		head, of, _ := strings.Cut(sql, ": ")
		sql = head + ": CAST(" + of + " AS " + want.SQL() + ")"
	}
	a.SQL, a.Type = sql, types.Type{Kind: types.Function}
	return wider, nil
}

func mistyped(f *Func, a *Arg, want, body types.Type) error {
	return athenasql.Errorf(athenasql.CodeTypeMismatch, a.At, "The lambda of function %s must give %s, and gives %s", f.Name, want, body).
		WithHint(fmt.Sprintf("CAST what it gives, or what it begins with, to %s", body))
}

// result is the type of the result. Where its length, precision or zone is open, it is that of the first argument of the same kind.
func (c *candidate) result(call *Call) types.Type {
	r := c.sign.result
	if r.open && r.is.Kind != types.Varchar && r.is.Kind != types.Char {
		for i, p := range c.params {
			if p.open && p.is.Kind == r.is.Kind {
				return call.Args[i].Type
			}
		}
	}
	return r.with(c.letters, types.Type{})
}

// fill writes a form's SQL with the arguments in their places.
func fill(form string, c *Call) (string, error) {
	used := make([]int, len(c.Args))
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] != '$' || i+1 == len(form) || form[i+1] != '*' && (form[i+1] < '1' || form[i+1] > '9') {
			b.WriteByte(form[i])
			continue
		}
		i++
		if form[i] == '*' {
			for j, a := range c.Args {
				if j > 0 {
					b.WriteString(", ")
				}
				b.WriteString(a.SQL)
			}
			continue
		}
		n := int(form[i] - '1')
		b.WriteString(c.Args[n].SQL)
		used[n]++
	}
	for n, times := range used {
		if times > 1 {
			if err := repeatable(c, n); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

// repeatable is an error where an argument that a form's SQL has more than once would be another value each time.
func repeatable(c *Call, n int) error {
	if volatileSQL(c.Args[n].SQL) {
		return athenasql.Errorf(athenasql.CodeNotSupported, c.Args[n].At, "function %s is not supported of a random value", c.Name).
			WithHint("compute the value in a subquery")
	}
	return nil
}

// volatileSQL reports whether SQL gives another value each time that it stands.
func volatileSQL(sql string) bool {
	return strings.Contains(sql, "random()") || strings.Contains(sql, "uuid()")
}

// refuse is the error of what is known and not taken.
func refuse(c *Call, format string, args ...any) error {
	return athenasql.Errorf(athenasql.CodeNotSupported, c.At, format, args...)
}

// invalid is the error of a constant argument that is wrong.
func invalid(at athenasql.Span, format string, args ...any) error {
	return athenasql.Errorf(athenasql.CodeInvalidArgument, at, format, args...)
}

// mismatch is the error where no form fits, in Trino's words.
func (f *Func) mismatch(c *Call) error {
	var given, expected []string
	for _, a := range c.Args {
		if a.Lambda != nil {
			given = append(given, "lambda of "+strconv.Itoa(a.Params))
			continue
		}
		given = append(given, a.Type.String())
	}
	for i := range f.Forms {
		expected = append(expected, f.Name+"("+parsed(f.Forms[i].Signature).text+")")
	}
	return athenasql.Errorf(athenasql.CodeTypeMismatch, c.At, "Unexpected parameters (%s) for function %s. Expected: %s",
		strings.Join(given, ", "), f.Name, strings.Join(expected, ", ")).WithHint(f.castHint(c.Args))
}

// castHint says which argument would have to be cast, where that is all that is wrong.
func (f *Func) castHint(args []Arg) string {
	for i, a := range args {
		if a.Lambda != nil || a.Type.Kind == types.Unknown {
			continue
		}
		others := slices.Clone(args)
		others[i] = Arg{}
		for k := range f.Forms {
			c := f.Forms[k].candidate(others, true)
			if c == nil || c.params[i].letter != "" || len(c.params[i].elems) > 0 || c.params[i].is.Kind > types.IPPrefix {
				continue
			}
			if to := c.params[i].is.Kind; a.Type.IsNumeric() && (to == types.Timestamp || to == types.TimestampTZ) {
				return fmt.Sprintf("argument %d is of the type %s: from_unixtime(...) is the time of seconds since 1970", i+1, a.Type)
			}
			return fmt.Sprintf("argument %d is of the type %s: CAST(... AS %s)", i+1, a.Type, c.params[i].is.Name())
		}
	}
	return ""
}
