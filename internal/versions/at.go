package versions

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"weir/internal/cloudtrail"
	"weir/internal/netmodel"
)

// State says how much imports tell of a place at a time.
type State string

// The states.
const (
	// StateImported: an import is of that very time.
	StateImported State = "imported"
	// StateUnchanged: the imports before and after it found the same.
	StateUnchanged State = "unchanged"
	// StateLatest: the last import was before it. What events say of the time since is known.
	StateLatest State = "latest"
	// StateDated: something changed between the imports before and after it, and CloudTrail's
	// events say when and how all of it did.
	StateDated State = "dated"
	// StateChanged: the next import found another version, or events say that something changed,
	// and nobody knows how all of it was.
	StateChanged State = "changed"
	// StateLed: it lies before the first import, and CloudTrail's files reach from it to there:
	// events lead back from what that import found to how all was.
	StateLed State = "led back"
	// StateAssumed: it lies before the first import, whose version is taken for it.
	StateAssumed State = "assumed unchanged"
)

// Definition is what was in force at a time. Its Problems are documents that this weir does not
// understand, which another one kept.
type Definition struct {
	netmodel.Loaded
	At time.Time
	// InForce are the versions that it is of, in the order of accounts and regions.
	InForce []InForce

	ids      []map[string]bool   // of each of InForce
	networks []*netmodel.Network // of each of InForce, alone
}

// InForce is the version of a place at a time.
type InForce struct {
	Version
	State State `json:"state"`
	// Next is the version that the next import found, where it is another one, and Changed
	// the ids of what differs between both, or what events say to have changed, and of which
	// nobody knows how it was at the time in question: as in either version, or something else.
	// Before the first import, events say that it was otherwise once. ENIs that no import has
	// are there too, and instances of which no import has ENIs.
	Next    *Version `json:"next,omitempty"`
	Changed []string `json:"changed,omitempty"`
	// Moments are the changes that events date between the imports before and after, of things
	// that are not in Changed, in the order of their times: those not after the time in
	// question are in the definition. Before the first import they are those after the time in
	// question, which are not in it.
	Moments []Moment `json:"moments,omitempty"`
}

// At returns the definition that was in force at a time: of each account and region the
// newest version that is not of a later time, else the first. It fails with ErrNone where
// there is no version.
func (s *Store) At(ctx context.Context, t time.Time) (Definition, error) {
	var d Definition
	err := s.read(ctx, func(tx *sql.Tx) error {
		var err error
		d, err = definitionAt(ctx, tx, t)
		return err
	})
	return d, err
}

// Holding returns those of the versions in force that have one of the things with these ids.
func (d *Definition) Holding(ids ...string) []InForce {
	var out []InForce
	for i, v := range d.InForce {
		if slices.ContainsFunc(ids, func(id string) bool { return d.ids[i][id] }) {
			out = append(out, v)
		}
	}
	return out
}

// Of returns the definition of one account and region alone; nil where there is none.
func (d *Definition) Of(p netmodel.Place) *netmodel.Network {
	for i := range d.InForce {
		if d.InForce[i].Place == p {
			return d.networks[i]
		}
	}
	return nil
}

func definitionAt(ctx context.Context, q querier, t time.Time) (Definition, error) {
	d := Definition{At: t.UTC()}
	places, err := placesOf(ctx, q)
	if err != nil {
		return d, err
	}
	if len(places) == 0 {
		return d, ErrNone
	}
	var parts []netmodel.Part
	var edits []func(*netmodel.Network)
	for _, p := range places {
		a, err := aroundTime(ctx, q, p, t)
		if err != nil {
			return d, err
		}
		f, err := inForce(ctx, q, &a, t)
		if err != nil {
			return d, err
		}
		d.InForce, d.ids, d.networks = append(d.InForce, f.InForce), append(d.ids, f.ids), append(d.networks, f.network)
		parts, edits = append(parts, f.part), append(edits, f.edits...)
	}
	order := make([]int, len(parts)) // what was seen last says how shared things are
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return d.InForce[b].Since.Compare(d.InForce[a].Since) })
	ordered := make([]netmodel.Part, 0, len(parts))
	for _, i := range order {
		ordered = append(ordered, parts[i])
	}
	docs, err := netmodel.Combine(ordered)
	if err != nil {
		return d, err
	}
	if d.Loaded, err = netmodel.LoadDocuments(docs); err != nil {
		return d, err
	}
	for _, edit := range edits {
		edit(d.Network)
	}
	return d, nil
}

// forced is what is in force of a place.
type forced struct {
	InForce
	part    netmodel.Part // of the version
	network *netmodel.Network
	ids     map[string]bool
	// edits make what was in force of what the version has.
	edits []func(*netmodel.Network)
}

// inForce returns what of a place was in force at a time.
func inForce(ctx context.Context, q querier, a *around, t time.Time) (forced, error) {
	var out forced
	switch {
	case a.before == nil:
		out.Version, out.State = *a.after, StateAssumed
	case a.exact:
		out.Version, out.State = *a.before, StateImported
	case a.after == nil:
		out.Version, out.State = *a.before, StateLatest
	default:
		out.Version, out.State = *a.before, StateUnchanged
	}
	var err error
	if out.part, err = documents(ctx, q, out.Version); err != nil {
		return out, err
	}
	if out.network, err = loadPart(out.part, out.ID); err != nil {
		return out, err
	}
	out.ids = map[string]bool{}
	for _, id := range out.network.IDs() {
		out.ids[id] = true
	}
	if out.State == StateImported {
		return out, nil
	}
	return out, out.follow(ctx, q, a, t)
}

// follow finds what events, and what the next import found, say of a time that no import is
// of.
func (f *forced) follow(ctx context.Context, q querier, a *around, t time.Time) error {
	r, err := reachOf(ctx, q, f.Place)
	if err != nil {
		return err
	}
	from, to := t, t
	if a.before != nil {
		from = a.beforeAt.Add(-time.Second) // one of the second in which the import was may be after it
	}
	if a.after != nil {
		to = a.afterAt
	}
	if f.State == StateAssumed {
		if r.covers(t, to) {
			from = r.since(t).Add(-time.Second)
		} else {
			from = t
		}
	}
	changes, err := changesOf(ctx, q, f.Place, from, to)
	if err != nil {
		return err
	}
	if f.State == StateAssumed {
		return f.lead(r, t, to, changes)
	}
	var next *netmodel.Network
	if a.after != nil {
		if next = f.network; a.after.ID != f.ID {
			if next, err = load(ctx, q, *a.after); err != nil {
				return err
			}
		}
	}
	if len(changes) == 0 && (next == nil || next == f.network) {
		return nil
	}
	w := &window{a: f.network, b: next, since: a.beforeAt, till: a.afterAt, at: t, reach: r}
	w.read(changes)
	found := w.solve()
	f.take(&found)
	switch {
	case len(f.Changed) > 0:
		f.State = StateChanged
	case f.State == StateUnchanged && (found.differs || len(f.Moments) > 0):
		f.State = StateDated
	}
	if found.differs {
		f.Next = a.after
	}
	return nil
}

// lead finds what events say of a time before the first import.
func (f *forced) lead(r reach, t, first time.Time, changes []cloudtrail.Change) error {
	if !r.covers(t, first) { // so that events may be missing
		for i := range changes {
			for _, id := range changes[i].IDs {
				if f.ids[id] && !slices.Contains(f.Changed, id) {
					f.Changed = append(f.Changed, id)
				}
			}
		}
		return nil
	}
	w := &window{a: f.network, b: f.network, back: true, since: r.since(t), till: first, at: t, reach: r}
	w.read(changes)
	found := w.solve()
	f.take(&found)
	if f.State = StateLed; len(f.Changed) > 0 {
		f.State = StateChanged
	}
	return nil
}

// take makes of the version what was found.
func (f *forced) take(found *between) {
	f.Changed, f.Moments, f.edits = found.unknown, found.moments, found.edits
	for _, edit := range f.edits {
		edit(f.network)
	}
	for _, id := range f.network.IDs() { // some may have come
		f.ids[id] = true
	}
}

// placesOf returns the accounts and regions of which there are versions.
func placesOf(ctx context.Context, q querier) ([]netmodel.Place, error) {
	rows, err := q.QueryContext(ctx, "SELECT DISTINCT account, region FROM sightings ORDER BY account, region")
	if err != nil {
		return nil, fmt.Errorf("cannot read the network's versions: %w", err)
	}
	defer rows.Close()
	var out []netmodel.Place
	for rows.Next() {
		var p netmodel.Place
		if err := rows.Scan(&p.Account, &p.Region); err != nil {
			return nil, fmt.Errorf("cannot read the network's versions: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// around is what imports of a place found around a time.
type around struct {
	before *Version // of the newest import that is not of a later time; nil: none
	exact  bool     // it is of just that time
	after  *Version // of the next import; nil: none

	beforeAt, afterAt time.Time // of these imports
}

func aroundTime(ctx context.Context, q querier, p netmodel.Place, t time.Time) (around, error) {
	var a around
	find := func(query string) (*Version, time.Time, error) {
		var id, at int64
		err := q.QueryRowContext(ctx, query, p.Account, p.Region, t.UnixMicro()).Scan(&id, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, time.Time{}, nil
		}
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("cannot read the network's versions: %w", err)
		}
		v, err := versionOf(ctx, q, id)
		return &v, time.UnixMicro(at).UTC(), err
	}
	var err error
	a.before, a.beforeAt, err = find("SELECT version, at FROM sightings WHERE account = ? AND region = ? AND at <= ? ORDER BY at DESC LIMIT 1")
	if err != nil {
		return a, err
	}
	a.exact = a.before != nil && a.beforeAt.UnixMicro() == t.UnixMicro()
	a.after, a.afterAt, err = find("SELECT version, at FROM sightings WHERE account = ? AND region = ? AND at > ? ORDER BY at LIMIT 1")
	return a, err
}
