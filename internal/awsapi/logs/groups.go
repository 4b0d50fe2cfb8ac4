package logs

import (
	"context"
	"errors"
	"slices"
	"strings"

	"weir/internal/logstore"
)

// groups are the log groups of the store and of the lake.
type groups struct {
	store *logstore.Store
	lake  logstore.Reader
}

// all returns all groups by name; a name that both have is the store's.
func (g groups) all(ctx context.Context) ([]logstore.Group, error) {
	out, err := g.store.Groups(ctx)
	if err != nil || g.lake == nil {
		return out, err
	}
	own := map[string]bool{}
	for i := range out {
		own[out[i].Name] = true
	}
	more, err := g.lake.Groups(ctx)
	if err != nil {
		return nil, err
	}
	out = slices.Clone(out)
	for _, m := range more {
		if !own[m.Name] {
			m.ReadOnly = true
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b logstore.Group) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// find returns a group and who reads it. The lake, which must look through its ledger, is only asked where the
// store has no group of the name.
func (g groups) find(ctx context.Context, name string) (*logstore.Group, logstore.Reader, error) {
	own, err := g.store.Group(ctx, name)
	if err == nil {
		return &own, g.store, nil
	}
	if !errors.Is(err, logstore.ErrNoGroup) {
		return nil, nil, err
	}
	if g.lake == nil {
		return nil, nil, errNoGroup
	}
	all, err := g.lake.Groups(ctx)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(all, func(a logstore.Group) bool { return a.Name == name })
	if i < 0 {
		return nil, nil, errNoGroup
	}
	all[i].ReadOnly = true
	return &all[i], g.lake, nil
}

// writable says whether a group is there and can be written.
func (g groups) writable(ctx context.Context, name string) (*logstore.Group, error) {
	found, _, err := g.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if found.ReadOnly {
		return nil, readOnly(name)
	}
	return found, nil
}

// writing makes an error of a write one that clients get: a group that the store lacks may be the
// lake's.
func (g groups) writing(ctx context.Context, group string, err error) error {
	if errors.Is(err, logstore.ErrNoGroup) {
		if _, err := g.writable(ctx, group); err != nil {
			return err
		}
	}
	return answer(err)
}
