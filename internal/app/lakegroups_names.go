package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"weir/internal/durable"
	"weir/internal/source"
	"weir/internal/source/cwlogs"
)

// Log groups that every lake has.
const (
	// FlowLogsGroup is the log group of all records of VPC flow logs.
	FlowLogsGroup = "/weir/flow-logs"
	// TransitGatewayGroup is the log group of all records of transit gateway flow logs.
	TransitGatewayGroup = "/weir/transit-gateway-flow-logs"
)

// NamedLogGroup is a name for the records of some flow logs.
type NamedLogGroup struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// FlowLogs are the ids of flow logs, by the keys of their objects.
	FlowLogs []string `json:"flow_logs,omitempty"`
	// Places are where objects lie whose keys tell no flow log: what their URLs begin with, or the
	// path of a file.
	Places []string `json:"places,omitempty"`
}

// namesFile returns the file of a data directory that holds the named log groups. Any process may
// read it; the lake's writer writes it.
func namesFile(data string) string { return filepath.Join(data, "log-groups.json") }

// readNamedGroups returns the named log groups of a data directory by name.
func readNamedGroups(data string) ([]NamedLogGroup, error) {
	text, err := os.ReadFile(namesFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the names of log groups: %w", err)
	}
	var out []NamedLogGroup
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("cannot read the names of log groups in %s: %w", namesFile(data), err)
	}
	return out, nil
}

// writeNamedGroups puts the named log groups in the place of those that there were, whole.
func writeNamedGroups(data string, groups []NamedLogGroup) error {
	slices.SortFunc(groups, func(a, b NamedLogGroup) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(groups, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.WriteFile(namesFile(data), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot write the names of log groups: %w", err)
	}
	return nil
}

// addToGroup adds flow logs and places to the group of a name, which is made where it is not there.
func addToGroup(data, name string, flowLogs, places []string, now time.Time) error {
	groups, err := readNamedGroups(data)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(groups, func(g NamedLogGroup) bool { return g.Name == name })
	if i < 0 {
		groups = append(groups, NamedLogGroup{Name: name, Created: now.UTC().Truncate(time.Millisecond)})
		i = len(groups) - 1
	}
	g, changed := &groups[i], false
	add := func(to *[]string, values []string) {
		for _, v := range values {
			if !slices.Contains(*to, v) {
				*to, changed = append(*to, v), true
			}
		}
		slices.Sort(*to)
	}
	add(&g.FlowLogs, flowLogs)
	add(&g.Places, places)
	if !changed {
		return nil
	}
	return writeNamedGroups(data, groups)
}

// allowedName is what AWS allows as the name of a log group (CloudWatch Logs API Reference,
// CreateLogGroup).
var allowedName = regexp.MustCompile(`^[\.\-_/#A-Za-z0-9]{1,512}$`)

// checkGroupName refuses what can't be the name of a log group that a user makes.
func checkGroupName(name string) error {
	switch {
	case name == "":
		return &UsageError{Message: "the name of a log group must not be empty"}
	case !allowedName.MatchString(name):
		return &UsageError{
			Message: fmt.Sprintf("%q can't be the name of a log group", name),
			Hint:    "names have 1 to 512 of a-z, A-Z, 0-9 and . - _ / #",
		}
	case strings.HasPrefix(name, "aws/"):
		return &UsageError{Message: fmt.Sprintf("%q can't be the name of a log group: AWS keeps aws/ for itself", name)}
	case strings.HasPrefix(name, "/weir/"):
		return &UsageError{Message: fmt.Sprintf("%q can't be the name of a log group: weir keeps /weir/ for itself", name)}
	}
	return nil
}

// checkNewName refuses a name that the log group of some flow logs can't have.
func (s *Local) checkNewName(ctx context.Context, name string) error {
	if err := checkGroupName(name); err != nil {
		return err
	}
	store, err := s.groupStore(ctx, name)
	if err == nil && store != nil {
		err = &UsageError{Message: fmt.Sprintf("%s is a log group with events of its own", name), Hint: "another name is needed for records of flow logs"}
	}
	return err
}

// placeOf returns the place of a source's objects: what their URLs begin with, or the path of a file.
func placeOf(name string, src source.Source) (string, error) {
	spec, err := source.ParseSpec(name)
	if err != nil {
		return "", err
	}
	if group, ok := src.(*cwlogs.Source); ok {
		return group.Origin() + "/", nil
	}
	if spec.Kind == source.KindS3 {
		return objectURL(spec.Bucket, spec.Prefix), nil
	}
	if info, err := os.Stat(spec.Path); err == nil && info.IsDir() {
		return strings.TrimSuffix(spec.Path, "/") + "/", nil
	}
	return spec.Path, nil
}

// nameDelivered adds what a source delivered to the log group of a name: its flow logs, and its place
// where the keys of some of its objects tell none.
func (s *Local) nameDelivered(ctx context.Context, group, name string, src source.Source) error {
	place, err := placeOf(name, src)
	if err != nil {
		return err
	}
	below, err := s.lake.DeliveredBelow(ctx, place)
	if err != nil {
		return err
	}
	var flowLogs, places []string
	for i := range below {
		if id := below[i].FlowLogID; id != "" {
			flowLogs = append(flowLogs, id)
		} else {
			places = []string{place}
		}
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	return addToGroup(s.lake.Data(), group, flowLogs, places, s.now())
}
