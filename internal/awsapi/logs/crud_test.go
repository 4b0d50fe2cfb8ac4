package logs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"weir/internal/logstore"
)

// listed pages through an operation and returns a member of each element of a list.
func (s *testServer) listed(operation, list, member string, in object) []string {
	s.t.Helper()
	var all []string
	for range 100 {
		out := s.ok(operation, in)
		for _, e := range out[list].([]any) {
			all = append(all, fmt.Sprint(e.(object)[member]))
		}
		token, ok := out["nextToken"]
		if !ok {
			return all
		}
		in = merged(in, object{"nextToken": token})
	}
	s.t.Fatalf("%s has no end", operation)
	return nil
}

func merged(objects ...object) object {
	out := object{}
	for _, o := range objects {
		maps.Copy(out, o)
	}
	return out
}

func TestLogGroups(t *testing.T) {
	s := newServer(t, nil)
	for i := range 7 {
		s.ok("CreateLogGroup", object{"logGroupName": fmt.Sprint("/vpc/", i), "tags": object{"env": fmt.Sprint("e", i%2)}})
	}
	s.ok("CreateLogGroup", object{"logGroupName": "Other", "logGroupClass": "INFREQUENT_ACCESS"})
	all := []string{"/vpc/0", "/vpc/1", "/vpc/2", "/vpc/3", "/vpc/4", "/vpc/5", "/vpc/6", "Other"}
	odd := []string{"/vpc/1", "/vpc/3", "/vpc/5"}
	tests := []struct {
		operation string
		in        object
		want      []string
	}{
		{"DescribeLogGroups", object{}, all},
		{"DescribeLogGroups", object{"limit": 3}, all},
		{"DescribeLogGroups", object{"logGroupNamePrefix": "/vpc", "limit": 3}, all[:7]},
		{"DescribeLogGroups", object{"logGroupNamePattern": "pc/3"}, all[3:4]},
		{"DescribeLogGroups", object{"logGroupNamePattern": "VPC"}, nil},
		{"DescribeLogGroups", object{"logGroupClass": "INFREQUENT_ACCESS"}, all[7:]},
		{"DescribeLogGroups", object{"logGroupIdentifiers": []string{"/vpc/1", s.api.groupARN("Other")}}, []string{"/vpc/1", "Other"}},
		{"DescribeLogGroups", object{"includeLinkedAccounts": true, "accountIdentifiers": []string{"111111111111"}, "logGroupNamePrefix": "O"}, all[7:]},
		{"DescribeLogGroups", object{"includeLinkedAccounts": true, "accountIdentifiers": []string{"222222222222"}}, nil},
		{"ListLogGroups", object{"limit": 3}, all},
		{"ListLogGroups", object{"logGroupNamePattern": "^/vpc/1|Oth"}, []string{"/vpc/1", "Other"}},
		{"ListLogGroups", object{"logGroupNamePattern": "^pc/1"}, nil},
		{"ListLogGroups", object{"logGroupTags": []object{{"key": "env", "values": []string{"e1"}}}}, odd},
		{"ListLogGroups", object{"logGroupTags": []object{{"key": "env", "values": []string{"!*0"}}}}, odd},
		{"ListLogGroups", object{"logGroupTags": []object{{"key": "env", "values": []string{"*1", "x*"}}, {"key": "env"}}}, odd},
		{"ListLogGroups", object{"logGroupTags": []object{{"key": "env", "values": []string{"*"}}}}, all[:7]},
		{"ListLogGroups", object{"logGroupTags": []object{{"key": "none"}}}, nil},
		{"ListLogGroups", object{"dataSources": []object{{"name": "amazon_vpc"}}}, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, s.listed(tt.operation, "logGroups", "logGroupName", tt.in)); diff != "" {
			t.Errorf("%s %v: %s", tt.operation, tt.in, diff)
		}
	}
	for in, want := range map[string]string{
		`kmsKeyId`: "This server does not encrypt log groups with KMS keys: leave kmsKeyId out.",
	} {
		if got := s.refused("CreateLogGroup", object{"logGroupName": "n", in: "x"}); got != "InvalidParameterException: "+want {
			t.Error(got)
		}
	}
	for _, more := range []object{{"deletionProtectionEnabled": true}, {"logGroupClass": "DELIVERY"}, {"logGroupName": "aws/x"}, {"logGroupName": "/weir/transit-gateway-flow-logs"}, {"tags": object{"aws:x": "y"}}} {
		if got := s.refused("CreateLogGroup", merged(object{"logGroupName": "n"}, more)); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("%v: %s", more, got)
		}
	}
	if got := s.refused("DescribeLogGroups", object{"nextToken": pageToken("ListLogGroups", "x")}); got != "InvalidParameterException: The specified nextToken is invalid." {
		t.Error(got)
	}
	s.ok("DeleteLogGroup", object{"logGroupName": "Other"})
	if got := s.refused("DeleteLogGroup", object{"logGroupName": "Other"}); got != "ResourceNotFoundException: The specified log group does not exist." {
		t.Error(got)
	}
}

func TestLogStreams(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "a", "b", "c", "d")
	now := testTime.UnixMilli()
	s.put("b", now-5, "x", "y")
	s.put("d", now-9, "x")
	s.put("a", now-1, "x")
	for _, tt := range []struct {
		in   object
		want string
	}{
		{object{"limit": 1}, "[a b c d]"},
		{object{"descending": true, "limit": 3}, "[d c b a]"},
		{object{"orderBy": "LastEventTime", "limit": 3}, "[c d b a]"},
		{object{"orderBy": "LastEventTime", "descending": true, "limit": 1}, "[a b d c]"},
		{object{"logStreamNamePrefix": "b"}, "[b]"},
	} {
		if got := fmt.Sprint(s.listed("DescribeLogStreams", "logStreams", "logStreamName", merged(object{"logGroupName": "g"}, tt.in))); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.in, got, tt.want)
		}
	}
	b := s.ok("DescribeLogStreams", object{"logGroupName": "g", "logStreamNamePrefix": "b"})["logStreams"].([]any)[0].(object)
	want := object{
		"logStreamName": "b", "creationTime": float64(now), "firstEventTimestamp": float64(now - 5), "lastEventTimestamp": float64(now - 4), "lastIngestionTime": float64(now),
		"uploadSequenceToken": fmt.Sprintf("%056d", now), "arn": "arn:aws:logs:eu-central-1:111111111111:log-group:g:log-stream:b", "storedBytes": 0.0,
	}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Error(diff)
	}
	if got := s.refused("DescribeLogStreams", object{"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "b"}); got != "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix." {
		t.Error(got)
	}
	s.ok("DeleteLogStream", object{"logGroupName": "g", "logStreamName": "b"})
	if got := s.refused("DeleteLogStream", object{"logGroupName": "g", "logStreamName": "b"}); got != "ResourceNotFoundException: The specified log stream does not exist." {
		t.Error(got)
	}
}

func TestRetentionAndTags(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	retention := func() any {
		return s.ok("DescribeLogGroups", object{})["logGroups"].([]any)[0].(object)["retentionInDays"]
	}
	s.ok("PutRetentionPolicy", object{"logGroupName": "g", "retentionInDays": 14})
	if got := retention(); got != 14.0 {
		t.Errorf("retention %v", got)
	}
	s.ok("DeleteRetentionPolicy", object{"logGroupName": "g"})
	if got := retention(); got != nil {
		t.Errorf("retention %v", got)
	}
	if got := s.refused("PutRetentionPolicy", object{"logGroupName": "g", "retentionInDays": 2}); !strings.HasPrefix(got, "InvalidParameterException: 1 validation error detected: Value '2' at 'retentionInDays'") {
		t.Error(got)
	}
	tags := func(from, to int) object {
		out := object{}
		for i := from; i < to; i++ {
			out[fmt.Sprint("k", i)] = "v"
		}
		return out
	}
	arn := s.api.groupARN("g")
	s.ok("TagResource", object{"resourceArn": arn, "tags": tags(0, 50)})
	s.ok("TagResource", object{"resourceArn": arn + ":", "tags": tags(0, 50)}) // the same again
	if status, out := s.send("TagResource", object{"resourceArn": arn, "tags": tags(50, 51)}); status != 400 || out["__type"] != "TooManyTagsException" || out["resourceName"] != arn {
		t.Errorf("%d %v", status, out)
	}
	if got := s.refused("TagLogGroup", object{"logGroupName": "g", "tags": tags(50, 51)}); got != "InvalidParameterException: A resource can have no more than 50 tags." {
		t.Error(got)
	}
	for _, arn := range []string{"g", "arn:aws:logs:x:111111111111:destination:d"} {
		if got := s.refused("ListTagsForResource", object{"resourceArn": arn}); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("%s: %s", arn, got)
		}
	}
	if got := s.refused("UntagResource", object{"resourceArn": s.api.groupARN("none"), "tagKeys": []string{"a"}}); got != "ResourceNotFoundException: The specified log group does not exist." {
		t.Error(got)
	}
}

func TestQueryDefinitions(t *testing.T) {
	s := newServer(t, nil)
	id := func(in object) string {
		t.Helper()
		return s.ok("PutQueryDefinition", in)["queryDefinitionId"].(string)
	}
	nat := id(object{"name": "nat/top", "queryString": "fields @message", "logGroupNames": []string{"g"}, "parameters": []object{{"name": "p", "defaultValue": "1"}}})
	other := id(object{"name": "a", "queryString": "stats count(*)"})
	token := object{"name": "nat/b", "queryString": "q", "clientToken": strings.Repeat("t", 36)}
	if first, again := id(token), id(token); first != again {
		t.Error("a request that came twice made two")
	}
	if got := id(object{"name": "nat/top", "queryString": "fields @timestamp", "queryDefinitionId": nat}); got != nat {
		t.Errorf("it was replaced by %s", got)
	}
	if got := s.listed("DescribeQueryDefinitions", "queryDefinitions", "name", object{"maxResults": 1}); fmt.Sprint(got) != "[a nat/b nat/top]" {
		t.Error(got)
	}
	got := s.ok("DescribeQueryDefinitions", object{"queryDefinitionNamePrefix": "nat/t"})["queryDefinitions"]
	want := []any{object{"queryDefinitionId": nat, "name": "nat/top", "queryString": "fields @timestamp", "queryLanguage": "CWLI", "lastModified": float64(testTime.UnixMilli())}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"success": true}, s.ok("DeleteQueryDefinition", object{"queryDefinitionId": other})); diff != "" {
		t.Error(diff)
	}
	for op, in := range map[string]object{
		"DeleteQueryDefinition": {"queryDefinitionId": other},
		"PutQueryDefinition":    {"name": "a", "queryString": "b", "queryDefinitionId": other},
	} {
		if got := s.refused(op, in); got != "ResourceNotFoundException: The specified query definition does not exist." {
			t.Errorf("%s: %s", op, got)
		}
	}
}

func TestMetricFilters(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	put := func(more object) object {
		t.Helper()
		return merged(object{"logGroupName": "g", "filterName": "f", "filterPattern": "[a, b]", "metricTransformations": []object{{"metricName": "m", "metricNamespace": "n", "metricValue": "$a"}}}, more)
	}
	for i := range 100 {
		s.ok("PutMetricFilter", put(object{"filterName": fmt.Sprintf("f%03d", i)}))
	}
	s.ok("PutMetricFilter", put(object{"filterName": "f000", "filterPattern": "[a, b=1]"})) // replaces
	if got := s.refused("PutMetricFilter", put(object{"filterName": "one more"})); got != "LimitExceededException: Resource limit exceeded." {
		t.Error(got)
	}
	names := s.listed("DescribeMetricFilters", "metricFilters", "filterName", object{})
	if len(names) != 100 || !slices.IsSorted(names) {
		t.Errorf("filters %v", names)
	}
	if got := s.ok("DescribeLogGroups", object{})["logGroups"].([]any)[0].(object)["metricFilterCount"]; got != 100.0 {
		t.Errorf("metricFilterCount %v", got)
	}
	transformed := func(t object) object {
		return object{"metricTransformations": []object{merged(object{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}, t)}}
	}
	for name, more := range map[string]object{
		"a value that is none":         transformed(object{"metricValue": "x"}),
		"a field that is not there":    transformed(object{"metricValue": "$c"}),
		"four dimensions":              transformed(object{"dimensions": object{"1": "$a", "2": "$a", "3": "$a", "4": "$a"}}),
		"a default with dimensions":    transformed(object{"dimensions": object{"1": "$a"}, "defaultValue": 0}),
		"a bad pattern":                {"filterPattern": "[a"},
		"transformed logs":             {"applyOnTransformedLogs": true},
		"a selection":                  {"fieldSelectionCriteria": "@aws.region = 'x'"},
		"dimensions of system fields":  {"emitSystemFieldDimensions": []string{"@aws.region"}},
		"a unit that there is not":     transformed(object{"unit": "Flows"}),
		"a metric's name with a colon": transformed(object{"metricName": "a:b"}),
	} {
		if got := s.refused("PutMetricFilter", put(more)); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	s.ok("DeleteMetricFilter", object{"logGroupName": "g", "filterName": "f000"})
	if got := s.refused("DeleteMetricFilter", object{"logGroupName": "g", "filterName": "f000"}); got != "ResourceNotFoundException: The specified metric filter does not exist." {
		t.Error(got)
	}
	s.ok("DeleteLogGroup", object{"logGroupName": "g"})
	if got := s.listed("DescribeMetricFilters", "metricFilters", "filterName", object{}); got != nil {
		t.Errorf("filters of a group that is gone: %v", got)
	}
}

func TestFiltersWithRegularExpressions(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	metric := func(name, pattern string) object {
		return object{"logGroupName": "g", "filterName": name, "filterPattern": pattern, "metricTransformations": []object{{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}}}
	}
	subscription := func(name, pattern string) object {
		return object{"logGroupName": "g", "filterName": name, "filterPattern": pattern, "destinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/siem"}
	}
	for i := range 4 {
		s.ok("PutMetricFilter", metric(fmt.Sprint("f", i), "%[a-z]+%"))
	}
	s.ok("PutSubscriptionFilter", subscription("f0", "%[a-z]+%"))
	s.ok("PutMetricFilter", metric("f0", "%[0-9]+%")) // replaces
	s.ok("PutMetricFilter", metric("plain", "word"))
	for operation, in := range map[string]object{"PutMetricFilter": metric("f5", "%x+%"), "PutSubscriptionFilter": subscription("f5", "%x+%")} {
		if got := s.refused(operation, in); got != "LimitExceededException: Resource limit exceeded." {
			t.Errorf("%s: %s", operation, got)
		}
	}
}

func TestTestMetricFilter(t *testing.T) {
	s := newServer(t, nil)
	got := s.ok("TestMetricFilter", object{"filterPattern": "[ip, ..., status=4*]", "logEventMessages": []string{"1.2.3.4 x 404", "1.2.3.4 x 200", "5.6.7.8 a b 403"}})
	want := object{"matches": []any{
		object{"eventNumber": 0.0, "eventMessage": "1.2.3.4 x 404", "extractedValues": object{"$ip": "1.2.3.4", "$2": "x", "$status": "404"}},
		object{"eventNumber": 2.0, "eventMessage": "5.6.7.8 a b 403", "extractedValues": object{"$ip": "5.6.7.8", "$2": "a", "$3": "b", "$status": "403"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"matches": []any{}}, s.ok("TestMetricFilter", object{"filterPattern": "x", "logEventMessages": []string{"y"}})); diff != "" {
		t.Error(diff)
	}
}

func TestSubscriptionFilters(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	put := func(name string, more object) object {
		return merged(object{"logGroupName": "g", "filterName": name, "filterPattern": "REJECT", "destinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/siem"}, more)
	}
	s.ok("PutSubscriptionFilter", put("a", nil))
	s.ok("PutSubscriptionFilter", put("b", object{"roleArn": "arn:aws:iam::1:role/r", "distribution": "Random"}))
	s.ok("PutSubscriptionFilter", put("a", nil))
	if got := s.refused("PutSubscriptionFilter", put("c", nil)); got != "LimitExceededException: Resource limit exceeded." {
		t.Error(got)
	}
	for name, more := range map[string]object{
		"no such sink":          {"destinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/none"},
		"another service":       {"destinationArn": "arn:aws:lambda:us-east-1:1:function:siem"},
		"a bad pattern":         {"filterPattern": "{ $.a = }"},
		"system fields":         {"emitSystemFields": []string{"@aws.region"}},
		"a bad distribution":    {"distribution": "All"},
		"transformed logs":      {"applyOnTransformedLogs": true},
		"a selection of fields": {"fieldSelectionCriteria": "x"},
	} {
		if got := s.refused("PutSubscriptionFilter", put("a", more)); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	got := s.ok("DescribeSubscriptionFilters", object{"logGroupName": "g", "filterNamePrefix": "b"})
	want := object{"subscriptionFilters": []any{object{
		"filterName": "b", "logGroupName": "g", "filterPattern": "REJECT", "destinationArn": "arn:aws:firehose:us-east-1:1:deliverystream/siem", "roleArn": "arn:aws:iam::1:role/r",
		"distribution": "Random", "applyOnTransformedLogs": false, "creationTime": float64(testTime.UnixMilli()),
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.ok("DeleteSubscriptionFilter", object{"logGroupName": "g", "filterName": "a"})
	if got := s.refused("DeleteSubscriptionFilter", object{"logGroupName": "g", "filterName": "a"}); got != "ResourceNotFoundException: The specified subscription filter does not exist." {
		t.Error(got)
	}
}

func TestLookupTables(t *testing.T) {
	s := newServer(t, nil)
	const csv = "addr,name\n10.0.0.1,\"a, b\"\n10.0.0.2,c\n"
	out := s.ok("CreateLookupTable", object{"lookupTableName": "hosts", "description": "d", "tableBody": csv})
	arn := "arn:aws:logs:eu-central-1:111111111111:lookup-table:hosts"
	if diff := cmp.Diff(object{"lookupTableArn": arn, "createdAt": float64(testTime.UnixMilli())}, out); diff != "" {
		t.Error(diff)
	}
	want := object{"lookupTableArn": arn, "lookupTableName": "hosts", "description": "d", "tableBody": csv, "sizeBytes": float64(len(csv)), "lastUpdatedTime": float64(testTime.UnixMilli())}
	if diff := cmp.Diff(want, s.ok("GetLookupTable", object{"lookupTableArn": arn})); diff != "" {
		t.Error(diff)
	}
	if got := s.refused("CreateLookupTable", object{"lookupTableName": "hosts", "tableBody": csv}); got != "ResourceAlreadyExistsException: The specified lookup table already exists" {
		t.Error(got)
	}
	for name, in := range map[string]object{
		"neither":              {},
		"both":                 {"tableBody": csv, "queryId": "x"},
		"a column twice":       {"tableBody": "a,a\n1,2\n"},
		"an empty column":      {"tableBody": "a,\n1,2\n"},
		"a row that is longer": {"tableBody": "a,b\n1,2,3\n"},
		"a quote":              {"tableBody": "a,b\n1,\"2\n"},
		"no header":            {"tableBody": "\n"},
		"tags":                 {"tableBody": csv, "tags": object{"a": "b"}},
	} {
		if got := s.refused("CreateLookupTable", merged(object{"lookupTableName": "n"}, in)); !strings.HasPrefix(got, "InvalidParameterException: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
	// 10 MB, and one byte more.
	full := "a\n" + strings.Repeat(strings.Repeat("x", 1023)+"\n", 10*1024-1) + strings.Repeat("x", 1021) + "\n"
	s.ok("UpdateLookupTable", object{"lookupTableArn": arn, "tableBody": full})
	if got := s.refused("UpdateLookupTable", object{"lookupTableArn": arn, "tableBody": full + "x"}); !strings.Contains(got, "Member must have length less than or equal to 10485760") {
		t.Error(got[:200])
	}
	got := s.ok("DescribeLookupTables", object{"lookupTableNamePrefix": "ho"})
	want = object{"lookupTables": []any{object{
		"lookupTableArn": arn, "lookupTableName": "hosts", "description": "d", "tableFields": []any{"a"}, "recordsCount": 10240.0, "sizeBytes": 10485760.0, "lastUpdatedTime": float64(testTime.UnixMilli()),
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.ok("DeleteLookupTable", object{"lookupTableArn": arn})
	if got := s.refused("GetLookupTable", object{"lookupTableArn": arn}); got != "ResourceNotFoundException: The specified lookup table does not exist." {
		t.Error(got)
	}
	if body, ok, err := LookupTable(t.Context(), s.store, "hosts"); ok || err != nil {
		t.Errorf("a table that is gone: %q %v", body, err)
	}
}

func TestLookupTableOfAQuery(t *testing.T) {
	s := newServer(t, nil)
	s.group("g")
	started := make(chan string)
	s.api.jobs.runner.(*fakeRunner).started = started
	id := s.start("wait")
	<-started
	if got := s.refused("CreateLookupTable", object{"lookupTableName": "n", "queryId": id}); !strings.HasPrefix(got, "InvalidParameterException: ") {
		t.Error(got)
	}
	s.ok("StopQuery", object{"queryId": id})
	if got := s.refused("CreateLookupTable", object{"lookupTableName": "n", "queryId": "none"}); got != "ResourceNotFoundException: The specified query does not exist." {
		t.Error(got)
	}
	s.api.jobs.runner.(*fakeRunner).started = nil
	o := s.api.Options
	synctest.Test(t, func(t *testing.T) {
		api, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer api.Close()
		id, err := api.jobs.start("k", QueryRequest{Text: "rows 2"}, []string{"g"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		body, err := api.resultAsCSV(id)
		if err != nil || string(body) != "n,absent\n0,\n1,\n" {
			t.Errorf("%q %v", body, err)
		}
	})
}

func TestGetLogGroupFields(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s")
	now := testTime.UnixMilli()
	s.put("s", now-16*60_000, `{"old":1}`)
	s.put("s", now-1000, `{"a":1,"b":{"c.d":2}}`, `{"a":2}`, `text`)
	percent := func(in object) string {
		var out []string
		for _, f := range s.ok("GetLogGroupFields", merged(object{"logGroupName": "g"}, in))["logGroupFields"].([]any) {
			if name := f.(object)["name"].(string); !strings.HasPrefix(name, "@aws") {
				out = append(out, fmt.Sprint(name, "=", f.(object)["percent"]))
			}
		}
		return strings.Join(out, " ")
	}
	const system = "@ingestionTime=100 @log=100 @logStream=100 @message=100 @timestamp=100"
	if got := percent(nil); got != system+" a=67 b.`c.d`=33" {
		t.Error(got)
	}
	if got := percent(object{"time": testTime.Unix() - 17*60}); got != system+" old=100" {
		t.Error(got)
	}
	if got := percent(object{"time": 1}); got != "" {
		t.Error(got)
	}
	if got := s.refused("GetLogGroupFields", object{"logGroupName": "g", "time": now}); got != "InvalidParameterException: time is seconds since the epoch; this looks like milliseconds." {
		t.Error(got)
	}
}

// Records of flow logs whose format is known have its fields.
func TestFieldsOfFlowLogs(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s")
	if err := s.store.SetFormat(t.Context(), "g", "${srcaddr} ${action}"); err != nil {
		t.Fatal(err)
	}
	s.put("s", testTime.UnixMilli(), "10.0.0.1 ACCEPT")
	var fields []string
	for _, f := range s.ok("GetLogGroupFields", object{"logGroupName": "g"})["logGroupFields"].([]any) {
		fields = append(fields, f.(object)["name"].(string))
	}
	if !slices.Contains(fields, "srcAddr") || !slices.Contains(fields, "action") {
		t.Error(fields)
	}
	for e, err := range s.store.Read(t.Context(), logstore.ReadRequest{Group: "g"}) {
		if err != nil {
			t.Fatal(err)
		}
		record := s.ok("GetLogRecord", object{"logRecordPointer": e.Ptr()})["logRecord"].(object)
		if record["srcAddr"] != "10.0.0.1" || record["action"] != "ACCEPT" || record["@timestamp"] != fmt.Sprint(testTime.UnixMilli()) {
			t.Error(record)
		}
	}
}

func TestGetLogRecordRefuses(t *testing.T) {
	s := newServer(t, nil)
	s.group("g", "s")
	s.put("s", testTime.UnixMilli(), "m")
	var pointer string
	for e, err := range s.store.Read(t.Context(), logstore.ReadRequest{Group: "g"}) {
		if err != nil {
			t.Fatal(err)
		}
		pointer = e.Ptr()
	}
	s.ok("GetLogRecord", object{"logRecordPointer": pointer})
	s.ok("DeleteLogStream", object{"logGroupName": "g", "logStreamName": "s"})
	if got := s.refused("GetLogRecord", object{"logRecordPointer": pointer}); got != "ResourceNotFoundException: The specified log record does not exist." {
		t.Error(got)
	}
	for _, bad := range []string{"", "x", "AQ==", pointer[:len(pointer)/2]} {
		if got := s.refused("GetLogRecord", object{"logRecordPointer": bad}); got != "InvalidParameterException: The specified logRecordPointer is invalid." {
			t.Errorf("%q: %s", bad, got)
		}
	}
}

func FuzzPointed(f *testing.F) {
	f.Add("AQ==")
	f.Fuzz(func(t *testing.T, pointer string) {
		if group, stream, at, ok := pointed(pointer); ok && (len(group)+len(stream) > len(pointer) || at < 0) {
			t.Fatalf("%q is of %q %q at %d", pointer, group, stream, at)
		}
	})
}

func FuzzTokens(f *testing.F) {
	f.Add("f/"+cursor{Group: "g", position: position{Time: 1, ID: "x"}}.token(), pageToken("DescribeLogGroups", "x"))
	f.Fuzz(func(t *testing.T, events, list string) {
		if at, backward, err := eventsToken(events, "g"); err == nil {
			letter := "f/"
			if backward {
				letter = "b/"
			}
			if again := letter + (cursor{Group: "g", position: at}).token(); again != events {
				t.Errorf("%q is read as %q", events, again)
			}
		}
		if key, err := pageKey("DescribeLogGroups", list); err == nil && pageToken("DescribeLogGroups", key) != list {
			t.Errorf("%q is read as %q", list, key)
		}
	})
}
