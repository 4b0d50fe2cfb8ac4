package monitoring

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/contributor"
	"weir/internal/metricstore"
	"weir/internal/sharedtest"
)

// stat makes a query of a metric of the namespace ns; more are further members of its MetricStat.
func stat(id, name, statistic string, period int, more object) object {
	of := object{"Metric": object{"Namespace": "ns", "MetricName": name}, "Period": period, "Stat": statistic}
	for k, v := range more {
		if k == "Dimensions" {
			of["Metric"].(object)[k] = v
		} else {
			of[k] = v
		}
	}
	return object{"Id": id, "MetricStat": of}
}

// values makes data of a metric, of one value each.
func values(name, unit string, of ...float64) []any {
	var out []any
	for _, v := range of {
		d := object{"MetricName": name, "Value": v}
		if unit != "" {
			d["Unit"] = unit
		}
		out = append(out, d)
	}
	return out
}

// TestRecordedMetricData puts what LocalStack's tests put to AWS and compares what GetMetricData answers, in each protocol.
func TestRecordedMetricData(t *testing.T) {
	all := recorded(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	dims := func(name, value string) []any { return list(object{"Name": name, "Value": value}) }
	with := func(d []any, more object) []any {
		maps.Copy(d[0].(object), more)
		return d
	}
	two := append(values("m-test", "Milliseconds", 60000), values("m-test", "Seconds", 60)...)
	four := slices.Concat(two, two)
	labels := values("metric1", "Seconds", 0, 2, 7, 100)
	type test struct {
		name, step    string
		data, queries []any
	}
	tests := []test{
		{
			"test_get_metric_data_for_multiple_metrics", "get_metric_data",
			append(append(values("metric1", "Seconds", 50), values("metric2", "Seconds", 25)...), values("metric3", "Seconds", 55)...),
			list(stat("result1", "metric1", "Sum", 60, nil), stat("result2", "metric2", "Sum", 60, nil), stat("result3", "metric3", "Sum", 60, nil)),
		},
		{
			"test_get_metric_data_with_dimensions", "get_metric_data",
			append(with(values("metric1", "", 11), object{"Dimensions": dims("InstanceId", "one")}), with(values("metric1", "", 12), object{"Dimensions": dims("InstanceId", "two")})...),
			list(stat("result1", "metric1", "Sum", 60, object{"Dimensions": dims("InstanceId", "one")})),
		},
		{"test_get_metric_data_with_different_units", "get_metric_data_with_different_units", append(values("m-test", "Seconds", 1), values("m-test", "Count", 5)...), list(stat("m1", "m-test", "Sum", 60, object{"Unit": "Seconds"}))},
		{"test_get_metric_with_no_results", "result", values("m", "", 1), list(stat("result", "<label:1>", "Sum", 60, object{"Dimensions": dims("foo", "bar")}))},
		{"test_get_metric_with_null_dimensions", "get_metric_with_null_dimensions", with(values("<label:1>", "Seconds", 1), object{"Dimensions": dims("foo", "bar")}), list(stat("id", "<label:1>", "Sum", 60, object{"Dimensions": list()}))},
		{"test_get_metric_data_different_units_no_unit_in_query metric_data0", "get_metric_data_with_no_unit_specified", two, list(stat("m1", "m-test", "Sum", 60, nil))},
		{"test_get_metric_data_different_units_no_unit_in_query metric_data1", "get_metric_data_with_no_unit_specified", four, list(stat("m1", "m-test", "Sum", 60, nil))},
		{"test_get_metric_data_different_units_no_unit_in_query metric_data2", "get_metric_data_with_no_unit_specified", append(four, values("m-test", "Count", 5)...), list(stat("m1", "m-test", "Sum", 60, nil))},
	}
	zero := test{name: "test_get_metric_data_with_zero_and_labels", step: "get_metric_data_with_zero_and_labels", data: values("metric1", "Seconds", 0, 2, 4, 3.5, 7, 100)}
	for _, s := range []string{"Average", "Sum", "Minimum", "Maximum"} {
		zero.queries = append(zero.queries, stat("result_"+s, "metric1", s, 60, object{"Unit": "Seconds"}))
	}
	tests = append(tests, zero)
	for _, s := range []string{"Sum", "SampleCount", "Minimum", "Maximum", "Average"} {
		tests = append(tests, test{"test_get_metric_data_stats " + s, "get_metric_data", values("metric1", "Seconds", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), list(stat("result1", "metric1", s, 60, nil))})
	}
	for i, pair := range [][2]string{
		{"Sum 60 Seconds", "Minimum 30 Seconds"},
		{"Sum 60 Seconds", "Minimum 60 Seconds"},
		{"Sum 60 Seconds", "Sum 30 Seconds"},
		{"Sum 60 Seconds", "Minimum 30 Milliseconds"},
		{"Sum 60 Seconds", "Minimum 60 Milliseconds"},
		{"Sum 60 Seconds", "Sum 30 Milliseconds"},
		{"Sum 60 Seconds", "Sum 60 Milliseconds"},
	} {
		one := test{name: fmt.Sprint("test_label_generation input_pairs", i), step: "label_generation", data: labels}
		for _, p := range pair {
			var s, unit string
			var period int
			if _, err := fmt.Sscan(p, &s, &period, &unit); err != nil {
				t.Fatal(err)
			}
			one.queries = append(one.queries, stat(fmt.Sprintf("result_%s_%d_%s", s, period, unit), "metric1", s, period, object{"Unit": unit}))
		}
		tests = append(tests, one)
	}
	for _, tt := range tests {
		for _, protocol := range protocols {
			api := newAPI(t, func() time.Time { return now })
			if got := ask(t, api, protocol, "PutMetricData", object{"Namespace": "ns", "MetricData": tt.data}); got.status != 200 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			in := object{"MetricDataQueries": tt.queries, "StartTime": now.Add(-time.Minute), "EndTime": now.Add(time.Minute)}
			if got := ask(t, api, protocol, "GetMetricData", in); got.status != 200 {
				t.Errorf("%s, %s: %d %s", tt.name, protocol, got.status, got.body)
			}
			test, parameter, _ := strings.Cut(tt.name, " ")
			parameter = strings.TrimSuffix(protocol+"-"+parameter, "-")
			record, ok := all[test+"["+parameter+"]"][tt.step].(object)
			if !ok {
				t.Fatalf("%s [%s] is not in the record", test, parameter)
			}
			diff := gocmp.Diff(record, want(t, api, "GetMetricData", in), near(1e-12), cmpopts.IgnoreMapEntries(func(k string, v any) bool {
				return k == "ResponseMetadata" || k == "Timestamps" || k == "Id" && (v == "<id:1>" || v == "id")
			}))
			if diff != "" {
				t.Errorf("%s, %s: %s", tt.name, protocol, diff)
			}
		}
	}
}

// TestMetricDataForms looks at the bytes of answers.
func TestMetricDataForms(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	api := newAPI(t, func() time.Time { return now })
	want(t, api, "PutMetricData", object{"Namespace": "ns", "MetricData": list(object{"MetricName": "m", "Value": 41.0}, object{"MetricName": "m", "Value": 0.5, "Timestamp": now.Add(-time.Minute)})})
	in := object{"MetricDataQueries": list(stat("m1", "m", "Sum", 60, nil), object{"Id": "e1", "Expression": "m1 * 2", "Label": "max ${MAX}"}), "StartTime": now.Add(-time.Minute), "EndTime": now.Add(time.Minute)}
	if got := string(ask(t, api, "json", "GetMetricData", in).body); got != `{"MetricDataResults":[{"Id":"m1","Label":"m","Timestamps":[1772366400,1772366340],"Values":[41.0,0.5],"StatusCode":"Complete"},{"Id":"e1","Label":"max 82","Timestamps":[1772366400,1772366340],"Values":[82.0,1.0],"StatusCode":"Complete"}],"Messages":[]}` {
		t.Error(got)
	}
	got := string(ask(t, api, "query", "GetMetricData", in).body)
	for _, part := range []string{
		"<MetricDataResults><member><Id>m1</Id><Label>m</Label><Timestamps><member>2026-03-01T12:00:00Z</member><member>2026-03-01T11:59:00Z</member></Timestamps>",
		"<Values><member>41.0</member><member>0.5</member></Values><StatusCode>Complete</StatusCode></member>",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%s\nhas no %s", got, part)
		}
	}
}

// TestCapturedMetricData answers what clients sent.
func TestCapturedMetricData(t *testing.T) {
	api := newAPI(t, func() time.Time { return time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) })
	want(t, api, "PutMetricData", object{"Namespace": "Weir", "MetricData": list(object{"MetricName": "SSHRejects", "Value": 7.0, "Timestamp": time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)})})
	root := sharedtest.Path(t, "corpus", "aws-client-requests")
	files, err := filepath.Glob(filepath.Join(root, "*", "*GetMetricData.http"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d requests: %v", len(files), err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		protocol := "json"
		switch {
		case bytes.Contains(head, []byte("rpc-v2-cbor")):
			protocol = "smithy-rpc-v2-cbor"
		case bytes.Contains(head, []byte("x-www-form-urlencoded")):
			protocol = "query"
		}
		got := send(t, api, protocol, "GetMetricData", string(body))
		if bytes.Contains(body, []byte("SSHRejects")) {
			if got.status != 200 || !bytes.Contains(got.body, []byte("SSHRejects")) || !bytes.Contains(got.body, []byte("7")) {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
			continue
		}
		// The SDKs were asked for the expression 1, which is a number.
		if got.status != 400 || got.queryCode != "ValidationError" || !strings.HasPrefix(got.message, "Error in expression 'a': The result is a number") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestMetricDataTimes looks at which points are given by when the time begins and how long ago.
func TestMetricDataTimes(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC)
	tests := []struct {
		ago, length time.Duration
		period      int
		want        string // the first point, and how many there are
	}{
		{time.Hour, time.Minute, 60, "2026-11-30T11:34:00Z 2"},
		{time.Hour, 4 * time.Second, 60, "2026-11-30T11:34:00Z 1"}, // 11:35:00 is not included
		{time.Hour, 5 * time.Second, 60, "2026-11-30T11:34:00Z 2"},
		{time.Hour, 25 * time.Second, 10, "2026-11-30T11:34:50Z 4"},
		{time.Hour, 5 * time.Second, 1, "2026-11-30T11:34:56Z 5"},
		{time.Hour, 10 * time.Minute, 300, "2026-11-30T11:34:00Z 3"},
		{20 * day, 10 * time.Minute, 300, "2026-11-10T12:30:00Z 3"},
		{70 * day, time.Hour, 3600, "2026-09-21T12:00:00Z 2"},
	}
	api := newAPI(t, func() time.Time { return now })
	for _, tt := range tests {
		start := now.Add(-tt.ago)
		got := want(t, api, "GetMetricData", object{
			"MetricDataQueries": list(object{"Id": "e1", "Expression": "TIME_SERIES(1)", "Period": tt.period}), "ScanBy": "TimestampAscending",
			"StartTime": start, "EndTime": start.Add(tt.length), "LabelOptions": object{"Timezone": "+0130"},
		})["MetricDataResults"].([]any)[0].(object)
		times := got["Timestamps"].([]any)
		if text := time.Unix(int64(times[0].(float64)), 0).UTC().Format(time.RFC3339) + fmt.Sprint(" ", len(times)); text != tt.want {
			t.Errorf("%v ago for %v by %d: %s, want %s", tt.ago, tt.length, tt.period, text, tt.want)
		}
	}
}

// TestMetricDataPages pages through results and compares them with those of one answer.
func TestMetricDataPages(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 30, 0, time.UTC)
	api := newAPI(t, func() time.Time { return now })
	put := func(name string, minutes ...int) {
		var data []metricstore.Datum
		for _, m := range minutes {
			at := now.Add(-time.Duration(m) * time.Minute)
			data = append(data, metricstore.Datum{Metric: metricstore.Metric{Namespace: "ns", Name: name}, Time: at.UnixMilli(), Values: []float64{float64(m)}})
		}
		if err := api.Metrics.Put(t.Context(), data); err != nil {
			t.Fatal(err)
		}
	}
	put("a", 1, 2, 3, 4, 5)
	put("b", 2, 4)
	request := func(order string, limit int, token string) object {
		in := object{
			"MetricDataQueries": list(stat("m1", "a", "Sum", 60, nil), stat("m2", "none", "Sum", 60, nil), stat("m3", "b", "Sum", 60, nil), object{"Id": "e1", "Expression": "METRICS() * 2"}),
			"StartTime":         now.Add(-10 * time.Minute), "EndTime": now,
		}
		for k, v := range map[string]string{"ScanBy": order, "NextToken": token} {
			if v != "" {
				in[k] = v
			}
		}
		if limit > 0 {
			in["MaxDatapoints"] = limit
		}
		return in
	}
	for _, order := range []string{"", "TimestampDescending", "TimestampAscending"} {
		whole := fmt.Sprint(want(t, api, "GetMetricData", request(order, 0, ""))["MetricDataResults"])
		for limit := 1; limit <= 15; limit++ {
			var parts []object
			token, pages := "", 0
			for {
				page := want(t, api, "GetMetricData", request(order, limit, token))
				pages++
				points := 0
				for _, r := range page["MetricDataResults"].([]any) {
					r := r.(object)
					points += len(r["Values"].([]any))
					if n := len(parts); n > 0 && parts[n-1]["StatusCode"] == "PartialData" {
						last := parts[n-1]
						last["StatusCode"] = r["StatusCode"]
						for _, member := range []string{"Timestamps", "Values"} {
							last[member] = append(last[member].([]any), r[member].([]any)...)
						}
						continue
					}
					parts = append(parts, r)
				}
				if points > limit {
					t.Fatalf("a page of %d points, not %d", points, limit)
				}
				if page["NextToken"] == nil {
					break
				}
				token = page["NextToken"].(string)
			}
			var joined []any
			for _, p := range parts {
				joined = append(joined, p)
			}
			if got := fmt.Sprint(joined); got != whole || pages != (14+limit-1)/limit {
				t.Errorf("%s by %d, %d pages: %s\nwant %s", order, limit, pages, got, whole)
			}
		}
	}
	first := want(t, api, "GetMetricData", request("", 3, ""))
	token := first["NextToken"].(string)
	for name, in := range map[string]object{
		"of another order": request("TimestampAscending", 3, token), "changed": request("", 3, token+"x"), "none": request("", 3, "x"),
	} {
		if got := ask(t, api, "json", "GetMetricData", in); got.status != 400 || got.code != "InvalidNextToken" {
			t.Errorf("a token that is %s: %+v", name, got)
		}
	}
	// The time of a request is rounded once: five minutes later it would begin at 11:55.
	start := now.Add(-15*24*time.Hour + 2*time.Minute)
	in := object{"MetricDataQueries": list(object{"Id": "e1", "Expression": "MINUTE(TIME_SERIES(1))", "Period": 60}), "StartTime": start, "EndTime": start.Add(5 * time.Minute), "MaxDatapoints": 4}
	page := want(t, api, "GetMetricData", in)
	now = now.Add(5 * time.Minute)
	in["NextToken"] = page["NextToken"]
	second := want(t, api, "GetMetricData", in)
	values := func(page object) any { return page["MetricDataResults"].([]any)[0].(object)["Values"] }
	if got := fmt.Sprint(values(page), values(second), second["NextToken"]); got != "[7 6 5 4] [3 2] <nil>" {
		t.Error(got)
	}
	// A search that finds more has another page than the token is of.
	in = object{"MetricDataQueries": list(object{"Id": "e1", "Expression": "SEARCH('{ns}', 'Sum', 60)"}), "StartTime": now.Add(-20 * time.Minute), "EndTime": now, "MaxDatapoints": 4}
	in["NextToken"] = want(t, api, "GetMetricData", in)["NextToken"]
	want(t, api, "GetMetricData", in)
	put("c", 1)
	if got := ask(t, api, "json", "GetMetricData", in); got.status != 400 || got.code != "InvalidNextToken" {
		t.Errorf("a token of other metrics: %+v", got)
	}
}

// TestMetricDataRefused asks for what is refused.
func TestMetricDataRefused(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	api := newAPI(t, func() time.Time { return now })
	good := func() object {
		return object{"MetricDataQueries": list(stat("m1", "a", "Sum", 60, nil)), "StartTime": now.Add(-time.Hour), "EndTime": now}
	}
	change := func(member string, v any) object {
		out := good()
		out[member] = v
		return out
	}
	with := func(q object) object { return change("MetricDataQueries", list(q)) }
	tests := []struct {
		in   object
		want string
	}{
		{change("EndTime", now.Add(-time.Hour)), "The parameter StartTime must be less than the parameter EndTime."},
		{change("MaxDatapoints", 0), "The value 0 for parameter MaxDatapoints is not between 1 and 100800."},
		{change("MaxDatapoints", 100_801), "The value 100801 for parameter MaxDatapoints is not between 1 and 100800."},
		{change("LabelOptions", object{"Timezone": "CET"}), "The value CET for parameter LabelOptions.Timezone is invalid: it is + or - and four digits, as +0130."},
		{change("MetricDataQueries", list()), "There are 0 queries: 1 to 500 are taken"},
		{with(object{"Id": "m1"}), "The parameter MetricDataQueries.member.1.MetricStat is required.\n"},
		{with(object{"Id": "e1", "Expression": "SUM("}), "Error in expression 'e1': Unexpected end: a value is expected at position 5"},
		{with(object{"Id": "e1", "Expression": "SELECT AVG(x) FROM y"}), "Error in expression 'e1': Metrics Insights queries are not supported (use MetricStat or SEARCH)"},
		{with(stat("M1", "a", "Sum", 60, nil)), `Error in expression 'M1': The Id "M1" does not begin with a small letter followed by letters, digits and underscores`},
		{with(stat("m1", "a", "Sum", 61, nil)), "Error in expression 'm1': The period 61 is not 1, 5, 10, 20, 30 or a multiple of 60 seconds"},
		{with(object{"Id": "e1", "Period": 60, "Expression": `INSIGHT_RULE_METRIC("r", "Sum")`}), "Error in expression 'e1': There are no rules of Contributor Insights"},
		{change("ScanBy", "Up"), "1 validation error detected: Value 'Up' at 'scanBy' failed to satisfy constraint: Member must satisfy enum value set: [TimestampDescending, TimestampAscending]"},
	}
	for _, tt := range tests {
		if got := ask(t, api, "json", "GetMetricData", tt.in); got.status != 400 || got.code != "ValidationException" || got.queryCode != "ValidationError" || got.message != tt.want {
			t.Errorf("%+v\nwant %s", got, tt.want)
		}
	}
}

// TestGoSDKMetricData reads metrics, an expression, a search and a rule with AWS's SDK for Go.
func TestGoSDKMetricData(t *testing.T) {
	s := newServer(t)
	c, ctx := goClient(t, s), t.Context()
	end := testTime.Truncate(5 * time.Minute)
	for i, host := range []string{"a", "b"} {
		if _, err := c.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("Weir"), MetricData: []types.MetricDatum{{
			MetricName: aws.String("Rejects"), Value: aws.Float64(float64(i + 1)), Timestamp: aws.Time(end.Add(-time.Minute)),
			Dimensions: []types.Dimension{{Name: aws.String("Host"), Value: &host}},
		}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.rules.Put(ctx, contributor.PutRequest{Name: "top", Definition: `{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":["/vpc"],"LogFormat":"CLF",` +
		`"Fields":{"1":"host"},"Contribution":{"Keys":["host"],"Filters":[]},"AggregateOn":"Count"}`}); err != nil {
		t.Fatal(err)
	}
	var events []contributor.Event
	for i, host := range []string{"a", "b", "c", "a"} {
		at := end.Add(time.Duration(i-4) * time.Minute)
		events = append(events, contributor.Event{Timestamp: at.UnixMilli(), Ingestion: testTime.UnixMilli(), Message: host})
	}
	if err := s.rules.Add(ctx, "reader", []byte("1"), []contributor.Batch{{Group: "/vpc", Events: events}}); err != nil {
		t.Fatal(err)
	}
	query := func(id, expression string) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, Expression: &expression, Period: aws.Int32(300)}
	}
	pages := cloudwatch.NewGetMetricDataPaginator(c, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(end.Add(-5 * time.Minute)), EndTime: &end, MaxDatapoints: aws.Int32(1),
		MetricDataQueries: []types.MetricDataQuery{
			query("e1", `SEARCH('{Weir,Host} rejects', 'Sum')`), query("e2", "SUM(e1)"), query("e3", `INSIGHT_RULE_METRIC("top", "UniqueContributors")`),
		},
	})
	var got []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.MetricDataResults {
			got = append(got, fmt.Sprint(*r.Id, " ", *r.Label, " ", r.Values, " ", end.Sub(r.Timestamps[0]), " ", r.StatusCode))
		}
	}
	if text := strings.Join(got, "; "); text != "e1 a [1] 5m0s Complete; e1 b [2] 5m0s Complete; e2 e2 [3] 5m0s Complete; e3 e3 [3] 5m0s Complete" {
		t.Error(text)
	}
	// A period that begins at no multiple of its length: of the last three events.
	out, err := c.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(end.Add(-3 * time.Minute)), EndTime: &end,
		MetricDataQueries: []types.MetricDataQuery{query("e1", `INSIGHT_RULE_METRIC("top", "UniqueContributors") + TIME_SERIES(0)`), query("e2", `INSIGHT_RULE_METRIC("top", "SampleCount")`)},
	})
	if err != nil || len(out.MetricDataResults) != 2 || fmt.Sprint(out.MetricDataResults[0].Values, out.MetricDataResults[1].Values) != "[3] [3]" {
		t.Errorf("%+v %v", out, err)
	}
	_, err = c.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{StartTime: aws.Time(end.Add(-3 * time.Minute)), EndTime: &end, MetricDataQueries: []types.MetricDataQuery{query("e1", `INSIGHT_RULE_METRIC("none", "Sum")`)}})
	if wrong := smithy.APIError(nil); !errors.As(err, &wrong) || wrong.ErrorCode() != "ResourceNotFoundException" {
		t.Errorf("a rule that is not there: %v", err)
	}
}
