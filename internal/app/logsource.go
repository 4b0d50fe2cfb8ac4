package app

import (
	"context"
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/logstore"
)

// flowLogSource is the data source of VPC flow logs.
//
// Source: AWS, "Data source discovery and management".
const flowLogSource = "amazon_vpc.flow"

// allGroups returns the log groups of the lake and of the store.
func (s *Local) allGroups(ctx context.Context) ([]logstore.Group, error) {
	groups, err := s.LakeGroups().Groups(ctx)
	if err != nil {
		return nil, err
	}
	store, err := s.logStore(ctx, false)
	if err != nil || store == nil {
		return groups, err
	}
	stored, err := store.Groups(ctx)
	return append(groups, stored...), err
}

// sourceGroups returns the names of the log groups that SOURCE chooses. What is not named is chosen among the
// groups of the store and those that flow logs of the lake were given; [FlowLogsGroup] and
// [TransitGatewayGroup] have the same records once more, and so are chosen by a prefix of their own only, or, the
// first, as the one log group of its data source. Names that no log group has are left in: whoever reads
// them says so.
func (s *Local) sourceGroups(ctx context.Context, source *insights.Source) ([]string, error) {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if source.ByName() {
		for _, id := range source.Groups {
			add(groupOfARN(id))
		}
		return out, nil
	}
	if source.LogGroups == nil && source.Tags == nil {
		if slices.Contains(source.DataSources, flowLogSource) {
			add(FlowLogsGroup)
		}
		return out, noGroups(source, out)
	}
	groups, err := s.allGroups(ctx)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		g := &groups[i]
		of := insights.SourceGroup{Name: g.Name, Account: s.account, Class: g.Class, Tags: g.Tags}
		if hasFlowLogs(g) {
			of.DataSources = []string{flowLogSource}
		}
		own := g.Name == FlowLogsGroup || g.Name == TransitGatewayGroup
		if source.Chooses(of) && (!own || asksForOwn(source)) {
			add(g.Name)
		}
	}
	slices.Sort(out)
	return out, noGroups(source, out)
}

// noGroups refuses a SOURCE that chooses nothing.
func noGroups(source *insights.Source, chosen []string) error {
	if len(chosen) > 0 {
		return nil
	}
	return &insights.Error{Span: source.Span, Message: "SOURCE chooses no log group", Hint: "weir logs groups lists them; '" + FlowLogsGroup + "' has all records of VPC flow logs"}
}

// asksForOwn reports whether a prefix asks for weir's own groups.
func asksForOwn(source *insights.Source) bool {
	return source.LogGroups != nil && slices.ContainsFunc(source.LogGroups.NamePrefixes, func(p string) bool { return strings.HasPrefix(p, "/weir/") })
}

// groupOfARN returns the name of a log group that is named by its ARN, with or without ":*" behind it, or the name itself.
func groupOfARN(id string) string {
	if !strings.HasPrefix(id, "arn:") {
		return id
	}
	_, name, ok := strings.Cut(id, ":log-group:")
	if !ok {
		return id
	}
	return strings.TrimSuffix(strings.TrimSuffix(name, "*"), ":")
}

// hasFlowLogs reports whether records of VPC flow logs are among the events of a log group.
func hasFlowLogs(g *logstore.Group) bool {
	if g.Format == "" {
		return g.ReadOnly && g.Name != TransitGatewayGroup
	}
	f, err := flowlog.ParseLogFormat(g.Format)
	return err == nil && f.Kind() == flowlog.KindVPC
}
