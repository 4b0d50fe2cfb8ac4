package app

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/athenasql/flowtable"
	"weir/internal/savedquery"
	"weir/internal/synth"
)

// flowRecord is a record of a text object by the names of its fields; what is absent is not there.
type flowRecord map[string]string

// number returns a field as a number, 0 where it is absent.
func (r flowRecord) number(field string) int64 {
	n, _ := strconv.ParseInt(r[field], 10, 64)
	return n
}

// summed is a row of an answer: what it is of, and its sums.
type summed struct {
	key  string
	sums []int64
}

// sumBy sums records up by keys: a record counts for each key that it has.
func sumBy(records []flowRecord, keys func(flowRecord) []string, sums func(flowRecord) []int64) []summed {
	rows := map[string]*summed{}
	for _, r := range records {
		for _, k := range keys(r) {
			if rows[k] == nil {
				rows[k] = &summed{k, make([]int64, len(sums(r)))}
			}
			for i, n := range sums(r) {
				rows[k].sums[i] += n
			}
		}
	}
	var out []summed
	for _, k := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, *rows[k])
	}
	return out
}

// largest returns the first n rows by the last sum, as text, the largest first, and those that are as large as the last of them.
func largest(rows []summed, n int) []string {
	last := func(r summed) int64 { return r.sums[len(r.sums)-1] }
	slices.SortStableFunc(rows, func(a, b summed) int { return cmp.Compare(last(b), last(a)) })
	var out []string
	for i, r := range rows {
		if i >= n && last(r) < last(rows[n-1]) {
			break
		}
		out = append(out, strings.TrimSpace(r.key+" "+strings.Trim(fmt.Sprint(r.sums), "[]")))
	}
	return out
}

// savedAnswers are what the saved queries find, computed from the lines of the objects.
func savedAnswers(records []flowRecord, src, dst string) map[string][]string {
	traffic := func(r flowRecord) []int64 { return []int64{1, r.number("packets"), r.number("bytes")} }
	bytes := func(r flowRecord) []int64 { return []int64{r.number("bytes")} }
	having := func(is func(flowRecord) bool) []flowRecord {
		return slices.DeleteFunc(slices.Clone(records), func(r flowRecord) bool { return !is(r) })
	}
	connections := func(is func(flowRecord) bool) []string {
		return largest(sumBy(having(is), func(r flowRecord) []string {
			return []string{strings.Join([]string{r["srcaddr"], r["dstaddr"], r["dstport"], r["protocol"], r["action"]}, " ")}
		}, traffic), 1000)
	}
	both := func(a, b string) func(flowRecord) bool {
		return func(r flowRecord) bool { return r[a] != "" && r[b] != "" }
	}
	most := func(is func(flowRecord) bool, keys func(flowRecord) []string) []string {
		return largest(sumBy(having(is), keys, bytes), 50)
	}
	ends := func(a, b string) []string {
		return most(both(a, b), func(r flowRecord) []string { return []string{r[a], r[b]} })
	}
	pairs := func(a, b string) []string {
		return most(both(a, b), func(r flowRecord) []string { return []string{r[a] + " " + r[b]} })
	}
	of := func(field string) []string {
		return most(both(field, field), func(r flowRecord) []string { return []string{r[field]} })
	}
	version := func(v string) []string {
		rows := sumBy(having(func(r flowRecord) bool { return r["type"] == v }), func(flowRecord) []string { return []string{""} },
			func(r flowRecord) []int64 { return []int64{r.number("bytes"), r.number("packets"), 1} })
		return largest(rows, 1)
	}
	tcp := func(r flowRecord) bool { return r["protocol"] == "6" }
	admin := []string{"22", "23", "3389", "5900", "5985", "5986", "8080", "8443", "9443", "10000"}
	return map[string][]string{
		"VpcFlowLogsAcceptedTraffic":    connections(func(r flowRecord) bool { return r["action"] == "ACCEPT" && tcp(r) }),
		"VpcFlowLogsRejectedTCPTraffic": connections(func(r flowRecord) bool { return r["action"] == "REJECT" && tcp(r) }),
		"VpcFlowLogsRejectedTraffic":    connections(func(r flowRecord) bool { return r["action"] == "REJECT" }),
		"VpcFlowLogsSshRdpTraffic":      connections(func(r flowRecord) bool { return r["dstport"] == "22" || r["dstport"] == "3389" }),
		"VpcFlowLogsTopTCPTraffic":      connections(func(r flowRecord) bool { return tcp(r) && r["srcaddr"] == src }),
		"VpcFlowLogsTrafficFrmSrcAddr":  connections(func(r flowRecord) bool { return r["srcaddr"] == src }),
		"VpcFlowLogsTrafficToDstAddr":   connections(func(r flowRecord) bool { return r["dstaddr"] == dst }),
		"VpcFlowLogsAdminPortTraffic": largest(sumBy(having(func(r flowRecord) bool { return slices.Contains(admin, r["dstport"]) }),
			func(r flowRecord) []string { return []string{r["dstaddr"]} }, traffic), 10),
		"VpcFlowLogsIPv4Traffic":                      version("IPv4"),
		"VpcFlowLogsIPv6Traffic":                      version("IPv6"),
		"VpcFlowLogsTopTalkers":                       ends("srcaddr", "dstaddr"),
		"VpcFlowLogsTopTalkersPacketLevel":            ends("pkt-srcaddr", "pkt-dstaddr"),
		"VpcFlowLogsTopTalkingInstances":              of("instance-id"),
		"VpcFlowLogsTopTalkingSubnets":                of("subnet-id"),
		"VpcFlowLogsTotalBytesTransferred":            pairs("srcaddr", "dstaddr"),
		"VpcFlowLogsTotalBytesTransferredPacketLevel": pairs("pkt-srcaddr", "pkt-dstaddr"),
	}
}

// savedRecords makes flow logs of a few hours in a folder and returns their records, read line by line.
func savedRecords(t *testing.T, dir string) []flowRecord {
	t.Helper()
	c := synth.DefaultConfig()
	c.Duration, c.Records = 2*time.Hour, 8000
	var names []string
	for _, f := range flowlog.Fields(flowlog.KindVPC) {
		if !f.Own() && f.Version <= 5 {
			names = append(names, "${"+f.Name+"}")
		}
	}
	var err error
	if c.Format, err = flowlog.ParseLogFormat(strings.Join(names, " ")); err != nil {
		t.Fatal(err)
	}
	if _, err := synth.WriteDir(t.Context(), dir, c, nil); err != nil {
		t.Fatal(err)
	}
	var out []flowRecord
	for _, line := range textLines(t, dir) {
		r := flowRecord{}
		for i, value := range strings.Fields(line) {
			if value != "-" {
				r[c.Format.Names()[i]] = value
			}
		}
		out = append(out, r)
	}
	if int64(len(out)) != c.Records {
		t.Fatalf("%d records, want %d", len(out), c.Records)
	}
	return out
}

// TestSavedQueries runs each saved query and compares what it finds with what its records have, line by line. Rows that are as large as
// the last one may be others.
func TestSavedQueries(t *testing.T) {
	dir := t.TempDir()
	records := savedRecords(t, dir)
	s := openFolder(t, filepath.Join(t.TempDir(), "data"), OpenRequest{Sources: []string{dir}})
	makeTables(t, s, dir, "flow_logs", flowtable.Projection)
	fill := savedquery.Fill{}
	for _, r := range records { // some TCP flow
		if r["protocol"] == "6" && r["dstport"] == "443" {
			fill.Source, fill.Destination = r["srcaddr"], r["dstaddr"]
			break
		}
	}
	answers := savedAnswers(records, fill.Source, fill.Destination)
	limit := map[string]int{"VpcFlowLogsAdminPortTraffic": 10}
	for _, q := range savedquery.All() {
		t.Run(q.Name, func(t *testing.T) {
			f := fill
			if q.Parameter != savedquery.Source {
				f.Source = ""
			}
			if q.Parameter != savedquery.Destination {
				f.Destination = ""
			}
			want := answers[q.Name]
			if len(want) == 0 {
				t.Fatal("nothing is there to be found")
			}
			most := cmp.Or(limit[q.Name], 50)
			if slices.Contains(q.Fields, flowlog.Action) {
				most = 1000
			}
			compareSaved(t, "Logs Insights", want, savedInsights(t, s, q, f), most)
			compareSaved(t, "Athena", want, savedAthena(t, s, q, f), most)
			f.Table = "flow_logs.vpc_flow_logs"
			compareSaved(t, "Athena over the objects", want, savedAthena(t, s, q, f), most)
		})
	}
}

// savedInsights runs a saved query in the language of Logs Insights and returns its rows as text.
func savedInsights(t *testing.T, s *Local, q *savedquery.Query, f savedquery.Fill) []string {
	t.Helper()
	text, err := q.Insights(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.LogsQuery(t.Context(), LogsQuery{Text: text, Groups: []string{FlowLogsGroup}, End: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	var out []string
	for _, row := range r.Rows {
		var cells []string
		for _, v := range row {
			text, _ := v.Text()
			cells = append(cells, text)
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

// savedAthena runs a saved query in Athena's SQL and returns its rows as text.
func savedAthena(t *testing.T, s *Local, q *savedquery.Query, f savedquery.Fill) []string {
	t.Helper()
	text, err := q.Athena(f)
	if err != nil {
		t.Fatal(err)
	}
	return athenaLines(t, s, text)
}

// athenaLines runs a statement and returns its rows as text, absent values as nothing.
func athenaLines(t *testing.T, s *Local, text string) []string {
	t.Helper()
	r, err := s.Athena(t.Context(), AthenaRequest{Text: text})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	defer r.Close()
	var out []string
	for {
		row, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		var cells []string
		for _, v := range r.Texts(row) {
			if v == nil {
				cells = append(cells, "")
			} else {
				cells = append(cells, *v)
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
}

// compareSaved compares the rows of a saved query with those that there are: want has all that are as large as the last of the most
// rows that it finds.
func compareSaved(t *testing.T, what string, want, got []string, most int) {
	t.Helper()
	size := func(row string) string { return row[strings.LastIndexByte(row, ' ')+1:] }
	if n := min(len(want), most); len(got) != n {
		t.Fatalf("%s: %d rows, want %d", what, len(got), n)
	}
	for i, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("%s: row %d is %q, which is not there", what, i+1, row)
		}
		if size(row) != size(want[i]) {
			t.Errorf("%s: row %d is %q, want one as large as %q", what, i+1, row, want[i])
		}
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(got))); len(sorted) != len(got) {
		t.Errorf("%s: rows twice: %s", what, gocmp.Diff(sorted, slices.Sorted(slices.Values(got))))
	}
}
