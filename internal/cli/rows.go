package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"weir/internal/query"
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
		n, err = csvRows(out, rows)
	case "parquet":
		n, err = parquetRows(out, rows)
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

// each calls do with each row.
func each(rows query.Rows, do func(row []any) error) (int64, error) {
	for n := int64(0); ; n++ {
		row, err := rows.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if err := do(row); err != nil {
			return n, err
		}
	}
}

// tableRows prints a table for people, a block of rows at a time.
func tableRows(w io.Writer, rows query.Rows, zone *time.Location) (int64, error) {
	var columns []tableColumn
	for _, c := range rows.Columns() {
		columns = append(columns, tableColumn{c.Name, c.Type == query.Int || c.Type == query.Float})
	}
	t := newTable(w, columns)
	n, err := each(rows, func(row []any) error {
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
	return plainText(v)
}

// plainText returns a value as text for CSV and tables.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case query.Decimal:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return string(appendJSON(nil, v))
}

// jsonRows prints objects with the columns in order: as one array, or one a line.
func jsonRows(w *bufio.Writer, rows query.Rows, array bool) (int64, error) {
	var keys [][]byte
	for _, c := range rows.Columns() {
		keys = append(keys, append(appendJSON(nil, c.Name), ':'))
	}
	if array {
		w.WriteByte('[')
	}
	first := true
	var line []byte
	n, err := each(rows, func(row []any) error {
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
			line = appendJSON(line, v)
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

// appendJSON appends a value: integers and decimals as numbers, times in RFC
// 3339, absent as null. Numbers that JSON has no form for are null.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case query.Decimal:
		return append(dst, v...)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(dst, "null"...)
		}
		b, _ := json.Marshal(v)
		return append(dst, b...)
	case time.Time:
		return strconv.AppendQuote(dst, v.UTC().Format(time.RFC3339Nano))
	case []any:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, x)
		}
		return append(dst, ']')
	case map[string]any:
		return appendObject(dst, v)
	case map[string]string:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = x
		}
		return appendObject(dst, m)
	}
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(fmt.Sprint(v))
	}
	return append(dst, b...)
}

// appendObject appends a map in the order of its keys.
func appendObject(dst []byte, m map[string]any) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendJSON(dst, k), ':')
		dst = appendJSON(dst, m[k])
	}
	return append(dst, '}')
}

// csvRows prints CSV with the columns' names; absent is empty.
func csvRows(w io.Writer, rows query.Rows) (int64, error) {
	out := csv.NewWriter(w)
	var line []string
	for _, c := range rows.Columns() {
		line = append(line, c.Name)
	}
	if err := out.Write(line); err != nil {
		return 0, err
	}
	n, err := each(rows, func(row []any) error {
		for i, v := range row {
			line[i] = plainText(v)
		}
		return out.Write(line)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return n, err
}
