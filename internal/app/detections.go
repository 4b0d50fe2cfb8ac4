package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/detection"
	"weir/internal/query"
	"weir/internal/versions"
)

// DetectionRequest asks for a detection.
type DetectionRequest struct {
	Name string
	// Group is the log group; "" is [FlowLogsGroup].
	Group string
	// Rule and Metric are of a detection of somebody's own: see [detection.Request].
	Rule, Metric string
	// Values are of parameters; those that are left out have their defaults.
	Values map[string]float64
	// Targets are who is told; none: those who are told already.
	Targets []detection.Target
	// Data is the data directory, whose imported definition is looked at as it is at Now.
	Data string
	Now  time.Time
}

// DetectionMade says what became of the parts of a detection.
type DetectionMade struct {
	Detection string `json:"detection"`
	Group     string `json:"log_group"`
	// Actions are the topics that its alarms tell.
	Actions []string `json:"actions"`
	// Parts are its parts, in the order in which they were made, or removed.
	Parts []DetectionPart `json:"parts"`
}

// DetectionPart is a part of a detection.
type DetectionPart struct {
	// Kind is topic, subscription, rule or alarm.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Done is made, changed, unchanged or removed.
	Done string `json:"done"`
}

// Kinds of parts, and what is done with them.
const (
	partTopic        = "topic"
	partSubscription = "subscription"
	partRule         = "rule"
	partAlarm        = "alarm"

	partMade      = "made"
	partChanged   = "changed"
	partUnchanged = "unchanged"
	partRemoved   = "removed"
)

// PlanDetection returns what a detection would be made of. Errors are *UsageError where the request is wrong.
func PlanDetection(ctx context.Context, s Service, r *DetectionRequest) (*detection.Plan, error) {
	d, ok := detection.ByName(r.Name)
	switch {
	case r.Rule != "":
		d, ok = nil, false
	case !ok:
		return nil, NoDetection(r.Name)
	}
	in := detection.Request{Detection: r.Name, Rule: r.Rule, Metric: r.Metric, Group: groupOr(r.Group), Values: r.Values, Targets: r.Targets}
	in.Default = in.Group == FlowLogsGroup
	place, err := groupPlace(ctx, s, in.Group)
	if err != nil {
		return nil, err
	}
	in.Account, in.Region = place.account, place.region
	if d == nil || d.Of != detection.OfFlowLogs {
		if in.Formats, err = groupFormats(ctx, s, in.Group); err != nil {
			return nil, err
		}
	}
	if ok && d.Of == detection.OfLake {
		if err := canContradict(ctx, s, in.Group, r); err != nil {
			return nil, err
		}
	}
	if ok && d.NAT {
		if in.Interfaces, err = natInterfaces(ctx, r.Data, r.Now); err != nil {
			return nil, err
		}
	}
	if ok {
		if err := hasNames(r.Data, d); err != nil {
			return nil, err
		}
	}
	p, err := detection.Make(&in)
	if err != nil {
		return nil, &UsageError{Message: err.Error()}
	}
	return p, nil
}

func groupOr(group string) string {
	if group == "" {
		return FlowLogsGroup
	}
	return group
}

// NoDetection says that no detection of a name is ready: a *UsageError.
func NoDetection(name string) error {
	var names []string
	for _, d := range detection.All() {
		names = append(names, d.Name)
	}
	return &UsageError{Message: fmt.Sprintf("there is no detection %q", name), Hint: "the detections are " + strings.Join(names, ", ")}
}

// serverPlace is the account and the region of a server.
type serverPlace struct{ account, region string }

// groupPlace returns where a log group is, which must be there: its ARN says it.
func groupPlace(ctx context.Context, s Service, group string) (serverPlace, error) {
	in := map[string]any{"logGroupNamePrefix": group}
	for {
		var out struct {
			Groups []struct {
				Name string `json:"logGroupName"`
				ARN  string `json:"arn"`
			} `json:"logGroups"`
			Next string `json:"nextToken"`
		}
		if err := CallOperation(ctx, s, "logs", "DescribeLogGroups", in, &out); err != nil {
			return serverPlace{}, err
		}
		for _, g := range out.Groups {
			if parts := strings.SplitN(g.ARN, ":", 6); g.Name == group && len(parts) == 6 {
				return serverPlace{account: parts[4], region: parts[3]}, nil
			}
		}
		if out.Next == "" {
			return serverPlace{}, &UsageError{Message: "there is no log group " + group, Hint: "'weir logs groups' lists them"}
		}
		in["nextToken"] = out.Next
	}
}

// groupFormats returns the LogFormat of a group's records. Where a lake's group has none yet, or has several, there is none; one of the store must have one, since nothing
// would be counted.
func groupFormats(ctx context.Context, s Service, group string) ([]flowlog.Format, error) {
	groups, err := s.LogGroups(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(groups, func(g LogGroup) bool { return g.Name == group })
	switch {
	case i < 0:
		return nil, nil // a lake that has nothing yet
	case groups[i].Format != "":
		f, err := flowlog.ParseLogFormat(groups[i].Format)
		if err != nil {
			return nil, fmt.Errorf("the LogFormat of %s can't be read: %w", group, err)
		}
		return []flowlog.Format{f}, nil
	case groups[i].Kind == kindStore:
		return nil, &UsageError{
			Message: "the LogFormat of the log group " + group + " is not known, so no record could be read",
			Hint:    "'weir logs format " + group + " default' says that its events are records of the default format",
		}
	}
	return nil, nil
}

// canContradict fails where records have no attribution: outside of the lake, and without a definition.
func canContradict(ctx context.Context, s Service, group string, r *DetectionRequest) error {
	groups, err := s.LogGroups(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(groups, func(g LogGroup) bool { return g.Name == group && g.Kind == kindStore }) {
		return &UsageError{Message: "the events of the log group " + group + " have no weirAttribution: only records of the lake have", Hint: "records that are put into a group with a LogFormat come into the lake too: leave --group out"}
	}
	if _, err := NetworkAt(ctx, r.Data, r.Now); errors.Is(err, versions.ErrNone) {
		return &UsageError{Message: "no record can contradict rules that are not known: no definition of the network was imported", Hint: "weir network import DIR takes what 'aws ec2 describe-*' prints"}
	} else if err != nil {
		return err
	}
	return nil
}

// hasNames fails where the names of addresses that a detection looks at were never imported.
func hasNames(data string, d *detection.Detection) error {
	var files []string
	var missing error
	switch d.Names {
	case detection.Countries:
		files, missing = slices.Collect(maps.Values(countriesFiles)), query.ErrNoCountries
	case detection.Services:
		files, missing = []string{rangesFile}, query.ErrNoRanges
	}
	for _, name := range files {
		if at, err := changed(data, name); err != nil || !at.IsZero() {
			return err
		}
	}
	if missing == nil {
		return nil
	}
	return &UsageError{Message: d.Name + " needs " + d.Names.String() + ": " + missing.Error(), Hint: query.NamesHint(missing)}
}

// carryOut carries out a call of a plan.
func carryOut(ctx context.Context, s Service, c detection.Call) error {
	_, err := s.CallAPI(ctx, c.Service, c.Operation, c.In)
	return err
}

// AddDetection makes a detection: what of it is not there, or is otherwise. What is there under its names and was not made by one is left as it is, and an error.
func AddDetection(ctx context.Context, s Service, r *DetectionRequest) (*DetectionMade, error) {
	p, err := PlanDetection(ctx, s, r)
	if err != nil {
		return nil, err
	}
	have, err := readDetections(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := have.foreign(p); err != nil {
		return nil, err
	}
	if len(r.Targets) == 0 {
		have.keepActions(p)
	}
	out := &DetectionMade{Detection: p.Detection, Group: p.Group, Actions: append([]string{}, p.Actions...), Parts: []DetectionPart{}}
	if err := out.addParts(ctx, s, p, have); err != nil {
		return nil, out.partly(err)
	}
	return out, nil
}

// partly adds to an error what was made before it.
func (m *DetectionMade) partly(err error) error {
	var made []string
	for _, p := range m.Parts {
		if p.Done != partUnchanged {
			made = append(made, p.Kind+" "+p.Name)
		}
	}
	if len(made) == 0 {
		return err
	}
	return fmt.Errorf("%w (made before that: %s; the same command goes on from there, and 'weir watch remove %s' takes it away)", err, strings.Join(made, ", "), m.Detection)
}

// addParts makes what of a plan is not there or is otherwise.
func (m *DetectionMade) addParts(ctx context.Context, s Service, p *detection.Plan, have *keptDetections) error {
	if err := m.addTopic(ctx, s, p, have); err != nil {
		return err
	}
	for _, rule := range p.Rules {
		kept, there := have.rules[rule.Name]
		same := there && kept.definition == rule.Definition && kept.state == "ENABLED"
		if err := m.put(ctx, s, partRule, rule.Name, there, same, p.PutRule(rule)); err != nil {
			return err
		}
	}
	for i := range p.Alarms {
		a := &p.Alarms[i]
		if err := m.putAlarm(ctx, s, have, a.Name, a, p.PutAlarm(a)); err != nil {
			return err
		}
	}
	for i := range p.LogAlarms {
		a := &p.LogAlarms[i]
		if err := m.putAlarm(ctx, s, have, a.Name, a, p.PutLogAlarm(a)); err != nil {
			return err
		}
	}
	return nil
}

// putAlarm makes or changes an alarm where that need be.
func (m *DetectionMade) putAlarm(ctx context.Context, s Service, have *keptDetections, name string, a any, c detection.Call) error {
	kept, there := have.alarms[name]
	wanted, err := plain(a)
	if err != nil {
		return err
	}
	return m.put(ctx, s, partAlarm, name, there, there && covers(kept.described, wanted), c)
}

// put makes or changes a part where that need be.
func (m *DetectionMade) put(ctx context.Context, s Service, kind, name string, there, same bool, c detection.Call) error {
	part := DetectionPart{kind, name, partUnchanged}
	if !same {
		if err := carryOut(ctx, s, c); err != nil {
			return err
		}
		part.Done = partMade
		if there {
			part.Done = partChanged
		}
	}
	m.Parts = append(m.Parts, part)
	return nil
}

// addTopic makes the topic and those subscriptions that it has not got. Others that it has stay.
func (m *DetectionMade) addTopic(ctx context.Context, s Service, p *detection.Plan, have *keptDetections) error {
	if p.TopicARN == "" {
		return nil
	}
	_, there := have.topics[p.TopicARN]
	if err := m.put(ctx, s, partTopic, p.Name, there, there, p.CreateTopic()); err != nil {
		return err
	}
	var subscribed []keptSubscription
	if there {
		var err error
		if subscribed, err = subscriptionsOf(ctx, s, p.TopicARN); err != nil {
			return err
		}
	}
	for _, t := range p.Subscriptions {
		has := slices.ContainsFunc(subscribed, func(k keptSubscription) bool { return k.Target == t })
		if err := m.put(ctx, s, partSubscription, t.String(), has, has, p.Subscribe(t)); err != nil {
			return err
		}
	}
	return nil
}

// plain returns a value as JSON has it.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	return out, json.Unmarshal(text, &out)
}

// covers reports whether what is there has all that is wanted: the members of objects, and the elements of arrays in their order.
func covers(there, wanted any) bool {
	switch w := wanted.(type) {
	case map[string]any:
		t, ok := there.(map[string]any)
		for name, v := range w {
			ok = ok && covers(t[name], v)
		}
		return ok
	case []any:
		t, ok := there.([]any)
		return ok && slices.EqualFunc(t, w, covers)
	}
	return there == wanted
}
