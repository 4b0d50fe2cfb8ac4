package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/compile"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
)

// An EventGroup is a log group of text events.
type EventGroup struct {
	Name, Account string
	// Formats are the LogFormats that forms of events name.
	Formats []flowlog.Format
	// Files are absolute paths of Parquet files below the lake's folder, with the columns ts and ingestion
	// (BIGINT, milliseconds since the epoch), stream and message (VARCHAR), ordinal (integer) and form
	// (INTEGER), none of which is ever NULL.
	Files []string
	// From bounds the timestamp of the events of Files that are there still, in milliseconds since the epoch,
	// inclusive: those before are expired. 0 does not bound.
	From int64
	// Records and Bytes count what is scanned: the events of Files and Tail, and the bytes of their messages.
	Records, Bytes int64
	// Tail are events that are in no file; nil: none.
	Tail iter.Seq[TailEvent]
}

// TailEvent is an event that is in no file yet. Times are milliseconds since the epoch.
type TailEvent struct {
	Timestamp, Ingestion int64
	Stream, Message      string
	Ordinal              int64
	// Form is 0: text, -1: a JSON object, n > 0: a flow log record of the n-th of the group's formats.
	Form int32
}

// events is the events of a group, as a source of rows.
type events struct {
	group   *EventGroup
	forms   []int32 // that occur
	anyCase bool
}

// field returns a field of the events.
func (e *events) field(parts []insights.FieldPart) (compile.Expression, bool) {
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].Name
	}
	name := strings.Join(names, ".")
	switch name {
	case "@timestamp":
		return compile.Expression{SQL: "ts", Kind: compile.Time}, true
	case objectField:
		return compile.Expression{}, true
	case "@ingestionTime", ingestionField:
		return compile.Expression{SQL: "ingestion", Kind: compile.Time}, true
	case "@logStream":
		return compile.Expression{SQL: "stream", Kind: compile.Text}, true
	case "@log":
		return compile.Expression{SQL: compile.Quote(e.group.Account + ":" + e.group.Name), Kind: compile.Text}, true
	case "@message":
		return compile.Expression{SQL: "message", Kind: compile.Text}, true
	case formField:
		return compile.Expression{SQL: "CAST(form AS BIGINT)", Kind: compile.Int}, true
	case ordinalField:
		return compile.Expression{SQL: "CAST(ordinal AS BIGINT)", Kind: compile.Int}, true
	}
	if strings.HasPrefix(name, "@") && !strings.HasPrefix(name, "@@") {
		return compile.Expression{}, false
	}
	return e.discovered(name, parts), true
}

// discovered returns a field of the messages: a word of a flow log record, or a value of a JSON document.
func (e *events) discovered(name string, parts []insights.FieldPart) compile.Expression {
	forms := map[int][]string{} // by the place of the word, from 1
	documents := false
	for _, form := range e.forms {
		if form <= 0 {
			documents = true // discover tells which messages begin with one
			continue
		}
		f := newRecordFormat([]flowlog.Format{e.group.Formats[form-1]})
		if known := f.lookup(strings.TrimPrefix(name, "@"), e.anyCase); known != nil {
			i := slices.IndexFunc(f.fields, func(r recordField) bool { return r.word == known.word })
			forms[i+1] = append(forms[i+1], strconv.Itoa(int(form)))
		}
	}
	if len(forms) == 0 && !documents {
		return compile.Expression{}
	}
	out, tag := compile.Expression{Kind: compile.Text}, ""
	if documents {
		out.Kind, tag = compile.Tagged, "'t' || "
	}
	if len(forms) == 1 && len(e.forms) == 1 {
		for place := range forms {
			out.SQL = "split_part(message, ' ', " + strconv.Itoa(place) + ")"
		}
		return out
	}
	var sql strings.Builder
	sql.WriteString("CASE")
	for _, place := range sortedKeys(forms) {
		sql.WriteString(" WHEN form IN (" + strings.Join(forms[place], ", ") + ") THEN " + tag + "split_part(message, ' ', " + strconv.Itoa(place) + ")")
	}
	if documents {
		path := make([]string, 0, 2*len(parts))
		for _, p := range parts {
			path = append(path, p.Name)
		}
		sql.WriteString(" WHEN form <= 0 THEN " + compile.FnJSON + "(message, " + compile.Quote(strings.Join(path, "\x00")) + ")")
	}
	out.SQL = sql.String() + " END"
	return out
}

func sortedKeys[V any](m map[int]V) []int {
	var out []int
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// documentValue is a value of the JSON document that a message begins with. The path's parts are joined
// with NUL, which no name has.
func documentValue(in *duck.DataChunk, out result) error {
	path, err := constantText(in, 1)
	if err != nil {
		return err
	}
	var parts []insights.FieldPart
	for name := range strings.SplitSeq(path, "\x00") {
		parts = append(parts, insights.FieldPart{Name: name})
	}
	return setTextsOf(in, out, func(message string) (string, bool) {
		v := discover.New(&discover.Event{Message: message}, discover.Options{}).Get(parts)
		return compile.Tag(v)
	})
}

// eventsFrom returns the table expression of a group's events, whose tail is in a temporary table where
// tail is not "".
func (g *EventGroup) eventsFrom(tail string) string {
	const columns = "SELECT ts, ingestion, stream, message, ordinal, form FROM "
	var selects []string
	if len(g.Files) > 0 {
		paths := make([]string, len(g.Files))
		for i, p := range g.Files {
			paths[i] = quote(p)
		}
		from := columns + "read_parquet([" + strings.Join(paths, ", ") + "], hive_partitioning = false)"
		if g.From > 0 {
			from += " WHERE ts >= " + strconv.FormatInt(g.From, 10)
		}
		selects = append(selects, from)
	}
	if tail != "" {
		selects = append(selects, columns+"temp.main."+tail)
	}
	return "(" + strings.Join(selects, " UNION ALL ") + ")"
}

// takeTail puts a group's tail into a temporary table, and returns its name, "" where there is none.
func (s *session) takeTail(ctx context.Context, g *EventGroup, n int) (string, error) {
	if g.Tail == nil {
		return "", nil
	}
	name := "weir_insights_tail" + strconv.Itoa(n)
	create := "CREATE OR REPLACE TEMP TABLE " + name + " (ts BIGINT, ingestion BIGINT, stream VARCHAR, message VARCHAR, ordinal BIGINT, form INTEGER)"
	if _, err := s.conn.ExecContext(ctx, create); err != nil {
		return "", err
	}
	s.temporary = append(s.temporary, name)
	return name, s.append(name, func(add func(...driver.Value) error) error {
		for e := range g.Tail {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := add(e.Timestamp, e.Ingestion, e.Stream, e.Message, e.Ordinal, e.Form); err != nil {
				return err
			}
		}
		return nil
	})
}

// append adds rows to a temporary table.
func (s *session) append(table string, rows func(add func(...driver.Value) error) error) error {
	return s.conn.Raw(func(c any) error {
		dc, ok := c.(driver.Conn)
		if !ok {
			return fmt.Errorf("no connection of DuckDB: %T", c)
		}
		a, err := duck.NewAppender(dc, "temp", "main", table)
		if err != nil {
			return err
		}
		if err := rows(a.AppendRow); err != nil {
			_ = a.Close()
			return err
		}
		return a.Close()
	})
}

// formsOf returns the forms of a group's events.
func (s *session) formsOf(ctx context.Context, from string) ([]int32, error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT DISTINCT form FROM "+from+" ORDER BY 1")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int32
	for rows.Next() {
		var form int32
		if err := rows.Scan(&form); err != nil {
			return nil, err
		}
		out = append(out, form)
	}
	return out, rows.Err()
}

// insightsValue reads a value of a column.
func insightsValue(v any, e *compile.Expression) value.Value {
	switch v := v.(type) {
	case nil:
		if e.Dash {
			return value.Text("-")
		}
		return value.Absent
	case bool:
		return value.Bool(v)
	case string:
		if e.Kind == compile.Tagged {
			return compile.Untag(v)
		}
		return value.Text(v)
	case int64:
		switch e.Kind {
		case compile.Time:
			return value.Time(v)
		case compile.Digits:
			return value.Text(strconv.FormatInt(v, 10))
		}
		return value.Number(float64(v))
	case float64:
		if e.Kind == compile.Time {
			return value.Time(int64(v))
		}
		return value.Number(v)
	}
	return value.Absent
}
