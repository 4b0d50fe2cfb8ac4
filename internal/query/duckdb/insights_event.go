package duckdb

import (
	"context"
	"maps"
	"slices"

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

// eventOverhead is what an event takes in memory beside its message, as a row of the reference: 510 bytes
// were measured of records.
const eventOverhead = 512

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

// eventReader makes events of rows.
type eventReader struct {
	r   *insightsQuery
	at  []compile.Expression // of the fields
	own []string             // names of those behind eventFields
	// known are texts that many events have: each is in memory once.
	known map[string]string
	list  []discover.Event
	// objects are the URLs of the objects that records of the lake are from, "" of other events.
	objects []string
	bytes   int64 // that the events take
}

// same returns a text that is in memory once.
func (d *eventReader) same(s string) string {
	if have, ok := d.known[s]; ok {
		return have
	}
	d.known[s] = s
	return s
}

// read makes an event of a row.
func (d *eventReader) read(row []any) {
	source := &d.r.sources[0]
	if i, ok := row[0].(int64); ok {
		source = &d.r.sources[i]
	}
	row = row[1:]
	read := func(i int) value.Value { return insightsValue(row[i], &d.at[i]) }
	number := func(i int) int64 {
		n, _ := read(i).Number()
		return int64(n)
	}
	text := func(i int) string {
		s, _ := read(i).Text()
		return s
	}
	e := discover.Event{
		Account: source.account, Group: source.group, Stream: d.same(text(eventStream)),
		Timestamp: number(eventTime), Ingestion: number(eventIngestion), Message: text(eventMessage), Format: source.format,
	}
	object := ""
	switch {
	case !source.lake:
		if form := number(eventForm); form > 0 {
			e.Format = &source.formats[form-1]
		}
		if d.r.pointers() {
			e.Ptr = d.r.in.Ptr(&e, number(eventOrdinal))
		}
	default:
		for i, name := range d.own {
			if v := read(eventFields + i); !v.IsAbsent() {
				if e.Own == nil {
					e.Own = map[string]value.Value{}
				}
				e.Own[name] = v
			}
		}
		object = d.same(text(eventObject))
	}
	d.list = append(d.list, e)
	d.objects = append(d.objects, object)
	d.bytes += int64(len(e.Message)) + eventOverhead
}

// eventKey tells events apart that are not equal.
type eventKey struct {
	group, stream, message string
	at                     int64
}

// takenAt completes events that are records of the lake: when their objects were taken, and their pointers.
func (d *eventReader) takenAt(ctx context.Context) error {
	urls := map[string]bool{}
	for _, url := range d.objects {
		if url != "" {
			urls[url] = true
		}
	}
	taken, err := d.r.engine.lake.Deliveries(ctx, slices.Collect(maps.Keys(urls)))
	if err != nil {
		return err
	}
	equal := map[eventKey]int64{}
	for i := range d.list {
		e := &d.list[i]
		if d.objects[i] == "" {
			continue
		}
		if t, ok := taken[d.objects[i]]; ok {
			e.Ingestion = t.At.UnixMilli()
		}
		if d.r.pointers() {
			key := eventKey{e.Group, e.Stream, e.Message, e.Timestamp}
			e.Ptr = d.r.in.Ptr(e, equal[key])
			equal[key]++
		}
	}
	return nil
}

// pointers reports whether events get pointers: where they are asked for, or may be rows of the result.
func (r *insightsQuery) pointers() bool {
	isStats := func(c insights.Command) bool { _, ok := c.(*insights.Stats); return ok }
	return r.in.Ptr != nil && (slices.Contains(r.asked, "@ptr") || !r.inner && !slices.ContainsFunc(r.query.Commands, isStats))
}
