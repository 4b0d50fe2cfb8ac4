package detection

import (
	"fmt"
	"strings"

	"weir/flowlog"
)

// A Request asks for a detection.
type Request struct {
	Detection string
	// Group is the log group whose events are looked at, and Default whether it is the one that detections look at where nothing else is said: their names
	// are short then.
	Group   string
	Default bool
	// Formats are the LogFormats of the group's records, as far as they are known.
	Formats []flowlog.Format
	// Interfaces are the ids of the network interfaces of NAT gateways, for detections about them.
	Interfaces []string
	// Rule is the definition of a rule, for a detection of somebody's own; "" for one that is ready. Metric is what its alarm watches, "" is MaxContributorValue.
	Rule, Metric string
	// Values are of parameters; those that are left out have their defaults.
	Values map[string]float64
	// Targets are who is told.
	Targets []Target
	// Account and Region are the server's.
	Account, Region string
}

// A Plan is what a detection is made of.
type Plan struct {
	Detection string `json:"detection"`
	Group     string `json:"log_group"`
	// Name is that of the topic, and begins those of rules and alarms.
	Name string `json:"name"`
	// TopicARN is "" where nobody is told, or topics that are there.
	TopicARN      string   `json:"topic,omitempty"`
	Subscriptions []Target `json:"subscriptions,omitempty"`
	// Actions are the topics that alarms tell.
	Actions []string `json:"actions,omitempty"`
	Rules   []Rule   `json:"rules"`
	Alarms  []Alarm  `json:"alarms"`
	// LogAlarms are alarms on queries.
	LogAlarms []LogAlarm `json:"log_alarms"`
}

// A Rule is a rule of Contributor Insights.
type Rule struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
}

// An Alarm is an alarm, as PutMetricAlarm takes it.
type Alarm struct {
	Name               string   `json:"AlarmName"`
	Description        string   `json:"AlarmDescription"`
	ActionsEnabled     bool     `json:"ActionsEnabled"`
	AlarmActions       []string `json:"AlarmActions"`
	OKActions          []string `json:"OKActions"`
	EvaluationPeriods  int      `json:"EvaluationPeriods"`
	DatapointsToAlarm  int      `json:"DatapointsToAlarm"`
	Threshold          float64  `json:"Threshold"`
	ComparisonOperator string   `json:"ComparisonOperator"`
	TreatMissingData   string   `json:"TreatMissingData"`
	Metrics            []query  `json:"Metrics,omitempty"`
	Namespace          string   `json:"Namespace,omitempty"`
	MetricName         string   `json:"MetricName,omitempty"`
	Statistic          string   `json:"Statistic,omitempty"`
	Period             int      `json:"Period,omitempty"`
	Tags               []Tag    `json:"Tags,omitempty"`
}

// A LogAlarm is an alarm on a query, as PutLogAlarm takes it.
type LogAlarm struct {
	Name               string         `json:"AlarmName"`
	Description        string         `json:"AlarmDescription"`
	ActionsEnabled     bool           `json:"ActionsEnabled"`
	AlarmActions       []string       `json:"AlarmActions"`
	OKActions          []string       `json:"OKActions"`
	Query              scheduledQuery `json:"ScheduledQueryConfiguration"`
	ResultsToEvaluate  int            `json:"QueryResultsToEvaluate"`
	ResultsToAlarm     int            `json:"QueryResultsToAlarm"`
	Threshold          float64        `json:"Threshold"`
	ComparisonOperator string         `json:"ComparisonOperator"`
	TreatMissingData   string         `json:"TreatMissingData"`
	LogLineCount       int            `json:"ActionLogLineCount"`
	LogLineRole        string         `json:"ActionLogLineRoleArn"`
	Tags               []Tag          `json:"Tags,omitempty"`
}

// scheduledQuery is AWS's ScheduledQueryConfiguration.
type scheduledQuery struct {
	Query       string   `json:"QueryString"`
	Groups      []string `json:"LogGroupIdentifiers"`
	Role        string   `json:"ScheduledQueryRoleARN"`
	Schedule    schedule `json:"ScheduleConfiguration"`
	Aggregation string   `json:"AggregationExpression"`
}

// schedule is AWS's ScheduleConfiguration; offsets are in seconds before a run.
type schedule struct {
	Expression  string `json:"ScheduleExpression"`
	StartOffset int64  `json:"StartTimeOffset"`
	EndOffset   int64  `json:"EndTimeOffset"`
}

// query is a MetricDataQuery of an alarm.
type query struct {
	ID         string `json:"Id"`
	Expression string `json:"Expression"`
	Period     int    `json:"Period"`
	ReturnData bool   `json:"ReturnData"`
}

// A Tag is a tag of a resource.
type Tag struct{ Key, Value string }

// Keys of the tags that say which detection made a resource, and for which log group.
const (
	TagDetection = "weir:detection"
	TagGroup     = "weir:log-group"
)

// Tags are those of all that the plan makes.
func (p *Plan) Tags() []Tag {
	return []Tag{{TagDetection, p.Detection}, {TagGroup, p.Group}}
}

// Make returns what a detection is made of. It fails on unknown names, on values that a parameter can't have, and on a LogFormat without a field that is needed.
func Make(r *Request) (*Plan, error) {
	d, err := of(r)
	if err != nil {
		return nil, err
	}
	values, err := d.values(r.Values)
	if err != nil {
		return nil, err
	}
	if d.Name == "reject-spike" && (3600%int(values[Period]) != 0 || values[Period] > 1800) {
		return nil, fmt.Errorf("period must be a part of an hour, 30 minutes at most: the hour before is made of whole ones")
	}
	for _, f := range r.Formats {
		if lacks := d.lacks(f); len(lacks) > 0 {
			return nil, fmt.Errorf("%s needs %s, which the LogFormat of the log group %s has not got", d.Name, strings.Join(lacks, ", "), r.Group)
		}
	}
	if d.NAT && len(r.Interfaces) == 0 {
		return nil, fmt.Errorf("%s needs a definition of the network that names network interfaces of NAT gateways", d.Name)
	}
	if d.Of == OfFlowLogs && !r.Default {
		return nil, fmt.Errorf("%s is of flow logs, not of a log group: leave the group out", d.Name)
	}
	p := &Plan{Detection: d.Name, Group: r.Group, Rules: []Rule{}, Alarms: []Alarm{}, LogAlarms: []LogAlarm{}, Name: Name(d.Name, r.Group, r.Default)}
	for _, t := range r.Targets {
		if t.Protocol == "" {
			p.Actions = append(p.Actions, t.Endpoint)
			continue
		}
		p.Subscriptions = append(p.Subscriptions, t)
	}
	if len(p.Subscriptions) > 0 {
		p.TopicARN = TopicARN(r.Account, r.Region, p.Name)
		p.Actions = append([]string{p.TopicARN}, p.Actions...)
	}
	b := &builder{Plan: p, of: d, flags: hasFlags(r.Formats), values: values, interfaces: r.Interfaces, account: r.Account}
	d.build(b)
	p.Tell(p.Actions)
	return p, nil
}

// of returns the detection that is asked for.
func of(r *Request) (*Detection, error) {
	if r.Rule != "" {
		return own(r)
	}
	d, ok := ByName(r.Detection)
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no detection %q", r.Detection)
	case r.Metric != "":
		return nil, fmt.Errorf("%s watches metrics of its own: a metric is for a rule of your own", r.Detection)
	}
	return d, nil
}

// AlarmNames are the names of all alarms.
func (p *Plan) AlarmNames() []string {
	var out []string
	for i := range p.Alarms {
		out = append(out, p.Alarms[i].Name)
	}
	for i := range p.LogAlarms {
		out = append(out, p.LogAlarms[i].Name)
	}
	return out
}

// Tell lets the alarms tell some topics, when they go off and when they are over.
func (p *Plan) Tell(topics []string) {
	p.Actions = topics
	for i := range p.Alarms {
		p.Alarms[i].AlarmActions, p.Alarms[i].OKActions = append([]string{}, topics...), append([]string{}, topics...)
	}
	for i := range p.LogAlarms {
		p.LogAlarms[i].AlarmActions, p.LogAlarms[i].OKActions = append([]string{}, topics...), append([]string{}, topics...)
	}
}

// TopicARN returns the ARN of a topic.
func TopicARN(account, region, name string) string {
	return "arn:aws:sns:" + region + ":" + account + ":" + name
}

// Name returns what begins the names of all that a detection is made of.
func Name(detection, group string, isDefault bool) string {
	if isDefault {
		return "weir-" + detection
	}
	word := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			return c
		}
		return '-'
	}, group)
	// The name of a rule has 128 characters.
	return "weir-" + detection + "-" + strings.Trim(word[:min(len(word), 80)], "-")
}
