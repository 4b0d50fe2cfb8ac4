package app

import (
	"context"
	"encoding/gob"
	"slices"

	"weir/internal/insights"
	"weir/internal/logstore"
)

// logMethods adds the methods of log groups.
func logMethods(method func(name string, answer func(ctx context.Context, in *gob.Decoder, out *answerer) error), s LogService) {
	method("log-groups", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(bool) ([]LogGroup, error) { return s.LogGroups(ctx) })
	})
	method("log-streams", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(group string) ([]logstore.Stream, error) { return s.LogStreams(ctx, group) })
	})
	method("name-log-group", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q NameLogGroupRequest) (bool, error) { return true, s.NameLogGroup(ctx, q) })
	})
	method("change-log-group", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(c LogGroupChange) (bool, error) { return true, s.ChangeLogGroup(ctx, c) })
	})
	method("log-events", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q LogEventsRequest) (bool, error) {
			return true, s.LogEvents(ctx, q, func(events []LogEvent) error { return out.send(frame{Events: events}) })
		})
	})
	method("log-fields", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(group string) ([]LogField, error) { return s.LogFields(ctx, group) })
	})
	method("logs-query", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q LogsQuery) (wireResult, error) {
			result, err := s.LogsQuery(ctx, q)
			if err != nil {
				return wireResult{}, err
			}
			for some := range slices.Chunk(result.Rows, eventsAtOnce) {
				if err := out.send(frame{Values: packRows(some)}); err != nil {
					return wireResult{}, err
				}
			}
			return wireResult{result.Columns, result.Ptrs, result.Ptrs != nil, result.Notes, result.Statistics}, nil
		})
	})
}

// LogGroups returns the log groups.
func (r *Remote) LogGroups(ctx context.Context) ([]LogGroup, error) {
	var out []LogGroup
	return out, r.call(ctx, "log-groups", true, &out, nil)
}

// LogStreams returns the streams of a log group.
func (r *Remote) LogStreams(ctx context.Context, group string) ([]logstore.Stream, error) {
	var out []logstore.Stream
	return out, r.call(ctx, "log-streams", group, &out, nil)
}

// NameLogGroup names what a flow log delivered.
func (r *Remote) NameLogGroup(ctx context.Context, q NameLogGroupRequest) error {
	var out bool
	return r.call(ctx, "name-log-group", q, &out, nil)
}

// ChangeLogGroup makes, removes or changes a log group of the store.
func (r *Remote) ChangeLogGroup(ctx context.Context, c LogGroupChange) error {
	var out bool
	return r.call(ctx, "change-log-group", c, &out, nil)
}

// LogFields returns the fields of the events of a log group.
func (r *Remote) LogFields(ctx context.Context, group string) ([]LogField, error) {
	var out []LogField
	err := r.call(ctx, "log-fields", group, &out, nil)
	return orEmpty(out), err
}

// LogEvents gives the events of a log group.
func (r *Remote) LogEvents(ctx context.Context, q LogEventsRequest, do func([]LogEvent) error) error {
	return r.each(ctx, "log-events", q, new(bool), func(f *frame) error {
		if len(f.Events) == 0 {
			return nil
		}
		return do(f.Events)
	})
}

// LogsQuery runs a query in the language of Logs Insights.
func (r *Remote) LogsQuery(ctx context.Context, q LogsQuery) (*insights.Result, error) {
	var out wireResult
	var packed [][]wireValue
	err := r.each(ctx, "logs-query", q, &out, func(f *frame) error {
		packed = append(packed, f.Values...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err := unpackRows(packed, len(out.Columns))
	if err != nil {
		return nil, err
	}
	result := &insights.Result{Columns: out.Columns, Rows: rows, Ptrs: out.Ptrs, Notes: out.Notes, Statistics: out.Statistics}
	if out.HasPtrs && result.Ptrs == nil {
		result.Ptrs = []string{}
	}
	return result, nil
}

// each sends a request, calls do with each frame before the result, and reads that into result. Where do
// fails it ends with its error.
func (r *Remote) each(ctx context.Context, method string, request, result any, do func(*frame) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := r.stream(ctx, method, request)
	if err != nil {
		return err
	}
	defer body.Close()
	dec := gob.NewDecoder(body)
	for {
		var f frame
		if err := dec.Decode(&f); err != nil {
			return lost(ctx, err)
		}
		switch {
		case f.Error != nil:
			return fromWire(f.Error)
		case f.Result:
			return lost(ctx, dec.Decode(result))
		}
		if err := do(&f); err != nil {
			return err
		}
	}
}
