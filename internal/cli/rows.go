package cli

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"time"

	"weir/internal/query"
	"weir/internal/query/rowfile"
)

// rowFormats are the forms in which rows of a query are printed.
var rowFormats = []string{"table", "json", "jsonl", "csv", "parquet"}

// printRows prints the rows of a query and returns how many there were.
func printRows(w io.Writer, rows query.Rows, format string, zone *time.Location) (int64, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	var n int64
	var err error
	switch format {
	case "table":
		n, err = tableRows(out, rows, zone)
	case "json", "jsonl":
		n, err = jsonRows(out, rows, format == "json")
	case "csv":
		n, err = rowfile.CSV(out, rows)
	case "parquet":
		n, err = rowfile.Parquet(out, rows, "weir "+version)
	default:
		panic("no form " + format) // rowFormat lets none pass
	}
	if err != nil {
		// What was printed already stays visible beside the error.
		_ = out.Flush()
		return n, err
	}
	return n, out.Flush()
}

// tableRows prints a table for people, a block of rows at a time.
func tableRows(w io.Writer, rows query.Rows, zone *time.Location) (int64, error) {
	var columns []tableColumn
	for _, c := range rows.Columns() {
		columns = append(columns, tableColumn{c.Name, c.Type == query.Int || c.Type == query.Float})
	}
	t := newTable(w, columns)
	n, err := rowfile.Each(rows, func(row []any) error {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = cell(v, zone)
		}
		return t.add(line)
	})
	// Rows before an error are shown, as in the other forms.
	return n, errors.Join(t.flush(), err)
}

// cell returns a value for a table; absent is "-", as in flow logs.
func cell(v any, zone *time.Location) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		return showTime(v, zone)
	case float64:
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return rowfile.Text(v)
}

// jsonRows prints objects with the columns in order: as one array, or one a line.
func jsonRows(w *bufio.Writer, rows query.Rows, array bool) (int64, error) {
	var keys [][]byte
	for _, c := range rows.Columns() {
		keys = append(keys, append(rowfile.AppendJSON(nil, c.Name), ':'))
	}
	if array {
		w.WriteByte('[')
	}
	first := true
	var line []byte
	n, err := rowfile.Each(rows, func(row []any) error {
		line = line[:0]
		if array && !first {
			line = append(line, ',')
		}
		if array {
			line = append(line, "\n  "...)
		}
		first = false
		line = append(line, '{')
		for i, v := range row {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, keys[i]...)
			line = rowfile.AppendJSON(line, v)
		}
		line = append(line, '}')
		if !array {
			line = append(line, '\n')
		}
		_, err := w.Write(line)
		return err
	})
	if err == nil && array {
		if !first {
			w.WriteByte('\n')
		}
		w.WriteString("]\n")
	}
	return n, err
}
