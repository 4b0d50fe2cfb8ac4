package versions

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

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
	// StateLatest: the last import was before it.
	StateLatest State = "latest"
	// StateChanged: the next import found another version, and nobody knows since when.
	StateChanged State = "changed"
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

	ids []map[string]bool // of each of InForce
}

// InForce is the version of a place at a time.
type InForce struct {
	Version
	State State `json:"state"`
	// Next is the version that the next import found, where it is another one, and Changed
	// the ids of what differs between both: at the time in question that may have been as in
	// either, or something else.
	Next    *Version `json:"next,omitempty"`
	Changed []string `json:"changed,omitempty"`
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
	for _, p := range places {
		a, err := aroundTime(ctx, q, p, t)
		if err != nil {
			return d, err
		}
		in, part, ids, err := inForce(ctx, q, &a)
		if err != nil {
			return d, err
		}
		d.InForce, d.ids, parts = append(d.InForce, in), append(d.ids, ids), append(parts, part)
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
	d.Loaded, err = netmodel.LoadDocuments(docs)
	return d, err
}

// inForce returns the version of a place, its documents and the ids of what it holds.
func inForce(ctx context.Context, q querier, a *around) (InForce, netmodel.Part, map[string]bool, error) {
	out := InForce{}
	switch {
	case a.before == nil:
		out.Version, out.State = *a.after, StateAssumed
	case a.exact:
		out.Version, out.State = *a.before, StateImported
	case a.after == nil:
		out.Version, out.State = *a.before, StateLatest
	case a.after.ID == a.before.ID:
		out.Version, out.State = *a.before, StateUnchanged
	default:
		out.Version, out.State, out.Next = *a.before, StateChanged, a.after
	}
	part, err := documents(ctx, q, out.Version)
	if err != nil {
		return out, part, nil, err
	}
	network, err := loadPart(part, out.ID)
	if err != nil {
		return out, part, nil, err
	}
	ids := map[string]bool{}
	for _, id := range network.IDs() {
		ids[id] = true
	}
	if out.Next != nil {
		next, err := load(ctx, q, *out.Next)
		if err != nil {
			return out, part, nil, err
		}
		for _, c := range netmodel.Diff(network, next) {
			out.Changed = append(out.Changed, c.ID)
		}
		if len(out.Changed) == 0 { // the same for this weir
			out.State, out.Next = StateUnchanged, nil
		}
	}
	return out, part, ids, nil
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
}

func aroundTime(ctx context.Context, q querier, p netmodel.Place, t time.Time) (around, error) {
	var a around
	find := func(query string) (*Version, int64, error) {
		var id, at int64
		err := q.QueryRowContext(ctx, query, p.Account, p.Region, t.UnixMicro()).Scan(&id, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, 0, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("cannot read the network's versions: %w", err)
		}
		v, err := versionOf(ctx, q, id)
		return &v, at, err
	}
	before, at, err := find("SELECT version, at FROM sightings WHERE account = ? AND region = ? AND at <= ? ORDER BY at DESC LIMIT 1")
	if err != nil {
		return a, err
	}
	a.before, a.exact = before, before != nil && at == t.UnixMicro()
	a.after, _, err = find("SELECT version, at FROM sightings WHERE account = ? AND region = ? AND at > ? ORDER BY at LIMIT 1")
	return a, err
}
