package insights

// A Span is a part of a query's text: byte offsets, End exclusive.
type Span struct{ Start, End int }

// A Query is a whole query.
type Query struct {
	Span
	Source   *Source // nil: the request names the log groups
	Commands []Command
}

// A Command is one step of a query: a pointer to one of the types below, each in a file of its own
// with its parser, printer and checks.
type Command interface {
	// Place returns where the command stands.
	Place() Span
	// Name returns the command's name in its canonical spelling.
	Name() string
	// print writes the command, check returns it resolved, walk calls a function for its expressions.
	print(p *printer)
	check(k *checker) Command
	walk(each func(Expr))
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
