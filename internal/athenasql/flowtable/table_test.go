package flowtable

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/athenasql"
	"weir/internal/sharedtest"
)

// day returns a day of March 2026.
func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

// format returns the format of the fields of versions 2 to 5, in AWS's order, but for some.
func format(t *testing.T, without ...string) flowlog.Format {
	t.Helper()
	var names []string
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if !f.Own() && f.Version <= 5 && !slices.Contains(without, f.Name) {
			names = append(names, f.Name)
		}
	}
	f, err := flowlog.ParseLogFormat(strings.Join(names, " "))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// stream returns a stream with an account in a region.
func stream(t *testing.T, l Layout, parquet bool, without ...string) *Stream {
	t.Helper()
	return &Stream{
		FlowLogID: "fl-1", Layout: l, Parquet: parquet, Header: !parquet, Format: format(t, without...), Newest: day(3),
		Folders: []Folder{{"111122223333", "us-east-1", []time.Time{day(2), day(3)}}},
	}
}

// statements returns the statements of the one table that streams make.
func statements(t *testing.T, how Partitions, streams ...*Stream) []string {
	t.Helper()
	tables, notes := Tables(streams, "", "")
	if len(tables) != 1 || len(notes) > 0 {
		t.Fatalf("%d tables, notes %q", len(tables), notes)
	}
	out, err := tables[0].Statements(how)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(out, CreateDatabase("my-logs")) {
		if _, err := athenasql.Parse(text); err != nil {
			t.Errorf("%v:\n%s", err, text)
		}
	}
	return out
}

// TestParsed reads statements back: columns, keys and properties are those that were meant, reserved words too.
func TestParsed(t *testing.T) {
	var err error
	s := stream(t, Layout{Root: "s3://bucket/my logs/AWSLogs/", Hourly: true}, false)
	if s.Format, err = flowlog.ParseLogFormat("${end} ${start} ${from} ${new-field} ${table} ${hour} ${bytes} ${group}"); err != nil {
		t.Fatal(err)
	}
	stmt, err := athenasql.Parse(statements(t, Projection, s)[0])
	if err != nil {
		t.Fatal(err)
	}
	table, ok := stmt.(*athenasql.CreateTable)
	if !ok {
		t.Fatalf("%T", stmt)
	}
	names := func(columns []athenasql.ColumnDef) (out []string) {
		for _, c := range columns {
			out = append(out, c.Name.Text)
		}
		return out
	}
	if diff := cmp.Diff([]string{"end", "start", "from", "new_field", "table", "hour", "bytes", "group"}, names(table.Columns)); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"accid", "region", "date", "hour_partition"}, names(table.PartitionBy)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	want := athenasql.Property{Key: "storage.location.template", Value: "s3://bucket/my logs/AWSLogs/${accid}/vpcflowlogs/${region}/${date}/${hour_partition}"}
	if p := table.Properties[len(table.Properties)-1]; p.Key != want.Key || p.Value != want.Value || table.Location != s.Layout.Root || table.Delimited.Fields != " " {
		t.Errorf("%+v, at %s", p, table.Location)
	}
}

// guide returns the statement of AWS's guide that has a word.
func guide(t *testing.T, word string) string {
	t.Helper()
	text, err := os.ReadFile(sharedtest.Path(t, "data", "vectors", "athena_statements_docs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, raw := range doc.Statements {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			var o map[string]any
			if err := json.Unmarshal(raw, &o); err != nil {
				t.Fatal(err)
			}
			for _, v := range o {
				if v, ok := v.(string); ok && strings.Contains(v, word) {
					s = v
				}
			}
		}
		if strings.Contains(s, word) && strings.Contains(s, "TABLE") {
			return s
		}
	}
	t.Fatalf("the guide has no statement with %q", word)
	return ""
}

// parts are what statements say, whatever their spaces and quotes.
type parts struct {
	Columns, Keys []string
	Rest          string // between keys and properties
	Properties    map[string]string
}

var (
	tableParts = regexp.MustCompile(`(?s)^CREATE EXTERNAL TABLE IF NOT EXISTS \S+ \((.*?)\)\s*(?:PARTITIONED BY \((.*?)\))?\s*(ROW FORMAT.*?)(?:TBLPROPERTIES\s*\((.*)\))?\s*;?\s*$`)
	pairs      = regexp.MustCompile(`["']([^"']+)["']\s*=\s*["']([^"']*)["']`)
)

// partsOf takes a CREATE EXTERNAL TABLE apart.
func partsOf(t *testing.T, statement string) parts {
	t.Helper()
	m := tableParts.FindStringSubmatch(statement)
	if m == nil {
		t.Fatalf("no CREATE EXTERNAL TABLE of the guide's form:\n%s", statement)
	}
	list := func(text string) []string {
		var out []string
		for c := range strings.SplitSeq(strings.ReplaceAll(text, "`", ""), ",") {
			if c = strings.Join(strings.Fields(c), " "); c != "" {
				out = append(out, c)
			}
		}
		return out
	}
	p := parts{Columns: list(m[1]), Keys: list(m[2]), Rest: strings.Join(strings.Fields(m[3]), " "), Properties: map[string]string{}}
	for _, kv := range pairs.FindAllStringSubmatch(m[4], -1) {
		p.Properties[kv[1]] = kv[2]
	}
	return p
}

// TestGuide compares the statements for each storage with those of AWS's guide, in which the names of its bucket and its placeholders
// are put.
func TestGuide(t *testing.T) {
	const bucket = "s3://amzn-s3-demo-bucket/prefix/AWSLogs/"
	t.Run("text by hand", func(t *testing.T) {
		want := guide(t, "PARTITIONED BY (`date` date)")
		got := statements(t, ByHand, stream(t, Layout{Root: bucket}, false))
		filled := strings.NewReplacer("{account_id}", "111122223333", "{region_code}", "us-east-1")
		if diff := cmp.Diff(partsOf(t, filled.Replace(want)), partsOf(t, got[0])); diff != "" {
			t.Errorf("(-guide +ours):\n%s", diff)
		}
		if want := "ALTER TABLE vpc_flow_logs ADD IF NOT EXISTS\n" +
			"  PARTITION (`date` = '2026-03-02') LOCATION '" + bucket + "111122223333/vpcflowlogs/us-east-1/2026/03/02/'\n" +
			"  PARTITION (`date` = '2026-03-03') LOCATION '" + bucket + "111122223333/vpcflowlogs/us-east-1/2026/03/03/'"; got[1] != want || len(got) != 2 {
			t.Errorf("partitions:\n%s", strings.Join(got[1:], "\n"))
		}
	})
	t.Run("text projected", func(t *testing.T) {
		want := strings.NewReplacer("$ACCID_1,$ACCID_2", "111122223333", "$REGION_1,$REGION_2,$REGION_3", "us-east-1", "$START_RANGE", "2026/03/02",
			"$LOCATION_OF_LOGS", "s3://amzn-s3-demo-bucket/AWSLogs/").Replace(guide(t, "projection.day.type"))
		got := statements(t, Projection, stream(t, Layout{Root: "s3://amzn-s3-demo-bucket/AWSLogs/"}, false, "region"))
		if diff := cmp.Diff(partsOf(t, want), partsOf(t, got[0])); diff != "" || len(got) != 1 {
			t.Errorf("%d statements (-guide +ours):\n%s", len(got), diff)
		}
	})
	t.Run("Parquet projected", func(t *testing.T) {
		// The guide's table has one account in its LOCATION; ours has accounts as keys before its own, and leaves out what Parquet has no use for.
		want := partsOf(t, strings.NewReplacer("us-east-1,us-west-2,ap-south-1,eu-west-1", "us-east-1", "2021/01/01", "2026/03/02",
			"{account_id}/vpcflowlogs/'", "'", "${account_id}", "${accid}").Replace(guide(t, "projection.hour.digits")))
		want.Keys = append([]string{"accid string"}, want.Keys...)
		delete(want.Properties, "EXTERNAL")
		delete(want.Properties, "skip.header.line.count")
		maps.Copy(want.Properties, map[string]string{"projection.accid.type": "enum", "projection.accid.values": "111122223333"})
		got := statements(t, Projection, stream(t, Layout{Root: bucket, Hourly: true}, true, "region"))
		if diff := cmp.Diff(want, partsOf(t, got[0])); diff != "" {
			t.Errorf("(-guide +ours):\n%s", diff)
		}
	})
}

// TestHive writes tables over Hive-compatible folders as the guide does: MSCK REPAIR TABLE finds the partitions. Projected, its keys have the same names.
func TestHive(t *testing.T) {
	l := Layout{Root: "s3://bucket/AWSLogs/", Hive: true, Hourly: true}
	keys := []string{"aws-account-id string", "aws-service string", "aws-region string", "year string", "month string", "day string", "hour string"}
	got := statements(t, Hive, stream(t, l, true))
	p := partsOf(t, got[0])
	if diff := cmp.Diff(keys, p.Keys); diff != "" || len(got) != 2 || got[1] != "MSCK REPAIR TABLE vpc_flow_logs" || len(p.Properties) > 0 {
		t.Errorf("%q, keys (-guide +ours):\n%s", got[1:], diff)
	}
	l.Hourly = false
	p = partsOf(t, statements(t, Projection, stream(t, l, true))[0])
	want := parts{
		Columns: p.Columns, Keys: keys[:6], Rest: p.Rest,
		Properties: map[string]string{
			"projection.enabled":             "true",
			"projection.aws-account-id.type": "enum", "projection.aws-account-id.values": "111122223333",
			"projection.aws-service.type": "enum", "projection.aws-service.values": "vpcflowlogs",
			"projection.aws-region.type": "enum", "projection.aws-region.values": "us-east-1",
			"projection.year.type": "date", "projection.year.range": "2026,NOW", "projection.year.format": "yyyy",
			"projection.year.interval": "1", "projection.year.interval.unit": "YEARS",
			"projection.month.type": "integer", "projection.month.range": "01,12", "projection.month.digits": "2",
			"projection.day.type": "integer", "projection.day.range": "01,31", "projection.day.digits": "2",
			"storage.location.template": "s3://bucket/AWSLogs/aws-account-id=${aws-account-id}/aws-service=${aws-service}/aws-region=${aws-region}/year=${year}/month=${month}/day=${day}",
		},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := statements(t, ByHand, stream(t, l, true))[1]; !strings.Contains(got, "'s3://bucket/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=03/day=02/'") {
		t.Error(got)
	}
	tables, _ := Tables([]*Stream{stream(t, Layout{Root: "s3://bucket/AWSLogs/"}, false)}, "", "")
	if _, err := tables[0].Statements(Hive); err == nil || !strings.Contains(err.Error(), "not Hive-compatible") {
		t.Errorf("folders without names: %v", err)
	}
}

// TestTables puts streams together.
func TestTables(t *testing.T) {
	plain := Layout{Root: "s3://bucket/AWSLogs/"}
	with := func(s *Stream, change func(*Stream)) *Stream {
		change(s)
		return s
	}
	older := func(s *Stream) { s.FlowLogID, s.Newest = "fl-2", day(1) }
	elsewhere := func(s *Stream) {
		older(s)
		s.Folders = []Folder{{"444455556666", "eu-west-1", []time.Time{day(1)}}}
	}
	for name, c := range map[string]struct {
		streams []*Stream
		want    []string // name, columns, accounts of tables
		notes   []string // each in the note of its place
	}{
		"one": {[]*Stream{stream(t, plain, false)}, []string{"vpc_flow_logs 29 111122223333"}, nil},
		"two of a format": {
			[]*Stream{stream(t, plain, false), with(stream(t, plain, false), elsewhere)},
			[]string{"vpc_flow_logs 29 111122223333 444455556666"},
			nil,
		},
		"the newest wins": {
			[]*Stream{with(stream(t, plain, false, "region"), older), stream(t, plain, false)},
			[]string{"vpc_flow_logs 29 111122223333"},
			[]string{"flow log fl-2 has other fields than the table and lies in the same folders"},
		},
		"two formats in two folders": {
			[]*Stream{with(stream(t, plain, false, "region"), elsewhere), stream(t, plain, false)},
			[]string{"vpc_flow_logs 29 111122223333", "vpc_flow_logs_2 28 444455556666"},
			nil,
		},
		"Parquet has columns by name": {
			[]*Stream{with(stream(t, plain, true, "region"), older), stream(t, plain, true, "vpc-id")},
			[]string{"vpc_flow_logs 29 111122223333"},
			nil,
		},
		"two forms in the same folders": {
			[]*Stream{stream(t, plain, false), with(stream(t, plain, true), older)},
			[]string{"vpc_flow_logs 29 111122223333", "vpc_flow_logs_parquet 29 111122223333"},
			[]string{"objects of two forms (text and Parquet) lie in the same folders"},
		},
		"projected into another's folder": {
			[]*Stream{
				with(stream(t, plain, false), func(s *Stream) {
					s.Folders = append(s.Folders, Folder{"444455556666", "eu-west-1", []time.Time{day(2)}})
				}),
				with(stream(t, plain, false, "region"), func(s *Stream) {
					older(s)
					s.Folders = []Folder{{"444455556666", "us-east-1", []time.Time{day(1)}}}
				}),
			},
			[]string{"vpc_flow_logs 29 111122223333 444455556666", "vpc_flow_logs_2 28 444455556666"},
			[]string{"--partitions none names each"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tables, notes := Tables(c.streams, "", "")
			var got []string
			for _, table := range tables {
				row := []string{table.Name, jsonOf(len(table.Columns))}
				for _, f := range table.Folders {
					row = append(row, f.Account)
				}
				got = append(got, strings.Join(row, " "))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(notes) != len(c.notes) {
				t.Fatalf("notes %q, want %d", notes, len(c.notes))
			}
			for i, n := range c.notes {
				if !strings.Contains(notes[i], n) {
					t.Errorf("note %q, want %q in it", notes[i], n)
				}
			}
		})
	}
}

// jsonOf returns a value as JSON.
func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestManyPartitions adds partitions in statements that Athena takes.
func TestManyPartitions(t *testing.T) {
	s := stream(t, Layout{Root: "s3://bucket/AWSLogs/"}, false)
	s.Folders = nil
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		f := Folder{Account: "111122223333", Region: region}
		for i := range 200 {
			f.Days = append(f.Days, day(1+i))
		}
		s.Folders = append(s.Folders, f)
	}
	got := statements(t, ByHand, s)
	n := 0
	for _, text := range got[1:] {
		n += strings.Count(text, "PARTITION (")
		if len(text) > 262_144 {
			t.Errorf("a statement has %d bytes", len(text))
		}
	}
	if n != 400 || !strings.Contains(got[0], "PARTITIONED BY (\n  accid string,\n  region_partition string,\n  `date` date\n)") {
		t.Errorf("%d partitions\n%s", n, got[0])
	}
}

func TestParsePlace(t *testing.T) {
	for url, want := range map[string]Place{
		"s3://b/p/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/02/x.log.gz": {
			Layout{Root: "s3://b/p/AWSLogs/"}, "111122223333", "us-east-1", day(2),
		},
		"s3://b/AWSLogs/o-abcdefghij/111122223333/vpcflowlogs/us-east-1/2026/03/02/13/x.log.gz": {
			Layout{Root: "s3://b/AWSLogs/o-abcdefghij/", Hourly: true}, "111122223333", "us-east-1", day(2),
		},
		"/x/AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=03/day=02/hour=13/x.parquet": {
			Layout{Root: "/x/AWSLogs/", Hive: true, Hourly: true}, "111122223333", "us-east-1", day(2),
		},
		"s3://b/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/03/x.log.gz":                   {},
		"s3://b/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/13/02/x.log.gz":                {},
		"s3://b/AWSLogs/aws-account-id=111122223333/vpcflowlogs/us-east-1/2026/03/02/x.log.gz": {},
		"s3://b/x.log.gz": {},
		"x.log.gz":        {},
		"s3://b/AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/02/x.json.gz": {},
	} {
		got, ok := ParsePlace(url)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want.Account != "") {
			t.Errorf("%s: %t (-want +got):\n%s", url, ok, diff)
		}
	}
}

// TestRefused has names that can't stand in statements.
func TestRefused(t *testing.T) {
	tables, _ := Tables([]*Stream{stream(t, Layout{Root: "s3://bucket/it's/AWSLogs/"}, false)}, "", "")
	for _, how := range Ways {
		if _, err := tables[0].Statements(how); err == nil || !strings.Contains(err.Error(), "has quotes") {
			t.Errorf("%s: %v", how, err)
		}
	}
}
