package app

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
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
		fail := func(err error) { yield(logstore.Event{}, err) }
		g, err := l.Find(r.Group)
		if err != nil {
			fail(err)
			return
		}
		rd, err := l.newRead(ctx, &g, r)
		if err != nil {
			fail(err)
			return
		}
		hours, err := rd.windows(ctx, rd.all, 3600)
		if err != nil {
			fail(err)
			return
		}
		for _, hour := range hours {
			parts := []window{hour}
			if hour.events > l.chunk {
				if parts, err = rd.windows(ctx, hour, 1); err != nil {
					fail(err)
					return
				}
			}
			for _, part := range rd.joined(parts) {
				events, err := rd.events(ctx, part)
				if err != nil {
					fail(err)
					return
				}
				for i := range events {
					if !yield(events[i], nil) {
						return
					}
				}
			}
		}
	}
}

// window is a part of time: From inclusive, To exclusive, in seconds since the epoch, and how many
// events there were in it.
type window struct{ from, to, events int64 }

// lakeRead is one reading of a group.
type lakeRead struct {
	l     *LakeGroups
	g     *LakeGroup
	r     logstore.ReadRequest
	all   window
	kinds []readKind
}

// readKind is what is read of a table.
type readKind struct {
	kind flowlog.Kind
	// where is the condition of its records, time left out.
	where string
	// lacksStart says that some of its records have no start.
	lacksStart bool
	fields     []*flowlog.Field
}

// newRead prepares a reading.
func (l *LakeGroups) newRead(ctx context.Context, g *LakeGroup, r logstore.ReadRequest) (*lakeRead, error) {
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
		where := g.Where()
		if s := streamWhere(k, r.Streams, r.Prefix); s != "" {
			where += " AND " + s
		}
		rd.kinds = append(rd.kinds, readKind{
			kind: k, where: where, fields: fieldsOf(k, formats),
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

// streamWhere returns the condition of the records of streams; "" for all.
func streamWhere(k flowlog.Kind, streams []string, prefix string) string {
	var and []string
	if len(streams) == 1 {
		if id, ok := strings.CutSuffix(streams[0], streamSuffix); ok && id != unknownStream {
			and = append(and, streamColumn(k)+" = "+sqlText(id))
			streams = nil
		}
	}
	if streams != nil {
		and = append(and, StreamSQL(k)+" IN "+sqlList(streams))
	}
	if prefix != "" {
		and = append(and, "starts_with("+StreamSQL(k)+", "+sqlText(prefix)+")")
	}
	return strings.Join(and, " AND ")
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

// within returns the conditions of the records of a kind in a window. Filters that reach the scan
// choose files, so each is of one column where most records are.
func (k *readKind) within(w window) []string {
	from, to := strconv.FormatInt(w.from, 10), strconv.FormatInt(w.to, 10)
	out := []string{"start >= " + from + " AND start < " + to + " AND " + k.where}
	if k.lacksStart {
		out = append(out, "start IS NULL AND "+timeSQL+" >= "+from+" AND "+timeSQL+" < "+to+" AND "+k.where)
	}
	return out
}

// windows returns the parts of a window of a width that have events, in the order of reading.
func (rd *lakeRead) windows(ctx context.Context, in window, width int64) ([]window, error) {
	counts := map[int64]int64{}
	for i := range rd.kinds {
		k := &rd.kinds[i]
		for _, where := range k.within(in) {
			text := fmt.Sprintf("SELECT %s // %d, count(*) FROM %s WHERE %s GROUP BY 1", timeSQL, width, query.TableName(k.kind), where)
			err := rd.l.each(ctx, text, func(row []any) error {
				counts[integer(row[0])] += integer(row[1])
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	out := make([]window, 0, len(counts))
	for at, n := range counts {
		out = append(out, window{max(in.from, at*width), min(in.to, (at+1)*width), n})
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
func (rd *lakeRead) events(ctx context.Context, w window) ([]logstore.Event, error) {
	var out []logstore.Event
	for i := range rd.kinds {
		k := &rd.kinds[i]
		batch := flowlog.NewBatch(k.kind)
		for _, where := range k.within(w) {
			text := fmt.Sprintf("SELECT %s FROM %s WHERE %s", columnsSQL(k.fields), query.TableName(k.kind), where)
			err := rd.l.each(ctx, text, func(row []any) error { return setRecord(batch.Append(), k.fields, row) })
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
	slices.SortFunc(out, compareEvents)
	setOrdinals(out)
	out = slices.DeleteFunc(out, func(e logstore.Event) bool { return rd.passes(&e) })
	if rd.r.Backward {
		slices.Reverse(out)
	}
	return out, nil
}

// passes reports whether an event lies before where reading begins.
func (rd *lakeRead) passes(e *logstore.Event) bool {
	if rd.r.After == nil {
		return false
	}
	c := compareEvents(*e, *rd.r.After)
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

// setOrdinals gives all events of some seconds, in order, their ordinals.
func setOrdinals(events []logstore.Event) {
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

// columnsSQL returns the columns of fields in SQL.
func columnsSQL(fields []*flowlog.Field) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = `"` + f.Column + `"`
	}
	return strings.Join(out, ", ")
}

// print returns the records of a batch as events, without their ordinals.
func (rd *lakeRead) print(ctx context.Context, b *flowlog.Batch) ([]logstore.Event, error) {
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
	id := flowlog.InterfaceID
	if b.Kind() == flowlog.KindTGW {
		id = flowlog.TGWAttachmentID
	}
	out := make([]logstore.Event, 0, b.Len())
	var line []byte
	for r := range b.Records() {
		url, _ := r.Text(flowlog.WeirObject)
		d := deliveries[url]
		stream, ok := r.Text(id)
		if !ok {
			stream = unknownStream
		}
		line = flowlog.AppendLine(line[:0], r, formatOf(r, d.Formats))
		out = append(out, logstore.Event{
			Group: rd.g.Name, Stream: stream + streamSuffix, Timestamp: recordTime(r) * 1000, Ingestion: d.At.UnixMilli(), Message: string(line),
		})
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

// formatOf returns the format among those of its object in which a record came: the first that has
// all fields that the record has. Of an object without any it is that of the record's fields.
func formatOf(r flowlog.Record, formats []flowlog.Format) flowlog.Format {
	if len(formats) == 1 {
		return formats[0]
	}
	one := flowlog.NewBatch(r.Kind())
	one.AppendFrom(r)
	for _, f := range formats {
		if len(f.Missing(one)) == 0 {
			return f
		}
	}
	return flowlog.FormatOf(one)
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
