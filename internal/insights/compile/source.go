package compile

import (
	"strconv"
	"strings"

	"weir/internal/insights"
)

// A Source is one reading of rows, each of which is an event.
type Source struct {
	// From is the table expression, Where what holds of its rows beside the query's own filters: the
	// time, the flow logs.
	From  string
	Where []string
	// Field returns a field of its events; false where that has no form in SQL. Fields of the system
	// are among them. What no event has is an expression of kind [Absent].
	Field func(parts []insights.FieldPart) (Expression, bool)
}

// input is what the fields of events are taken from: one source, or the union of several, which has
// columns f0, f1... of the fields that were asked for.
type input struct {
	sources []Source
	asked   []askedField
	known   map[string]int // of asked, by key
}

type askedField struct {
	at   Expression
	each []string // SQL in each source
}

func newInput(sources []Source) *input { return &input{sources: sources, known: map[string]int{}} }

// fieldKey tells paths apart.
func fieldKey(parts []insights.FieldPart) string {
	var key strings.Builder
	for _, p := range parts {
		key.WriteString(strconv.Itoa(len(p.Name)))
		key.WriteByte(':')
		key.WriteString(p.Name)
		if p.Quoted {
			key.WriteByte('q')
		}
	}
	return key.String()
}

// field returns a field of the events.
func (in *input) field(parts []insights.FieldPart) (Expression, bool) {
	if len(in.sources) == 1 {
		e, ok := in.sources[0].Field(parts)
		if e.Kind == Absent {
			e = absent
		}
		return e, ok
	}
	key := fieldKey(parts)
	if i, ok := in.known[key]; ok {
		return in.asked[i].at, true
	}
	list := make([]Expression, len(in.sources))
	for i := range in.sources {
		var ok bool
		if list[i], ok = in.sources[i].Field(parts); !ok {
			return absent, false
		}
	}
	at, each := Join(list)
	if at.Kind == Absent {
		return at, true
	}
	at.SQL = "f" + strconv.Itoa(len(in.asked))
	in.known[key] = len(in.asked)
	in.asked = append(in.asked, askedField{at, each})
	return at, true
}

// from returns FROM and WHERE of the rows that meet conditions.
func (in *input) from(where []string) string {
	if len(in.sources) == 1 {
		s := &in.sources[0]
		return " FROM " + s.From + whereText(append(append([]string{}, s.Where...), where...))
	}
	selects := make([]string, len(in.sources))
	for i := range in.sources {
		list := []string{strconv.Itoa(i) + " AS source"}
		for n, a := range in.asked {
			list = append(list, a.each[i]+" AS f"+strconv.Itoa(n))
		}
		selects[i] = "SELECT " + strings.Join(list, ", ") + " FROM " + in.sources[i].From + whereText(in.sources[i].Where)
	}
	from := strings.Join(selects, " UNION ALL ")
	if len(selects) == 0 {
		from = "SELECT 0 AS source WHERE false"
	}
	return " FROM (" + from + ") AS events" + whereText(where)
}

// source returns the SQL of a row's place among the sources.
func (in *input) source() string {
	if len(in.sources) == 1 {
		return "0"
	}
	return "source"
}

func whereText(and []string) string {
	if len(and) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(and, " AND ")
}
