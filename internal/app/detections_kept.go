package app

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"weir/internal/detection"
)

// WatchedDetection is a detection that is there.
type WatchedDetection struct {
	Detection string `json:"detection"`
	Group     string `json:"log_group"`
	// State is that of its worst alarm: ALARM, INSUFFICIENT_DATA or OK; "" where it has none any more.
	State  string            `json:"state"`
	Alarms []WatchedAlarm    `json:"alarms"`
	Rules  []string          `json:"rules"`
	Topic  string            `json:"topic,omitempty"` // its ARN
	Told   []WatchedReceiver `json:"told"`
}

// WatchedAlarm is an alarm of a detection.
type WatchedAlarm struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
}

// WatchedReceiver is who is told: a subscriber of the detection's topic, or another topic.
type WatchedReceiver struct {
	Target string `json:"target"`
	// Pending says that it has not confirmed its subscription yet.
	Pending bool `json:"pending,omitempty"`
}

// keptDetections is what is there of detections: what has their tags.
type keptDetections struct {
	place  serverPlace
	alarms map[string]*keptAlarm
	rules  map[string]keptRule
	topics map[string]ownedBy // by ARN
	// others are the names of alarms and rules, and ARNs of topics, that begin as those of detections do and are none.
	others map[string]bool
}

// ownedBy is the detection that a part is of.
type ownedBy struct{ detection, group string }

type keptAlarm struct {
	ownedBy
	described any // as DescribeAlarms has it
	alarm     WatchedAlarm
	actions   []string
}

type keptRule struct {
	ownedBy
	definition, state string
}

// namePrefix begins the names of all that detections make.
const namePrefix = "weir-"

// readDetections reads what is there.
func readDetections(ctx context.Context, s Service) (*keptDetections, error) {
	place, err := groupPlace(ctx, s, FlowLogsGroup)
	if err != nil {
		return nil, err
	}
	k := &keptDetections{place: place, alarms: map[string]*keptAlarm{}, rules: map[string]keptRule{}, topics: map[string]ownedBy{}, others: map[string]bool{}}
	for _, read := range []func(context.Context, Service) error{k.readAlarms, k.readRules, k.readTopics} {
		if err := read(ctx, s); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// owner returns the detection that a resource is of, by its tags; false where it is of none.
func owner(ctx context.Context, s Service, service, arnMember, arn string) (ownedBy, bool, error) {
	var out struct{ Tags []detection.Tag }
	err := CallOperation(ctx, s, service, "ListTagsForResource", map[string]any{arnMember: arn}, &out)
	var by ownedBy
	for _, t := range out.Tags {
		switch t.Key {
		case detection.TagDetection:
			by.detection = t.Value
		case detection.TagGroup:
			by.group = t.Value
		}
	}
	return by, by.detection != "" && by.group != "", err
}

func (k *keptDetections) readAlarms(ctx context.Context, s Service) error {
	type answer struct{ MetricAlarms, LogAlarms []json.RawMessage }
	return EachPage(ctx, s, detection.CloudWatch, "DescribeAlarms", map[string]any{"AlarmNamePrefix": namePrefix, "AlarmTypes": []string{"MetricAlarm", "LogAlarm"}}, func(page *answer) error {
		for _, text := range append(page.MetricAlarms, page.LogAlarms...) {
			var a struct {
				AlarmName, AlarmArn, AlarmDescription, StateValue, StateReason string
				AlarmActions                                                   []string
			}
			kept := &keptAlarm{}
			if err := json.Unmarshal(text, &a); err != nil {
				return err
			}
			if err := json.Unmarshal(text, &kept.described); err != nil {
				return err
			}
			by, is, err := owner(ctx, s, detection.CloudWatch, "ResourceARN", a.AlarmArn)
			if err != nil {
				return err
			}
			if !is {
				k.others[a.AlarmName] = true
				continue
			}
			kept.ownedBy, kept.actions, kept.alarm = by, a.AlarmActions, WatchedAlarm{a.AlarmName, a.AlarmDescription, a.StateValue, a.StateReason}
			k.alarms[a.AlarmName] = kept
		}
		return nil
	})
}

// insightRules is a page of DescribeInsightRules.
type insightRules struct {
	InsightRules []struct{ Name, State, Definition string }
}

func (k *keptDetections) readRules(ctx context.Context, s Service) error {
	return EachPage(ctx, s, detection.CloudWatch, "DescribeInsightRules", map[string]any{}, func(page *insightRules) error {
		for _, r := range page.InsightRules {
			if !strings.HasPrefix(r.Name, namePrefix) {
				continue
			}
			by, is, err := owner(ctx, s, detection.CloudWatch, "ResourceARN", "arn:aws:cloudwatch:"+k.place.region+":"+k.place.account+":insight-rule/"+r.Name)
			if err != nil {
				return err
			}
			if !is {
				k.others[r.Name] = true
				continue
			}
			k.rules[r.Name] = keptRule{by, r.Definition, r.State}
		}
		return nil
	})
}

func (k *keptDetections) readTopics(ctx context.Context, s Service) error {
	type answer struct{ Topics []struct{ TopicArn string } }
	return EachPage(ctx, s, detection.SNS, "ListTopics", map[string]any{}, func(page *answer) error {
		for _, t := range page.Topics {
			if !strings.HasPrefix(TopicName(t.TopicArn), namePrefix) {
				continue
			}
			by, is, err := owner(ctx, s, detection.SNS, "ResourceArn", t.TopicArn)
			if err != nil {
				return err
			}
			if !is {
				k.others[t.TopicArn] = true
				continue
			}
			k.topics[t.TopicArn] = by
		}
		return nil
	})
}

// foreign says what has the name of a part of a plan, and is of somebody else.
func (k *keptDetections) foreign(p *detection.Plan) error {
	by := ownedBy{p.Detection, p.Group}
	other := func(kind, name string) error {
		return &UsageError{Message: "there is a " + kind + " " + name + " that this detection did not make", Hint: "nothing was changed: delete or rename it first"}
	}
	for _, r := range p.Rules {
		if kept, there := k.rules[r.Name]; k.others[r.Name] || there && kept.ownedBy != by {
			return other("rule", r.Name)
		}
	}
	for _, name := range p.AlarmNames() {
		if kept, there := k.alarms[name]; k.others[name] || there && kept.ownedBy != by {
			return other("alarm", name)
		}
	}
	if kept, there := k.topics[p.TopicARN]; k.others[p.TopicARN] || there && kept != by {
		return other("topic", p.Name)
	}
	return nil
}

// keepActions lets the alarms of a plan tell who is told by those that are there.
func (k *keptDetections) keepActions(p *detection.Plan) {
	for _, name := range slices.Sorted(maps.Keys(k.alarms)) {
		if a := k.alarms[name]; a.ownedBy == (ownedBy{p.Detection, p.Group}) {
			p.Tell(a.actions)
			return
		}
	}
}

// Unconfirmed stands for the ARN of a subscription that was not confirmed, in lists of SNS.
const Unconfirmed = "PendingConfirmation"

// TopicName returns the name of a topic, with which its ARN ends.
func TopicName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// keptSubscription is a subscription of a topic.
type keptSubscription struct {
	detection.Target
	pending bool
}

func subscriptionsOf(ctx context.Context, s Service, topic string) ([]keptSubscription, error) {
	var out []keptSubscription
	type answer struct {
		Subscriptions []struct{ SubscriptionArn, Protocol, Endpoint string }
	}
	err := EachPage(ctx, s, detection.SNS, "ListSubscriptionsByTopic", map[string]any{"TopicArn": topic}, func(page *answer) error {
		for _, sub := range page.Subscriptions {
			out = append(out, keptSubscription{detection.Target{Protocol: sub.Protocol, Endpoint: sub.Endpoint}, sub.SubscriptionArn == Unconfirmed})
		}
		return nil
	})
	return out, err
}

// Detections returns the detections that are there, by name and log group.
func Detections(ctx context.Context, s Service) ([]WatchedDetection, error) {
	k, err := readDetections(ctx, s)
	if err != nil {
		return nil, err
	}
	all := map[ownedBy]*WatchedDetection{}
	of := func(by ownedBy) *WatchedDetection {
		if all[by] == nil {
			all[by] = &WatchedDetection{Detection: by.detection, Group: by.group, Alarms: []WatchedAlarm{}, Rules: []string{}, Told: []WatchedReceiver{}}
		}
		return all[by]
	}
	for _, arn := range slices.Sorted(maps.Keys(k.topics)) {
		w := of(k.topics[arn])
		w.Topic = arn
		subs, err := subscriptionsOf(ctx, s, arn)
		if err != nil {
			return nil, err
		}
		for _, sub := range subs {
			w.Told = append(w.Told, WatchedReceiver{sub.String(), sub.pending})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.rules)) {
		w := of(k.rules[name].ownedBy)
		w.Rules = append(w.Rules, name)
	}
	for _, name := range slices.Sorted(maps.Keys(k.alarms)) {
		a := k.alarms[name]
		w := of(a.ownedBy)
		w.Alarms = append(w.Alarms, a.alarm)
		if w.State == "" || slices.Index(worst, a.alarm.State) < slices.Index(worst, w.State) {
			w.State = a.alarm.State
		}
		for _, arn := range a.actions {
			if arn != w.Topic && !slices.ContainsFunc(w.Told, func(r WatchedReceiver) bool { return r.Target == arn }) {
				w.Told = append(w.Told, WatchedReceiver{Target: arn})
			}
		}
	}
	var out []WatchedDetection
	for _, w := range all {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b WatchedDetection) int {
		return cmp.Or(cmp.Compare(a.Detection, b.Detection), cmp.Compare(a.Group, b.Group))
	})
	return out, nil
}

// worst are the states of alarms, the worst first.
var worst = []string{"ALARM", "INSUFFICIENT_DATA", "OK"}

// RemoveDetection removes what a detection made: alarms, then rules with what they counted, then the topic with its subscriptions.
func RemoveDetection(ctx context.Context, s Service, name, group string) (*DetectionMade, error) {
	k, err := readDetections(ctx, s)
	if err != nil {
		return nil, err
	}
	by := ownedBy{name, groupOr(group)}
	out := &DetectionMade{Detection: by.detection, Group: by.group, Actions: []string{}, Parts: []DetectionPart{}}
	remove := func(kind, name, service, operation string, in map[string]any) error {
		if err := CallOperation(ctx, s, service, operation, in, nil); err != nil {
			return err
		}
		out.Parts = append(out.Parts, DetectionPart{kind, name, partRemoved})
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(k.alarms)) {
		if k.alarms[name].ownedBy == by {
			if err := remove(partAlarm, name, detection.CloudWatch, "DeleteAlarms", map[string]any{"AlarmNames": []string{name}}); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.rules)) {
		if k.rules[name].ownedBy == by {
			if err := remove(partRule, name, detection.CloudWatch, "DeleteInsightRules", map[string]any{"RuleNames": []string{name}}); err != nil {
				return nil, err
			}
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(k.topics)) {
		if k.topics[arn] == by {
			if err := remove(partTopic, TopicName(arn), detection.SNS, "DeleteTopic", map[string]any{"TopicArn": arn}); err != nil {
				return nil, err
			}
		}
	}
	if len(out.Parts) == 0 {
		return nil, &UsageError{Message: "there is no detection " + name + " for the log group " + by.group, Hint: "'weir watch list' lists those that are there"}
	}
	return out, nil
}
