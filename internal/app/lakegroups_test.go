package app

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/logstore"
	"weir/internal/sharedtest"
)

// openFolder takes a folder into a new lake.
func openFolder(t testing.TB, data string, r OpenRequest) *Local {
	t.Helper()
	s, err := OpenLocal(t.Context(), LocalOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Open(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// textLines returns the lines of the text objects below a folder, headers left out.
func textLines(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, ".log") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		var r io.Reader = f
		if strings.HasSuffix(path, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				return err
			}
		}
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if _, header := flowlog.ParseHeader(lines.Text()); !header {
				out = append(out, lines.Text())
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// readAll returns the events of a request.
func readAll(t testing.TB, l *LakeGroups, r logstore.ReadRequest) []logstore.Event {
	t.Helper()
	var out []logstore.Event
	for e, err := range l.Read(t.Context(), r) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// TestLakeGroupLines finds every line of the objects that others made again, byte for byte.
func TestLakeGroupLines(t *testing.T) {
	for _, set := range []string{"derived-flowlogs", "sekoia-automation"} {
		t.Run(set, func(t *testing.T) {
			dir := sharedtest.Path(t, "data", "flowlogs", set)
			s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{mustAbs(t, dir)}})
			l := s.LakeGroups()
			l.chunk = 700 // so that there are many parts
			events := readAll(t, l, logstore.ReadRequest{Group: FlowLogsGroup})
			have := map[string]int{}
			for _, e := range events {
				have[e.Message]++
			}
			want := textLines(t, dir)
			if len(want) < 4 {
				t.Fatalf("%d lines in %s", len(want), dir)
			}
			lost := 0
			for _, line := range want {
				if have[line]--; have[line] >= 0 {
					continue
				}
				// The lake has addresses in their canonical form, and Python's ipaddress, which wrote
				// these objects, another one of IPv4 in IPv6.
				if lost++; !strings.Contains(line, " ::ffff:") {
					t.Errorf("lost: %s", line)
				}
			}
			t.Logf("%d of %d lines", len(want)-lost, len(want))
			checkOrder(t, l, events)
		})
	}
}

// mustAbs returns an absolute path.
func mustAbs(t testing.TB, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// checkOrder checks the order of all events of the group of all records, that reading backward is
// the reverse, and that reading goes on behind any event.
func checkOrder(t *testing.T, l *LakeGroups, events []logstore.Event) {
	t.Helper()
	ids := map[string]bool{}
	for i := range events {
		if i > 0 && compareEvents(events[i-1], events[i]) >= 0 {
			t.Fatalf("%v does not come before %v", events[i-1], events[i])
		}
		ids[events[i].ID()] = true
	}
	if len(ids) != len(events) {
		t.Errorf("%d ids of %d events", len(ids), len(events))
	}
	back := readAll(t, l, logstore.ReadRequest{Group: FlowLogsGroup, Backward: true})
	slices.Reverse(back)
	if diff := cmp.Diff(events, back); diff != "" {
		t.Errorf("backward (-forward +backward):\n%s", diff)
	}
	at := len(events) / 3
	middle := events[at]
	if diff := cmp.Diff(events[at+1:], readAll(t, l, logstore.ReadRequest{Group: FlowLogsGroup, After: &middle})); diff != "" {
		t.Errorf("behind an event (-want +got):\n%s", diff)
	}
	before := readAll(t, l, logstore.ReadRequest{Group: FlowLogsGroup, After: &middle, Backward: true})
	slices.Reverse(before)
	if diff := cmp.Diff(events[:at], before); diff != "" {
		t.Errorf("before an event (-want +got):\n%s", diff)
	}
	from, to := events[at].Timestamp-500, events[at].Timestamp+1500
	in := func(e logstore.Event) bool {
		return e.Timestamp >= from && e.Timestamp < to && e.Stream == middle.Stream
	}
	var want []logstore.Event
	for _, e := range events {
		if in(e) {
			want = append(want, e)
		}
	}
	for _, r := range []logstore.ReadRequest{
		{Streams: []string{middle.Stream}},
		{Streams: []string{middle.Stream, "eni-none-all"}},
		{Prefix: middle.Stream},
	} {
		r.Group, r.From, r.To = FlowLogsGroup, from, to
		if diff := cmp.Diff(want, readAll(t, l, r)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", r, diff)
		}
	}
	if got := readAll(t, l, logstore.ReadRequest{Group: FlowLogsGroup, Streams: []string{}}); len(got) > 0 {
		t.Errorf("%d events of no stream", len(got))
	}
}

// writeLog writes a text object into a folder and returns its path.
func writeLog(t testing.TB, dir, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// key returns the name of an object of a flow log.
func key(flowLog, slot string) string {
	return fmt.Sprintf("123456789012_vpcflowlogs_us-east-1_%s_%s_1a2b3c4d.log", flowLog, slot)
}

// TestLakeGroupTimes checks the times of events whose records lack times, and that every field
// that a format has is printed.
func TestLakeGroupTimes(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), "interface-id start end bytes", "eni-1 1772445600 1772445660 -")
	writeLog(t, dir, key("fl-3", "20260302T1000Z"), "interface-id end bytes", "eni-1 1772445661 7")
	writeLog(t, dir, key("fl-2", "20260302T1005Z"), "version new-field interface-id bytes", "12 blue eni-1 9", "12 - - 10")
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}})
	var got []string
	for _, e := range readAll(t, s.LakeGroups(), logstore.ReadRequest{Group: FlowLogsGroup}) {
		got = append(got, fmt.Sprint(time.UnixMilli(e.Timestamp).UTC().Format("15:04:05"), " ", e.Stream, " ", e.Message))
	}
	want := []string{
		"10:00:00 eni-1-all eni-1 1772445600 1772445660 -",
		"10:01:01 eni-1-all eni-1 1772445661 7",
		"10:05:00 --all 12 - - 10",
		"10:05:00 eni-1-all 12 blue eni-1 9",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestLakeGroupEqualEvents checks the ordinals of events that are equal, in one object and in
// several.
func TestLakeGroupEqualEvents(t *testing.T) {
	dir := t.TempDir()
	const header, a, b = "interface-id start bytes", "eni-1 1772445600 7", "eni-1 1772445600 8"
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), header, a, a, b)
	writeLog(t, dir, key("fl-2", "20260302T1000Z"), header, a, b, "eni-1 1772445601 7")
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}})
	var got []string
	for _, e := range readAll(t, s.LakeGroups(), logstore.ReadRequest{Group: FlowLogsGroup}) {
		got = append(got, fmt.Sprint(e.Message, " ", e.Ordinal))
	}
	want := []string{a + " 0", a + " 1", a + " 2", b + " 0", b + " 1", "eni-1 1772445601 7 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestLakeGroupKinds reads the group of transit gateways.
func TestLakeGroupKinds(t *testing.T) {
	dir := t.TempDir()
	const line = "6 TransitGateway 123456789012 tgw-1 tgw-attach-1 1772445600"
	writeLog(t, dir, "a.log", "version resource-type account-id tgw-id tgw-attachment-id start", line)
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}})
	l := s.LakeGroups()
	got := readAll(t, l, logstore.ReadRequest{Group: TransitGatewayGroup})
	if len(got) != 1 || got[0].Message != line || got[0].Stream != "tgw-attach-1-all" {
		t.Errorf("%v", got)
	}
	if got := readAll(t, l, logstore.ReadRequest{Group: FlowLogsGroup}); len(got) > 0 {
		t.Errorf("VPC flow logs: %v", got)
	}
	groups, err := l.Groups(context.Background())
	if err != nil || len(groups) != 2 {
		t.Errorf("%v, %v", groups, err)
	}
}
