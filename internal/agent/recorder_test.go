package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/destination"
	"weir/internal/agent/spool"
	"weir/internal/aggregate"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

const definition = `account: "123456789012"
region: us-east-1
vpcs:
  vpc-1: {cidrs: [10.0.0.0/16]}
  vpc-2: {cidrs: [10.1.0.0/16]}
subnets:
  subnet-1: {vpc: vpc-1, az: us-east-1a, cidrs: [10.0.1.0/24]}
  subnet-2: {vpc: vpc-1, az: us-east-1b, cidrs: [10.0.2.0/24]}
  subnet-3: {vpc: vpc-2, az: us-east-1b, cidrs: [10.1.2.0/24]}
network-interfaces:
  eni-1: {subnet: subnet-1, addresses: [10.0.1.10, 10.0.1.11], groups: [sg-1]}
  eni-2: {subnet: subnet-2, addresses: [10.0.2.10], groups: [sg-1]}
  eni-3: {subnet: subnet-3, addresses: [10.1.2.10], groups: [sg-none]}
  eni-4: {subnet: subnet-1, addresses: [10.0.1.12], mac: "02:00:00:00:00:09", groups: [sg-1]}
security-groups:
  sg-1: {vpc: vpc-1, ingress: [], egress: []}
network-acls:
  acl-1: {vpc: vpc-1, default: true, ingress: [], egress: []}
` + transitDefinition

// networkOf returns the definition of the tests.
func networkOf(t testing.TB) *network {
	t.Helper()
	loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.yaml", Data: []byte(definition)}})
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	return &network{Network: loaded.Network, definition: policy.New(loaded.Network), known: map[string]*aggregate.Interface{}, attached: map[string]*aggregate.Attachment{}}
}

// a bench is a recorder with a clock that the test drives, and what it logs. What it makes is delivered at once.
type bench struct {
	*recorder
	dir     string
	now     Moment
	last    Moment
	next    change // what the next pass does too
	changes []*change
	log     strings.Builder
}

// newBench returns one of flow logs that are all of one folder; their format is short if nobody says.
func newBench(t *testing.T, logs ...config.FlowLog) *bench {
	t.Helper()
	b := &bench{dir: filepath.Join(t.TempDir(), "logs"), now: Moment{Wall: time.Unix(1_700_000_400, 0)}} // 22:20:00 UTC, where a slot begins
	for i := range logs {
		logs[i].Destination = b.dir
		if logs[i].Format.Len() == 0 {
			var err error
			if logs[i].Format, err = flowlog.ParseLogFormat("interface-id srcport packets start end action log-status"); err != nil {
				t.Fatal(err)
			}
		}
		if logs[i].Traffic == "" {
			logs[i].Traffic = "ALL"
		}
		if logs[i].Interval == 0 {
			logs[i].Interval = time.Minute
		}
	}
	c, n := &config.Config{File: "a.yaml", FlowLogs: logs, SpoolBytes: config.DefaultSpoolBytes, StateBytes: config.DefaultStateBytes}, networkOf(t)
	if err := settle(c, n); err != nil {
		t.Fatal(err)
	}
	b.recorder = newRecorder(c, n, slog.New(slog.NewTextHandler(&b.log, nil)), NewCounters())
	b.last = b.now
	return b
}

// pass has time go on, then adds packets of flows as id:port:action, and delivers what is over.
func (b *bench) pass(t *testing.T, by time.Duration, flows ...string) {
	t.Helper()
	b.now.Wall, b.now.Mono = b.now.Wall.Add(by), b.now.Mono+by
	c := b.next
	b.next = change{}
	c.At, c.Close, c.Stepped = b.now.Wall.UnixNano(), true, b.last.step(b.now) != 0
	b.last = b.now
	for _, f := range flows {
		c.Rows = append(c.Rows, b.packet(f))
	}
	b.do(t, &c)
}

// do does a change as an agent does, in small parts, and delivers what it makes.
func (b *bench) do(t *testing.T, c *change) {
	t.Helper()
	b.room.waiting, b.made = map[string]int64{}, nil
	for _, part := range c.split(3) {
		b.changes = append(b.changes, part)
		b.apply(part)
	}
	for i := range b.made {
		deliver(t, &b.made[i])
	}
}

func deliver(t *testing.T, it *spool.Item) {
	t.Helper()
	var h header
	err := json.Unmarshal(it.Header, &h)
	if err == nil {
		var to destination.Destination
		if to, err = destination.Open(h.FlowLog); err == nil {
			_, err = to.Deliver(t.Context(), &destination.Item{FlowLog: h.FlowLog, Slot: h.Slot, Data: it.Data})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// end tells what is open.
func (b *bench) end(t *testing.T) {
	t.Helper()
	b.do(t, &change{At: b.now.Wall.UnixNano(), Spill: true})
}

// packet returns a packet of now.
func (b *bench) packet(flow string) aggregate.Row {
	part := strings.Split(flow, ":")
	var port uint16
	fmt.Sscan(part[1], &port)
	at := b.now.Wall.UnixNano()
	return aggregate.Row{
		Flow: aggregate.Flow{
			Interface: part[0], Directed: true, Src: netip.MustParseAddr("203.0.113.5"), Dst: netip.MustParseAddr("10.0.1.11"), SrcPort: port, Protocol: 6, Judgement: aggregate.Judgement{Action: part[2]},
		},
		Counts: aggregate.Counts{Packets: 1, Bytes: 40, First: at, Last: at},
	}
}

// objects returns what objects hold, by the ids of flow logs and the times in their names: lines without the header, those of several objects one after the other.
func objects(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == ".weir-agent" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() {
			return err
		}
		parts := strings.Split(filepath.Base(name), "_")
		if len(parts) != 6 {
			return fmt.Errorf("%s is no object", name)
		}
		key := parts[3] + " " + parts[4][9:13]
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defer f.Close()
		decoder, err := flowlog.NewDecoder(f, flowlog.Options{})
		for err == nil {
			var b *flowlog.Batch
			if b, err = decoder.Next(); err != nil {
				break
			}
			for r := range b.Records() {
				out[key] = append(out[key], string(flowlog.AppendText(nil, r, decoder.Stats().Formats[0])))
			}
		}
		if err == io.EOF {
			return nil
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, lines := range out {
		slices.Sort(lines)
	}
	return out
}

// expect compares objects.
func (b *bench) expect(t *testing.T, want map[string][]string) {
	t.Helper()
	for _, lines := range want {
		slices.Sort(lines)
	}
	if diff := cmp.Diff(want, objects(t, b.dir)); diff != "" {
		t.Errorf("objects (-want +got): %s\n%s", diff, b.log.String())
	}
}

// TestFlowLogs has flow logs of all kinds of resources, actions and intervals over 10 minutes.
func TestFlowLogs(t *testing.T) {
	b := newBench(t,
		config.FlowLog{ID: "fl-vpc", Resource: "vpc-1"},
		config.FlowLog{ID: "fl-subnet", Resource: "subnet-2"},
		config.FlowLog{ID: "fl-reject", Resource: "eni-1", Traffic: "REJECT"},
		config.FlowLog{ID: "fl-long", Resource: "eni-1", Traffic: "ACCEPT", Interval: 10 * time.Minute, Parquet: true},
	)
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT", "eni-1:1:REJECT", "eni-3:1:ACCEPT", "eni-9:1:ACCEPT")
	b.expect(t, map[string][]string{})
	b.pass(t, 50*time.Second, "eni-2:2:ACCEPT") // 22:21:00
	b.expect(t, map[string][]string{
		"fl-vpc 2220":    {"eni-1 1 1 1700000410 1700000410 ACCEPT OK", "eni-1 1 1 1700000410 1700000410 REJECT OK"},
		"fl-reject 2220": {"eni-1 1 1 1700000410 1700000410 REJECT OK"},
	})
	b.pass(t, 4*time.Minute) // 22:25:00: the last window's NODATA ends in the next slot
	b.pass(t, 5*time.Minute) // 22:30:00
	got := objects(t, b.dir)
	if diff := cmp.Diff([]string{"eni-1 1 1 1700000410 1700000410 ACCEPT OK"}, got["fl-long 2220"]); diff != "" {
		t.Error(diff)
	}
	nodata := func(from, to int) (out []string) {
		for at := from; at < to; at += 60 {
			out = append(out, fmt.Sprintf("eni-2 - - %d %d - NODATA", at, at+60))
		}
		return out
	}
	for slot, want := range map[string][]string{ // 22:25:00 is 1700000700
		"2220": append(nodata(1700000520, 1700000640), "eni-2 2 1 1700000460 1700000460 ACCEPT OK"), "2225": nodata(1700000640, 1700000940), "2230": nodata(1700000940, 1700001000),
	} {
		if diff := cmp.Diff(want, got["fl-subnet "+slot]); diff != "" {
			t.Errorf("%s: %s", slot, diff)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d slots: %v", len(got), got)
	}
}

// TestLost has interfaces of which flows were lost.
func TestLost(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1", Traffic: "REJECT"})
	b.next = change{Skipped: []string{"eni-1", "eni-3"}, SkippedAt: b.now.Wall.UnixNano()}
	b.pass(t, time.Minute, "eni-1:1:ACCEPT")
	b.pass(t, time.Minute)
	b.pass(t, time.Minute)
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 - - 1700000400 1700000460 - SKIPDATA", "eni-1 - - 1700000520 1700000580 - NODATA"}})
}

// TestLostSince compares tallies.
func TestLostSince(t *testing.T) {
	var was, now tallies
	for _, step := range []struct{ in, out, want uint64 }{{0, 0, 0}, {7, 0, 7}, {7, 0, 0}, {8, 2, 3}, {3, 2, 3}, {3, 2, 0}} { // 3 after 8: the tables are others
		now.Lost[0][1][0], now.Lost[1][0][0] = step.in, step.out
		if got := lostSince(&was, &now); got != step.want {
			t.Errorf("%+v: %d", step, got)
		}
		was = now
	}
	for _, n := range []uint64{5, 2} { // the host's firewall refused it, and then the tables are others
		now.Unattributed = n
		if got := lostSince(&was, &now); got != n {
			t.Errorf("%d are lost, and %d are not told exactly", got, n)
		}
		was = now
	}
}

// TestClockIsSet has a wall clock that is set ahead by an hour, and back.
func TestClockIsSet(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"})
	b.pass(t, 5*time.Second, "eni-1:1:ACCEPT")
	b.now.Wall = b.now.Wall.Add(time.Hour)
	b.pass(t, 5*time.Second, "eni-1:2:ACCEPT") // 23:20:10
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 1 1 1700000405 1700000405 ACCEPT OK"}})
	b.now.Wall = b.now.Wall.Add(-time.Hour)
	b.pass(t, 5*time.Second, "eni-1:3:ACCEPT") // 22:20:15
	b.pass(t, 45*time.Second)
	b.now.Wall = b.now.Wall.Add(900 * time.Millisecond) // as a clock may drift
	b.pass(t, 60*time.Second)
	b.expect(t, map[string][]string{
		"fl-1 2220": {"eni-1 1 1 1700000405 1700000405 ACCEPT OK", "eni-1 3 1 1700000415 1700000415 ACCEPT OK", "eni-1 - - 1700000460 1700000520 - NODATA"},
		"fl-1 2320": {"eni-1 2 1 1700004010 1700004010 ACCEPT OK"},
	})
}

// TestTooMuchWaits has a destination that takes nothing for a while: what is too much is given up, and said.
func TestTooMuchWaits(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"})
	b.pass(t, 30*time.Second, "eni-1:1:ACCEPT", "eni-2:1:ACCEPT")
	b.pass(t, 30*time.Second)
	b.room.each = 100 // less than an item has
	b.pass(t, 30*time.Second, "eni-1:2:ACCEPT")
	b.pass(t, 30*time.Second)
	if n := b.counted.values[givenUp]["fl-1"]; n != 2 || len(b.made) != 0 { // that, and NODATA of eni-2
		t.Errorf("%v records were given up, %d items were made", n, len(b.made))
	}
	b.room.each = config.DefaultSpoolBytes
	b.pass(t, 30*time.Second, "eni-1:3:ACCEPT")
	b.pass(t, 30*time.Second)
	b.expect(t, map[string][]string{"fl-1 2220": {
		"eni-1 1 1 1700000430 1700000430 ACCEPT OK", "eni-2 1 1 1700000430 1700000430 ACCEPT OK",
		"eni-1 3 1 1700000550 1700000550 ACCEPT OK", "eni-1 - - 1700000520 1700000580 - SKIPDATA", "eni-2 - - 1700000520 1700000580 - SKIPDATA",
	}})
	if strings.Count(b.log.String(), "records are given up") != 1 {
		t.Errorf("it is not said once: %s", b.log.String())
	}
}

// TestTroubles has reads that fail, and none for long.
func TestTroubles(t *testing.T) {
	c := NewCounters()
	at := func(s int) Moment { return Moment{Mono: time.Duration(s) * time.Second} }
	for _, step := range []struct {
		do   func()
		at   int
		want string
	}{
		{func() {}, 30, ""},
		{func() {}, 31, "what the kernel counted was not read for 31s"},
		{func() { c.read(at(31), nil) }, 60, ""},
		{func() { c.read(at(60), io.ErrUnexpectedEOF) }, 60, "what the kernel counted can't be read: unexpected EOF"},
		{func() { c.read(at(65), nil); c.devices("eth0: no") }, 65, "not all devices are as they should be: eth0: no"},
		{func() { c.devices("") }, 65, ""},
	} {
		step.do()
		if got := strings.Join(c.Troubles(at(step.at)), "; "); got != step.want {
			t.Errorf("at %d s: %q, want %q", step.at, got, step.want)
		}
	}
	if c.values[reads]["ok"] != 2 || c.values[reads]["failed"] != 1 {
		t.Errorf("%v", c.values[reads])
	}
}

// TestManyFlows has more flows than may be open: they are written before their window is over, and none is lost.
func TestManyFlows(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"}, config.FlowLog{ID: "fl-2", Resource: "eni-1", Interval: 10 * time.Minute})
	b.mostFlows = 10
	var flows []string
	want := map[string]bool{}
	for i := range 35 {
		flows = append(flows, fmt.Sprintf("eni-1:%d:ACCEPT", i))
		want[fmt.Sprintf("eni-1 %d 1 1700000401 1700000401 ACCEPT OK", i)] = true
	}
	b.pass(t, time.Second, flows...)
	b.end(t)
	for id, got := range objects(t, b.dir) {
		if len(got) != len(want) {
			t.Errorf("%s has %d records", id, len(got))
		}
		for _, line := range got {
			if !want[line] {
				t.Errorf("%s: %s", id, line)
			}
		}
	}
}

// TestEndIsNoNodata ends within a window in which one of two interfaces had nothing yet.
func TestEndIsNoNodata(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"})
	b.pass(t, 10*time.Second, "eni-1:1:ACCEPT", "eni-2:1:ACCEPT")
	b.pass(t, 55*time.Second, "eni-1:2:ACCEPT")
	b.end(t)
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 1 1 1700000410 1700000410 ACCEPT OK", "eni-2 1 1 1700000410 1700000410 ACCEPT OK", "eni-1 2 1 1700000465 1700000465 ACCEPT OK"}})
}

// TestReload has another definition, of which an interface is of another subnet.
func TestReload(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "subnet-2"})
	b.pass(t, time.Second, "eni-1:1:ACCEPT")
	n := networkOf(t)
	n.Interfaces["eni-1"].Subnet = "subnet-2"
	b.reload(n)
	b.pass(t, time.Second, "eni-1:2:ACCEPT")
	b.next.Forgotten = []string{"eni-2"}
	b.pass(t, time.Minute)
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 2 1 1700000402 1700000402 ACCEPT OK"}})
}
