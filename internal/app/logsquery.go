package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/logstore"
	"weir/internal/query"
)

// LogsQuery is a query in the language of Logs Insights.
type LogsQuery struct {
	Text string
	// Groups are the names of log groups; none where the query's SOURCE chooses them.
	Groups []string
	// Start and End bound the events' time, both inclusive, in milliseconds since the epoch.
	Start, End int64
	// Now is the time that the query takes for the present, in milliseconds since the epoch; 0: the clock's.
	Now int64
	// Limit is how many rows there are at most where the query does not say it; 0 means 10,000.
	Limit int64
	// AnyCase finds fields of flow logs in any case. AWS does not.
	AnyCase bool
	// Live leaves out records of the lake that are backfilled: alarms see none.
	Live bool
	// Timeout ends the query; 0: none.
	Timeout time.Duration
}

// LogsQuery runs a query. Errors in its text are [*insights.Error].
func (s *Local) LogsQuery(ctx context.Context, r LogsQuery) (*insights.Result, error) {
	q, err := CheckLogsQuery(r.Text)
	if err != nil {
		return nil, err
	}
	if q.Source != nil && len(r.Groups) > 0 {
		return nil, sourceAndGroups(q)
	}
	if r.Timeout > 0 {
		late := fmt.Errorf("%w: it took longer than %v", query.ErrLimit, r.Timeout)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, r.Timeout, late)
		defer stop()
	}
	result, err := s.runLogsQuery(ctx, q, r)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = context.Cause(ctx)
	}
	return result, err
}

// sourceAndGroups refuses a query that names log groups twice.
func sourceAndGroups(q *insights.Query) error {
	return &insights.Error{Span: q.Source.Span, Message: "SOURCE chooses log groups, and others are named beside the query", Hint: "leave one of both out"}
}

// CheckLogsQuery reads a query and checks it. An error is an [*insights.Error].
func CheckLogsQuery(text string) (*insights.Query, error) {
	q, err := insights.ParseQuery(text)
	if err != nil {
		return nil, err
	}
	return insights.Resolve(q, insights.CheckOptions{})
}

// backfilled returns the URLs of the objects whose records are backfilled, of a time in milliseconds since the epoch, both ends inclusive; none where
// all records are asked for.
func (s *Local) backfilled(ctx context.Context, live bool, start, end int64) ([]string, error) {
	if !live {
		return nil, nil
	}
	return s.lake.Backfilled(ctx, floorSeconds(start), floorSeconds(end)+1)
}

// eachEvent calls do with the events of a log group, of the store or the lake, until it returns false. Records of the objects without are left out.
func (s *Local) eachEvent(ctx context.Context, r logstore.ReadRequest, without []string, do func(lakeEvent) bool) error {
	store, err := s.groupStore(ctx, r.Group)
	if err != nil {
		return err
	}
	if store != nil {
		return storedEventsOf(ctx, store, r, do)
	}
	asked := lakeRequest{ReadRequest: r}
	if len(without) > 0 {
		asked.where = func(flowlog.Kind) (query.Expr, error) {
			return call(query.Not, oneOf(column(flowlog.WeirObject), without)), nil
		}
	}
	for e, err := range s.LakeGroups().read(ctx, asked) {
		if err != nil {
			return err
		}
		if !do(e) {
			break
		}
	}
	return nil
}

// fieldEvents is how many of the newest events are looked at for the fields of a log group.
const fieldEvents = 1000

// LogFields returns the fields of the newest events of a log group.
func (s *Local) LogFields(ctx context.Context, group string) ([]LogField, error) {
	counts := map[string]int{}
	var order []string
	events := 0
	err := s.eachEvent(ctx, logstore.ReadRequest{Group: group, Backward: true}, nil, func(e lakeEvent) bool {
		event := discover.Event{Message: e.Message}
		if e.format.Len() > 0 {
			event.Format = &e.format
		}
		for _, name := range discover.New(&event, discover.Options{}).Names() {
			if counts[name]++; counts[name] == 1 {
				order = append(order, name)
			}
		}
		events++
		return events < fieldEvents
	})
	if err != nil {
		return nil, err
	}
	out := []LogField{}
	if events == 0 {
		return out, nil
	}
	for _, name := range []string{"@timestamp", "@message", "@logStream", "@log", "@ingestionTime"} {
		out = append(out, LogField{name, 100})
	}
	for _, name := range order {
		out = append(out, LogField{name, (100*counts[name] + events/2) / events})
	}
	return out, nil
}
