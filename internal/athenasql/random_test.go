package athenasql

import (
	"fmt"
	"math/rand/v2"
)

// random makes trees as the parser makes them.
type random struct {
	*rand.Rand
	// left is how many levels may follow.
	left   int
	params int
}

func newRandom(seed uint64) *random { return &random{Rand: rand.New(rand.NewPCG(seed, 7)), left: 4} }

// one chooses.
func one[T any](r *random, from ...T) T { return from[r.IntN(len(from))] }

// some makes from low to high things.
func some[T any](r *random, low, high int, make func() T) []T {
	var out []T
	for range low + r.IntN(high-low+1) {
		out = append(out, make())
	}
	return out
}

func (r *random) name() Name {
	text := one(r, "a", "b", "srcaddr", "end", "date", "limit", "interval", "array", "row", "select", "a b", `q"u`, "o`o", "1x", "_x", "t$partitions", "über",
		"window", "offset", "all", "position", "double", "time", "if", "rows", "partition", "x", "u", "values", "over", "filter", "comment", "2020", "first", "at")
	return Name{Text: text, Written: text}
}

func (r *random) qualified(high int) QualifiedName {
	return QualifiedName{Parts: some(r, 1, high, r.name)}
}

func (r *random) maybe(e Expr) Expr {
	if r.IntN(2) == 0 {
		return nil
	}
	return e
}

func (r *random) flip() bool { return r.IntN(2) == 0 }

// text is what stands in quotes; NUL is of queries only.
func (r *random) text() string {
	return one(r, "", "x", "it's", `a"b`, "back\\slash", "\\%x_", "line\nend", "tab\t", "é漢", "\x01", "--no comment", "a/*b", "%", "10.0.0.0/8")
}

func (r *random) string() *String { return &String{Value: one(r, r.text(), "nul\x00'\\")} }

func (r *random) typeName() TypeName {
	if r.left <= 0 {
		return TypeName{Name: one(r, "bigint", "varchar", "double", "date", "ipaddress", "json", "timestamp", "interval day to second", "weird type")}
	}
	r.left--
	defer func() { r.left++ }()
	switch r.IntN(6) {
	case 0:
		return TypeName{Name: one(r, "varchar", "char", "timestamp", "time", "timestamp with time zone", "time with time zone"), Params: []int{1 + r.IntN(6)}}
	case 1:
		return TypeName{Name: "decimal", Params: []int{10, 2}}
	case 2:
		return TypeName{Name: "array", Elems: []TypeName{r.typeName()}}
	case 3:
		return TypeName{Name: "map", Elems: []TypeName{r.typeName(), r.typeName()}}
	case 4:
		t := TypeName{Name: "row"}
		named := r.flip()
		for range 1 + r.IntN(3) {
			t.Elems = append(t.Elems, r.typeName())
			if named {
				t.Fields = append(t.Fields, r.name())
			}
		}
		return t
	}
	return TypeName{Name: one(r, "timestamp with time zone", "interval year to month", "varchar", "real")}
}

func (r *random) leaf() Expr {
	switch r.IntN(14) {
	case 0:
		return &Null{}
	case 1:
		return &Bool{Value: r.flip()}
	case 2:
		return &Integer{Text: fmt.Sprint(r.Uint64())}
	case 3:
		return &DecimalNumber{Text: one(r, "1.5", ".5", "10.")}
	case 4:
		return &DoubleNumber{Text: one(r, "1e3", "1.5E-10", ".5e+1")}
	case 5:
		return r.string()
	case 6:
		return &Binary{Value: []byte(r.text())}
	case 7:
		return &TypedLiteral{Type: TypeName{Name: one(r, "date", "timestamp", "ipaddress", "double", "json", "weird type", "x", "u")}, Value: r.text()}
	case 8:
		i := &Interval{Negative: r.flip(), Value: r.text(), From: one(r, "year", "day", "hour")}
		if r.flip() {
			i.To = one(r, "month", "second")
		}
		return i
	case 9:
		r.params++
		return &Parameter{}
	case 10:
		return &CurrentTime{Name: one(r, "current_time", "current_timestamp", "localtime", "localtimestamp"), Precision: one(r, -1, 0, 6)}
	case 11:
		return one[Expr](r, &CurrentTime{Name: "current_date", Precision: -1}, &CurrentName{Name: "current_user"}, &CurrentName{Name: "current_schema"}, &CurrentName{Name: "current_catalog"})
	}
	return &Ref{Parts: some(r, 1, 3, r.name)}
}

func (r *random) exprs(low, high int) []Expr { return some(r, low, high, r.expr) }

func (r *random) expr() Expr {
	if r.left <= 0 {
		return r.leaf()
	}
	r.left--
	defer func() { r.left++ }()
	switch r.IntN(28) {
	case 0:
		f := &Field{Of: r.expr(), Name: r.name()}
		if _, ok := f.Of.(*Ref); ok {
			f.Of = &ArrayOf{Items: r.exprs(0, 2)}
		}
		return f
	case 1:
		return &Subscript{Of: r.expr(), Index: r.expr()}
	case 2:
		return &Unary{Operator: one(r, "-", "+", "NOT"), Of: r.expr()}
	case 3, 4, 5, 6:
		return &BinaryOp{Operator: one(r, "+", "-", "*", "/", "%", "||", "&", "=", "<>", "<", "<=", ">", ">=", "AND", "OR"), Left: r.expr(), Right: r.expr()}
	case 7:
		return &IsNull{Not: r.flip(), Of: r.expr()}
	case 8:
		return &IsDistinct{Not: r.flip(), Left: r.expr(), Right: r.expr()}
	case 9:
		return &Between{Not: r.flip(), Of: r.expr(), Low: r.expr(), High: r.expr()}
	case 10:
		in := &In{Not: r.flip(), Of: r.expr()}
		if r.flip() {
			in.List = r.exprs(1, 3)
		} else {
			in.Query = r.query(true)
		}
		return in
	case 11:
		return &Like{Not: r.flip(), Of: r.expr(), Pattern: r.expr(), Escape: r.maybe(r.expr())}
	case 12:
		return &Quantified{Operator: one(r, "=", "<>", "<"), Quantifier: one(r, "ANY", "ALL"), Of: r.expr(), Query: r.query(false)}
	case 13:
		return &Exists{Query: r.query(false)}
	case 14:
		return &Subquery{Query: r.query(true)}
	case 15:
		return &Case{Of: r.maybe(r.expr()), Whens: some(r, 1, 2, func() When { return When{If: r.expr(), Then: r.expr()} }), Else: r.maybe(r.expr())}
	case 16:
		return &Cast{Try: r.flip(), Of: r.expr(), To: r.typeName()}
	case 17:
		return &Extract{Unit: one(r, "day", "timezone_hour", "day_of_week"), Of: r.expr()}
	case 18:
		return &AtTimeZone{Of: r.expr(), Zone: one[Expr](r, r.string(), &Interval{Value: "2", From: "hour"})}
	case 19, 20, 21:
		return r.call()
	case 22:
		return &Lambda{Params: some(r, 0, 2, r.name), Body: r.expr()}
	case 23:
		return &ArrayOf{Items: r.exprs(0, 3)}
	case 24:
		return &RowOf{Items: r.exprs(1, 3)}
	case 25:
		return &Grouping{Args: some(r, 0, 2, func() Ref { return Ref{Parts: some(r, 1, 2, r.name)} })}
	}
	return r.leaf()
}

func (r *random) call() Expr {
	c := &Call{Name: r.qualified(2)}
	if r.flip() {
		c.Name.Parts = []Name{{Text: one(r, "count", "substring", "trim", "normalize", "listagg", "position", "if", "date", "row", "coalesce", "try_cast")}}
	}
	switch r.IntN(5) {
	case 0:
		c.Star = true
	case 1:
		c.Distinct, c.Args = true, r.exprs(1, 2)
	case 2:
		c.Args = r.exprs(0, 2)
		c.OrderBy = some(r, 1, 2, r.sortItem)
	case 3:
		c.Args = []Expr{r.expr(), &String{Value: "NFC"}}
	default:
		c.Args = r.exprs(0, 3)
	}
	if r.IntN(6) == 0 {
		*c = Call{Name: QualifiedName{Parts: []Name{{Text: "listagg"}}}, Args: []Expr{r.expr()}, WithinGroup: some(r, 1, 2, r.sortItem), Distinct: r.flip()}
		if r.flip() {
			c.Args = append(c.Args, r.string())
		}
		if r.flip() {
			c.Overflow = one(r, &Overflow{Error: true}, &Overflow{Filler: r.text(), WithCount: r.flip()})
		}
	}
	c.Filter = r.maybe(r.expr())
	if r.flip() {
		n := r.name()
		c.Over = one(r, r.window(), &Window{Base: &n})
		c.Nulls = one(r, "", "IGNORE", "RESPECT")
	}
	return c
}

func (r *random) window() *Window {
	w := &Window{PartitionBy: r.exprs(0, 2), OrderBy: some(r, 0, 2, r.sortItem)}
	if r.flip() {
		n := r.name()
		w.Base = &n
	}
	if r.flip() {
		w.Frame = &Frame{Unit: one(r, "ROWS", "RANGE", "GROUPS"), Start: r.bound(), End: r.bound()}
	}
	return w
}

func (r *random) bound() FrameBound {
	b := FrameBound{Kind: one(r, UnboundedPreceding, Preceding, CurrentRow, Following, UnboundedFollowing)}
	if b.Kind == Preceding || b.Kind == Following {
		b.N = r.expr()
	}
	return b
}

func (r *random) sortItem() SortItem {
	s := SortItem{Expr: r.expr(), Desc: r.flip()}
	if r.flip() {
		first := r.flip()
		s.NullsFirst = &first
	}
	return s
}

// query makes a query; inner says that it stands where a query in parentheses alone is read as a value.
func (r *random) query(inner bool) *Query {
	r.left--
	defer func() { r.left++ }()
	q := &Query{}
	if r.IntN(4) == 0 {
		q.With = some(r, 1, 2, func() CTE { return CTE{Name: r.name(), Columns: some(r, 0, 2, r.name), Query: r.query(false)} })
	}
	r.rest(q)
	if _, ok := q.Body.(*Query); ok && (inner || q.With != nil) {
		q.Body = r.selectBody()
	}
	return q
}

func (r *random) rest(q *Query) {
	q.Body = r.body(0)
	if r.IntN(3) == 0 {
		q.OrderBy = some(r, 1, 2, r.sortItem)
	}
	if r.IntN(4) == 0 {
		q.Offset = &Integer{Text: "5"}
	}
	if r.IntN(4) == 0 {
		q.Limit, q.Ties = &Integer{Text: "10"}, r.flip()
	}
}

func (r *random) body(level int) QueryBody {
	if r.left <= 0 {
		return &Select{Items: []SelectItem{{}}}
	}
	r.left--
	defer func() { r.left++ }()
	switch r.IntN(8) {
	case 0:
		if level == 0 {
			return &SetOperation{Operator: one(r, Union, Except), All: r.flip(), Left: r.body(0), Right: r.body(1)}
		}
		return &TableBody{Name: r.qualified(3)}
	case 1:
		if level < 2 {
			return &SetOperation{Operator: Intersect, All: r.flip(), Left: r.body(1), Right: r.body(2)}
		}
		fallthrough
	case 2:
		return &Values{Rows: some(r, 1, 2, func() []Expr { return r.exprs(1, 3) })}
	case 3:
		q := &Query{}
		r.rest(q)
		return q
	}
	return r.selectBody()
}

func (r *random) selectBody() *Select {
	s := &Select{Distinct: r.flip(), Items: some(r, 1, 3, r.item), From: some(r, 0, 2, r.relation), Where: r.maybe(r.expr()), Having: r.maybe(r.expr())}
	if r.IntN(3) == 0 {
		s.GroupBy = &GroupBy{Distinct: r.flip(), Elements: some(r, 1, 3, r.groupElement)}
	}
	if r.IntN(4) == 0 {
		s.Windows = some(r, 1, 2, func() NamedWindow { return NamedWindow{Name: r.name(), Window: r.window()} })
	}
	return s
}

func (r *random) item() SelectItem {
	switch r.IntN(5) {
	case 0:
		return SelectItem{}
	case 1:
		q := r.qualified(2)
		return SelectItem{Star: &q}
	case 2:
		n := r.name()
		return SelectItem{Expr: r.expr(), As: &n}
	}
	return SelectItem{Expr: r.expr()}
}

func (r *random) groupElement() GroupElement {
	g := GroupElement{Kind: one(r, GroupSimple, GroupSets, GroupRollup, GroupCube)}
	low, high := 1, 3
	if g.Kind == GroupSimple {
		high = 1
	}
	g.Sets = some(r, low, high, func() []Expr { return r.exprs(0, 3) })
	return g
}

func (r *random) relation() Relation {
	if r.left <= 0 {
		return &TableRef{Name: r.qualified(3)}
	}
	r.left--
	defer func() { r.left++ }()
	switch r.IntN(8) {
	case 0:
		return &SubqueryRef{Query: r.query(false)}
	case 1:
		return &Unnest{Exprs: r.exprs(1, 2), Ordinality: r.flip()}
	case 2:
		return &Lateral{Query: r.query(false)}
	case 3:
		return &Aliased{Relation: r.relation(), As: r.name(), Columns: some(r, 0, 2, r.name)}
	case 4:
		return &Sample{Relation: r.relation(), System: r.flip(), Percentage: r.expr()}
	case 5:
		return &TableFunction{Call: &Call{Name: QualifiedName{Parts: []Name{{Text: "sequence"}}}, Args: r.exprs(1, 3)}}
	}
	j := &Join{Kind: one(r, InnerJoin, LeftJoin, RightJoin, FullJoin, CrossJoin), Left: r.relation(), Right: r.relation()}
	switch {
	case j.Kind == CrossJoin:
	case r.IntN(3) == 0:
		j.Natural = true
	case r.flip():
		j.On = r.expr()
	default:
		j.Using = some(r, 1, 2, r.name)
	}
	return j
}
