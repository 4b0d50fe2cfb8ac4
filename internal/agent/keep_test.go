package agent

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/flowlog"
	"weir/internal/agent/config"
	"weir/internal/agent/spool"
	"weir/internal/aggregate"
	"weir/internal/capture/ebpf"
	"weir/internal/netmodel"
)

// counting is a program that counts what a test tells, with tables that outlive an agent.
type counting struct {
	tables        string
	number        uint32
	open, closed  map[uint16]*ebpf.Row // by port
	unsettled     bool
	lost, missed  uint64
	failing, ends string // what fails, and at what the agent ends, once
	detached      int
	force         []ebpf.Interface // what was put in force last
	changes       []ebpf.Change    // with it
	is            []int            // the devices that it is at
	swapping      func()           // what happens meanwhile; nil: nothing
}

// errEnds is what an agent ends with where it is killed.
var errEnds = errors.New("killed")

// at is called at the beginning of a call, and again behind it.
func (c *counting) at(call string) error {
	if c.ends == call {
		c.ends = ""
		panic(errEnds)
	}
	if c.failing == call {
		c.failing = ""
		return errors.New("no " + call)
	}
	return nil
}

func (c *counting) Turn() (ebpf.Epoch, error) {
	if err := c.at("turn"); err != nil {
		return ebpf.Epoch{}, err
	}
	if !c.unsettled {
		c.closed, c.open, c.unsettled = c.open, map[uint16]*ebpf.Row{}, true
		c.number++
	}
	return c.epoch(), c.at("turned")
}

func (c *counting) epoch() ebpf.Epoch { return ebpf.Epoch{Tables: c.tables, Number: c.number} }

func (c *counting) Rows(do func(*aggregate.Flow, aggregate.Counts) error) error {
	for _, r := range c.closed {
		f, n := r.Flow()
		if err := errors.Join(c.at("row"), do(&f, n)); err != nil {
			return err
		}
	}
	return c.at("rows")
}

func (c *counting) Settle() error {
	if err := c.at("settle"); err != nil {
		return err
	}
	c.closed, c.unsettled = nil, false
	return c.at("settled")
}

func (c *counting) Closed() (ebpf.Epoch, bool) { return c.epoch(), c.unsettled }

func (c *counting) Tallies(string) (tallies, error) {
	var t tallies
	t.Lost[0][0][0] = c.lost
	return t, nil
}

func (c *counting) Missed() (n uint64, err error) {
	n, c.missed = c.missed, 0
	return n, nil
}

func (c *counting) Forwards() error                                 { return errors.ErrUnsupported }
func (c *counting) Attach(ebpf.Device, string) error                { return nil }
func (c *counting) Detach(int) error                                { c.detached++; return nil }
func (c *counting) Attached() []int                                 { return c.is }
func (c *counting) Gone() ([]int, error)                            { return nil, nil }
func (c *counting) In() (*ebpf.Namespace, error)                    { return nil, errors.ErrUnsupported }
func (c *counting) Namespaces() map[uint64]*ebpf.Namespace          { return nil }
func (c *counting) Before(int) (out [2][]ebpf.ProgramID, err error) { return out, nil }
func (c *counting) Close() error                                    { return nil }

func (c *counting) Swap(all []ebpf.Interface, changes ...ebpf.Change) error {
	if err := c.at("swap"); err != nil {
		return err
	}
	if c.swapping != nil {
		c.swapping()
	}
	if c.unsettled {
		return errors.New("the rows of the epoch before are not settled")
	}
	c.closed, c.open, c.unsettled = c.open, map[uint16]*ebpf.Row{}, true
	c.number++
	c.force, c.changes = all, changes
	return nil
}

// pass has packets of a flow pass at a time.
func (c *counting) pass(port uint16, packets int64, at time.Time) {
	r := c.open[port]
	if r == nil {
		r = &ebpf.Row{
			Interface: "eni-1", Src: netip.MustParseAddr("203.0.113.5"), Dst: netip.MustParseAddr("10.0.1.10"), SrcPort: port, DstPort: 80, Protocol: 6, Mode: ebpf.Count,
			First: at.UnixNano(),
		}
		c.open[port] = r
	}
	r.Packets += packets
	r.Bytes += 40 * packets
	r.Last = at.UnixNano()
}

// stand is an agent at a program, on a folder of state, that reads when the test says so. It delivers nothing: what it made is in its spool.
type stand struct {
	*agent
	program *counting
	dir     string
	now     Moment
	log     strings.Builder
	defined string // the definition that the next agent is told
}

func newStand(t testing.TB, logs ...config.FlowLog) *stand {
	t.Helper()
	s := &stand{program: &counting{tables: "a", open: map[uint16]*ebpf.Row{}}, dir: t.TempDir(), now: Moment{Wall: time.Unix(1_700_000_400, 0)}, defined: definition}
	for i := range logs {
		var err error
		if logs[i].Format, err = flowlog.ParseLogFormat("interface-id srcport packets start end log-status"); err != nil {
			t.Fatal(err)
		}
		logs[i].Resource, logs[i].Traffic, logs[i].Account, logs[i].Region = "vpc-1", "ALL", "123456789012", "us-east-1"
	}
	s.agent = &agent{Options: Options{Config: &config.Config{State: s.dir, Pin: "pinned", SpoolBytes: 1 << 30, StateBytes: 4 << 30, FlowLogs: logs}}}
	s.begin(t)
	t.Cleanup(func() { s.spool.Close() })
	return s
}

// begin begins an agent, in place of one that ended.
func (s *stand) begin(t testing.TB) {
	t.Helper()
	if s.spool != nil {
		if err := s.spool.Close(); err != nil {
			t.Fatal(err)
		}
	}
	began := s.now.Mono
	clock := func() Moment { return Moment{s.now.Wall, s.now.Mono - began} }
	log, counted := slog.New(slog.NewTextHandler(&s.log, nil)), NewCounters()
	n, err := networkOfDocuments(s.Config, []netmodel.Document{{Name: "net.yaml", Data: []byte(s.defined)}})
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{
		Options: Options{Config: s.Config, Log: log, Clock: clock}, read: s.Config, network: n, counted: counted, recorder: newRecorder(s.Config, n, log, counted), program: s.program,
		attached: map[place]*Match{{index: 1}: {Interface: "eni-1"}},
	}
	s.agent = a
	if a.spool, err = spool.Open(t.Context(), s.dir); err != nil {
		t.Fatal(err)
	}
	a.deliverer = newDeliverer(a.spool, log, counted)
	a.deliverer.ended.Do(a.deliverer.stop) // it delivers nothing
	if err := s.killed(func() error { return a.restore(t.Context()) }); err != nil {
		t.Fatal(err)
	}
}

// killed does something in which the agent may be killed, which is reported as errEnds.
func (s *stand) killed(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = v.(error)
		}
	}()
	return do()
}

// queueOf returns the queue of a flow log, also of one that the config has no more.
func (s *stand) queueOf(t testing.TB, id string) spool.Queue {
	t.Helper()
	at := slices.IndexFunc(s.Config.FlowLogs, func(l config.FlowLog) bool { return l.ID == id })
	if at < 0 {
		for _, q := range s.spool.Queues() {
			if q.FlowLog == id {
				return q
			}
		}
		return spool.Queue{FlowLog: id}
	}
	q, err := queueOf(&s.Config.FlowLogs[at])
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// records returns the records that wait to be delivered, of each flow log in order, and removes them.
func (s *stand) records(t testing.TB, id string) (out []string) {
	t.Helper()
	for {
		items, err := s.spool.Oldest(t.Context(), s.queueOf(t, id), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return out
		}
		it := &items[0]
		h, err := headerOf(it)
		if err != nil {
			t.Fatal(err)
		}
		decoder, err := flowlog.NewDecoder(strings.NewReader(string(it.Data)), flowlog.Options{})
		for err == nil {
			var b *flowlog.Batch
			if b, err = decoder.Next(); err != nil {
				break
			}
			for r := range b.Records() {
				out = append(out, string(flowlog.AppendText(nil, r, h.FlowLog.Format)))
			}
		}
		if err != io.EOF {
			t.Fatal(err)
		}
		if err := s.spool.Remove(t.Context(), items...); err != nil {
			t.Fatal(err)
		}
	}
}

// pass has time go on.
func (s *stand) pass(by time.Duration) {
	s.now.Wall, s.now.Mono = s.now.Wall.Add(by), s.now.Mono+by
}

// TestKilled has agents killed, and calls fail, at random moments while packets pass: each packet is in one record of each flow log.
func TestKilled(t *testing.T) {
	points := []string{"turn", "turned", "row", "rows", "settle", "settled"}
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute}, config.FlowLog{ID: "fl-2", Interval: 10 * time.Minute})
		sent, kills := map[uint16]int64{}, 0
		for range 150 {
			for range r.IntN(4) {
				port, n := uint16(1+r.IntN(5)), int64(1+r.IntN(9))
				s.program.pass(port, n, s.now.Wall)
				sent[port] += n
				s.pass(time.Duration(r.IntN(4000)) * time.Millisecond)
			}
			switch r.IntN(6) {
			case 0:
				s.program.ends = points[r.IntN(len(points))]
			case 1:
				s.program.failing = points[r.IntN(len(points))]
			case 2:
				s.snapshot = -mostEntryBytes // the next is soon
			}
			if err := s.killed(func() error { s.turn(); return nil }); err != nil {
				kills++
				s.begin(t)
			}
			s.program.ends, s.program.failing = "", ""
		}
		if err := s.killed(s.end); err != nil {
			t.Fatal(err)
		}
		if kills < 5 {
			t.Errorf("seed %d: it was killed %d times", seed, kills)
		}
		for _, id := range []string{"fl-1", "fl-2"} {
			got := map[uint16]int64{}
			for _, line := range s.records(t, id) {
				f := strings.Fields(line)
				if f[5] == "SKIPDATA" {
					t.Errorf("seed %d: %s: %s", seed, id, line)
				}
				if f[5] == "OK" {
					got[uint16(number(t, f[1]))] += number(t, f[2])
				}
			}
			if diff := cmp.Diff(sent, got); diff != "" {
				t.Errorf("seed %d, killed %d times: %s (-sent +records): %s", seed, kills, id, diff)
			}
		}
	}
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	var n int64
	if err := json.Unmarshal([]byte(s), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOtherTables has the kernel's tables gone, as after a reboot: what was counted since the last read is SKIPDATA, unless the agent had ended them.
func TestOtherTables(t *testing.T) {
	for _, ended := range []bool{false, true} {
		s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
		s.pass(5 * time.Second)
		s.program.pass(1, 2, s.now.Wall)
		s.turn()
		if ended {
			s.Config.Pin = ""
			if err := s.end(); err != nil {
				t.Fatal(err)
			}
		}
		s.program = &counting{tables: "b", open: map[uint16]*ebpf.Row{}}
		s.pass(10 * time.Minute)
		s.begin(t)
		s.turn()
		s.pass(time.Minute)
		s.turn()
		want := []string{"eni-1 1 2 1700000405 1700000405 OK"}
		if !ended {
			want = append(want, "eni-1 - - 1700000400 1700000460 SKIPDATA")
		}
		if diff := cmp.Diff(want, s.records(t, "fl-1")); diff != "" { // and no NODATA of what nobody knows
			t.Errorf("ended %v: %s", ended, diff)
		}
	}
}

// TestLostIsToldOnce has packets that found no place, and an agent that is killed: what was told is not told again, and what was lost meanwhile is.
func TestLostIsToldOnce(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	lose := func() { s.program.lost += 3 }
	for _, step := range []struct {
		do   func()
		want []string
	}{
		{func() { s.turn() }, nil},
		{lose, []string{"eni-1 - - 1700000460 1700000520 SKIPDATA"}},
		{func() {}, []string{"eni-1 - - 1700000520 1700000580 NODATA"}},
		{func() { s.begin(t) }, []string{"eni-1 - - 1700000580 1700000640 NODATA"}},
		{func() { s.begin(t); lose() }, []string{"eni-1 - - 1700000640 1700000700 SKIPDATA"}},
		{func() {}, []string{"eni-1 - - 1700000700 1700000760 NODATA"}},
		{func() { s.program.missed = 1 }, []string{"eni-1 - - 1700000760 1700000820 NODATA"}}, // of others: it is not in mode observe
		{func() { s.attached[place{index: 1}].Mode = observing; s.program.missed = 1 }, []string{"eni-1 - - 1700000820 1700000880 SKIPDATA"}},
		{func() {}, []string{"eni-1 - - 1700000880 1700000940 NODATA"}},
	} {
		step.do()
		if !s.turn() {
			t.Fatal(s.log.String())
		}
		s.pass(time.Minute)
		s.turn()
		if diff := cmp.Diff(step.want, s.records(t, "fl-1")); diff != "" {
			t.Errorf("%v: %s", step.want, diff)
		}
	}
}

// TestLostWhereItEnds has a device that goes, of which packets were lost since the last read.
func TestLostWhereItEnds(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	s.turn()
	s.program.lost = 3
	s.leave(place{index: 1}, nil)
	s.turn()
	s.pass(time.Minute)
	s.turn()
	s.pass(time.Minute)
	s.turn()
	if diff := cmp.Diff([]string{"eni-1 - - 1700000400 1700000460 SKIPDATA"}, s.records(t, "fl-1")); diff != "" { // and then nothing: it is gone
		t.Error(diff)
	}
}

// TestClockSteps has a clock that is set, which is counted and said.
func TestClockSteps(t *testing.T) {
	s := newStand(t, config.FlowLog{ID: "fl-1", Interval: time.Minute})
	s.turn()
	s.program.pass(1, 1, s.now.Wall)
	s.pass(5 * time.Second)
	s.now.Wall = s.now.Wall.Add(time.Hour)
	s.turn()
	if n := s.counted.values[clockSteps][""]; n != 1 {
		t.Errorf("%v steps are counted", n)
	}
	s.begin(t) // another agent does not know what the clock was
	s.now.Wall = s.now.Wall.Add(-time.Hour)
	s.turn()
	if n := s.counted.values[clockSteps][""]; n != 0 || strings.Count(s.log.String(), "the clock was set") != 1 {
		t.Errorf("%v: %s", n, s.log.String())
	}
}

// TestChange splits changes and writes them down.
func TestChange(t *testing.T) {
	s := newBench(t)
	c := &change{At: 7, Stepped: true, Skipped: []string{"eni-1"}, SkippedAt: 5, Forgotten: []string{"eni-2"}, Close: true}
	for i := range 7 {
		c.Rows = append(c.Rows, s.packet("eni-1:"+string(rune('1'+i))+":ACCEPT"))
	}
	parts := c.split(3)
	var all change
	for i, p := range parts {
		data, err := p.entry()
		if err != nil {
			t.Fatal(err)
		}
		got, err := readChange(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
		if last := i == len(parts)-1; p.Close != last || (p.Skipped != nil) != last || p.Stepped != (i == 0) {
			t.Errorf("part %d: %+v", i, p)
		}
		all.Rows = slices.Concat(all.Rows, p.Rows)
	}
	if len(parts) != 3 || !slices.Equal(all.Rows, c.Rows) {
		t.Errorf("%d parts with %d rows", len(parts), len(all.Rows))
	}
	for _, entry := range []string{"", "no entry", string(compressor.EncodeAll([]byte("no change"), nil))} {
		if _, err := readChange([]byte(entry)); err == nil {
			t.Errorf("%q is taken", entry)
		}
	}
}
