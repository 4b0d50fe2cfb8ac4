package reference

import (
	"fmt"

	"weir/internal/insights"
	"weir/internal/insights/value"
)

// cellBytes is about what a value takes in a row, with its name and what slices have to spare.
const cellBytes = 100

// set sets a column of a row and counts the memory that it takes. Texts are not counted: most are parts of ones that are
// there. Where a command makes new ones it counts them itself.
func (r *run) set(row *Row, name string, v value.Value) {
	row.set(name, v)
	*r.env.made += cells(v) * cellBytes
}

// clone copies a row and counts the memory that it takes.
func (r *run) clone(row *Row) *Row {
	*r.env.made += int64(1+len(row.names)) * cellBytes
	return row.clone()
}

// cells counts the values in a value, and itself.
func cells(v value.Value) int64 {
	n := int64(1)
	for _, e := range v.Elements() {
		n += cells(e)
	}
	return n
}

// tooMuch is the error where the columns that were made take more memory than they may.
func (r *run) tooMuch() error {
	most := r.env.MaxBytes
	if most <= 0 {
		most = DefaultMaxBytes
	}
	if *r.env.made <= most {
		return nil
	}
	return &insights.Error{
		Span: r.at.Place(), Message: fmt.Sprintf("the columns that commands make up to %s take more than %d MiB", r.at.Name(), most>>20),
		Hint: "filter before, or make fewer and shorter ones",
	}
}
