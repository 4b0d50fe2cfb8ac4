package app

import (
	"slices"
	"strings"

	"weir/flowlog"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/query/duckdb"
)

// AthenaDatabase is the database of the lake's own tables.
const AthenaDatabase = "weir"

// Types of the lake's columns in Athena's SQL.
var (
	varcharType = types.Type{Kind: types.Varchar}
	dateType    = types.Type{Kind: types.Date}
)

// fieldType returns the type of a field's column. AWS's DDL has protocol as a bigint, and the lake as an integer of 32 bits.
func fieldType(f *flowlog.Field) (types.Type, string) {
	switch f.Type {
	case flowlog.Int32:
		if f.ID == flowlog.Protocol {
			return types.Type{Kind: types.BigInt}, "CAST(" + sqlName(f.Column) + " AS BIGINT)"
		}
		return types.Type{Kind: types.Integer}, ""
	case flowlog.Int64:
		return types.Type{Kind: types.BigInt}, ""
	case flowlog.Timestamp:
		return types.Type{Kind: types.Timestamp, Precision: 3}, ""
	case flowlog.Map:
		return types.MapOf(varcharType, varcharType), ""
	}
	return varcharType, ""
}

func sqlName(column string) string { return `"` + column + `"` }

// lakeTable is one of the lake's tables as it is put together.
type lakeTable struct {
	kind    flowlog.Kind
	columns []compile.Column
	uses    map[string][]string
	// outside are keys that do not derive from weir_hour alone: they show as keys, and do not choose files.
	outside []string
}

// add adds a column unless there is one of its name. uses are the columns of the lake that sql reads.
func (t *lakeTable) add(c compile.Column, uses ...string) {
	if slices.ContainsFunc(t.columns, func(o compile.Column) bool { return o.Name == c.Name }) {
		return
	}
	t.columns = append(t.columns, c)
	t.uses[c.Name] = uses
}

// field adds a column of a field under a name.
func (t *lakeTable) field(f *flowlog.Field, name string, hidden bool) {
	c := compile.Column{Name: name, Hidden: hidden}
	c.Type, c.SQL = fieldType(f)
	uses := []string{f.Column}
	if f.ID == flowlog.Region {
		region := flowlog.FieldByID(flowlog.WeirRegion).Column // the field, else the region of the key of the object
		c.SQL, uses = sqlName(region), []string{region}
	}
	if c.SQL == "" && name != f.Column {
		c.SQL = sqlName(f.Column)
	}
	t.add(c, uses...)
}

// timeKey adds a key that is the hour of the records in a form of DuckDB's strftime; "" is a date.
func (t *lakeTable) timeKey(name, form string, hidden bool) {
	hour := flowlog.FieldByID(flowlog.WeirHour).Column
	c := compile.Column{Name: name, Type: varcharType, Partition: true, Hidden: hidden, SQL: "strftime(" + sqlName(hour) + ", '" + form + "')"}
	if form == "" {
		c.Type, c.SQL = dateType, "CAST("+sqlName(hour)+" AS DATE)"
	}
	t.add(c, hour)
}

// accountKey adds a key that is the account of the log: the one in the key of the object, else the record's.
func (t *lakeTable) accountKey(name string, hidden bool) {
	owner, account := flowlog.FieldByID(flowlog.WeirLogOwner).Column, flowlog.FieldByID(flowlog.AccountID).Column
	t.outsideKey(compile.Column{Name: name, Type: varcharType, Hidden: hidden, SQL: "coalesce(" + sqlName(owner) + ", " + sqlName(account) + ")"}, owner, account)
}

// regionKey adds a key that is the region of the record, else of the key of the object.
func (t *lakeTable) regionKey(name string, hidden bool) {
	region := flowlog.FieldByID(flowlog.WeirRegion).Column
	t.outsideKey(compile.Column{Name: name, Type: varcharType, Hidden: hidden, SQL: sqlName(region)}, region)
}

// serviceKey adds the key that AWS's Hive layout has for the service.
func (t *lakeTable) serviceKey(name string, hidden bool) {
	t.outsideKey(compile.Column{Name: name, Type: varcharType, Hidden: hidden, SQL: "'vpcflowlogs'"})
}

func (t *lakeTable) outsideKey(c compile.Column, uses ...string) {
	if !c.Hidden {
		t.outside = append(t.outside, c.Name)
	}
	t.add(c, uses...)
}

// joinedName is a field's name without its hyphens: "pktsrcaddr".
func joinedName(f *flowlog.Field) string { return strings.ReplaceAll(f.Name, "-", "") }

// otherNames are names that public DDL has for fields, besides AWS's and those without hyphens.
var otherNames = map[flowlog.FieldID][]string{
	flowlog.AccountID: {"account"},
	flowlog.SrcAddr:   {"sourceaddress"}, flowlog.DstAddr: {"destinationaddress"},
	flowlog.SrcPort: {"sourceport"}, flowlog.DstPort: {"destinationport"},
	flowlog.Packets: {"numpackets"}, flowlog.Bytes: {"numbytes"},
	flowlog.Start: {"starttime", "start_time", "windowstart"}, flowlog.End: {"endtime", "end_time", "windowend"},
}

// hiddenNames adds what is found by name alone: other names of fields and of keys, and weir's own columns.
func (t *lakeTable) hiddenNames() {
	for _, f := range flowlog.Fields(t.kind) {
		t.field(f, f.Column, true)
		t.field(f, joinedName(f), true)
		for _, name := range otherNames[f.ID] {
			t.field(f, name, true)
		}
	}
	t.field(flowlog.FieldByID(flowlog.WeirObject), duckdb.ObjectPath, true)
	t.timeKey("date", "", true)
	t.timeKey("date_partition", "%Y/%m/%d", true)
	t.timeKey("dt", "%Y-%m-%d", true)
	t.timeKey("year", "%Y", true)
	t.timeKey("month", "%m", true)
	t.timeKey("day", "%d", true)
	t.timeKey("hour", "%H", true)
	t.accountKey("account_partition", true)
	t.accountKey("accid", true)
	t.accountKey("aws-account-id", true)
	t.serviceKey("aws-service", true)
	t.regionKey("region_partition", true)
	t.regionKey("region", true)
	t.regionKey("aws-region", true)
}

// awsFields adds AWS's fields under names, in AWS's order, without those in but.
func (t *lakeTable) awsFields(name func(*flowlog.Field) string, but ...flowlog.FieldID) {
	for _, f := range flowlog.Fields(t.kind) {
		if f.Version > 0 && !slices.Contains(but, f.ID) {
			t.field(f, name(f), false)
		}
	}
}

// awsName is the name of a field in AWS's DDL: with underscores.
func awsName(f *flowlog.Field) string { return f.Column }

// bootstrapName is the name of a field in the DDL of AWS Security Analytics Bootstrap.
func bootstrapName(f *flowlog.Field) string {
	if names := otherNames[f.ID]; len(names) > 0 {
		return names[0]
	}
	return joinedName(f)
}

// lakeShapes are the lake's tables by name: the shapes of tables in the Athena User Guide ("Query Amazon VPC flow logs"), and of AWS Security
// Analytics Bootstrap.
var lakeShapes = []struct {
	name string
	kind flowlog.Kind
	make func(*lakeTable)
}{
	{"vpc_flow_logs", flowlog.KindVPC, func(t *lakeTable) {
		t.awsFields(awsName)
		t.timeKey("date", "", false)
	}},
	{"tgw_flow_logs", flowlog.KindTGW, func(t *lakeTable) {
		t.awsFields(awsName)
		t.timeKey("date", "", false)
	}},
	{"test_table_vpclogs", flowlog.KindVPC, func(t *lakeTable) { // partition projection over text
		t.awsFields(awsName, flowlog.Region)
		t.accountKey("accid", false)
		t.regionKey("region", false)
		t.timeKey("day", "%Y/%m/%d", false)
	}},
	{"vpc_flow_logs_parquet", flowlog.KindVPC, func(t *lakeTable) { // Parquet in Hive's layout
		t.awsFields(awsName)
		t.accountKey("aws-account-id", false)
		t.serviceKey("aws-service", false)
		t.regionKey("aws-region", false)
		t.timeKey("year", "%Y", false)
		t.timeKey("month", "%m", false)
		t.timeKey("day", "%d", false)
		t.timeKey("hour", "%H", false)
	}},
	{"vpc_flow_logs_parquet_projection", flowlog.KindVPC, func(t *lakeTable) {
		t.awsFields(awsName, flowlog.Region)
		t.regionKey("region", false)
		t.timeKey("date", "%Y/%m/%d", false)
		t.timeKey("hour", "%H", false)
	}},
	{"vpcflow", flowlog.KindVPC, func(t *lakeTable) {
		t.awsFields(bootstrapName)
		t.timeKey("date_partition", "%Y/%m/%d", false)
		t.regionKey("region_partition", false)
		t.accountKey("account_partition", false)
	}},
}

// lakeTables returns the lake's tables as statements show them: all keys are partition keys.
func lakeTables() []*compile.Table {
	var out []*compile.Table
	for _, shape := range lakeShapes {
		t := &lakeTable{kind: shape.kind, uses: map[string][]string{}}
		shape.make(t)
		t.hiddenNames()
		columns := slices.Clone(t.columns)
		for i, c := range columns {
			if slices.Contains(t.outside, c.Name) {
				columns[i].Partition = true
			}
		}
		out = append(out, &compile.Table{
			Database: AthenaDatabase, Name: shape.name, Columns: columns,
			Source: duckdb.LakeTable{Kind: shape.kind, Uses: t.uses, Outside: t.outside},
		})
	}
	return out
}

// queriedLakeTable returns a table of the lake as queries read it: keys that do not derive from the hour are columns like others.
func queriedLakeTable(t *compile.Table) *compile.Table {
	source, ok := t.Source.(duckdb.LakeTable)
	if !ok || len(source.Outside) == 0 {
		return t
	}
	out := *t
	out.Columns = slices.Clone(t.Columns)
	for i, c := range out.Columns {
		out.Columns[i].Partition = c.Partition && !slices.Contains(source.Outside, c.Name)
	}
	return &out
}
