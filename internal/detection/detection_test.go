package detection

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/contributor"
	"weir/internal/metricmath"
)

func format(t *testing.T, text string) flowlog.Format {
	t.Helper()
	f, err := flowlog.ParseLogFormat(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// newest is a format with tcp-flags and flow-direction.
const newest = "${version} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${bytes} ${action} ${log-status} ${tcp-flags} ${flow-direction}"

func request(d *Detection, formats ...flowlog.Format) *Request {
	r := &Request{Detection: d.Name, Group: "/weir/flow-logs", Default: true, Formats: formats, Account: "111122223333", Region: "us-east-1"}
	if d.NAT {
		r.Interfaces = []string{"eni-1", "eni-2"}
	}
	return r
}

// TestMake makes each detection for records with and without tcp-flags: its rules are rules that fit, and its alarms watch them by expressions that can be read.
func TestMake(t *testing.T) {
	for _, d := range All() {
		if d.Finds == "" || d.How == "" || d.Parameter(Threshold) == nil && d.Parameter(Times) == nil {
			t.Errorf("%s says too little", d.Name)
		}
		for _, f := range []flowlog.Format{flowlog.DefaultFormat(flowlog.KindVPC), format(t, newest)} {
			p, err := Make(request(&d, f))
			if err != nil {
				t.Errorf("%s: %v", d.Name, err)
				continue
			}
			rules := map[string]bool{}
			for _, r := range p.Rules {
				rules[r.Name] = true
				rule, err := contributor.ParseRule([]byte(r.Definition))
				if err != nil {
					t.Fatalf("%s: %v in %s", r.Name, err, r.Definition)
				}
				if err := rule.Fits(f); err != nil || !rule.Matches("/weir/flow-logs") {
					t.Errorf("%s: %v", r.Name, err)
				}
			}
			for _, a := range p.Alarms {
				var queries []metricmath.Query
				for _, q := range a.Metrics {
					queries = append(queries, metricmath.Query{ID: q.ID, Expression: q.Expression, Period: q.Period, ReturnData: q.ReturnData})
				}
				if d.Of == OfFlowLogs {
					if a.MetricName == "" || len(queries) > 0 || a.Period != 60 {
						t.Errorf("%+v", a)
					}
					continue
				}
				if err := metricmath.Check(queries); err != nil {
					t.Errorf("%s: %v", a.Name, err)
				}
				watched := metricmath.InsightRules(queries)
				if len(watched) != 1 || !rules[watched[0]] || !strings.HasPrefix(a.Name, "weir-"+d.Name) || a.EvaluationPeriods*a.Metrics[0].Period > day {
					t.Errorf("%s watches %q", a.Name, watched)
				}
			}
			if alarms := len(p.AlarmNames()); d.Of == OfRecords && len(p.Alarms) != len(p.Rules) || alarms == 0 {
				t.Errorf("%s has %d rules and %d alarms", d.Name, len(p.Rules), alarms)
			}
		}
		for _, id := range d.Fields {
			var names []string
			for name := range strings.FieldsSeq(newest) {
				if name != "${"+flowlog.FieldByID(id).Name+"}" {
					names = append(names, name)
				}
			}
			_, err := Make(request(&d, format(t, strings.Join(names, " "))))
			want := d.Name + " needs " + flowlog.FieldByID(id).Name + ", which the LogFormat of the log group /weir/flow-logs has not got"
			if err == nil || err.Error() != want {
				t.Errorf("without a field: %v, want %s", err, want)
			}
		}
	}
}

// TestAttempts: with tcp-flags an attempt is a record, without it is a source port; where formats differ, or none is known, there are no flags to rely on.
func TestAttempts(t *testing.T) {
	d, _ := ByName("ssh-bruteforce")
	old := flowlog.DefaultFormat(flowlog.KindVPC)
	for _, c := range []struct {
		formats []flowlog.Format
		records bool
	}{
		{[]flowlog.Format{format(t, newest)}, true},
		{[]flowlog.Format{old}, false},
		{[]flowlog.Format{format(t, newest), old}, false},
		{nil, false},
	} {
		p, err := Make(request(d, c.formats...))
		if err != nil {
			t.Fatal(err)
		}
		var rule struct {
			Contribution struct {
				Keys, DistinctOf []string
				Direction        string
				Filters          []map[string]any
			}
			AggregateOn string
		}
		if err := json.Unmarshal([]byte(p.Rules[0].Definition), &rule); err != nil {
			t.Fatal(err)
		}
		flags := slices.ContainsFunc(rule.Contribution.Filters, func(f map[string]any) bool { return f["Match"] == "tcp-flags" })
		if (rule.AggregateOn == "Count") != c.records || flags != c.records || (rule.Contribution.DistinctOf == nil) != c.records || rule.Contribution.Direction != "ingress" {
			t.Errorf("%d formats: %s", len(c.formats), p.Rules[0].Definition)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	values := func(name string, v float64) map[string]float64 { return map[string]float64{name: v} }
	for _, c := range []struct {
		change func(r *Request)
		want   string
	}{
		{func(r *Request) { r.Detection = "x" }, `there is no detection "x"`},
		{func(r *Request) { r.Values = values(Times, 2) }, "ssh-bruteforce has no factor: it takes threshold, period"},
		{func(r *Request) { r.Values = values(Period, 90) }, "period must be whole minutes, from 1 minute to 1 day"},
		{func(r *Request) { r.Values = values(Period, 0) }, "period must be whole minutes, from 1 minute to 1 day"},
		{func(r *Request) { r.Values = values(Period, 86460) }, "period must be whole minutes, from 1 minute to 1 day"},
		{func(r *Request) { r.Values = values(Threshold, 0) }, "threshold must be a whole number from 1 on"},
		{func(r *Request) { r.Values = values(Threshold, 1.5) }, "threshold must be a whole number from 1 on"},
		{func(r *Request) { r.Detection, r.Values = "reject-spike", values(Times, 0.5) }, "factor must be from 1 to 1000000"},
		{func(r *Request) { r.Detection, r.Values = "reject-spike", values(Period, 420) }, "period must be a part of an hour, 30 minutes at most: the hour before is made of whole ones"},
		{func(r *Request) { r.Detection, r.Values = "reject-spike", values(Period, 3600) }, "period must be a part of an hour, 30 minutes at most: the hour before is made of whole ones"},
		{func(r *Request) { r.Detection, r.Default = "delivery-failed", false }, "delivery-failed is of flow logs, not of a log group: leave the group out"},
		{func(r *Request) { r.Metric = "Sum" }, "ssh-bruteforce watches metrics of its own: a metric is for a rule of your own"},
		{func(r *Request) { r.Rule = "{}" }, "ssh-bruteforce is a detection that is ready: give one of your own another name"},
		{func(r *Request) { r.Detection, r.Rule = "My Rule", "{}" }, `"My Rule" is no name of a detection: it has up to 40 small letters, digits and -`},
		{
			func(r *Request) {
				r.Detection, r.Rule, r.Metric = "mine", `{"Schema":{"Name":"CloudWatchLogRule"}}`, "NewContributors"
			},
			"NewContributors is a metric of rules of the schema WeirLogRule; this one is of CloudWatchLogRule",
		},
		{func(r *Request) { r.Detection, r.Rule, r.Metric = "mine", "{}", "Average" }, `"Average" is no metric of a rule: they are [MaxContributorValue UniqueContributors SampleCount Sum NewContributors]`},
		{func(r *Request) { r.Detection, r.Rule = "mine", "[]" }, "the rule is no JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
		{func(r *Request) { r.Detection = "nat-bytes" }, "nat-bytes needs a definition of the network that names network interfaces of NAT gateways"},
	} {
		d, _ := ByName("ssh-bruteforce")
		r := request(d)
		c.change(r)
		if _, err := Make(r); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		text string
		want Target
		err  string
	}{
		{text: "arn:aws:sns:us-east-1:111122223333:woken", want: Target{"", "arn:aws:sns:us-east-1:111122223333:woken"}},
		{text: "mailto:soc@example.com", want: Target{"email", "soc@example.com"}},
		{text: "https://example.com/sns", want: Target{"https", "https://example.com/sns"}},
		{text: "http://127.0.0.1:9/x", want: Target{"http", "http://127.0.0.1:9/x"}},
		{text: "slack:https://hooks.slack.com/services/a", want: Target{"slack", "https://hooks.slack.com/services/a"}},
		{text: "teams:https://example.com/t", want: Target{"teams", "https://example.com/t"}},
		{text: "webhook:https://example.com/w", want: Target{"webhook", "https://example.com/w"}},
		{text: "command:page", want: Target{"command", "page"}},
		{text: "arn:aws:sqs:us-east-1:111122223333:q", err: "arn:aws:sqs:us-east-1:111122223333:q is no ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME"},
		{text: "https:///x", err: `"https:///x" is no http or https URL`},
		{text: "slack:x", err: `"x" is no http or https URL`},
		{text: "sms:+1", err: `"sms:+1" is no target: ` + targetForms},
		{text: "soc", err: `"soc" is no target: ` + targetForms},
		{text: "mailto:", err: `"mailto:" is no target: ` + targetForms},
	} {
		got, err := ParseTarget(c.text)
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %v, want %s", c.text, err, c.err)
			}
		case err != nil || got != c.want || got.String() != c.text:
			t.Errorf("%s is %+v, %v, printed %s", c.text, got, err, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		group     string
		isDefault bool
		want      string
	}{
		{"/weir/flow-logs", true, "weir-loss"},
		{"/weir/flow-logs", false, "weir-loss-weir-flow-logs"},
		{"prod/vpc#1.flows_a", false, "weir-loss-prod-vpc-1-flows_a"},
		{strings.Repeat("a", 512), false, "weir-loss-" + strings.Repeat("a", 80)},
	} {
		if got := Name("loss", c.group, c.isDefault); got != c.want {
			t.Errorf("%s: %s, want %s", c.group, got, c.want)
		}
	}
}

// TestCalls shows what a detection is made of.
func TestCalls(t *testing.T) {
	d, _ := ByName("loss")
	r := request(d, format(t, newest))
	r.Values = map[string]float64{Threshold: 3}
	r.Targets = []Target{{"", "arn:aws:sns:us-east-1:111122223333:there"}, {"email", "o'neill@example.com"}}
	p, err := Make(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range p.Calls() {
		got = append(got, c.String())
	}
	tags := `[{"Key":"weir:detection","Value":"loss"},{"Key":"weir:log-group","Value":"/weir/flow-logs"}]`
	actions := `["arn:aws:sns:us-east-1:111122223333:weir-loss","arn:aws:sns:us-east-1:111122223333:there"]`
	want := []string{
		`aws sns create-topic --cli-input-json '{"Name":"weir-loss","Tags":` + tags + `}'`,
		`aws sns subscribe --cli-input-json '{"Endpoint":"o'\''neill@example.com","Protocol":"email","TopicArn":"arn:aws:sns:us-east-1:111122223333:weir-loss"}'`,
		`aws cloudwatch put-insight-rule --cli-input-json '{"RuleDefinition":"{\"Schema\":{\"Name\":\"WeirLogRule\",\"Version\":1},\"LogGroupNames\":[\"/weir/flow-logs\"],\"LogFormat\":\"FlowLog\",` +
			`\"Contribution\":{\"Keys\":[\"interface-id\"],\"Filters\":[{\"In\":[\"SKIPDATA\"],\"Match\":\"log-status\"}]},\"AggregateOn\":\"Count\"}","RuleName":"weir-loss","RuleState":"ENABLED","Tags":` + tags + `}'`,
		`aws cloudwatch put-metric-alarm --cli-input-json '{"AlarmName":"weir-loss","AlarmDescription":"Records that say SKIPDATA of one network interface: 3 or more in 5 minutes. ` +
			`Log group /weir/flow-logs. Made by weir watch add loss.","ActionsEnabled":true,"AlarmActions":` + actions + `,"OKActions":` + actions +
			`,"EvaluationPeriods":1,"DatapointsToAlarm":1,"Threshold":3,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"notBreaching",` +
			`"Metrics":[{"Id":"m1","Expression":"INSIGHT_RULE_METRIC('\''weir-loss'\'', '\''MaxContributorValue'\'')","Period":300,"ReturnData":true}],"Tags":` + tags + `}'`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOwn makes detections of rules that somebody wrote: one without log groups is of the group that is asked for.
func TestOwn(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"{\n  \"A\": 1\n}", "{\"LogGroupNames\":[\"g\"],\n  \"A\": 1\n}"},
		{"{ }", `{"LogGroupNames":["g"] }`},
		{`{"LogGroupNames":["x"]}`, `{"LogGroupNames":["x"]}`},
		{`{"LogGroupARNs":["x"]}`, `{"LogGroupARNs":["x"]}`},
	} {
		p, err := Make(&Request{Detection: "mine", Group: "g", Rule: c.rule, Metric: "Sum", Values: map[string]float64{Threshold: 5}})
		if err != nil {
			t.Fatal(err)
		}
		if p.Rules[0] != (Rule{"weir-mine-g", c.want}) || !json.Valid([]byte(p.Rules[0].Definition)) {
			t.Errorf("%s", p.Rules[0].Definition)
		}
		if a := p.Alarms[0]; a.Threshold != 5 || a.Metrics[0].Expression != "INSIGHT_RULE_METRIC('weir-mine-g', 'Sum')" {
			t.Errorf("%+v", a)
		}
	}
}
