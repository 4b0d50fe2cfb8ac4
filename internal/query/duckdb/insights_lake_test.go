package duckdb

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/flowlog"
	"weir/internal/insights"
	"weir/internal/insights/discover"
	"weir/internal/insights/insightstest"
	"weir/internal/lake"
	"weir/internal/query"
)

// testSlot is the slot of objects in tests.
var testSlot = time.Unix(1_772_400_000, 0).UTC()

// takeObject takes lines in a format as an object of a flow log.
func takeObject(t testing.TB, l *lake.Lake, url, flowLog string, f flowlog.Format, lines []string) {
	t.Helper()
	text := f.Header() + "\n" + strings.Join(lines, "\n") + "\n"
	im, err := l.Begin(lake.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ref := lake.ObjectRef{Source: "/objects", URL: url, Slot: testSlot, FlowLogID: flowLog}
	w, _, err := im.Start(t.Context(), ref, lake.Look{}, sha256.Sum256([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := flowlog.NewDecoder(strings.NewReader(text), flowlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		ref.Complete(b)
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	stats := d.Stats()
	if int(stats.Records) != len(lines) {
		t.Fatalf("%d of %d lines are records: %v", stats.Records, len(lines), stats.BadLines)
	}
	if err := w.Finish(t.Context(), lake.Result{State: lake.Taken, Stats: stats}); err != nil {
		t.Fatal(err)
	}
	if err := im.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// recordEvent returns the event that a record of the lake is.
func recordEvent(f *flowlog.Format, line string, at time.Time) discover.Event {
	words := strings.Split(line, " ")
	e := discover.Event{Account: insightstest.Account, Format: f, Message: line, Ingestion: at.UnixMilli(), Timestamp: testSlot.UnixMilli(), Stream: "--all"}
	for i, name := range slices.Backward(f.Names()) {
		n, err := strconv.ParseInt(words[i], 10, 64)
		switch {
		case name == "interface-id":
			e.Stream = words[i] + "-all"
		case (name == "end" || name == "start") && err == nil:
			e.Timestamp = n * 1000 // start comes last
		}
	}
	return e
}

// TestInsightsAgreeOverRecords compares with the reference over records of the lake: of one format, of formats that
// differ, and of several groups.
func TestInsightsAgreeOverRecords(t *testing.T) {
	formats := testFormats(t)
	unknown, err := flowlog.ParseLogFormat("${interface-id} ${srcaddr} ${dstport} ${end} ${new-field} ${bytes} ${version}")
	if err != nil {
		t.Fatal(err)
	}
	for seed, use := range [][]flowlog.Format{formats[:1], formats[1:], append(formats, unknown)} {
		t.Run(fmt.Sprint(len(use), " formats ", seed), func(t *testing.T) {
			g := &queryGenerator{rand.New(rand.NewPCG(uint64(seed), 3))} //nolint:gosec // a test
			l := newLake(t, nil)
			w := &insightstest.World{}
			for object := range 4 {
				f := &use[object%len(use)]
				var lines []string
				for range 40 {
					line, _ := g.randomRecord(*f)
					lines = append(lines, line)
				}
				url, flowLog := fmt.Sprint("/objects/", object), fmt.Sprint("fl-", object%2+1)
				takeObject(t, l, url, flowLog, *f, lines)
				taken, err := l.TakenAt(t.Context(), []string{url})
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range lines {
					e := recordEvent(f, line, taken[url])
					e.Group = flowLog
					w.Events = append(w.Events, e)
				}
			}
			bound(w)
			in := &InsightsInput{
				Start: w.Query.Start, End: w.Query.End, Now: w.Query.Now,
				Lake: []LakeGroup{{Name: "fl-1", Account: insightstest.Account, FlowLogs: []string{"fl-1"}}, {Name: "fl-2", Account: insightstest.Account, FlowLogs: []string{"fl-2"}}},
			}
			one := *in
			one.Lake = []LakeGroup{{Name: "all", Account: insightstest.Account}}
			all := &insightstest.World{Query: w.Query, Events: slices.Clone(w.Events)}
			for i := range all.Events {
				all.Events[i].Group = "all"
			}
			e, err := Open(t.Context(), l, Options{TempDir: t.TempDir(), Threads: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for i, ask := range []struct {
				world *insightstest.World
				in    *InsightsInput
			}{{w, in}, {all, &one}} {
				// What pairs tell is no word of a record, and is not in the world.
				agree(t, uint64(10*seed+i), rounds(30), ask.world, func(ctx context.Context, _ *insightstest.World, q *insights.Query) (*insights.Result, error) {
					return e.Insights(ctx, q, ask.in, query.Limits{})
				}, "weirPair")
			}
		})
	}
}
