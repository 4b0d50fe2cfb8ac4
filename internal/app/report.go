package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/query"
)

// reportObjects is how many objects of an import are told apart from the rest of
// the lake in its report.
const reportObjects = 20_000

// slotSeconds is the length of AWS's delivery slots.
const slotSeconds = 300

// describe adds to a report what the import's objects hold.
func (s *Local) describe(ctx context.Context, report *OpenReport) error {
	var where query.Expr
	urls, all, err := s.lake.Canonical(ctx, report.Intake.URLs)
	if err != nil {
		return err
	}
	switch {
	case all:
	case len(urls) > reportObjects:
		report.WholeLake = true
	case len(urls) == 0:
		return nil
	default:
		in := &query.Call{Func: query.In, Args: []query.Expr{column(flowlog.WeirObject)}}
		for _, u := range urls {
			in.Args = append(in.Args, &query.Literal{Value: u})
		}
		where = in
	}
	snap, err := s.lake.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, k := range []flowlog.Kind{flowlog.KindVPC, flowlog.KindTGW} {
		files := snap.Files(k, lake.Bounds{})
		if len(files) == 0 {
			continue
		}
		d := &describer{ctx: ctx, engine: s.engine, kind: k, where: where}
		if where == nil {
			d.files = files
		}
		kr, err := d.describe()
		if err != nil {
			return err
		}
		if kr.Records == 0 {
			continue
		}
		unknown, err := s.lake.UnknownFields(ctx, k)
		if err != nil {
			return err
		}
		if kr.UnknownFields, err = d.unknown(unknown); err != nil {
			return err
		}
		report.Kinds = append(report.Kinds, kr)
	}
	return nil
}

// column returns the reference of a field's column.
func column(f flowlog.FieldID) *query.Ref { return &query.Ref{Name: flowlog.FieldByID(f).Column} }

// describer asks for what records of one kind hold.
type describer struct {
	ctx    context.Context
	engine query.Engine
	kind   flowlog.Kind
	where  query.Expr
	// files are those of the records where there are no other records in them: their
	// statistics answer what else all records must be read for.
	files []lake.DataFile

	repeats bool // some records' traffic others show
}

// describe returns what the records hold.
func (d *describer) describe() (KindReport, error) {
	r := KindReport{Kind: d.kind.String()}
	if err := d.totals(&r); err != nil || r.Records == 0 {
		return r, err
	}
	if err := d.shares(&r); err != nil {
		return r, err
	}
	bytes := query.Agg{Name: "n", Func: query.Sum, Arg: column(flowlog.Bytes)}
	present := d.counting(&query.Call{Func: query.Not, Args: []query.Expr{&query.Call{Func: query.IsAbsent, Args: []query.Expr{column(flowlog.SrcAddr)}}}})
	var err error
	if r.Talkers, err = d.counts([]query.Expr{column(flowlog.SrcAddr)}, bytes, present, 5); err != nil {
		return r, err
	}
	if d.kind == flowlog.KindVPC {
		refused := &query.Call{Func: query.Eq, Args: []query.Expr{column(flowlog.Action), &query.Literal{Value: "REJECT"}}}
		r.Refused, err = d.counts([]query.Expr{column(flowlog.SrcAddr), column(flowlog.DstAddr), column(flowlog.DstPort), column(flowlog.Protocol)},
			query.Agg{Name: "n", Func: query.CountRows}, d.counting(refused), 5)
		if err != nil {
			return r, err
		}
	}
	return r, d.gaps(&r)
}

// counting returns a condition with that of records that count, where there are
// others. Of an import all count: what counts in its place may have come before.
func (d *describer) counting(e query.Expr) query.Expr {
	if !d.repeats || d.where != nil {
		return e
	}
	return &query.Call{Func: query.And, Args: []query.Expr{e, query.Once.Counts()}}
}

// stages returns the plan's first stages: the import's records, and those that
// meet a further condition.
func (d *describer) stages(more query.Expr) []query.Stage {
	var out []query.Stage
	for _, e := range []query.Expr{d.where, more} {
		if e != nil {
			out = append(out, &query.Filter{Where: e})
		}
	}
	return out
}

// rows runs a plan and calls do with each row, which is valid in the call.
func (d *describer) rows(stages []query.Stage, do func(row []any)) error {
	return eachRow(d.ctx, d.engine, query.Plan{Kind: d.kind, Stages: stages}, query.Limits{}, do)
}

// totals counts the records and finds their span.
func (d *describer) totals(r *KindReport) error {
	aggs := []query.Agg{
		{Name: "records", Func: query.CountRows},
		{Name: "bytes", Func: query.Sum, Arg: column(flowlog.Bytes)},
	}
	of := flowlog.FieldByID(flowlog.InterfaceID).In(d.kind)
	if of {
		aggs = append(aggs, query.Agg{Name: "interfaces", Func: query.CountDistinct, Arg: column(flowlog.InterfaceID)})
	}
	counted := len(aggs)
	first, last, timed, known := d.span()
	if !known {
		aggs = append(
			aggs,
			query.Agg{Name: "first", Func: query.Min, Arg: column(flowlog.Start)},
			query.Agg{Name: "last", Func: query.Max, Arg: column(flowlog.End)},
			query.Agg{Name: "starts", Func: query.Count, Arg: column(flowlog.Start)},
			query.Agg{Name: "ends", Func: query.Count, Arg: column(flowlog.End)},
		)
	}
	err := d.rows(append(d.stages(nil), &query.Aggregate{Aggs: aggs}), func(row []any) {
		r.Records, r.Bytes = integer(row[0]), integer(row[1])
		if of {
			r.Interfaces = integer(row[2])
		}
		if times := row[counted:]; !known {
			first, last = addInteger(nil, times[0]), addInteger(nil, times[1])
			timed = integer(times[2]) == r.Records && integer(times[3]) == r.Records
		}
	})
	if err != nil || r.Records == 0 {
		return err
	}
	if !timed {
		// weir_hour stands for what a record lacks. Asked for alone, since few
		// records lack any, and it doubles the time of the above.
		hour := &query.Call{Func: query.Epoch, Args: []query.Expr{column(flowlog.WeirHour)}}
		for _, lack := range []struct {
			field flowlog.FieldID
			find  query.AggFunc
			to    *[]int64
		}{{flowlog.Start, query.Min, &first}, {flowlog.End, query.Max, &last}} {
			absent := &query.Call{Func: query.IsAbsent, Args: []query.Expr{column(lack.field)}}
			found := &query.Aggregate{Aggs: []query.Agg{{Name: "t", Func: lack.find, Arg: hour}}}
			err := d.rows(append(d.stages(absent), found), func(row []any) { *lack.to = addInteger(*lack.to, row[0]) })
			if err != nil {
				return err
			}
		}
	}
	r.Start, r.End = time.Unix(slices.Min(first), 0).UTC(), time.Unix(slices.Max(last), 0).UTC()
	return nil
}

// span returns the first start and the last end that records have, none where none has
// one, and whether all have both. It reports false where the files do not tell.
func (d *describer) span() (first, last []int64, timed, known bool) {
	timed = true
	for i := range d.files {
		start, hasStart := d.files[i].Columns[flowlog.FieldByID(flowlog.Start).Column]
		end, hasEnd := d.files[i].Columns[flowlog.FieldByID(flowlog.End).Column]
		if hasStart && start.Min == nil || hasEnd && end.Max == nil {
			return nil, nil, false, false
		}
		first, last = addInteger(first, start.Min), addInteger(last, end.Max)
		timed = timed && hasStart && hasEnd && start.Nulls == 0 && end.Nulls == 0
	}
	return first, last, timed, len(d.files) > 0
}

// addInteger adds an integer of a row to a list, unless it is absent.
func addInteger(list []int64, v any) []int64 {
	if n, ok := v.(int64); ok {
		return append(list, n)
	}
	return list
}

// shares counts the records by each of the fields with few values. One query
// counts them by all of them together.
func (d *describer) shares(r *KindReport) error {
	shares := []struct {
		field flowlog.FieldID
		to    *[]Count
	}{
		{flowlog.AccountID, &r.Accounts},
		{flowlog.WeirRegion, &r.Regions},
		{flowlog.Version, &r.Versions},
		{flowlog.LogStatus, &r.Statuses},
		{flowlog.Action, &r.Actions},
	}
	group := &query.Aggregate{Aggs: []query.Agg{
		{Name: "n", Func: query.CountRows}, {Name: "bytes", Func: query.Sum, Arg: column(flowlog.Bytes)},
	}}
	var sums []map[string]int64
	constant := map[flowlog.FieldID]bool{}
	for i, s := range shares {
		switch value, one := d.oneValue(s.field); {
		case !flowlog.FieldByID(s.field).In(d.kind):
		case one: // each column to group by takes its time
			constant[s.field] = true
			*s.to = []Count{{value, r.Records}}
		default:
			group.By = append(group.By, query.Named{Name: fmt.Sprintf("by%d", i), Expr: column(s.field)})
			sums = append(sums, map[string]int64{})
		}
	}
	repeats := map[string]Repeat{}
	if d.kind == flowlog.KindVPC {
		group.By = append(group.By, query.Named{Name: "repeat", Expr: column(flowlog.WeirRepeat)})
	}
	err := d.rows(append(d.stages(nil), group), func(row []any) {
		n, bytes := integer(row[len(group.By)]), integer(row[len(group.By)+1])
		for i, sum := range sums {
			sum[valueText(row[i])] += n
		}
		if why := valueText(row[len(sums)]); len(group.By) > len(sums) && why != "" {
			repeats[why] = Repeat{why, repeats[why].Records + n, repeats[why].Bytes + bytes}
		}
	})
	if err != nil {
		return err
	}
	for _, why := range slices.Sorted(maps.Keys(repeats)) {
		r.Repeats = append(r.Repeats, repeats[why])
	}
	d.repeats = len(repeats) > 0
	r.RepeatsCount = d.repeats && d.where != nil
	at := 0
	for _, s := range shares {
		if constant[s.field] || !flowlog.FieldByID(s.field).In(d.kind) {
			continue
		}
		for value, n := range sums[at] {
			*s.to = append(*s.to, Count{value, n})
		}
		slices.SortFunc(*s.to, compareCounts)
		at++
	}
	return nil
}

// compareCounts orders counts: the most first, equal ones by value, absent last.
func compareCounts(a, b Count) int {
	last := func(c Count) int {
		if c.Value == "" {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(last(a), last(b)), cmp.Compare(a.Value, b.Value))
}

// unknown counts the records that have each of the lake's unknown fields, and
// leaves out those that none has.
func (d *describer) unknown(names []string) ([]Count, error) {
	if len(names) == 0 {
		return nil, nil
	}
	group := &query.Aggregate{}
	for i, name := range names {
		group.Aggs = append(group.Aggs, query.Agg{Name: fmt.Sprintf("n%d", i), Func: query.Count, Arg: unknownField(name)})
	}
	var out []Count
	err := d.rows(append(d.stages(nil), group), func(row []any) {
		for i, n := range row {
			if n := integer(n); n > 0 {
				out = append(out, Count{names[i], n})
			}
		}
	})
	return out, err
}

// integer returns an integer of a row; absent, and what is beyond 64 bits, is 0.
func integer(v any) int64 {
	n, _ := v.(int64)
	return n
}

// counts returns the values of expressions that have most, joined to one text;
// n 0 means all.
func (d *describer) counts(by []query.Expr, agg query.Agg, where query.Expr, n int64) ([]Count, error) {
	group := &query.Aggregate{Aggs: []query.Agg{agg}}
	keys := []query.SortKey{{Expr: &query.Ref{Name: agg.Name}, Desc: true}}
	for i, e := range by {
		name := fmt.Sprintf("by%d", i)
		group.By = append(group.By, query.Named{Name: name, Expr: e})
		keys = append(keys, query.SortKey{Expr: &query.Ref{Name: name}})
	}
	stages := append(d.stages(where), group, &query.Sort{Keys: keys})
	if n > 0 {
		stages = append(stages, &query.Limit{N: n})
	}
	var out []Count
	err := d.rows(stages, func(row []any) {
		if n := row[len(by)]; n != nil { // absent: no record of the group has what is summed
			out = append(out, Count{label(row[:len(by)]), integer(n)})
		}
	})
	return out, err
}

// label joins the values of a group: one value, or source, destination, and port
// and protocol where the format has them.
func label(values []any) string {
	if len(values) == 1 {
		return valueText(values[0])
	}
	text := valueText(values[0]) + " -> " + valueText(values[1])
	port, protocol := valueText(values[2]), protocolText(values[3])
	switch {
	case port != "" && protocol != "":
		return text + " port " + port + "/" + protocol
	case port != "":
		return text + " port " + port
	case protocol != "":
		return text + " " + protocol
	}
	return text
}

// valueText returns a value as text, "" where absent.
func valueText(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// protocolText returns a protocol's name, or its number.
func protocolText(v any) string {
	n, ok := v.(int64)
	if !ok {
		return valueText(v)
	}
	if name, ok := flowlog.ProtocolName(n); ok {
		return name
	}
	return fmt.Sprint(n)
}

// oneValue returns the value of a field that all records have. It reports false where the
// files do not tell of one.
func (d *describer) oneValue(f flowlog.FieldID) (string, bool) {
	value := ""
	for i := range d.files {
		stats := d.files[i].Columns[flowlog.FieldByID(f).Column]
		if stats.Min == nil || stats.Nulls > 0 || stats.Max != stats.Min {
			return "", false
		}
		this := valueText(stats.Min)
		if i > 0 && this != value {
			return "", false
		}
		value = this
	}
	return value, len(d.files) > 0
}

// gaps finds the times in which a flow log delivered nothing.
func (d *describer) gaps(r *KindReport) error {
	slot := &query.Call{Func: query.Bin, Args: []query.Expr{
		&query.Call{Func: query.Epoch, Args: []query.Expr{&query.Ref{Name: "hour"}}}, &query.Literal{Value: int64(slotSeconds)},
	}}
	// There are far fewer times than records: slots are reckoned from those.
	times := []query.Named{{Name: "hour", Expr: column(flowlog.WeirHour)}}
	bins := []query.Named{{Name: "slot", Expr: slot}}
	only, one := d.oneValue(flowlog.WeirFlowLogID)
	if !one { // to group by two columns takes three times as long
		times = append(times, query.Named{Name: "flow_log", Expr: column(flowlog.WeirFlowLogID)})
		bins = append(bins, query.Named{Name: "flow_log", Expr: &query.Ref{Name: "flow_log"}})
	}
	slots := map[string][]int64{}
	err := d.rows(append(d.stages(nil), &query.Aggregate{By: times}, &query.Aggregate{By: bins}), func(row []any) {
		id := only
		if !one {
			id = valueText(row[1])
		}
		slots[id] = append(slots[id], integer(row[0]))
	})
	if err != nil {
		return err
	}
	for id, s := range slots {
		slices.Sort(s)
		for i := 1; i < len(s); i++ {
			// One slot without an object is nothing to speak of: a slot's
			// records can come in the next one's object.
			if s[i]-s[i-1] > 2*slotSeconds {
				r.Gaps = append(r.Gaps, Gap{id, time.Unix(s[i-1]+slotSeconds, 0).UTC(), time.Unix(s[i], 0).UTC()})
			}
		}
	}
	slices.SortFunc(r.Gaps, func(a, b Gap) int {
		return cmp.Or(
			cmp.Compare(b.To.Sub(b.From), a.To.Sub(a.From)), a.From.Compare(b.From), cmp.Compare(a.FlowLogID, b.FlowLogID))
	})
	r.GapCount = len(r.Gaps)
	r.Gaps = r.Gaps[:min(len(r.Gaps), 10)]
	return nil
}
