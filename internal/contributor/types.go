package contributor

// States of rules, as AWS writes them.
const (
	Enabled  = "ENABLED"
	Disabled = "DISABLED"
)

// A PutRequest makes a rule, or changes the one of its name.
type PutRequest struct {
	Name string
	// State is Enabled or Disabled; "" is Enabled.
	State string
	// Definition is the JSON that [ParseRule] reads; it is kept as it is.
	Definition string
	// ApplyOnTransformedLogs is kept and shown. No log group has transformers, so it changes nothing.
	ApplyOnTransformedLogs bool
	// Tags are of a new rule; those of a rule that is there stay as they are (AWS).
	Tags map[string]string
}

// A Described is a rule that is kept.
type Described struct {
	Name, State, Definition string
	ApplyOnTransformedLogs  bool
	// Created is in milliseconds since the epoch.
	Created int64
	// Rule is what Definition says.
	Rule *Rule
	// Unfit are log groups of the rule that it can't be evaluated on, by name.
	Unfit []Unfit
}

// An Unfit says why a rule counts nothing of some events of a log group that it names, which came since the store was opened.
type Unfit struct{ Group, Reason string }

// A Failure is a rule that could not be deleted, enabled or disabled: AWS's PartialFailure.
type Failure struct{ Resource, ExceptionType, Code, Description string }

// An Event is a log event. Times are milliseconds since the epoch.
type Event struct {
	Timestamp int64
	// Ingestion is when the event came: a rule counts what came while it was enabled.
	Ingestion int64
	Message   string
}

// A Batch is log events of one group, in their order.
type Batch struct {
	Group string
	// Format is the LogFormat of the flow log whose records the events are, "" where none is known. Rules that do not fit it count
	// nothing.
	Format string
	// Backfilled says that the events are of logs that were opened, not followed.
	Backfilled bool
	// Events stay the caller's; their messages may be changed once Add returned.
	Events []Event
}

// Names of metrics of reports.
const (
	UniqueContributors  = "UniqueContributors"
	MaxContributorValue = "MaxContributorValue"
	SampleCount         = "SampleCount"
	Sum                 = "Sum"
	Minimum             = "Minimum"
	Maximum             = "Maximum"
	Average             = "Average"
)

// NewContributors is a metric of rules of weir's own schema that reports have not got: how many [Store.Newcomers] there are.
const NewContributors = "NewContributors"

// Distinct is the statistic of rules of weir's own schema that count how many distinct combinations of fields contributors have.
const Distinct = "Distinct"

// A ReportRequest asks for a report.
//
// Source: AWS, CloudWatch API Reference, GetInsightRuleReport.
type ReportRequest struct {
	Name string
	// From and To bound the time, in seconds since the epoch; From inclusive, To exclusive. Periods that they cut count as a whole.
	From, To int64
	// Period is in seconds, a multiple of 60.
	Period int64
	// MaxContributors is how many contributors are named, 1 to 100; 0 is 10.
	MaxContributors int
	// Metrics are those that datapoints have, nil for none.
	Metrics []string
	// OrderBy is Sum or Maximum: by what contributors are ranked, all that they contributed or the greatest of their datapoints. ""
	// is Sum.
	OrderBy string
	// Live leaves out what is backfilled.
	Live bool
}

// A Report is who contributed, and how much.
type Report struct {
	KeyLabels []string
	// AggregationStatistic is SampleCount where the rule counts, Sum where it sums, Distinct where it counts what is distinct.
	AggregationStatistic string
	// AggregateValue is the sum over all contributors, UniqueContributors their number. Both are exact, as all is.
	AggregateValue     float64
	UniqueContributors int64
	// Contributors come in the order that was asked for; of equal ones, by keys.
	Contributors []Contributor
	// Datapoints are one for each period, ascending, with zeros where nothing contributed. They are nil where no metrics are asked
	// for.
	Datapoints []Datapoint
	// Begun is when the rule was enabled first, in seconds since the epoch: before, nothing was counted.
	Begun int64
	// Skipped is what did not count though it matched.
	Skipped Skipped
	// Unfit are log groups of the rule that it can't be evaluated on.
	Unfit []Unfit
}

// A Contributor is one of a report.
type Contributor struct {
	// Keys are the values of KeyLabels.
	Keys []string
	// Value is all that it contributed. Of a rule that counts what is distinct, it is what is distinct in the whole time, not the sum of
	// the periods.
	Value float64
	// Datapoints are of the periods in which it contributed, ascending.
	Datapoints []Contribution
}

// A Contribution is what a contributor contributed in a period that begins at Time, in seconds since the epoch.
type Contribution struct {
	Time  int64
	Value float64
}

// A Datapoint has the metrics of a period that begins at Time, in seconds since the epoch. Those that were not asked for are 0.
type Datapoint struct {
	Time                                        int64
	UniqueContributors, MaxContributorValue     float64
	SampleCount, Sum, Minimum, Maximum, Average float64
}

// Skipped is what matched a rule that sums, and did not count.
type Skipped struct {
	// Large is how many events had a value beyond 1e9 or below -1e9, and LargeSum the sum of those values. AWS skips them; rules of
	// weir's own schema count them.
	Large    int64
	LargeSum float64
	// NoNumber is how many events had no number as their value.
	NoNumber int64
}
