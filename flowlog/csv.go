package flowlog

import (
	"encoding/csv"
	"io"
)

// csvWriter writes RFC 4180 CSV.
type csvWriter struct {
	out    io.Writer
	w      *csv.Writer // onto out
	format Format
	header bool
	row    []string
}

// NewCSVWriter returns a writer of CSV with the format's column names in the
// first line. Absent fields are empty, and the version is the record's own: CSV is no
// form of AWS's, for whose version a format could speak.
func NewCSVWriter(w io.Writer, f Format) Writer {
	return &csvWriter{out: w, w: csv.NewWriter(w), format: f, header: true, row: make([]string, f.Len())}
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
			c.row[i] = c.cell(r, i)
		}
		if err := c.writeRow(); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what is held back.
func (c *csvWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// cell returns the text of the format's i-th field.
func (c *csvWriter) cell(r Record, i int) string {
	if f, ok := c.format.Field(i); ok && f.ID == Version {
		s, _ := r.Text(Version)
		return s
	}
	s := string(c.format.appendField(nil, r, i))
	if s == "-" {
		return ""
	}
	return s
}

// writeRow writes the row. A single empty cell is quoted: readers pass over empty
// lines.
func (c *csvWriter) writeRow() error {
	if len(c.row) > 1 || c.row[0] != "" {
		return c.w.Write(c.row)
	}
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return err
	}
	_, err := io.WriteString(c.out, "\"\"\n")
	return err
}

// Close writes the header where no record was written, and what is held back.
func (c *csvWriter) Close() error {
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}
