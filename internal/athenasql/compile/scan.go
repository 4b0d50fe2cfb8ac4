package compile

import (
	"fmt"
	"strings"
)

// scan is one reading of a table.
type scan struct {
	number     int
	table      *Table
	used       map[string]bool
	partitions []string // joined by AND
	objects    []string // likewise
	pinned     map[string][]string
}

func (c *compiler) scan(t *Table) *scan {
	s := &scan{number: len(c.scans), table: t, used: map[string]bool{}}
	c.scans = append(c.scans, s)
	return s
}

// use says that a column is read.
func (s *scan) use(column string) { s.used[column] = true }

func (s *scan) relation() string { return fmt.Sprintf("t%d", s.number) }

// mark stands in SQL for the relation until all columns that are read are known. No text of a query has a NUL.
func (s *scan) mark() string { return fmt.Sprintf("\x00%d\x00", s.number) }

// sql returns the relation: its view, or a query over it where columns are computed.
func (s *scan) sql() string {
	var list []string
	computed := false
	for _, c := range s.table.Columns {
		if !s.used[c.Name] {
			continue
		}
		if c.SQL == "" {
			list = append(list, quoteName(c.Name))
			continue
		}
		computed = true
		list = append(list, c.SQL+" AS "+quoteName(c.Name))
	}
	if !computed {
		return quoteName(s.relation())
	}
	return "(SELECT " + strings.Join(list, ", ") + " FROM " + quoteName(s.relation()) + ")"
}

func (s *scan) result() Scan {
	out := Scan{Relation: s.relation(), Table: s.table, Partitions: strings.Join(s.partitions, " AND "), Objects: strings.Join(s.objects, " AND "), Pinned: s.pinned}
	for _, c := range s.table.Columns {
		if s.used[c.Name] {
			out.Columns = append(out.Columns, c.Name)
		}
	}
	return out
}
