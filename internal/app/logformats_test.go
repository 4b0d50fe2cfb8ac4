package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"weir/internal/logstore"
	"weir/internal/netmodel"
)

// flowLogsAnswer is what describe-flow-logs printed: two log groups of one format each, and one of two.
const flowLogsAnswer = `{"FlowLogs": [
{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs", "LogGroupName": "one", "FlowLogStatus": "ACTIVE", "LogFormat": "${srcaddr} ${start}"},
{"FlowLogId": "fl-2", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs", "LogDestination": "arn:aws:logs:us-east-1:111122223333:log-group:arn", "FlowLogStatus": "ACTIVE", "LogFormat": "${dstaddr} ${start}"},
{"FlowLogId": "fl-3", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs", "LogGroupName": "mixed", "FlowLogStatus": "ACTIVE", "LogFormat": "${srcaddr} ${start}"},
{"FlowLogId": "fl-4", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs", "LogGroupName": "mixed", "FlowLogStatus": "ACTIVE", "LogFormat": "${srcaddr} ${end}"},
{"FlowLogId": "fl-5", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bucket", "FlowLogStatus": "ACTIVE", "LogFormat": "${srcaddr} ${end}"}
]}`

// TestGiveFormats gives log groups the format of the flow log that delivers there, where there is one, and leaves
// what a person said.
func TestGiveFormats(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := openFolder(t, data, OpenRequest{Sources: []string{t.TempDir()}})
	for _, g := range []string{"one", "arn", "mixed", "none", "said"} {
		newLogGroup(t, s, LogGroupChange{Name: g, SetFormat: g == "said", Format: "${bytes} ${start}"})
	}
	store, err := s.logStore(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	formats := newDeliveredFormats(data, time.Now)
	give := func(want map[string]string) {
		t.Helper()
		if err := giveFormats(t.Context(), store, formats); err != nil {
			t.Fatal(err)
		}
		var groups []logstore.Group
		if groups, err = store.Groups(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			if g.Format != want[g.Name] {
				t.Errorf("%s has the format %q, want %q", g.Name, g.Format, want[g.Name])
			}
		}
	}
	give(map[string]string{"said": "${bytes} ${start}"})
	file := filepath.Join(t.TempDir(), "flow-logs.json")
	if err := os.WriteFile(file, []byte(flowLogsAnswer), 0o600); err != nil {
		t.Fatal(err)
	}
	docs, err := netmodel.ReadDocuments(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range docs {
		docs[i].Account, docs[i].Region = "111122223333", "us-east-1"
	}
	if _, err := ImportNetwork(t.Context(), data, docs, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	give(map[string]string{"one": "${srcaddr} ${start}", "arn": "${dstaddr} ${start}", "said": "${bytes} ${start}"})

	// What a person says stays: none too, until he says a format.
	set := func(group, format string) {
		t.Helper()
		if err := s.ChangeLogGroup(t.Context(), LogGroupChange{Name: group, SetFormat: true, Format: format}); err != nil {
			t.Fatal(err)
		}
	}
	set("one", "")
	set("said", "")
	give(map[string]string{"arn": "${dstaddr} ${start}"})
	set("one", "${bytes} ${end}")
	give(map[string]string{"one": "${bytes} ${end}", "arn": "${dstaddr} ${start}"})
	if err := store.SetFormat(t.Context(), "one", ""); err != nil { // as a group that never had one
		t.Fatal(err)
	}
	give(map[string]string{"one": "${srcaddr} ${start}", "arn": "${dstaddr} ${start}"})
}
