package insights

import "weir/internal/insights/value"

// A Result is what a query gives.
type Result struct {
	// Columns are the names of what is shown, in order, @ptr left out.
	Columns []string
	// Rows have a value for each column; what is absent is left out where the row is shown.
	Rows [][]value.Value
	// Ptrs are the pointers to the events that the rows are, nil where rows are not events.
	Ptrs []string
	// Notes say what the reader must know, such as that patterns are found by weir's own tokeniser.
	Notes []string
	Statistics
}

// Statistics are what a query read.
type Statistics struct {
	RecordsMatched, RecordsScanned, BytesScanned float64
	LogGroupsScanned                             int64
}
