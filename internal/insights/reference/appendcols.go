package reference

import (
	"weir/internal/insights"
	"weir/internal/insights/value"
)

// appendCols puts the columns of another query beside the rows: those of its first row beside the first, and so on, of at most
// so many. Rows that it has more are left out; where it has fewer the columns are absent. Without override a column that is shown
// already stays.
//
// Source: AWS, "appendcols".
func (r *run) appendCols(c *insights.AppendCols) error {
	result, err := r.innerQuery(c.Query)
	if err != nil {
		return err
	}
	shown := map[string]bool{}
	for _, old := range r.view.Result() {
		shown[old.Name] = true
	}
	rows := result.Rows[:min(int64(len(result.Rows)), c.Max)]
	for i, row := range r.rows {
		for j, name := range result.Columns {
			if shown[name] && (!c.Override || i >= len(rows)) {
				continue
			}
			v := value.Absent
			if i < len(rows) {
				v = rows[i][j]
			}
			r.set(row, name, v)
		}
	}
	return nil
}
