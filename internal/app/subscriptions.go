package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
// a cursor in the store: a time before which all events came that were delivered. Where a server was not
// running, where a sink could not be reached, or where events came faster than they could be delivered, the
// events that came since are read again from the store; so each is delivered at least once, as AWS does it, as long
// as its group keeps it.
type subscriptions struct {
	store   *logstore.Store
	sinks   Sinks
	account string
	log     *slog.Logger
	now     func() time.Time
	// every is how often filters are looked for that were made or removed, and cursors are moved on.
	every time.Duration
}

// cursorKind is the kind of the documents that say how far filters are.
const cursorKind = "subscription-cursor"

const (
	filtersEvery = 2 * time.Second
	// putTime is how long a Put may take: its events have the time at which it began, and come when they are
	// durable, perhaps behind others of a later time.
	putTime = 30 * time.Second
)

// run delivers until ctx ends.
func (d *subscriptions) run(ctx context.Context) {
	running := map[string]func(){} // what ends them
	defer func() {
		for _, stop := range running {
			stop()
		}
	}()
	tick := time.NewTicker(d.every)
	defer tick.Stop()
	failed := ""
	for {
		filters, err := logs.Subscriptions(ctx, d.store)
		switch {
		case err == nil:
			failed = ""
			d.change(ctx, running, filters)
		case ctx.Err() == nil && err.Error() != failed: // what stays so is said once
			failed = err.Error()
			d.log.Error("subscription filters can't be read", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// change ends what is no filter any more, and then begins with filters that are new or were changed.
func (d *subscriptions) change(ctx context.Context, running map[string]func(), filters []logs.Subscription) {
	wanted := map[string]*logs.Subscription{}
	for i := range filters {
		f := &filters[i]
		wanted[fmt.Sprintf("%s\x00%s\x00%s\x00%d\x00%s", f.Group, f.Name, f.Sink, f.Created, f.Pattern)] = f
	}
	for key, stop := range running {
		if wanted[key] == nil {
			stop()
			delete(running, key)
		}
	}
	for key, f := range wanted {
		switch {
		case running[key] != nil:
		case d.sinks[f.Sink] == nil:
			running[key] = func() {}
			d.log.Warn("a subscription filter delivers nothing: the server has no sink of this name", "log_group", f.Group, "filter", f.Name,
				"sink", f.Sink, "hint", "weir serve --sink "+f.Sink+"=TARGET")
		default:
			running[key] = d.begin(ctx, f)
		}
	}
}

// begin follows a filter in the background, and returns what ends that and waits for its end.
func (d *subscriptions) begin(ctx context.Context, f *logs.Subscription) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { d.follow(ctx, f) })
	return func() {
		cancel()
		done.Wait()
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
	began := d.now()
	feed := d.store.Follow(f.Group)
	defer feed.Close()
	since, err := d.cursor(ctx, f)
	if err != nil {
		return err
	}
	newest, err := d.catchUp(ctx, f, since, good)
	if err != nil {
		return err
	}
	for {
		// What was durable when the feed was asked is delivered.
		if at := began.Add(-putTime).UnixMilli(); since <= newest && at > since {
			if err := d.setCursor(ctx, f, at); err != nil {
				return err
			}
			since = at
		}
		began = d.now()
		events, missed, err := d.next(ctx, feed)
		if err != nil || missed > 0 {
			return err
		}
		var chosen []logstore.Event
		for _, e := range events {
			newest = max(newest, e.Ingestion)
			if f.Pattern.Matches(e.Message) {
				chosen = append(chosen, e)
			}
		}
		if err := d.send(ctx, f, chosen, good); err != nil {
			return err
		}
	}
}

// next is the feed's Next, but that it returns without events where none comes for a while.
func (d *subscriptions) next(ctx context.Context, feed *logstore.Feed) ([]logstore.Event, int64, error) {
	some, cancel := context.WithTimeout(ctx, d.every)
	defer cancel()
	events, missed, err := feed.Next(some)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil
	}
	return events, missed, err
}

// catchUp delivers the events that the store has and that came at a time or later, and returns when the last of
// them came.
func (d *subscriptions) catchUp(ctx context.Context, f *logs.Subscription, since int64, good func()) (newest int64, err error) {
	var chosen []logstore.Event
	// An event's time is at most 14 days before it comes.
	from := time.UnixMilli(since).AddDate(0, 0, -15).UnixMilli()
	for e, err := range d.store.Read(ctx, logstore.ReadRequest{Group: f.Group, From: max(from, 0), Ingested: since}) {
		if err != nil {
			return 0, err
		}
		newest = max(newest, e.Ingestion)
		if !f.Pattern.Matches(e.Message) {
			continue
		}
		if chosen = append(chosen, e); len(chosen) >= deliverEvents {
			if err := d.send(ctx, f, chosen, good); err != nil {
				return 0, err
			}
			chosen = chosen[:0]
		}
	}
	return newest, d.send(ctx, f, chosen, good)
}

// send sends events to the filter's sink, a document for each stream at least, and calls good where there are any.
func (d *subscriptions) send(ctx context.Context, f *logs.Subscription, events []logstore.Event, good func()) error {
	if len(events) == 0 {
		return nil
	}
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
	good()
	return nil
}

// cursor returns the time before which all events came that were delivered: a new filter begins when it is made.
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
