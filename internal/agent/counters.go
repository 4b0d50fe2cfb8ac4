package agent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weir/internal/agent/spool"
	"weir/internal/aggregate"
	"weir/internal/capture/packet"
)

// series is a metric with labels.
type series struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func describe(kind prometheus.ValueType, name, help string, labels ...string) *series {
	return &series{prometheus.NewDesc(name, help, labels, nil), kind}
}

// The metrics of an agent.
var (
	flowPackets   = describe(prometheus.CounterValue, "weir_agent_packets_total", "Packets of flows, by what happened.", "interface", "direction", "action")
	flowBytes     = describe(prometheus.CounterValue, "weir_agent_bytes_total", "Bytes of flows, of the IP header on, by what happened.", "interface", "direction", "action")
	wouldPackets  = describe(prometheus.CounterValue, "weir_agent_would_reject_packets_total", "Packets that passed in mode shadow and that the rules refuse.", "interface", "direction")
	lostPackets   = describe(prometheus.CounterValue, "weir_agent_lost_packets_total", "Packets of flows that found no place in the kernel's tables: they are SKIPDATA.", "interface", "direction", "action")
	lostBytes     = describe(prometheus.CounterValue, "weir_agent_lost_bytes_total", "Bytes of flows that found no place in the kernel's tables.", "interface", "direction", "action")
	unlogged      = describe(prometheus.CounterValue, "weir_agent_unlogged_packets_total", "Packets that flow logs leave out: of DHCP, the Amazon DNS server and others.", "interface", "direction")
	outcomes      = describe(prometheus.CounterValue, "weir_agent_odd_frames_total", "Frames that were no ordinary packet, by what became of them.", "interface", "outcome")
	tablesFull    = describe(prometheus.CounterValue, "weir_agent_table_full_total", "How often a table of the kernel, or of flows and connections of packets, had no place.", "interface", "table")
	droppedFrames = describe(prometheus.CounterValue, "weir_agent_dropped_frames_total", "Frames that a packet socket had no room for: they are SKIPDATA. A frame may be many packets.", "interface")
	captureNow    = describe(prometheus.GaugeValue, "weir_agent_capture_info", "How packets are counted: bpf or packet.", "capture")
	vague         = describe(prometheus.CounterValue, "weir_agent_unattributed_refusals_total", "How often the host's firewall refused what can't be told of exactly: it is SKIPDATA.", "interface")
	unseenOnes    = describe(prometheus.CounterValue, "weir_agent_unseen_refusals_total", "Packets that the host's firewall refused without being seen: they are SKIPDATA of all interfaces in mode observe.")
	strangeOnes   = describe(prometheus.CounterValue, "weir_agent_unmatched_packets_total", "Packets at devices that are no network interface of the definition: they are not recorded.", "device")
	devicesNow    = describe(prometheus.GaugeValue, "weir_agent_devices", "Devices that the config is about.", "state")
	reads         = describe(prometheus.CounterValue, "weir_agent_reads_total", "Reads of what the kernel counted, by result.", "result")
	lastRead      = describe(prometheus.GaugeValue, "weir_agent_last_read_timestamp_seconds", "When what the kernel counted was last read.")
	translations  = describe(prometheus.CounterValue, "weir_agent_translations_total", "Flows whose addresses the host may translate (nat: conntrack), by what is behind them: translated, same, or unknown.", "result")
	tracked       = describe(prometheus.GaugeValue, "weir_agent_translated_tuples", "Tuples of connections that the host translates, and that are known.")
	trackingLost  = describe(prometheus.CounterValue, "weir_agent_conntrack_overruns_total", "How often the kernel had no place for messages about connections.")
	clockSteps    = describe(prometheus.CounterValue, "weir_agent_clock_steps_total", "How often the clock was set.")
	recordsMade   = describe(prometheus.CounterValue, "weir_agent_records_total", "Records that were written.", "flow_log")
	objectsMade   = describe(prometheus.CounterValue, "weir_agent_objects_total", "Objects that were written.", "flow_log")
	repeatedOnes  = describe(prometheus.CounterValue, "weir_agent_repeated_records_total", "Records that may be twice in a log group or a delivery stream: the answer to a request did not come, or an agent was killed.", "flow_log")
	refusedOnes   = describe(prometheus.CounterValue, "weir_agent_refused_records_total", "Records that a destination refused for good, such as those older than 14 days: they are lost.", "flow_log")
	waitingNow    = describe(prometheus.GaugeValue, "weir_agent_waiting_records", "Records that wait in the spool to be delivered.", "flow_log")
	waitingBytes  = describe(prometheus.GaugeValue, "weir_agent_waiting_bytes", "Bytes of what waits in the spool to be delivered.", "flow_log")
	failingNow    = describe(prometheus.GaugeValue, "weir_agent_delivery_failing", "1 where the last delivery of a flow log failed.", "flow_log")
	givenUp       = describe(prometheus.CounterValue, "weir_agent_given_up_records_total", "Records that were given up, since too much waited: they are SKIPDATA.", "flow_log")
	droppedOnes   = describe(prometheus.CounterValue, "weir_agent_dropped_records_total", "Records that weir-agent drop gave up, since there is this state.")
	droppedBytes  = describe(prometheus.CounterValue, "weir_agent_dropped_bytes_total", "Bytes that weir-agent drop gave up, since there is this state.")
	stateNow      = describe(prometheus.GaugeValue, "weir_agent_state_bytes", "How much what was counted and what waits take on disk.")
	stateBound    = describe(prometheus.GaugeValue, "weir_agent_state_limit_bytes", "How much they may take, by the config's state-bytes.")
	unkeptNow     = describe(prometheus.GaugeValue, "weir_agent_spool_failing", "1 where what was counted could not be kept on disk: it stays in the kernel's tables.")
)

// Counters are what an agent counts of itself: a collector of Prometheus. They are for concurrent use.
type Counters struct {
	mu     sync.Mutex
	values map[*series]map[string]float64 // by label values, with zero bytes between
	// failing are the queues that can't be delivered, with why; unread is why the last read failed, which was at lastRead; unlooked is what is wrong with devices;
	// unkept is why what was counted is not on disk, and untranslated what is wrong with what the host translates.
	failing                                map[spool.Queue]string
	unread, unlooked, unkept, untranslated string
	lastRead                               time.Duration
	// goneSince is when flow logs were first seen to be gone, of those that series still tell of.
	goneSince map[string]time.Duration
	// isFull are flow logs whose newest records were given up, with the key of the config that was in the way.
	isFull map[string]string
}

// NewCounters returns counters.
func NewCounters() *Counters {
	return &Counters{values: map[*series]map[string]float64{}, failing: map[spool.Queue]string{}, goneSince: map[string]time.Duration{}, isFull: map[string]string{}}
}

// Describe leaves it to what there is.
func (c *Counters) Describe(chan<- *prometheus.Desc) {}

// Collect tells all that was counted.
func (c *Counters) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s, values := range c.values {
		for labels, v := range values {
			var each []string
			if labels != "" {
				each = strings.Split(labels, "\x00")
			}
			to <- prometheus.MustNewConstMetric(s.desc, s.kind, v, each...)
		}
	}
}

// add adds to a counter; the lock is held.
func (c *Counters) add(s *series, v float64, labels ...string) {
	c.set(s, c.values[s][strings.Join(labels, "\x00")]+v, labels...)
}

// set sets a value; the lock is held.
func (c *Counters) set(s *series, v float64, labels ...string) {
	if c.values[s] == nil {
		c.values[s] = map[string]float64{}
	}
	c.values[s][strings.Join(labels, "\x00")] = v
}

// directions are how labels call them.
var directions = [2]string{"ingress", "egress"}

// saw counts a flow of a network interface.
func (c *Counters) saw(f *aggregate.Flow, n *aggregate.Counts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	way := directions[0]
	if f.Egress {
		way = directions[1]
	}
	c.add(flowPackets, float64(n.Packets), f.Interface, way, f.Action)
	c.add(flowBytes, float64(n.Bytes), f.Interface, way, f.Action)
	if f.WouldAction == "REJECT" {
		c.add(wouldPackets, float64(n.Packets), f.Interface, way)
	}
}

// sawStrange counts a flow of a device that is no network interface.
func (c *Counters) sawStrange(device string, packets int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(strangeOnes, float64(packets), device)
}

// forget gives up what was counted at a device that was no network interface and is gone: a host of containers has ever new ones.
func (c *Counters) forget(device string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s, values := range c.values {
		of := strangers + device
		if s == strangeOnes {
			of = device
		}
		maps.DeleteFunc(values, func(labels string, _ float64) bool {
			first, _, _ := strings.Cut(labels, "\x00")
			return first == of
		})
	}
}

// lostSince returns how many packets of flows, or frames, were lost, or may be in a wrong flow, since other tallies of an interface. Where the tables are others, or the interface has another place in them,
// they begin anew.
func lostSince(was, t *tallies) (lost uint64) {
	since := func(was, now uint64) uint64 {
		if now < was {
			return now
		}
		return now - was
	}
	for way := range t.Lost {
		for action := range t.Lost[way] {
			lost += since(was.Lost[way][action][0], t.Lost[way][action][0])
		}
	}
	return lost + since(was.Unattributed, t.Unattributed) + since(was.Dropped, t.Dropped)
}

// tally notes what is in no flow of an interface.
func (c *Counters) tally(id string, t *tallies) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for way, d := range directions {
		for action, a := range [2]string{"ACCEPT", "REJECT"} {
			if t.Lost[way][action][0] > 0 {
				c.set(lostPackets, float64(t.Lost[way][action][0]), id, d, a)
				c.set(lostBytes, float64(t.Lost[way][action][1]), id, d, a)
			}
		}
		if t.Unlogged[way][0] > 0 {
			c.set(unlogged, float64(t.Unlogged[way][0]), id, d)
		}
	}
	for o, n := range t.Outcomes {
		if n > 0 {
			c.set(outcomes, float64(n), id, packet.Outcome(o).String())
		}
	}
	if t.Unattributed > 0 {
		c.set(vague, float64(t.Unattributed), id)
	}
	if t.FullConnections+t.FullAsides > 0 {
		c.set(tablesFull, float64(t.FullConnections), id, "connections")
		c.set(tablesFull, float64(t.FullAsides), id, "rejects")
	}
	if t.FullFlows > 0 {
		c.set(tablesFull, float64(t.FullFlows), id, "flows")
	}
	if t.Dropped > 0 {
		c.set(droppedFrames, float64(t.Dropped), id)
	}
}

// unseen counts what the host's firewall refused without being seen.
func (c *Counters) unseen(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 {
		c.add(unseenOnes, float64(n))
	}
}

// matched notes how many devices there are, by what they are.
func (c *Counters) matched(all []Match) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := map[string]int{"recorded": 0, "unmatched": 0, "refused": 0}
	for i := range all {
		n[all[i].State()]++
	}
	for state, count := range n {
		c.set(devicesNow, float64(count), state)
	}
}

// read notes a read of what the kernel counted.
func (c *Counters) read(at Moment, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unread, c.lastRead = "", at.Mono
	if err != nil {
		c.unread = err.Error()
		c.add(reads, 1, "failed")
		return
	}
	c.add(reads, 1, "ok")
	c.set(lastRead, float64(at.Wall.UnixMilli())/1000)
}

// captures notes how it is counted.
func (c *Counters) captures(by string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(captureNow, 1, by)
}

// devices notes what is wrong with devices, "" where nothing is.
func (c *Counters) devices(wrong string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unlooked = wrong
}

func (c *Counters) stepped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(clockSteps, 1)
}

// kept notes whether what was counted is on disk, and reports whether it was otherwise before.
func (c *Counters) kept(err error) (otherwise bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.unkept != ""
	c.unkept = ""
	if err != nil {
		c.unkept = err.Error()
		c.set(unkeptNow, 1)
	} else {
		c.set(unkeptNow, 0)
	}
	return was != (err != nil)
}

// Troubles are what does not work at a moment, in words; none: all is well.
func (c *Counters) Troubles(now Moment) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	if c.unread != "" {
		out = append(out, "what the kernel counted can't be read: "+c.unread)
	}
	if since := now.Mono - c.lastRead; since > mostSilence {
		out = append(out, fmt.Sprintf("what the kernel counted was not read for %s", since.Round(time.Second)))
	}
	if c.unlooked != "" {
		out = append(out, "not all devices are as they should be: "+c.unlooked)
	}
	if c.untranslated != "" {
		out = append(out, "what the host translates is not known: "+c.untranslated)
	}
	if c.unkept != "" {
		out = append(out, c.unkept)
	}
	var undelivered []string
	for q, why := range c.failing {
		undelivered = append(undelivered, "records of "+q.FlowLog+" can't be delivered: "+why)
	}
	for id, key := range c.isFull {
		undelivered = append(undelivered, "records of "+id+" are given up: more waits than "+key+" of the config")
	}
	slices.Sort(undelivered)
	return append(out, slices.Compact(undelivered)...)
}
