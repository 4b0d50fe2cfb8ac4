package duckdb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"regexp"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/internal/athenasql/function"
)

// DuckDB calls a function of one column for all values of a column's dictionary, those too that stand in no row which matters: it takes functions in Go for ones that never
// fail. In `CASE WHEN log_status = 'OK' THEN trino_ip(srcaddr) END` that ends the query at "-". A function of two columns is called for the rows
// that matter alone. So each native has a twin that takes one argument more, which it does not look at, and calls get a column of their arguments for it.

// twinSuffix ends the names of the twins.
const twinSuffix = "_of"

// registerTwins adds the twins of the natives.
func registerTwins(conn *sql.Conn) error {
	for _, n := range function.Natives() {
		if n.Total {
			continue
		}
		if err := duck.RegisterScalarUDF(conn, n.Name+twinSuffix, athenaTwin{athenaFunc{n}}); err != nil {
			return fmt.Errorf("function %s%s: %w", n.Name, twinSuffix, err)
		}
	}
	return nil
}

// total are the functions that fail for no value, and have no twin.
var total = func() map[string]bool {
	out := map[string]bool{function.AnyNetwork: true}
	for _, n := range function.Natives() {
		if n.Total {
			out[n.Name] = true
		}
	}
	return out
}()

// athenaTwin is a native with one argument more.
type athenaTwin struct{ of athenaFunc }

// Config says the types of the function.
func (f athenaTwin) Config() duck.ScalarFuncConfig {
	c := f.of.Config()
	any, err := duck.NewTypeInfo(duck.TYPE_ANY)
	if err != nil {
		panic(err) // a simple type
	}
	c.InputTypeInfos = append(c.InputTypeInfos, any)
	c.SpecialNullHandling = true // the last argument may be NULL
	return c
}

// Executor calls the native without the last argument.
func (f athenaTwin) Executor() duck.ScalarFuncExecutor {
	e := f.of.Executor()
	if e.RowExecutor == nil {
		return e // it reads the native's own arguments alone
	}
	return duck.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		values = values[:len(values)-1]
		for _, v := range values {
			if v == nil {
				return nil, nil
			}
		}
		return e.RowExecutor(values)
	}}
}

// ofAggregates is the native whose arguments are aggregates, beside which their columns can't stand.
const ofAggregates = "trino_decimal_mean("

var (
	nativeCall   = regexp.MustCompile(`^trino_[a-z0-9_]+\(`)
	qualifiedRef = regexp.MustCompile(`(?:^|[^A-Za-z0-9_."])([a-z][a-z0-9]*\."(?:[^"]|"")+")`)
)

// rowwise makes the calls of natives in the SQL of a query such that they are made for the rows that matter alone.
func rowwise(text string) string {
	if !strings.Contains(text, "trino_") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		switch {
		case text[i] == '\'' || text[i] == '"':
			end := quotedEnd(text, i)
			out.WriteString(text[i:end])
			i = end
			continue
		case text[i] == 't' && (i == 0 || !isWord(text[i-1])):
			if m := nativeCall.FindString(text[i:]); m != "" {
				end := callEnd(text, i+len(m))
				args := rowwise(text[i+len(m) : end])
				name := strings.TrimSuffix(m, "(")
				ref := qualifiedRef.FindStringSubmatch(withoutLiterals(text[i+len(m) : end]))
				if m != ofAggregates && ref != nil && !total[name] {
					out.WriteString(name + twinSuffix + "(" + args + ", " + ref[1])
				} else {
					out.WriteString(m + args)
				}
				i = end
				continue
			}
		}
		out.WriteByte(text[i])
		i++
	}
	return out.String()
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quotedEnd returns where the text or name ends that begins at a quote.
func quotedEnd(text string, at int) int {
	q := text[at]
	for i := at + 1; i < len(text); i++ {
		if text[i] != q {
			continue
		}
		if i+1 < len(text) && text[i+1] == q {
			i++
			continue
		}
		return i + 1
	}
	return len(text)
}

// callEnd returns the place of the parenthesis that ends a call whose arguments begin at a place.
func callEnd(text string, at int) int {
	depth := 1
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '\'', '"':
			i = quotedEnd(text, i) - 1
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// withoutLiterals empties the texts within SQL.
func withoutLiterals(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\'':
			out.WriteString("''")
			i = quotedEnd(text, i) - 1
		case '"':
			end := quotedEnd(text, i)
			out.WriteString(text[i:end])
			i = end - 1
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}
