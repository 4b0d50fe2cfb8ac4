package logs

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"weir/internal/awsapi"
	"weir/internal/awsapi/awsapitest"
)

// clientServer is a server on loopback, for real clients: what is not signed is refused, and the clock is
// the real one.
func clientServer(t *testing.T) (*testServer, *httptest.Server) {
	t.Helper()
	s := newServer(t, func(o *Options) { o.Now = time.Now })
	server := httptest.NewServer(awsapi.NewRouter(awsapitest.ByKey, s.api.Log, s.api.Service()))
	t.Cleanup(server.Close)
	return s, server
}

func goClient(endpoint string, transport http.RoundTripper) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{
		BaseEndpoint: &endpoint, Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(awsapitest.Key, awsapitest.Secret, ""),
		HTTPClient: awsapitest.NewSDKClient(&http.Client{Transport: transport}), RetryMaxAttempts: 1,
	})
}

// TestGoSDK calls every operation with AWS's SDK for Go and compares what it reads.
func TestGoSDK(t *testing.T) {
	s, server := clientServer(t)
	c := goClient(server.URL, nil)
	ctx := t.Context()
	// ok fails the test where a call did.
	ok := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	group, stream := aws.String("/vpc/flow"), aws.String("eni-1-all")
	ok(c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group, Tags: map[string]string{"a": "b"}}))
	ok(c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	ok(c.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: group, RetentionInDays: aws.Int32(30)}))
	now := time.Now().UnixMilli()
	put, err := c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: []types.InputLogEvent{
		{Timestamp: aws.Int64(now - 20*24*3_600_000), Message: aws.String("old")},
		{Timestamp: aws.Int64(now - 1000), Message: aws.String(`"1" <ä>&`)},
		{Timestamp: &now, Message: aws.String("2 REJECT")},
	}})
	ok(put, err)
	if put.RejectedLogEventsInfo == nil || aws.ToInt32(put.RejectedLogEventsInfo.TooOldLogEventEndIndex) != 1 || aws.ToString(put.NextSequenceToken) == "" {
		t.Errorf("PutLogEvents: %+v", put.RejectedLogEventsInfo)
	}

	groups, err := c.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	ok(groups, err)
	g := groups.LogGroups[0]
	arn := aws.String("arn:aws:logs:eu-central-1:111111111111:log-group:/vpc/flow")
	if *g.LogGroupName != *group || *g.Arn != *arn+":*" || *g.LogGroupArn != *arn || *g.RetentionInDays != 30 || *g.StoredBytes == 0 || g.LogGroupClass != "STANDARD" || *g.CreationTime < now-60_000 {
		t.Errorf("DescribeLogGroups: %+v", g)
	}
	listed, err := c.ListLogGroups(ctx, &cloudwatchlogs.ListLogGroupsInput{})
	ok(listed, err)
	if l := listed.LogGroups[0]; *l.LogGroupName != *group || *l.LogGroupArn != *arn {
		t.Errorf("ListLogGroups: %+v", l)
	}
	streams, err := c.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupIdentifier: arn, OrderBy: types.OrderByLastEventTime})
	ok(streams, err)
	if st := streams.LogStreams[0]; *st.LogStreamName != *stream || *st.LastEventTimestamp != now || *st.FirstEventTimestamp != now-1000 || *st.LastIngestionTime < now {
		t.Errorf("DescribeLogStreams: %+v", st)
	}
	events, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: stream})
	ok(events, err)
	if len(events.Events) != 2 || *events.Events[0].Message != `"1" <ä>&` || *events.Events[1].Timestamp != now || *events.Events[1].IngestionTime < now {
		t.Errorf("GetLogEvents: %+v", events.Events)
	}
	filtered, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("REJECT")})
	ok(filtered, err)
	if len(filtered.Events) != 1 || *filtered.Events[0].Message != "2 REJECT" || *filtered.Events[0].LogStreamName != *stream || len(*filtered.Events[0].EventId) != 56 {
		t.Errorf("FilterLogEvents: %+v", filtered.Events)
	}
	fields, err := c.GetLogGroupFields(ctx, &cloudwatchlogs.GetLogGroupFieldsInput{LogGroupName: group})
	ok(fields, err)
	if len(fields.LogGroupFields) < 5 || fields.LogGroupFields[0].Percent != 100 {
		t.Errorf("GetLogGroupFields: %+v", fields.LogGroupFields)
	}

	goTags(ctx, t, c, group, arn)
	goQueries(ctx, t, c, group)
	goFilters(ctx, t, c, group)
	goLookupTables(ctx, t, c)
	goEmptyLists(ctx, t, c, group)

	ok(c.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: group}))
	ok(c.DeleteLogStream(ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	ok(c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: group}))
	if left, err := s.store.Groups(ctx); err != nil || len(left) != 0 {
		t.Errorf("groups are left: %v %v", left, err)
	}
	_, err = c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	if missing := new(types.ResourceNotFoundException); !errors.As(err, &missing) || missing.ErrorMessage() != "The specified log group does not exist." {
		t.Errorf("an error is read as %v", err)
	}
	_, err = c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: nil})
	if err == nil {
		t.Error("no events are taken")
	}
	bad := goClient(server.URL, nil)
	_, err = bad.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}, func(o *cloudwatchlogs.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(awsapitest.Key, "wrong", "")
	})
	if refused := smithy.APIError(nil); !errors.As(err, &refused) || refused.ErrorCode() != "InvalidSignatureException" {
		t.Errorf("a wrong signature: %v", err)
	}
}

func goTags(ctx context.Context, t *testing.T, c *cloudwatchlogs.Client, group, arn *string) {
	if _, err := c.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"c": "d"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagLogGroup(ctx, &cloudwatchlogs.TagLogGroupInput{LogGroupName: group, Tags: map[string]string{"e": "f"}}); err != nil { //nolint:staticcheck // clients still call it
		t.Fatal(err)
	}
	if _, err := c.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UntagLogGroup(ctx, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: group, Tags: []string{"e"}}); err != nil { //nolint:staticcheck // clients still call it
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil || len(tags.Tags) != 1 || tags.Tags["c"] != "d" {
		t.Errorf("ListTagsForResource: %v %v", tags, err)
	}
	old, err := c.ListTagsLogGroup(ctx, &cloudwatchlogs.ListTagsLogGroupInput{LogGroupName: group}) //nolint:staticcheck // clients still call it
	if err != nil || len(old.Tags) != 1 {
		t.Errorf("ListTagsLogGroup: %v %v", old, err)
	}
}

func goQueries(ctx context.Context, t *testing.T, c *cloudwatchlogs.Client, group *string) {
	start := func(text string) (*cloudwatchlogs.StartQueryOutput, error) {
		return c.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{LogGroupName: group, StartTime: aws.Int64(0), EndTime: aws.Int64(time.Now().Unix() + 1), QueryString: &text})
	}
	started, err := start("fields @timestamp, @message")
	if err != nil {
		t.Fatal(err)
	}
	var results *cloudwatchlogs.GetQueryResultsOutput
	for results == nil || results.Status == types.QueryStatusRunning || results.Status == types.QueryStatusScheduled {
		if results, err = c.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId}); err != nil {
			t.Fatal(err)
		}
	}
	if len(results.Results) != 2 || len(results.Results[0]) != 3 || *results.Results[0][1].Value != "2 REJECT" || results.Statistics.RecordsScanned != 7 || results.Statistics.BytesScanned != 500 {
		t.Fatalf("GetQueryResults: %+v %+v", results.Results, results.Statistics)
	}
	record, err := c.GetLogRecord(ctx, &cloudwatchlogs.GetLogRecordInput{LogRecordPointer: results.Results[0][2].Value})
	if err != nil || record.LogRecord["@message"] != "2 REJECT" {
		t.Errorf("GetLogRecord: %v %v", record, err)
	}
	queries, err := c.DescribeQueries(ctx, &cloudwatchlogs.DescribeQueriesInput{LogGroupName: group})
	if err != nil || len(queries.Queries) != 1 || queries.Queries[0].Status != types.QueryStatusComplete || !strings.HasPrefix(*queries.Queries[0].QueryString, `SOURCE "/vpc/flow" START=`) {
		t.Errorf("DescribeQueries: %v %v", queries, err)
	}
	of, err := c.ListLogGroupsForQuery(ctx, &cloudwatchlogs.ListLogGroupsForQueryInput{QueryId: started.QueryId})
	if err != nil || !slices.Equal(of.LogGroupIdentifiers, []string{*group}) {
		t.Errorf("ListLogGroupsForQuery: %v %v", of, err)
	}
	waiting, err := start("wait")
	if err != nil {
		t.Fatal(err)
	}
	stopped, err := c.StopQuery(ctx, &cloudwatchlogs.StopQueryInput{QueryId: waiting.QueryId})
	if err != nil || !stopped.Success {
		t.Errorf("StopQuery: %v %v", stopped, err)
	}
	_, err = start("bad")
	if e := new(types.MalformedQueryException); !errors.As(err, &e) || e.QueryCompileError == nil || *e.QueryCompileError.Location.EndCharOffset != 3 {
		t.Errorf("a malformed query: %v", err)
	}
	put, err := c.PutQueryDefinition(ctx, &cloudwatchlogs.PutQueryDefinitionInput{Name: aws.String("n"), QueryString: aws.String("q"), LogGroupNames: []string{*group}})
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := c.DescribeQueryDefinitions(ctx, &cloudwatchlogs.DescribeQueryDefinitionsInput{})
	if err != nil || len(definitions.QueryDefinitions) != 1 || *definitions.QueryDefinitions[0].QueryString != "q" {
		t.Errorf("DescribeQueryDefinitions: %v %v", definitions, err)
	}
	gone, err := c.DeleteQueryDefinition(ctx, &cloudwatchlogs.DeleteQueryDefinitionInput{QueryDefinitionId: put.QueryDefinitionId})
	if err != nil || !gone.Success {
		t.Errorf("DeleteQueryDefinition: %v %v", gone, err)
	}
}

func goFilters(ctx context.Context, t *testing.T, c *cloudwatchlogs.Client, group *string) {
	name, pattern := aws.String("f"), aws.String("[n, action=REJECT]")
	_, err := c.PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{LogGroupName: group, FilterName: name, FilterPattern: pattern, MetricTransformations: []types.MetricTransformation{
		{MetricName: aws.String("m"), MetricNamespace: aws.String("n"), MetricValue: aws.String("$n"), DefaultValue: aws.Float64(0.5), Unit: types.StandardUnitBytes},
	}})
	if err != nil {
		t.Fatal(err)
	}
	metric, err := c.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: group})
	if err != nil || len(metric.MetricFilters) != 1 || *metric.MetricFilters[0].MetricTransformations[0].DefaultValue != 0.5 || metric.MetricFilters[0].MetricTransformations[0].Unit != "Bytes" {
		t.Errorf("DescribeMetricFilters: %v %v", metric, err)
	}
	tested, err := c.TestMetricFilter(ctx, &cloudwatchlogs.TestMetricFilterInput{FilterPattern: pattern, LogEventMessages: []string{"1 ACCEPT", "2 REJECT"}})
	if err != nil || len(tested.Matches) != 1 || tested.Matches[0].EventNumber != 1 || tested.Matches[0].ExtractedValues["$n"] != "2" {
		t.Errorf("TestMetricFilter: %v %v", tested, err)
	}
	if _, err := c.DeleteMetricFilter(ctx, &cloudwatchlogs.DeleteMetricFilterInput{LogGroupName: group, FilterName: name}); err != nil {
		t.Error(err)
	}
	_, err = c.PutSubscriptionFilter(ctx, &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: group, FilterName: name, FilterPattern: pattern, DestinationArn: aws.String("arn:aws:firehose:us-east-1:1:deliverystream/siem")})
	if err != nil {
		t.Fatal(err)
	}
	subscriptions, err := c.DescribeSubscriptionFilters(ctx, &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: group})
	if err != nil || len(subscriptions.SubscriptionFilters) != 1 || subscriptions.SubscriptionFilters[0].Distribution != types.DistributionByLogStream {
		t.Errorf("DescribeSubscriptionFilters: %v %v", subscriptions, err)
	}
	if _, err := c.DeleteSubscriptionFilter(ctx, &cloudwatchlogs.DeleteSubscriptionFilterInput{LogGroupName: group, FilterName: name}); err != nil {
		t.Error(err)
	}
}

func goLookupTables(ctx context.Context, t *testing.T, c *cloudwatchlogs.Client) {
	made, err := c.CreateLookupTable(ctx, &cloudwatchlogs.CreateLookupTableInput{LookupTableName: aws.String("hosts"), TableBody: aws.String("a,b\n1,2\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateLookupTable(ctx, &cloudwatchlogs.UpdateLookupTableInput{LookupTableArn: made.LookupTableArn, TableBody: aws.String("a,b\n1,2\n3,4\n")}); err != nil {
		t.Error(err)
	}
	table, err := c.GetLookupTable(ctx, &cloudwatchlogs.GetLookupTableInput{LookupTableArn: made.LookupTableArn})
	if err != nil || *table.TableBody != "a,b\n1,2\n3,4\n" || *table.SizeBytes != 12 {
		t.Errorf("GetLookupTable: %v %v", table, err)
	}
	tables, err := c.DescribeLookupTables(ctx, &cloudwatchlogs.DescribeLookupTablesInput{})
	if err != nil || len(tables.LookupTables) != 1 || *tables.LookupTables[0].RecordsCount != 2 || !slices.Equal(tables.LookupTables[0].TableFields, []string{"a", "b"}) {
		t.Errorf("DescribeLookupTables: %v %v", tables, err)
	}
	if _, err := c.DeleteLookupTable(ctx, &cloudwatchlogs.DeleteLookupTableInput{LookupTableArn: made.LookupTableArn}); err != nil {
		t.Error(err)
	}
}

func goEmptyLists(ctx context.Context, t *testing.T, c *cloudwatchlogs.Client, group *string) {
	if out, err := c.DescribeDestinations(ctx, &cloudwatchlogs.DescribeDestinationsInput{}); err != nil || out.Destinations == nil || len(out.Destinations) != 0 {
		t.Errorf("DescribeDestinations: %v %v", out, err)
	}
	if out, err := c.DescribeExportTasks(ctx, &cloudwatchlogs.DescribeExportTasksInput{}); err != nil || out.ExportTasks == nil || len(out.ExportTasks) != 0 {
		t.Errorf("DescribeExportTasks: %v %v", out, err)
	}
	if out, err := c.DescribeResourcePolicies(ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{}); err != nil || out.ResourcePolicies == nil || len(out.ResourcePolicies) != 0 {
		t.Errorf("DescribeResourcePolicies: %v %v", out, err)
	}
	if out, err := c.DescribeIndexPolicies(ctx, &cloudwatchlogs.DescribeIndexPoliciesInput{LogGroupIdentifiers: []string{*group}}); err != nil || out.IndexPolicies == nil || len(out.IndexPolicies) != 0 {
		t.Errorf("DescribeIndexPolicies: %v %v", out, err)
	}
	if out, err := c.DescribeFieldIndexes(ctx, &cloudwatchlogs.DescribeFieldIndexesInput{LogGroupIdentifiers: []string{*group}}); err != nil || out.FieldIndexes == nil || len(out.FieldIndexes) != 0 {
		t.Errorf("DescribeFieldIndexes: %v %v", out, err)
	}
}

// TestGoSDKLiveTail follows a group with AWS's SDK for Go: without the prefix that it puts before the host,
// and with it, where the name leads to the server.
func TestGoSDKLiveTail(t *testing.T) {
	s, server := clientServer(t)
	s.group("g", "s")
	address := server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	var host string
	toServer := &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		host = to
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	withoutPrefix := func(o *cloudwatchlogs.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
			}), middleware.Before)
		})
	}
	for _, tt := range []struct {
		name, host string
		option     func(*cloudwatchlogs.Options)
	}{
		{"without the prefix", "weir.test", withoutPrefix},
		{"with the prefix", "stream-weir.test", func(*cloudwatchlogs.Options) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := goClient("http://weir.test:"+port, toServer)
			out, err := c.StartLiveTail(t.Context(), &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{s.api.groupARN("g")}}, tt.option)
			if err != nil {
				t.Fatal(err)
			}
			if host != tt.host+":"+port {
				t.Errorf("it was called as %s", host)
			}
			live := out.GetStream()
			defer live.Close()
			for event := range live.Events() {
				switch e := event.(type) {
				case *types.StartLiveTailResponseStreamMemberSessionStart:
					s.put("s", time.Now().UnixMilli(), tt.name)
				case *types.StartLiveTailResponseStreamMemberSessionUpdate:
					if len(e.Value.SessionResults) == 0 {
						continue
					}
					if got := *e.Value.SessionResults[0].Message; got != tt.name {
						t.Errorf("got %s", got)
					}
					return
				}
			}
			t.Errorf("it ended: %v", live.Err())
		})
	}
}

// TestSDKRequests reads what the SDK sends with every member set: its values may be wrong for a member, but each has the type that it should
// have, and a place. Operations that are not here are unknown.
func TestSDKRequests(t *testing.T) {
	s := newServer(t, nil)
	operations := s.api.operations()
	delete(operations, "StartLiveTail") // of which the SDK has no request
	for _, name := range awsapitest.Sent(t, "cloudwatchlogs", operations, describer) {
		if status, out := s.post(name, []byte("{}")); status != 404 || !strings.Contains(string(out), "UnknownOperationException") {
			t.Errorf("%s: %d %s", name, status, out)
		}
	}
}

// TestSDKResponses holds our answers against the SDK's.
func TestSDKResponses(t *testing.T) {
	awsapitest.Responses(t, "cloudwatchlogs", newServer(t, nil).api.operations(), 25)
}
