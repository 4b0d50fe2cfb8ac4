package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/athenasql/flowtable"
	"weir/internal/synth"
)

// TestAthenaDDL finds what synthetic flow logs were made as, in each of AWS's layouts.
func TestAthenaDDL(t *testing.T) {
	for name, c := range map[string]struct {
		parquet, hive, hourly bool
		format                string
	}{
		"text by day":            {},
		"text by hour":           {hourly: true},
		"Hive text":              {hive: true},
		"Parquet by day":         {parquet: true, format: "${version} ${end} ${srcaddr} ${dstaddr} ${start} ${vpc-id} ${interface-id}"},
		"Hive Parquet by hour":   {parquet: true, hive: true, hourly: true},
		"text of some fields":    {format: "${end} ${start} ${bytes} ${interface-id} ${pkt-srcaddr}"},
		"text of new fields":     {format: "${version} ${interface-id} ${start} ${reject-reason} ${encryption-status} ${next-hop-az-id}"},
		"Hive Parquet by day":    {parquet: true, hive: true},
		"Parquet by hour":        {parquet: true, hourly: true},
		"Hive text of each hour": {hive: true, hourly: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			config := synth.DefaultConfig()
			config.Start = time.Date(2026, 6, 16, 23, 0, 0, 0, time.UTC)
			config.Duration, config.Records, config.Parquet, config.Hive, config.Hourly = 2*time.Hour, 1200, c.parquet, c.hive, c.hourly
			if c.format != "" {
				var err error
				if config.Format, err = flowlog.ParseLogFormat(c.format); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := synth.WriteDir(t.Context(), dir, config, nil); err != nil {
				t.Fatal(err)
			}
			r, err := AthenaDDL(t.Context(), AthenaDDLRequest{Open: OpenRequest{Sources: []string{dir}}, Database: "d"})
			if err != nil || len(r.Tables) != 1 {
				t.Fatalf("%d tables, %v", len(r.Tables), err)
			}
			got := r.Tables[0]
			if got.Parquet != c.parquet || got.Layout.Hive != c.hive || got.Layout.Hourly != c.hourly || got.Header == c.parquet || got.Layout.Flat {
				t.Errorf("found %+v", got)
			}
			var columns []string
			for _, column := range got.Columns {
				columns = append(columns, strings.ReplaceAll(column.Name, "_", "-"))
			}
			if want := config.Format.Header(); strings.Join(columns, " ") != want {
				t.Errorf("columns %v, want %s", columns, want)
			}
			if f := got.Folders; len(f) != 1 || f[0].Account != config.LogOwner || f[0].Region != config.Region || len(f[0].Days) != 2 ||
				f[0].Days[0].Format(time.DateOnly) != "2026-06-16" {
				t.Errorf("folders %+v", f)
			}
			if !strings.HasPrefix(got.Layout.Root, "file:///") || !strings.HasSuffix(got.Layout.Root, "/AWSLogs/") {
				t.Errorf("root %s", got.Layout.Root)
			}
		})
	}
}

// makeTables makes the tables of a folder in a database.
func makeTables(t *testing.T, s *Local, dir, database string, how flowtable.Partitions) {
	t.Helper()
	found, err := AthenaDDL(t.Context(), AthenaDDLRequest{Open: OpenRequest{Sources: []string{dir}}, Database: database})
	if err != nil {
		t.Fatal(err)
	}
	athenaLines(t, s, flowtable.CreateDatabase(database))
	for _, table := range found.Tables {
		statements, err := table.Statements(how)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range statements {
			athenaLines(t, s, text)
		}
	}
}

// TestAthenaDDLRuns makes the tables and counts their records, with each way to know partitions: they have what was made, also where a
// day and an hour are asked for.
func TestAthenaDDLRuns(t *testing.T) {
	s := openFolder(t, filepath.Join(t.TempDir(), "data"), OpenRequest{Sources: []string{t.TempDir()}})
	for i, c := range []struct{ parquet, hive, hourly bool }{{}, {hourly: true}, {hive: true, hourly: true}, {parquet: true, hourly: true}, {parquet: true, hive: true}} {
		dir := t.TempDir()
		config := synth.DefaultConfig()
		config.Start = time.Date(2026, 6, 16, 23, 0, 0, 0, time.UTC)
		config.Duration, config.Records, config.Parquet, config.Hive, config.Hourly = 2*time.Hour, 1200, c.parquet, c.hive, c.hourly
		if _, err := synth.WriteDir(t.Context(), dir, config, nil); err != nil {
			t.Fatal(err)
		}
		day := "day = '2026/06/17'"
		switch {
		case c.hive:
			day = "year = '2026' AND month = '06' AND day = '17'"
		case c.hourly:
			day = "date = '2026/06/17' AND hour = '00'"
		}
		for _, how := range flowtable.Ways {
			if how == flowtable.Hive && !c.hive {
				continue
			}
			database := fmt.Sprintf("d%d_%s", i, how)
			makeTables(t, s, dir, database, how)
			from := database + ".vpc_flow_logs"
			if how == flowtable.ByHand {
				day = "date = DATE '2026-06-17'"
			}
			got := athenaLines(t, s, "SELECT count(*), count(distinct interface_id) > 1, min(start) >= 1781564400 FROM "+from)
			if diff := cmp.Diff([]string{"1200 true true"}, got); diff != "" {
				t.Errorf("%+v %s (-want +got):\n%s", c, how, diff)
			}
			second := athenaLines(t, s, "SELECT count(*) FROM "+from+" WHERE "+day)
			first := athenaLines(t, s, "SELECT count(*) FROM "+from+" WHERE NOT ("+day+")")
			var a, b int
			if _, err := fmt.Sscan(first[0]+" "+second[0], &a, &b); err != nil || a == 0 || b == 0 || a+b != 1200 {
				t.Errorf("%+v %s: %d and %d records of two days, %v", c, how, a, b, err)
			}
		}
	}
}

// TestAthenaDDLOther makes tables over objects that are not as AWS delivers them.
func TestAthenaDDLOther(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	find := func(r AthenaDDLRequest) (*AthenaDDLReport, error) {
		r.Open.Sources = []string{dir}
		return AthenaDDL(t.Context(), r)
	}
	if _, err := find(AthenaDDLRequest{}); err == nil || !strings.Contains(err.Error(), "no flow logs that Athena reads") {
		t.Errorf("an empty folder: %v", err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("notes.txt", "nothing\n")
	write("a.log", "end srcaddr new-field\n1772445600 10.0.0.1 x\n")
	r, err := find(AthenaDDLRequest{Table: "Mine"})
	if err != nil || len(r.Tables) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	got, err := r.Tables[0].Statements(flowtable.Projection)
	want := "CREATE EXTERNAL TABLE IF NOT EXISTS mine (\n  `end` bigint,\n  srcaddr string,\n  new_field string\n)\nROW FORMAT DELIMITED\nFIELDS TERMINATED BY ' '\n" +
		"LOCATION 'file://" + strings.ReplaceAll(dir, " ", "%20") + "/'\nTBLPROPERTIES (\n  'skip.header.line.count' = '1'\n)"
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), want)
	}
	parquet := true
	if _, err := find(AthenaDDLRequest{Parquet: &parquet}); err == nil {
		t.Error("finds Parquet where there is none")
	}
	write("a.log", "10.0.0.1 1772445600 7\n")
	r, err = find(AthenaDDLRequest{Open: OpenRequest{LogFormat: "${srcaddr} ${start} ${bytes}"}})
	if err != nil || len(r.Tables) != 1 || r.Tables[0].Header {
		t.Errorf("without a header: %+v, %v", r, err)
	}
}
