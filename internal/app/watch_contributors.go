package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"weir/flowlog"
	"weir/internal/contributor"
	"weir/internal/logstore"
)

// contributorSink counts events by its rules, with the position up to which they were read.
type contributorSink interface {
	Rules(ctx context.Context) ([]contributor.Described, error)
	Position(ctx context.Context, reader string) ([]byte, error)
	Add(ctx context.Context, reader string, position []byte, batches []contributor.Batch) error
	Commit(ctx context.Context) error
}

// contributorPosition is a position of a reader of contributors: a number. What was added counts, also before it is committed, so it is read
// once.
type contributorPosition struct {
	sink   contributorSink
	reader string
	known  bool
	at     int64
	dirty  bool // it was added and is not committed
}

// begin reads the position, where that need be. The first time it is what first says.
func (p *contributorPosition) begin(ctx context.Context, first func() (int64, error)) error {
	if p.known {
		return nil
	}
	text, err := p.sink.Position(ctx, p.reader)
	if err != nil {
		return err
	}
	if text != nil {
		if p.at, err = strconv.ParseInt(string(text), 10, 64); err != nil {
			return fmt.Errorf("the position of the reader %s is damaged: %w", p.reader, err)
		}
		p.known = true
		return nil
	}
	at, err := first()
	if err != nil {
		return err
	}
	if err := p.add(ctx, at, nil); err != nil {
		return err
	}
	p.known = true
	return nil
}

// add adds events with the position behind them.
func (p *contributorPosition) add(ctx context.Context, at int64, batches []contributor.Batch) error {
	if p.known && at == p.at && len(batches) == 0 {
		return nil
	}
	if err := p.sink.Add(ctx, p.reader, strconv.AppendInt(nil, at, 10), batches); err != nil {
		return err
	}
	p.at, p.dirty = at, true
	return nil
}

// commit makes durable what was added.
func (p *contributorPosition) commit(ctx context.Context) error {
	if !p.dirty {
		return nil
	}
	if err := p.sink.Commit(ctx); err != nil {
		return err
	}
	p.dirty = false
	return nil
}

// watchedBy returns those groups that a rule counts. One that is disabled now counts what came while it was not.
func watchedBy(rules []contributor.Described, groups []string) []string {
	return slices.DeleteFunc(slices.Clone(groups), func(group string) bool {
		return !slices.ContainsFunc(rules, func(d contributor.Described) bool {
			return d.Rule != nil && d.Rule.Matches(group)
		})
	})
}

// eventContributors counts the contributors of the events of the store's log groups.
type eventContributors struct {
	watch *watching
	at    contributorPosition
}

// round counts what is durable.
func (r *eventContributors) round(ctx context.Context) (leftover, error) {
	store := r.watch.store
	if err := r.at.begin(ctx, func() (int64, error) { return store.Settled(), nil }); err != nil {
		return someLeft, err
	}
	to := store.Settled() // before the rules are read
	rules, err := r.watch.contributors.Rules(ctx)
	if err != nil {
		return someLeft, err
	}
	if r.at.at > to {
		r.watch.log.Warn("the log groups are an older copy than the contributors: what was put between them and now is not counted again")
		r.at.at = to
	}
	all, err := store.Groups(ctx)
	if err != nil {
		return someLeft, err
	}
	formats := map[string]string{}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
		formats[all[i].Name] = all[i].Format
	}
	watched := watchedBy(rules, names)
	for r.at.at < to {
		next := to
		if len(watched) > 0 {
			next = min(to, r.at.at+putsAtOnce)
		}
		var batches []contributor.Batch
		for _, group := range watched {
			b := contributor.Batch{Group: group, Format: formats[group]}
			for e, err := range store.ReadPuts(ctx, group, r.at.at, next) {
				if errors.Is(err, logstore.ErrNoGroup) { // deleted meanwhile
					break
				}
				if err != nil {
					return someLeft, err
				}
				b.Events = append(b.Events, contributor.Event{Timestamp: e.Timestamp, Ingestion: e.Ingestion, Message: e.Message})
			}
			if len(b.Events) > 0 {
				batches = append(batches, b)
			}
		}
		if err := r.at.add(ctx, next, batches); err != nil {
			return someLeft, err
		}
	}
	return nothingLeft, r.at.commit(ctx)
}

// lakeContributors counts the contributors of the records of the lake's log groups.
type lakeContributors struct {
	watch  *watching
	groups *LakeGroups
	at     contributorPosition
}

// contributorRecords bounds what of the lake's records is in memory at once: those of an object, or of some.
const contributorRecords = 100_000

// round counts some of the objects that the lake has for good.
func (r *lakeContributors) round(ctx context.Context) (leftover, error) {
	l := r.watch.local.lake
	if err := r.at.begin(ctx, func() (int64, error) { return l.LastTaken(ctx) }); err != nil {
		return someLeft, err
	}
	to, err := l.LastTaken(ctx) // before the rules are read
	if err != nil {
		return someLeft, err
	}
	rules, err := r.watch.contributors.Rules(ctx)
	if err != nil {
		return someLeft, err
	}
	all, err := r.groups.All()
	if err != nil {
		return someLeft, err
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	watched := watchedBy(rules, names)
	if len(watched) == 0 {
		if err := r.at.add(ctx, max(to, r.at.at), nil); err != nil {
			return someLeft, err
		}
		return nothingLeft, r.at.commit(ctx)
	}
	some, last, err := arrivedObjects(ctx, l, r.at.at, to, contributorRecords)
	if err != nil {
		return someLeft, err
	}
	var batches []contributor.Batch
	for _, part := range someObjects(some) {
		for _, group := range watched {
			of, err := r.batches(ctx, part, group)
			if err != nil {
				return someLeft, err
			}
			batches = append(batches, of...)
		}
	}
	if n := len(some); n > 0 {
		if err := r.at.add(ctx, some[n-1].ID, batches); err != nil {
			return someLeft, err
		}
	}
	if err := r.at.commit(ctx); err != nil {
		return someLeft, err
	}
	return leftOf(ctx, l, last, r.at.at, to)
}

// batches returns the records of objects as events of a group: those of one format after another.
func (r *lakeContributors) batches(ctx context.Context, part objectsPart, group string) ([]contributor.Batch, error) {
	var out []contributor.Batch
	var last flowlog.Format
	for e, err := range r.groups.read(ctx, part.request(group)) {
		if errors.Is(err, logstore.ErrNoGroup) { // it lost its name meanwhile
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if len(out) == 0 || !e.format.Equal(last) {
			last = e.format
			out = append(out, contributor.Batch{Group: group, Format: last.String(), Backfilled: part.backfilled})
		}
		b := &out[len(out)-1]
		// The ledger has whole seconds: what came in the second in which a rule was put counts.
		b.Events = append(b.Events, contributor.Event{Timestamp: e.Timestamp, Ingestion: e.Ingestion + 999, Message: e.Message})
	}
	return out, nil
}
