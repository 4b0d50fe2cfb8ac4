package afpacket

import (
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/aggregate"
	"weir/internal/capture/packet"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// Interface is what is done at a network interface.
type Interface struct {
	ID string
	// Shadow asks the rules, and says what they would refuse; otherwise flows are counted alone.
	Shadow bool
	// Policy is what decides. Where nothing is decided it may be nil, and otherwise says only what flow logs leave out.
	Policy *policy.Interface
	// Timeouts are those of connections; the zero value stands for policy.DefaultTimeouts.
	Timeouts policy.Timeouts
}

// Tallies are what of an interface is in no flow, since it was there. Each direction is the interface's: what comes in, and what goes out.
type Tallies struct {
	// Lost are packets and bytes of flows that found no place, of what was accepted and what was refused.
	Lost [2][2][2]uint64
	// Unlogged are packets and bytes of what flow logs leave out.
	Unlogged [2][2]uint64
	// Outcomes are frames by what became of them, but for packet.OK, which is not counted. Of those of packet.Orphan and packet.ShortTransport
	// there are flows too.
	Outcomes [packet.Outcomes]uint64
	// FullConnections is how often a connection found no place, and was not tracked; FullFlows how often a flow did not.
	FullConnections, FullFlows uint64
	// Dropped are frames that found no room in a device's ring, as the kernel counts them: nobody knows more of them. Where the card or the
	// stack cuts frames or puts them together, one may be many packets.
	Dropped uint64
}

// forgetEvery is how often connections that have expired are forgotten.
const forgetEvery = 30 * time.Second

// watched is an interface with what was counted there.
type watched struct {
	mu          sync.Mutex // it is done by one device at a time
	id          string
	off         bool
	shadow      bool
	policy      *policy.Interface
	connections *policy.Connections // nil: nothing is decided
	dissector   *packet.Dissector
	most        int64         // flows of all interfaces
	count       *atomic.Int64 // of these
	flows       flows
	tallies     Tallies
	forgotten   time.Duration
	full        int64 // as connections have it
	packet      packet.Packet
}

// use takes another policy. Connections stay open.
func (w *watched) use(i *Interface, most int) {
	w.shadow, w.policy, w.off = i.Shadow, i.Policy, false
	if !i.Shadow {
		w.connections, w.full = nil, 0
		return
	}
	t := i.Timeouts
	if t == (policy.Timeouts{}) {
		t = policy.DefaultTimeouts()
	}
	if w.connections == nil {
		w.connections = policy.NewConnections(i.Policy, t)
		w.connections.Bound(most)
		return
	}
	w.connections.Use(i.Policy)
	w.connections.UseTimeouts(t)
}

// age forgets connections that have expired, now and then, and as soon as there is no place for others.
func (w *watched) age(now time.Duration) {
	if w.connections == nil {
		return
	}
	full := w.connections.Full()
	if since := now - w.forgotten; since >= forgetEvery || full != w.full && since >= time.Second {
		w.connections.Forget(time.Unix(0, int64(now)))
		w.forgotten = now
	}
	w.tallies.FullConnections += uint64(full - w.full)
	w.full = full
}

// see counts a frame, which was read at a time of the clock that goes on.
func (w *watched) see(link packet.LinkType, f *frame, egress bool, now time.Duration) {
	p := &w.packet
	at := time.Unix(0, int64(now))
	out := w.dissector.Dissect(link, f.data, f.length, at, p)
	// Hosts don't send such, and policies have no word for one address of each family: see package ebpf.
	if w.connections != nil && out.Counts() && (p.Src.Is4In6() || p.Dst.Is4In6()) {
		out = packet.Malformed
	}
	if out != packet.OK {
		w.tallies.Outcomes[out]++
	}
	if !out.Counts() {
		return
	}
	way, d := 0, netmodel.Ingress
	if egress {
		way, d = 1, netmodel.Egress
	}
	packets, bytes := w.dissector.Segments(p, f.cut)
	if w.policy != nil {
		if logged, _ := w.policy.Logged(&p.Packet, d); !logged {
			w.tallies.Unlogged[way][0] += uint64(packets)
			w.tallies.Unlogged[way][1] += uint64(bytes)
			return
		}
	}
	var decision policy.Decision
	if w.connections != nil {
		decision = w.connections.Decide(&p.Packet, d, at)
		decision.Known = false // no record tells the first packet of a connection from the others
	}
	c := aggregate.Counts{Packets: int64(packets), Bytes: int64(bytes), First: f.at, Last: f.at, Flags: aggregate.PacketFlags(p.Flags)}
	k := keyOf(p, egress, f.at)
	r, last := w.flows.find(&k, &decision)
	switch {
	case r != nil:
		r.add(&c)
	case w.count.Add(1) > w.most:
		w.count.Add(-1)
		refused := 0
		if decision.Action == policy.Reject {
			refused = 1
		}
		w.tallies.Lost[way][refused][0] += uint64(packets)
		w.tallies.Lost[way][refused][1] += uint64(bytes)
		w.tallies.FullFlows++
	default:
		w.flows.enter(&k, &decision, last, c)
	}
}
