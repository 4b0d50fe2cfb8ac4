package athenasql

// Node is a part of a statement that has a place in the text.
type Node interface{ Position() Span }

// Statement is one statement: a *Query, or one of the types of statement.go.
type Statement interface {
	Node
	statement()
}

// Name is an identifier. Text is as it is compared: in lower case, where it was not quoted or was (Athena's names are
// in lower case throughout). Written is how it was written, without quotes.
type Name struct {
	Span
	Text    string
	Written string
	Quoted  bool
}

// QualifiedName is a.b.c: of a table [catalog.][database.]table.
type QualifiedName struct {
	Span
	Parts []Name
}

// Query is WITH ..., a body, and what orders and bounds its rows.
type Query struct {
	Span
	With    []CTE
	Body    QueryBody
	OrderBy []SortItem
	// Offset and Limit are numbers or parameters, nil where they are absent. LIMIT ALL is absent.
	Offset, Limit Expr
	// Ties is FETCH FIRST ... WITH TIES; Limit is its number.
	Ties bool
}

// CTE is one name of WITH.
type CTE struct {
	Span
	Name    Name
	Columns []Name // nil: those of Query
	Query   *Query
}

// QueryBody is *Select, *SetOperation, *Values, *TableBody or *Query in parentheses.
type QueryBody interface {
	Node
	queryBody()
}

// Select is SELECT ... FROM ... WHERE ... GROUP BY ... HAVING ... WINDOW.
type Select struct {
	Span
	Distinct bool
	Items    []SelectItem
	From     []Relation // joined by commas
	Where    Expr
	GroupBy  *GroupBy
	Having   Expr
	Windows  []NamedWindow
}

// SelectItem is an expression with a name, or * or r.*.
type SelectItem struct {
	Span
	Expr Expr  // nil: a star
	As   *Name // nil: none
	// Star is the qualifier of r.*; of * it is empty and Expr is nil.
	Star *QualifiedName
}

// GroupBy is GROUP BY [DISTINCT | ALL] elements.
type GroupBy struct {
	Span
	Distinct bool
	Elements []GroupElement
}

// GroupKind is the form of an element of GROUP BY.
type GroupKind int

// Forms of elements.
const (
	GroupSimple GroupKind = iota // one set, of Sets[0]
	GroupSets
	GroupRollup // each of Sets is one column or several in parentheses
	GroupCube
)

// GroupElement is one element of GROUP BY.
type GroupElement struct {
	Span
	Kind GroupKind
	Sets [][]Expr
}

// SetOperator is UNION, INTERSECT or EXCEPT.
type SetOperator string

// Set operators.
const (
	Union     SetOperator = "UNION"
	Intersect SetOperator = "INTERSECT"
	Except    SetOperator = "EXCEPT"
)

// SetOperation joins the rows of two bodies. All keeps repeats.
type SetOperation struct {
	Span
	Operator    SetOperator
	All         bool
	Left, Right QueryBody
}

// Values is VALUES (...), (...): each row has its expressions.
type Values struct {
	Span
	Rows [][]Expr
}

// TableBody is TABLE name.
type TableBody struct {
	Span
	Name QualifiedName
}

// SortItem is one key of an order. NullsFirst is nil where it is not said: nulls are last then.
type SortItem struct {
	Span
	Expr       Expr
	Desc       bool
	NullsFirst *bool
}

// Relation is *TableRef, *SubqueryRef, *Unnest, *Lateral, *Join, *Aliased, *Sample or *TableFunction.
type Relation interface {
	Node
	relation()
}

// TableRef is a table by its name. The name of the last part may end in "$partitions".
type TableRef struct {
	Span
	Name QualifiedName
}

// SubqueryRef is a query in parentheses.
type SubqueryRef struct {
	Span
	Query *Query
}

// Unnest is UNNEST(...) [WITH ORDINALITY].
type Unnest struct {
	Span
	Exprs      []Expr
	Ordinality bool
}

// Lateral is LATERAL (query).
type Lateral struct {
	Span
	Query *Query
}

// Aliased is relation [AS] name [(columns)].
type Aliased struct {
	Span
	Relation Relation
	As       Name
	Columns  []Name
}

// Sample is relation TABLESAMPLE BERNOULLI|SYSTEM (percentage).
type Sample struct {
	Span
	Relation   Relation
	System     bool
	Percentage Expr
}

// TableFunction is TABLE(name(...)), such as TABLE(sequence(1, 3)).
type TableFunction struct {
	Span
	Call *Call
}

// JoinKind is the form of a join.
type JoinKind string

// Forms of joins.
const (
	InnerJoin JoinKind = "INNER"
	LeftJoin  JoinKind = "LEFT"
	RightJoin JoinKind = "RIGHT"
	FullJoin  JoinKind = "FULL"
	CrossJoin JoinKind = "CROSS"
)

// Join is left JOIN right ON ... or USING (...), or NATURAL.
type Join struct {
	Span
	Kind        JoinKind
	Natural     bool
	Left, Right Relation
	On          Expr
	Using       []Name
}

// NamedWindow is WINDOW name AS (...).
type NamedWindow struct {
	Span
	Name   Name
	Window *Window
}

// Window is what stands behind OVER.
type Window struct {
	Span
	// Base is the name of the window it begins with, nil: none. OVER name has Base alone.
	Base        *Name
	PartitionBy []Expr
	OrderBy     []SortItem
	Frame       *Frame
}

// Frame is ROWS|RANGE|GROUPS BETWEEN start AND end.
type Frame struct {
	Span
	Unit       string // ROWS, RANGE, GROUPS
	Start, End FrameBound
}

// BoundKind is the form of a bound of a frame.
type BoundKind int

// Forms of bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameBound is a bound; N is of Preceding and Following.
type FrameBound struct {
	Kind BoundKind
	N    Expr
}
