package insights

// A Span is a part of a query's text: byte offsets, End exclusive.
type Span struct{ Start, End int }

// A Query is a whole query.
type Query struct {
	Span
	Source   *Source // nil: the request names the log groups
	Commands []Command
}

// Source chooses log groups in the query: SOURCE 'g', SOURCE "g" START=... END=..., or
// SOURCE logGroups(...), dataSource(...), logGroupTags(...).
type Source struct {
	Span
	// Groups are names, identifiers or ARNs of log groups; nil where a function chooses.
	Groups []string
	// Start and End bound the time where they are not nil: absolute milliseconds since the epoch, or
	// relative to when the query starts.
	Start, End *SourceTime
	// LogGroups, DataSources and Tags are the functions, nil where they are not there.
	LogGroups   *SourceLogGroups
	DataSources []string
	Tags        []SourceTag
}

// SourceTime is a time of SOURCE.
type SourceTime struct {
	Relative bool  // Millis is added to the time at which the query starts
	Millis   int64 // milliseconds since the epoch, or a distance
	Text     string
}

// SourceLogGroups are the arguments of logGroups(): nil members do not bound.
type SourceLogGroups struct {
	NamePrefixes, Accounts, Classes []string
}

// SourceTag is a filter of logGroupTags(): a value may have * and, in front, !.
type SourceTag struct {
	Key    string
	Values []string
}

// A Command is one step of a query: a pointer to one of the types below, each in a file of its own
// with its parser, printer and checks.
type Command interface {
	// Place returns where the command stands.
	Place() Span
	// Name returns the command's name in its canonical spelling.
	Name() string
	command()
}

// An Item is an expression with the name under which its value is known.
type Item struct {
	Span
	Expr Expr
	// Name is the alias, or where there is none the text of the expression as it was written, white
	// space and comments between its words as one space, backticks of a single field left out.
	Name string
	// Aliased says that Name was written with "as".
	Aliased bool
}

// Fields shows and computes: fields e [as a], ...
type Fields struct {
	Span
	Items []Item
}

// Display says what is shown: display e [as a], ...
type Display struct {
	Span
	Items []Item
}

// Filter keeps the rows for which its condition is true: filter, where, filterIndex.
type Filter struct {
	Span
	Where Expr
	// Index says filterIndex.
	Index bool
}

// ParseKind is a form of the command parse.
type ParseKind uint8

// The forms of parse.
const (
	ParseGlob ParseKind = iota + 1
	ParseRegex
	ParseLogfmt
	ParseCSV
	ParseJSON
)

// Parse takes fields out of a text.
type Parse struct {
	Span
	Kind  ParseKind
	Field Expr     // nil: @message
	Text  string   // the glob, the regular expression, or the path of ParseJSON
	As    []string // names: of a glob's stars, of the columns of CSV, one of logfmt or JSON
	Multi bool     // parse /re/ as multi: a row for each match
}

// An AggItem is an item of stats.
type AggItem = Item

// Stats makes one row of each group: stats agg, ... by g, ... [offset d].
type Stats struct {
	Span
	Aggs   []AggItem
	By     []Item
	Offset *Period // nil: none
}

// Sort orders rows.
type Sort struct {
	Span
	Keys []SortKey
}

// A SortKey orders by an expression, ascending unless Desc. Direction says that "asc" or "desc" was
// written.
type SortKey struct {
	Expr      Expr
	Desc      bool
	Direction bool
}

// Limit keeps the first N rows; Any says that any will do.
type Limit struct {
	Span
	N   int64
	Any bool
	// Word is limit, head or tail.
	Word string
}

// Dedup keeps the first row of each combination.
type Dedup struct {
	Span
	Fields []Expr
}

// Pattern finds patterns in a text.
type Pattern struct {
	Span
	Field Expr
}

// Diff compares patterns with those of a time before: previousDay, previousWeek, previousMonth, or
// "" for the same length of time before.
type Diff struct {
	Span
	With string
}

// Unmask shows masked data.
type Unmask struct {
	Span
	Field Expr
}

// Unnest makes one row of each element of a list.
type Unnest struct {
	Span
	Field Expr
	Into  string
}

// Expand makes one row of each element of the JSON array that a field holds, in that field.
type Expand struct {
	Span
	Field *Field
}

// A LookupKey is a column of a lookup table and the field that it is compared with.
type LookupKey struct{ Column, Field string }

// A LookupOutput is a column of a lookup table and the name that it gets.
type LookupOutput struct{ Column, As string }

// Lookup takes columns from a lookup table: lookup (equal keys) or cidrlookup (CIDR is true: one key,
// whose column holds networks).
type Lookup struct {
	Span
	CIDR  bool
	Table string
	Keys  []LookupKey
	// New says OUTPUTNEW: only absent fields are filled.
	New    bool
	Output []LookupOutput
}

// Join joins the rows with those of another query by equal keys.
type Join struct {
	Span
	Left       bool   // type=left; else inner
	LeftAlias  string // "" where none is given
	RightAlias string
	On         []JoinKey
	Right      *Query
}

// A JoinKey is a pair of fields, without their aliases, that must be equal.
type JoinKey struct{ Left, Right *Field }

// AddTotals adds sums of rows, or of columns.
type AddTotals struct {
	Span
	FieldName string // "Total" where none is given
	Row, Col  bool
	Fields    []*Field // nil: all that are numbers
}

// Accum adds a running sum.
type Accum struct {
	Span
	Field *Field
	As    string
}

// AutoRegress adds the values of rows before.
type AutoRegress struct {
	Span
	Field    *Field
	As       string // "" : the field's name
	From, To int    // p=From-To, at least 1
}

// FillDown carries the last value that is not absent on.
type FillDown struct {
	Span
	// Fields are names or patterns with *; nil: all.
	Fields []string
}

// FillMissing adds rows for bins without any.
type FillMissing struct {
	Span
	// With are the values for fields, by pairs; nil: absent.
	With []FillValue
}

// FillValue is a value and the fields that get it.
type FillValue struct {
	Value  Expr
	Fields []*Field
}

// Sessionize numbers sessions by gaps.
type Sessionize struct {
	Span
	Fields  []*Field
	MaxSpan *Period // nil: 30m
	As      string  // session_id where none is given
}

// Outlier removes or transforms what lies far away.
type Outlier struct {
	Span
	Transform bool // action=transform; else remove
	Param     float64
	UseLower  bool
	Mark      bool
	Fields    []*Field
}

// CountFrequent counts the combinations that are frequent.
type CountFrequent struct {
	Span
	Fields []Expr
}

// AppendCols adds the columns of another query by position.
type AppendCols struct {
	Span
	Override bool
	Max      int64
	Query    *Query
}

// LogCompare compares with a window that is shifted.
type LogCompare struct {
	Span
	Shift *Period
}

// Estimate says what the query would read.
type Estimate struct{ Span }

// An Expr is an expression: a pointer to one of the types below.
type Expr interface {
	// Place returns where the expression stands.
	Place() Span
	// String returns the expression in canonical form. It parses to an equal one.
	String() string
	expr()
}

// A Number is a literal number; Text as it was written.
type Number struct {
	Span
	Value float64
	Text  string
}

// A String is a literal text.
type String struct {
	Span
	Value string
}

// A Bool is true or false.
type Bool struct {
	Span
	Value bool
}

// A Period is a number and a unit in its short form (ms s m h d w mo q y).
type Period struct {
	Span
	N    int64
	Unit string
	Text string
}

// A Field is a field's value. Parts are its path: "a.b.0" is a, b, 0; what stood in backticks is one
// part whatever is in it.
type Field struct {
	Span
	Parts []FieldPart
}

// A FieldPart is a part of a field's path.
type FieldPart struct {
	Name   string
	Quoted bool // in backticks
}

// A Call is a function of arguments; Func is its name in canonical spelling, Text as written. Star
// says count(*).
type Call struct {
	Span
	Func string
	Text string
	Args []Expr
	Star bool
}

// A Regex is a regular expression between slashes, as an argument.
type Regex struct {
	Span
	Text string
}

// A Unary is "-" or "not" before an operand.
type Unary struct {
	Span
	Op string
	X  Expr
}

// A Binary is an operator between operands: ^ * / % + - = != < <= > >= and or. "==" is "=".
type Binary struct {
	Span
	Op   string
	X, Y Expr
}

// A Like is X like "text", X like /re/ or X =~ /re/, or with Not its opposite. Regex says that Text
// is a regular expression.
type Like struct {
	Span
	X     Expr
	Not   bool
	Regex bool
	Text  string
}

// An In is X in [a, b] or X in (query), or with Not its opposite.
type In struct {
	Span
	X     Expr
	Not   bool
	List  []Expr
	Query *Query // nil: List
}

// An Index is an element of a map or a list: X.Key where X is no plain field, or X[Key].
type Index struct {
	Span
	X   Expr
	Key string
	// Position says that Key is a number in brackets.
	Position bool
}

// Place returns the span itself.
func (s Span) Place() Span { return s }
