package integration

import (
	"fmt"
	"strings"
	"time"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/athenasql/flowtable"
	"weir/internal/flowlogstore"
)

const day = 24 * time.Hour

// table returns the table of an integration, and the statement of Athena that makes it.
func (r *Request) table(a *Athena) (*flowtable.Table, string, error) {
	format, err := flowlog.ParseLogFormat(r.FlowLog.LogFormat)
	if err != nil {
		return nil, "", err // it was checked when the flow log was made
	}
	bucket, folder, ok := flowlogstore.ParseBucket(r.FlowLog.Destination)
	if !ok {
		return nil, "", fmt.Errorf("the flow log %s has the destination %s", r.FlowLog.ID, r.FlowLog.Destination)
	}
	first, last := a.Start, a.End
	if first.IsZero() { // nothing is older than the flow log
		first = time.UnixMilli(r.FlowLog.Created)
	}
	s := &flowtable.Stream{
		FlowLogID: r.FlowLog.ID, Parquet: r.FlowLog.FileFormat == flowlogstore.Parquet, Header: r.FlowLog.FileFormat != flowlogstore.Parquet, Format: format,
		Layout:  flowtable.Layout{Root: "s3://" + bucket + "/" + folder + "AWSLogs/", Hive: r.FlowLog.Hive, Hourly: r.FlowLog.PerHour},
		Folders: []flowtable.Folder{{Account: r.Account, Region: r.Region, Days: []time.Time{first.UTC().Truncate(day)}}},
	}
	tables, _ := flowtable.Tables([]*flowtable.Stream{s}, r.database(), r.name(a)) // of one stream there is nothing to note
	t := tables[0]
	if !last.IsZero() {
		t.Last = last.UTC().Truncate(day)
	}
	statements, err := t.Statements(flowtable.Projection)
	if err != nil {
		return nil, "", invalid("%s can't be integrated with Athena: %v", r.FlowLog.ID, err)
	}
	return t, statements[0], nil
}

// The classes of Hive that read objects and tables.
const (
	textSerDe  = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
	textInput  = "org.apache.hadoop.mapred.TextInputFormat"
	textOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
)

// glueTable returns what CREATE EXTERNAL TABLE makes, in Glue's words.
//
// Source: AWS, CloudFormation User Guide, AWS::Glue::Table TableInput; Athena's text tables as Glue shows them.
func glueTable(t *flowtable.Table, statement string) (map[string]any, error) {
	parsed, err := athenasql.Parse(statement)
	if err != nil {
		return nil, err
	}
	create, ok := parsed.(*athenasql.CreateTable)
	if !ok {
		return nil, fmt.Errorf("the statement makes no table: %s", statement)
	}
	parameters := map[string]any{"EXTERNAL": "TRUE"}
	for _, p := range create.Properties {
		parameters[p.Key] = p.Value
	}
	serde := map[string]any{"SerializationLibrary": create.SerDe}
	input, output := create.InputFormat, create.OutputFormat
	if create.Delimited != nil {
		input, output = textInput, textOutput
		serde = map[string]any{
			"SerializationLibrary": textSerDe,
			"Parameters":           map[string]any{"field.delim": create.Delimited.Fields, "serialization.format": create.Delimited.Fields},
		}
	}
	return map[string]any{
		"Name": t.Name, "TableType": "EXTERNAL_TABLE", "Parameters": parameters, "PartitionKeys": glueColumns(t.Keys(flowtable.Projection)),
		"StorageDescriptor": map[string]any{
			"Columns": glueColumns(t.Columns), "Location": create.Location, "InputFormat": input, "OutputFormat": output, "SerdeInfo": serde,
		},
	}, nil
}

func glueColumns(columns []flowtable.Column) []any {
	out := make([]any, len(columns))
	for i, c := range columns {
		out[i] = map[string]any{"Name": strings.ToLower(c.Name), "Type": c.Type}
	}
	return out
}
