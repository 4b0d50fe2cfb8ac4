package reference

import "weir/internal/insights/value"

// estimateColumns are what estimate shows; AWS does not say how its columns are called.
var estimateColumns = []string{"estimatedBytesScanned", "estimatedRecordsScanned"}

// estimate says what the query reads.
//
// Source: AWS, "estimate".
func (r *run) estimate() error {
	r.rows = []*Row{NewRow(nil, estimateColumns, []value.Value{value.Number(r.stats.BytesScanned), value.Number(r.stats.RecordsScanned)})}
	return nil
}
