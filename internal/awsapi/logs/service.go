package logs

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"weir/internal/awsapi"
	"weir/internal/insights"
	"weir/internal/logstore"
)

// Options is what an API is made of. Account, Region, Store and Runner are required.
type Options struct {
	// Account and Region are the server's, for ARNs.
	Account, Region string
	Store           *logstore.Store
	// Lake has the groups that can only be read; nil for none.
	Lake   logstore.Reader
	Runner Runner
	// Settle returns when what is durable has been counted by metric filters and whatever else counts events; nil where nobody does.
	// It is called before a filter is put or deleted, and before events are deleted.
	Settle func(ctx context.Context) error
	// Sinks are where subscription filters may deliver to; nil for none.
	Sinks Sinks
	// Results is a folder for the results of queries; "" keeps them in memory. What is in it is removed.
	Results string
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Log gets what clients are not told; nil is [slog.Default].
	Log *slog.Logger
	// Queries bound what runs.
	Queries QueryLimits
}

// Sinks are the server's targets of deliveries.
type Sinks interface {
	// Has says whether there is a sink of this name.
	Has(name string) bool
}

// A QueryRequest is a query of Logs Insights.
type QueryRequest struct {
	Text string
	// Groups are names of log groups; nil where the text says SOURCE.
	Groups []string
	// Start and End are milliseconds since the epoch, both inclusive.
	Start, End int64
	// Limit bounds the rows where the text does not; 0 is the language's own.
	Limit int64
}

// A Runner runs queries. It is safe for concurrent use.
type Runner interface {
	// Check says whether a query can be run, and the names of the log groups that it reads. Errors:
	// *insights.Error with the place.
	Check(ctx context.Context, r QueryRequest) (groups []string, err error)
	// Run runs a query that was checked, and tells at times what was read so far.
	Run(ctx context.Context, r QueryRequest, progress func(insights.Statistics)) (*insights.Result, error)
}

// An API answers the operations of CloudWatch Logs. Close ends its queries.
type API struct {
	Options
	groups groups
	jobs   *jobs
	tails  atomic.Int32
}

// New makes an API.
func New(o Options) (*API, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	jobs, err := newJobs(o)
	if err != nil {
		return nil, err
	}
	return &API{Options: o, groups: groups{store: o.Store, lake: o.Lake}, jobs: jobs}, nil
}

// Close cancels the queries that run, waits for them, and removes all results.
func (a *API) Close() { a.jobs.close() }

// Service returns what a [awsapi.Router] needs to know.
func (a *API) Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "logs", Target: "Logs_20140328", Shapes: shapes, InvalidCode: "InvalidParameterException",
		Unavailable: "ServiceUnavailableException", Invalid: ownWords, Operations: a.operations(),
	}
}

func (a *API) operations() map[string]awsapi.Operation {
	const large = 32 << 20 // a lookup table of 10 MB, escaped
	return map[string]awsapi.Operation{
		"CreateLogGroup":              awsapi.Handle(a.createLogGroup),
		"CreateLogStream":             awsapi.Handle(a.createLogStream),
		"CreateLookupTable":           awsapi.Handle(a.createLookupTable).WithMaxBody(large),
		"DeleteLogGroup":              awsapi.Handle(a.deleteLogGroup),
		"DeleteLogStream":             awsapi.Handle(a.deleteLogStream),
		"DeleteLookupTable":           awsapi.Handle(a.deleteLookupTable),
		"DeleteMetricFilter":          awsapi.Handle(a.deleteMetricFilter),
		"DeleteQueryDefinition":       awsapi.Handle(a.deleteQueryDefinition),
		"DeleteRetentionPolicy":       awsapi.Handle(a.deleteRetentionPolicy),
		"DeleteSubscriptionFilter":    awsapi.Handle(a.deleteSubscriptionFilter),
		"DescribeDestinations":        awsapi.Handle(a.describeDestinations),
		"DescribeExportTasks":         awsapi.Handle(a.describeExportTasks),
		"DescribeFieldIndexes":        awsapi.Handle(a.describeFieldIndexes),
		"DescribeIndexPolicies":       awsapi.Handle(a.describeIndexPolicies),
		"DescribeLogGroups":           awsapi.Handle(a.describeLogGroups),
		"DescribeLogStreams":          awsapi.Handle(a.describeLogStreams),
		"DescribeLookupTables":        awsapi.Handle(a.describeLookupTables),
		"DescribeMetricFilters":       awsapi.Handle(a.describeMetricFilters),
		"DescribeQueries":             awsapi.Handle(a.describeQueries),
		"DescribeQueryDefinitions":    awsapi.Handle(a.describeQueryDefinitions),
		"DescribeResourcePolicies":    awsapi.Handle(a.describeResourcePolicies),
		"DescribeSubscriptionFilters": awsapi.Handle(a.describeSubscriptionFilters),
		"FilterLogEvents":             awsapi.Handle(a.filterLogEvents),
		"GetLogEvents":                awsapi.Handle(a.getLogEvents),
		"GetLogGroupFields":           awsapi.Handle(a.getLogGroupFields),
		"GetLogRecord":                awsapi.Handle(a.getLogRecord),
		"GetLookupTable":              awsapi.Handle(a.getLookupTable),
		"GetQueryResults":             awsapi.Handle(a.getQueryResults),
		"ListLogGroups":               awsapi.Handle(a.listLogGroups),
		"ListLogGroupsForQuery":       awsapi.Handle(a.listLogGroupsForQuery),
		"ListTagsForResource":         awsapi.Handle(a.listTagsForResource),
		"ListTagsLogGroup":            awsapi.Handle(a.listTagsLogGroup),
		"PutLogEvents":                awsapi.HandleRaw[putLogEventsRequest](a.putLogEvents).WithMaxBody(maxPutBody),
		"PutMetricFilter":             awsapi.Handle(a.putMetricFilter),
		"PutQueryDefinition":          awsapi.Handle(a.putQueryDefinition),
		"PutRetentionPolicy":          awsapi.Handle(a.putRetentionPolicy),
		"PutSubscriptionFilter":       awsapi.Handle(a.putSubscriptionFilter),
		"StartLiveTail":               awsapi.HandleStream(a.startLiveTail),
		"StartQuery":                  awsapi.Handle(a.startQuery),
		"StopQuery":                   awsapi.Handle(a.stopQuery),
		"TagLogGroup":                 awsapi.Handle(a.tagLogGroup),
		"TagResource":                 awsapi.Handle(a.tagResource),
		"TestMetricFilter":            awsapi.Handle(a.testMetricFilter).WithMaxBody(maxPutBody),
		"UntagLogGroup":               awsapi.Handle(a.untagLogGroup),
		"UntagResource":               awsapi.Handle(a.untagResource),
		"UpdateLookupTable":           awsapi.Handle(a.updateLookupTable).WithMaxBody(large),
	}
}
