package metricstore

// A Dimension is a name and a value that tell metrics of one name apart.
type Dimension struct {
	Name  string `json:"Name"`
	Value string `json:"Value"`
}

// A Metric is the identity of a metric: its namespace, its name and exactly its dimensions.
//
// Source: AWS, CloudWatch User Guide, "Metrics concepts".
type Metric struct {
	Namespace string
	Name      string
	// Dimensions are sorted by name, and no name is there twice.
	Dimensions []Dimension
}

// Statistics is a set of statistics over some values.
type Statistics struct{ SampleCount, Sum, Minimum, Maximum float64 }

// A Datum is what is added to a metric at one time.
type Datum struct {
	Metric
	// Time is in milliseconds since the epoch.
	Time int64
	// Unit is one of CloudWatch's units; "" is None.
	Unit string
	// Resolution is how long a period of the finest points is, in seconds: 1 or 60; 0 is 60.
	Resolution int
	// Values are values, each as often as Counts says, once where that is nil.
	Values, Counts []float64
	// Statistics stand in place of Values where it is not nil: then there are no percentiles.
	Statistics *Statistics
	// Backfilled says that it is of logs that were opened, not followed: reports show it, and no alarm sees it.
	Backfilled bool
}
