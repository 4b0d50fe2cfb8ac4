package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/lake"
	"weir/internal/logstore"
)

// messagesOf returns what passes the messages of events on.
func messagesOf(to chan<- string) func([]LogEvent) error {
	return func(events []LogEvent) error {
		for i := range events {
			to <- events[i].Message
		}
		return nil
	}
}

// TestLogEventsFollow gives what was there and then what comes, each once, whatever its time: of the
// lake's writer, over the socket, and of a reader beside it.
func TestLogEventsFollow(t *testing.T) {
	const header = "interface-id start bytes"
	dir, late, data := t.TempDir(), t.TempDir(), t.TempDir()
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), header, "eni-1 1772445600 7", "eni-1 1772445500 6")
	writer := openFolder(t, data, OpenRequest{Sources: []string{dir}})
	reader, err := OpenLocal(t.Context(), LocalOptions{Data: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	remote, _ := dialFake(t, writer)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := map[string]chan string{}
	ends := make(chan error, 3)
	for name, s := range map[string]Service{"writer": writer, "reader": reader, "remote": remote} {
		to := make(chan string, 100)
		got[name] = to
		go func() {
			ends <- s.LogEvents(ctx, LogEventsRequest{Group: FlowLogsGroup, Follow: true, From: time.Unix(1772445000, 0)}, messagesOf(to))
		}()
	}
	expect := func(want ...string) {
		t.Helper()
		for name, from := range got {
			var have []string
			for range want {
				select {
				case m := <-from:
					have = append(have, m)
				case <-time.After(20 * time.Second):
					t.Fatalf("%s: only %v", name, have)
				}
			}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	expect("eni-1 1772445500 6", "eni-1 1772445600 7")
	// An older record, and one that lies before what was asked for.
	writeLog(t, late, key("fl-1", "20260302T0955Z"), header, "eni-1 1772445400 5", "eni-1 1772444000 4")
	if _, err := writer.Open(t.Context(), OpenRequest{Sources: []string{late}}, nil); err != nil {
		t.Fatal(err)
	}
	expect("eni-1 1772445400 5")
	writeLog(t, late, key("fl-1", "20260302T1005Z"), header, "eni-1 1772445600 7", "eni-2 1772445601 9")
	if _, err := writer.Open(t.Context(), OpenRequest{Sources: []string{late}}, nil); err != nil {
		t.Fatal(err)
	}
	expect("eni-1 1772445600 7", "eni-2 1772445601 9")
	cancel()
	for range got {
		if err := <-ends; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}
	for name, from := range got {
		if len(from) > 0 {
			t.Errorf("%s: %s came again", name, <-from)
		}
	}
}

// TestLogGroupsOverSocket compares what a server answers with what the lake does.
func TestLogGroupsOverSocket(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), "interface-id start bytes", "eni-1 1772445600 7")
	local := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}, LogGroup: "a"})
	remote, _ := dialFake(t, local)
	if err := remote.NameLogGroup(t.Context(), NameLogGroupRequest{FlowLog: "fl-1", Name: "b"}); err != nil {
		t.Fatal(err)
	}
	want, err := local.LogGroups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.LogGroups(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil || len(got) != 3 {
		t.Errorf("%v (-local +remote):\n%s", err, diff)
	}
	streams, err := local.LogStreams(t.Context(), "b")
	if err != nil || len(streams) != 1 {
		t.Fatalf("%v, %v", streams, err)
	}
	over, err := remote.LogStreams(t.Context(), "b")
	if diff := cmp.Diff(streams, over); diff != "" || err != nil {
		t.Errorf("%v (-local +remote):\n%s", err, diff)
	}
	if _, err := remote.LogStreams(t.Context(), "none"); !errors.Is(err, logstore.ErrNoGroup) {
		t.Errorf("no group: %v", err)
	}
	err = remote.LogEvents(t.Context(), LogEventsRequest{Group: "none"}, func([]LogEvent) error { return nil })
	if !errors.Is(err, logstore.ErrNoGroup) {
		t.Errorf("events of no group: %v", err)
	}
}

// TestNamedLogGroups names what sources deliver, with and without a flow log in their keys.
func TestNamedLogGroups(t *testing.T) {
	a, b, data := t.TempDir(), t.TempDir(), t.TempDir()
	const header = "interface-id start bytes"
	writeLog(t, a, key("fl-1", "20260302T1000Z"), header, "eni-1 1772445600 1")
	writeLog(t, a, key("fl-2", "20260302T1000Z"), header, "eni-1 1772445600 2")
	alone := writeLog(t, a, "x.log", header, "eni-1 1772445600 3")
	writeLog(t, a, "x.log2", header, "eni-1 1772445600 4")
	writeLog(t, b, key("fl-1", "20260302T1005Z"), header, "eni-1 1772445900 5")
	writeLog(t, b, "y.log", header, "eni-1 1772445900 6")
	s := openFolder(t, data, OpenRequest{Sources: []string{a}, LogGroup: "all-of-a"})
	for group, source := range map[string]string{"only-b": b, "file": alone} {
		if _, err := s.Open(t.Context(), OpenRequest{Sources: []string{source}, LogGroup: group}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for group, want := range map[string][]string{
		// A flow log is one, wherever its objects lie.
		"all-of-a": {"1", "2", "3", "4", "5"},
		"only-b":   {"1", "5", "6"},
		"file":     {"3"},
	} {
		var got []string
		for _, e := range readAll(t, s.LakeGroups(), logstore.ReadRequest{Group: group}) {
			got = append(got, e.Message[len("eni-1 1772445600 "):])
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", group, diff)
		}
	}
	groups, err := s.LakeGroups().Groups(t.Context())
	if err != nil || len(groups) != 4 {
		t.Fatalf("%v, %v", groups, err)
	}
	reader, err := OpenLocal(t.Context(), LocalOptions{Data: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := reader.NameLogGroup(t.Context(), NameLogGroupRequest{FlowLog: "fl-1", Name: "c"}); !errors.Is(err, lake.ErrReadOnly) {
		t.Errorf("a reader: %v", err)
	}
}

// TestNameLogGroupsAtOnce names records several times at once; no name is lost.
func TestNameLogGroupsAtOnce(t *testing.T) {
	dir := t.TempDir()
	writeLog(t, dir, key("fl-1", "20260302T1000Z"), "interface-id start bytes", "eni-1 1772445600 7")
	s := openFolder(t, t.TempDir(), OpenRequest{Sources: []string{dir}})
	const names = 20
	ends := make(chan error, names)
	for i := range names {
		go func() {
			ends <- s.NameLogGroup(t.Context(), NameLogGroupRequest{FlowLog: "fl-1", Name: fmt.Sprint("name-", i)})
		}()
	}
	for range names {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	groups, err := s.LakeGroups().All()
	if err != nil || len(groups) != names+2 {
		t.Errorf("%d log groups, %v", len(groups), err)
	}
}
