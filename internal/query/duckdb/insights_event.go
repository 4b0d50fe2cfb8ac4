package duckdb

import (
	"context"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/compile"
	"weir/internal/insights/discover"
	"weir/internal/insights/value"
)

// Pseudo fields, which no query can name: the object that a record was taken from; of events of groups the
// ingestion time, which records have by their object, the form, and the place among equal ones.
const (
	objectField    = "\x00object"
	ingestionField = "\x00ingestion"
	formField      = "\x00form"
	ordinalField   = "\x00ordinal"
)

// eventOverhead is what an event takes in memory beside its message.
const eventOverhead = 250

// The places of what events are read from; the fields that weir adds come behind.
const (
	eventTime = iota
	eventIngestion
	eventStream
	eventMessage
	eventForm
	eventOrdinal
	eventObject
	eventFields
)

// eventPaths returns the fields that events are made of, and the names of those behind eventFields.
func (r *insightsQuery) eventPaths() (paths [][]insights.FieldPart, own []string) {
	for _, name := range []string{"@timestamp", ingestionField, "@logStream", "@message", formField, ordinalField, objectField} {
		paths = append(paths, []insights.FieldPart{{Name: name}})
	}
	for _, name := range r.asked {
		id, ok := discover.LookupFlow(name, r.in.AnyCase)
		if !ok {
			continue
		}
		f := flowlog.FieldByID(id)
		if name = discover.FlowName(f.Name); f.Version == 0 && !slices.Contains(own, name) {
			own = append(own, name)
			paths = append(paths, []insights.FieldPart{{Name: name}})
		}
	}
	return paths, own
}

// askedFields returns the names of all fields in a query, sorted.
func askedFields(q *insights.Query) []string {
	var out []string
	q.Walk(func(x insights.Expr) {
		if f, ok := x.(*insights.Field); ok {
			out = append(out, f.Name())
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// event makes an event of a row.
func (r *insightsQuery) event(row []any, at []compile.Expression, own []string) discover.Event {
	source := &r.sources[0]
	if i, ok := row[0].(int64); ok {
		source = &r.sources[i]
	}
	row = row[1:]
	read := func(i int) value.Value { return insightsValue(row[i], &at[i]) }
	number := func(i int) int64 {
		n, _ := read(i).Number()
		return int64(n)
	}
	text := func(i int) string {
		s, _ := read(i).Text()
		return s
	}
	e := discover.Event{
		Account: source.account, Group: source.group, Stream: text(eventStream),
		Timestamp: number(eventTime), Ingestion: number(eventIngestion), Message: text(eventMessage), Format: source.format,
	}
	if !source.lake {
		if form := number(eventForm); form > 0 {
			e.Format = &source.formats[form-1]
		}
		if r.in.Ptr != nil {
			e.Ptr = r.in.Ptr(&e, number(eventOrdinal))
		}
		return e
	}
	e.Own = map[string]value.Value{}
	for i, name := range own {
		if v := read(eventFields + i); !v.IsAbsent() {
			e.Own[name] = v
		}
	}
	e.Own[objectField] = read(eventObject) // until takenAt
	return e
}

// takenAt completes events that are records of the lake: when their objects were taken, and their pointers.
func (r *insightsQuery) takenAt(ctx context.Context, events []discover.Event) error {
	var urls []string
	seen := map[string]bool{}
	for i := range events {
		e := &events[i]
		if url := e.Own[objectField].String(); url != "" && !seen[url] {
			seen[url] = true
			urls = append(urls, url)
		}
	}
	taken, err := r.engine.lake.Deliveries(ctx, urls)
	if err != nil {
		return err
	}
	equal := map[string]int64{}
	for i := range events {
		e := &events[i]
		if e.Own == nil {
			continue
		}
		if d, ok := taken[e.Own[objectField].String()]; ok {
			e.Ingestion = d.At.UnixMilli()
		}
		delete(e.Own, objectField)
		if r.in.Ptr == nil {
			continue
		}
		key := strings.Join([]string{e.Group, e.Stream, value.FormatTime(e.Timestamp), e.Message}, "\x00")
		e.Ptr = r.in.Ptr(e, equal[key])
		equal[key]++
	}
	return nil
}
