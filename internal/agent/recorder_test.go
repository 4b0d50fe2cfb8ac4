package agent

import (
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
	"weir/internal/aggregate"
	"weir/internal/capture/ebpf"
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
`

// networkOf returns the definition of the tests.
func networkOf(t *testing.T) *network {
	t.Helper()
	loaded, err := netmodel.LoadDocuments([]netmodel.Document{{Name: "net.yaml", Data: []byte(definition)}})
	if err != nil || len(loaded.Problems) > 0 {
		t.Fatal(err, loaded.Problems)
	}
	return &network{Network: loaded.Network, definition: policy.New(loaded.Network), known: map[string]*aggregate.Interface{}}
}

// a bench is a recorder with a clock that the test drives, and what it logs.
type bench struct {
	*recorder
	dir string
	now Moment
	log strings.Builder
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
	c, n := &config.Config{File: "a.yaml", FlowLogs: logs}, networkOf(t)
	if err := settle(c, n); err != nil {
		t.Fatal(err)
	}
	b.recorder = newRecorder(c, n, slog.New(slog.NewTextHandler(&b.log, nil)), NewCounters())
	b.clock(b.now)
	return b
}

// pass has time go on, then adds packets of flows as id:port:action, and writes what is over.
func (b *bench) pass(by time.Duration, flows ...string) {
	b.now.Wall, b.now.Mono = b.now.Wall.Add(by), b.now.Mono+by
	b.clock(b.now)
	for _, f := range flows {
		b.packet(f)
	}
	b.counted.read(b.now, nil)
	b.close()
	b.write()
}

// packet adds a packet of now.
func (b *bench) packet(flow string) {
	part := strings.Split(flow, ":")
	var port uint16
	fmt.Sscan(part[1], &port)
	f := aggregate.Flow{
		Interface: part[0], Directed: true, Src: netip.MustParseAddr("203.0.113.5"), Dst: netip.MustParseAddr("10.0.1.11"), SrcPort: port, Protocol: 6, Judgement: aggregate.Judgement{Action: part[2]},
	}
	at := b.now.Wall.UnixNano()
	b.add(&f, aggregate.Counts{Packets: 1, Bytes: 40, First: at, Last: at})
}

// objects returns what objects hold, by the ids of flow logs and the times in their names: lines without the header, those of several objects one after the other.
func objects(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == partFolder {
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
	b.pass(10*time.Second, "eni-1:1:ACCEPT", "eni-1:1:REJECT", "eni-3:1:ACCEPT", "eni-9:1:ACCEPT")
	b.expect(t, map[string][]string{})
	b.pass(50*time.Second, "eni-2:2:ACCEPT") // 22:21:00
	b.expect(t, map[string][]string{
		"fl-vpc 2220":    {"eni-1 1 1 1700000410 1700000410 ACCEPT OK", "eni-1 1 1 1700000410 1700000410 REJECT OK"},
		"fl-reject 2220": {"eni-1 1 1 1700000410 1700000410 REJECT OK"},
	})
	b.pass(4 * time.Minute) // 22:25:00: the last window's NODATA ends in the next slot
	b.pass(5 * time.Minute) // 22:30:00
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

// TestLost has an interface of which flows were lost.
func TestLost(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1", Traffic: "REJECT"})
	tallies := ebpf.Tallies{}
	lose := func(packets uint64) bool {
		tallies.Lost[1][0][0] += packets
		return b.counted.tally("eni-1", &tallies) > 0
	}
	if lose(0) || !lose(7) || lose(0) {
		t.Error("what was lost is told, once")
	}
	b.skip("eni-1", b.now.Wall)
	b.skip("eni-3", b.now.Wall)
	b.pass(time.Minute, "eni-1:1:ACCEPT")
	b.pass(time.Minute)
	b.pass(time.Minute)
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 - - 1700000400 1700000460 - SKIPDATA", "eni-1 - - 1700000520 1700000580 - NODATA"}})
}

// TestClockIsSet has a wall clock that is set ahead by an hour, and back.
func TestClockIsSet(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"})
	b.pass(5*time.Second, "eni-1:1:ACCEPT")
	b.now.Wall = b.now.Wall.Add(time.Hour)
	b.pass(5*time.Second, "eni-1:2:ACCEPT") // 23:20:10
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 1 1 1700000405 1700000405 ACCEPT OK"}})
	b.now.Wall = b.now.Wall.Add(-time.Hour)
	b.pass(5*time.Second, "eni-1:3:ACCEPT") // 22:20:15
	b.pass(45 * time.Second)
	b.now.Wall = b.now.Wall.Add(900 * time.Millisecond) // as a clock may drift
	b.pass(60 * time.Second)
	b.expect(t, map[string][]string{
		"fl-1 2220": {"eni-1 1 1 1700000405 1700000405 ACCEPT OK", "eni-1 3 1 1700000415 1700000415 ACCEPT OK", "eni-1 - - 1700000460 1700000520 - NODATA"},
		"fl-1 2320": {"eni-1 2 1 1700004010 1700004010 ACCEPT OK"},
	})
	if n := b.counted.values[clockSteps][""]; n != 2 {
		t.Errorf("the clock was set %v times", n)
	}
}

// TestFolder has a folder that can't be written to for a while: nothing is lost until too much waits, and what is then is said.
func TestFolder(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "vpc-1"})
	b.most = 3
	if err := os.WriteFile(b.dir, nil, 0o600); err != nil { // a file is where the folder belongs
		t.Fatal(err)
	}
	b.pass(30*time.Second, "eni-1:1:ACCEPT", "eni-2:1:ACCEPT")
	b.pass(30 * time.Second)
	if len(b.waiting) != 1 || len(b.counted.Troubles(b.now)) != 1 || !strings.Contains(b.counted.Troubles(b.now)[0], b.dir) {
		t.Errorf("%v", b.counted.Troubles(b.now))
	}
	b.pass(30*time.Second, "eni-1:2:ACCEPT")
	b.pass(30 * time.Second) // 22:22:00: 4 records wait, the oldest 2 are given up
	if n := b.counted.values[givenUp]["fl-1"]; n != 2 || len(b.waiting) != 1 {
		t.Errorf("%v records were given up, %d objects wait", n, len(b.waiting))
	}
	if err := os.Remove(b.dir); err != nil {
		t.Fatal(err)
	}
	b.pass(30*time.Second, "eni-1:3:ACCEPT")
	if left := b.end(); left != 0 || len(b.counted.Troubles(b.now)) != 0 {
		t.Errorf("%d left, %v", left, b.counted.Troubles(b.now))
	}
	b.expect(t, map[string][]string{"fl-1 2220": {
		"eni-1 2 1 1700000490 1700000490 ACCEPT OK", "eni-2 - - 1700000460 1700000520 - NODATA",
		"eni-1 3 1 1700000550 1700000550 ACCEPT OK", "eni-1 - - 1700000520 1700000580 - SKIPDATA", "eni-2 - - 1700000520 1700000580 - SKIPDATA",
	}})
	for _, line := range []string{"can't be written, and is tried again", "records are given up", "objects are written again"} {
		if strings.Count(b.log.String(), line) != 1 {
			t.Errorf("%q is not there once: %s", line, b.log.String())
		}
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
	b.pass(time.Second, flows...)
	if left := b.end(); left != 0 {
		t.Errorf("%d are left", left)
	}
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
	b.pass(10*time.Second, "eni-1:1:ACCEPT", "eni-2:1:ACCEPT")
	b.pass(55*time.Second, "eni-1:2:ACCEPT")
	b.end()
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 1 1 1700000410 1700000410 ACCEPT OK", "eni-2 1 1 1700000410 1700000410 ACCEPT OK", "eni-1 2 1 1700000465 1700000465 ACCEPT OK"}})
}

// TestReload has another definition, of which an interface is of another subnet.
func TestReload(t *testing.T) {
	b := newBench(t, config.FlowLog{ID: "fl-1", Resource: "subnet-2"})
	b.pass(time.Second, "eni-1:1:ACCEPT")
	n := networkOf(t)
	n.Interfaces["eni-1"].Subnet = "subnet-2"
	b.reload(n)
	b.pass(time.Second, "eni-1:2:ACCEPT")
	b.forget("eni-2")
	b.pass(time.Minute)
	b.expect(t, map[string][]string{"fl-1 2220": {"eni-1 2 1 1700000402 1700000402 ACCEPT OK"}})
}
