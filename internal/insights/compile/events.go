package compile

import (
	"strconv"
	"strings"

	"weir/internal/insights"
)

// Enough reports how many of the first events decide the answer, 0: all that pass the filters.
func (p *Plan) Enough() int64 { return p.enough }

// Exact says that the events which the plan gives are those that pass all of the query's filters, so
// that their number is that of the events matched.
func (p *Plan) Exact() bool { return p.exact }

// ByTime says that events are in the order of @timestamp, so that a bound is one of the time range.
func (p *Plan) ByTime() (desc, ok bool) { return p.order.desc, p.order.time }

// Last returns the SQL of one row: the key of the last event that is needed of those in order, NULL
// where that has none, whether all are needed, and the number of events that pass the filters.
func (p *Plan) Last() string {
	k := p.order.at
	keyed := k.Kind == Text || k.Kind == Tagged
	counted := "SELECT " + p.rawKey() + " AS k, count(*) AS n" + p.in.from(p.where) + " GROUP BY 1"
	at := Expression{SQL: "k", Kind: k.Kind, Dash: k.Dash}
	if keyed { // the key of each value is computed once, and is in its order as it is
		counted = "SELECT " + (&Expression{SQL: "k", Kind: k.Kind}).key() + " AS k, n FROM (" + counted + ")"
		at = Expression{SQL: "k", Kind: Int}
	}
	enough := strconv.FormatInt(p.enough, 10)
	return "WITH g AS MATERIALIZED (" + counted + "), o AS (SELECT k, n, sum(n) OVER (ORDER BY " + at.terms(p.order.desc)[0] +
		" ROWS UNBOUNDED PRECEDING) AS upto FROM g) SELECT first(k ORDER BY upto DESC) FILTER (WHERE upto - n < " + enough + "), coalesce(sum(n), 0) <= " + enough +
		", coalesce(sum(n), 0) FROM o"
}

// rawKey returns the value by which events are ordered: a key is computed of each value once.
func (p *Plan) rawKey() string {
	if p.order.at.Kind == Text {
		return p.order.at.text()
	}
	return p.order.at.SQL
}

// Events returns the SQL of the events that are needed: of each its place among the sources and then
// the fields at these paths, and how their values are read. bound is a key that [Plan.Last] told, as
// SQL, "" for no bound; null says that it is NULL. It is nil where a field has no form.
func (p *Plan) Events(bound string, null bool, paths [][]insights.FieldPart) (string, []Expression) {
	list := []string{""}
	var out []Expression
	for i, path := range paths {
		e, ok := p.in.field(path)
		if !ok {
			return "", nil
		}
		sql := e.SQL
		if e.Kind == Absent {
			sql = "NULL"
		}
		list = append(list, sql+" AS e"+strconv.Itoa(i))
		out = append(out, e)
	}
	list[0] = p.in.source() + " AS source"
	where := p.where
	if c := p.bounded(bound, null); c != "" {
		where = append(append([]string{}, where...), c)
	}
	return "SELECT " + strings.Join(list, ", ") + p.in.from(where), out
}

// bounded returns the condition of the events up to a key in the order.
func (p *Plan) bounded(bound string, null bool) string {
	if bound == "" && !null {
		return ""
	}
	k := p.order.at
	key := k.key()
	first := k.Dash && k.Kind == Digits && !p.order.desc // NULL is "-", before numbers
	switch {
	case null && first:
		return "(" + k.SQL + " IS NULL)"
	case null:
		return "" // what is absent comes last
	case p.order.desc:
		return "(" + key + " >= " + bound + ")"
	case first:
		return "(" + key + " <= " + bound + " OR " + k.SQL + " IS NULL)"
	}
	return "(" + key + " <= " + bound + ")"
}

// Count returns the SQL of the number of events that pass the filters.
func (p *Plan) Count() string { return "SELECT count(*)" + p.in.from(p.where) }
