package contributor

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/sharedtest"
)

// Real RDP attempts, each a record of the default format, shuffled: who attempts, and how many attempts each target saw in each minute, as
// others counted them.
func TestRealAttempts(t *testing.T) {
	dir := sharedtest.Path(t, "data", "flowrecords", "wrccdc-rdp")
	rows := readCSV(t, filepath.Join(dir, "rdp_connections.csv"))
	standard := flowlog.DefaultFormat(flowlog.KindVPC)
	b := Batch{Group: "g", Format: standard.String()}
	first, last, attempts := int64(1<<60), int64(0), 0
	for _, r := range rows {
		ts, err := strconv.ParseFloat(r[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		first, last = min(first, int64(ts)), max(last, int64(ts))
		if r[4] == "3389" {
			attempts++
		}
		b.Events = append(b.Events, Event{int64(ts * 1000), last * 1000, fmt.Sprintf("2 123456789010 eni-1 %s %s %s %s 6 1 60 %d %d ACCEPT OK", r[1], r[3], r[2], r[4], int64(ts), int64(ts)+1)})
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(b.Events), func(i, j int) { b.Events[i], b.Events[j] = b.Events[j], b.Events[i] })
	s := open(t, t.TempDir(), Options{Now: func() time.Time { return time.Unix(first, 0) }})
	const fields = `"Fields":{"4":"srcaddr","5":"dstaddr","7":"dstport"},`
	put(t, s, "sources", clf+fields+`"Contribution":{"Keys":["srcaddr"],"Filters":[{"Match":"dstport","EqualTo":3389}]},"AggregateOn":"Count"}`)
	put(t, s, "targets", clf+fields+`"Contribution":{"Keys":["dstaddr"]},"AggregateOn":"Count"}`)
	for _, part := range [][]Event{b.Events[:1000], b.Events[1000:2500], b.Events[2500:]} {
		if err := s.Add(t.Context(), "r", nil, []Batch{{Group: b.Group, Format: b.Format, Events: part}}); err != nil {
			t.Fatal(err)
		}
		commit(t, s)
	}
	minutes := func(r *ReportRequest) { r.From, r.To, r.MaxContributors = first, last+1, 100 }
	sources := report(t, s, "sources", minutes)
	if top := sources.Contributors[0]; top.Keys[0] != "10.164.94.120" || top.Value < 100 || sources.AggregateValue != float64(attempts) {
		t.Errorf("at the top is %v of %v attempts, want 10.164.94.120 of %d", top, sources.AggregateValue, attempts)
	}
	want, got := map[string]string{}, map[string]string{}
	for _, r := range readCSV(t, filepath.Join(dir, "rdp_attempts_per_minute.csv")) {
		want[r[0]+" "+r[1]] = r[2]
	}
	for _, c := range report(t, s, "targets", minutes).Contributors {
		for _, d := range c.Datapoints {
			got[fmt.Sprint(d.Time, " ", c.Keys[0])] = fmt.Sprint(d.Value)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// readCSV returns the rows of a file without the first.
func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows of %s, %v", len(rows), path, err)
	}
	return rows[1:]
}
