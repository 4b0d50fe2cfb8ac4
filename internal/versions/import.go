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

// Imported says what an import brought.
type Imported struct {
	At time.Time `json:"at"`
	// Places are in the order of accounts and regions.
	Places []ImportedPlace `json:"places"`
	// Counts are the things of all places.
	Counts []netmodel.Count `json:"counts"`
	// Problems are documents that were left out, and Missing what the definition refers to
	// and does not hold, other places' newest versions included.
	Problems []netmodel.Problem `json:"-"`
	Missing  []string           `json:"missing,omitempty"`
	// Unused are the keys of answers that nothing is made of yet; they are kept.
	Unused []string `json:"unused,omitempty"`
	// Unknown are members of answers that this weir does not know, as Vpcs[].Member: what they
	// say was not considered, and is kept.
	Unknown []string `json:"unknown,omitempty"`
	// Partial are the documents whose answer has another page, which is not in them: what it
	// holds may be missing, and then counts as not there.
	Partial []string `json:"partial,omitempty"`
}

// ImportedPlace is what an import brought of one account and region.
type ImportedPlace struct {
	// Version is in force at the import's time.
	Version
	// Same says that it was there before, with just this.
	Same   bool             `json:"same"`
	Counts []netmodel.Count `json:"counts"`
	// Before is the version that was in force at the import's time before it; nil: none.
	Before *Version `json:"before,omitempty"`
	// Changes are what differs from Before, and Gone the kinds of which Before had things and
	// this has none, with how many it had.
	Changes []netmodel.Change `json:"changes,omitempty"`
	Gone    []netmodel.Count  `json:"gone,omitempty"`
	// Again is the version that begins where the import cut another in two; 0: it cut none.
	Again int64 `json:"again,omitempty"`
}

// Import takes documents as the definition of their accounts and regions at a time, whole:
// what they do not hold of these is not there. Documents that can't be understood are left
// out and are in the problems. It fails, and changes nothing, where nothing is left, with a
// [*netmodel.PlaceError] where an account or region is not clear, with
// [netmodel.ErrContradiction] where documents describe the same thing in two ways, and with
// ErrTaken where another definition is of just that time.
func (s *Store) Import(ctx context.Context, docs []netmodel.Document, at time.Time) (Imported, error) {
	out := Imported{At: at.UTC().Truncate(time.Microsecond)}
	known, err := s.known(ctx, out.At)
	if err != nil {
		return out, err
	}
	parts, err := out.read(docs, known)
	if err != nil {
		return out, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		for i := range parts {
			p, err := s.importPart(ctx, tx, parts[i], out.At)
			if err != nil {
				return err
			}
			out.Places = append(out.Places, p)
		}
		// Places that contradict each other could not be read together any more.
		d, err := definitionAt(ctx, tx, out.At)
		if errors.Is(err, netmodel.ErrContradiction) {
			return fmt.Errorf("it does not fit to the versions of other accounts and regions: %w", err)
		}
		if err != nil {
			return err
		}
		out.Missing = d.Missing()
		for _, p := range d.Problems {
			if !slices.Contains(out.Problems, p) {
				out.Problems = append(out.Problems, p)
			}
		}
		return nil
	})
	for _, p := range out.Places {
		out.Counts = sum(out.Counts, p.Counts)
	}
	return out, err
}

// known returns the places of what was there at a time, by ids.
func (s *Store) known(ctx context.Context, at time.Time) (map[string]netmodel.Place, error) {
	d, err := s.At(ctx, at)
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, err
	}
	out := map[string]netmodel.Place{}
	for i, in := range d.InForce {
		for id := range d.ids[i] {
			if a := d.networks[i].TransitGatewayAttachments[id]; a != nil && a.Peers() {
				continue // it may be in two regions
			}
			place := in.Place
			if was, ok := out[id]; ok && was.Account != place.Account {
				place.Account = "" // it is shared
			}
			out[id] = place
		}
	}
	return out, nil
}

// read understands documents and sorts them by place.
func (out *Imported) read(docs []netmodel.Document, known map[string]netmodel.Place) ([]netmodel.Part, error) {
	var good []netmodel.Document
	for _, d := range docs {
		loaded, err := netmodel.LoadDocuments([]netmodel.Document{d})
		out.Problems = append(out.Problems, loaded.Problems...)
		if err == nil && len(loaded.Problems) == 0 {
			good = append(good, d)
			out.Unused = append(out.Unused, loaded.Unused...)
			out.Unknown = append(out.Unknown, loaded.Unknown...)
			out.Partial = append(out.Partial, loaded.Partial...)
		}
	}
	for _, list := range []*[]string{&out.Unused, &out.Unknown} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if len(good) == 0 {
		return nil, out.nothing()
	}
	parts, err := netmodel.Split(good, known)
	if err != nil {
		return nil, err
	}
	kept := parts[:0]
	for _, p := range parts {
		loaded, err := netmodel.LoadDocuments(p.Documents)
		if errors.Is(err, netmodel.ErrContradiction) {
			return nil, err
		}
		for _, problem := range loaded.Problems { // of documents that do not fit to others
			out.Problems = append(out.Problems, problem)
			p.Documents = slices.DeleteFunc(p.Documents, func(d netmodel.Document) bool { return d.Name == problem.File })
		}
		if len(p.Documents) > 0 {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		return nil, out.nothing()
	}
	return kept, nil
}

// nothing says that no document is left.
func (out *Imported) nothing() error {
	if len(out.Problems) == 0 {
		return errors.New("no network definition: the documents hold nothing")
	}
	return fmt.Errorf("no network definition could be read: %s", out.Problems[0])
}

// importPart takes the definition of one place.
func (s *Store) importPart(ctx context.Context, tx *sql.Tx, part netmodel.Part, at time.Time) (ImportedPlace, error) {
	out := ImportedPlace{}
	loaded, err := netmodel.LoadDocuments(part.Documents)
	if err != nil {
		return out, err
	}
	network := loaded.Network
	out.Counts = network.Counts()
	around, err := aroundTime(ctx, tx, part.Place, at)
	if err != nil {
		return out, err
	}
	var id int64
	if around.before != nil {
		out.Before = around.before
		before, err := load(ctx, tx, *around.before)
		if err != nil {
			return out, err
		}
		if out.Changes = netmodel.Diff(before, network); len(out.Changes) == 0 {
			id = around.before.ID
		} else if around.exact {
			return out, fmt.Errorf("%w: version %d of %s is of %s", ErrTaken, around.before.ID, part.Place, at.Format(time.RFC3339Nano))
		}
		was := before.Counts()
		for i, c := range out.Counts {
			if c.N == 0 && was[i].N > 0 {
				out.Gone = append(out.Gone, was[i])
			}
		}
	}
	if after := around.after; id == 0 && after != nil && (around.before == nil || after.ID != around.before.ID) {
		then, err := load(ctx, tx, *after)
		if err != nil {
			return out, err
		}
		if len(netmodel.Diff(network, then)) == 0 {
			id = after.ID
		}
	}
	out.Same = id != 0
	if id == 0 {
		if id, err = s.make(ctx, tx, part); err != nil {
			return out, err
		}
		if err := keepInterfaces(ctx, tx, Version{ID: id, Place: part.Place}, network.Interfaces); err != nil {
			return out, err
		}
		if around.before != nil && around.after != nil && around.before.ID == around.after.ID {
			if out.Again, err = s.cut(ctx, tx, *around.before, at); err != nil {
				return out, err
			}
		}
	}
	if !around.exact {
		if _, err := tx.ExecContext(ctx, "INSERT INTO sightings VALUES (?, ?, ?, ?)", part.Account, part.Region, at.UnixMicro(), id); err != nil {
			return out, fmt.Errorf("cannot note version %d: %w", id, err)
		}
	}
	out.Version, err = versionOf(ctx, tx, id)
	return out, err
}

// make makes a version of documents.
func (s *Store) make(ctx context.Context, tx *sql.Tx, part netmodel.Part) (int64, error) {
	var id int64
	err := tx.QueryRowContext(ctx, "INSERT INTO versions (account, region, made) VALUES (?, ?, ?) RETURNING id", part.Account, part.Region, s.now().UnixMicro()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("cannot make a version: %w", err)
	}
	return id, putDocuments(ctx, tx, id, part.Documents)
}

// cut makes a version of what a version is after a time.
func (s *Store) cut(ctx context.Context, tx *sql.Tx, v Version, at time.Time) (int64, error) {
	part, err := documents(ctx, tx, v)
	if err != nil {
		return 0, err
	}
	id, err := s.make(ctx, tx, part)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE sightings SET version = ? WHERE version = ? AND at > ?", id, v.ID, at.UnixMicro()); err != nil {
		return 0, fmt.Errorf("cannot cut version %d in two: %w", v.ID, err)
	}
	return id, nil
}

// sum adds counts of the same kinds in the same order.
func sum(a, b []netmodel.Count) []netmodel.Count {
	if a == nil {
		return slices.Clone(b)
	}
	for i := range a {
		a[i].N += b[i].N
	}
	return a
}
