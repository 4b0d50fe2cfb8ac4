package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"weir/flowlog"
	"weir/internal/aggregate"
	"weir/internal/capture"
	"weir/internal/capture/packet"
	"weir/internal/capture/packetfile"
	"weir/internal/netmodel"
	"weir/internal/policy"
)

// PacketReplayRequest asks for the records of the packets of capture files.
type PacketReplayRequest struct {
	// Definition is the network's definition; nil: flows are counted, and nothing is decided.
	Definition *NetworkSource
	// Interfaces are the ids of the network interfaces whose records are asked for; none: all of the definition.
	Interfaces []string
	// Interval is the aggregation interval.
	Interval time.Duration
	// Connections is how many connections are tracked at most, of all network interfaces, and Flows how many flows are open: more are written before their windows are over. 0: [MostConnections] and [MostFlows].
	Connections, Flows int
	// Version is what records have as their version.
	Version int
	// Write takes records, in the order of their windows. They are the caller's.
	Write func(*flowlog.Batch) error
}

// PacketReplayReport says what capture files held.
type PacketReplayReport struct {
	Files   int   `json:"files"`
	Frames  int64 `json:"frames"`
	Packets int64 `json:"packets"` // of IP, in frames
	Records int64 `json:"records"`
	// Outcomes are the frames by what became of them, without those that are ordinary.
	Outcomes map[string]int64 `json:"outcomes,omitempty"`
	// UnreadLinks are frames of link types that are not read, which are in no record, by tcpdump.org's number of the type.
	UnreadLinks map[uint32]int64 `json:"unread_links,omitempty"`
	// Untimed are frames without a time, before the first that has one.
	Untimed int64 `json:"untimed,omitempty"`
	// Elsewhere are packets of no network interface, Ambiguous those of an address that several have, Unlogged those that flow logs do not record.
	Elsewhere int64 `json:"elsewhere,omitempty"`
	Ambiguous int64 `json:"ambiguous,omitempty"`
	Unlogged  int64 `json:"unlogged,omitempty"`
	// Untracked are connections that there was no place for: what answers them was decided of by itself.
	Untracked int64 `json:"untracked,omitempty"`
	// Parted is how often there were too many flows, so that windows have several records of a flow.
	Parted int64 `json:"parted,omitempty"`
	// Idle are windows without any packet that were too many to be told as NODATA.
	Idle int64 `json:"idle,omitempty"`
	// First and Last are the times of the first and the last packet; zero where there is none.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// MostConnections is how many connections a replay tracks, and MostFlows how many flows are open, where nobody says otherwise: 400 MB, and 500.
const (
	MostConnections = 1 << 20
	MostFlows       = 1 << 18
)

const (
	// mostIdleWindows is how many windows without any packet are told one after the other: a day of minutes.
	mostIdleWindows = 24 * 60
	// replayBatch is how many records are written at once.
	replayBatch = 8192
	// mostJudgements bounds the decisions whose texts are kept.
	mostJudgements = 100_000
)

// A PacketReplay makes records of flow logs of the packets of capture files.
type PacketReplay struct {
	request  PacketReplayRequest
	report   PacketReplayReport
	network  *netmodel.Network // nil: no definition
	policies *policy.Definition
	observer *capture.Observer
	dissect  *packet.Dissector
	windows  *aggregate.Windows
	outcomes [packet.Outcomes]int64
	judged   map[policy.Decision]aggregate.Judgement
	about    map[string]*aggregate.Interface
	last     time.Time // of the frame before
}

// NewPacketReplay returns a replay. It fails where the definition can't be read, and on interfaces that it has not got.
func NewPacketReplay(ctx context.Context, r PacketReplayRequest) (*PacketReplay, error) {
	r.Connections, r.Flows = cmp.Or(r.Connections, MostConnections), cmp.Or(r.Flows, MostFlows)
	p := &PacketReplay{
		request: r, dissect: packet.NewDissector(), windows: aggregate.NewWindows(r.Interval), judged: map[policy.Decision]aggregate.Judgement{},
		about: map[string]*aggregate.Interface{},
	}
	if r.Definition == nil {
		if len(r.Interfaces) > 0 {
			return nil, &UsageError{Message: "network interfaces are those of a definition, and there is none", Hint: "--network FILE names one"}
		}
		return p, nil
	}
	var err error
	if p.network, err = NetworkOf(ctx, *r.Definition); err != nil {
		return nil, err
	}
	p.policies = policy.New(p.network)
	if p.observer, err = capture.NewObserver(p.network, r.Interfaces); err != nil {
		return nil, err
	}
	p.observer.Bound(r.Connections)
	return p, nil
}

// File reads a capture file to its end. What was read before an error counts.
func (p *PacketReplay) File(ctx context.Context, name string, r io.Reader) error {
	in, err := packetfile.Open(name, r)
	if err != nil {
		return err
	}
	p.report.Files++
	for n := int64(0); ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.report.Frames++
		if err := p.frame(f); err != nil {
			return fmt.Errorf("%s, packet %d: %w", name, n+1, err)
		}
	}
}

// frame counts a frame.
func (p *PacketReplay) frame(f *packetfile.Frame) error {
	at := f.Time
	if at.IsZero() {
		if at = p.last; at.IsZero() {
			p.report.Untimed++
			return nil
		}
	}
	p.last = at
	var pkt packet.Packet
	outcome := p.dissect.Dissect(f.Link, f.Data, f.Length, at, &pkt)
	p.outcomes[outcome]++
	if outcome == packet.UnknownLink {
		if p.report.UnreadLinks == nil {
			p.report.UnreadLinks = map[uint32]int64{}
		}
		p.report.UnreadLinks[uint32(f.Link)]++
	}
	if !outcome.Counts() {
		return nil
	}
	p.report.Packets++
	if p.report.First.IsZero() || at.Before(p.report.First) {
		p.report.First = at
	}
	if at.After(p.report.Last) {
		p.report.Last = at
	}
	if p.observer == nil {
		if err := p.add(&pkt, at, nil); err != nil {
			return err
		}
	} else if err := p.observer.See(&pkt.Packet, at, func(s *capture.Sighting) error { return p.add(&pkt, at, s) }); err != nil {
		return err
	}
	if p.windows.Full() {
		return p.close(false)
	}
	return nil
}

// add adds a packet to its flow. Where there are too many, what they have so far is written before.
func (p *PacketReplay) add(pkt *packet.Packet, at time.Time, s *capture.Sighting) error {
	if p.windows.Len() >= p.request.Flows {
		p.report.Parted++
		if err := p.windows.Spill(p.write); err != nil {
			return err
		}
	}
	f := aggregate.Flow{Src: pkt.Src, Dst: pkt.Dst, SrcPort: pkt.SrcPort, DstPort: pkt.DstPort, Protocol: uint8(pkt.Protocol)}
	if s != nil {
		f.Interface, f.Directed, f.Egress = s.Interface.ID, true, s.Direction == netmodel.Egress
		f.Judgement = p.judgement(s.Decision)
	}
	ns := at.UnixNano()
	p.windows.Add(&f, aggregate.Counts{Packets: 1, Bytes: int64(pkt.Bytes), First: ns, Last: ns, Flags: aggregate.PacketFlags(pkt.Flags)})
	return nil
}

// judgement returns a decision as records tell it.
func (p *PacketReplay) judgement(d policy.Decision) aggregate.Judgement {
	if j, ok := p.judged[d]; ok {
		return j
	}
	j := capture.JudgementOf(d)
	if len(p.judged) >= mostJudgements {
		clear(p.judged)
	}
	p.judged[d] = j
	return j
}

// close writes the records of windows that have ended, or of all.
func (p *PacketReplay) close(all bool) error {
	idle, err := p.windows.Close(all, mostIdleWindows, p.write)
	p.report.Idle += idle
	return err
}

// write writes the records of a window.
func (p *PacketReplay) write(w *aggregate.Window) error {
	for part := range w.Parts(replayBatch) {
		b := flowlog.NewBatch(flowlog.KindVPC)
		if err := aggregate.AppendRecords(b, part, p.request.Version, p.interfaceOf); err != nil {
			return err
		}
		p.report.Records += int64(b.Len())
		if err := p.request.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// End writes what is left and says what the files held.
func (p *PacketReplay) End() (*PacketReplayReport, error) {
	if err := p.close(true); err != nil {
		return nil, err
	}
	for i, n := range p.outcomes {
		if n > 0 && packet.Outcome(i) != packet.OK {
			if p.report.Outcomes == nil {
				p.report.Outcomes = map[string]int64{}
			}
			p.report.Outcomes[packet.Outcome(i).String()] = n
		}
	}
	if p.observer != nil {
		c := p.observer.Counters
		p.report.Elsewhere, p.report.Ambiguous, p.report.Unlogged = c.Elsewhere, c.Ambiguous, c.Unlogged
		p.report.Untracked = c.Untracked
	}
	return &p.report, nil
}

// interfaceOf returns what records tell of a network interface.
func (p *PacketReplay) interfaceOf(id string) *aggregate.Interface {
	if p.network == nil || p.network.Interfaces[id] == nil {
		return nil
	}
	if known := p.about[id]; known != nil {
		return known
	}
	out := capture.About(p.policies, p.network, id, nil)
	p.about[id] = out
	return out
}
