package monitoring

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// grafana is Grafana's CloudWatch source, which speaks AWS Query in its older versions (SDK 1) and CBOR in its newer ones (SDK 2).
type grafana struct {
	*testing.T
	s *testServer
}

// ask asks in both protocols, whose answers must be the same, and returns it.
func (g grafana) ask(operation string, in object) object {
	g.Helper()
	out := replay(g.T, g.s.api, "smithy-rpc-v2-cbor", operation, in, nil).(object)
	if diff := cmp.Diff(any(out), inSeconds(replay(g.T, g.s.api, "query", operation, in, out))); diff != "" {
		g.Errorf("%s (-CBOR +Query):\n%s", operation, diff)
	}
	return out
}

// inSeconds returns an answer of XML with times as CBOR has them, in seconds since the epoch.
func inSeconds(v any) any {
	switch v := v.(type) {
	case object:
		for k, e := range v {
			v[k] = inSeconds(e)
		}
	case []any:
		for i, e := range v {
			v[i] = inSeconds(e)
		}
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return float64(at.UnixMilli()) / 1000
		}
	}
	return v
}

// lines shows one member of each element of a list.
func lines(out object, list, member string) []string {
	var shown []string
	for _, e := range out[list].([]any) {
		shown = append(shown, fmt.Sprint(e.(object)[member]))
	}
	return shown
}

// frames asks for data and reads them as Grafana does: pages by their token, results by id and label, which all have; an
// ArithmeticError and MaxMetricsExceeded are errors. It returns times since noon, and values, by id and label.
func (g grafana) frames(in object) map[string]string {
	g.Helper()
	out := map[string]string{}
	for {
		page := g.ask("GetMetricData", in)
		if messages, _ := page["Messages"].([]any); len(messages) > 0 {
			g.Fatalf("messages %v", messages)
		}
		for _, r := range page["MetricDataResults"].([]any) {
			r := r.(object)
			if r["StatusCode"] != "Complete" && r["StatusCode"] != "PartialData" || r["Messages"] != nil && len(r["Messages"].([]any)) > 0 {
				g.Errorf("a result is %v", r)
			}
			for i, at := range r["Timestamps"].([]any) {
				key := r["Id"].(string) + " " + r["Label"].(string)
				out[key] = strings.TrimPrefix(fmt.Sprintf("%s, %v=%v", out[key], at.(float64)-float64(noon.Unix()), r["Values"].([]any)[i]), ", ")
			}
		}
		token, _ := page["NextToken"].(string)
		if token == "" {
			return out
		}
		in["NextToken"] = token
	}
}

// TestGrafana sends what Grafana's CloudWatch source sends for metrics and alarms, in its order, and reads the answers by its rules.
func TestGrafana(t *testing.T) {
	s := newServer(t)
	s.now = noon.Add(3 * time.Minute)
	g := grafana{t, s}
	for i, m := range [][3]string{{"22", "a b", "3"}, {"it's", "a b", "4"}, {"22", "c", "5"}} {
		want(t, s.api, "PutMetricData", object{"Namespace": "Net", "MetricData": list(object{
			"MetricName": "Refused", "Dimensions": list(object{"Name": "port", "Value": m[0]}, object{"Name": "zone", "Value": m[1]}),
			"Timestamp": noon.Add(time.Duration(i) * time.Minute), "Value": []float64{3, 4, 5}[i],
		})})
	}

	// "Save & test" (cloudwatch.go).
	if got := g.ask("ListMetrics", object{"Namespace": "AWS/Billing", "MetricName": "EstimatedCharges"}); len(got["Metrics"].([]any)) != 0 {
		t.Errorf("metrics of billing: %v", got)
	}
	g.editor()
	g.panels()
	g.annotations()
}

// editor fills the lists of the query editor (services/list_metrics.go).
func (g grafana) editor() {
	port := func(more object) object {
		out := object{"Namespace": "Net", "MetricName": "Refused"}
		maps.Copy(out, more)
		return out
	}
	for name, c := range map[string]struct {
		in   object
		want []string
	}{
		"metrics of a namespace": {object{"Namespace": "Net"}, []string{"Refused", "Refused", "Refused"}},
		"keys behind a filter":   {port(object{"Dimensions": list(object{"Name": "zone", "Value": "a b"})}), []string{"Refused", "Refused"}},
		"values of a key":        {port(object{"Dimensions": list(object{"Name": "port"})}), []string{"Refused", "Refused", "Refused"}},
		"of its account":         {port(object{"IncludeLinkedAccounts": true, "OwningAccount": "123456789012"}), []string{"Refused", "Refused", "Refused"}},
		"of all accounts":        {port(object{"IncludeLinkedAccounts": true}), []string{"Refused", "Refused", "Refused"}},
	} {
		out := g.ask("ListMetrics", c.in)
		if diff := cmp.Diff(c.want, lines(out, "Metrics", "MetricName")); diff != "" {
			g.Errorf("%s: %s", name, diff)
		}
		if owners, _ := out["OwningAccounts"].([]any); c.in["IncludeLinkedAccounts"] != nil && len(owners) != len(c.want) {
			g.Errorf("%s: an account for each metric is read, and they are %v", name, owners)
		}
	}
}

// panels asks for data (metric_data_query_builder.go, metric_data_input_builder.go).
func (g grafana) panels() {
	request := func(queries ...any) object {
		return object{
			"StartTime": noon, "EndTime": noon.Add(5 * time.Minute), "ScanBy": "TimestampAscending", "LabelOptions": object{"Timezone": "+0100"}, "MetricDataQueries": list(queries...),
		}
	}
	search := func(text string) object {
		return object{"Id": "a", "ReturnData": true, "Expression": "REMOVE_EMPTY(SEARCH('" + text + "', 'Sum', 60))"}
	}
	labelled := func(text string, names ...string) object {
		q, label := search(text), "${LABEL}"
		for _, n := range names {
			label += "|&|${PROP('Dim." + n + "')}"
		}
		q["Label"] = label
		return q
	}
	builder := object{"Id": "q", "ReturnData": true, "MetricStat": object{
		"Metric": object{"Namespace": "Net", "MetricName": "Refused", "Dimensions": list(object{"Name": "zone", "Value": "c"}, object{"Name": "port", "Value": "22"})},
		"Period": 60, "Stat": "Average",
	}}
	for name, c := range map[string]struct {
		queries []any
		want    map[string]string
	}{
		"one metric":          {list(builder), map[string]string{"q Refused": "120=5"}},
		"math":                {list(builder, object{"Id": "e", "Expression": "q * 2", "Period": 60, "ReturnData": true}), map[string]string{"q Refused": "120=5", "e e": "120=10"}},
		"any value":           {list(search(`{"Net","port","zone"} MetricName="Refused" "zone"="a b"`)), map[string]string{"a 22": "0=3", "a it's": "60=4"}},
		"several values":      {list(search(`{"Net","port","zone"} MetricName="Refused" "port"=("22" OR "it\'s") "zone"="a b"`)), map[string]string{"a 22": "0=3", "a it's": "60=4"}},
		"not exact":           {list(search(`Namespace="Net" MetricName="Refused" "port" "zone"`)), map[string]string{"a 22 a b": "0=3", "a it's a b": "60=4", "a 22 c": "120=5"}},
		"older, not quoted":   {list(search(`{Net,port,zone} MetricName="Refused" "zone"="c"`)), map[string]string{"a Refused": "120=5"}},
		"labels with a value": {list(labelled(`{"Net","port","zone"} MetricName="Refused" "zone"="a b"`, "port")), map[string]string{"a 22|&|22": "0=3", "a it's|&|it's": "60=4"}},
		"nothing":             {list(search(`{"Net","port"} MetricName="Refused"`)), map[string]string{}},
	} {
		if diff := cmp.Diff(c.want, g.frames(request(c.queries...))); diff != "" {
			g.Errorf("%s: %s", name, diff)
		}
	}
	for name, c := range map[string]struct {
		query any
		want  string
	}{
		"Metrics Insights": {object{"Id": "s", "Expression": "SELECT SUM(Refused) FROM Net", "Period": 60, "ReturnData": true}, "Metrics Insights queries are not supported"},
		"account":          {search(`{"Net","port"} MetricName="Refused" :aws.AccountId="123456789012"`), "The property :aws.AccountId is not supported"},
	} {
		if got := g.s.refused("GetMetricData", plain(request(c.query)).(object)); !strings.HasPrefix(got, "ValidationException: ") || !strings.Contains(got, c.want) {
			g.Errorf("%s: %s", name, got)
		}
	}
}

// annotations shows the history of alarms (annotation_query.go).
func (g grafana) annotations() {
	topic := "arn:aws:sns:eu-west-1:123456789012:ops"
	g.s.ok("PutMetricAlarm", metricAlarmOf("ssh", object{"AlarmActions": list(topic), "Period": 300}))
	g.s.ok("PutMetricAlarm", metricAlarmOf("rdp", object{"MetricName": "other"}))
	g.s.ok("SetAlarmState", object{"AlarmName": "ssh", "StateValue": "ALARM", "StateReason": "a test"})
	for name, c := range map[string]struct {
		in   object
		want []string
	}{
		"all":            {object{"MaxRecords": 100}, []string{"rdp", "ssh"}},
		"by name":        {object{"MaxRecords": 100, "AlarmNamePrefix": "s"}, []string{"ssh"}},
		"by its actions": {object{"MaxRecords": 100, "ActionPrefix": "arn:aws:sns:", "AlarmNamePrefix": "s"}, []string{"ssh"}},
	} {
		if diff := cmp.Diff(c.want, lines(g.ask("DescribeAlarms", c.in), "MetricAlarms", "AlarmName")); diff != "" {
			g.Errorf("%s: %s", name, diff)
		}
	}
	alarms := g.ask("DescribeAlarmsForMetric", object{"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 300})
	if got := lines(alarms, "MetricAlarms", "AlarmName"); !slices.Equal(got, []string{"ssh"}) {
		g.Errorf("alarms of the metric are %v", got)
	}
	history := g.ask("DescribeAlarmHistory", object{"AlarmName": "ssh", "StartDate": g.s.now.Add(-time.Hour), "EndDate": g.s.now.Add(time.Hour), "MaxRecords": 100})
	for _, member := range []string{"Timestamp", "AlarmName", "HistoryItemType"} {
		if got := lines(history, "AlarmHistoryItems", member); slices.Contains(got, "<nil>") {
			g.Errorf("each item has a %s: %v", member, got)
		}
	}
	if diff := cmp.Diff([]string{"Alarm updated from INSUFFICIENT_DATA to ALARM", `Alarm "ssh" created`}, lines(history, "AlarmHistoryItems", "HistorySummary")); diff != "" {
		g.Error(diff)
	}
}
