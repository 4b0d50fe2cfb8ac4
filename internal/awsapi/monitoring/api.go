package monitoring

import (
	"log/slog"
	"maps"
	"time"

	"weir/internal/awsapi"
)

// Options is what an API is made of. Account, Region and Metrics are required.
type Options struct {
	// Account and Region are the server's, for ARNs.
	Account, Region string
	Metrics         Metrics
	// Alarms and InsightRules are what their operations need, which are unknown where they are nil.
	Alarms       Alarms
	InsightRules InsightRules
	// CheckLogQuery says what is wrong with the query of a log alarm over log groups, given by name or ARN; nil checks nothing.
	CheckLogQuery func(query string, groups []string) error
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Log gets what clients are not told; nil is [slog.Default].
	Log *slog.Logger
}

// An API answers the operations of CloudWatch.
type API struct{ Options }

// New makes an API.
func New(o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &API{o}
}

// Service returns what a [awsapi.Router] needs to know. Clients of CloudWatch speak three protocols: AWS Query
// the older ones, AWS JSON 1.0 botocore's, Smithy RPC v2 CBOR AWS's SDK for Go.
func (a *API) Service() *awsapi.Service {
	return &awsapi.Service{
		Name: "monitoring", Actions: "cloudwatch", Target: "GraniteServiceVersion20100801", Version: "2010-08-01",
		Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/", CBOR: true, SmallPaths: true,
		InvalidCode: "ValidationException", ErrorType: errorType, QueryCodes: queryCodes, Unavailable: "InternalServiceFault",
		Shapes: shapes, Operations: a.operations(),
	}
}

func (a *API) operations() map[string]awsapi.Operation {
	all := map[string]awsapi.Operation{
		"GetMetricData":       awsapi.Handle(a.getMetricData),
		"GetMetricStatistics": awsapi.Handle(a.getMetricStatistics),
		"ListMetrics":         awsapi.Handle(a.listMetrics),
		"PutMetricData":       awsapi.Handle(a.putMetricData).WithMaxBody(maxPut),
	}
	if a.Alarms != nil {
		maps.Copy(all, a.alarmOperations())
	}
	if a.InsightRules != nil {
		maps.Copy(all, a.insightRuleOperations())
	}
	return all
}
