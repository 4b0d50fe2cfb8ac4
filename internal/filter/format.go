package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/query"
)

// Format returns the text of a filter from which [Parse] gives the same
// expression. It fails where the filter language cannot say the expression; what
// Parse has given it always can. Times are written in the options' zone, with
// their offset.
func Format(e query.Expr, o Options) (string, error) {
	return formatter{o.withDefaults()}.expr(e)
}

type formatter struct{ options Options }

// expr writes an expression.
func (f formatter) expr(e query.Expr) (string, error) {
	c, ok := e.(*query.Call)
	if !ok {
		return "", cannot(e)
	}
	if c.Func == query.And || c.Func == query.Or {
		return f.junction(c)
	}
	test, denies := c, c.Func == query.Not
	if denies {
		if test, ok = only(c.Args).(*query.Call); !ok {
			return "", cannot(e)
		}
	}
	s, err := f.test(test, denies)
	if err != nil {
		return "", fmt.Errorf("%w: %w", cannot(e), err)
	}
	return s, nil
}

// only returns the one argument, or nil.
func only(args []query.Expr) query.Expr {
	if len(args) != 1 {
		return nil
	}
	return args[0]
}

// cannot says that an expression has no text.
func cannot(e query.Expr) error { return fmt.Errorf("cannot write %v as a filter", e) }

// junction writes "and" or "or". Parentheses stand where "or" is within "and".
func (f formatter) junction(c *query.Call) (string, error) {
	if len(c.Args) < 2 {
		return "", cannot(c)
	}
	parts := make([]string, len(c.Args))
	for i, a := range c.Args {
		s, err := f.expr(a)
		if err != nil {
			return "", err
		}
		if sub, ok := a.(*query.Call); ok && sub.Func == query.Or && c.Func == query.And {
			s = "(" + s + ")"
		}
		parts[i] = s
	}
	return strings.Join(parts, " "+string(c.Func)+" "), nil
}

// test writes a comparison.
func (f formatter) test(c *query.Call, denies bool) (string, error) {
	if len(c.Args) == 0 {
		return "", errors.New("no field")
	}
	on, err := f.field(c.Args[0])
	if err != nil {
		return "", err
	}
	values := make([]any, len(c.Args)-1)
	for i, a := range c.Args[1:] {
		l, ok := a.(*query.Literal)
		if !ok {
			return "", fmt.Errorf("%v is no constant", a)
		}
		values[i] = l.Value
	}
	switch {
	case c.Func == query.IsAbsent && len(values) == 0:
		if denies {
			return on.name + " is present", nil
		}
		return on.name + " is absent", nil
	case c.Func == query.In && len(values) > 1:
		return f.list(on, values, denies)
	case len(values) != 1:
		return "", errors.New("no comparison")
	}
	switch c.Func {
	case query.Contains, query.StartsWith, query.Matches, query.IPIn:
		return f.textTest(on, c.Func, values[0], denies)
	case query.Eq, query.Ne, query.Lt, query.Le, query.Gt, query.Ge:
		return f.comparison(on, c.Func, values[0], denies)
	}
	return "", errors.New("no comparison")
}

// field finds the field whose column an expression is.
func (f formatter) field(e query.Expr) (field, error) {
	unknown := flowlog.FieldByID(flowlog.WeirUnknown).Column
	switch x := e.(type) {
	case *query.Ref:
		if about, ok := flowlog.Lookup(x.Name); ok && about.Column == x.Name && about.In(f.options.Kind) {
			return newField(about), nil
		}
		if c, ok := query.LookupName(x.Name); ok && c.Expr() == nil && f.options.named(c) {
			return nameField(c), nil
		}
	case *query.Call:
		for _, c := range query.NameColumns() {
			if name := c.Expr(); name != nil && name.String() == x.String() {
				return nameField(c), nil
			}
		}
		if x.Func != query.MapGet || len(x.Args) != 2 || x.Args[0].String() != unknown {
			break
		}
		if l, ok := x.Args[1].(*query.Literal); ok {
			name, _ := l.Value.(string)
			if t, ok := f.options.target(name); ok && t.name == name && t.fields[0].about == nil {
				return t.fields[0], nil
			}
		}
	}
	return field{}, fmt.Errorf("%v is no field", e)
}

func (f formatter) comparison(on field, op query.Func, value any, denies bool) (string, error) {
	if denies || on.class == mapClass || op != query.Eq && op != query.Ne && !on.class.ordered() {
		return "", errors.New("no comparison")
	}
	s, err := f.value(on, value)
	return on.name + " " + string(op) + " " + s, err
}

func (f formatter) list(on field, values []any, denies bool) (string, error) {
	parts := make([]string, len(values))
	for i, v := range values {
		var err error
		if parts[i], err = f.value(on, v); err != nil {
			return "", err
		}
	}
	return on.name + deny(" in (", denies) + strings.Join(parts, ", ") + ")", nil
}

// deny puts "not" before an operator.
func deny(operator string, denies bool) string {
	if denies {
		return " not" + operator
	}
	return operator
}

func (f formatter) textTest(on field, op query.Func, value any, denies bool) (string, error) {
	arg, ok := value.(string)
	if !ok || !on.class.textual() {
		return "", errors.New("no text")
	}
	if op == query.IPIn {
		cidr, err := query.ParseCIDR(arg)
		if err != nil || cidr.String() != arg || on.class != addrClass {
			return "", fmt.Errorf("%q is no network of addresses", arg)
		}
		return on.name + deny(" in ", denies) + arg, nil
	}
	if op == query.Matches {
		if fault := checkRegexp(arg); fault != "" {
			return "", errors.New(fault)
		}
		return on.name + map[bool]string{false: " ~ ", true: " !~ "}[denies] + quoteRegexp(arg), nil
	}
	if on.class == addrClass && strings.ToLower(arg) != arg {
		return "", fmt.Errorf("no address holds %q", arg)
	}
	word := map[query.Func]string{query.Contains: " contains ", query.StartsWith: " starts with "}[op]
	return on.name + deny(word, denies) + quote(arg, nil), nil
}

// quoteRegexp writes a regular expression between slashes, or in quotes where it
// holds a slash.
func quoteRegexp(s string) string {
	if strings.Contains(s, "/") {
		return quoted(s)
	}
	return "/" + s + "/"
}

// value writes a value of a field.
func (f formatter) value(on field, value any) (string, error) {
	switch v := value.(type) {
	case int64:
		if s, ok := f.number(on, v); ok {
			return s, nil
		}
	case time.Time:
		if on.class == timeClass && v.Nanosecond() == 0 {
			return f.time(v.Unix())
		}
	case string:
		if s, ok := textValue(on, v); ok {
			return s, nil
		}
	}
	return "", fmt.Errorf("%v is no value of %s", value, on.name)
}

func (f formatter) number(on field, n int64) (string, bool) {
	if on.class == epochClass { // a time behind all that the field holds can be asked for
		s, err := f.time(n)
		return s, err == nil
	}
	if !on.class.ordered() || n < 0 || n > on.about.Max {
		return "", false
	}
	switch on.class {
	case timeClass:
		return "", false
	case protocolClass:
		if name, ok := flowlog.ProtocolName(n); ok {
			return name, true
		}
	default:
	}
	return strconv.FormatInt(n, 10), true
}

// time writes seconds since the epoch as a time.
func (f formatter) time(seconds int64) (string, error) {
	if seconds < 0 || seconds > lastSecond {
		return "", fmt.Errorf("%d seconds are no time", seconds)
	}
	t := time.Unix(seconds, 0).In(f.options.Zone)
	// RFC 3339 writes offsets in minutes; some of the 19th century's, and some
	// that a program makes, have seconds. A zone may also lead out of the years
	// that it can write.
	if _, offset := t.Zone(); offset%60 != 0 || t.Year() > 9999 || t.Year() < 1 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339), nil
}

func textValue(on field, s string) (string, bool) {
	switch on.class {
	case addrClass:
		a, err := netip.ParseAddr(s)
		return s, err == nil && a.Zone() == "" && a.String() == s
	case closedClass:
		return s, slices.Contains(on.words(), s)
	case textClass:
		return quote(s, on.words()), true
	default:
		return "", false
	}
}

// bareForm is text that can stand without quotes.
var bareForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`)

// quote writes text, bare where it then means the same.
func quote(s string, words []string) string {
	word, isWord := fold(s, words)
	if bareForm.MatchString(s) && !isReserved(token{kind: wordToken, text: s}) && (!isWord || word == s) {
		return s
	}
	return quoted(s)
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
