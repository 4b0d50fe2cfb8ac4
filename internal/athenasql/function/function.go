package function

import (
	"weir/internal/athenasql"
	"weir/internal/athenasql/types"
)

// Kind says where a function may stand.
type Kind int

// Kinds of functions. An aggregate may have OVER too.
const (
	Scalar Kind = iota
	Aggregate
	Window
)

// Func is a function by its name.
type Func struct {
	Name  string // in lower case
	Kind  Kind
	Forms []Form
	// Page is the page of Trino's documentation that describes it: "string", "datetime".
	Page string
	// Own, where it is not "", says what weir does of its own where Trino leaves it open or gives an approximation.
	Own string
	// Refused, where it is not "", says why the function is known and not taken.
	Refused string
}

// Form is one way to call a function.
type Form struct {
	// Signature has the types of the parameters and of the result, as Trino writes them: "(array(E), bigint) -> E". Letters (E, K, V, T, U, R, S) are
	// any type, the same wherever the letter stands; O is one whose values have an order, and A any type, another at each place. "varchar", "decimal", "timestamp" and "timestamp with time zone" take any length, precision
	// or zone. "varchar..." is any number of them, none too. "function(E, boolean)" is a lambda.
	Signature string
	// SQL is what it is in DuckDB: $1, $2 are the arguments, cast to the parameters' types, each an SQL expression that needs no parentheses; $* are all of
	// them with commas between. It is for scalars; or Make is set.
	SQL string
	// Make returns the SQL, and may change the result's type (of the signature, with letters bound) in the call.
	Make func(c *Call) (string, error)
}

// Call is a call whose form is chosen.
type Call struct {
	Name string
	At   athenasql.Span
	Args []Arg
	// Result is the type of the result; Make may change it.
	Result types.Type
	// Aggregated writes a call of an aggregate or window function of DuckDB with the DISTINCT, ORDER BY, FILTER and OVER of the call.
	Aggregated func(name string, args ...string) string
	Distinct   bool
	// Now is the SQL of the time of the statement, a TIMESTAMPTZ.
	Now string
}

// Arg is an argument.
type Arg struct {
	Type types.Type
	SQL  string
	At   athenasql.Span
	// Text and Int are the value, where it is a constant text or whole number.
	Text *string
	Int  *int64
	// Lambda is set where the argument is a lambda: it returns the type of its body, for the types of its parameters, and the SQL
	// of DuckDB's lambda. Params is how many parameters it has.
	Lambda func(params []types.Type) (body types.Type, sql string, err error)
	Params int

	// given is the argument before it was cast.
	given *Arg
}

// Native is a function in Go that the engine registers under its name, for what DuckDB has no form for.
type Native struct {
	Name string // begins with "trino_"
	// Total says that it fails for no value, so that it may be called for values that stand in no row.
	Total bool
	// Args and Result are DuckDB's types: VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP, TIMESTAMPTZ, BLOB or VARCHAR[]. A row with an argument that is NULL is NULL.
	Args   []string
	Result string
	// Do returns the value for one row: string, int64, float64, bool, time.Time, []byte or []string, or nil for NULL. An error that is an
	// *[athenasql.Error] ends the query with its code.
	Do func(args []any) (any, error)
}
