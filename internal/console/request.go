package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"weir/flowlog"
	"weir/internal/filter"
	"weir/internal/query"
)

// The limits of parameters.
const (
	maxFilter  = 16 << 10 // bytes of the filter's text
	maxBuckets = 2000     // buckets of time in one answer
	maxSeries  = 50       // series beside "other"
	maxTop     = 1000     // rows of a top
	maxPage    = 1000     // records of a page
)

// request is what the parameters of a read say, checked.
type request struct {
	values  url.Values
	kind    flowlog.Kind
	unknown []string // fields that the table does not know, in AWS's spelling
	scope   query.Scope
	where   query.Expr // nil keeps every record
	zone    *time.Location
	by      string // a field's name as it was given, or ""
	key     query.Expr
	measure measure
	step    int64 // seconds; 0 where none was given
	refused bool
	// counting is which records of the same traffic are counted.
	counting query.Counting
	// stale is what the answer rests on, where there is something to say of it.
	stale atomic.Pointer[query.Stale]
}

// measure is what is counted.
type measure string

// The measures, in the order in which answers hold them.
const (
	byBytes   measure = "bytes"
	byPackets measure = "packets"
	byRecords measure = "records"
)

// agg returns the aggregate that sums the measure, as a column of its name.
func (m measure) agg() query.Agg {
	if m == byRecords {
		return query.Agg{Name: string(m), Func: query.CountRows}
	}
	return query.Agg{Name: string(m), Func: query.Sum, Arg: &query.Ref{Name: string(m)}}
}

// parse reads the parameters that reads have in common.
func (c *console) parse(r *http.Request) (*request, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParam("", "", "the address cannot be read: %v", err)
	}
	req := &request{values: q, measure: byBytes}
	for _, set := range []func() error{
		req.setRefused, req.setKind, func() error { return req.setTimes(c.Now()) }, req.setZone, req.setMeasure, req.setStep,
	} {
		if err := set(); err != nil {
			return nil, err
		}
	}
	req.unknown = c.UnknownFields(req.kind)
	if err := req.setBy(); err != nil {
		return nil, err
	}
	if err := req.setWhere(); err != nil {
		return nil, err
	}
	every, err := req.truth("every")
	if err == nil && !every {
		req.counting = query.CountingOf(req.kind, req.scope, req.key, req.where)
	}
	return req, err
}

// truth reads a parameter that is true or false, as which it counts where it is
// missing.
func (r *request) truth(name string) (bool, error) {
	switch text := r.values.Get(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, badParam(name, "true or false", "%q is neither true nor false", text)
	}
}

func (r *request) setRefused() (err error) {
	r.refused, err = r.truth("refused")
	return err
}

func (r *request) setKind() error {
	switch k := r.values.Get("kind"); k {
	case "", "vpc":
		r.kind = flowlog.KindVPC
	case "tgw":
		r.kind = flowlog.KindTGW
	default:
		return badParam("kind", "vpc or tgw", "%q is no kind of flow log", k)
	}
	return nil
}

// setTimes reads the bounds of the range.
func (r *request) setTimes(now time.Time) error {
	var err error
	if r.scope.From, err = parseMoment(r.values.Get("from")); err != nil {
		return badParam("from", momentHint(now), "%v", err)
	}
	if r.scope.To, err = parseMoment(r.values.Get("to")); err != nil {
		return badParam("to", momentHint(now), "%v", err)
	}
	if !r.scope.From.IsZero() && !r.scope.To.IsZero() && !r.scope.From.Before(r.scope.To) {
		return badParam("to", "", "the range ends before it begins")
	}
	return nil
}

func (r *request) setZone() error {
	zone, err := time.LoadLocation(r.values.Get("tz"))
	if err != nil {
		return badParam("tz", "an IANA name such as Europe/Berlin, or UTC", "%q is no time zone", r.values.Get("tz"))
	}
	r.zone = zone
	return nil
}

func (r *request) setMeasure() error {
	switch m := measure(r.values.Get("measure")); m {
	case "":
	case byBytes, byPackets, byRecords:
		r.measure = m
	default:
		return badParam("measure", "bytes, packets or records", "%q is no measure", m)
	}
	return nil
}

func (r *request) setStep() error {
	text := r.values.Get("step")
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > lastMoment {
		return badParam("step", "whole seconds, 1 or more", "%q is no width of a bucket", text)
	}
	r.step = n
	return nil
}

// setBy finds the field to group by.
func (r *request) setBy() error {
	r.by = r.values.Get("by")
	if r.by == "" {
		return nil
	}
	r.key = r.column(r.by)
	if r.key == nil {
		return badParam("by", "/api/v1/fields?kind="+r.kind.String()+" lists the fields",
			"%s records have no field %q to group by", r.kind, r.by)
	}
	return nil
}

// column returns the value of a field by its name: one of the table's, else an
// unknown one that the lake holds; nil where it is neither.
func (r *request) column(name string) query.Expr {
	if f, ok := flowlog.Lookup(name); ok {
		if !f.In(r.kind) || f.Type == flowlog.Map {
			return nil
		}
		return &query.Ref{Name: f.Column}
	}
	c, isName := query.LookupName(flowlog.ColumnName(name))
	if isName && c.Expr() != nil {
		return c.Expr()
	}
	if isName && r.kind == flowlog.KindVPC {
		return &query.Ref{Name: c.String()}
	}
	if name = flowlog.CanonicalName(name); !slices.Contains(r.unknown, name) {
		return nil
	}
	return call(query.MapGet, column(flowlog.WeirUnknown), literal(name))
}

func (r *request) setWhere() error {
	text := r.values.Get("where")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if len(text) > maxFilter {
		return badParam("where", "", "the filter has %d bytes, the most is %d", len(text), maxFilter)
	}
	where, err := filter.Parse(text, r.filterOptions())
	if err != nil {
		return err
	}
	r.where = where
	return nil
}

// filterOptions returns what the filter language needs to know.
func (r *request) filterOptions() filter.Options {
	return filter.Options{
		Kind: r.kind, Zone: r.zone, Names: true,
		Unknown: func(name string) bool { return slices.Contains(r.unknown, flowlog.CanonicalName(name)) },
	}
}

// limit reads the parameter limit.
func (r *request) limit(usual, most int64) (int64, error) {
	text := r.values.Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, badParam("limit", "", "%q is no number from 1 to %d", text, most)
	}
	return n, nil
}

// plan returns the plan of the request's records through some stages.
func (r *request) plan(stages ...query.Stage) query.Plan {
	p := query.Plan{Kind: r.kind, Scope: r.scope, Named: len(query.AskedNames(r.where, r.key)) > 0}
	if r.where != nil {
		p.Stages = append(p.Stages, &query.Filter{Where: r.where})
	}
	if r.refused {
		p.Stages = append(p.Stages, &query.Filter{Where: call(query.Eq, column(flowlog.Action), literal("REJECT"))})
	}
	p.Stages = append(p.Stages, stages...)
	return p
}

// sums returns the plan of those of the request's records that count, through some
// stages. Legs do not count.
func (r *request) sums(stages ...query.Stage) query.Plan {
	where := r.counting.Counts()
	if where == nil {
		where = r.counting.Keeps()
	}
	if where == nil {
		return r.plan(stages...)
	}
	return r.plan(append([]query.Stage{&query.Filter{Where: where}}, stages...)...)
}

// lastMoment is the last second of the year 9999, in seconds since the epoch. No
// flow log is of before the epoch; and between the two no sum of seconds overflows.
const lastMoment = 253402300799

// parseMoment reads a moment: RFC 3339 or seconds since the epoch. The empty text
// is the zero time.
func parseMoment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if n, isNumber := strconv.ParseInt(text, 10, 64); isNumber == nil {
		t, err = time.Unix(n, 0), nil
	}
	switch {
	case err != nil:
		return time.Time{}, badParam("", "", "%q is no time", text)
	case t.Unix() < 0:
		return time.Time{}, badParam("", "", "%q lies before 1970", text)
	case t.Unix() > lastMoment:
		return time.Time{}, badParam("", "", "%q lies behind the year 9999", text)
	}
	return t.UTC(), nil
}

// momentHint shows how a moment is written.
func momentHint(now time.Time) string {
	return "RFC 3339 or seconds since the epoch: " + now.UTC().Format(time.RFC3339) + " or " +
		strconv.FormatInt(now.Unix(), 10)
}

// column returns the value of a field of the table.
func column(f flowlog.FieldID) query.Expr { return &query.Ref{Name: flowlog.FieldByID(f).Column} }

// literal returns a constant.
func literal(v any) query.Expr { return &query.Literal{Value: v} }

// call returns a call of a function.
func call(f query.Func, args ...query.Expr) query.Expr { return &query.Call{Func: f, Args: args} }

// bucket returns the start of the bucket that a record counts in.
func bucket(step int64) query.Expr { return call(query.Bin, query.RecordTime(), literal(step)) }
