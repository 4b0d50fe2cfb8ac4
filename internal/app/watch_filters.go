package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"weir/internal/awsapi/logs"
	"weir/internal/logstore"
	"weir/internal/metricfilter"
	"weir/internal/metricstore"
)

// groupFilters are the metric filters of log groups, compiled. They are for one reader.
type groupFilters struct {
	store *logstore.Store
	log   *slog.Logger
	// compiled has the filters of each group that has any; key is what they were compiled of.
	compiled map[string]*compiledFilters
	// state is that of groups whose filters are not compiled yet.
	state map[string]metricfilter.State
	told  map[string]bool // errors that were said
	// revision is that of the store which compiled is of, where loaded.
	revision int64
	loaded   bool
}

type compiledFilters struct {
	*metricfilter.Filters
	key  string
	kept []metricfilter.Filter
}

func newGroupFilters(store *logstore.Store, log *slog.Logger) *groupFilters {
	return &groupFilters{store: store, log: log, told: map[string]bool{}}
}

// begin forgets what was counted and not committed: state is what was committed last.
func (g *groupFilters) begin(state map[string]metricfilter.State) {
	g.compiled, g.state, g.loaded = map[string]*compiledFilters{}, state, false
}

// load brings the filters up to date with the store: those that changed are compiled anew, and keep what they know of minutes.
func (g *groupFilters) load(ctx context.Context) error {
	revision := g.store.Revision() // before the filters are read
	if g.loaded && g.revision == revision {
		return nil
	}
	all, err := logs.MetricFilters(ctx, g.store)
	if err != nil {
		return err
	}
	byGroup := map[string][]metricfilter.Filter{}
	for _, f := range all {
		byGroup[f.Group] = append(byGroup[f.Group], metricfilter.Filter{Name: f.Name, Pattern: f.Pattern, Transformation: f.Transformation, Disabled: f.Disabled})
	}
	for group := range g.compiled {
		if byGroup[group] == nil {
			delete(g.compiled, group)
		}
	}
	for group := range g.state {
		if byGroup[group] == nil {
			delete(g.state, group)
		}
	}
	for group, filters := range byGroup {
		key, err := json.Marshal(filters)
		if err != nil {
			return err
		}
		have := g.compiled[group]
		if have != nil && have.key == string(key) {
			continue
		}
		state := g.state[group]
		delete(g.state, group)
		if have != nil {
			state = have.State()
		}
		fresh := &compiledFilters{key: string(key), kept: g.sound(group, filters)}
		if fresh.Filters, err = metricfilter.New(fresh.kept, state); err != nil {
			return err
		}
		g.compiled[group] = fresh
	}
	g.revision, g.loaded = revision, true
	return nil
}

// sound returns the filters that can be compiled, and says which can't: an older weir took them.
func (g *groupFilters) sound(group string, filters []metricfilter.Filter) []metricfilter.Filter {
	return slices.DeleteFunc(slices.Clone(filters), func(f metricfilter.Filter) bool {
		_, err := metricfilter.New([]metricfilter.Filter{f}, nil)
		if err != nil && !g.told[group+"\x00"+err.Error()] {
			g.told[group+"\x00"+err.Error()] = true
			g.log.Warn("a metric filter counts nothing: put it again", "log_group", group, "filter", f.Name, "error", err)
		}
		return err != nil
	})
}

// groups returns the names of the groups that have filters.
func (g *groupFilters) groups() []string { return slices.Sorted(maps.Keys(g.compiled)) }

// take returns what was counted since the last call, and the state to be kept with it.
func (g *groupFilters) take() ([]metricstore.Datum, map[string]metricfilter.State) {
	var data []metricstore.Datum
	state := map[string]metricfilter.State{}
	maps.Copy(state, g.state)
	for _, group := range g.groups() {
		f := g.compiled[group]
		data = append(data, f.Take()...)
		if s := f.State(); len(s) > 0 {
			state[group] = s
		}
	}
	return data, state
}

// disable keeps in the store which filters disabled themselves, and says so. What they counted is committed.
func (g *groupFilters) disable(ctx context.Context) error {
	for _, group := range g.groups() {
		f := g.compiled[group]
		for _, name := range f.Disabled() {
			if slices.ContainsFunc(f.kept, func(k metricfilter.Filter) bool { return k.Name == name && k.Disabled }) {
				continue
			}
			const reason = "it made more than 1,000 values of dimensions for the events of an hour"
			if err := logs.DisableMetricFilter(ctx, g.store, group, name, reason); err != nil {
				return err
			}
			g.log.Warn("a metric filter is disabled until it is put again", "log_group", group, "filter", name, "reason", reason,
				"hint", "use fewer dimensions, or a field with fewer values")
		}
	}
	return nil
}
