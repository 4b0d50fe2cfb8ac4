package compile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/athenasql"
	"weir/internal/athenasql/function"
	"weir/internal/athenasql/types"
)

// Bounds of what is compiled: a chain of CTEs that each read the one before twice doubles at each step.
const (
	mostScans = 1000
	mostSQL   = 8 << 20
)

// bail carries an error up to [Compile].
type bail struct{ err error }

// compiler compiles one query.
type compiler struct {
	ctx   context.Context
	opt   Options
	scans []*scan
	next  int // the number of the next alias
	// views are those that are being compiled, outermost first.
	views []string
	// parameters counts the ? that were met.
	parameters int
	// fast leaves out guards of casts to ipaddress, and guards counts them: see [Query.Fast].
	fast   bool
	guards int
}

// Compile says what a query means, in DuckDB's SQL. Errors are *[athenasql.Error] whose Span is a place in the query's text (the caller
// calls Place), or what the catalog or the context returns.
func Compile(ctx context.Context, q *athenasql.Query, opt Options) (*Query, error) {
	c := &compiler{ctx: ctx, opt: opt}
	out, err := c.compile(q)
	if err != nil || c.guards == 0 {
		return out, err
	}
	fast, err := (&compiler{ctx: ctx, opt: opt, fast: true}).compile(q)
	// Tables can have changed meanwhile.
	if err == nil && slices.EqualFunc(out.Scans, fast.Scans, func(a, b Scan) bool { return a.Relation == b.Relation && slices.Equal(a.Columns, b.Columns) }) {
		out.Fast = fast.SQL
	}
	return out, nil
}

func (c *compiler) compile(q *athenasql.Query) (out *Query, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bail)
			if !ok {
				panic(r)
			}
			out, err = nil, b.err
		}
	}()
	body := c.query(q, &scope{})
	if n := len(c.opt.Parameters); c.parameters != n {
		return nil, athenasql.Errorf(athenasql.CodeInvalidParameter, q.Span, "Incorrect number of parameters: expected %d but found %d", c.parameters, n)
	}
	out = &Query{}
	for i, f := range body.fields {
		if f.typ.Zoneless() {
			c.fail(athenasql.CodeNotSupported, q.Span, "column %d has timestamps of two time zones", i+1)
		}
		name := f.name
		if name == "" {
			name = fmt.Sprintf("_col%d", i)
		}
		out.Columns = append(out.Columns, Result{Name: name, Type: f.typ})
	}
	out.SQL = body.sql
	for _, s := range c.scans {
		out.SQL = strings.ReplaceAll(out.SQL, s.mark(), s.sql())
		out.Scans = append(out.Scans, s.result())
	}
	return out, nil
}

// fail ends the compilation with an error of a place.
func (c *compiler) fail(code string, at athenasql.Span, format string, args ...any) {
	panic(bail{athenasql.Errorf(code, at, format, args...)})
}

// hinted ends the compilation with an error of a place and a hint.
func (c *compiler) hinted(hint, code string, at athenasql.Span, format string, args ...any) {
	panic(bail{athenasql.Errorf(code, at, format, args...).WithHint(hint)})
}

// attempt runs a part of the compilation and returns the error that it ends with.
func attempt(do func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bail)
			if !ok {
				panic(r)
			}
			err = b.err
		}
	}()
	do()
	return nil
}

// check ends the compilation with an error that is not nil.
func check(err error) {
	if err != nil {
		panic(bail{err})
	}
}

// alias returns a name for a relation that no other has.
func (c *compiler) alias() string {
	c.next++
	return fmt.Sprintf("r%d", c.next-1)
}

// bounded refuses SQL that has grown out of bounds.
func (c *compiler) bounded(sql string, at athenasql.Span) string {
	if len(sql) > mostSQL {
		c.hinted("WITH, views and what is divided by a column are repeated where they are read", athenasql.CodeExceededLimit, at, "the query becomes too large")
	}
	return sql
}

// now returns the time of the statement, to a precision of a second's fraction.
func (c *compiler) now(precision int) time.Time {
	unit := time.Second
	for range precision {
		unit /= 10
	}
	return c.opt.Now.UTC().Truncate(unit)
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// failing is SQL that ends the query when it is evaluated, in any type.
func failing(code, message string) string { return function.Fail(code, message) }

// value is an expression that is compiled.
type value struct {
	// sql needs no parentheses around it.
	sql string
	typ types.Type
	at  athenasql.Span
	// num and text are the value of a literal; null says that it is NULL.
	num  *int64
	text *string
	null bool
	// digits is a literal decimal's text.
	digits string
	// moment is the value of a constant date or timestamp, float of a double; nil: not known here.
	moment *time.Time
	float  *float64
	// seconds is a whole number x where the value is from_unixtime(x).
	seconds string
	// constant values read no column and are the same in each row.
	constant bool
	// finite doubles are no NaN.
	finite bool
	// items are the fields of a row that is written in place.
	items []value
	// column is the field that the value is, nil of what is computed.
	column *field
}
