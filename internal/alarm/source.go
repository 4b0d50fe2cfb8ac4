package alarm

import "context"

// A Source has the values that alarms watch. Package app gives one. It is safe for concurrent use: log alarms are evaluated beside the others.
//
// Errors are of the moment, unless they are an [*Error]: then the alarm's definition can't be evaluated.
type Source interface {
	// Values returns the datapoints of an alarm on a metric or an expression, ascending, of live data alone. Periods begin at from,
	// from + Period and so on before to (seconds since the epoch), also where from is no multiple of Period: windows slide by a minute. A period
	// without data has no datapoint.
	Values(ctx context.Context, m *Metric, from, to int64) ([]Datapoint, error)
	// Lateness is how many seconds after a period's end its data have come.
	Lateness(ctx context.Context, m *Metric) (int64, error)
	// Settle returns when what was durable at a time (seconds since the epoch) has been counted.
	Settle(ctx context.Context, until int64) error
	// LogResult runs the query of a log alarm as of a time (seconds since the epoch), and aggregates its rows.
	LogResult(ctx context.Context, l *Log, at int64) (LogResult, error)
}

// A Datapoint is the value of a period.
type Datapoint struct {
	// Time is the beginning of the period in seconds since the epoch.
	Time  int64
	Value float64
	// SampleCount is how many values the period has; of an expression it is 0.
	SampleCount float64
}

// A LogResult is what a run of a log alarm's query gave.
type LogResult struct {
	// Missing says that the aggregation has no value, such as an average over no rows.
	Missing bool
	Value   float64
	// Rows is how many rows the query gave.
	Rows int64
	// Lines are the last log lines that the query found, at most ActionLogLineCount.
	Lines []string
}
