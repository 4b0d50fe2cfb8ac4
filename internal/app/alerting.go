package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"weir/internal/alarm"
	"weir/internal/awsapi/monitoring"
	"weir/internal/contributor"
	"weir/internal/flowlogstore"
	"weir/internal/logstore"
	"weir/internal/metricmath"
	"weir/internal/metricstore"
	"weir/internal/notify"
	"weir/internal/notify/awssns"
)

// alerting is what watches: metrics and contributors of log events, alarms on them, and messages
// (docs/decisions/0036-how-watching-counts-once.md).
type alerting struct {
	metrics      *metricstore.Store
	contributors *contributor.Store
	alarms       *alarm.Store
	topics       *notify.Store
	watch        *watching
	delivery     *deliveryWatch
	source       *alarmSource
	actions      *alarmActions
	log          *slog.Logger
	closes       []func() error
}

// openAlerting opens it. Nothing is counted, judged or sent before run.
func openAlerting(ctx context.Context, s *Local, store *logstore.Store, flows *flowlogstore.Store, o ServeOptions) (_ *alerting, err error) {
	w := &alerting{log: o.Log}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	data := s.lake.Data()
	if w.metrics, err = metricstore.Open(ctx, data, metricstore.Options{Now: s.now, Log: o.Log}); err != nil {
		return nil, err
	}
	w.closes = append(w.closes, w.metrics.Close)
	owners := contributorOwners(data)
	if w.contributors, err = contributor.Open(ctx, data, contributor.Options{
		Account: s.account, Region: s.region, LogFormats: logFormats(store), Owners: owners, Names: s.names.ofAddresses, Now: s.now,
	}); err != nil {
		return nil, err
	}
	w.closes = append(w.closes, w.contributors.Close)
	if w.alarms, err = alarm.Open(ctx, data, alarm.Options{Account: s.account, Region: s.region, Now: s.now, Log: o.Log}); err != nil {
		return nil, err
	}
	w.closes = append(w.closes, w.alarms.Close)
	options := o.Notify
	options.Account, options.Region, options.Now, options.Log = s.account, s.region, s.now, o.Log
	if w.topics, err = notify.Open(ctx, data, options); err != nil {
		return nil, err
	}
	w.closes = append(w.closes, w.topics.Close)
	w.watch = newWatching(watchOptions{local: s, store: store, metrics: w.metrics, contributors: w.contributors, log: o.Log})
	w.delivery = &deliveryWatch{s: s, flows: flows, metrics: w.metrics, silence: &silenceWatch{s: s, store: store, metrics: w.metrics}}
	behind := &alarmEvidence{s: s, store: store, alarms: w.alarms, contributors: w.contributors, owners: owners, names: s.names.ofAddresses, delivery: w.delivery}
	w.source = &alarmSource{
		s: s, reader: w.watch, ruleGroups: behind.ruleGroups,
		values: metricmath.Stored{Points: w.metrics, Rules: monitoring.RuleMetrics{Reports: w.contributors, Live: true}, Live: true},
	}
	w.actions = &alarmActions{alarms: w.alarms, topics: w.topics, source: w.source, account: s.account, region: s.region, log: o.Log, evidence: behind.of}
	return w, nil
}

// logFormats returns the LogFormats of those log groups that have the records of a flow log.
func logFormats(store *logstore.Store) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		groups, err := store.Groups(ctx)
		out := map[string]string{}
		for i := range groups {
			if f := groups[i].Format; f != "" {
				out[groups[i].Name] = f
			}
		}
		return out, err
	}
}

// contributorOwners returns what tells whose addresses are whose by the network's versions of a data directory.
func contributorOwners(data string) func(context.Context) (contributor.Owners, error) {
	owners := newOwners(data)
	return func(ctx context.Context) (contributor.Owners, error) {
		told, err := owners.get(ctx)
		if told == nil || err != nil {
			return nil, err // not an interface of a nil
		}
		return told, nil
	}
}

// close closes the stores, the newest first. What was not committed is counted again.
func (w *alerting) close() {
	var errs []error
	for _, f := range slices.Backward(w.closes) {
		errs = append(errs, f())
	}
	if err := errors.Join(errs...); err != nil {
		w.log.Error("what watches was not closed well", "error", err)
	}
}

// AWSTopics publishes to topics of AWS with the credentials that AWS's tools find.
func AWSTopics(ctx context.Context) (notify.Publisher, error) { return awssns.Open(ctx) }

// tidyMetricsEvery is how often metrics and contributors are rolled up and removed.
const tidyMetricsEvery = 5 * time.Minute

// run counts, judges and sends until ctx ends.
func (w *alerting) run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { w.watch.run(ctx) })
	work.Go(func() { w.ended("alarms are evaluated", w.alarms.Run(ctx, w.source)) })
	work.Go(func() { w.actions.run(ctx) })
	work.Go(func() { w.ended("messages are delivered", w.topics.Run(ctx)) })
	work.Go(func() { w.tidy(ctx) })
	work.Go(func() { w.delivery.run(ctx, w.ended) })
	work.Wait()
}

// ended says in the log what ended a part of the work, or one turn of it, early.
func (w *alerting) ended(work string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		w.log.Error("what watches is not all done", "work", work, "error", err)
	}
}

// tidy rolls metrics and contributors up, and removes those that are too old.
func (w *alerting) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyMetricsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		w.ended("metrics and contributors are tidied", errors.Join(w.metrics.Tidy(ctx), w.contributors.Tidy(ctx)))
	}
}
