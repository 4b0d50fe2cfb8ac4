package metastore

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/athenasql"
	"weir/internal/athenasql/compile"
	"weir/internal/athenasql/types"
	"weir/internal/sharedtest"
)

// now is the clock of the tests.
var now = time.Date(2026, 1, 31, 12, 34, 56, 0, time.UTC)

// lakeTable is a table that is ready.
var lakeTable = &compile.Table{Database: "weir", Name: "vpc_flow_logs", Columns: []compile.Column{
	{Name: "srcaddr", Type: types.Type{Kind: types.Varchar}},
	{Name: "source", Type: types.Type{Kind: types.Varchar}, Hidden: true},
	{Name: "date", Type: types.Type{Kind: types.Date}, Partition: true},
}}

// folders is the objects that MSCK REPAIR TABLE finds.
type folders []string

func (f folders) list(_ context.Context, location string, fn func(string) error) error {
	for _, u := range f {
		if strings.HasPrefix(u, location) {
			if err := fn(u); err != nil {
				return err
			}
		}
	}
	return nil
}

// open opens a store.
func open(t *testing.T, path string, objects ...string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{
		Ready: []*compile.Table{lakeTable}, Folders: folders(objects).list, Functions: []string{"abs", "lower"}, Now: func() time.Time { return now },
		View: func(_ context.Context, q *athenasql.Query, text, _ string) ([]compile.Column, error) {
			if q == nil || strings.Contains(text, "nowhere") {
				return nil, athenasql.Errorf(athenasql.CodeTableNotFound, athenasql.Span{}, "nowhere")
			}
			return []compile.Column{{Name: "a", Type: types.Type{Kind: types.TimestampTZ, Precision: 3, Zone: "UTC"}}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newStore(t *testing.T, objects ...string) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "metastore.db"), objects...)
}

// try carries out a statement.
func try(s *Store, text string) ([]string, error) {
	stmt, err := athenasql.Parse(text)
	if err != nil {
		return nil, err
	}
	out, err := s.Execute(context.Background(), stmt, Session{})
	if err != nil {
		if e, ok := errors.AsType[*athenasql.Error](err); ok {
			return nil, e.Place(text)
		}
		return nil, err
	}
	return out.Lines, nil
}

// do carries out statements that must succeed, and returns what the last one prints.
func do(t *testing.T, s *Store, texts ...string) []string {
	t.Helper()
	var lines []string
	for _, text := range texts {
		var err error
		if lines, err = try(s, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return lines
}

const (
	plain = "CREATE EXTERNAL TABLE t (a int, b string COMMENT 'it\\'s') ROW FORMAT DELIMITED FIELDS TERMINATED BY ' ' LOCATION 's3://b/t/'"
	parts = "CREATE EXTERNAL TABLE p (a int) PARTITIONED BY (day string, n int) STORED AS PARQUET LOCATION 's3://b/p'"
)

// TestErrors has what statements refuse: the error begins with want.
func TestErrors(t *testing.T) {
	table := func(rest string) string { return "CREATE EXTERNAL TABLE x " + rest }
	at := " LOCATION 's3://b/x/'"
	tests := []struct{ name, text, want string }{
		{"a table that is there", plain, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. AlreadyExistsException(message:Table t already exists)"},
		{"a database that is not", strings.Replace(plain, " t ", " nodb.t ", 1), "FAILED: SemanticException [Error 10072]: Database does not exist: nodb"},
		{"another catalog", strings.Replace(plain, " t ", " other.default.t ", 1), "CATALOG_NOT_FOUND"},
		{"a table of the lake", "CREATE EXTERNAL TABLE weir.vpc_flow_logs (a int)" + at, "FAILED: Execution Error"},
		{"a name with a space", "CREATE EXTERNAL TABLE `a b` (a int)" + at, "FAILED: line 1:23: SemanticException"},
		{"a column twice", table("(a int, A string)") + at, "FAILED: line 1:33: SemanticException [Error 10036]: Duplicate column name: a"},
		{"a key that is a column", table("(a int) PARTITIONED BY (a string)") + at, "FAILED: line 1:49: SemanticException [Error 10035]"},
		{"an unknown type", table("(a text)") + at, "TYPE_NOT_FOUND: line 1:28"},
		{"a type of several parts", table("(a array<int>)") + at, "NOT_SUPPORTED: line 1:28"},
		{"binary", table("(a binary)") + at, "NOT_SUPPORTED: line 1:28"},
		{"a decimal of too many digits", table("(a decimal(39,1))") + at, "TYPE_NOT_FOUND"},
		{"no location", table("(a int)"), "SYNTAX_ERROR"},
		{"no scheme", table("(a int) LOCATION '/data/x/'"), "INVALID_TABLE_PROPERTY: line 1:42: LOCATION '/data/x/': it has no scheme"},
		{"another scheme", table("(a int) LOCATION 'gs://b/x/'"), "INVALID_TABLE_PROPERTY: line 1:42"},
		{"no bucket", table("(a int) LOCATION 's3:///x/'"), "INVALID_TABLE_PROPERTY: line 1:42"},
		{"a pattern", table("(a int) LOCATION 's3://b/x/*'"), "INVALID_TABLE_PROPERTY: line 1:42"},
		{"a folder of another machine", table("(a int) LOCATION 'file://host/x/'"), "INVALID_TABLE_PROPERTY: line 1:42"},
		{"a SerDe", table("(a int) ROW FORMAT SERDE 'com.amazon.emr.hive.serde.CloudTrailSerde'") + at, "NOT_SUPPORTED: line 1:1: tables of the SerDe com.amazon.emr.hive.serde.CloudTrailSerde"},
		{"JSON in Parquet", table("(a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' STORED AS PARQUET") + at, "INVALID_TABLE_PROPERTY"},
		{"a struct in JSON", table("(a struct<b:int>) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'") + at, "NOT_SUPPORTED: line 1:28"},
		{"malformed JSON in Hive's SerDe", table("(a int) ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' WITH SERDEPROPERTIES ('ignore.malformed.json'='true')") + at, "INVALID_TABLE_PROPERTY: line 1:1: 'ignore.malformed.json'"},
		{"forms of times in JSON", table("(a timestamp) ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' WITH SERDEPROPERTIES ('timestamp.formats'='yyyy')") + at, "NOT_SUPPORTED"},
		{"a type in CSV", table("(a decimal(5,2)) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'") + at, "INVALID_TABLE_PROPERTY: line 1:1: column a"},
		{"one character for two in CSV", table("(a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'='\"')") + at, "INVALID_TABLE_PROPERTY: line 1:1: separatorChar"},
		{"a character beyond ASCII in CSV", table("(a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'='§')") + at, "INVALID_TABLE_PROPERTY: line 1:1: separatorChar"},
		{"a SerDe without its pattern", table("(a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'") + at, "INVALID_TABLE_PROPERTY: line 1:1: a table of RegexSerDe"},
		{"a pattern that looks behind", table("(a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES ('input.regex'='(?<=a)(b)')") + at, "INVALID_TABLE_PROPERTY: line 1:1: input.regex"},
		{"a type beside a pattern", table("(a date) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES ('input.regex'='(b)')") + at, "INVALID_TABLE_PROPERTY: line 1:1: column a"},
		{"ORC", table("(a int) STORED AS ORC") + at, "NOT_SUPPORTED: line 1:1: tables of STORED AS ORC"},
		{"text and Parquet", table("(a int) ROW FORMAT DELIMITED STORED AS PARQUET") + at, "INVALID_TABLE_PROPERTY"},
		{"two bytes between fields", table("(a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '||'") + at, "INVALID_TABLE_PROPERTY"},
		{"other ends of lines", table(`(a int) ROW FORMAT DELIMITED LINES TERMINATED BY ';'`) + at, "NOT_SUPPORTED"},
		{"a number of lines", table("(a int)") + at + " TBLPROPERTIES ('skip.header.line.count'='x')", "INVALID_TABLE_PROPERTY: line 1:69"},
		{"a footer", table("(a int)") + at + " TBLPROPERTIES ('skip.footer.line.count'='1')", "NOT_SUPPORTED: line 1:69"},
		{"encryption", table("(a int)") + at + " TBLPROPERTIES ('has_encrypted_data'='true')", "NOT_SUPPORTED"},
		{"a table that is not there", "DROP TABLE tt", "FAILED: SemanticException [Error 10001]: Table not found tt"},
		{"a table of the lake, dropped", "DROP TABLE weir.vpc_flow_logs", "PERMISSION_DENIED"},
		{"the lake's database, dropped", "DROP DATABASE weir CASCADE", "PERMISSION_DENIED"},
		{"a view dropped as a table", "DROP TABLE v", "FAILED: SemanticException [Error 10131]"},
		{"a table dropped as a view", "DROP VIEW t", "FAILED: SemanticException [Error 10132]"},
		{"a database that is there", "CREATE DATABASE full", "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. AlreadyExistsException(message:Database full already exists)"},
		{"a database with tables", "DROP DATABASE full", "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. InvalidOperationException(message:Database full is not empty. One or more tables exist.)"},
		{"a database that is not there", "DROP DATABASE nodb", "FAILED: SemanticException [Error 10072]"},
		{"a view that is there", "CREATE VIEW v AS SELECT 1 a", "TABLE_ALREADY_EXISTS"},
		{"a view in place of a table", "CREATE OR REPLACE VIEW t AS SELECT 1 a", "TABLE_ALREADY_EXISTS"},
		{"a view of nothing", "CREATE VIEW w AS SELECT a FROM nowhere", "TABLE_NOT_FOUND"},
		{"partitions of a table without", "ALTER TABLE t ADD PARTITION (day='x')", "FAILED: line 1:19: SemanticException table is not partitioned"},
		{"a key that is none", "ALTER TABLE p ADD PARTITION (dag='x', n=1)", "FAILED: line 1:30: SemanticException [Error 10098]"},
		{"a key that is missing", "ALTER TABLE p ADD PARTITION (day='x')", "FAILED: line 1:19: SemanticException partition spec doesn't contain all (2) partition columns"},
		{"a value of another type", "ALTER TABLE p ADD PARTITION (day='x', n='one')", "FAILED: line 1:39: SemanticException [Error 10248]"},
		{"a partition that is there", "ALTER TABLE p ADD PARTITION (day='a', n='01')", "FAILED: Execution Error"},
		{"one new and one that is there", "ALTER TABLE p ADD PARTITION (day='z', n=1) PARTITION (day='a', n=1)", "FAILED: Execution Error"},
		{"a partition that is not there", "ALTER TABLE p DROP PARTITION (day='z', n=1)", "FAILED: SemanticException [Error 10006]: Partition not found (day = 'z', n = '1')"},
		{"a partition that is not there, moved", "ALTER TABLE p PARTITION (day='z', n=1) SET LOCATION 's3://b/z/'", "FAILED: SemanticException [Error 10006]"},
		{"a partition named like another", "ALTER TABLE p PARTITION (day='b', n=2) RENAME TO PARTITION (day='a', n=1)", "FAILED: Execution Error"},
		{"a column that is there", "ALTER TABLE p ADD COLUMNS (n int)", "FAILED: line 1:28: SemanticException [Error 10036]"},
		{"a column that the SerDe has not", "ALTER TABLE c ADD COLUMNS (n decimal(5,2))", "INVALID_TABLE_PROPERTY: line 1:1: column n: a table of OpenCSVSerde"},
		{"a property that can't be read by", "ALTER TABLE t SET TBLPROPERTIES ('escape.delim'='||')", "INVALID_TABLE_PROPERTY: line 1:1: fields are escaped by"},
		{"a view altered", "ALTER TABLE v ADD COLUMNS (n int)", "FAILED: SemanticException [Error 10131]"},
		{"a table of the lake altered", "ALTER TABLE weir.vpc_flow_logs SET TBLPROPERTIES ('a'='b')", "NOT_SUPPORTED"},
		{"repair of a table without partitions", "MSCK REPAIR TABLE t", "FAILED: Execution Error"},
		{"partitions shown of a table without", "SHOW PARTITIONS t", "FAILED: Execution Error"},
		{"tables of no database", "SHOW TABLES IN nodb", "FAILED: SemanticException [Error 10072]"},
		{"a view shown as a table", "SHOW CREATE TABLE v", "FAILED: SemanticException"},
		{"a table of the lake shown", "SHOW CREATE TABLE weir.vpc_flow_logs", "NOT_SUPPORTED"},
		{"a column that is not there", "DESCRIBE t c", "FAILED: line 1:12: SemanticException [Error 10004]"},
		{"projection without types", "ALTER TABLE p SET TBLPROPERTIES ('projection.enabled'='true')", "INVALID_TABLE_PROPERTY: line 1:34: projection.day.type is missing"},
	}
	s := newStore(t)
	do(t, s, "CREATE EXTERNAL TABLE c (a string) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://b/c/'")
	do(t, s, plain, parts, "CREATE VIEW v AS SELECT 1 a", "CREATE DATABASE full", strings.Replace(plain, " t ", " full.t ", 1),
		"ALTER TABLE p ADD PARTITION (day='a', n=1) PARTITION (day='b', n=2)")
	before := do(t, s, "SHOW PARTITIONS p")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := try(s, tt.text)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%s:\n got %v\nwant %s...", tt.text, err, tt.want)
			}
		})
	}
	if diff := cmp.Diff(before, do(t, s, "SHOW PARTITIONS p")); diff != "" {
		t.Errorf("what was refused changed the partitions (-before +after):\n%s", diff)
	}
	if _, err := try(s, "SELECT 1"); err == nil {
		t.Error("a query is carried out")
	}
	stmt, err := athenasql.Parse("CREATE EXTERNAL TABLE x (a int) LOCATION 'file:///x/'")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Execute(t.Context(), stmt, Session{Remote: true}); err == nil {
		t.Error("who asks over the network names a folder of this machine")
	}
}

// TestHints tells which name could be meant.
func TestHints(t *testing.T) {
	s := newStore(t)
	do(t, s, strings.Replace(plain, " t ", " vpc_flow_logs ", 1))
	_, err := try(s, "DESCRIBE vpc_flowlogs")
	var e *athenasql.Error
	if !errors.As(err, &e) || e.Hint != "did you mean vpc_flow_logs?" {
		t.Errorf("%v with the hint %q", err, e.Hint)
	}
}

// TestStatements carries out statements one after the other and compares what each prints.
func TestStatements(t *testing.T) {
	s := newStore(t, "s3://b/p/day=a/n=1/x.parquet", "s3://b/p/day=c%2Fd/n=03/y.parquet", "s3://b/p/day=e/n=x/z.parquet", "s3://b/p/other/x", "s3://b/q/day=z/n=1/x")
	none := []string(nil)
	steps := []struct {
		text string
		want []string
	}{
		{plain, none},
		{strings.Replace(plain, "TABLE t", "TABLE IF NOT EXISTS t", 1), none},
		{parts, none},
		{"CREATE VIEW v AS SELECT current_timestamp a", none},
		{"CREATE OR REPLACE VIEW v AS\nSELECT current_timestamp a", none},
		{"CREATE DATABASE IF NOT EXISTS other COMMENT 'mine'", none},
		{"SHOW DATABASES", []string{"default", "other", "weir"}},
		{"SHOW DATABASES LIKE 'o*|default'", []string{"default", "other"}},
		{"SHOW TABLES", []string{"p", "t", "v"}},
		{"SHOW TABLES '.*t'", []string{"t"}},
		{"SHOW TABLES IN weir", []string{"vpc_flow_logs"}},
		{"SHOW VIEWS", []string{"v"}},
		{"SHOW FUNCTIONS LIKE 'a%'", []string{"abs"}},
		{"SHOW CREATE VIEW v", []string{"CREATE VIEW default.v AS", "SELECT current_timestamp a"}},
		{"SHOW COLUMNS IN p", []string{"a                   ", "day                 ", "n                   "}},
		{"DESCRIBE weir.vpc_flow_logs", []string{
			"srcaddr             \tstring              \t                    ", "date                \tdate                \t                    ", "\t \t ",
			"# Partition Information\t \t ", "# col_name            \tdata_type           \tcomment             ", "\t \t ",
			"date                \tdate                \t                    ",
		}},
		{"DESCRIBE t b", []string{"b                   \tstring              \tit's                "}},
		{"ALTER TABLE p ADD PARTITION (day='a', n=1) LOCATION 's3://elsewhere/a' PARTITION (n='2', day='b')", none},
		{"ALTER TABLE p ADD IF NOT EXISTS PARTITION (day='a', n=1)", none},
		{"SHOW PARTITIONS p", []string{"day=a/n=1", "day=b/n=2"}},
		{"MSCK REPAIR TABLE p", []string{
			"Partitions not in metastore:\tp:day=c%2Fd/n=3",
			"Partitions missing from filesystem:\tp:day=b/n=2",
			"Repair: Added partition to metastore p:day=c%2Fd/n=3",
			"Repair: Cannot add partition to metastore p:day=e/n=x: 'x' is no int",
		}},
		{"SHOW PARTITIONS p", []string{"day=a/n=1", "day=b/n=2", "day=c%2Fd/n=3"}},
		{"ALTER TABLE p PARTITION (day='b', n=2) RENAME TO PARTITION (day='b', n=20)", none},
		{"ALTER TABLE p PARTITION (day='b', n=20) SET LOCATION 's3://moved/b'", none},
		{"ALTER TABLE p DROP PARTITION (n >= 3, day > 'b')", none},
		{"SHOW PARTITIONS p", []string{"day=a/n=1", "day=b/n=20"}},
		{"ALTER TABLE p DROP IF EXISTS PARTITION (day = 'nothing')", none},
		{"ALTER TABLE t ADD COLUMNS (c bigint)", none},
		{"SHOW COLUMNS IN t", []string{"a                   ", "b                   ", "c                   "}},
		{"ALTER TABLE t SET TBLPROPERTIES ('skip.header.line.count'='1', 'note'='x')", none},
		{"ALTER TABLE t SET TBLPROPERTIES ('note'='y')", none},
		{"SHOW TBLPROPERTIES t", []string{"EXTERNAL\tTRUE", "skip.header.line.count\t1", "note\ty", "transient_lastDdlTime\t1769862896"}},
		{"SHOW TBLPROPERTIES t('note')", []string{"y"}},
		{"ALTER TABLE t SET LOCATION 's3://b/moved'", none},
		{"SHOW CREATE TABLE t", []string{
			"CREATE EXTERNAL TABLE `t`(", "  `a` int, ", "  `b` string COMMENT 'it\\'s', ", "  `c` bigint)", "ROW FORMAT DELIMITED ",
			"  FIELDS TERMINATED BY ' ' ", "STORED AS INPUTFORMAT ", "  'org.apache.hadoop.mapred.TextInputFormat' ", "OUTPUTFORMAT ",
			"  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'", "LOCATION", "  's3://b/moved/'", "TBLPROPERTIES (",
			"  'EXTERNAL'='TRUE', ", "  'skip.header.line.count'='1', ", "  'note'='y', ", "  'transient_lastDdlTime'='1769862896')",
		}},
		{"DROP VIEW v", none},
		{"DROP VIEW IF EXISTS v", none},
		{"DROP TABLE p", none},
		{parts, none}, // its partitions went with it
		{"SHOW PARTITIONS p", none},
		{"CREATE EXTERNAL TABLE other.t (a int) LOCATION 'file:///data/x'", none},
		{"DROP DATABASE other CASCADE", none},
		{"SHOW DATABASES", []string{"default", "weir"}},
	}
	for _, st := range steps {
		got, err := try(s, st.text)
		if err != nil {
			t.Fatalf("%s: %v", st.text, err)
		}
		if diff := cmp.Diff(st.want, got); diff != "" && len(st.want)+len(got) > 0 {
			t.Errorf("%s (-want +got):\n%s", st.text, diff)
		}
	}
}

// TestViews keeps types that Hive has no names for.
func TestViews(t *testing.T) {
	s := newStore(t)
	do(t, s, "CREATE VIEW v AS SELECT current_timestamp a")
	got, err := s.Table(t.Context(), "default", "v")
	if err != nil || got == nil || got.View == nil {
		t.Fatal(got, err)
	}
	want := []compile.Column{{Name: "a", Type: types.Type{Kind: types.TimestampTZ, Precision: 3, Zone: "UTC"}}}
	if diff := cmp.Diff(want, got.Columns); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.ViewText != "SELECT current_timestamp a" || got.ViewDatabase != "default" {
		t.Errorf("text %q in %q", got.ViewText, got.ViewDatabase)
	}
}

// TestTables gives tables and lists of partitions to the compiler.
func TestTables(t *testing.T) {
	s := newStore(t)
	do(t, s, parts)
	names := func(name string) []string {
		c, err := s.Table(t.Context(), "default", name)
		if err != nil {
			t.Fatal(err)
		}
		if c == nil {
			return nil
		}
		var out []string
		for _, col := range c.Columns {
			text := col.Name + " " + col.Type.String()
			if col.Partition {
				text += " key"
			}
			out = append(out, text)
		}
		return out
	}
	for name, want := range map[string][]string{
		"p": {"a integer", "day varchar key", "n integer key"}, "p$partitions": {"day varchar", "n integer"}, "q": nil, "q$partitions": nil,
	} {
		if diff := cmp.Diff(want, names(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	lake, err := s.Table(t.Context(), "weir", "vpc_flow_logs$partitions")
	if err != nil || lake == nil || lake.Source.(*PartitionList).Ready() != lakeTable || len(lake.Columns) != 1 {
		t.Errorf("the lake's partitions: %+v %v", lake, err)
	}
	if got, err := s.Table(t.Context(), "weir", "vpc_flow_logs"); got != lakeTable || err != nil {
		t.Errorf("the lake's table: %v %v", got, err)
	}
}

// statements are AWS's own, with their placeholders filled.
func statements(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "athena_statements_docs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Statements []struct{ ID, SQL string } }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("${account_id}", "111122223333", "{account_id}", "111122223333", "{region_code}", "us-east-1", "YYYY-MM-dd", "2026-01-31",
		"YYYY/MM/dd", "2026/01/31", "$LOCATION_OF_LOGS", "s3://amzn-s3-demo-bucket/AWSLogs/", "$ACCID_1", "111122223333", "$ACCID_2", "444455556666",
		"$REGION_1", "us-east-1", "$REGION_2", "us-west-2", "$REGION_3", "eu-west-1", "$START_RANGE", "2026/01/01")
	out := map[string]string{}
	for _, st := range doc.Statements {
		if first, _, _ := strings.Cut(st.SQL, " "); first != "SELECT" {
			out[st.ID] = strings.TrimSuffix(fill.Replace(st.SQL), ";")
		}
	}
	return out
}

// hiveLayout is the third of AWS's forms, in its guide for Parquet in Hive's layout.
const hiveLayout = "CREATE EXTERNAL TABLE IF NOT EXISTS hive (version int, srcaddr string, `end` bigint)\n" +
	"PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string, `day` string, `hour` string)\n" +
	"ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'\n" +
	"STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'\n" +
	"OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'\n" +
	"LOCATION 's3://b/prefix/AWSLogs/'"

// TestGuide carries out the statements of AWS's guides.
func TestGuide(t *testing.T) {
	s := newStore(t, "s3://b/prefix/AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=31/hour=07/x.log.parquet")
	texts := statements(t)
	ids := []string{"ath-01", "ath-02", "ath-07", "ath-08"}
	for _, id := range ids {
		do(t, s, texts[id])
	}
	if len(texts) != len(ids) {
		t.Errorf("%d statements of the guide are not carried out", len(texts)-len(ids))
	}
	do(t, s, hiveLayout)
	want := []string{
		"Partitions not in metastore:\thive:aws-account-id=1/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=31/hour=07",
		"Repair: Added partition to metastore hive:aws-account-id=1/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=31/hour=07",
	}
	if diff := cmp.Diff(want, do(t, s, "MSCK REPAIR TABLE hive")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"date=2026-01-31"}, do(t, s, "SHOW PARTITIONS vpc_flow_logs")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestShowCreate makes each table once more from what SHOW CREATE TABLE prints of it.
func TestShowCreate(t *testing.T) {
	texts := slices.Collect(func(yield func(string) bool) {
		for _, text := range []string{
			plain, parts, hiveLayout,
			`CREATE EXTERNAL TABLE x (a varchar(10) COMMENT 'a \\ and \'', d decimal(5,2), e decimal) COMMENT 'all of it' ` +
				`ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' NULL DEFINED AS '\\N' LOCATION 'file:///a b/' ` +
				`TBLPROPERTIES ('k'='it\'s "so"', 'classification'='csv')`,
			`CREATE EXTERNAL TABLE x (a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe' ` +
				`WITH SERDEPROPERTIES ('field.delim'='\001', 'serialization.format'='\001') STORED AS TEXTFILE LOCATION 's3://b/'`,
			`CREATE EXTERNAL TABLE x (a int, b string) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' ` +
				`WITH SERDEPROPERTIES ("input.regex" = "^([^ ]+)\\s+([0-9]+)$") LOCATION 's3://b/'`,
			`CREATE EXTERNAL TABLE x (a int) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' ` +
				`WITH SERDEPROPERTIES ("separatorChar" = ",", "quoteChar" = "\"", "escapeChar" = "\\") LOCATION 's3://b/'`,
		} {
			if !yield(text) {
				return
			}
		}
		for id, text := range statements(t) {
			if strings.HasPrefix(text, "CREATE") && !yield(text) {
				t.Log(id)
				return
			}
		}
	})
	for _, text := range texts {
		s := newStore(t)
		do(t, s, text)
		tables, err := s.TableNames(t.Context(), "default")
		if err != nil || len(tables) != 1 {
			t.Fatal(tables, err)
		}
		first, err := s.Find(t.Context(), "default", tables[0])
		if err != nil {
			t.Fatal(err)
		}
		ddl := strings.Join(do(t, s, "SHOW CREATE TABLE "+tables[0]), "\n")
		do(t, s, "DROP TABLE "+tables[0], ddl)
		again, err := s.Find(t.Context(), "default", tables[0])
		if err != nil {
			t.Fatal(err)
		}
		// EXTERNAL and the SerDe of a format are said by what is printed, where the first statement left them out.
		for _, tb := range []*Table{first, again} {
			if _, ok := property(tb.Properties, "EXTERNAL"); !ok {
				tb.Properties = append([]Property{{"EXTERNAL", "TRUE"}}, tb.Properties...)
			}
			if tb.Format == Parquet && tb.SerDe == "" {
				tb.SerDe = parquetSerDe
			}
		}
		if diff := cmp.Diff(first, again, cmp.AllowUnexported(Table{})); diff != "" {
			t.Errorf("%s\n(-first +again):\n%s", ddl, diff)
		}
	}
}

// TestLasts finds all that was accepted in a copy of the files as a crash would leave them, without the store being closed.
func TestLasts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "metastore.db"))
	do(t, s, plain, parts, "CREATE DATABASE other", "ALTER TABLE p ADD PARTITION (day='a', n=1)", "CREATE VIEW v AS SELECT 1 a")
	crashed := t.TempDir()
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again := open(t, filepath.Join(crashed, "metastore.db"))
	for text, want := range map[string][]string{
		"SHOW TABLES": {"p", "t", "v"}, "SHOW DATABASES": {"default", "other", "weir"}, "SHOW PARTITIONS p": {"day=a/n=1"},
	} {
		if diff := cmp.Diff(want, do(t, again, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestAtOnce has many statements at the same time: one of those that make the same table makes it, and no partition is lost.
func TestAtOnce(t *testing.T) {
	s := newStore(t)
	do(t, s, parts)
	const workers = 8
	made := make(chan error, workers)
	for w := range workers {
		go func() {
			_, err := try(s, plain)
			for i := range 5 {
				if _, err := try(s, "ALTER TABLE p ADD PARTITION (day='"+string(rune('a'+w))+"', n="+string(rune('0'+i))+")"); err != nil {
					t.Error(err)
				}
			}
			made <- err
		}()
	}
	won := 0
	for range workers {
		if err := <-made; err == nil {
			won++
		}
	}
	if n := len(do(t, s, "SHOW PARTITIONS p")); won != 1 || n != workers*5 {
		t.Errorf("%d made the table, %d partitions; want 1 and %d", won, n, workers*5)
	}
}
