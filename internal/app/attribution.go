package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/attribute"
	"weir/internal/lake"
	"weir/internal/pair"
	"weir/internal/versions"
)

// newAttribution returns what the versions of a data directory tell, as they are, of which rules
// decided about records.
func newAttribution(data string) *stamped[lake.Attribution] {
	return &stamped[lake.Attribution]{data: data, make: func(ctx context.Context, s *versions.Store) (lake.Attribution, error) {
		marks, err := s.Marks(ctx)
		if err != nil {
			return nil, fmt.Errorf("cannot tell which rules decided: %w", err)
		}
		return lakeRules{attribute.New(definitions{data, marks})}, nil
	}}
}

// lakeRules are rules as a lake asks for them.
type lakeRules struct{ *attribute.Rules }

// Tell tells of records as [attribute.Rules.Tell] does.
func (t lakeRules) Tell(hour int64, rows []pair.Rows, found []pair.Answer) ([]uint32, []lake.Told, error) {
	of, list, err := t.Rules.Tell(context.Background(), hour, rows, found)
	out := make([]lake.Told, len(list))
	for i, one := range list {
		out[i] = lake.Told(one)
	}
	return of, out, err
}

// definitions are the network's versions as a source of attributions.
type definitions struct {
	data  string
	marks []versions.Mark
}

func (d definitions) Spans() []attribute.Span {
	var out []attribute.Span
	for _, m := range d.marks {
		out = append(out, attribute.Span{From: m.At.Unix(), Sum: m.Sum})
	}
	return out
}

// Load returns what was in force from a mark on.
func (d definitions) Load(ctx context.Context, span int) (attribute.InForce, error) {
	s, err := versions.Open(ctx, d.data)
	if err != nil {
		return attribute.InForce{}, err
	}
	defer s.Close()
	def, err := s.At(ctx, d.marks[span].At)
	if err != nil {
		return attribute.InForce{}, err
	}
	out := attribute.InForce{Network: def.Network}
	changed := map[string]bool{}
	for _, in := range def.InForce {
		for _, id := range in.Changed {
			changed[id] = true
		}
	}
	if len(changed) > 0 {
		out.Unsure = func(id string) bool { return changed[id] }
	}
	names := map[int64]string{}
	for _, in := range def.InForce {
		names[in.ID] = rulesetOf(&in, def.At)
	}
	out.Ruleset = func(id string) string {
		var list []string
		for _, in := range def.Holding(id) {
			list = append(list, names[in.ID])
		}
		return strings.Join(list, " ")
	}
	return out, nil
}

// rulesetOf names a version, and the last event that it differs by.
func rulesetOf(in *versions.InForce, at time.Time) string {
	out := strconv.FormatInt(in.ID, 10)
	for i := len(in.Moments) - 1; i >= 0; i-- {
		m := &in.Moments[i]
		if in.State != versions.StateLed && !m.At.After(at) {
			return out + "@" + m.At.UTC().Format(time.RFC3339)
		}
	}
	return out
}
