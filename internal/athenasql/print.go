package athenasql

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Print returns a statement as text, in one form for each tree: [Parse] reads an [Equal] tree from it. Comments and superfluous parentheses
// are gone; words of the language are in upper case and names in lower case.
func Print(s Statement) string {
	p := &printer{sep: "\n"}
	p.statement(s)
	return p.String()
}

// PrintExpr returns an expression as text, from which [ParseExpr] reads an [Equal] tree.
func PrintExpr(e Expr) string {
	p := &printer{sep: " "}
	p.expr(e, lowest)
	return p.String()
}

// printer writes the text of a tree.
type printer struct {
	strings.Builder
	// sep stands between the clauses of a query: a line end in the outermost, a space in others.
	sep string
}

// put writes texts.
func (p *printer) put(texts ...string) {
	for _, t := range texts {
		p.WriteString(t)
	}
}

// each writes things with commas between.
func each[T any](p *printer, list []T, one func(T)) {
	for i, v := range list {
		if i > 0 {
			p.put(", ")
		}
		one(v)
	}
}

// inner writes a query in parentheses, in one line.
func (p *printer) inner(q *Query) {
	sep := p.sep
	p.sep = " "
	p.put("(")
	p.query(q)
	p.put(")")
	p.sep = sep
}

// name writes a name, in double quotes where it needs them.
func (p *printer) name(n Name) { p.put(quoteName(n.Text)) }

// quoteName puts a name in double quotes, unless it is plain and no word of the language.
func quoteName(text string) string {
	if word := strings.ToUpper(text); plainName(text) && !reserved[word] && !special[word] {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// plainName reports whether a name may stand without quotes.
func plainName(text string) bool {
	if text == "" || isDigit(text[0]) {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isLetter(c) && !isDigit(c) || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

func (p *printer) qualified(n QualifiedName) { p.parts(n.Parts) }

func (p *printer) parts(parts []Name) {
	for i, n := range parts {
		if i > 0 {
			p.put(".")
		}
		p.name(n)
	}
}

func (p *printer) names(names []Name) {
	p.put("(")
	each(p, names, p.name)
	p.put(")")
}

// quote returns a text in single quotes. One with a NUL, which no statement may hold, is written with escapes.
func quote(text string) string {
	text = strings.ReplaceAll(text, "'", "''")
	if !strings.Contains(text, "\x00") {
		return "'" + text + "'"
	}
	return "U&'" + strings.NewReplacer(`\`, `\\`, "\x00", `\0000`).Replace(text) + "'"
}

func (p *printer) query(q *Query) {
	if len(q.With) > 0 {
		p.put("WITH ")
		each(p, q.With, func(c CTE) {
			p.name(c.Name)
			if c.Columns != nil {
				p.put(" ")
				p.names(c.Columns)
			}
			p.put(" AS ")
			p.inner(c.Query)
		})
		p.put(p.sep)
	}
	p.body(q.Body, 0)
	p.orderBy(p.sep, q.OrderBy)
	if q.Offset != nil {
		p.put(p.sep, "OFFSET ")
		p.expr(q.Offset, lowest)
		p.put(" ROWS")
	}
	switch {
	case q.Limit != nil && q.Ties:
		p.put(p.sep, "FETCH FIRST ")
		p.expr(q.Limit, lowest)
		p.put(" ROWS WITH TIES")
	case q.Limit != nil:
		p.put(p.sep, "LIMIT ")
		p.expr(q.Limit, lowest)
	}
}

func (p *printer) orderBy(before string, items []SortItem) {
	if len(items) == 0 {
		return
	}
	p.put(before, "ORDER BY ")
	each(p, items, p.sortItem)
}

func (p *printer) sortItem(s SortItem) {
	p.expr(s.Expr, lowest)
	if s.Desc {
		p.put(" DESC")
	}
	if s.NullsFirst != nil {
		p.put(" NULLS ", map[bool]string{true: "FIRST", false: "LAST"}[*s.NullsFirst])
	}
}

// body writes a body; level is 0 where any may stand, 1 where UNION and EXCEPT may not, 2 where INTERSECT may not either.
func (p *printer) body(b QueryBody, level int) {
	switch b := b.(type) {
	case *Query:
		p.inner(b)
	case *Select:
		p.selectBody(b)
	case *Values:
		p.put("VALUES ")
		each(p, b.Rows, p.valuesRow)
	case *TableBody:
		p.put("TABLE ")
		p.qualified(b.Name)
	case *SetOperation:
		own, right := 0, 1
		if b.Operator == Intersect {
			own, right = 1, 2
		}
		if own < level {
			p.put("(")
			defer p.put(")")
		}
		p.body(b.Left, own)
		p.put(p.sep, string(b.Operator))
		if b.All {
			p.put(" ALL")
		}
		p.put(p.sep)
		p.body(b.Right, right)
	}
}

func (p *printer) valuesRow(row []Expr) {
	if len(row) == 1 {
		if _, ok := row[0].(*RowOf); ok {
			p.put("ROW")
		}
	}
	p.put("(")
	p.list(row)
	p.put(")")
}

func (p *printer) list(list []Expr) {
	each(p, list, func(e Expr) { p.expr(e, lowest) })
}

func (p *printer) selectBody(s *Select) {
	p.put("SELECT ")
	if s.Distinct {
		p.put("DISTINCT ")
	}
	each(p, s.Items, func(i SelectItem) {
		switch {
		case i.Star != nil:
			p.qualified(*i.Star)
			p.put(".*")
		case i.Expr == nil:
			p.put("*")
		default:
			p.expr(i.Expr, lowest)
		}
		if i.As != nil {
			p.put(" AS ")
			p.name(*i.As)
		}
	})
	if len(s.From) > 0 {
		p.put(p.sep, "FROM ")
		each(p, s.From, p.relation)
	}
	p.clause("WHERE", s.Where)
	if s.GroupBy != nil {
		p.put(p.sep, "GROUP BY ")
		if s.GroupBy.Distinct {
			p.put("DISTINCT ")
		}
		each(p, s.GroupBy.Elements, p.groupElement)
	}
	p.clause("HAVING", s.Having)
	if len(s.Windows) > 0 {
		p.put(p.sep, "WINDOW ")
		each(p, s.Windows, func(w NamedWindow) {
			p.name(w.Name)
			p.put(" AS ")
			p.window(w.Window)
		})
	}
}

func (p *printer) clause(word string, e Expr) {
	if e != nil {
		p.put(p.sep, word, " ")
		p.expr(e, lowest)
	}
}

func (p *printer) groupElement(g GroupElement) {
	words := map[GroupKind]string{GroupSets: "GROUPING SETS (", GroupRollup: "ROLLUP (", GroupCube: "CUBE ("}[g.Kind]
	p.put(words)
	each(p, g.Sets, func(set []Expr) {
		if len(set) == 1 {
			p.expr(set[0], lowest)
			return
		}
		p.put("(")
		p.list(set)
		p.put(")")
	})
	if words != "" {
		p.put(")")
	}
}

func (p *printer) relation(r Relation) {
	switch r := r.(type) {
	case *TableRef:
		p.qualified(r.Name)
	case *SubqueryRef:
		p.inner(r.Query)
	case *Unnest:
		p.put("UNNEST(")
		p.list(r.Exprs)
		p.put(")")
		if r.Ordinality {
			p.put(" WITH ORDINALITY")
		}
	case *Lateral:
		p.put("LATERAL ")
		p.inner(r.Query)
	case *TableFunction:
		p.put("TABLE(")
		p.call(r.Call)
		p.put(")")
	case *Aliased:
		p.primaryRelation(r.Relation, false)
		p.put(" AS ")
		p.name(r.As)
		if r.Columns != nil {
			p.put(" ")
			p.names(r.Columns)
		}
	case *Sample:
		p.primaryRelation(r.Relation, true)
		p.put(" TABLESAMPLE ", map[bool]string{true: "SYSTEM", false: "BERNOULLI"}[r.System], " (")
		p.expr(r.Percentage, lowest)
		p.put(")")
	case *Join:
		p.join(r)
	}
}

// primaryRelation writes a relation in parentheses where it is joined or sampled, or has a name and may not.
func (p *printer) primaryRelation(r Relation, named bool) {
	switch r.(type) {
	case *Join, *Sample:
	case *Aliased:
		if named {
			p.relation(r)
			return
		}
	default:
		p.relation(r)
		return
	}
	p.joined(r)
}

// joined writes a relation in parentheses, in one line.
func (p *printer) joined(r Relation) {
	sep := p.sep
	p.sep = " "
	p.put("(")
	p.relation(r)
	p.put(")")
	p.sep = sep
}

func (p *printer) join(j *Join) {
	p.relation(j.Left)
	p.put(p.sep)
	if j.Natural {
		p.put("NATURAL ")
	}
	p.put(string(j.Kind), " JOIN ")
	if _, ok := j.Right.(*Join); ok {
		p.joined(j.Right)
	} else {
		p.relation(j.Right)
	}
	switch {
	case j.On != nil:
		p.put(" ON ")
		p.expr(j.On, lowest)
	case j.Using != nil:
		p.put(" USING ")
		p.names(j.Using)
	}
}

func (p *printer) window(w *Window) {
	p.put("(")
	space := ""
	if w.Base != nil {
		p.name(*w.Base)
		space = " "
	}
	if len(w.PartitionBy) > 0 {
		p.put(space, "PARTITION BY ")
		p.list(w.PartitionBy)
		space = " "
	}
	if len(w.OrderBy) > 0 {
		p.orderBy(space, w.OrderBy)
		space = " "
	}
	if f := w.Frame; f != nil {
		p.put(space, f.Unit, " BETWEEN ")
		p.bound(f.Start)
		p.put(" AND ")
		p.bound(f.End)
	}
	p.put(")")
}

func (p *printer) bound(b FrameBound) {
	switch b.Kind {
	case UnboundedPreceding:
		p.put("UNBOUNDED PRECEDING")
	case UnboundedFollowing:
		p.put("UNBOUNDED FOLLOWING")
	case CurrentRow:
		p.put("CURRENT ROW")
	case Preceding:
		p.expr(b.N, valueLevel)
		p.put(" PRECEDING")
	case Following:
		p.expr(b.N, valueLevel)
		p.put(" FOLLOWING")
	}
}

// String of a type is its name as Trino writes it: "array(varchar(10))".
func (t TypeName) String() string {
	switch {
	case t.Name == "row" && len(t.Elems) > 0:
		var b strings.Builder
		for i, e := range t.Elems {
			if i > 0 {
				b.WriteString(", ")
			}
			if i < len(t.Fields) && t.Fields[i].Text != "" {
				b.WriteString(quoteName(t.Fields[i].Text) + " ")
			}
			b.WriteString(e.String())
		}
		return "row(" + b.String() + ")"
	case strings.HasSuffix(t.Name, " with time zone"):
		return strings.TrimSuffix(t.Name, " with time zone") + t.params() + " with time zone"
	case strings.HasPrefix(t.Name, "interval "), t.Name == "double", t.Name == "array", t.Name == "row":
		return t.Name + t.params()
	}
	return quoteName(t.Name) + t.params()
}

// params returns (10, 2) or (bigint, varchar), "" where there is none.
func (t TypeName) params() string {
	var list []string
	for _, n := range t.Params {
		list = append(list, fmt.Sprint(n))
	}
	for _, e := range t.Elems {
		list = append(list, e.String())
	}
	if list == nil {
		return ""
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func hexText(b []byte) string { return "X'" + strings.ToUpper(hex.EncodeToString(b)) + "'" }
