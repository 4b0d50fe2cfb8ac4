package source

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

const defaultLogFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

// TestParseDescribeReal reads answers of real AWS, 2017 to 2021, as the shared
// set has recorded them: their data part is what the CLI prints.
func TestParseDescribeReal(t *testing.T) {
	root := sharedtest.Path(t, "data", "netdefs", "c7n-placebo")
	files, err := filepath.Glob(filepath.Join(root, "*", "ec2.DescribeFlowLogs_*.json"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v; want 10 and more", len(files), err)
	}
	byID := map[string]FlowLog{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct {
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatal(err)
		}
		logs, err := ParseDescribe(strings.NewReader(string(recorded.Data)))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if _, err := Formats(logs); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		for _, f := range logs {
			byID[f.ID] = f
		}
	}
	want := map[string]FlowLog{
		"fl-061d3f3b816da485e": {
			ID: "fl-061d3f3b816da485e", ResourceID: "vpc-d2d616b5", TrafficType: "ALL",
			DestinationType: "s3", Destination: "arn:aws:s3:::c7n-vpc-flow-logs/test.log.gz",
		},
		"fl-0df85cc33e19397d2": {
			ID: "fl-0df85cc33e19397d2", ResourceID: "vpc-040373ba42a66e36e", TrafficType: "ALL", Interval: 600,
			DestinationType: "cloud-watch-logs", Destination: "arn:aws:logs:us-east-1:644160558196:log-group:example",
			LogFormat: defaultLogFormat,
		},
	}
	for id, w := range want {
		if diff := cmp.Diff(w, byID[id]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestParseDescribe(t *testing.T) {
	const one = `{"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "LogFormat": "${srcaddr} ${bytes}", "MaxAggregationInterval": 60,
		"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::b", "CreationTime": "2026-03-02T00:00:00+00:00", "Tags": [],
		"DestinationOptions": {"FileFormat": "parquet", "HiveCompatiblePartitions": true, "PerHourPartition": false}}]}`
	want := FlowLog{
		ID: "fl-1", ResourceID: "vpc-1", LogFormat: "${srcaddr} ${bytes}", Interval: 60,
		DestinationType: "s3", Destination: "arn:aws:s3:::b", FileFormat: "parquet", Hive: true,
	}
	tests := []struct {
		name, text string
		want       []FlowLog
		err        string
	}{
		{"one answer", one, []FlowLog{want}, ""},
		{"answers of several regions", one + "\n" + `{"FlowLogs": []}` + one, []FlowLog{want, want}, ""},
		{"no flow logs", `{"FlowLogs": []}`, nil, ""},
		{"nothing", "", nil, "nothing there"},
		{"another command", `{"Vpcs": []}`, nil, "document 1 has no FlowLogs"},
		{"a list", `[]`, nil, "document 1: json"},
		{"cut off", one[:50], nil, "document 1: unexpected EOF"},
		{"a table", "----", nil, "document 1: invalid"},
		{"no id", `{"FlowLogs": [{"ResourceId": "vpc-1"}]}`, nil, "flow log 1 has no FlowLogId"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseDescribe(strings.NewReader(tt.text))
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v; want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	logs := []FlowLog{
		{ID: "fl-vpc", ResourceID: "vpc-1", LogFormat: defaultLogFormat},
		{ID: "fl-tgw", ResourceID: "tgw-attach-1", LogFormat: "${srcaddr} ${dstaddr} ${bytes}"},
		{ID: "fl-old", ResourceID: "eni-1"},
		{ID: "fl-bad", ResourceID: "subnet-1", LogFormat: "${srcaddr"},
		{ID: "fl-mixed", ResourceID: "tgw-1", LogFormat: "${srcaddr} ${interface-id}"},
	}
	formats, err := Formats(logs)
	for _, part := range []string{"flow log fl-bad of subnet-1", "no closing brace", "flow log fl-mixed of tgw-1: flowlog: no tgw flow log has the field interface-id"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v; want %q in it", err, part)
		}
	}
	type facts struct {
		Format string
		Kind   flowlog.Kind
	}
	got := map[string]facts{}
	for id, f := range formats {
		got[id] = facts{f.String(), f.Kind()}
	}
	want := map[string]facts{
		"fl-vpc": {defaultLogFormat, flowlog.KindVPC},
		"fl-tgw": {"${srcaddr} ${dstaddr} ${bytes}", flowlog.KindTGW},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
