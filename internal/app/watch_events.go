package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"weir/internal/logstore"
	"weir/internal/metricfilter"
)

// putsAtOnce bounds how many Puts are counted in one commit: those of a backlog.
const putsAtOnce = 256

// eventsReader is the name of the position of eventMetrics.
const eventsReader = "log-events"

// eventMetrics evaluates metric filters on the events of the store's log groups.
type eventMetrics struct {
	watch   *watching
	filters *groupFilters
	at      *eventsPosition // nil: it must be read
}

// eventsPosition is how far events were counted.
type eventsPosition struct {
	// Put is the number of the last Put that was counted.
	Put int64 `json:"put"`
	// Minutes is the state of filters, by group.
	Minutes map[string]metricfilter.State `json:"minutes,omitempty"`
}

// begin reads the position, where that need be. The first time it is what is durable now: filters count what comes.
func (r *eventMetrics) begin(ctx context.Context) error {
	if r.at != nil {
		return nil
	}
	text, err := r.watch.metrics.Position(ctx, eventsReader)
	if err != nil {
		return err
	}
	at := &eventsPosition{}
	if text == nil {
		at.Put = r.watch.store.Settled()
		if text, err = json.Marshal(at); err != nil {
			return err
		}
		if err := r.watch.metrics.Commit(ctx, eventsReader, text, nil); err != nil {
			return err
		}
	} else if err := json.Unmarshal(text, at); err != nil {
		return fmt.Errorf("the position of the reader of log events is damaged: %w", err)
	}
	if settled := r.watch.store.Settled(); at.Put > settled {
		r.watch.log.Warn("the log groups are an older copy than the metrics: what was put between them and now is not counted again")
		at.Put = settled
	}
	r.at = at
	r.filters.begin(at.Minutes)
	return nil
}

// round counts what is durable.
func (r *eventMetrics) round(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	// Before the filters are read: an event that came after a filter was put is evaluated by it.
	to := r.watch.store.Settled()
	if err := r.filters.load(ctx); err != nil {
		return err
	}
	for {
		next := to
		if len(r.filters.groups()) > 0 {
			next = min(to, r.at.Put+putsAtOnce)
		}
		if err := r.count(ctx, next, next == to); err != nil {
			r.at = nil // what was counted and not committed is counted anew
			return err
		}
		if next == to {
			return r.filters.disable(ctx)
		}
	}
}

// count counts events up to a Put. last says that no more are known.
func (r *eventMetrics) count(ctx context.Context, to int64, last bool) error {
	now := r.watch.local.now().UnixMilli()
	for _, group := range r.filters.groups() {
		f := r.filters.compiled[group]
		if to > r.at.Put {
			for e, err := range r.watch.store.ReadPuts(ctx, group, r.at.Put, to) {
				if errors.Is(err, logstore.ErrNoGroup) { // it is the lake's, or was deleted
					break
				}
				if err != nil {
					return err
				}
				f.Add(e.Timestamp, e.Message, false)
			}
		}
		if !last {
			continue
		}
		late, err := r.watch.lateness(ctx, group)
		if err != nil {
			return err
		}
		f.Due(now-late.Milliseconds(), true)
	}
	data, minutes := r.filters.take()
	if to == r.at.Put && len(data) == 0 && reflect.DeepEqual(minutes, r.at.Minutes) {
		return nil
	}
	next := &eventsPosition{Put: to, Minutes: minutes}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := r.watch.metrics.Commit(ctx, eventsReader, text, data); err != nil {
		return err
	}
	r.at = next
	return nil
}
