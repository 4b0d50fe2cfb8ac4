package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"weir/flowlog"
	"weir/internal/lake"
	"weir/internal/logstore"
	"weir/internal/metricfilter"
	"weir/internal/metricstore"
	"weir/internal/query"
)

const (
	// objectsAtOnce and recordsAtOnce bound what of the lake is counted in one commit.
	objectsAtOnce = 256
	recordsAtOnce = 500_000
	// backfillQuiet is after how long without backfilled objects no more are expected.
	backfillQuiet = time.Minute
)

// lakeReader is the name of the position of lakeMetrics.
const lakeReader = "flow-log-records"

// lakeMetrics evaluates metric filters on the log groups of the lake, and counts weir's own metrics of flow logs, once for each record
// that was delivered.
type lakeMetrics struct {
	watch   *watching
	groups  *LakeGroups
	filters *groupFilters
	flows   *flowMetrics
	at      *lakePosition // nil: it must be read
	// backfilled is when backfilled objects came last.
	backfilled time.Time
}

// lakePosition is how far objects were counted.
type lakePosition struct {
	// Object is the [lake.Delivery.ID] of the last object that was counted.
	Object int64 `json:"object"`
	// Minutes is the state of filters, by group.
	Minutes map[string]metricfilter.State `json:"minutes,omitempty"`
	// Series are those of own metrics.
	Series flowSeries `json:"series"`
}

// begin reads the position, where that need be. The first time it is before all objects: weir's own metrics are of what lies in the lake
// too, as far back as flowMetrics goes.
func (r *lakeMetrics) begin(ctx context.Context) error {
	if r.at != nil {
		return nil
	}
	text, err := r.watch.metrics.Position(ctx, lakeReader)
	if err != nil {
		return err
	}
	at := &lakePosition{}
	if text != nil {
		if err := json.Unmarshal(text, at); err != nil {
			return fmt.Errorf("the position of the reader of flow log records is damaged: %w", err)
		}
	}
	r.at = at
	r.filters.begin(at.Minutes)
	r.flows.begin(at.Series)
	r.backfilled = r.watch.local.now()
	return nil
}

// round counts some of the objects that the lake has for good.
func (r *lakeMetrics) round(ctx context.Context) (leftover, error) {
	if err := r.begin(ctx); err != nil {
		return someLeft, err
	}
	// Before the filters are read: an object that came after a filter was put is evaluated by it.
	to, err := r.watch.local.lake.LastTaken(ctx)
	if err != nil {
		return someLeft, err
	}
	if err := r.filters.load(ctx); err != nil {
		return someLeft, err
	}
	last, err := r.count(ctx, to)
	if err != nil {
		r.at = nil // what was counted and not committed is counted anew
		return someLeft, err
	}
	if err := r.filters.disable(ctx); err != nil {
		return someLeft, err
	}
	return leftOf(ctx, r.watch.local.lake, last, r.at.Object, to)
}

// leftOf says what is left of the objects behind one, up to another; last says that nothing is.
func leftOf(ctx context.Context, l *lake.Lake, last bool, after, to int64) (leftover, error) {
	if last {
		return nothingLeft, nil
	}
	live, err := l.HasLive(ctx, after, to)
	if err != nil || live {
		return someLeft, err
	}
	return backfilledLeft, nil
}

// count counts some objects, and says whether they are the last up to one.
func (r *lakeMetrics) count(ctx context.Context, to int64) (last bool, err error) {
	some, last, err := arrivedObjects(ctx, r.watch.local.lake, r.at.Object, to, recordsAtOnce)
	if err != nil {
		return false, err
	}
	var data []metricstore.Datum
	for _, part := range someObjects(some) {
		if part.backfilled {
			r.backfilled = r.watch.local.now()
		}
		if err := r.evaluate(ctx, part); err != nil {
			return false, err
		}
		own, err := r.flows.count(ctx, r.groups, r.watch.local.names, part, r.watch.local.now())
		if err != nil {
			return false, err
		}
		data = append(data, own...)
	}
	if last {
		if err := r.due(ctx); err != nil {
			return false, err
		}
	}
	made, minutes := r.filters.take()
	data = append(data, made...)
	next := &lakePosition{Object: r.at.Object, Minutes: minutes, Series: r.flows.series()}
	if n := len(some); n > 0 {
		next.Object = some[n-1].ID
	}
	if next.Object == r.at.Object && len(data) == 0 && reflect.DeepEqual(minutes, r.at.Minutes) {
		return last, nil
	}
	text, err := json.Marshal(next)
	if err != nil {
		return false, err
	}
	if err := r.watch.metrics.Commit(ctx, lakeReader, text, data); err != nil {
		return false, err
	}
	r.at = next
	return last, nil
}

// evaluate evaluates the filters of all groups on the records of objects.
func (r *lakeMetrics) evaluate(ctx context.Context, part objectsPart) error {
	for _, group := range r.filters.groups() {
		f := r.filters.compiled[group]
		for e, err := range r.groups.read(ctx, part.request(group)) {
			if errors.Is(err, logstore.ErrNoGroup) { // it is the store's, or has its name no more
				break
			}
			if err != nil {
				return err
			}
			f.Add(e.Timestamp, e.Message, part.backfilled)
		}
	}
	return nil
}

// due adds default values.
func (r *lakeMetrics) due(ctx context.Context) error {
	now := r.watch.local.now()
	for _, group := range r.filters.groups() {
		late, err := r.watch.lateness(ctx, group)
		if err != nil {
			return err
		}
		r.filters.compiled[group].Due(now.Add(-late).UnixMilli(), now.Sub(r.backfilled) >= backfillQuiet)
	}
	return nil
}

// arrivedObjects returns objects behind one, up to another, with some records at most or one object, and says whether there are no more
// up to that.
func arrivedObjects(ctx context.Context, l *lake.Lake, after, to, most int64) (some []lake.Arrived, last bool, err error) {
	some, err = l.Arrivals(ctx, after, objectsAtOnce)
	if err != nil {
		return nil, false, err
	}
	last = len(some) < objectsAtOnce
	records := int64(0)
	for i, o := range some {
		if o.ID > to {
			return some[:i], true, nil
		}
		if records += o.Records; i > 0 && records > most {
			return some[:i], false, nil
		}
	}
	return some, last, nil
}

// objectsPart is objects whose records are all live, or all backfilled.
type objectsPart struct {
	backfilled bool
	urls       []string
	// from and to bound their weir_hour, in seconds since the epoch; to is exclusive.
	from, to int64
}

// someObjects returns the objects that count, in parts.
func someObjects(some []lake.Arrived) []objectsPart {
	parts := map[lake.Arrival]*objectsPart{}
	var out []objectsPart
	for _, o := range some {
		if o.Arrival == lake.Again {
			continue
		}
		p := parts[o.Arrival]
		if p == nil {
			p = &objectsPart{backfilled: o.Arrival == lake.Backfilled, from: o.From, to: o.To}
			parts[o.Arrival] = p
		}
		p.urls = append(p.urls, o.URL)
		p.from, p.to = min(p.from, o.From), max(p.to, o.To)
	}
	for _, a := range []lake.Arrival{lake.Backfilled, lake.Live} {
		if p := parts[a]; p != nil {
			out = append(out, *p)
		}
	}
	return out
}

// where is the condition of the records of the objects. The one on the hour chooses the files.
func (p *objectsPart) where() query.Expr {
	hour := column(flowlog.WeirHour)
	return allOf(
		call(query.Ge, hour, literal(time.Unix(p.from, 0).UTC())), call(query.Lt, hour, literal(time.Unix(p.to, 0).UTC())),
		oneOf(column(flowlog.WeirObject), p.urls),
	)
}

// request asks for the records of the objects as events of a group.
func (p *objectsPart) request(group string) lakeRequest {
	return lakeRequest{
		ReadRequest: logstore.ReadRequest{Group: group},
		where:       func(flowlog.Kind) (query.Expr, error) { return p.where(), nil },
	}
}
