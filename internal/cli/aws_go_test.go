package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"weir/internal/app"
	"weir/internal/awsapi/awsapitest"
)

// goClient is AWS's SDK for Go.
type goClient struct {
	*cloudwatchlogs.Client
	http  *http.Client // that notes what it sends
	mu    sync.Mutex
	calls map[string]bool // that were answered well
	hosts map[string]bool // that were called
}

// newGoClient returns a client of the server. to, where it is not "", is the host by whose name it calls; it
// leads to the server whatever it is.
func newGoClient(s *awsServer, to string) *goClient {
	c := &goClient{calls: map[string]bool{}, hosts: map[string]bool{}}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		address := strings.TrimSuffix(s.url[strings.Index(s.url, "://")+3:], "/")
		return new(net.Dialer).DialContext(ctx, network, address)
	}, TLSClientConfig: &tls.Config{RootCAs: s.trust, MinVersion: tls.VersionTLS12}}
	endpoint := s.url
	if to != "" {
		endpoint = strings.Replace(s.url, "127.0.0.1", to, 1)
	}
	c.http = &http.Client{Transport: noted{c, transport}}
	c.Client = cloudwatchlogs.New(cloudwatchlogs.Options{
		BaseEndpoint: &endpoint, Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(s.key.ID, s.key.Secret, ""),
		HTTPClient: awsapitest.NewSDKClient(c.http), RetryMaxAttempts: 1,
	})
	return c
}

// noted sends requests and has a client note them.
type noted struct {
	c    *goClient
	next http.RoundTripper
}

// RoundTrip sends a request.
func (n noted) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := n.next.RoundTrip(r)
	if err == nil && answer.StatusCode == http.StatusOK {
		n.c.mu.Lock()
		defer n.c.mu.Unlock()
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		n.c.calls[operation], n.c.hosts[r.URL.Hostname()] = true, true
	}
	return answer, err
}

// rows are a query's, by field.
type rows = []map[string]string

// query runs a query and returns its rows by field, once it is complete.
func (c *goClient) query(t *testing.T, groups []string, from, to time.Time, text string) rows {
	t.Helper()
	started, err := c.StartQuery(t.Context(), &cloudwatchlogs.StartQueryInput{
		LogGroupNames: groups, StartTime: aws.Int64(from.Unix()), EndTime: aws.Int64(to.Unix()), QueryString: &text,
	})
	if err != nil {
		t.Fatal(err)
	}
	of, err := c.ListLogGroupsForQuery(t.Context(), &cloudwatchlogs.ListLogGroupsForQueryInput{QueryId: started.QueryId})
	if err != nil || !slices.Equal(of.LogGroupIdentifiers, groups) {
		t.Errorf("the log groups of a query: %v %v", of, err)
	}
	for {
		got, err := c.GetQueryResults(t.Context(), &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId})
		if err != nil {
			t.Fatal(err)
		}
		switch got.Status {
		case types.QueryStatusScheduled, types.QueryStatusRunning:
			continue
		case types.QueryStatusComplete:
		default:
			t.Fatalf("the query is %s", got.Status)
		}
		var out rows
		for _, r := range got.Results {
			row := map[string]string{}
			for _, cell := range r {
				row[*cell.Field] = *cell.Value
			}
			out = append(out, row)
		}
		return out
	}
}

// TestServeGoSDK has AWS's SDK for Go put, read and ask events, and ask records of the lake as events.
func TestServeGoSDK(t *testing.T) {
	s := serveAWS(t, app.ServeOptions{Hosts: []string{"weir.test"}})
	runWeir(t, "--data", s.data, "-q", "open", writeFiles(t, serveLogs))
	c := newGoClient(s, "weir.test")
	ctx := t.Context()
	ok := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	group, stream := aws.String("/go/flow"), aws.String("eni-1-all")
	ok(c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group, Tags: map[string]string{"a": "b"}}))
	ok(c.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	ok(c.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: group, RetentionInDays: aws.Int32(30)}))
	now := time.Now()
	lines := []string{"10.0.0.9 ACCEPT 5", "10.0.1.9 REJECT 7", "10.0.0.9 REJECT 11"}
	var events []types.InputLogEvent
	for i, line := range lines {
		events = append(events, types.InputLogEvent{Timestamp: aws.Int64(now.UnixMilli() + int64(i)), Message: &line})
	}
	ok(c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}))

	names := map[string]int32{}
	for p := cloudwatchlogs.NewDescribeLogGroupsPaginator(c, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(1)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		ok(page, err)
		for _, g := range page.LogGroups {
			names[*g.LogGroupName] = aws.ToInt32(g.RetentionInDays)
		}
	}
	if days, lake := names[*group], app.FlowLogsGroup; days != 30 || len(names) < 2 {
		t.Errorf("the log groups are %v, and not with %s", names, lake)
	}
	listed, err := c.ListLogGroups(ctx, &cloudwatchlogs.ListLogGroupsInput{LogGroupNamePattern: aws.String("^/go")})
	ok(listed, err)
	arn := listed.LogGroups[0].LogGroupArn
	streams, err := c.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: group})
	ok(streams, err)
	if *streams.LogStreams[0].LastEventTimestamp != now.UnixMilli()+2 {
		t.Errorf("the stream is %+v", streams.LogStreams[0])
	}
	got, err := c.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: stream, StartFromHead: aws.Bool(true)})
	ok(got, err)
	for i, e := range got.Events {
		if *e.Message != lines[i] {
			t.Errorf("event %d is %s", i, *e.Message)
		}
	}
	found, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: aws.String("[src, action=REJECT, n>10]")})
	ok(found, err)
	if len(got.Events) != 3 || len(found.Events) != 1 || *found.Events[0].Message != lines[2] {
		t.Errorf("found %+v", found.Events)
	}
	c.ask(t, *group, now, lines)
	c.askLake(t)
	c.documents(t, *group, arn)
	live(t, s, *group, *stream, *arn)

	fields, err := c.GetLogGroupFields(ctx, &cloudwatchlogs.GetLogGroupFieldsInput{LogGroupName: group})
	ok(fields, err)
	if len(fields.LogGroupFields) < 4 {
		t.Errorf("the fields are %v", fields.LogGroupFields)
	}
	ok(c.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: group}))
	ok(c.DeleteLogStream(ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: group, LogStreamName: stream}))
	ok(c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: group}))
	c.calls["StartLiveTail"], c.calls[withPrefix] = true, true // of live, which has not failed
	if !t.Failed() {
		documented(t, logsService, goSDK(t, "cloudwatchlogs"), c.calls)
	}
}

// goSDK returns the name of a part of AWS's SDK for Go, with its version.
func goSDK(t *testing.T, part string) string {
	t.Helper()
	version := strings.TrimSpace(goList(t, "-m", "-f", "{{.Version}}", "github.com/aws/aws-sdk-go-v2/service/"+part))
	return "AWS SDK for Go v2, " + part + " " + strings.TrimPrefix(version, "v")
}

// goList returns what 'go list' prints.
func goList(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// ask asks for the events, with a lookup table and a saved query.
func (c *goClient) ask(t *testing.T, group string, now time.Time, lines []string) {
	t.Helper()
	ctx, from, to := t.Context(), now.Add(-time.Minute), now.Add(time.Minute)
	groups := []string{group}
	const parse = `parse @message "* * *" as src, action, n | `
	got := c.query(t, groups, from, to, parse+"fields src | filter action = 'ACCEPT'")
	if len(got) != 1 || got[0]["src"] != "10.0.0.9" {
		t.Fatalf("rows are %v", got)
	}
	record, err := c.GetLogRecord(ctx, &cloudwatchlogs.GetLogRecordInput{LogRecordPointer: aws.String(got[0]["@ptr"])})
	if err != nil || record.LogRecord["@message"] != lines[0] {
		t.Errorf("the record of %s: %v %v", got[0]["@ptr"], record, err)
	}
	table, err := c.CreateLookupTable(ctx, &cloudwatchlogs.CreateLookupTableInput{LookupTableName: aws.String("sites"), TableBody: aws.String("src,site\n10.0.0.9,north\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateLookupTable(ctx, &cloudwatchlogs.UpdateLookupTableInput{LookupTableArn: table.LookupTableArn, TableBody: aws.String("src,site\n10.0.0.9,north\n10.0.1.9,south\n")}); err != nil {
		t.Fatal(err)
	}
	put, err := c.PutQueryDefinition(ctx, &cloudwatchlogs.PutQueryDefinitionInput{
		Name: aws.String("by site"), LogGroupNames: groups, QueryString: aws.String(parse + "lookup sites src OUTPUT site | stats sum(n) as total by site | sort total desc"),
	})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := c.DescribeQueryDefinitions(ctx, &cloudwatchlogs.DescribeQueryDefinitionsInput{QueryDefinitionNamePrefix: aws.String("by")})
	if err != nil || len(saved.QueryDefinitions) != 1 {
		t.Fatalf("saved queries: %v %v", saved, err)
	}
	want := rows{{"site": "north", "total": "16"}, {"site": "south", "total": "7"}}
	if diff := cmp.Diff(want, c.query(t, saved.QueryDefinitions[0].LogGroupNames, from, to, *saved.QueryDefinitions[0].QueryString)); diff != "" {
		t.Errorf("by site: %s", diff)
	}
	if _, err := c.DeleteQueryDefinition(ctx, &cloudwatchlogs.DeleteQueryDefinitionInput{QueryDefinitionId: put.QueryDefinitionId}); err != nil {
		t.Error(err)
	}
	body, err := c.GetLookupTable(ctx, &cloudwatchlogs.GetLookupTableInput{LookupTableArn: table.LookupTableArn})
	if err != nil || *body.TableBody != "src,site\n10.0.0.9,north\n10.0.1.9,south\n" {
		t.Errorf("the lookup table: %v %v", body, err)
	}
	tables, err := c.DescribeLookupTables(ctx, &cloudwatchlogs.DescribeLookupTablesInput{})
	if err != nil || len(tables.LookupTables) != 1 || *tables.LookupTables[0].RecordsCount != 2 {
		t.Errorf("lookup tables: %v %v", tables, err)
	}
	if _, err := c.DeleteLookupTable(ctx, &cloudwatchlogs.DeleteLookupTableInput{LookupTableArn: table.LookupTableArn}); err != nil {
		t.Error(err)
	}
	queries, err := c.DescribeQueries(ctx, &cloudwatchlogs.DescribeQueriesInput{LogGroupName: &group})
	if err != nil || len(queries.Queries) != 2 || queries.Queries[0].Status != types.QueryStatusComplete {
		t.Errorf("queries: %v %v", queries, err)
	}
}

// askLake asks for records of the lake, which nobody may change.
func (c *goClient) askLake(t *testing.T) {
	t.Helper()
	ctx, at := t.Context(), time.Unix(1772445600, 0)
	lake := aws.String(app.FlowLogsGroup)
	got := c.query(t, []string{*lake}, at.Add(-time.Minute), at.Add(time.Minute), "fields dstPort, @message | filter action = 'REJECT'")
	if len(got) != 1 || got[0]["dstPort"] != "22" {
		t.Fatalf("rows of the lake are %v", got)
	}
	record, err := c.GetLogRecord(ctx, &cloudwatchlogs.GetLogRecordInput{LogRecordPointer: aws.String(got[0]["@ptr"])})
	if err != nil || record.LogRecord["@message"] != got[0]["@message"] {
		t.Errorf("a record of the lake: %v %v", record, err)
	}
	found, err := c.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: lake, FilterPattern: aws.String("REJECT"), StartTime: aws.Int64(at.UnixMilli()), EndTime: aws.Int64(at.UnixMilli() + 60_000),
	})
	if err != nil || len(found.Events) != 1 || *found.Events[0].Message != got[0]["@message"] {
		t.Errorf("events of the lake: %v %v", found, err)
	}
	if _, err := c.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: lake}); !isInvalid(err) {
		t.Errorf("a log group of the lake is deleted: %v", err)
	}
	_, err = c.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: lake, LogStreamName: aws.String("eni-0a1-all"), LogEvents: []types.InputLogEvent{
		{Timestamp: aws.Int64(time.Now().UnixMilli()), Message: aws.String("x")},
	}})
	if !isInvalid(err) {
		t.Errorf("events are put into the lake: %v", err)
	}
}

func isInvalid(err error) bool {
	_, is := errors.AsType[*types.InvalidParameterException](err)
	return is
}

// documents makes and removes a metric filter and tags.
func (c *goClient) documents(t *testing.T, group string, arn *string) {
	t.Helper()
	ctx, name, pattern := t.Context(), aws.String("f"), aws.String("[src, action=REJECT, n]")
	_, err := c.PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{LogGroupName: &group, FilterName: name, FilterPattern: pattern, MetricTransformations: []types.MetricTransformation{
		{MetricName: aws.String("m"), MetricNamespace: aws.String("n"), MetricValue: aws.String("$n")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	filters, err := c.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &group})
	if err != nil || len(filters.MetricFilters) != 1 || *filters.MetricFilters[0].FilterPattern != *pattern {
		t.Errorf("metric filters: %v %v", filters, err)
	}
	tested, err := c.TestMetricFilter(ctx, &cloudwatchlogs.TestMetricFilterInput{FilterPattern: pattern, LogEventMessages: []string{"a ACCEPT 1", "b REJECT 2"}})
	if err != nil || len(tested.Matches) != 1 || tested.Matches[0].ExtractedValues["$n"] != "2" {
		t.Errorf("a pattern is tested: %v %v", tested, err)
	}
	if _, err := c.DeleteMetricFilter(ctx, &cloudwatchlogs.DeleteMetricFilterInput{LogGroupName: &group, FilterName: name}); err != nil {
		t.Error(err)
	}
	if _, err := c.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"c": "d"}}); err != nil {
		t.Error(err)
	}
	if _, err := c.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
		t.Error(err)
	}
	tags, err := c.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil || len(tags.Tags) != 1 || tags.Tags["c"] != "d" {
		t.Errorf("tags: %v %v", tags, err)
	}
}

// withoutPrefix has the SDK call StartLiveTail at the endpoint that it was given.
func withoutPrefix(o *cloudwatchlogs.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("NoHostPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
	})
}

// live follows a log group, by the server's name and by the one that AWS's SDK makes of it.
func live(t *testing.T, s *awsServer, group, stream, arn string) {
	t.Helper()
	for host, options := range map[string][]func(*cloudwatchlogs.Options){"weir.test": {withoutPrefix}, "stream-weir.test": nil} {
		c := newGoClient(s, "weir.test")
		out, err := c.StartLiveTail(t.Context(), &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{arn}, LogEventFilterPattern: aws.String("live")}, options...)
		if err != nil {
			t.Fatal(err)
		}
		tail := out.GetStream()
		got := ""
		for event := range tail.Events() {
			if _, begun := event.(*types.StartLiveTailResponseStreamMemberSessionStart); begun {
				at := time.Now().UnixMilli()
				s.done(t, "PutLogEvents", object{"logGroupName": group, "logStreamName": stream, "logEvents": []object{{"timestamp": at, "message": "dead"}, {"timestamp": at, "message": "live at " + host}}})
			}
			if e, more := event.(*types.StartLiveTailResponseStreamMemberSessionUpdate); more && len(e.Value.SessionResults) > 0 {
				got = *e.Value.SessionResults[0].Message
				break
			}
		}
		if err := tail.Close(); err != nil || got != "live at "+host || !c.hosts[host] {
			t.Errorf("at %s: %q, called %v, %v", host, got, c.hosts, err)
		}
	}
}
