package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/query"
)

// LakeGroups reads the records of a lake as the events of log groups: [FlowLogsGroup],
// [TransitGatewayGroup], and those that have names. It implements [logstore.Reader].
//
// A record is an event of the stream of its network interface, or of its transit gateway attachment.
// Its time is the record's start, else its end, else weir_hour; it was ingested when its object was
// taken; its message is the line that delivered it: its fields in the format of its object.
type LakeGroups struct {
	lake   *lake.Lake
	engine query.Engine
	// chunk is how many events are read at a time, where that many do not have one time.
	chunk int64
}

var _ logstore.Reader = (*LakeGroups)(nil)

// chunkEvents is how many events are read at a time.
const chunkEvents = 20_000

// LakeGroups returns the log groups of the lake.
func (s *Local) LakeGroups() *LakeGroups {
	return &LakeGroups{lake: s.lake, engine: s.engine, chunk: chunkEvents}
}

// LakeGroup is what of the lake is a log group.
type LakeGroup struct {
	NamedLogGroup
	// Kinds are the kinds of its records.
	Kinds []flowlog.Kind
}

// named reports whether only some flow logs are of the group.
func (g *LakeGroup) named() bool { return len(g.FlowLogs)+len(g.Places) > 0 }

// Where returns the condition of the group's records; nil for all.
func (g *LakeGroup) Where() query.Expr {
	id, object := column(flowlog.WeirFlowLogID), column(flowlog.WeirObject)
	var or []query.Expr
	if len(g.FlowLogs) > 0 {
		or = append(or, oneOf(id, g.FlowLogs))
	}
	for _, p := range g.Places {
		lies := call(query.StartsWith, object, literal(p))
		if lake.IsFile(p) {
			lies = call(query.Eq, object, literal(p))
		}
		or = append(or, call(query.And, call(query.IsAbsent, id), lies))
	}
	return anyOf(or)
}

// literal returns a constant.
func literal(v any) query.Expr { return &query.Literal{Value: v} }

// call returns a function of arguments.
func call(f query.Func, args ...query.Expr) query.Expr { return &query.Call{Func: f, Args: args} }

// oneOf returns the condition that a column has one of some values, of which there is at least one.
func oneOf(of query.Expr, values []string) query.Expr {
	if len(values) == 1 {
		return call(query.Eq, of, literal(values[0]))
	}
	args := []query.Expr{of}
	for _, v := range values {
		args = append(args, literal(v))
	}
	return call(query.In, args...)
}

// anyOf joins conditions with or; nil where there is none.
func anyOf(list []query.Expr) query.Expr {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return call(query.Or, list...)
}

// allOf joins conditions with and, those that are nil left out.
func allOf(list ...query.Expr) query.Expr {
	list = slices.DeleteFunc(list, func(e query.Expr) bool { return e == nil })
	switch len(list) {
	case 0:
		return literal(true)
	case 1:
		return list[0]
	}
	return call(query.And, list...)
}

// holds reports whether what a flow log delivered to a place is of the group.
func (g *LakeGroup) holds(d *lake.Delivered) bool {
	return !g.named() || d.FlowLogID != "" && slices.Contains(g.FlowLogs, d.FlowLogID)
}

// All returns what the log groups of the lake are, by name.
func (l *LakeGroups) All() ([]LakeGroup, error) {
	names, err := readNamedGroups(l.lake.Data())
	if err != nil {
		return nil, err
	}
	out := []LakeGroup{
		{NamedLogGroup{Name: FlowLogsGroup}, []flowlog.Kind{flowlog.KindVPC}},
		{NamedLogGroup{Name: TransitGatewayGroup}, []flowlog.Kind{flowlog.KindTGW}},
	}
	for _, n := range names {
		out = append(out, LakeGroup{n, []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW}})
	}
	slices.SortFunc(out, func(a, b LakeGroup) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Find returns a log group of the lake. Errors: [logstore.ErrNoGroup].
func (l *LakeGroups) Find(name string) (LakeGroup, error) {
	all, err := l.All()
	if err != nil {
		return LakeGroup{}, err
	}
	for _, g := range all {
		if g.Name == name {
			return g, nil
		}
	}
	return LakeGroup{}, fmt.Errorf("%w: %s", logstore.ErrNoGroup, name)
}

// delivered sums up what of a group was delivered.
func (l *LakeGroups) delivered(ctx context.Context, g *LakeGroup, all []lake.Delivered) (lake.Delivered, error) {
	var sum lake.Delivered
	add := func(d *lake.Delivered) {
		if sum.Objects == 0 {
			sum = *d
			sum.Formats = slices.Clone(d.Formats)
			return
		}
		sum.Add(*d)
	}
	for i := range all {
		if g.holds(&all[i]) {
			add(&all[i])
		}
	}
	for _, p := range g.Places {
		below, err := l.lake.DeliveredBelow(ctx, p)
		if err != nil {
			return sum, err
		}
		for i := range below {
			if below[i].FlowLogID == "" {
				add(&below[i])
			}
		}
	}
	return sum, nil
}

// Groups returns the log groups of the lake by name. StoredBytes are those of the delivered objects,
// and Format that of their records where all have one. The group of transit gateways is among them where there
// are records of it.
func (l *LakeGroups) Groups(ctx context.Context) ([]logstore.Group, error) {
	all, err := l.All()
	if err != nil {
		return nil, err
	}
	totals, err := l.lake.DeliveredBelow(ctx, "")
	if err != nil {
		return nil, err
	}
	snap, err := l.lake.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []logstore.Group
	for i := range all {
		g := &all[i]
		if g.Name == TransitGatewayGroup && len(snap.Files(flowlog.KindTGW, lake.Bounds{})) == 0 {
			continue
		}
		sum, err := l.delivered(ctx, g, totals)
		if err != nil {
			return nil, err
		}
		formats := slices.DeleteFunc(sum.Formats, func(f flowlog.Format) bool { return !g.named() && f.Kind() != g.Kinds[0] })
		created := g.Created
		if created.IsZero() {
			created = sum.First
		}
		group := logstore.Group{Name: g.Name, StoredBytes: sum.Bytes, ReadOnly: true, Class: "STANDARD"}
		if !created.IsZero() {
			group.Created = created.UnixMilli()
		}
		if len(formats) == 1 {
			group.Format = formats[0].String()
		}
		out = append(out, group)
	}
	return out, nil
}

// hasTransit reports whether records of transit gateways may be in a group.
func (l *LakeGroups) hasTransit(ctx context.Context, g *LakeGroup) (bool, error) {
	if !slices.Contains(g.Kinds, flowlog.KindTGW) {
		return false, nil
	}
	snap, err := l.lake.Snapshot(ctx)
	if err != nil || len(snap.Files(flowlog.KindTGW, lake.Bounds{})) == 0 || !g.named() {
		return !g.named(), err
	}
	totals, err := l.lake.DeliveredBelow(ctx, "")
	if err != nil {
		return false, err
	}
	sum, err := l.delivered(ctx, g, totals)
	return slices.ContainsFunc(sum.Formats, func(f flowlog.Format) bool { return f.Kind() == flowlog.KindTGW }), err
}

// streamSuffix ends the names of streams, as AWS's do for flow logs of all traffic.
const streamSuffix = "-all"

// unknownStream begins the name of the stream of records that tell no interface: the word that their
// lines have for it.
const unknownStream = "-"

// streamField returns the field that the streams of a kind are named by.
func streamField(k flowlog.Kind) flowlog.FieldID {
	if k == flowlog.KindTGW {
		return flowlog.TGWAttachmentID
	}
	return flowlog.InterfaceID
}

// streamName returns the name of the stream of an interface, "" where that is not known.
func streamName(id string) string { return cmp.Or(id, unknownStream) + streamSuffix }

// eventTime is an event's time, in seconds since the epoch.
func eventTime() query.Expr {
	return call(query.Coalesce, column(flowlog.Start), column(flowlog.End), call(query.Epoch, column(flowlog.WeirHour)))
}

// Streams returns the streams of a group by name. A stream was created when the first of its objects
// was taken. Errors: [logstore.ErrNoGroup].
func (l *LakeGroups) Streams(ctx context.Context, group string) ([]logstore.Stream, error) {
	g, err := l.Find(group)
	if err != nil {
		return nil, err
	}
	found := map[string]*logstore.Stream{}
	for _, k := range g.Kinds {
		if err := l.streamsOf(ctx, &g, k, found); err != nil {
			return nil, err
		}
	}
	out := make([]logstore.Stream, 0, len(found))
	for _, s := range found {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b logstore.Stream) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// streamsOf adds the streams of the records of a kind.
func (l *LakeGroups) streamsOf(ctx context.Context, g *LakeGroup, k flowlog.Kind, found map[string]*logstore.Stream) error {
	type part struct {
		stream, object string
		first, last    int64
	}
	var parts []part
	objects := map[string]bool{}
	err := l.each(ctx, query.Plan{Kind: k}, func(row []any) error {
		p := part{streamName(valueText(row[0])), valueText(row[1]), integer(row[2]), integer(row[3])}
		objects[p.object] = true
		parts = append(parts, p)
		return nil
	}, &query.Filter{Where: allOf(g.Where())}, &query.Aggregate{
		By: []query.Named{{Name: "stream", Expr: column(streamField(k))}, {Name: "object", Expr: column(flowlog.WeirObject)}},
		Aggs: []query.Agg{
			{Name: "first", Func: query.Min, Arg: eventTime()}, {Name: "last", Func: query.Max, Arg: eventTime()},
		},
	})
	if err != nil {
		return err
	}
	deliveries, err := l.lake.Deliveries(ctx, keysOf(objects))
	if err != nil {
		return err
	}
	for _, p := range parts {
		taken := deliveries[p.object].At.UnixMilli()
		s := found[p.stream]
		if s == nil {
			s = &logstore.Stream{Name: p.stream, Created: taken, FirstEvent: p.first * 1000, LastEvent: p.last * 1000, LastIngestion: taken}
			found[p.stream] = s
		}
		s.Created, s.LastIngestion = min(s.Created, taken), max(s.LastIngestion, taken)
		s.FirstEvent, s.LastEvent = min(s.FirstEvent, p.first*1000), max(s.LastEvent, p.last*1000)
	}
	return nil
}

// keysOf returns the keys of a set in order.
func keysOf(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// each calls do with each row that the stages make of the records of a plan.
func (l *LakeGroups) each(ctx context.Context, p query.Plan, do func(row []any) error, stages ...query.Stage) error {
	p.Stages = append(p.Stages, stages...)
	rows, err := l.engine.Run(ctx, p, query.Limits{})
	if err != nil {
		return err
	}
	return drain(rows, do)
}
