package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"weir/internal/awsapi/logs"
	"weir/internal/logstore"
)

// unname takes a flow log, or a place, out of a group. A group is gone without its last one, which is refused while it has filters: they would count and deliver again where
// somebody gives that name to other records.
func (s *Local) unname(ctx context.Context, r NameLogGroupRequest) error {
	s.naming.Lock()
	defer s.naming.Unlock()
	groups, err := readNamedGroups(s.lake.Data())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(groups, func(g NamedLogGroup) bool { return g.Name == r.Name })
	if i < 0 {
		return fmt.Errorf("%w: %s", logstore.ErrNoGroup, r.Name)
	}
	g := &groups[i]
	is := func(of string) bool { return of == r.FlowLog }
	if !slices.ContainsFunc(g.FlowLogs, is) && !slices.ContainsFunc(g.Places, is) {
		return &UsageError{
			Message: fmt.Sprintf("log group %s has no flow log %q", r.Name, r.FlowLog),
			Hint:    "it has " + strings.Join(append(slices.Clone(g.FlowLogs), g.Places...), ", "),
		}
	}
	g.FlowLogs, g.Places = slices.DeleteFunc(g.FlowLogs, is), slices.DeleteFunc(g.Places, is)
	if len(g.FlowLogs)+len(g.Places) > 0 {
		return writeNamedGroups(s.lake.Data(), groups)
	}
	store, err := s.logStore(ctx, false)
	if err != nil {
		return err
	}
	if store == nil {
		return writeNamedGroups(s.lake.Data(), slices.Delete(groups, i, i+1))
	}
	if err := checkUnfiltered(ctx, store, r.Name); err != nil {
		return err
	}
	if err := writeNamedGroups(s.lake.Data(), slices.Delete(groups, i, i+1)); err != nil {
		return err
	}
	return setLateness(ctx, store, r.Name, true, -1)
}

// checkUnfiltered fails where a log group has filters, and names them.
func checkUnfiltered(ctx context.Context, store *logstore.Store, group string) error {
	metric, err := logs.MetricFilters(ctx, store)
	if err != nil {
		return err
	}
	subscribed, err := logs.Subscriptions(ctx, store)
	if err != nil {
		return err
	}
	var has []string
	hint := ""
	note := func(of, name, kind, operation string) {
		if of != group {
			return
		}
		has = append(has, kind+" "+name)
		if hint == "" {
			hint = fmt.Sprintf(`weir api logs %s '{"logGroupName": %q, "filterName": %q}' deletes one`, operation, group, name)
		}
	}
	for _, f := range metric {
		note(f.Group, f.Name, "the metric filter", "DeleteMetricFilter")
	}
	for _, f := range subscribed {
		note(f.Group, f.Name, "the subscription filter", "DeleteSubscriptionFilter")
	}
	if len(has) == 0 {
		return nil
	}
	return &UsageError{Message: fmt.Sprintf("log group %s is gone without its last flow log, and has %s", group, strings.Join(has, ", ")), Hint: hint}
}
