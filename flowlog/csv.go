package flowlog

import (
	"encoding/csv"
	"io"
)

// csvWriter writes RFC 4180 CSV.
type csvWriter struct {
	w      *csv.Writer
	format Format
	header bool
	row    []string
}

// NewCSVWriter returns a writer of CSV with the format's column names in the
// first line. Absent fields are empty.
func NewCSVWriter(w io.Writer, f Format) Writer {
	return &csvWriter{w: csv.NewWriter(w), format: f, header: true, row: make([]string, f.Len())}
}

// head writes the column names once.
func (c *csvWriter) head() error {
	if !c.header {
		return nil
	}
	c.header = false
	for i, n := range c.format.names {
		c.row[i] = ColumnName(n)
	}
	return c.w.Write(c.row)
}

func (c *csvWriter) Write(b *Batch) error {
	if err := checkKind(c.format, b); err != nil {
		return err
	}
	if err := c.head(); err != nil {
		return err
	}
	for r := range b.Records() {
		for i := range c.format.names {
			if c.row[i] = string(c.format.appendField(nil, r, i)); c.row[i] == "-" {
				c.row[i] = ""
			}
		}
		if err := c.w.Write(c.row); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the header where no record was written, and what is held back.
func (c *csvWriter) Close() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
