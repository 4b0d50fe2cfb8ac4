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
	late    latenesses
}

// watchReader is a reader that goes on a round at a time.
type watchReader struct {
	name string
	// round counts what is durable when it begins, or a part of it, and makes that durable with the position.
	round func(ctx context.Context) (leftover, error)

	turn  chan struct{} // has room for one: who holds it has the round
	asked atomic.Int64  // how often somebody asked
	// done and live are which of these have all counted, and all that is live; turn guards them.
	done, live int64
}

// leftover is what a round left of what was durable when it began.
type leftover int

const (
	nothingLeft leftover = iota
	// backfilledLeft says that what is left is backfilled.
	backfilledLeft
	someLeft
)

// newWatching returns one. Its readers begin where they were, or, the first time, with what comes from now on.
func newWatching(o watchOptions) *watching {
	w := &watching{watchOptions: o}
	events := &eventMetrics{watch: w, filters: newGroupFilters(o.store, o.log)}
	records := &lakeMetrics{watch: w, groups: o.local.LakeGroups(), filters: newGroupFilters(o.store, o.log), flows: &flowMetrics{}}
	w.add("metrics of log events", events.round)
	w.add("metrics of flow log records", records.round)
	if o.contributors != nil {
		ofEvents := &eventContributors{watch: w, at: contributorPosition{sink: o.contributors, reader: eventsReader}}
		ofRecords := &lakeContributors{watch: w, groups: o.local.LakeGroups(), at: contributorPosition{sink: o.contributors, reader: lakeReader}}
		w.add("contributors of log events", ofEvents.round)
		w.add("contributors of flow log records", ofRecords.round)
	}
	return w
}

func (w *watching) add(name string, round func(context.Context) (leftover, error)) {
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
		err := r.settle(ctx, false)
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
func (w *watching) Settle(ctx context.Context) error { return w.settle(ctx, false) }

// SettleLive is Settle for what is live: a month of logs that is opened keeps nobody waiting who does not look at it.
func (w *watching) SettleLive(ctx context.Context) error { return w.settle(ctx, true) }

func (w *watching) settle(ctx context.Context, live bool) error {
	errs := make([]error, len(w.readers))
	var work sync.WaitGroup
	for i, r := range w.readers {
		work.Go(func() { errs[i] = r.settle(ctx, live) })
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

// settle returns when what was durable before the call, or what of it is live, is counted. Those who wait share rounds.
func (r *watchReader) settle(ctx context.Context, live bool) error {
	asked := r.asked.Add(1)
	for {
		settled, err := r.step(ctx, asked, live)
		if settled || err != nil {
			return err
		}
	}
}

// step has a round where that need be, and reports whether what was asked for then is counted.
func (r *watchReader) step(ctx context.Context, asked int64, live bool) (settled bool, err error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if r.done >= asked || live && r.live >= asked {
		return true, nil
	}
	answers := r.asked.Load()
	left, err := r.round(ctx)
	if err != nil {
		return false, err
	}
	if left == nothingLeft {
		r.done = answers
	}
	if left != someLeft {
		r.live = answers
	}
	return left == nothingLeft || live && left == backfilledLeft, nil
}
