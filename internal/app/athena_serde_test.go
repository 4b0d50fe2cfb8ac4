package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAthenaFirehoseTable joins flow logs as Firehose delivers them with the networks and accounts of a CSV.
func TestAthenaFirehoseTable(t *testing.T) {
	s, _ := smallLake(t)
	dir := filepath.ToSlash(t.TempDir())
	for name, text := range map[string]string{
		"flows/2026/06/16/00/part.json": `{"account_id":"123456789012","srcaddr":"10.0.1.4","dstport":443,"bytes":4000,"start":1781568000}
{"account_id":"123456789012","srcaddr":"10.0.2.9","dstport":22,"bytes":120,"start":"-","tags":{"team":"net"}}
`,
		"raw/part.json":   `{"message":"2 123456789012 eni-1 10.0.1.4 10.0.2.9 40000 443 6 10 4000 1781568000 1781568060 ACCEPT OK"}` + "\n",
		"names/names.csv": "cidr,name\n10.0.1.0/24,\"web, a\"\n10.0.2.0/24,\"the \"\"db\"\"\"\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		`CREATE EXTERNAL TABLE default.flows (account_id string, srcaddr string, dstport int, bytes bigint, start bigint, tags string)
			ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 'file://` + dir + `/flows/'`,
		`CREATE EXTERNAL TABLE default.raw (message string) ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' LOCATION 'file://` + dir + `/raw/'`,
		`CREATE EXTERNAL TABLE default.names (cidr string, name string) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
			WITH SERDEPROPERTIES ("separatorChar" = ",", "quoteChar" = "\"", "escapeChar" = "\\") LOCATION 'file://` + dir + `/names/' TBLPROPERTIES ("skip.header.line.count"="1")`,
	} {
		athenaLines(t, s, text)
	}
	// A field that is no number is an error where it is asked for, as in Athena.
	if _, _, err := athenaTexts(t, s, "default", "SELECT min(start) FROM flows"); err == nil || !strings.Contains(err.Error(), "HIVE_BAD_DATA: Error parsing field value '-' for field 4") {
		t.Error(err)
	}
	for text, want := range map[string][]string{
		`SELECT n.name, sum(f.bytes) FROM default.flows f JOIN default.names n ON contains(n.cidr, CAST(f.srcaddr AS ipaddress)) GROUP BY 1 ORDER BY 2 DESC`: {"web, a 4000", `the "db" 120`},
		`SELECT json_extract_scalar(tags, '$.team') FROM default.flows WHERE dstport = 22`:                                                                   {"net"},
		`SELECT split(message, ' ')[4], CAST(split(message, ' ')[10] AS bigint) / 10 FROM default.raw`:                                                       {"10.0.1.4 400"},
	} {
		if diff := cmp.Diff(want, athenaLines(t, s, text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
