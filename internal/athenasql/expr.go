package athenasql

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Expressions.
type (
	// Null is NULL.
	Null struct{ Span }
	// Bool is TRUE or FALSE.
	Bool struct {
		Span
		Value bool
	}
	// Integer is a whole number as it was written, without sign and underscores: 0x1F, 0o17 and 0b1 are turned to decimal.
	Integer struct {
		Span
		Text string
	}
	// DecimalNumber is a number with a point and without exponent: a decimal in Trino.
	DecimalNumber struct {
		Span
		Text string
	}
	// DoubleNumber is a number with an exponent.
	DoubleNumber struct {
		Span
		Text string
	}
	// String is a text; U&'...' is decoded.
	String struct {
		Span
		Value string
	}
	// Binary is X'...', decoded.
	Binary struct {
		Span
		Value []byte
	}
	// TypedLiteral is TYPE 'text': DATE '2026-01-31', TIMESTAMP '...', IPADDRESS '10.0.0.1'.
	TypedLiteral struct {
		Span
		Type  TypeName
		Value string
	}
	// Interval is INTERVAL [-] 'text' unit [TO unit]. Units are in lower case, without plural s: year, month, week, day, hour,
	// minute, second.
	Interval struct {
		Span
		Negative bool
		Value    string
		From, To string
	}
	// Parameter is ?; Index counts from 0.
	Parameter struct {
		Span
		Index int
	}
	// Ref is a column, or a field of a row: a, t.a, db.t.a, a.b.
	Ref struct {
		Span
		Parts []Name
	}
	// Field is expr.name, where expr is not a Ref.
	Field struct {
		Span
		Of   Expr
		Name Name
	}
	// Subscript is expr[index].
	Subscript struct {
		Span
		Of, Index Expr
	}
	// Unary is -x, +x or NOT x: Operator is "-", "+" or "NOT".
	Unary struct {
		Span
		Operator string
		Of       Expr
	}
	// BinaryOp is left operator right: + - * / % || and = <> < <= > >= and AND OR. <> is also written !=.
	BinaryOp struct {
		Span
		Operator    string
		OperatorAt  Span
		Left, Right Expr
	}
	// IsNull is x IS [NOT] NULL.
	IsNull struct {
		Span
		Not bool
		Of  Expr
	}
	// IsDistinct is x IS [NOT] DISTINCT FROM y.
	IsDistinct struct {
		Span
		Not         bool
		Left, Right Expr
	}
	// Between is x [NOT] BETWEEN low AND high.
	Between struct {
		Span
		Not           bool
		Of, Low, High Expr
	}
	// In is x [NOT] IN (list) or IN (query).
	In struct {
		Span
		Not   bool
		Of    Expr
		List  []Expr
		Query *Query // nil: List
	}
	// Like is x [NOT] LIKE pattern [ESCAPE e].
	Like struct {
		Span
		Not                 bool
		Of, Pattern, Escape Expr
	}
	// Quantified is x = ANY (query): Quantifier is ANY (also written SOME) or ALL.
	Quantified struct {
		Span
		Operator, Quantifier string
		Of                   Expr
		Query                *Query
	}
	// Exists is EXISTS (query).
	Exists struct {
		Span
		Query *Query
	}
	// Subquery is a query in parentheses that stands for its one value.
	Subquery struct {
		Span
		Query *Query
	}
	// Case is CASE [of] WHEN ... THEN ... ELSE ... END; Of and Else may be nil.
	Case struct {
		Span
		Of    Expr
		Whens []When
		Else  Expr
	}
	// Cast is CAST(x AS type) or TRY_CAST.
	Cast struct {
		Span
		Try bool
		Of  Expr
		To  TypeName
	}
	// Extract is EXTRACT(unit FROM x); Unit in lower case.
	Extract struct {
		Span
		Unit string
		Of   Expr
	}
	// AtTimeZone is x AT TIME ZONE zone.
	AtTimeZone struct {
		Span
		Of, Zone Expr
	}
	// CurrentTime is one of current_date, current_time, current_timestamp, localtime, localtimestamp, with a precision
	// or -1.
	CurrentTime struct {
		Span
		Name      string
		Precision int
	}
	// CurrentName is one of current_user, current_catalog, current_schema.
	CurrentName struct {
		Span
		Name string
	}
	// Call is a call of a function: scalar, aggregate or window. Special forms are calls too: substring(x FROM a FOR b), position(a IN b)
	// (as strpos(b, a)), trim([LEADING|TRAILING|BOTH] [chars] FROM x) (as ltrim, rtrim or trim), normalize(x, FORM) (the form as a String).
	Call struct {
		Span
		Name     QualifiedName
		Distinct bool
		Star     bool // count(*)
		Args     []Expr
		OrderBy  []SortItem // within the parentheses
		Filter   Expr
		// Nulls is "", "IGNORE" or "RESPECT".
		Nulls string
		Over  *Window
		// WithinGroup is of listagg(...) WITHIN GROUP (ORDER BY ...).
		WithinGroup []SortItem
		// Overflow is of listagg(... ON OVERFLOW ...), nil: none.
		Overflow *Overflow
	}
	// Lambda is (a, b) -> expr.
	Lambda struct {
		Span
		Params []Name
		Body   Expr
	}
	// ArrayOf is ARRAY[...].
	ArrayOf struct {
		Span
		Items []Expr
	}
	// RowOf is ROW(...) or (a, b).
	RowOf struct {
		Span
		Items []Expr
	}
	// Grouping is GROUPING(a, b).
	Grouping struct {
		Span
		Args []Ref
	}
)

// When is one WHEN of a CASE.
type When struct {
	Span
	If, Then Expr
}

// Overflow is ON OVERFLOW ERROR | TRUncate of listagg.
type Overflow struct {
	Span
	Error     bool
	Filler    string
	WithCount bool
}

// TypeName is a type as it was written. Name is in lower case: "varchar", "timestamp with time zone", "double precision" as "double",
// "array", "map", "row". Params are numbers of varchar(10), decimal(10, 2) and timestamp(3), Elems the types of array(T), map(K, V) and row;
// Fields the names of a row's, "" where it has none. struct<a:int> and array<int> of Hive's DDL have the same form.
type TypeName struct {
	Span
	Name   string
	Params []int
	Elems  []TypeName
	Fields []Name
}

func (*Null) expr()          {}
func (*Bool) expr()          {}
func (*Integer) expr()       {}
func (*DecimalNumber) expr() {}
func (*DoubleNumber) expr()  {}
func (*String) expr()        {}
func (*Binary) expr()        {}
func (*TypedLiteral) expr()  {}
func (*Interval) expr()      {}
func (*Parameter) expr()     {}
func (*Ref) expr()           {}
func (*Field) expr()         {}
func (*Subscript) expr()     {}
func (*Unary) expr()         {}
func (*BinaryOp) expr()      {}
func (*IsNull) expr()        {}
func (*IsDistinct) expr()    {}
func (*Between) expr()       {}
func (*In) expr()            {}
func (*Like) expr()          {}
func (*Quantified) expr()    {}
func (*Exists) expr()        {}
func (*Subquery) expr()      {}
func (*Case) expr()          {}
func (*Cast) expr()          {}
func (*Extract) expr()       {}
func (*AtTimeZone) expr()    {}
func (*CurrentTime) expr()   {}
func (*CurrentName) expr()   {}
func (*Call) expr()          {}
func (*Lambda) expr()        {}
func (*ArrayOf) expr()       {}
func (*RowOf) expr()         {}
func (*Grouping) expr()      {}

func (*Query) queryBody()        {}
func (*Select) queryBody()       {}
func (*SetOperation) queryBody() {}
func (*Values) queryBody()       {}
func (*TableBody) queryBody()    {}

func (*TableRef) relation()      {}
func (*SubqueryRef) relation()   {}
func (*Unnest) relation()        {}
func (*Lateral) relation()       {}
func (*Aliased) relation()       {}
func (*Sample) relation()        {}
func (*TableFunction) relation() {}
func (*Join) relation()          {}
