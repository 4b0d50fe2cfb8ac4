package compile

import (
	"slices"
	"strconv"
	"strings"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// call compiles a function, and where aggregates may stand, an aggregate.
func (c *compiler) call(x *insights.Call) (Expression, bool) {
	if c.grouped {
		if e, ok, is := c.aggregate(x); is {
			return e, ok
		}
	}
	f, ok := value.Lookup(x.Func)
	if !ok {
		return absent, false
	}
	switch f.Name {
	case "if", "case":
		return c.choice(x)
	}
	args, ok := c.arguments(f, x)
	if !ok {
		return absent, false
	}
	constants := true
	for i := range args {
		constants = constants && args[i].IsConstant
	}
	if constants {
		return c.fold(f, args)
	}
	switch f.Name {
	case "ispresent":
		if args[0].present() {
			return constant(value.Bool(true)), true
		}
		return Expression{SQL: "(" + args[0].SQL + " IS NOT NULL)", Kind: Bool}, true
	case "coalesce":
		return coalesce(args), true
	case "bin", "datefloor":
		if e, ok := floor(args); ok {
			return e, true
		}
	}
	if s, none, ok := isFunction(f, args); ok {
		if !none.IsAbsent() {
			s = "coalesce(" + s + ", " + truthText(none.True()) + ")"
		}
		if f.Result == value.BoolKind {
			return Expression{SQL: s, Kind: Bool}, true
		}
		return Expression{SQL: "CAST(" + s + " AS BIGINT)", Kind: Int}, true
	}
	switch f.Result {
	case value.BoolKind, value.NumberKind, value.TextKind, value.TimeKind:
		list := []string{Quote(f.Name)}
		for i := range args {
			list = append(list, args[i].tagged())
		}
		return Expression{SQL: FnCall + "(" + strings.Join(list, ", ") + ")", Kind: Tagged}, true
	}
	return absent, false // it may give a list or a map
}

// arguments compiles the arguments of a function, the field in front where it has one.
func (c *compiler) arguments(f *value.Func, x *insights.Call) ([]Expression, bool) {
	var args []Expression
	if f.Field != "" {
		e, ok := c.field([]insights.FieldPart{{Name: f.Field}})
		if !ok {
			return nil, false
		}
		args = append(args, e)
	}
	for _, a := range x.Args {
		var e Expression
		ok := true
		switch a := a.(type) {
		case *insights.Period:
			e = constant(value.Text(strconv.FormatInt(a.N, 10) + a.Unit))
		case *insights.Regex:
			e, ok = constant(value.Text(a.Text)), plain(a.Text)
		default:
			e, ok = c.expression(a)
		}
		if !ok {
			return nil, false
		}
		args = append(args, e)
	}
	return args, true
}

// fold computes a function of constants.
func (c *compiler) fold(f *value.Func, args []Expression) (Expression, bool) {
	values := make([]value.Value, len(args))
	for i := range args {
		values[i] = args[i].Constant
	}
	v := f.Call(c.context, values)
	return constant(v), !v.IsStructured() && plain(v.String())
}

// coalesce compiles the first that is present.
func coalesce(args []Expression) Expression {
	args = slices.DeleteFunc(args, func(e Expression) bool { return e.Kind == Absent })
	if i := slices.IndexFunc(args, func(e Expression) bool { return e.present() }); i >= 0 {
		args = args[:i+1]
	}
	if len(args) == 1 {
		return args[0]
	}
	out, each := Join(args)
	if out.Dash { // the first is present then, and alone
		return args[0]
	}
	out.SQL = "coalesce(" + strings.Join(each, ", ") + ")"
	return out
}

// choice compiles if(c, a, b) and case(c, a, ..., [b]).
func (c *compiler) choice(x *insights.Call) (Expression, bool) {
	var when []string
	var values []Expression
	for i := 0; i < len(x.Args); i++ {
		if i+1 < len(x.Args) {
			s, ok := c.condition(x.Args[i], false)
			if !ok {
				return absent, false
			}
			when = append(when, s)
			i++
		}
		e, ok := c.expression(x.Args[i])
		if !ok {
			return absent, false
		}
		values = append(values, e)
	}
	out, each := Join(values)
	if out.Kind == Absent {
		return absent, true
	}
	if out.Dash {
		out = Expression{Kind: Text}
		for i := range values {
			each[i] = values[i].text()
		}
	}
	var s strings.Builder
	s.WriteString("CASE")
	for i := range when {
		s.WriteString(" WHEN " + when[i] + " THEN " + each[i])
	}
	if len(each) > len(when) {
		s.WriteString(" ELSE " + each[len(each)-1])
	}
	out.SQL = s.String() + " END"
	return out, true
}

// floor compiles bin and datefloor of a time and a period of constant length.
func floor(args []Expression) (Expression, bool) {
	if len(args) != 2 || args[0].Kind != Time || !args[1].IsConstant {
		return absent, false
	}
	text, _ := args[1].Constant.Text()
	p, ok := value.ParsePeriod(text)
	if !ok {
		return absent, false
	}
	u, ok := value.LookupUnit(p.Unit)
	if !ok || u.Millis == 0 || u.Short == "w" || p.N <= 0 {
		return absent, false
	}
	n := p.N
	if u.Cap > 0 {
		n = min(n, u.Cap)
	}
	if n > 1<<40/u.Millis {
		return absent, false
	}
	if seconds := args[0].Seconds; seconds != "" && n*u.Millis%1000 == 0 {
		seconds = floored(seconds, n*u.Millis/1000)
		return Expression{SQL: "(" + seconds + " * 1000)", Kind: Time, Seconds: seconds}, true
	}
	return Expression{SQL: floored(args[0].SQL, n*u.Millis), Kind: Time}, true
}

// floored is the greatest multiple of a size that is not above an integer, which may be negative: SQL's %
// has the sign of the first.
func floored(sql string, size int64) string {
	n := strconv.FormatInt(size, 10)
	return "(" + sql + " - (" + sql + " % " + n + " + " + n + ") % " + n + ")"
}

// isFunction compiles a function that says yes or no of one text, with at most one constant text
// beside: NULL where the text is absent, where it is none.
func isFunction(f *value.Func, args []Expression) (sql string, none value.Value, ok bool) {
	if f.Field != "" || f.Name == "ispresent" || len(args) == 0 || len(args) > 2 || args[0].Kind == Absent || args[0].IsConstant ||
		!strings.HasPrefix(strings.ToLower(f.Name), "is") || f.Result != value.BoolKind && f.Result != value.NumberKind {
		return "", none, false
	}
	if args[0].Kind != Text && args[0].Kind != Digits {
		return "", none, false
	}
	values, beside := []value.Value{value.Absent}, "''"
	if len(args) == 2 {
		if !args[1].IsConstant || args[1].Kind != Text {
			return "", none, false
		}
		values, beside = append(values, args[1].Constant), args[1].SQL
	}
	none = f.Call(&value.Context{}, values)
	return FnIs + "(" + Quote(f.Name) + ", " + args[0].text() + ", " + beside + ")", none, true
}

// predicate compiles a function that stands as a condition where it has a shorter form there; done
// says that it has.
func (c *compiler) predicate(x *insights.Call, loose bool) (sql string, ok, done bool) {
	f, known := value.Lookup(x.Func)
	if !known || !loose || !strings.HasPrefix(strings.ToLower(f.Name), "is") || c.grouped {
		return "", false, false
	}
	args, ok := c.arguments(f, x)
	if !ok {
		return "", false, true
	}
	s, none, ok := isFunction(f, args)
	if !ok || none.True() {
		return "", false, false
	}
	// "-" is no address, and is text where it matters.
	if args[0].Dash && args[0].Kind == Text && !f.Call(&value.Context{}, withDash(args)).True() {
		beside := "''"
		if len(args) == 2 {
			beside = args[1].SQL
		}
		s = FnIs + "(" + Quote(f.Name) + ", " + args[0].SQL + ", " + beside + ")"
	}
	if args[0].Address && len(args) == 2 && strings.Contains(f.Name, "InSubnet") {
		cidr, _ := args[1].Constant.Text()
		switch within, whole := addressRange(args[0].SQL, cidr); {
		case whole && !strings.Contains(f.Name, "v6"):
			s = within
		case within != "":
			s = "(" + within + " AND " + s + ")"
		}
	}
	return s, true, true
}

func withDash(args []Expression) []value.Value {
	out := []value.Value{value.Text("-")}
	for _, a := range args[1:] {
		out = append(out, a.Constant)
	}
	return out
}
