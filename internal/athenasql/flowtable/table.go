package flowtable

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/flowlog"
)

// Partitions is how a table knows its partitions.
type Partitions string

// The ways to know partitions.
const (
	// Projection computes them from the table's properties: new days are there at once.
	Projection Partitions = "projection"
	// Hive takes them from the names of Hive-compatible folders, when MSCK REPAIR TABLE is run.
	Hive Partitions = "hive"
	// ByHand adds each day of each account and region by ALTER TABLE ADD PARTITION.
	ByHand Partitions = "none"
)

// Ways are all ways to know partitions.
var Ways = []Partitions{Projection, Hive, ByHand}

// Folder is what lies of one account and region.
type Folder struct {
	Account, Region string
	Days            []time.Time // that have objects, in order, UTC
}

// Table is a table over delivered objects.
type Table struct {
	Database, Name string
	Kind           flowlog.Kind
	Columns        []Column
	Parquet        bool
	// Header says that text objects begin with a line of the fields' names.
	Header  bool
	Layout  Layout
	Folders []Folder // by account and region; none of a flat layout
	// Last is the last day of projected partitions, UTC; zero: there is none.
	Last time.Time
}

// CreateDatabase returns the statement that makes a database where there is none.
func CreateDatabase(name string) string { return "CREATE DATABASE IF NOT EXISTS " + quoted(name) }

// Statements returns the statements that make the table, each without a ";" at its end. They fail where the layout has no
// partitions of that kind, or a name can't stand in DDL.
func (t *Table) Statements(how Partitions) ([]string, error) {
	if strings.ContainsAny(t.Layout.Root, "'\\\n`") {
		return nil, fmt.Errorf("the folder %q has quotes or backslashes in its name, which statements of Athena can't name", t.Layout.Root)
	}
	if t.Layout.Flat {
		return []string{t.create(nil, t.Layout.Root, nil)}, nil
	}
	switch how {
	case Hive:
		if !t.Layout.Hive {
			return nil, fmt.Errorf("the folders below %s are not Hive-compatible (year=2026): their partitions are projected, or added by hand", t.Layout.Root)
		}
		keys, err := t.hiveKeys()
		return []string{t.create(keys, t.Layout.Root, nil), "MSCK REPAIR TABLE " + t.plainName()}, err
	case ByHand:
		return t.byHand(), nil
	}
	return t.projected()
}

// Keys returns the keys of the table's partitions.
func (t *Table) Keys(how Partitions) []Column {
	switch {
	case t.Layout.Flat:
		return nil
	case how == ByHand:
		keys, _ := t.handKeys()
		return keys
	case t.Layout.Hive:
		keys, _ := t.hiveKeys()
		return keys
	}
	return t.plainKeys()
}

// key returns the name of a partition key: name, or another where a column has it.
func (t *Table) key(name string) string {
	for t.has(name) {
		name += "_partition"
	}
	return name
}

// has reports whether the table has a column.
func (t *Table) has(name string) bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// plainKeys returns the keys of folders that are not Hive-compatible, named as in the guide: day where a day has one folder, date and hour
// where each hour has.
func (t *Table) plainKeys() []Column {
	keys := []Column{{t.key("accid"), "string"}, {t.key("region"), "string"}}
	if t.Layout.Hourly {
		return append(keys, Column{t.key("date"), "string"}, Column{t.key("hour"), "string"})
	}
	return append(keys, Column{t.key("day"), "string"})
}

// hiveKeys returns the keys of Hive-compatible folders, whose names are those of the folders.
func (t *Table) hiveKeys() ([]Column, error) {
	names := []string{"aws-account-id", "aws-service", "aws-region", "year", "month", "day"}
	if t.Layout.Hourly {
		names = append(names, "hour")
	}
	keys := make([]Column, len(names))
	for i, name := range names {
		if t.has(name) {
			return nil, fmt.Errorf("the flow log has a field %s, as the folders have", name)
		}
		keys[i] = Column{name, "string"}
	}
	return keys, nil
}

// property is a property of a table.
type property struct{ key, value string }

// projected returns the statement of a table whose partitions are computed.
func (t *Table) projected() ([]string, error) {
	var accounts, regions []string
	first := time.Time{}
	for _, f := range t.Folders {
		accounts, regions = append(accounts, f.Account), append(regions, f.Region)
		if first.IsZero() || f.Days[0].Before(first) {
			first = f.Days[0]
		}
	}
	account, region := enum(accounts), enum(regions)
	last := "NOW"
	if !t.Last.IsZero() {
		last = t.Last.Format("2006/01/02")
	}
	hour := [][2]string{{"type", "integer"}, {"range", "00,23"}, {"digits", "2"}}
	var keys []Column
	var of [][][2]string
	if t.Layout.Hive {
		var err error
		if keys, err = t.hiveKeys(); err != nil {
			return nil, err
		}
		years, months, days, err := t.hiveRanges(first)
		if err != nil {
			return nil, err
		}
		of = [][][2]string{
			account, enum([]string{flowLogs}), region,
			{{"type", "date"}, {"range", years}, {"format", "yyyy"}, {"interval", "1"}, {"interval.unit", "YEARS"}},
			{{"type", "integer"}, {"range", months}, {"digits", "2"}},
			{{"type", "integer"}, {"range", days}, {"digits", "2"}},
		}
	} else {
		keys = t.plainKeys()
		of = [][][2]string{account, region, {{"type", "date"}, {"range", first.Format("2006/01/02") + "," + last}, {"format", "yyyy/MM/dd"}}}
	}
	if t.Layout.Hourly {
		of = append(of, hour)
	}
	properties := []property{{"projection.enabled", "true"}}
	var template strings.Builder
	template.WriteString(t.Layout.Root)
	for i, k := range keys {
		for _, p := range of[i] {
			properties = append(properties, property{"projection." + k.Name + "." + p[0], p[1]})
		}
		switch {
		case t.Layout.Hive:
			template.WriteString(k.Name + "=")
		case i == 1:
			template.WriteString(flowLogs + "/") // between account and region
		}
		template.WriteString("${" + k.Name + "}/")
	}
	properties = append(properties, property{"storage.location.template", strings.TrimSuffix(template.String(), "/")})
	return []string{t.create(keys, t.Layout.Root, properties)}, nil
}

// hiveRanges returns the years, months and days of a table over Hive-compatible folders. Each is a key of its own, and a projection has
// all that they make together: that is more than some spans of days, which are refused. Where no day is the last, partitions of the first year's earlier days
// are there, too.
func (t *Table) hiveRanges(first time.Time) (years, months, days string, err error) {
	if t.Last.IsZero() {
		return first.Format("2006") + ",NOW", "01,12", "01,31", nil
	}
	years = first.Format("2006") + "," + t.Last.Format("2006")
	sameYear := first.Year() == t.Last.Year()
	whole := first.Day() == 1 && t.Last.AddDate(0, 0, 1).Day() == 1
	switch {
	case sameYear && first.Month() == t.Last.Month():
		return years, first.Format("01") + "," + t.Last.Format("01"), first.Format("02") + "," + t.Last.Format("02"), nil
	case sameYear && whole:
		return years, first.Format("01") + "," + t.Last.Format("01"), "01,31", nil
	case whole && first.Month() == time.January && t.Last.Month() == time.December:
		return years, "01,12", "01,31", nil
	}
	return "", "", "", fmt.Errorf("partitions of Hive-compatible folders are projected for days of one month, whole months of one year, or whole years, and %s to %s is none of these",
		first.Format(time.DateOnly), t.Last.Format(time.DateOnly))
}

// enum returns the projection of a key that has the values.
func enum(values []string) [][2]string {
	return [][2]string{{"type", "enum"}, {"values", strings.Join(slices.Compact(slices.Sorted(slices.Values(values))), ",")}}
}

// partitionsAtOnce is how many partitions one statement adds: Athena takes statements of at most 262,144 bytes.
const partitionsAtOnce = 100

// handKeys returns the keys of partitions that are added by hand, and the folder that all lie in. As in the guide the day alone is one
// where one account and region are there.
func (t *Table) handKeys() ([]Column, string) {
	day := Column{t.key("date"), "date"}
	if len(t.Folders) == 1 {
		return []Column{day}, t.Layout.folder(t.Folders[0].Account, t.Folders[0].Region, time.Time{})
	}
	return []Column{{t.key("accid"), "string"}, {t.key("region"), "string"}, day}, t.Layout.Root
}

// byHand returns the statements of a table whose partitions are added one by one. Athena reads all objects below the folder of a day, those
// in the folders of hours too.
func (t *Table) byHand() []string {
	keys, root := t.handKeys()
	out := []string{t.create(keys, root, nil)}
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			out = append(out, "ALTER TABLE "+t.plainName()+" ADD IF NOT EXISTS\n  "+strings.Join(lines, "\n  "))
			lines = nil
		}
	}
	for _, f := range t.Folders {
		for _, day := range f.Days {
			values := []string{f.Account, f.Region, day.Format(time.DateOnly)}
			values = values[len(values)-len(keys):]
			for i, k := range keys {
				values[i] = quoted(k.Name) + " = '" + values[i] + "'"
			}
			lines = append(lines, "PARTITION ("+strings.Join(values, ", ")+") LOCATION '"+t.Layout.folder(f.Account, f.Region, day)+"'")
			if len(lines) == partitionsAtOnce {
				flush()
			}
		}
	}
	flush()
	return out
}

// plainName returns the table's name as it stands in statements.
func (t *Table) plainName() string {
	if t.Database == "" {
		return quoted(t.Name)
	}
	return quoted(t.Database) + "." + quoted(t.Name)
}

// create returns CREATE EXTERNAL TABLE, in the form of the guide.
func (t *Table) create(keys []Column, location string, properties []property) string {
	var b strings.Builder
	b.WriteString("CREATE EXTERNAL TABLE IF NOT EXISTS " + t.plainName() + " (\n")
	writeColumns(&b, t.Columns)
	b.WriteString(")\n")
	if len(keys) > 0 {
		b.WriteString("PARTITIONED BY (\n")
		writeColumns(&b, keys)
		b.WriteString(")\n")
	}
	if t.Parquet {
		b.WriteString(`ROW FORMAT SERDE
  'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT
  'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
OUTPUTFORMAT
  'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'
`)
	} else {
		b.WriteString("ROW FORMAT DELIMITED\nFIELDS TERMINATED BY ' '\n")
		if t.Header {
			properties = append([]property{{"skip.header.line.count", "1"}}, properties...)
		}
	}
	b.WriteString("LOCATION '" + location + "'")
	if len(properties) > 0 {
		b.WriteString("\nTBLPROPERTIES (\n")
		for i, p := range properties {
			if i > 0 {
				b.WriteString(",\n")
			}
			fmt.Fprintf(&b, "  '%s' = '%s'", p.key, p.value)
		}
		b.WriteString("\n)")
	}
	return b.String()
}

// writeColumns writes columns, one a line.
func writeColumns(b *strings.Builder, columns []Column) {
	for i, c := range columns {
		comma := ","
		if i == len(columns)-1 {
			comma = ""
		}
		fmt.Fprintf(b, "  %s %s%s\n", quoted(c.Name), c.Type, comma)
	}
}
