package detection

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/flowlog"
)

// A builder makes the rules and alarms of a plan.
type builder struct {
	*Plan
	of *Detection
	// flags says that all records have tcp-flags.
	flags   bool
	values  map[string]float64
	account string
	// interfaces are those of NAT gateways.
	interfaces []string
}

// A rule is what a rule of Contributor Insights counts. See docs/reference/weir-log-rules.md.
type rule struct {
	Keys       []string         `json:"Keys"`
	ValueOf    string           `json:"ValueOf,omitempty"`
	DistinctOf []string         `json:"DistinctOf,omitempty"`
	Direction  string           `json:"Direction,omitempty"`
	Filters    []map[string]any `json:"Filters"`
}

func (b *builder) threshold() float64 { return b.values[Threshold] }

func (b *builder) period() int { return int(b.values[Period]) }

// filter is a condition of a rule.
func filter(field, op string, value any) map[string]any {
	return map[string]any{"Match": field, op: value}
}

// add adds a rule with its name.
func (b *builder) add(name string, r rule) {
	on := "Count"
	switch {
	case r.ValueOf != "":
		on = "Sum"
	case r.DistinctOf != nil:
		on = "Distinct"
	}
	text, err := json.Marshal(struct {
		Schema struct {
			Name    string
			Version int
		}
		LogGroupNames []string
		LogFormat     string
		Contribution  rule
		AggregateOn   string
	}{
		Schema: struct {
			Name    string
			Version int
		}{"WeirLogRule", 1},
		LogGroupNames: []string{b.Group}, LogFormat: "FlowLog", Contribution: r, AggregateOn: on,
	})
	if err != nil {
		panic(err) // texts and numbers can be written
	}
	b.Rules = append(b.Rules, Rule{name, string(text)})
}

// watch adds an alarm on a metric of a rule, that goes off from the threshold on.
func (b *builder) watch(name, metric, description string) {
	b.alarm(Alarm{Name: name, Description: description, EvaluationPeriods: 1, DatapointsToAlarm: 1, Threshold: b.threshold(), Metrics: []query{
		{ID: "m1", Expression: metricOf(name, metric), Period: b.period(), ReturnData: true},
	}})
}

// metricOf is a metric of a rule as an expression.
func metricOf(rule, metric string) string {
	return fmt.Sprintf("INSIGHT_RULE_METRIC('%s', '%s')", rule, metric)
}

// alarm adds an alarm with what all have.
func (b *builder) alarm(a Alarm) {
	a.Description += b.origin()
	a.ComparisonOperator, a.TreatMissingData, a.ActionsEnabled = "GreaterThanOrEqualToThreshold", cmp.Or(a.TreatMissingData, "notBreaching"), true
	b.Alarms = append(b.Alarms, a)
}

// begins are the conditions of a record that begins a connection by TCP, as far as tcp-flags tell it.
func (b *builder) begins() []map[string]any {
	out := []map[string]any{filter("protocol", "EqualTo", 6)}
	if b.flags {
		out = append(out, filter("tcp-flags", "BitsSet", 2), filter("tcp-flags", "BitsClear", 16))
	}
	return out
}

// logins counts attempts at a service, refused and accepted ones apart.
func (b *builder) logins(service string, port int) {
	for _, outcome := range []struct{ name, action string }{{"refused", "REJECT"}, {"accepted", "ACCEPT"}} {
		r := rule{Keys: []string{"srcaddr"}, Direction: "ingress", Filters: append(b.begins(), filter("dstport", "EqualTo", port), filter("action", "In", []string{outcome.action}))}
		if !b.flags {
			r.DistinctOf = []string{"dstaddr", "srcport"}
		}
		name := b.Name + "-" + outcome.name
		b.add(name, r)
		b.watch(name, "MaxContributorValue", fmt.Sprintf("%s attempts of one source at %s: %s or more in %s.", upper(outcome.name), service, number(b.threshold()), span(b.period())))
	}
}

// scans counts ports and hosts that sources try.
func (b *builder) scans() {
	for _, of := range []struct{ name, field string }{{"ports", "dstport"}, {"hosts", "dstaddr"}} {
		r := rule{Keys: []string{"srcaddr"}, Direction: "ingress", DistinctOf: []string{of.field}, Filters: b.begins()}
		if !b.flags {
			r.Filters = append(r.Filters, filter("dstport", "LessThan", 32768))
		}
		name := b.Name + "-" + of.name
		b.add(name, r)
		b.watch(name, "MaxContributorValue", fmt.Sprintf("%s that one source tries: %s or more in %s.", upper(of.name), number(b.threshold()), span(b.period())))
	}
}

// spike compares rejected records with those of the hour before.
//
// An evaluation asks for two periods more than EvaluationPeriods, so for one and those of an hour before it. The expression is the number of
// records of the last period where that is a spike, else 0: so what was a spike before does not count again.
func (b *builder) spike() {
	b.add(b.Name, rule{Keys: []string{"srcaddr"}, Filters: []map[string]any{filter("action", "In", []string{"REJECT"})}})
	before := 3600 / b.period()
	b.alarm(Alarm{
		Name: b.Name, EvaluationPeriods: before - 1, DatapointsToAlarm: 1, Threshold: b.threshold(),
		Description: fmt.Sprintf("Rejected records: %s or more in %s, and more than %s times the average of the hour before.", number(b.threshold()), span(b.period()), number(b.values[Times])),
		Metrics: []query{
			{ID: "rejects", Expression: metricOf(b.Name, "SampleCount"), Period: b.period()},
			{
				ID: "spike", Period: b.period(), ReturnData: true,
				Expression: fmt.Sprintf("IF(EPOCH(rejects) == MAX(EPOCH(rejects)) AND DATAPOINT_COUNT(rejects) == %d AND rejects * %d > %s * (SUM(rejects) - rejects), rejects, 0)",
					before+1, before, number(b.values[Times])),
			},
		},
	})
}

// inside are the networks that are not outside: private (RFC 1918, RFC 4193), shared (RFC 6598), of this host, link-local, multicast and above.
var inside = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
}

func (b *builder) egress() {
	b.add(b.Name, rule{Keys: []string{"srcaddr"}, ValueOf: "bytes", Direction: "egress", Filters: []map[string]any{filter("dstaddr", "NotInNetworks", inside)}})
	b.watch(b.Name, "MaxContributorValue", fmt.Sprintf("Bytes that one source sends to outside: %s or more in %s.", number(b.threshold()), span(b.period())))
}

// newcomers watches what is new of a name of destinations. A connection that somebody else began goes from its port to a high one.
func (b *builder) newcomers(name, what string) {
	b.add(b.Name, rule{Keys: []string{name}, Direction: "egress", Filters: []map[string]any{
		filter("action", "In", []string{"ACCEPT"}), filter("srcport", "GreaterThan", 32767), filter("dstport", "LessThan", 32768), filter("dstaddr", "NotInNetworks", inside),
	}})
	b.watch(b.Name, newContributors, fmt.Sprintf("New %s that traffic goes to, which had none for 14 days: %s or more in %s.", what, number(b.threshold()), span(b.period())))
}

func (b *builder) nat() {
	b.add(b.Name, rule{Keys: []string{"srcaddr", "dstaddr"}, ValueOf: "bytes", Filters: []map[string]any{filter("interface-id", "In", b.interfaces), filter("srcaddr", "NotIn", []string{"-"})}})
	b.watch(b.Name, "Sum", fmt.Sprintf("Bytes at the network interfaces of NAT gateways: %s or more in %s.", number(b.threshold()), span(b.period())))
}

func (b *builder) loss() {
	b.add(b.Name, rule{Keys: []string{"interface-id"}, Filters: []map[string]any{filter("log-status", "In", []string{"SKIPDATA"})}})
	b.watch(b.Name, "MaxContributorValue", fmt.Sprintf("Records that say SKIPDATA of one network interface: %s or more in %s.", number(b.threshold()), span(b.period())))
}

// undelivered watches the metric that package app makes.
func (b *builder) undelivered() {
	b.alarm(Alarm{
		Name: b.Name, EvaluationPeriods: 1, DatapointsToAlarm: 1, Threshold: b.threshold(), Namespace: "Weir/Delivery", MetricName: "Failed", Statistic: "Maximum", Period: b.period(),
		Description: fmt.Sprintf("Flow logs whose delivery fails: %s or more.", number(b.threshold())),
	})
}

// silent watches the metric that package app makes. While weir does not run nothing is looked at: the alarm stays as it is.
func (b *builder) silent() {
	b.alarm(Alarm{
		Name: b.Name, EvaluationPeriods: 1, DatapointsToAlarm: 1, Threshold: b.values[Times], Namespace: "Weir/Delivery", MetricName: "SilenceRatio", Statistic: "Maximum", Period: b.period(),
		TreatMissingData: "ignore",
		Description:      fmt.Sprintf("Sources that deliver nothing: %s times as long as usual or more.", number(b.values[Times])),
	})
}

const (
	// queryEvery is how often a query looks, and at how much, in seconds.
	queryEvery = 300
	// queryLate is how late it does: the longest aggregation interval, and how late AWS delivers at most.
	queryLate = 600 + 720
)

// contradictions queries the records that contradict the rules.
func (b *builder) contradictions() {
	b.logAlarm(LogAlarm{
		Name: b.Name, Threshold: b.threshold(), ResultsToEvaluate: 1, ResultsToAlarm: 1, LogLineCount: 10,
		Description: fmt.Sprintf("Records that contradict the rules in force: %s or more in 5 minutes.", number(b.threshold())),
		Query: scheduledQuery{
			Query: `filter weirAttribution = "contradiction" | fields @message | sort @timestamp desc`,
			Schedule: schedule{
				Expression: fmt.Sprintf("rate(%d minutes)", queryEvery/60), StartOffset: queryLate + queryEvery, EndOffset: queryLate,
			},
			Aggregation: "count(*)",
		},
	})
}

// logAlarm adds an alarm on a query with what all have.
func (b *builder) logAlarm(a LogAlarm) {
	role := "arn:aws:iam::" + b.account + ":role/weir" // AWS needs one, weir uses none
	a.Query.Role, a.Query.Groups, a.LogLineRole = role, []string{b.Group}, role
	a.Description += b.origin()
	a.ComparisonOperator, a.TreatMissingData, a.ActionsEnabled = "GreaterThanOrEqualToThreshold", "notBreaching", true
	b.LogAlarms = append(b.LogAlarms, a)
}

// origin says where an alarm is from.
func (b *builder) origin() string {
	if b.of.Of == OfFlowLogs {
		return " Made by weir watch add " + b.of.Name + "."
	}
	return " Log group " + b.Group + ". Made by weir watch add " + b.of.Name + "."
}

// hasFlags reports whether all of some formats have tcp-flags; false where none is known.
func hasFlags(formats []flowlog.Format) bool {
	name := flowlog.FieldByID(flowlog.TCPFlags).Name
	return len(formats) > 0 && !slices.ContainsFunc(formats, func(f flowlog.Format) bool { return !slices.Contains(f.Names(), name) })
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// span writes a period: 90 seconds are none, as periods are minutes.
func span(seconds int) string {
	n, unit := seconds/60, "minute"
	if n%60 == 0 {
		n, unit = n/60, "hour"
	}
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}
