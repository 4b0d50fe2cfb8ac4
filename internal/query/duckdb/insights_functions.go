package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unsafe"

	duck "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"weir/internal/insights/compile"
	"weir/internal/insights/value"
)

// insightsFunc is a function that the SQL of Logs Insights queries calls. Only their SQL may: the gate
// refuses it in others.
type insightsFunc struct {
	args   []duck.Type
	result duck.Type
	// nulls says that it is called for NULL too, and that texts may follow the arguments.
	nulls bool
	call  func(in *duck.DataChunk, out result) error
}

func (f insightsFunc) Config() duck.ScalarFuncConfig {
	c := ipFunc{args: f.args, result: f.result}.Config()
	if f.nulls {
		c.VariadicTypeInfo, _ = duck.NewTypeInfo(duck.TYPE_VARCHAR) // a simple type
		c.SpecialNullHandling = true
	}
	return c
}

func (f insightsFunc) Executor() duck.ScalarFuncExecutor {
	return duck.ScalarFuncExecutor{ChunkContextExecutor: func(_ context.Context, chunk *duck.ChunkIteratorState) (err error) {
		// The driver calls from C: a panic would end the process, with all other queries in it.
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("a function of the query broke: %v", p)
			}
		}()
		vector, err := rawVector(chunk.GetResultVector())
		if err != nil {
			return err
		}
		return f.call(chunk.GetInputChunk(), result{vector})
	}}
}

// doubles are the rows of a result of DOUBLE.
func (r result) doubles() []float64 {
	return unsafe.Slice((*float64)(mapping.VectorGetData(r.vector)), mapping.VectorSize())
}

// doubleArg returns an argument of the rows of a chunk; where it is NULL, any number.
func doubleArg(in *duck.DataChunk, i int) ([]float64, error) {
	v, err := in.GetVector(i)
	if err != nil {
		return nil, err
	}
	raw, err := rawVector(v)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*float64)(mapping.VectorGetData(raw)), in.GetSize()), nil
}

// toDouble makes a function of a text that gives a number.
func toDouble(f func(s string) (float64, bool)) func(in *duck.DataChunk, out result) error {
	return func(in *duck.DataChunk, out result) error {
		to := out.doubles()
		var nulls []int
		var n float64
		ok := false
		err := eachAddress(in, func(row int, s string, same bool) error {
			if !same {
				n, ok = f(s)
			}
			if to[row] = n; !ok {
				nulls = append(nulls, row)
			}
			return nil
		})
		out.setNull(nulls)
		return err
	}
}

// toText makes a function of a text that gives a text.
func toText(f func(s string) (string, bool)) func(in *duck.DataChunk, out result) error {
	return func(in *duck.DataChunk, out result) error { return setTextsOf(in, out, f) }
}

// constantText returns an argument that is the same text in all rows of a chunk.
func constantText(in *duck.DataChunk, i int) (string, error) {
	v, err := textArg(in, i)
	if err != nil || v.Len() == 0 {
		return "", err
	}
	s, _, err := v.GetValueBorrowed(0)
	return string(append([]byte(nil), s...)), err
}

// finite is NULL where a number is not finite, and has no negative zero.
func finite(in *duck.DataChunk, out result) error {
	from, err := doubleArg(in, 0)
	if err != nil {
		return err
	}
	to := out.doubles()
	var nulls []int
	for row, f := range from {
		if f-f != 0 { // infinite, or no number
			nulls = append(nulls, row)
			continue
		}
		to[row] = f + 0
	}
	out.setNull(nulls)
	return nil
}

// textOfDouble is the text of a number.
func textOfDouble(in *duck.DataChunk, out result) error {
	from, err := doubleArg(in, 0)
	if err != nil {
		return err
	}
	t := newTextRows(out)
	for row, f := range from {
		s, ok := value.Number(f).Text()
		t.set(row, s, ok)
	}
	out.setNull(t.nulls)
	return nil
}

// sortKey is what is in the natural order; what comes last in both directions is NULL.
func sortKey(v value.Value) (string, bool) {
	k := value.SortKey(v)
	return k, k != ""
}

// taggedTrue says whether a value is true as a condition.
func taggedTrue(in *duck.DataChunk, out result) error {
	to := out.bools()
	is := false
	return eachAddress(in, func(row int, s string, same bool) error {
		if !same {
			is = compile.Untag(s).True()
		}
		to[row] = is
		return nil
	})
}

// compared compares two values.
func compared(in *duck.DataChunk, out result) error {
	op, err := constantText(in, 0)
	if err != nil {
		return err
	}
	a, err := textArg(in, 1)
	if err != nil {
		return err
	}
	b, err := textArg(in, 2)
	if err != nil {
		return err
	}
	to := out.bools()
	for row := range a.Len() {
		x, xok, err := a.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		y, yok, err := b.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if xok && yok {
			to[row] = value.Compare(op, compile.Untag(x), compile.Untag(y)).True()
		}
	}
	return nil
}

// called calls a function of the language. Arguments may be NULL, which is absent.
func called(in *duck.DataChunk, out result) error {
	name, err := constantText(in, 0)
	if err != nil {
		return err
	}
	f, ok := value.Lookup(name)
	if !ok {
		return fmt.Errorf("no function %q", name)
	}
	var args []duck.VectorView[string]
	for i := 1; i < in.ColumnCount(); i++ {
		v, err := textArg(in, i)
		if err != nil {
			return err
		}
		args = append(args, v)
	}
	t := newTextRows(out)
	values := make([]value.Value, len(args))
	for row := range in.GetSize() {
		for i := range args {
			s, valid, err := args[i].GetValueBorrowed(row)
			if err != nil {
				return err
			}
			if values[i] = value.Absent; valid {
				values[i] = compile.Untag(strings.Clone(s)) // package value keeps what it compiles of texts
			}
		}
		s, ok := compile.Tag(f.Call(&value.Context{}, values))
		t.set(row, s, ok)
		if err := t.tooLong(); err != nil {
			return err
		}
	}
	out.setNull(t.nulls)
	return nil
}

// isTrue asks a function of the language about a text, with a constant text beside where that is not "".
func isTrue(in *duck.DataChunk, out result) error {
	name, err := constantText(in, 0)
	if err != nil {
		return err
	}
	f, ok := value.Lookup(name)
	if !ok {
		return fmt.Errorf("no function %q", name)
	}
	beside, err := constantText(in, 2)
	if err != nil {
		return err
	}
	texts, err := textArg(in, 1)
	if err != nil {
		return err
	}
	ask := asker(f, beside)
	to := out.bools()
	last, any, yes := "", false, false
	for row := range texts.Len() {
		s, valid, err := texts.GetValueBorrowed(row)
		if err != nil {
			return err
		}
		if !valid {
			continue
		}
		if !any || s != last {
			yes = ask(s)
			last, any = s, true
		}
		to[row] = yes
	}
	return nil
}

// asker returns what asks a function about a text. A network beside it is parsed once.
func asker(f *value.Func, beside string) func(string) bool {
	if network, ok := value.ParseCIDR(beside); ok {
		in := func(s string) (netip.Addr, bool) {
			a, ok := value.ParseAddr(s)
			return a, ok && network.Contains(a)
		}
		switch f.Name {
		case "isIpInSubnet":
			return func(s string) bool { _, is := in(s); return is }
		case "isIpv4InSubnet":
			return func(s string) bool { a, is := in(s); return is && a.Is4() }
		case "isIpv6InSubnet":
			return func(s string) bool { a, is := in(s); return is && a.Is6() }
		}
	}
	context, args := &value.Context{}, []value.Value{value.Absent}
	if f.Min > 1 {
		args = append(args, value.Text(beside))
	}
	return func(s string) bool {
		args[0] = value.Text(s)
		return f.Call(context, args).True()
	}
}

// matched searches a text for a regular expression.
func matched(in *duck.DataChunk, out result) error {
	re, err := constantRegex(in)
	if err != nil {
		return err
	}
	to := out.bools()
	found := false
	return eachAddress(in, func(row int, s string, same bool) error {
		if !same {
			found = re.MatchString(s)
		}
		to[row] = found
		return nil
	})
}

func constantRegex(in *duck.DataChunk) (*regexp.Regexp, error) {
	text, err := constantText(in, 1)
	if err != nil {
		return nil, err
	}
	return value.CompileRegex(text)
}

// globbed is what stands for a star of a glob.
func globbed(in *duck.DataChunk, out result) error {
	glob, err := constantText(in, 1)
	if err != nil {
		return err
	}
	stars, err := numberArg(in, 2)
	if err != nil || len(stars) == 0 {
		return err
	}
	n := int(stars[0])
	return setTextsOf(in, out, func(s string) (string, bool) { return compile.Glob(s, glob, n) })
}

// captured is what a group of a regular expression holds.
func captured(in *duck.DataChunk, out result) error {
	re, err := constantRegex(in)
	if err != nil {
		return err
	}
	groups, err := numberArg(in, 2)
	if err != nil || len(groups) == 0 {
		return err
	}
	n := int(groups[0])
	return setTextsOf(in, out, func(s string) (string, bool) {
		m := re.FindStringSubmatchIndex(s)
		if m == nil || 2*n+1 >= len(m) || m[2*n] < 0 {
			return "", false
		}
		return s[m[2*n]:m[2*n+1]], true
	})
}

// registerInsights adds the functions of Logs Insights to a connection.
func registerInsights(conn *sql.Conn) error {
	text, double, boolean, whole := duck.TYPE_VARCHAR, duck.TYPE_DOUBLE, duck.TYPE_BOOLEAN, duck.TYPE_BIGINT
	functions := map[string]insightsFunc{
		compile.FnNumber: {args: []duck.Type{text}, result: double, call: toDouble(value.ParseNumber)},
		compile.FnText:   {args: []duck.Type{double}, result: text, call: textOfDouble},
		compile.FnFinite: {args: []duck.Type{double}, result: double, call: finite},
		compile.FnKey:    {args: []duck.Type{text}, result: text, call: toText(func(s string) (string, bool) { return sortKey(value.Text(s)) })},
		compile.FnTaggedText: {args: []duck.Type{text}, result: text, call: toText(func(s string) (string, bool) {
			return compile.Untag(s).Text()
		})},
		compile.FnTaggedNumber: {args: []duck.Type{text}, result: double, call: toDouble(func(s string) (float64, bool) {
			return compile.Untag(s).Number()
		})},
		compile.FnTaggedKey: {args: []duck.Type{text}, result: text, call: toText(func(s string) (string, bool) {
			return sortKey(compile.Untag(s))
		})},
		compile.FnTaggedTrue: {args: []duck.Type{text}, result: boolean, call: taggedTrue},
		compile.FnCompare:    {args: []duck.Type{text, text, text}, result: boolean, call: compared},
		compile.FnCall:       {args: []duck.Type{text}, result: text, nulls: true, call: called},
		compile.FnIs:         {args: []duck.Type{text, text, text}, result: boolean, call: isTrue},
		compile.FnMatch:      {args: []duck.Type{text, text}, result: boolean, call: matched},
		compile.FnGlob:       {args: []duck.Type{text, text, whole}, result: text, call: globbed},
		compile.FnJSON:       {args: []duck.Type{text, text}, result: text, call: documentValue},
		compile.FnCapture:    {args: []duck.Type{text, text, whole}, result: text, call: captured},
	}
	for name, f := range functions {
		if err := duck.RegisterScalarUDF(conn, name, f); err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
	}
	return nil
}
