package app

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/logstore"
	"weir/internal/sharedtest"
)

// agreeing compares the events that are read with those that a query gives: times, streams, messages
// and pointers.
func agreeing(t *testing.T, s *Local, group string) {
	t.Helper()
	var want []string
	last := int64(0)
	for e, err := range s.LakeGroups().Read(t.Context(), logstore.ReadRequest{Group: group}) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprint(e.Timestamp, " ", e.Ingestion, " ", e.Stream, " ", e.Message, " ", e.Ptr()))
		last = e.Timestamp
	}
	r, err := s.LogsQuery(t.Context(), LogsQuery{
		Text: `fields @timestamp, @ingestionTime, @logStream, @message | limit 100000`, Groups: []string{group}, Start: 0, End: last,
	})
	if err != nil || len(r.Ptrs) != len(r.Rows) {
		t.Fatalf("%d pointers, %v", len(r.Ptrs), err)
	}
	var got []string
	for i, row := range r.Rows {
		at, _ := row[0].Millis()
		taken, _ := row[1].Millis()
		got = append(got, fmt.Sprint(at, " ", taken, " ", row[2], " ", row[3], " ", r.Ptrs[i]))
	}
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 {
		t.Error("no events")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-read +asked:\n%.3000s", diff)
	}
}

// TestReadAgreesWithQuery reads the events of log groups as a query does.
func TestReadAgreesWithQuery(t *testing.T) {
	for _, set := range []string{"derived-flowlogs", "sekoia-automation"} {
		t.Run(set, func(t *testing.T) {
			dir := sharedtest.Path(t, "data", "flowlogs", set)
			s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{mustAbs(t, dir)}, LogGroup: "named"})
			agreeing(t, s, FlowLogsGroup)
			agreeing(t, s, "named")
		})
	}
	t.Run("formats", func(t *testing.T) {
		dir := t.TempDir()
		writeLog(t, dir, key("fl-1", "20260302T1000Z"), "interface-id start bytes", "eni-1 1772445600 7", "eni-1 1772445600 7", "eni-1 1772445600 8")
		writeLog(t, dir, key("fl-2", "20260302T1005Z"), "version new-field interface-id bytes", "12 blue eni-1 9", "12 - - 10")
		writeLog(t, dir, key("fl-3", "20260302T1010Z"), "version interface-id vpc-id end", "3 eni-1 vpc-1 1772446300", "3 - - 1772446301")
		writeLog(t, dir, key("fl-4", "20260302T1015Z"), "interface-id start bytes", "eni-3 1772446800 1", "interface-id srcaddr start", "eni-3 10.0.0.1 1772446801")
		s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}, LogGroup: "named"})
		agreeing(t, s, FlowLogsGroup)
		agreeing(t, s, "named")
	})
}
