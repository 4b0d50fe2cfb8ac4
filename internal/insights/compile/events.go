package compile

import (
	"strconv"
	"strings"

	"weir/internal/insights"
)

// Enough reports how many of the first events decide the answer, 0: all that pass the filters.
func (p *Plan) Enough() int64 { return p.enough }

// Deduped says that of events with the same keys of a dedup the plan gives those that can be the first.
func (p *Plan) Deduped() bool { return p.dedup != nil }

// Exact says that the events which the plan gives are those that pass all of the query's filters, so
// that their number is that of the events matched.
func (p *Plan) Exact() bool { return p.exact }

// ByTime says that events are in the order of @timestamp, so that a bound is one of the time range.
func (p *Plan) ByTime() (desc, ok bool) { return p.order.desc, p.order.time }

// Last returns the SQL of one row: the key of the last of so many first events in the order, NULL
// where that has none, whether these are all, and the number of events that pass the filters.
func (p *Plan) Last(events int64) string {
	k := p.order.at
	keyed := k.Kind == Text || k.Kind == Tagged
	counted := "SELECT " + p.rawKey() + " AS k, count(*) AS n" + p.in.from(p.where) + " GROUP BY 1"
	at := Expression{SQL: "k", Kind: k.Kind, Dash: k.Dash}
	if keyed { // the key of each value is computed once, and is in its order as it is
		counted = "SELECT " + (&Expression{SQL: "k", Kind: k.Kind}).key() + " AS k, n FROM (" + counted + ")"
		at = Expression{SQL: "k", Kind: Int}
	}
	enough := strconv.FormatInt(events, 10)
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
	with := ""
	if p.dedup != nil {
		var first string
		with, first = p.firstEvents()
		where = append(append([]string{}, where...), first)
	}
	return with + "SELECT " + strings.Join(list, ", ") + p.in.from(where), out
}

// Firsts reports how many combinations of the keys of a dedup are shown, 0: all.
func (p *Plan) Firsts() int64 { return max(p.firsts, 0) }

// Combinations returns the SQL of the number of combinations of the keys of a dedup.
func (p *Plan) Combinations() string {
	var list []string
	for i := range p.dedup {
		list = append(list, dedupKey(&p.dedup[i])+" AS k"+strconv.Itoa(i))
	}
	return "SELECT count(*) FROM (SELECT DISTINCT " + strings.Join(list, ", ") + p.in.from(p.where) + ")"
}

// dedupKey returns the SQL of a key: NULL where it is absent, and as different as its values are.
func dedupKey(e *Expression) string {
	switch {
	case e.Kind == Absent:
		return "CAST(NULL AS VARCHAR)"
	case e.IsConstant:
		return "0"
	case e.Dash || e.Kind == Text || e.Kind == Tagged:
		return e.text()
	}
	return e.SQL
}

// firstEvents returns a table of what is first in the order for each combination of the keys of a dedup, and the
// condition of the events that are there, or lack a key: of those that are first together the reference takes one.
func (p *Plan) firstEvents() (with, condition string) {
	best := "min"
	if p.order.desc {
		best = "max"
	}
	var list, group, values, present, lacking []string
	for i := range p.dedup {
		e := &p.dedup[i]
		sql := dedupKey(e)
		k := "k" + strconv.Itoa(i)
		list = append(list, sql+" AS "+k)
		group = append(group, k)
		present = append(present, k+" IS NOT NULL")
		values = append(values, sql)
		if !e.present() {
			lacking = append(lacking, sql+" IS NULL")
		}
	}
	key := p.order.at.key()
	with = "WITH d AS MATERIALIZED (SELECT " + strings.Join(group, ", ") + ", " + best + "(o) AS o FROM (SELECT " + strings.Join(list, ", ") + ", " + key + " AS o" +
		p.in.from(p.where) + ") WHERE " + strings.Join(present, " AND ") + " GROUP BY " + strings.Join(group, ", ") + ") "
	keys := strings.Join(values, ", ")
	// "In" of a list of columns is one hash join, which a condition of each is not.
	either := []string{"(" + keys + ", " + key + ") IN (SELECT (" + strings.Join(group, ", ") + ", o) FROM d)"}
	if !p.order.time { // others may be absent
		either = append(either, key+" IS NULL AND ("+keys+", 0) IN (SELECT ("+strings.Join(group, ", ")+", 0) FROM d WHERE o IS NULL)")
	}
	return with, "(" + strings.Join(append(either, lacking...), " OR ") + ")"
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
