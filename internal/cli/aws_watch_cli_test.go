package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeWatchAWSCLI has a person make by the AWS CLI what tells of refused SSH: a topic, a metric filter, an alarm, a rule of contributors and a
// flow log.
func TestServeWatchAWSCLI(t *testing.T) {
	for major, protocol := range map[string]string{"1": jsonProtocol, "2": queryProtocol} {
		t.Run("version "+major, func(t *testing.T) {
			t.Parallel() // what takes the time is the start of the client
			p := &watchPerson{T: t, c: newAWSCLI(t, major), s: serveWatch(t)}
			p.subscribes()
			p.watches()
			p.measures()
			p.alarms()
			p.logsFlows()
			p.s.documented(t, protocol, major == "1", everywhere(p.c.name)) // version 2.9 compresses nothing
		})
	}
}

// watchPerson is a person with the AWS CLI.
type watchPerson struct {
	*testing.T
	c            awsCLI
	s            *watchServer
	topic        string
	subscription string
}

// run runs a command.
func (p *watchPerson) run(args ...string) string {
	p.Helper()
	return p.c.run(p.T, p.s.awsServer, args...)
}

// prints runs a command and compares what of its answer a query of the client's chooses, on one line.
func (p *watchPerson) prints(want, query string, args ...string) {
	p.Helper()
	if got := p.chosen(query, args...); got != want {
		p.Errorf("%s %v prints %s, want %s", p.c.name, args, got, want)
	}
}

// chosen runs a command and returns what a query of the client's chooses, on one line.
func (p *watchPerson) chosen(query string, args ...string) string {
	p.Helper()
	var answer any
	unmarshal(p.T, p.run(append(args, "--query", query)...), &answer)
	line, err := json.Marshal(answer)
	if err != nil {
		p.Fatal(err)
	}
	return string(line)
}

// text runs a command that prints one text.
func (p *watchPerson) text(query string, args ...string) string {
	p.Helper()
	var text string
	unmarshal(p.T, p.run(append(args, "--query", query)...), &text)
	return text
}

// until runs a command until it prints what is wanted: what was put is counted soon.
func (p *watchPerson) until(want, query string, args ...string) {
	p.Helper()
	got := ""
	for end := time.Now().Add(30 * time.Second); got != want && time.Now().Before(end); {
		got = p.chosen(query, args...)
	}
	if got != want {
		p.Errorf("%s %v prints %s, want %s", p.c.name, args, got, want)
	}
}

// subscribes makes a topic with a subscriber and publishes to it.
func (p *watchPerson) subscribes() {
	p.topic = p.text("TopicArn", "sns", "create-topic", "--name", "ops", "--tags", "Key=team,Value=net")
	p.prints(`"pending confirmation"`, "SubscriptionArn", "sns", "subscribe", "--topic-arn", p.topic, "--protocol", "http", "--notification-endpoint", p.s.endpoint.url)
	p.subscription = p.text("SubscriptionArn", "sns", "confirm-subscription", "--topic-arn", p.topic, "--token", p.s.endpoint.next(p.T, "")["Token"])
	p.prints(`["`+p.subscription+`"]`, "Subscriptions[].SubscriptionArn", "sns", "list-subscriptions-by-topic", "--topic-arn", p.topic)
	p.prints(`["`+p.topic+`"]`, "Topics[].TopicArn", "sns", "list-topics")
	p.prints(`"1"`, "Attributes.SubscriptionsConfirmed", "sns", "get-topic-attributes", "--topic-arn", p.topic)
	id := p.text("MessageId", "sns", "publish", "--topic-arn", p.topic, "--subject", "one", "--message", "é\n<&>",
		"--message-attributes", `{"severity": {"DataType": "String", "StringValue": "high"}}`)
	if m := p.s.endpoint.next(p.T, "one"); m["MessageId"] != id || m["Message"] != "é\n<&>" || m["MessageAttributes.severity"] != "String high" {
		p.Errorf("the message is %v", m)
	}
}

// watches counts what a log group's records say.
func (p *watchPerson) watches() {
	p.run("logs", "create-log-group", "--log-group-name", "vpc")
	p.run("logs", "create-log-stream", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all")
	p.run("logs", "put-metric-filter", "--log-group-name", "vpc", "--filter-name", "ssh",
		"--filter-pattern", `[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]`,
		"--metric-transformations", "metricName=RefusedSSH,metricNamespace=Net,metricValue=1")
	p.run("cloudwatch", "put-insight-rule", "--rule-name", "sources", "--rule-state", "ENABLED", "--rule-definition",
		`{"Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["vpc"], "LogFormat": "CLF", "Fields": {"4": "srcaddr", "10": "bytes"},
		"Contribution": {"Keys": ["srcaddr"], "ValueOf": "bytes", "Filters": []}, "AggregateOn": "Sum"}`)
	now := time.Now()
	line := fmt.Sprintf("2 123456789012 eni-1 203.0.113.9 10.0.1.5 40000 22 6 3 180 %d %d REJECT OK", now.Unix(), now.Unix()+60)
	events, err := json.Marshal([]object{{"timestamp": now.UnixMilli(), "message": line}})
	if err != nil {
		p.Fatal(err)
	}
	p.run("logs", "put-log-events", "--log-group-name", "vpc", "--log-stream-name", "eni-1-all", "--log-events", string(events))
	from, to := now.Add(-10*time.Minute).UTC().Format(time.RFC3339), now.Add(2*time.Minute).UTC().Format(time.RFC3339)
	span := []string{"--start-time", from, "--end-time", to}
	p.until("1", "sum(Datapoints[].Sum)", append([]string{"cloudwatch", "get-metric-statistics", "--namespace", "Net", "--metric-name", "RefusedSSH", "--period", "3600", "--statistics", "Sum"}, span...)...)
	p.until(`[[["203.0.113.9"],180]]`, "Contributors[].[Keys, ApproximateAggregateValue]",
		append([]string{"cloudwatch", "get-insight-rule-report", "--rule-name", "sources", "--period", "60"}, span...)...)
	p.prints(`[["sources","ENABLED"]]`, "InsightRules[].[Name, State]", "cloudwatch", "describe-insight-rules")
	p.prints(`[]`, "Failures", "cloudwatch", "delete-insight-rules", "--rule-names", "sources")
}

// measures puts metrics, more than 10 kB of them, and reads them.
func (p *watchPerson) measures() {
	second := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	var data []object
	for n := range 200 {
		data = append(data, object{"MetricName": "Sessions", "Timestamp": second.Add(time.Duration(n%20) * time.Second).Format(time.RFC3339), "Value": n, "StorageResolution": 1})
	}
	raw, err := json.Marshal(data)
	if err != nil {
		p.Fatal(err)
	}
	file := filepath.Join(writeFiles(p.T, map[string]string{"data.json": string(raw)}), "data.json")
	p.run("cloudwatch", "put-metric-data", "--namespace", "App", "--metric-data", "file://"+file)
	p.run("cloudwatch", "put-metric-data", "--namespace", "App", "--metric-name", "Sessions", "--value", "7", "--dimensions", "gateway=nat-1,zone=a", "--unit", "Count")
	p.prints(`[["Sessions",[]],["Sessions",["nat-1","a"]]]`, "sort_by(Metrics, &length(Dimensions))[].[MetricName, Dimensions[].Value]", "cloudwatch", "list-metrics", "--namespace", "App")
	p.prints(`[["twice",[1800,1820]]]`, "MetricDataResults[].[Label, Values]", "cloudwatch", "get-metric-data", "--scan-by", "TimestampAscending",
		"--start-time", second.Format(time.RFC3339), "--end-time", second.Add(2*time.Second).Format(time.RFC3339), "--metric-data-queries",
		`[{"Id": "s", "MetricStat": {"Metric": {"Namespace": "App", "MetricName": "Sessions"}, "Period": 1, "Stat": "Sum"}, "ReturnData": false}, {"Id": "e", "Expression": "s * 2", "Label": "twice"}]`)
}

// alarms makes alarms, is told of one, and deletes them.
func (p *watchPerson) alarms() {
	p.run("cloudwatch", "put-metric-alarm", "--alarm-name", "ssh", "--namespace", "Net", "--metric-name", "RefusedSSH", "--statistic", "Sum", "--period", "60", "--evaluation-periods", "2",
		"--datapoints-to-alarm", "2", "--threshold", "1000000000", "--comparison-operator", "GreaterThanThreshold", "--treat-missing-data", "notBreaching", "--alarm-actions", p.topic, "--tags", "Key=team,Value=net")
	p.run("cloudwatch", "put-composite-alarm", "--alarm-name", "any", "--alarm-rule", "ALARM(ssh)")
	p.run("cloudwatch", "set-alarm-state", "--alarm-name", "ssh", "--state-value", "ALARM", "--state-reason", "a test")
	var told struct{ AlarmName, NewStateValue, NewStateReason string }
	unmarshal(p.T, p.s.endpoint.next(p.T, "ALARM: ")["Message"], &told)
	if got := fmt.Sprint(told); got != "{ssh ALARM a test}" {
		p.Errorf("the message is of %s", got)
	}
	p.prints(`["Alarm \"ssh\" created"]`, "AlarmHistoryItems[].HistorySummary", "cloudwatch", "describe-alarm-history", "--alarm-name", "ssh", "--history-item-type", "ConfigurationUpdate")
	p.prints(`[["ssh",2,1000000000]]`, "MetricAlarms[].[AlarmName, DatapointsToAlarm, Threshold]", "cloudwatch", "describe-alarms")
	p.prints(`["ssh"]`, "MetricAlarms[].AlarmName", "cloudwatch", "describe-alarms-for-metric", "--namespace", "Net", "--metric-name", "RefusedSSH")
	p.run("cloudwatch", "disable-alarm-actions", "--alarm-names", "ssh")
	p.run("cloudwatch", "enable-alarm-actions", "--alarm-names", "ssh")
	p.prints(`[{"Key":"team","Value":"net"}]`, "Tags", "cloudwatch", "list-tags-for-resource", "--resource-arn", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ssh")
	p.run("cloudwatch", "delete-alarms", "--alarm-names", "any")
	p.run("cloudwatch", "delete-alarms", "--alarm-names", "ssh")
	p.run("sns", "unsubscribe", "--subscription-arn", p.subscription)
	p.run("sns", "delete-topic", "--topic-arn", p.topic)
}

// logsFlows makes a flow log and deletes it.
func (p *watchPerson) logsFlows() {
	id := strings.Trim(p.chosen("FlowLogIds[0]", "ec2", "create-flow-logs", "--resource-type", "VPC", "--resource-ids", "vpc-1", "--traffic-type", "REJECT", "--log-group-name", "vpc",
		"--deliver-logs-permission-arn", "arn:aws:iam::123456789012:role/flow-logs", "--tag-specifications", "ResourceType=vpc-flow-log,Tags=[{Key=team,Value=net}]"), `"`)
	p.run("ec2", "create-tags", "--resources", id, "--tags", "Key=stage,Value=test")
	p.prints(`[["`+id+`","vpc","ACTIVE"]]`, "FlowLogs[].[FlowLogId, LogGroupName, FlowLogStatus]", "ec2", "describe-flow-logs", "--filter", "Name=tag:team,Values=net")
	p.run("ec2", "delete-tags", "--resources", id, "--tags", "Key=team")
	p.prints(`[["stage","test"]]`, "Tags[].[Key, Value]", "ec2", "describe-tags", "--filters", "Name=resource-id,Values="+id)
	p.prints("[]", "Unsuccessful", "ec2", "delete-flow-logs", "--flow-log-ids", id)
}
