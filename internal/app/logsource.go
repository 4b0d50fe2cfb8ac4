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

// sourceGroups returns the names of the log groups that SOURCE chooses, in order. account is the server's, ""
// where there is none. Names that no log group has are left in: whoever reads them says so.
func (s *Local) sourceGroups(ctx context.Context, source *insights.Source, account string) ([]string, error) {
	var out []string
	for _, id := range source.Groups {
		if name := groupOfARN(id); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if source.LogGroups == nil && source.DataSources == nil && source.Tags == nil {
		return out, nil
	}
	if l := source.LogGroups; l != nil && l.Accounts != nil && account == "" {
		return nil, &insights.Error{Span: source.Span, Message: "log groups can't be chosen by account here", Hint: "leave the accounts out: there is one only"}
	}
	groups, err := s.allGroups(ctx)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		if chosen(source, &groups[i], account) && !slices.Contains(out, groups[i].Name) {
			out = append(out, groups[i].Name)
		}
	}
	slices.Sort(out)
	return out, nil
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

// chosen reports whether the functions of SOURCE choose a log group: all of them must.
func chosen(source *insights.Source, g *logstore.Group, account string) bool {
	if l := source.LogGroups; l != nil {
		begins := func(prefix string) bool { return strings.HasPrefix(g.Name, prefix) }
		if l.NamePrefixes != nil && !slices.ContainsFunc(l.NamePrefixes, begins) ||
			l.Accounts != nil && !slices.Contains(l.Accounts, account) || l.Classes != nil && !slices.Contains(l.Classes, g.Class) {
			return false
		}
	}
	if source.DataSources != nil && (!slices.Contains(source.DataSources, flowLogSource) || !hasFlowLogs(g)) {
		return false
	}
	for _, t := range source.Tags {
		value, ok := g.Tags[t.Key]
		if !ok || !slices.ContainsFunc(t.Values, func(want string) bool { return isTag(value, want) }) {
			return false
		}
	}
	return true
}

// hasFlowLogs reports whether records of VPC flow logs are among the events of a log group.
func hasFlowLogs(g *logstore.Group) bool {
	if g.Format == "" {
		return g.ReadOnly && g.Name != TransitGatewayGroup
	}
	f, err := flowlog.ParseLogFormat(g.Format)
	return err == nil && f.Kind() == flowlog.KindVPC
}

// isTag reports whether the value of a tag is one that is wanted: * stands for any text, and ! in front
// for all others.
func isTag(value, want string) bool {
	want, not := strings.CutPrefix(want, "!")
	first, rest, open := strings.Cut(want, "*")
	if !open {
		return (value == want) != not
	}
	is := strings.HasPrefix(value, first)
	if is {
		value = value[len(first):]
		parts := strings.Split(rest, "*")
		for _, p := range parts[:len(parts)-1] {
			at := strings.Index(value, p)
			if is = is && at >= 0; !is {
				break
			}
			value = value[at+len(p):]
		}
		is = is && strings.HasSuffix(value, parts[len(parts)-1])
	}
	return is != not
}
