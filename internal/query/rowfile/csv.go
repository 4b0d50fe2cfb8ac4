package rowfile

import (
	"encoding/csv"
	"io"

	"weir/internal/query"
)

// CSV writes CSV with a line of the columns' names first, and returns how many rows there were. What is absent
// is empty.
func CSV(w io.Writer, rows query.Rows) (int64, error) {
	out := csv.NewWriter(w)
	var line []string
	for _, c := range rows.Columns() {
		line = append(line, c.Name)
	}
	if err := out.Write(line); err != nil {
		return 0, err
	}
	n, err := Each(rows, func(row []any) error {
		for i, v := range row {
			line[i] = Text(v)
		}
		return out.Write(line)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return n, err
}
