package app

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/query"
)

// Read yields the events of a group. It reads them a part at a time: what is taken meanwhile shows where it
// is later than what was read. Errors: [logstore.ErrNoGroup].
func (l *LakeGroups) Read(ctx context.Context, r logstore.ReadRequest) iter.Seq2[logstore.Event, error] {
	return func(yield func(logstore.Event, error) bool) {
		for e, err := range l.read(ctx, lakeRequest{ReadRequest: r}) {
			if !yield(e.Event, err) || err != nil {
				return
			}
		}
	}
}

// lakeRequest asks for events, and may ask for some of them only.
type lakeRequest struct {
	logstore.ReadRequest
	// where is the condition of records of each kind; nil: all.
	where func(flowlog.Kind) (query.Expr, error)
	// until, where it is not 0, is the [lake.Delivery.ID] of the last object whose records are asked for; -1:
	// of none.
	until int64
	// objects, where it is not nil, are the URLs of the objects whose records are asked for.
	objects []string
}

// lakeEvent is an event with its record's format and the network interface that recorded it, "" where
// that is not known.
type lakeEvent struct {
	logstore.Event
	format    flowlog.Format
	eni       string
	delivered int64 // ID of its object
}

// read is Read for more of a request.
func (l *LakeGroups) read(ctx context.Context, r lakeRequest) iter.Seq2[lakeEvent, error] {
	return func(yield func(lakeEvent, error) bool) {
		g, err := l.Find(r.Group)
		if err != nil {
			yield(lakeEvent{}, err)
			return
		}
		rd, err := l.newRead(ctx, &g, r)
		if err == nil {
			err = rd.each(ctx, func(e lakeEvent) bool { return yield(e, nil) })
		}
		if err != nil {
			yield(lakeEvent{}, err)
		}
	}
}

// each calls do with each event, until it returns false.
func (rd *lakeRead) each(ctx context.Context, do func(lakeEvent) bool) error {
	hours, err := rd.windows(ctx, rd.all, 3600)
	if err != nil {
		return err
	}
	for _, some := range rd.joined(hours) { // one question for many hours that have few events
		parts := []window{some}
		if some.events > rd.l.chunk {
			if parts, err = rd.windows(ctx, some, 1); err != nil {
				return err
			}
		}
		for _, part := range rd.joined(parts) {
			events, err := rd.events(ctx, part)
			if err != nil {
				return err
			}
			for i := range events {
				if !do(events[i]) {
					return nil
				}
			}
		}
	}
	return nil
}

// window is a part of time: From inclusive, To exclusive, in seconds since the epoch, and how many
// events there were in it.
type window struct{ from, to, events int64 }

// lakeRead is one reading of a group.
type lakeRead struct {
	l     *LakeGroups
	g     *LakeGroup
	r     lakeRequest
	all   window
	kinds []readKind
}

// readKind is what is read of a table.
type readKind struct {
	kind flowlog.Kind
	// where is the condition of its records, time left out.
	where query.Expr
	// lacksStart says that some of its records have no start.
	lacksStart bool
	// named says that its condition asks for names.
	named  bool
	fields []*flowlog.Field
}

// newRead prepares a reading.
func (l *LakeGroups) newRead(ctx context.Context, g *LakeGroup, r lakeRequest) (*lakeRead, error) {
	rd := &lakeRead{l: l, g: g, r: r, all: window{from: ceilSeconds(r.From), to: math.MaxInt64 / 1000}}
	if r.To != 0 {
		rd.all.to = ceilSeconds(r.To)
	}
	if a := r.After; a != nil && !r.Backward {
		rd.all.from = max(rd.all.from, floorSeconds(a.Timestamp))
	} else if a != nil {
		rd.all.to = min(rd.all.to, floorSeconds(a.Timestamp)+1)
	}
	formats, err := l.lake.Formats(ctx)
	if err != nil {
		return nil, err
	}
	snap, err := l.lake.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range g.Kinds {
		files := snap.Files(k, lake.Bounds{})
		if len(files) == 0 {
			continue
		}
		where := []query.Expr{g.Where(), streamWhere(k, r.Streams, r.Prefix)}
		if r.objects != nil {
			where = append(where, oneOf(column(flowlog.WeirObject), r.objects))
		}
		if r.where != nil {
			asked, err := r.where(k)
			if err != nil {
				return nil, err
			}
			where = append(where, asked)
		}
		rd.kinds = append(rd.kinds, readKind{
			kind: k, where: allOf(where...), named: k == flowlog.KindVPC && len(query.AskedNames(where...)) > 0, fields: fieldsOf(k, formats),
			lacksStart: slices.ContainsFunc(files, func(f lake.DataFile) bool { return f.LacksStart() }),
		})
	}
	return rd, nil
}

// floorSeconds returns milliseconds as seconds, rounded down.
func floorSeconds(millis int64) int64 {
	s := millis / 1000
	if millis%1000 < 0 {
		s--
	}
	return s
}

// ceilSeconds returns milliseconds as seconds, rounded up: a time in whole seconds is at or after the
// milliseconds where it is at or after that.
func ceilSeconds(millis int64) int64 { return -floorSeconds(-millis) }

// streamWhere returns the condition of the records of streams that have one of some names, where these
// are not nil, and that begin with a prefix; nil for all.
func streamWhere(k flowlog.Kind, streams []string, prefix string) query.Expr {
	id := column(streamField(k))
	var in, begins query.Expr
	if streams != nil {
		or := []query.Expr{literal(false)}
		var ids []string
		for _, s := range streams {
			if s == streamName("") {
				or = append(or, call(query.IsAbsent, id))
			}
			if of, ok := strings.CutSuffix(s, streamSuffix); ok {
				ids = append(ids, of)
			}
		}
		if len(ids) > 0 {
			or = append(or, oneOf(id, ids))
		}
		if len(or) > 1 {
			or = or[1:]
		}
		in = anyOf(or)
	}
	if prefix != "" {
		or := []query.Expr{call(query.StartsWith, id, literal(prefix))}
		for n := 1; n <= len(streamSuffix); n++ {
			if of, ok := strings.CutSuffix(prefix, streamSuffix[:n]); ok {
				or = append(or, call(query.Eq, id, literal(of)))
			}
		}
		if strings.HasPrefix(streamName(""), prefix) {
			or = append(or, call(query.IsAbsent, id))
		}
		begins = anyOf(or)
	}
	if in == nil && begins == nil {
		return nil
	}
	return allOf(in, begins)
}

// fieldsOf returns the fields of a kind's records that some format has, and those that the event
// itself needs.
func fieldsOf(k flowlog.Kind, formats []flowlog.Format) []*flowlog.Field {
	needed := []flowlog.FieldID{flowlog.InterfaceID, flowlog.TGWAttachmentID, flowlog.Start, flowlog.End, flowlog.WeirHour, flowlog.WeirObject}
	return slices.DeleteFunc(flowlog.Fields(k), func(f *flowlog.Field) bool {
		if slices.Contains(needed, f.ID) {
			return false
		}
		return !slices.ContainsFunc(formats, func(have flowlog.Format) bool {
			return have.Has(f.ID) || f.Type == flowlog.Map && len(have.UnknownFields()) > 0
		})
	})
}

// within returns the conditions of the records of a kind in a window. Conditions that reach the scan
// choose files, so there is one of start alone, and where there are records without it another one.
func (k *readKind) within(w window) []query.Expr {
	start := column(flowlog.Start)
	between := func(at query.Expr) query.Expr {
		return call(query.And, call(query.Ge, at, literal(w.from)), call(query.Lt, at, literal(w.to)))
	}
	out := []query.Expr{call(query.And, between(start), k.where)}
	if k.lacksStart {
		out = append(out, call(query.And, call(query.IsAbsent, start), between(eventTime()), k.where))
	}
	return out
}

// windows returns the parts of a window of a width that have events, in the order of reading.
func (rd *lakeRead) windows(ctx context.Context, in window, width int64) ([]window, error) {
	counts := map[int64]int64{}
	for i := range rd.kinds {
		k := &rd.kinds[i]
		for _, where := range k.within(in) {
			err := rd.l.each(ctx, query.Plan{Kind: k.kind, Named: k.named}, func(row []any) error {
				counts[integer(row[0])] += integer(row[1])
				return nil
			}, &query.Filter{Where: where}, &query.Aggregate{
				By:   []query.Named{{Name: "at", Expr: call(query.Bin, eventTime(), literal(width))}},
				Aggs: []query.Agg{{Name: "n", Func: query.CountRows}},
			})
			if err != nil {
				return nil, err
			}
		}
	}
	out := make([]window, 0, len(counts))
	for at, n := range counts {
		out = append(out, window{max(in.from, at), min(in.to, at+width), n})
	}
	slices.SortFunc(out, func(a, b window) int { return cmp.Compare(a.from, b.from) })
	if rd.r.Backward {
		slices.Reverse(out)
	}
	return out, nil
}

// joined puts windows that follow each other together, as long as they have few enough events.
func (rd *lakeRead) joined(parts []window) []window {
	var out []window
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].events+p.events <= rd.l.chunk {
			w := &out[n-1]
			w.from, w.to, w.events = min(w.from, p.from), max(w.to, p.to), w.events+p.events
			continue
		}
		out = append(out, p)
	}
	return out
}

// events returns the events of a window that are asked for, in the order of reading.
func (rd *lakeRead) events(ctx context.Context, w window) ([]lakeEvent, error) {
	var out []lakeEvent
	for i := range rd.kinds {
		k := &rd.kinds[i]
		batch := flowlog.NewBatch(k.kind)
		for _, where := range k.within(w) {
			err := rd.l.each(ctx, query.Plan{Kind: k.kind, Named: k.named}, func(row []any) error { return setRecord(batch.Append(), k.fields, row) },
				&query.Filter{Where: where}, projected(k.fields))
			if err != nil {
				return nil, err
			}
		}
		events, err := rd.print(ctx, batch)
		if err != nil {
			return nil, err
		}
		out = append(out, events...)
	}
	slices.SortFunc(out, func(a, b lakeEvent) int { return compareEvents(a.Event, b.Event) })
	setOrdinals(out)
	out = slices.DeleteFunc(out, func(e lakeEvent) bool { return rd.passes(&e) })
	if rd.r.Backward {
		slices.Reverse(out)
	}
	return out, nil
}

// passes reports whether an event lies before where reading begins, or is of an object that came earlier or later
// than is asked for.
func (rd *lakeRead) passes(e *lakeEvent) bool {
	if rd.r.until != 0 && e.delivered > rd.r.until || e.Ingestion < rd.r.Ingested {
		return true
	}
	if rd.r.After == nil {
		return false
	}
	c := compareEvents(e.Event, *rd.r.After)
	if rd.r.Backward {
		return c >= 0
	}
	return c <= 0
}

// compareEvents orders events of a group as [logstore.Reader] has them.
func compareEvents(a, b logstore.Event) int {
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Ingestion, b.Ingestion), cmp.Compare(a.Stream, b.Stream),
		cmp.Compare(a.Message, b.Message), cmp.Compare(a.Ordinal, b.Ordinal))
}

// setOrdinals gives all events of some seconds, in order, their ordinals. Those of a request with a
// condition count what meets it.
func setOrdinals(events []lakeEvent) {
	type same struct{ stream, message string }
	var at int64
	counts := map[same]int{}
	for i := range events {
		e := &events[i]
		if e.Timestamp != at {
			clear(counts)
			at = e.Timestamp
		}
		key := same{e.Stream, e.Message}
		e.Ordinal = counts[key]
		counts[key]++
	}
}

// projected keeps the columns of fields.
func projected(fields []*flowlog.Field) *query.Project {
	out := &query.Project{}
	for _, f := range fields {
		out.Columns = append(out.Columns, query.Named{Name: f.Column, Expr: &query.Ref{Name: f.Column}})
	}
	return out
}

// print returns the records of a batch as events, without their ordinals.
func (rd *lakeRead) print(ctx context.Context, b *flowlog.Batch) ([]lakeEvent, error) {
	objects := map[string]bool{}
	if c := b.Texts(flowlog.WeirObject); c != nil {
		for _, url := range c.Dict[1:] {
			objects[url] = true
		}
	}
	deliveries, err := rd.l.lake.Deliveries(ctx, keysOf(objects))
	if err != nil {
		return nil, err
	}
	formats := map[string]flowlog.Format{}
	out := make([]lakeEvent, 0, b.Len())
	var line []byte
	for r := range b.Records() {
		url, _ := r.Text(flowlog.WeirObject)
		d := deliveries[url]
		id, _ := r.Text(streamField(b.Kind()))
		f, known := formats[url]
		if !known {
			f = lake.JoinFormats(b.Kind(), d.Formats)
			formats[url] = f
		}
		line = flowlog.AppendLine(line[:0], r, f)
		eni, _ := r.Text(flowlog.InterfaceID)
		out = append(out, lakeEvent{logstore.Event{
			Group: rd.g.Name, Stream: streamName(id), Timestamp: recordTime(r) * 1000, Ingestion: d.At.UnixMilli(), Message: string(line),
		}, f, eni, d.ID})
	}
	return out, nil
}

// recordTime returns an event's time in seconds since the epoch.
func recordTime(r flowlog.Record) int64 {
	for _, id := range []flowlog.FieldID{flowlog.Start, flowlog.End} {
		if t, ok := r.Int(id); ok {
			return t
		}
	}
	t, _ := r.Int(flowlog.WeirHour)
	return t
}

// setRecord gives a record the values of a row.
func setRecord(r flowlog.Record, fields []*flowlog.Field, row []any) error {
	for i, f := range fields {
		var err error
		switch v := row[i].(type) {
		case nil:
		case map[string]string:
			for name, value := range v {
				if err = r.SetUnknown(name, value); err != nil {
					break
				}
			}
		case int64:
			err = r.SetInt(f.ID, v)
		case string:
			err = r.SetText(f.ID, v)
		case time.Time:
			err = r.SetInt(f.ID, v.Unix())
		default:
			err = fmt.Errorf("a value of type %T", v)
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", f.Column, err)
		}
	}
	return nil
}
