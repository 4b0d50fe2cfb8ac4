package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"weir/internal/netmodel"
	"weir/internal/versions"
)

// keptMoments is how many definitions are kept: a large one is some hundred MB.
const keptMoments = 4

// moments are the definitions that were in force at times, for a command that asks about many
// of them: those of which imports and events tell the same share one, since loading takes most
// of the time.
type moments struct {
	ctx  context.Context
	data string

	marks []versions.Mark
	list  []versions.Version
	kept  map[string]*versions.Definition
}

// at returns the definition that was in force at a time, in seconds since the epoch. It is
// shared and not changed. It fails with [versions.ErrNone] where nothing was imported.
func (m *moments) at(seconds int64) (*versions.Definition, error) {
	if m.marks == nil {
		if err := m.open(); err != nil {
			return nil, err
		}
	}
	t := moment(seconds)
	key := m.key(t)
	if d := m.kept[key]; d != nil {
		out := *d
		out.At = t.UTC()
		return &out, nil
	}
	d, err := NetworkAt(m.ctx, m.data, t)
	if err != nil {
		return nil, err
	}
	if m.kept == nil || len(m.kept) == keptMoments {
		m.kept = map[string]*versions.Definition{}
	}
	m.kept[key] = &d
	return &d, nil
}

// open reads from when to when definitions are the same.
func (m *moments) open() error {
	s, err := versions.Open(m.ctx, m.data)
	if err != nil {
		return err
	}
	defer s.Close()
	if m.marks, err = s.Marks(m.ctx); err != nil {
		return err
	}
	m.list, err = s.List(m.ctx)
	return err
}

// key is the same for times of which the same is told: the definition, and for each account and
// region whether they lie before its first import or after its last one.
func (m *moments) key(t time.Time) string {
	mark := 0
	for i := 1; i < len(m.marks) && !m.marks[i].At.After(t); i++ {
		mark = i
	}
	var out strings.Builder
	fmt.Fprint(&out, mark)
	first, last := map[netmodel.Place]time.Time{}, map[netmodel.Place]time.Time{}
	var places []netmodel.Place // as the list has them
	for _, v := range m.list {
		if _, known := first[v.Place]; !known {
			first[v.Place] = v.Since
			places = append(places, v.Place)
		}
		last[v.Place] = v.Until
	}
	for _, p := range places {
		fmt.Fprint(&out, " ", t.Before(first[p]), t.After(last[p]))
	}
	return out.String()
}
