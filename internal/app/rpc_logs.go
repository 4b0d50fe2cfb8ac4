package app

import (
	"context"
	"encoding/gob"

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
	method("log-events", func(ctx context.Context, in *gob.Decoder, out *answerer) error {
		return answer(in, out, func(q LogEventsRequest) (bool, error) {
			return true, s.LogEvents(ctx, q, func(events []LogEvent) error { return out.send(frame{Events: events}) })
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

// LogEvents gives the events of a log group.
func (r *Remote) LogEvents(ctx context.Context, q LogEventsRequest, do func([]LogEvent) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := r.stream(ctx, "log-events", q)
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
			return nil
		case len(f.Events) > 0:
			if err := do(f.Events); err != nil {
				return err
			}
		}
	}
}
