package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"weir/internal/awsapi/logs"
	"weir/internal/deliver"
	"weir/internal/logstore"
	"weir/internal/subscription"
)

// Sinks are where a server delivers to, by name.
type Sinks map[string]deliver.Sink

// Has reports whether there is a sink of a name.
func (s Sinks) Has(name string) bool { return s[name] != nil }

// subscriptions delivers the events of log groups that subscription filters choose to sinks. Each filter has
// a cursor in the store: the time at which the events came that were delivered last. Where a server was not
// running, where a sink could not be reached, or where events came faster than they could be delivered, the
// events that came since are read again from the store; so each is delivered at least once, as AWS does it, as long
// as its group keeps it.
type subscriptions struct {
	store   *logstore.Store
	sinks   Sinks
	account string
	log     *slog.Logger
}

// cursorKind is the kind of the documents that say how far filters are.
const cursorKind = "subscription-cursor"

// filtersEvery is how often filters are looked for that were made or removed.
const filtersEvery = 2 * time.Second

// run delivers until ctx ends.
func (d *subscriptions) run(ctx context.Context) {
	running := map[string]context.CancelFunc{}
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(filtersEvery)
	defer tick.Stop()
	for {
		filters, err := logs.Subscriptions(ctx, d.store)
		if err != nil && ctx.Err() == nil {
			d.log.Error("subscription filters can't be read", "error", err)
		}
		seen := map[string]bool{}
		for _, f := range filters {
			key := f.Group + "\x00" + f.Name + "\x00" + f.Sink + "\x00" + f.Pattern.String()
			seen[key] = true
			if running[key] != nil || d.sinks[f.Sink] == nil {
				continue
			}
			one, stop := context.WithCancel(ctx)
			running[key] = stop
			wg.Go(func() { d.follow(one, &f) })
		}
		for key, stop := range running {
			if err == nil && !seen[key] {
				stop()
				delete(running, key)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			for _, stop := range running {
				stop()
			}
			return
		}
	}
}

// follow delivers what a filter chooses until ctx ends.
func (d *subscriptions) follow(ctx context.Context, f *logs.Subscription) {
	log := d.log.With("log_group", f.Group, "filter", f.Name, "sink", f.Sink)
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := d.deliver(ctx, f, func() { wait = firstWait })
		if ctx.Err() != nil || errors.Is(err, logstore.ErrNoGroup) || errors.Is(err, logstore.ErrClosed) {
			return
		}
		if err != nil {
			log.Error("a subscription filter can't deliver, which is tried again", "error", err, "next_try_in", wait)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

const (
	firstWait   = time.Second
	longestWait = time.Minute
)

// deliverEvents is how many events are chosen before they are delivered.
const deliverEvents = 10_000

// deliver delivers what came since the filter's cursor, and then what comes. good is called after each
// delivery. It ends with an error, or, without one, where events were missed and must be read again.
func (d *subscriptions) deliver(ctx context.Context, f *logs.Subscription, good func()) error {
	feed := d.store.Follow(f.Group)
	defer feed.Close()
	since, err := d.cursor(ctx, f)
	if err != nil {
		return err
	}
	var chosen []logstore.Event
	newest := since
	send := func() error {
		if len(chosen) > 0 {
			if err := d.send(ctx, f, chosen); err != nil {
				return err
			}
			good()
		}
		chosen = chosen[:0]
		return nil
	}
	// An event's time is at most 14 days before it comes.
	from := time.UnixMilli(since).AddDate(0, 0, -15).UnixMilli()
	for e, err := range d.store.Read(ctx, logstore.ReadRequest{Group: f.Group, From: max(from, 0)}) {
		if err != nil {
			return err
		}
		if e.Ingestion < since { // others may have come in the same millisecond
			continue
		}
		newest = max(newest, e.Ingestion)
		if !f.Pattern.Matches(e.Message) {
			continue
		}
		if chosen = append(chosen, e); len(chosen) >= deliverEvents {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := send(); err != nil {
		return err
	}
	for {
		if err := d.setCursor(ctx, f, newest); err != nil {
			return err
		}
		events, missed, err := feed.Next(ctx)
		if err != nil || missed > 0 {
			return err
		}
		for _, e := range events {
			newest = max(newest, e.Ingestion)
			if f.Pattern.Matches(e.Message) {
				chosen = append(chosen, e)
			}
		}
		if err := send(); err != nil {
			return err
		}
	}
}

// send sends events to the filter's sink, a document for each stream at least.
func (d *subscriptions) send(ctx context.Context, f *logs.Subscription, events []logstore.Event) error {
	sink := d.sinks[f.Sink]
	slices.SortStableFunc(events, func(a, b logstore.Event) int { return cmp.Compare(a.Stream, b.Stream) })
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Stream == events[0].Stream {
			n++
		}
		of := make([]subscription.Event, n)
		for i := range of {
			of[i] = subscription.Event{ID: events[i].ID(), Timestamp: events[i].Timestamp, Message: events[i].Message}
			if values, _ := f.Pattern.Match(events[i].Message); len(values) > 0 {
				of[i].Fields = map[string]string{}
				for _, v := range values {
					of[i].Fields[v.Name[1:]] = v.Value // without "$"
				}
			}
		}
		payloads, dropped, err := subscription.Pack(subscription.Header{
			Owner: d.account, LogGroup: f.Group, LogStream: events[0].Stream, Filters: []string{f.Name},
		}, of)
		if err != nil {
			return err
		}
		if dropped > 0 {
			d.log.Warn("events are too large for a sink", "log_group", f.Group, "filter", f.Name, "events", dropped)
		}
		for _, p := range payloads {
			if err := sink.Send(ctx, p); err != nil {
				return err
			}
		}
		events = events[n:]
	}
	return nil
}

// cursor returns when the events came that were delivered last: a new filter begins when it is made.
func (d *subscriptions) cursor(ctx context.Context, f *logs.Subscription) (int64, error) {
	doc, err := d.store.Document(ctx, cursorKind, f.Group, f.Name)
	if errors.Is(err, logstore.ErrNoDocument) {
		return f.Created, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := strconv.ParseInt(string(doc.Body), 10, 64)
	// A filter that was removed and made again begins anew.
	return max(at, f.Created), err
}

func (d *subscriptions) setCursor(ctx context.Context, f *logs.Subscription, at int64) error {
	_, err := d.store.PutDocument(ctx, logstore.Document{Kind: cursorKind, Group: f.Group, Name: f.Name, Body: strconv.AppendInt(nil, at, 10)})
	return err
}
