package agent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weir/internal/aggregate"
	"weir/internal/capture/ebpf"
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
	flowPackets  = describe(prometheus.CounterValue, "weir_agent_packets_total", "Packets of flows, by what happened.", "interface", "direction", "action")
	flowBytes    = describe(prometheus.CounterValue, "weir_agent_bytes_total", "Bytes of flows, of the IP header on, by what happened.", "interface", "direction", "action")
	wouldPackets = describe(prometheus.CounterValue, "weir_agent_would_reject_packets_total", "Packets that passed in mode shadow and that the rules refuse.", "interface", "direction")
	lostPackets  = describe(prometheus.CounterValue, "weir_agent_lost_packets_total", "Packets of flows that found no place in the kernel's tables: they are SKIPDATA.", "interface", "direction", "action")
	lostBytes    = describe(prometheus.CounterValue, "weir_agent_lost_bytes_total", "Bytes of flows that found no place in the kernel's tables.", "interface", "direction", "action")
	unlogged     = describe(prometheus.CounterValue, "weir_agent_unlogged_packets_total", "Packets that flow logs leave out: of DHCP, the Amazon DNS server and others.", "interface", "direction")
	outcomes     = describe(prometheus.CounterValue, "weir_agent_odd_frames_total", "Frames that were no ordinary packet, by what became of them.", "interface", "outcome")
	tablesFull   = describe(prometheus.CounterValue, "weir_agent_table_full_total", "How often a table of the kernel had no place.", "interface", "table")
	strangeOnes  = describe(prometheus.CounterValue, "weir_agent_unmatched_packets_total", "Packets at devices that are no network interface of the definition: they are not recorded.", "device")
	devicesNow   = describe(prometheus.GaugeValue, "weir_agent_devices", "Devices that the config is about.", "state")
	reads        = describe(prometheus.CounterValue, "weir_agent_reads_total", "Reads of what the kernel counted, by result.", "result")
	lastRead     = describe(prometheus.GaugeValue, "weir_agent_last_read_timestamp_seconds", "When what the kernel counted was last read.")
	translations = describe(prometheus.CounterValue, "weir_agent_translations_total", "Flows whose addresses the host may translate (nat: conntrack), by what is behind them: translated, same, or unknown.", "result")
	tracked      = describe(prometheus.GaugeValue, "weir_agent_translated_tuples", "Tuples of connections that the host translates, and that are known.")
	trackingLost = describe(prometheus.CounterValue, "weir_agent_conntrack_overruns_total", "How often the kernel had no place for messages about connections.")
	clockSteps   = describe(prometheus.CounterValue, "weir_agent_clock_steps_total", "How often the clock was set.")
	recordsMade  = describe(prometheus.CounterValue, "weir_agent_records_total", "Records that were written.", "flow_log")
	objectsMade  = describe(prometheus.CounterValue, "weir_agent_objects_total", "Objects that were written.", "flow_log")
	waitingNow   = describe(prometheus.GaugeValue, "weir_agent_waiting_records", "Records whose object could not be written yet.")
	failingNow   = describe(prometheus.GaugeValue, "weir_agent_failing_destinations", "Folders that could not be written to the last time.")
	givenUp      = describe(prometheus.CounterValue, "weir_agent_given_up_records_total", "Records that were given up, since too many waited: they are SKIPDATA.", "flow_log")
)

// Counters are what an agent counts of itself: a collector of Prometheus. They are for concurrent use.
type Counters struct {
	mu     sync.Mutex
	values map[*series]map[string]float64 // by label values, with zero bytes between
	// failing are the folders that can't be written to, with why; unread is why the last read failed, which was at lastRead; unlooked is what is wrong with devices, untranslated with what the host translates.
	failing                        map[string]string
	unread, unlooked, untranslated string
	lastRead                       time.Duration
	tallies                        map[string]ebpf.Tallies
}

// NewCounters returns counters.
func NewCounters() *Counters {
	return &Counters{values: map[*series]map[string]float64{}, tallies: map[string]ebpf.Tallies{}}
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

// tally notes what is in no flow of an interface, and returns how many packets of it were lost since the last time.
func (c *Counters) tally(id string, t *ebpf.Tallies) (lost uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.tallies[id]
	c.tallies[id] = *t
	for way, d := range directions {
		for action, a := range [2]string{"ACCEPT", "REJECT"} {
			lost += t.Lost[way][action][0] - was.Lost[way][action][0]
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
	if t.FullConnections+t.FullAsides > 0 {
		c.set(tablesFull, float64(t.FullConnections), id, "connections")
		c.set(tablesFull, float64(t.FullAsides), id, "rejects")
	}
	return lost
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

// waits notes how many records wait, and the folders that can't be written to.
func (c *Counters) waits(records int, failing map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing = maps.Clone(failing)
	c.set(waitingNow, float64(records))
	c.set(failingNow, float64(len(failing)))
}

func (c *Counters) wrote(flowLog string, records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(recordsMade, float64(records), flowLog)
	c.add(objectsMade, 1, flowLog)
}

func (c *Counters) gaveUp(flowLog string, records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(givenUp, float64(records), flowLog)
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
	for _, dir := range slices.Sorted(maps.Keys(c.failing)) {
		out = append(out, "objects can't be written: "+c.failing[dir])
	}
	return out
}

// written returns what a flow log has written.
func (c *Counters) written(flowLog string) (records, objects int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(c.values[recordsMade][flowLog]), int64(c.values[objectsMade][flowLog])
}
