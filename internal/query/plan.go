package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/flowlog"
)

// Type is the type of an expression or of a result column.
type Type uint8

// The types. In rows (see [Rows]) a value is nil where it is absent, else:
// bool; int64 (or *big.Int where SQL gave a number that does not fit); float64;
// string; time.Time in UTC; map[string]string. Other is what SQL can give
// besides: [Decimal], []any of a list, map[string]any of a struct, or text.
const (
	Bool Type = iota + 1
	Int
	Float
	Text
	Time
	TextMap
	Other
)

// String returns the type's name in lower case, as messages use it.
func (t Type) String() string {
	switch t {
	case Bool:
		return "boolean"
	case Int:
		return "integer"
	case Float:
		return "number"
	case Text:
		return "text"
	case Time:
		return "time"
	case TextMap:
		return "map"
	case Other:
		return "other"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Decimal is the text of an exact decimal number, such as "12.50".
type Decimal string

// Column is a named and typed column of a table, of a stage or of a result.
type Column struct {
	Name string
	Type Type
	// SQLType is the engine's own name of the type, where a result came from
	// SQL; "" otherwise.
	SQLType string
}

// TableColumns returns the columns of weir's table of a kind, in order: AWS's
// names and order, weir's own last.
func TableColumns(k flowlog.Kind) []Column {
	var out []Column
	for _, f := range flowlog.Fields(k) {
		c := Column{Name: f.Column, SQLType: f.Type.SQL()}
		switch f.Type {
		case flowlog.Int32, flowlog.Int64:
			c.Type = Int
		case flowlog.Timestamp:
			c.Type = Time
		case flowlog.Map:
			c.Type = TextMap
		default:
			c.Type = Text
		}
		out = append(out, c)
	}
	return out
}

// Columns returns the columns of the plan's table, in order.
func (p Plan) Columns() []Column {
	out := TableColumns(p.Kind)
	if p.Named {
		for _, c := range NameColumns() {
			out = append(out, Column{Name: c.String(), Type: Text, SQLType: flowlog.String.SQL()})
		}
	}
	return out
}

// TableName returns the name under which SQL knows the table of a kind:
// vpc_flow_logs or tgw_flow_logs.
func TableName(k flowlog.Kind) string { return k.String() + "_flow_logs" }

// Scope bounds what a query reads. Its zero value reads everything. The members
// are joined with "and", the values of one member with "or".
type Scope struct {
	// From and To bound a record's start, From inclusive and To exclusive; the
	// zero time does not bound. A record without start counts at weir_hour.
	From, To time.Time
	// Accounts are values of account_id, Interfaces of interface_id, Regions of
	// weir_region (the region field, else the region of the object's key), and
	// FlowLogs of weir_flow_log_id.
	Accounts, Regions, Interfaces, FlowLogs []string
}

// All reports whether the scope reads everything.
func (s Scope) All() bool {
	return s.From.IsZero() && s.To.IsZero() && len(s.Accounts)+len(s.Regions)+len(s.Interfaces)+len(s.FlowLogs) == 0
}

// A Plan is a question over one table: the records of the scope go through the
// stages in order. A plan without stages gives all columns of the table.
type Plan struct {
	Kind flowlog.Kind
	// Named says that the table is the named one: it has the columns of [NameColumns] behind
	// its own. Only that of VPC flow logs is there.
	Named  bool
	Scope  Scope
	Stages []Stage
}

// Stage is one step of a plan: *Filter, *Extend, *Aggregate, *Project, *Sort or
// *Limit.
type Stage interface {
	isStage()
}

// Filter keeps the rows for which Where is true; rows for which it is false or
// absent are dropped.
type Filter struct{ Where Expr }

// Extend adds columns behind those that are there. An expression sees the
// columns before the stage only.
type Extend struct{ Columns []Named }

// Aggregate makes one row of each group: the By columns, then the Aggs. Absent
// values form a group of their own. Without By there is exactly one row, also
// where no row came in.
type Aggregate struct {
	By   []Named
	Aggs []Agg
}

// Project keeps the named columns, in this order.
type Project struct{ Columns []Named }

// Sort orders the rows. Absent values come last in either direction. Rows that
// are equal under Keys may come in any order. The order holds through the stages
// behind it until an Aggregate, whose rows come in any order.
type Sort struct{ Keys []SortKey }

// Limit keeps the first N rows.
type Limit struct{ N int64 }

func (*Filter) isStage()    {}
func (*Extend) isStage()    {}
func (*Aggregate) isStage() {}
func (*Project) isStage()   {}
func (*Sort) isStage()      {}
func (*Limit) isStage()     {}

// Named is an expression under a column name.
type Named struct {
	Name string
	Expr Expr
}

// SortKey orders by an expression, ascending unless Desc.
type SortKey struct {
	Expr Expr
	Desc bool
}

// Agg is an aggregate under a column name. Arg is nil for [CountRows] only. Where,
// unless nil, leaves out the rows for which it is false or absent; their Arg is
// computed all the same.
type Agg struct {
	Name  string
	Func  AggFunc
	Arg   Expr
	Where Expr
}

// AggFunc is an aggregate function. All but CountRows pass over absent values.
type AggFunc string

// The aggregates. Sum of integers is an exact integer, beyond 64 bits too; Sum,
// Min, Max and Avg of no value are absent; Avg is a Float; the counts are
// integers.
const (
	CountRows     AggFunc = "count_rows"
	Count         AggFunc = "count"
	CountDistinct AggFunc = "count_distinct"
	Sum           AggFunc = "sum"
	Min           AggFunc = "min"
	Max           AggFunc = "max"
	Avg           AggFunc = "avg"
)

// Expr is an expression over the columns of a stage: *Ref, *Literal or *Call.
// Logic is SQL's: a call with an absent argument is absent, unless its function
// says otherwise.
type Expr interface {
	fmt.Stringer
	isExpr()
}

// Ref is the value of a column.
type Ref struct{ Name string }

// Literal is a constant: nil, bool, int64, float64, string or time.Time.
type Literal struct{ Value any }

// Call is a function of arguments.
type Call struct {
	Func Func
	Args []Expr
}

func (*Ref) isExpr()     {}
func (*Literal) isExpr() {}
func (*Call) isExpr()    {}

// Func is a function of expressions.
type Func string

// The functions. Each is described by its signature in functions.go.
const (
	Eq Func = "=" // a = b: same type; an integer beside a number is made a number first
	Ne Func = "!="
	Lt Func = "<"
	Le Func = "<="
	Gt Func = ">"
	Ge Func = ">="

	And Func = "and" // two or more booleans, three-valued
	Or  Func = "or"
	Not Func = "not"

	IsAbsent Func = "is_absent" // never absent itself
	In       Func = "in"        // in(a, b, c...): a = b or a = c or ...; the list is of literals, all of one type, as with =
	Coalesce Func = "coalesce"  // the first argument that is not absent; all of one type, as with =

	Contains   Func = "contains"    // contains(text, part): case-sensitive
	StartsWith Func = "starts_with" // starts_with(text, prefix)
	Matches    Func = "matches"     // matches(text, regexp): RE2 as Go's package regexp takes it, anywhere in the text; regexp is a literal
	Lower      Func = "lower"       // each character in lower case, of any script

	IPIn     Func = "ip_in"     // ip_in(addr, cidr): cidr is a literal; absent where addr is no address; see IPInCIDR
	IPClass  Func = "ip_class"  // ip_class(addr): see the function IPClassOf
	IPPrefix Func = "ip_prefix" // ip_prefix(addr, bits): the network as "10.1.0.0/16"; absent where bits does not fit the family

	PortName Func = "port_name" // port_name(port, protocol): see flowlog.PortName; absent where it has none

	// Arithmetic. Integers give integers of 64 bits; an integer beside a number
	// is made a number first. A result out of range is an error, and so is a
	// sum beyond 64 bits as argument of any of these but /.
	Add    Func = "+"
	Sub    Func = "-"
	Mul    Func = "*"
	Div    Func = "/"       // a Float; absent where the divisor is 0
	Mod    Func = "%"       // of integers, with the sign of the first; absent where the divisor is 0
	Bin    Func = "bin"     // bin(n, width): the largest multiple of width that is not above n; both integers, width a literal > 0
	Epoch  Func = "epoch"   // epoch(time): seconds since the epoch, rounded down
	ToTime Func = "to_time" // to_time(seconds): a time; an error outside the years 1 to 9999

	MapGet Func = "map_get" // map_get(map, name): absent where the map does not have it
)

// String returns the reference as a name, quoted where it is no plain word.
func (r *Ref) String() string {
	for i, c := range r.Name {
		if !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return strconv.Quote(r.Name)
		}
	}
	return r.Name
}

// String returns the constant as messages show it.
func (l *Literal) String() string {
	switch v := l.Value.(type) {
	case nil:
		return "absent"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case float64:
		// A number without a fraction must not look like an integer.
		if s := strconv.FormatFloat(v, 'g', -1, 64); strings.ContainsAny(s, ".eIN") {
			return s
		}
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return fmt.Sprint(l.Value)
}

// String returns the call in function form: in(protocol, 6, 17).
func (c *Call) String() string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = a.String()
	}
	return string(c.Func) + "(" + strings.Join(args, ", ") + ")"
}
