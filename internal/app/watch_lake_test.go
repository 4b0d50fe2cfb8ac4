package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/internal/contributor"
	"weir/internal/lake"
	"weir/internal/metricstore"
)

// flowLine is a record of the default format that starts some seconds behind watchedDay.
func flowLine(start int, eni string, srcport, dstport, bytes int, action string) string {
	at := watchedDay.Unix() + int64(start)
	return fmt.Sprintf("2 123456789012 %s 10.0.0.1 10.0.0.2 %d %d 6 %d %d %d %d %s OK", eni, srcport, dstport, 1+bytes/1000, bytes, at, at+59, action)
}

const flowHeader = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"

// deliverFile writes an object into a folder.
func deliverFile(t testing.TB, dir, name string, lines ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(flowHeader+"\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// take takes what a folder has.
func (w *watched) take(dir string, change func(*OpenRequest)) {
	w.t.Helper()
	r := OpenRequest{Sources: []string{dir}, Brief: true}
	if change != nil {
		change(&r)
	}
	_, err := w.local.Open(w.t.Context(), r, nil)
	w.must(err)
}

func asFollowed(r *OpenRequest) { r.Follow = true }

const refusedPattern = `[version, account, eni, ..., action=REJECT, status]`

// TestWatchLake counts the records of a source that is followed, of what is opened, and of objects that come twice or change.
func TestWatchLake(t *testing.T) {
	w := newWatched(t)
	dir := filepath.Join(t.TempDir(), "logs")
	byInterface := transformation{Value: "1", Dimensions: map[string]string{"I": "$eni"}}
	deliverFile(t, dir, "a.log", flowLine(0, "eni-1", 50000, 22, 40, "REJECT"))
	w.take(dir, nil)
	w.filter(FlowLogsGroup, "refused", refusedPattern, byInterface) // what is there does not count
	deliverFile(t, dir, "b.log", flowLine(0, "eni-1", 50000, 22, 40, "REJECT"), flowLine(70, "eni-1", 50001, 22, 40, "REJECT"))
	w.take(dir, asFollowed) // for the first time: backfilled
	w.check()
	all := []string{"12:00 refused I=eni-1 sum 1 count 1 least 1 greatest 1", "12:01 refused I=eni-1 sum 1 count 1 least 1 greatest 1"}
	both := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.points("Test", false)); diff != "" {
			t.Error(diff)
		}
	}
	both(all...)
	deliverFile(t, dir, "c.log", flowLine(71, "eni-2", 50000, 22, 40, "REJECT"), flowLine(72, "eni-2", 50000, 22, 40, "ACCEPT"))
	deliverFile(t, dir, "copy.log", flowLine(71, "eni-2", 50000, 22, 40, "REJECT"), flowLine(72, "eni-2", 50000, 22, 40, "ACCEPT"))
	w.take(dir, asFollowed)
	live := "12:01 refused I=eni-2 sum 1 count 1 least 1 greatest 1"
	w.check(live)
	w.reopen()
	w.check(live)
	both(append(slices.Clone(all), live)...)
	// An object that changed does not count again, nor does its copy, which has its old records now.
	deliverFile(t, dir, "c.log", flowLine(80, "eni-2", 50000, 22, 40, "REJECT"))
	w.take(dir, func(r *OpenRequest) { r.Follow, r.Replace = true, true })
	w.check(live)
	// Another folder is new.
	other := filepath.Join(t.TempDir(), "other")
	deliverFile(t, other, "d.log", flowLine(130, "eni-3", 50000, 22, 40, "REJECT"))
	w.take(other, nil)
	w.check(live)
	both(append(slices.Clone(all), live, "12:02 refused I=eni-3 sum 1 count 1 least 1 greatest 1")...)
	if some, err := w.local.lake.Arrivals(t.Context(), 0, 100); err != nil || !slices.ContainsFunc(some, func(a lake.Arrived) bool { return a.Arrival == lake.Again }) {
		t.Errorf("no object came again: %v, %v", some, err)
	}
}

// TestWatchNamedGroup counts the records of a log group that has some flow logs only, in the formats in which they came.
func TestWatchNamedGroup(t *testing.T) {
	w := newWatched(t)
	dir, other := filepath.Join(t.TempDir(), "logs"), filepath.Join(t.TempDir(), "other")
	deliverFile(t, dir, "a.log", flowLine(0, "eni-1", 50000, 22, 40, "ACCEPT"))
	w.take(dir, func(r *OpenRequest) { r.Follow, r.LogGroup = true, "/vpc/mine" })
	w.filter("/vpc/mine", "bytes", `[version, account, eni, source, destination, srcport, dstport, protocol, packets, bytes, ...]`, transformation{Value: "$bytes"})
	deliverFile(t, dir, "b.log", flowLine(60, "eni-1", 50000, 22, 500, "ACCEPT"), flowLine(61, "eni-1", 50000, 22, 700, "ACCEPT"))
	deliverFile(t, other, "c.log", flowLine(60, "eni-1", 50000, 22, 9000, "ACCEPT"))
	w.take(dir, asFollowed)
	w.take(other, nil)
	if diff := cmp.Diff([]string{"12:01 bytes sum 1200 count 2 least 500 greatest 700"}, w.points("Test", false)); diff != "" {
		t.Error(diff)
	}
}

// TestWatchFlowMetrics has weir's own metrics of records: by interface, VPC and class of port.
func TestWatchFlowMetrics(t *testing.T) {
	w := newWatched(t)
	dir := filepath.Join(t.TempDir(), "logs")
	noData := strings.Replace(flowLine(3, "eni-1", 0, 0, 0, "-"), " 10.0.0.1 10.0.0.2 0 0 6 1 0 ", " - - - - - - - ", 1)
	deliverFile(t, dir, "a.log",
		flowLine(0, "eni-1", 50000, 22, 40, "REJECT"), flowLine(1, "eni-1", 443, 51000, 5000, "ACCEPT"), flowLine(2, "eni-2", 50000, 3389, 100, "REJECT"),
		flowLine(61, "eni-1", 53, 22, 10, "ACCEPT"), flowLine(62, "eni-1", 40000, 40001, 20, "ACCEPT"), strings.Replace(noData, "- OK", "- NODATA", 1),
	)
	old := flowLine(-20*86400, "eni-1", 50000, 22, 40, "REJECT")
	deliverFile(t, dir, "old.log", old)
	w.take(dir, nil)
	if got := w.points(FlowLogsNamespace, true); len(got) > 0 {
		t.Errorf("backfilled records are seen as live: %v", got)
	}
	want := []string{
		"12:00 Bytes InterfaceId=eni-1 sum 5040 count 2 least 40 greatest 5000", "12:00 Bytes InterfaceId=eni-2 sum 100 count 1 least 100 greatest 100",
		"12:00 Bytes PortClass=HTTP sum 5000 count 1 least 5000 greatest 5000", "12:00 Bytes PortClass=RDP sum 100 count 1 least 100 greatest 100",
		"12:00 Bytes PortClass=SSH sum 40 count 1 least 40 greatest 40",
		"12:00 Packets InterfaceId=eni-1 sum 7 count 2 least 1 greatest 6", "12:00 Packets InterfaceId=eni-2 sum 1 count 1 least 1 greatest 1",
		"12:00 Packets PortClass=HTTP sum 6 count 1 least 6 greatest 6", "12:00 Packets PortClass=RDP sum 1 count 1 least 1 greatest 1",
		"12:00 Packets PortClass=SSH sum 1 count 1 least 1 greatest 1",
		"12:00 Records InterfaceId=eni-1 sum 2 count 2 least 1 greatest 1", "12:00 Records InterfaceId=eni-2 sum 1 count 1 least 1 greatest 1",
		"12:00 Records PortClass=HTTP sum 1 count 1 least 1 greatest 1", "12:00 Records PortClass=RDP sum 1 count 1 least 1 greatest 1",
		"12:00 Records PortClass=SSH sum 1 count 1 least 1 greatest 1",
		"12:00 Rejects InterfaceId=eni-1 sum 1 count 2 least 0 greatest 1", "12:00 Rejects InterfaceId=eni-2 sum 1 count 1 least 1 greatest 1",
		"12:00 Rejects PortClass=HTTP sum 0 count 1 least 0 greatest 0", "12:00 Rejects PortClass=RDP sum 1 count 1 least 1 greatest 1",
		"12:00 Rejects PortClass=SSH sum 1 count 1 least 1 greatest 1",
		"12:01 Bytes InterfaceId=eni-1 sum 30 count 2 least 10 greatest 20", "12:01 Bytes PortClass=Other sum 20 count 1 least 20 greatest 20",
		"12:01 Bytes PortClass=SSH sum 10 count 1 least 10 greatest 10",
		"12:01 Packets InterfaceId=eni-1 sum 2 count 2 least 1 greatest 1", "12:01 Packets PortClass=Other sum 1 count 1 least 1 greatest 1",
		"12:01 Packets PortClass=SSH sum 1 count 1 least 1 greatest 1",
		"12:01 Records InterfaceId=eni-1 sum 2 count 2 least 1 greatest 1", "12:01 Records PortClass=Other sum 1 count 1 least 1 greatest 1",
		"12:01 Records PortClass=SSH sum 1 count 1 least 1 greatest 1",
		"12:01 Rejects InterfaceId=eni-1 sum 0 count 2 least 0 greatest 0", "12:01 Rejects PortClass=Other sum 0 count 1 least 0 greatest 0",
		"12:01 Rejects PortClass=SSH sum 0 count 1 least 0 greatest 0",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, w.points(FlowLogsNamespace, false)); diff != "" {
		t.Error(diff)
	}
	w.reopen()
	if diff := cmp.Diff(want, w.points(FlowLogsNamespace, false)); diff != "" {
		t.Errorf("after a restart:\n%s", diff)
	}
}

// moved is a network with an interface that came between two imports.
const moved = `account: "123456789012"
region: eu-west-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
  vpc-2: {cidrs: [10.1.0.0/16]}
subnets:
  subnet-1: {vpc: vpc-1, az: eu-west-1a, cidrs: [10.0.0.0/24]}
  subnet-2: {vpc: vpc-2, az: eu-west-1a, cidrs: [10.1.0.0/24]}
network-interfaces:
  eni-1: {subnet: subnet-1, addresses: [10.0.0.1]}
`

// TestWatchFlowVPCs counts records without vpc-id in the VPC of their interface by the definition that was in force, and others in the VPC that they say.
func TestWatchFlowVPCs(t *testing.T) {
	w := newWatched(t)
	dir := filepath.Join(t.TempDir(), "logs")
	byVPC := func() []string {
		t.Helper()
		return slices.DeleteFunc(w.points(FlowLogsNamespace, false), func(p string) bool { return !strings.Contains(p, "Records VpcId=") })
	}
	deliverFile(t, dir, "a.log", flowLine(0, "eni-1", 50000, 22, 40, "ACCEPT"))
	w.take(dir, nil)
	if got := byVPC(); len(got) > 0 {
		t.Errorf("where nothing was imported: %v", got)
	}
	importOf(t, w.data, moved, watchedDay)
	importOf(t, w.data, moved+"  eni-2: {subnet: subnet-2, addresses: [10.1.0.1]}\n", watchedDay.Add(2*time.Minute))
	importOf(t, w.data, moved, watchedDay.Add(10*time.Minute))
	deliverFile(t, dir, "b.log",
		flowLine(180, "eni-1", 50000, 22, 40, "ACCEPT"), flowLine(181, "eni-1", 50000, 3389, 40, "REJECT"), flowLine(182, "eni-2", 50000, 22, 40, "ACCEPT"), flowLine(183, "eni-3", 50000, 22, 40, "ACCEPT"),
		flowLine(660, "eni-1", 50000, 22, 40, "ACCEPT"), flowLine(661, "eni-2", 50000, 22, 40, "ACCEPT"))
	own := filepath.Join(dir, "c.log")
	lines := flowHeader + " vpc-id\n" + flowLine(184, "eni-1", 50000, 22, 40, "ACCEPT") + " vpc-9\n" + flowLine(185, "eni-2", 50000, 22, 40, "ACCEPT") + " -\n"
	w.must(os.WriteFile(own, []byte(lines), 0o600))
	w.take(dir, nil)
	want := []string{
		"12:03 Records VpcId=vpc-1 sum 2 count 2 least 1 greatest 1", "12:03 Records VpcId=vpc-2 sum 2 count 2 least 1 greatest 1", "12:03 Records VpcId=vpc-9 sum 1 count 1 least 1 greatest 1",
		"12:11 Records VpcId=vpc-1 sum 1 count 1 least 1 greatest 1",
	}
	if diff := cmp.Diff(want, byVPC()); diff != "" {
		t.Error(diff)
	}
}

// TestWatchFlowSeries bounds the series of a day.
func TestWatchFlowSeries(t *testing.T) {
	w := newWatched(t)
	dir := filepath.Join(t.TempDir(), "logs")
	var lines []string
	for i := range mostInterfaces + 5 {
		lines = append(lines, flowLine(i%60, fmt.Sprint("eni-", i), 50000, 22, 40, "ACCEPT"))
	}
	deliverFile(t, dir, "a.log", lines...)
	w.take(dir, nil)
	count := func() (own int, other float64) {
		for _, p := range w.points(FlowLogsNamespace, false) {
			if _, rest, ok := strings.Cut(p, "Records InterfaceId="); ok {
				own++
				if strings.HasPrefix(rest, "other") {
					own--
					if _, err := fmt.Sscanf(rest, "other sum %g", &other); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		return own, other
	}
	if own, other := count(); own != mostInterfaces || other != 5 {
		t.Errorf("%d interfaces have series of their own, and %g records are of others", own, other)
	}
	w.reopen()
	deliverFile(t, dir, "b.log", flowLine(0, "eni-new", 50000, 22, 40, "ACCEPT"))
	w.take(dir, nil)
	if own, other := count(); own != mostInterfaces || other != 6 {
		t.Errorf("after a restart %d interfaces have series of their own, and %g records are of others", own, other)
	}
	w.pass(24 * time.Hour)
	deliverFile(t, dir, "c.log", flowLine(0, "eni-tomorrow", 50000, 22, 40, "ACCEPT"))
	w.take(dir, nil)
	if own, _ := count(); own != mostInterfaces+1 {
		t.Errorf("the day after %d interfaces have series of their own", own)
	}
}

// TestWatchContributors counts contributors of events and of records, once over restarts.
func TestWatchContributors(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	rule := func(name, group string) {
		definition := fmt.Sprintf(`{"Schema":{"Name":"CloudWatchLogRule","Version":1},"LogGroupNames":[%q],"LogFormat":"CLF","Fields":{"3":"eni","10":"bytes"},
			"Contribution":{"Keys":["eni"],"ValueOf":"bytes","Filters":[]},"AggregateOn":"Sum"}`, group)
		w.must(w.Settle(t.Context()))
		w.must(w.top.Put(t.Context(), contributor.PutRequest{Name: name, Definition: definition}))
	}
	rule("events", "a")
	rule("records", FlowLogsGroup)
	dir := filepath.Join(t.TempDir(), "logs")
	w.put("a", eventAt(0, "%s", flowLine(0, "eni-1", 1, 2, 100, "ACCEPT")), eventAt(1, "%s", flowLine(1, "eni-2", 1, 2, 30, "ACCEPT")))
	w.must(w.store.Flush(t.Context()))
	w.put("a", eventAt(2, "%s", flowLine(2, "eni-2", 1, 2, 30, "ACCEPT")))
	deliverFile(t, dir, "a.log", flowLine(0, "eni-3", 1, 2, 100, "ACCEPT"))
	w.take(dir, asFollowed)
	deliverFile(t, dir, "b.log", flowLine(0, "eni-3", 1, 2, 7, "ACCEPT"), flowLine(1, "eni-4", 1, 2, 8, "ACCEPT"))
	w.take(dir, asFollowed)
	check := func(name string, live bool, want ...string) {
		t.Helper()
		w.must(w.Settle(t.Context()))
		r, err := w.top.Report(t.Context(), contributor.ReportRequest{
			Name: name, From: watchedDay.Unix(), To: watchedDay.Unix() + 60, Period: 60, Live: live,
		})
		w.must(err)
		var got []string
		for _, c := range r.Contributors {
			got = append(got, fmt.Sprint(c.Keys[0], " ", c.Value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, live %t:\n%s", name, live, diff)
		}
	}
	for range 2 {
		check("events", true, "eni-1 100", "eni-2 60")
		check("records", true, "eni-4 8", "eni-3 7")
		check("records", false, "eni-3 107", "eni-4 8")
		w.reopen()
	}
}

// TestWatchMonthOfBackfill opens a month of logs: they make data, and none that is live.
func TestWatchMonthOfBackfill(t *testing.T) {
	w := newWatched(t)
	w.filter(FlowLogsGroup, "refused", refusedPattern, transformation{Value: "1"})
	dir := filepath.Join(t.TempDir(), "logs")
	for day := range 30 {
		var lines []string
		for hour := range 4 {
			lines = append(lines, flowLine(-day*86400-hour*6*3600, "eni-1", 50000, 3389, 40, "REJECT"))
		}
		deliverFile(t, dir, fmt.Sprintf("%02d.log", day), lines...)
	}
	w.take(dir, nil)
	w.check()
	m := metricstore.Metric{Namespace: "Test", Name: "refused"}
	w.must(w.Settle(t.Context()))
	points, err := w.metrics.Read(t.Context(), metricstore.ReadRequest{Metric: m, From: 0, To: watchedDay.Unix() + 3600, Period: 3600})
	w.must(err)
	if len(points) != 30*4 {
		t.Errorf("%d points, want %d", len(points), 30*4)
	}
	if late, err := w.Lateness(t.Context(), "Test", "refused"); err != nil || late != LakeLateness {
		t.Errorf("the metric's lateness is %s, %v", late, err)
	}
}

// TestWatchLakeLate delivers the same flows at once, twelve minutes late and shuffled: the data are the same, default values too.
func TestWatchLakeLate(t *testing.T) {
	lines := map[int][]string{} // by minute
	for i := range 80 {
		action := "ACCEPT"
		if i%7 == 0 && i/10 != 5 {
			action = "REJECT"
		}
		lines[i/10] = append(lines[i/10], flowLine(i*6, fmt.Sprint("eni-", i%3), 50000, 22+i%2, 40+i, action))
	}
	zero := 0.0
	run := func(t *testing.T, late time.Duration, order []int) (test, own []string) {
		w := newWatched(t)
		dir := filepath.Join(t.TempDir(), "logs")
		deliverFile(t, dir, "first.log", flowLine(-7200, "eni-1", 1, 2, 3, "ACCEPT"))
		w.take(dir, asFollowed)
		w.filter(FlowLogsGroup, "refused", refusedPattern, transformation{Value: "1", Default: &zero})
		w.filter(FlowLogsGroup, "bytes", `[version, account, eni, source, destination, srcport, dstport=22, protocol, packets, bytes, ...]`, transformation{Value: "$bytes"})
		for n, minute := range order {
			w.mu.Lock()
			w.now = watchedDay.Add(time.Duration(n+1)*time.Minute + late)
			w.mu.Unlock()
			deliverFile(t, dir, fmt.Sprintf("%02d.log", minute), lines[minute]...)
			w.take(dir, asFollowed)
			w.must(w.Settle(t.Context()))
			if n == 4 {
				w.reopen()
			}
		}
		w.pass(LakeLateness + time.Minute)
		return w.points("Test", true), w.points(FlowLogsNamespace, true)
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	test, own := run(t, 0, order)
	if len(test) != 2*len(lines) || !slices.Contains(test, "12:05 refused sum 0 count 1 least 0 greatest 0") {
		t.Errorf("%d points: %v", len(test), test)
	}
	for _, tt := range []struct {
		name  string
		order []int
	}{{"late", order}, {"shuffled", []int{4, 3, 0, 1, 2, 7, 6, 5}}} {
		t.Run(tt.name, func(t *testing.T) {
			// What is shuffled is not later than the lateness: from the earliest of the latest on.
			gotTest, gotOwn := run(t, 5*time.Minute, tt.order)
			if diff := cmp.Diff(test, gotTest); diff != "" {
				t.Errorf("metric filters (-at once +%s):\n%s", tt.name, diff)
			}
			if diff := cmp.Diff(own, gotOwn); diff != "" {
				t.Errorf("own metrics (-at once +%s):\n%s", tt.name, diff)
			}
		})
	}
}

// TestWatchBackfilledDefault has default values of backfilled minutes once nothing more comes.
func TestWatchBackfilledDefault(t *testing.T) {
	w := newWatched(t)
	one := 1.0
	w.filter(FlowLogsGroup, "refused", refusedPattern, transformation{Value: "5", Default: &one})
	dir := filepath.Join(t.TempDir(), "logs")
	deliverFile(t, dir, "a.log", flowLine(0, "eni-1", 1, 2, 3, "ACCEPT"), flowLine(60, "eni-1", 1, 2, 3, "ACCEPT"))
	w.take(dir, nil)
	w.must(w.Settle(t.Context()))
	w.pass(backfillQuiet / 2)
	w.must(w.Settle(t.Context()))
	deliverFile(t, dir, "b.log", flowLine(1, "eni-1", 1, 2, 3, "REJECT"))
	w.take(dir, nil)
	w.must(w.Settle(t.Context()))
	w.pass(backfillQuiet)
	if diff := cmp.Diff([]string{"12:00 refused sum 5 count 1 least 5 greatest 5", "12:01 refused sum 1 count 1 least 1 greatest 1"}, w.points("Test", false)); diff != "" {
		t.Error(diff)
	}
	w.check()
}

// TestIsLive says of which requests what comes is new.
func TestIsLive(t *testing.T) {
	w := newWatched(t)
	check := func(step string, r OpenRequest, want bool) {
		t.Helper()
		if got, err := w.local.isLive(t.Context(), &r, "s3://logs"); err != nil || got != want {
			t.Errorf("%s: %t, %v", step, got, err)
		}
	}
	check("opened", OpenRequest{}, false)
	check("the first look", OpenRequest{Follow: true}, false)
	check("named by a queue", OpenRequest{Follow: true, Keys: []string{"k"}}, true)
	w.must(w.local.lake.NoteFollowed(t.Context(), "s3://logs"))
	check("a later look", OpenRequest{Follow: true}, true)
	check("opened while it is followed", OpenRequest{}, false)
}

// TestWatchForeignPosition goes on where the log groups were put back from a copy that is older than the metrics.
func TestWatchForeignPosition(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	w.filter("a", "n", "", transformation{Value: "1"})
	w.must(w.metrics.Commit(t.Context(), eventsReader, []byte(`{"put": 1000000}`), nil))
	w.reopen()
	w.must(w.Settle(t.Context()))
	w.put("a", eventAt(0, "x"))
	w.check("12:00 n sum 1 count 1 least 1 greatest 1")
	if !strings.Contains(w.said.String(), "older copy") {
		t.Errorf("the log says %s", w.said)
	}
}

// TestWatchForeignContributors is TestWatchForeignPosition of contributors.
func TestWatchForeignContributors(t *testing.T) {
	w := newWatched(t)
	w.group("a")
	w.must(w.top.Put(t.Context(), contributor.PutRequest{Name: "words", Definition: `{"Schema":{"Name":"CloudWatchLogRule","Version":1},
		"LogGroupNames":["a"],"LogFormat":"CLF","Contribution":{"Keys":["1"],"Filters":[]},"AggregateOn":"Count"}`}))
	w.must(w.top.Add(t.Context(), eventsReader, []byte("1000000"), nil))
	w.must(w.top.Commit(t.Context()))
	w.must(w.Settle(t.Context()))
	w.put("a", eventAt(0, "x"))
	w.must(w.Settle(t.Context()))
	r, err := w.top.Report(t.Context(), contributor.ReportRequest{Name: "words", From: watchedDay.Unix(), To: watchedDay.Unix() + 60, Period: 60})
	if err != nil || r.AggregateValue != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(w.said.String(), "older copy than the contributors") {
		t.Errorf("the log says %s", w.said)
	}
}

// TestWatchManyObjects counts more objects than one part has.
func TestWatchManyObjects(t *testing.T) {
	w := newWatched(t)
	w.filter(FlowLogsGroup, "refused", refusedPattern, transformation{Value: "1"})
	dir := filepath.Join(t.TempDir(), "logs")
	const objects = objectsAtOnce + 50
	for i := range objects {
		deliverFile(t, dir, fmt.Sprintf("%03d.log", i), flowLine(i%60, "eni-1", 1000+i, 22, 40, "REJECT"))
	}
	w.take(dir, nil)
	w.must(w.SettleLive(t.Context()))
	at, err := w.metrics.Position(t.Context(), lakeReader)
	w.must(err)
	last, err := w.local.lake.LastTaken(t.Context())
	w.must(err)
	if strings.Contains(string(at), fmt.Sprintf(`"object":%d,`, last)) {
		t.Errorf("who waits for what is live waited for all: %s", at)
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("12:00 refused sum %d count %d least 1 greatest 1", objects, objects)}, w.points("Test", false)); diff != "" {
		t.Error(diff)
	}
}

// TestSeriesOf counts ids that no dimension can have, and those beyond a number, together.
func TestSeriesOf(t *testing.T) {
	known := map[string]bool{}
	for _, id := range []string{"eni-\x00", "eni-\xff", strings.Repeat("e", longestID+1)} {
		if got := seriesOf(known, id, 2); got != otherSeries || len(known) > 0 {
			t.Errorf("%.20q has a series of its own: %q", id, got)
		}
	}
	for _, id := range []string{"eni-1", "eni-2", "eni-3", "eni-1"} {
		if got := seriesOf(known, id, 2); (got == otherSeries) != (id == "eni-3") || got != otherSeries && got != id {
			t.Errorf("%s is counted as %s", id, got)
		}
	}
}
