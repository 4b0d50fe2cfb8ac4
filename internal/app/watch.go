package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/logstore"
	"weir/internal/metricstore"
)

// watchEvery is how often events are counted where nobody asks.
const watchEvery = time.Second

// metricSink keeps what events add to metrics with the position up to which they were read: both or none.
type metricSink interface {
	Position(ctx context.Context, reader string) ([]byte, error)
	Commit(ctx context.Context, reader string, position []byte, data []metricstore.Datum) error
}

// watchOptions says what a watch reads and where it counts.
type watchOptions struct {
	local   *Local
	store   *logstore.Store
	metrics metricSink
	// contributors is nil where nobody counts them.
	contributors contributorSink
	log          *slog.Logger
}

// watching counts log events and records of the lake once: by metric filters, in weir's own metrics and by the rules of contributors. Each
// of its readers has a position that lies in the database in which it counts, and reads on from there after a crash
// (docs/decisions/0036-how-watching-counts-once.md).
type watching struct {
	watchOptions
	readers []*watchReader
}

// watchReader is a reader that goes on a round at a time.
type watchReader struct {
	name string
	// round counts all that is durable when it begins, and makes that durable with the position.
	round func(ctx context.Context) error

	turn  chan struct{} // has room for one: who holds it has the round
	asked atomic.Int64  // how often a round was asked for
	done  int64         // which of these are answered; turn guards it
}

// newWatching returns one. Its readers begin where they were, or, the first time, with what comes from now on.
func newWatching(o watchOptions) *watching {
	w := &watching{watchOptions: o}
	events := &eventMetrics{watch: w, filters: newGroupFilters(o.store, o.log)}
	records := &lakeMetrics{watch: w, groups: o.local.LakeGroups(), filters: newGroupFilters(o.store, o.log), flows: newFlowMetrics()}
	w.add("metrics of log events", events.round)
	w.add("metrics of flow log records", records.round)
	if o.contributors != nil {
		w.add("contributors of log events", (&eventContributors{watch: w}).round)
		w.add("contributors of flow log records", (&lakeContributors{watch: w, groups: o.local.LakeGroups()}).round)
	}
	return w
}

func (w *watching) add(name string, round func(context.Context) error) {
	w.readers = append(w.readers, &watchReader{name: name, round: round, turn: make(chan struct{}, 1)})
}

// run counts until ctx ends. What fails is tried again; what stays so is said once.
func (w *watching) run(ctx context.Context) {
	var work sync.WaitGroup
	for _, r := range w.readers {
		work.Go(func() { w.follow(ctx, r) })
	}
	work.Wait()
}

func (w *watching) follow(ctx context.Context, r *watchReader) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	failed := ""
	for {
		err := r.settle(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failed = ""
		case err.Error() != failed:
			failed = err.Error()
			w.log.Error("what is watched can't be counted, which is tried again", "reader", r.name, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Settle returns when all that was durable before the call has been counted, and that is durable too.
func (w *watching) Settle(ctx context.Context) error {
	errs := make([]error, len(w.readers))
	var work sync.WaitGroup
	for i, r := range w.readers {
		work.Go(func() { errs[i] = r.settle(ctx) })
	}
	work.Wait()
	return errors.Join(errs...)
}

// settle is Settle where somebody counts.
func (s *Local) settle(ctx context.Context) error {
	if s.watching == nil {
		return nil
	}
	return s.watching.Settle(ctx)
}

// settle returns when a round ended well that began after the call. Those who wait share one.
func (r *watchReader) settle(ctx context.Context) error {
	asked := r.asked.Add(1)
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.done >= asked {
		return nil
	}
	answers := r.asked.Load()
	if err := r.round(ctx); err != nil {
		return err
	}
	r.done = answers
	return nil
}
