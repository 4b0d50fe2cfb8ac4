package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/netmodel"
	"weir/internal/versions"
)

// The versions of network definitions are for any process at any time: no server holds them,
// so that these functions work beside one.

// NetworkSource says which definition is asked.
type NetworkSource struct {
	// Network are the files and folders of the definition. Where there are none, it is the one
	// of the data directory Data that was in force at At.
	Network []string
	Data    string
	At      time.Time
}

// load loads the definition, and returns what was imported too, nil where files were asked.
func (s *NetworkSource) load(ctx context.Context) (netmodel.Loaded, *versions.Definition, error) {
	if len(s.Network) > 0 {
		loaded, err := netmodel.Load(s.Network...)
		return loaded, nil, err
	}
	d, err := NetworkAt(ctx, s.Data, s.At)
	return d.Loaded, &d, err
}

// NetworkOf returns the network of a definition.
func NetworkOf(ctx context.Context, source NetworkSource) (*netmodel.Network, error) {
	loaded, _, err := source.load(ctx)
	return loaded.Network, err
}

// ImportNetwork takes documents as the definition of their accounts and regions at a time, and
// fails as [versions.Store.Import] does.
func ImportNetwork(ctx context.Context, data string, docs []netmodel.Document, at time.Time) (versions.Imported, error) {
	s, err := versions.Create(ctx, data)
	if err != nil {
		return versions.Imported{}, err
	}
	defer s.Close()
	r, err := s.Import(ctx, docs, at)
	return r, explain(err)
}

// NetworkVersions returns all versions by account, region and time; none where nothing was
// imported.
func NetworkVersions(ctx context.Context, data string) ([]versions.Version, error) {
	s, err := versions.Open(ctx, data)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.List(ctx)
}

// NetworkAt returns the definition that was in force at a time. It fails with
// [versions.ErrNone] where nothing was imported.
func NetworkAt(ctx context.Context, data string, at time.Time) (versions.Definition, error) {
	s, err := versions.Open(ctx, data)
	if err != nil {
		return versions.Definition{}, err
	}
	defer s.Close()
	return s.At(ctx, at)
}

// RemoveNetworkVersion removes a version. It fails with [versions.ErrNoVersion] where there is
// none.
func RemoveNetworkVersion(ctx context.Context, data string, id int64) error {
	reader, err := versions.Open(ctx, data) // does not make one where there is none
	if err != nil {
		return err
	}
	if err := reader.Close(); err != nil {
		return err
	}
	s, err := versions.Create(ctx, data)
	if err != nil {
		return err
	}
	defer s.Close()
	return explain(s.Remove(ctx, id))
}

// NetworkMoment is a version, or a time where ID is 0.
type NetworkMoment struct {
	ID int64
	At time.Time
}

// NetworkDiff is what differs between two moments.
type NetworkDiff struct {
	// Before and After are the versions that are compared.
	Before  []versions.Version `json:"before"`
	After   []versions.Version `json:"after"`
	Changes []netmodel.Change  `json:"changes"`
}

// DiffNetwork compares two versions of one account and region, a version with what was in
// force there at a time, or all that was in force at two times.
func DiffNetwork(ctx context.Context, data string, before, after NetworkMoment) (NetworkDiff, error) {
	s, err := versions.Open(ctx, data)
	if err != nil {
		return NetworkDiff{}, err
	}
	defer s.Close()
	var out NetworkDiff
	a, aOf, err := networkOf(ctx, s, before, after)
	if err != nil {
		return out, err
	}
	b, bOf, err := networkOf(ctx, s, after, before)
	if err != nil {
		return out, err
	}
	if before.ID > 0 && after.ID > 0 && aOf[0].Place != bOf[0].Place {
		return out, &UsageError{Message: fmt.Sprintf("version %d is of %s, and version %d of %s", before.ID, aOf[0].Place, after.ID, bOf[0].Place)}
	}
	return NetworkDiff{aOf, bOf, netmodel.Diff(a, b)}, nil
}

// networkOf returns the definition of a moment that is compared with another: of a version
// alone, and of a time beside a version, what was in force where that is of.
func networkOf(ctx context.Context, s *versions.Store, m, other NetworkMoment) (*netmodel.Network, []versions.Version, error) {
	if m.ID > 0 {
		v, n, err := s.Version(ctx, m.ID)
		return n, []versions.Version{v}, err
	}
	d, err := s.At(ctx, m.At)
	if err != nil {
		return nil, nil, err
	}
	if other.ID > 0 {
		v, _, err := s.Version(ctx, other.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, in := range d.InForce {
			if in.Place == v.Place {
				return d.Of(in.Place), []versions.Version{in.Version}, nil
			}
		}
	}
	var of []versions.Version
	for _, in := range d.InForce {
		of = append(of, in.Version)
	}
	return d.Network, of, nil
}

// CheckedDefinition says which versions decided, and how much is known of them.
type CheckedDefinition struct {
	At time.Time `json:"at"`
	// Versions have in Changed and Moments just what the verdict depends on.
	Versions []versions.InForce `json:"versions"`
}

// Moments says what changed between the imports before and after, and when: one line for each.
func (d *CheckedDefinition) Moments() []string {
	var out []string
	for _, v := range d.Versions {
		for i := range v.Moments {
			out = append(out, v.Moments[i].String())
		}
	}
	return out
}

// Doubts says what is not sure of the versions: one line for each.
func (d *CheckedDefinition) Doubts() []string {
	var out []string
	for _, v := range d.Versions {
		name := "version " + strconv.FormatInt(v.ID, 10) + " of " + v.Place.String()
		switch v.State {
		case versions.StateAssumed:
			text := fmt.Sprintf("%s is assumed unchanged: the first import is of %s", name, v.Since.Format(time.RFC3339))
			if len(v.Changed) > 0 {
				text += fmt.Sprintf(", and CloudTrail says that %s changed before it", Several(v.Changed))
			}
			out = append(out, text)
		case versions.StateChanged:
			if len(v.Changed) == 0 {
				continue // nothing that the verdict depends on
			}
			if v.Next == nil {
				out = append(out, fmt.Sprintf("%s: CloudTrail says that %s changed, and what it says is not clear or does not fit to what imports found", name, Several(v.Changed)))
				continue
			}
			out = append(out, fmt.Sprintf("%s was found until %s, and version %d from %s on: nobody knows when %s changed",
				name, v.Until.Format(time.RFC3339), v.Next.ID, v.Next.Since.Format(time.RFC3339), Several(v.Changed)))
		}
	}
	return out
}

// Several names things, not all of many.
func Several(ids []string) string {
	const most = 4
	var text strings.Builder
	for i, id := range ids[:min(len(ids), most)] {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(id)
	}
	if len(ids) > most {
		fmt.Fprintf(&text, " and %d more", len(ids)-most)
	}
	return text.String()
}
