package metastore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"weir/internal/athenasql/types"
	"weir/internal/tablefile"
)

// TestSerDes has how the lines of tables are read that name a SerDe.
func TestSerDes(t *testing.T) {
	columns := []tablefile.Column{{Name: "a", Type: types.Type{Kind: types.Varchar}}, {Name: "n", Type: types.Type{Kind: types.Integer}}}
	csv := tablefile.Layout{Columns: columns, CSV: true, Separator: ',', Quote: '"', Escape: '\\', Null: `\N`}
	lines := tablefile.Layout{Columns: columns, Separator: 1, Null: `\N`}
	with := func(l tablefile.Layout, change func(*tablefile.Layout)) tablefile.Layout {
		change(&l)
		return l
	}
	tests := []struct {
		name, clauses string
		want          tablefile.Layout
	}{
		{"CSV", "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'", csv},
		{
			"CSV, as the guide writes it", "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES (\"separatorChar\" = \",\", \"quoteChar\" = \"`\", \"escapeChar\" = \"\\\\\")",
			with(csv, func(l *tablefile.Layout) { l.Quote = '`' }),
		},
		{
			"CSV of tabs, an escape that Hive replaces, and a header", `ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'='\t', 'escapeChar'='"')
			STORED AS TEXTFILE LOCATION 's3://b/t/' TBLPROPERTIES ('skip.header.line.count'='1', 'use.null.for.invalid.data'='TRUE')`,
			with(csv, func(l *tablefile.Layout) { l.Separator, l.SkipLines, l.NullForInvalid = '\t', 1, true }),
		},
		{"Hive's JSON", "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'", with(lines, func(l *tablefile.Layout) { l.JSON = &tablefile.JSON{} })},
		{
			"OpenX's JSON, as a crawler writes it", `ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('paths'='a,n', 'serialization.format'='1')
			STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat' OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat' LOCATION 's3://b/t/' TBLPROPERTIES ('classification'='json')`,
			with(lines, func(l *tablefile.Layout) { l.JSON = &tablefile.JSON{OpenX: true} }),
		},
		{
			"OpenX's properties", `ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
			WITH SERDEPROPERTIES ('ignore.malformed.json'='TRUE', 'dots.in.keys'='true', 'case.insensitive'='FALSE', 'mapping.a'='srcAddr', 'mapping.n'='dstPort')`,
			with(lines, func(l *tablefile.Layout) {
				l.JSON = &tablefile.JSON{OpenX: true, IgnoreMalformed: true, Dots: true, CaseSensitive: true, Names: map[string]string{"a": "srcAddr", "n": "dstPort"}}
			}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			text := "CREATE EXTERNAL TABLE t (a string, n int) " + tt.clauses
			if !strings.Contains(text, "LOCATION") {
				text += " LOCATION 's3://b/t/'"
			}
			do(t, s, text)
			table, err := s.Find(t.Context(), "default", "t")
			if err != nil {
				t.Fatal(err)
			}
			got, err := table.Layout()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreUnexported(tablefile.Layout{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
